/* SPDX-License-Identifier: MIT */
#include "telemetry/identity.h"

#include "config/paths.h"
#include "config/stack.h"
#include "telemetry/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int identity_find(const struct stack *stack, char id[ID_BYTES])
{
	char *path = NULL, *text = NULL;
	size_t size_bytes;
	int result = -ENOENT;

	if (!stack->telemetry || stack->telemetry->identity != IDENTITY_INSTALL)
		return -ENOENT;
	path = state_file(stack->app, STATE_ID);
	if (!path || paths_read_own(path, 4096, &text, &size_bytes, NULL) < 0)
		goto out;
	text[strcspn(text, "\n")] = '\0';
	if (!id_is_valid(text, 4))
		goto out;
	memcpy(id, text, ID_BYTES);
	result = 0;
out:
	free(text);
	free(path);
	return result;
}

/* What is used is not too old to be kept (telemetry_expire). */
static void note_used(const char *app)
{
	char *path = state_file(app, STATE_ID);

	if (path)
		utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
	free(path);
}

void identity_make(const struct stack *stack, bool may_keep, char id[ID_BYTES])
{
	char line[ID_BYTES + 1];
	char *path;

	if (identity_find(stack, id) == 0) {
		if (may_keep)
			note_used(stack->app);
		return;
	}
	id_random(id);
	if (!may_keep || !stack->telemetry || stack->telemetry->identity != IDENTITY_INSTALL ||
	    state_make(stack->app, NULL) < 0)
		return;
	path = state_file(stack->app, STATE_ID);
	memcpy(line, id, ID_BYTES - 1);
	line[ID_BYTES - 1] = '\n';
	if (path)
		paths_write_own(path, line, ID_BYTES, NULL);
	free(path);
}
