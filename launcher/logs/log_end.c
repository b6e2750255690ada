/* SPDX-License-Identifier: MIT */
#include "launcher/logs/log_end.h"

#include "launcher/process/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t read_end(const char *dir, const char *unit, char bytes[LOG_END_BYTES])
{
	struct stat status;
	char *path = NULL;
	ssize_t count = -1;
	int fd = -1;

	if (asprintf(&path, "%s/%s.log", dir, unit) < 0)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		count = pread(fd, bytes, LOG_END_BYTES,
			      status.st_size > LOG_END_BYTES ? status.st_size - LOG_END_BYTES : 0);
	fd_close(&fd);
	free(path);
	return count > 0 ? (size_t)count : 0;
}

void log_end_each(const char *dir, const char *unit, size_t lines,
		  void (*visit)(void *context, const char *bytes, size_t size_bytes), void *context)
{
	char bytes[LOG_END_BYTES];
	const char *starts[LOG_END_LINES_MAX], *ends[LOG_END_LINES_MAX];
	const size_t size = read_end(dir, unit, bytes);
	const char *end = bytes + size;
	size_t count = 0;

	if (lines > LOG_END_LINES_MAX)
		lines = LOG_END_LINES_MAX;
	if (size > 0 && end[-1] == '\n')
		end--;
	while (size > 0 && count < lines) {
		const char *before = memrchr(bytes, '\n', (size_t)(end - bytes));

		/* What stands first may have begun before it was read. */
		if (before == NULL && size == LOG_END_BYTES && count > 0)
			break;
		starts[count] = before != NULL ? before + 1 : bytes;
		ends[count++] = end;
		if (before == NULL)
			break;
		end = before;
	}
	while (count-- > 0)
		visit(context, starts[count], (size_t)(ends[count] - starts[count]));
}
