/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

int screen_temp_open(const char *stem, char **path, FILE **out)
{
	const char *dir = getenv("TMPDIR");
	char *made = NULL;
	int fd, result;

	if (asprintf(&made, "%s/%s-XXXXXX", dir != NULL && dir[0] == '/' ? dir : "/tmp", stem) < 0)
		return -ENOMEM;
	fd = mkostemp(made, O_CLOEXEC);
	result = fd < 0 ? -errno : 0;
	*out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (*out != NULL) {
		*path = made;
		return 0;
	}
	if (fd >= 0) {
		close(fd);
		unlink(made);
		result = -ENOMEM;
	}
	free(made);
	return result;
}

int screen_temp_close(FILE *out, const char *path)
{
	const bool failed = ferror(out) != 0;
	int result = fclose(out) == 0 ? 0 : -errno;

	/* What could not be written before tells no more why. */
	if (failed && result == 0)
		result = -EIO;
	if (result < 0)
		unlink(path);
	return result;
}
