/* SPDX-License-Identifier: MIT */
#include "launcher/process/output_file.h"

#include "config/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LASTING_FD_MIN 64 /* the low numbers are for what children are given: see spawn_child */
#define NAME_BYTES 288 /* of a predecessor: a name of at most 255 bytes and its number */

void output_file_set_limits(struct output_file *self, int64_t max_size_bytes, int max_files)
{
	if (max_size_bytes <= 0)
		max_size_bytes = OUTPUT_FILE_SIZE_DEFAULT;
	self->max_size_bytes = max_size_bytes < OUTPUT_FILE_SIZE_MIN ? OUTPUT_FILE_SIZE_MIN : max_size_bytes;
	self->max_files = max_files <= 0 ? OUTPUT_FILES_DEFAULT : max_files;
	if (self->max_files > OUTPUT_FILES_MAX)
		self->max_files = OUTPUT_FILES_MAX;
}

int output_file_init(struct output_file *self, int dir_fd, const char *name, int64_t max_size_bytes, int max_files)
{
	*self = (struct output_file){.dir_fd = dir_fd, .fd = -1};
	self->name = strdup(name);
	output_file_set_limits(self, max_size_bytes, max_files);
	return self->name ? 0 : -ENOMEM;
}

static void close_file(struct output_file *self)
{
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
}

void output_file_finish(struct output_file *self)
{
	close_file(self);
	free(self->name);
	self->name = NULL;
}

static int open_file(struct output_file *self, const char **flaw)
{
	struct stat st;
	int fd = paths_open_own(self->dir_fd, self->name, O_WRONLY | O_APPEND | O_CREAT, flaw);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0) {
		int error = errno;
		close(fd);
		return -error;
	}
	self->fd = fcntl(fd, F_DUPFD_CLOEXEC, LASTING_FD_MIN);
	if (self->fd < 0)
		self->fd = fd;
	else
		close(fd);
	self->device = st.st_dev;
	self->inode = st.st_ino;
	self->size_bytes = st.st_size;
	self->within_line = false;
	return 0;
}

int output_file_ready(struct output_file *self, const char **flaw)
{
	struct stat st;
	if (self->fd >= 0 && fstatat(self->dir_fd, self->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == self->inode && st.st_dev == self->device) {
		self->size_bytes = st.st_size;
		return 0;
	}
	close_file(self);
	return open_file(self, flaw);
}

size_t output_file_fits(const struct output_file *self, const char *bytes, size_t size_bytes)
{
	int64_t room = self->max_size_bytes - self->size_bytes;
	if ((int64_t)size_bytes <= room)
		return size_bytes;
	const char *last = room > 0 ? memrchr(bytes, '\n', (size_t)room) : NULL;
	if (last)
		return (size_t)(last - bytes) + 1;
	if (self->size_bytes > 0 && !self->within_line)
		return 0;
	/* The line under way is finished here unless that would be long, too: then it is cut at the limit. */
	size_t reach = size_bytes < OUTPUT_FILE_SIZE_MIN ? size_bytes : OUTPUT_FILE_SIZE_MIN;
	const char *next = memchr(bytes, '\n', reach);
	if (next)
		return (size_t)(next - bytes) + 1;
	return room > 0 ? (size_t)room : 0;
}

static int move(const struct output_file *self, int from, int to)
{
	char source[NAME_BYTES], target[NAME_BYTES];
	if (from == 0)
		snprintf(source, sizeof source, "%s", self->name);
	else
		snprintf(source, sizeof source, "%s.%d", self->name, from);
	snprintf(target, sizeof target, "%s.%d", self->name, to);
	if (renameat(self->dir_fd, source, self->dir_fd, target) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

/* The last in the row gives way. */
static int drop_oldest(const struct output_file *self)
{
	char name[NAME_BYTES];
	if (self->max_files == 1)
		snprintf(name, sizeof name, "%s", self->name);
	else
		snprintf(name, sizeof name, "%s.%d", self->name, self->max_files - 1);
	return unlinkat(self->dir_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int output_file_rotate(struct output_file *self)
{
	/* Removed, not renamed over: some file systems write a file out at once that takes another one's place. */
	int result = drop_oldest(self);
	for (int i = self->max_files - 1; i >= 1 && result == 0; i--)
		result = move(self, i - 1, i);
	if (result < 0)
		return result;
	close_file(self);
	return 0;
}

size_t output_file_append(struct output_file *self, const char *bytes, size_t size_bytes, int *error)
{
	size_t done = 0;
	while (done < size_bytes) {
		ssize_t wrote = write(self->fd, bytes + done, size_bytes - done);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			*error = wrote < 0 ? errno : ENOSPC;
			break;
		}
		done += (size_t)wrote;
	}
	if (done > 0)
		self->within_line = bytes[done - 1] != '\n';
	self->size_bytes += (int64_t)done;
	return done;
}
