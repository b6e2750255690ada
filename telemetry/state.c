/* SPDX-License-Identifier: MIT */
#include "telemetry/state.h"

#include "config/err.h"
#include "config/paths.h"
#include "telemetry/telemetry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *state_file(const char *app, const char *name)
{
	char *folder = NULL, *path = NULL;

	if (paths_app_state(app, &folder, NULL) < 0)
		return NULL;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		path = NULL;
	free(folder);
	return path;
}

static int make_part(const char *folder, size_t length, struct err *err)
{
	char *part = strndup(folder, length);
	int result = part ? paths_make_private(part, err) : err_set(err, ERR_INTERNAL, "out of memory");

	free(part);
	return result;
}

int state_make(const char *app, struct err *err)
{
	char *folder = NULL;
	int result = paths_app_state(app, &folder, err);

	/* Those above it - all apps' and all of upfront's - are made and checked first. */
	for (int above = 2; result == 0 && above >= 0; above--) {
		size_t length = strlen(folder);

		for (int i = 0; i < above; i++)
			length = (size_t)((const char *)memrchr(folder, '/', length) - folder);
		result = make_part(folder, length, err);
	}
	free(folder);
	return result;
}

int telemetry_wipe(const char *app, struct err *err)
{
	static const char *const names[] = {STATE_OUTBOX, STATE_OUTBOX "-wal", STATE_OUTBOX "-shm", STATE_ID};
	char *folder = NULL;
	int result = paths_app_state(app, &folder, err);

	if (result < 0)
		return result;
	/* All are tried, also when one cannot be removed. */
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[4096];
		int length = snprintf(path, sizeof(path), "%s/%s", folder, names[i]);

		if (length < 0 || (size_t)length >= sizeof(path))
			result = err_set(err, ERR_FAILED, "cannot remove %s: in %s: the path is too long", names[i],
					 folder);
		else if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
			result = err_set(err, ERR_FAILED, "cannot remove what telemetry kept: %s: %s", path,
					 strerror(errno));
	}
	free(folder);
	return result;
}
