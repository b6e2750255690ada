/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_save.h"

#include "config/err.h"
#include "launcher/process/fd.h"
#include "ui/log_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE_BYTES (256 * 1024)

void screen_save_init(struct screen_save *self)
{
	*self = (struct screen_save){.fd = -1};
}

void screen_save_finish(struct screen_save *self)
{
	fd_close(&self->fd);
	if (self->path_new != NULL)
		unlink(self->path_new);
	free(self->path);
	free(self->path_new);
	screen_save_init(self);
}

bool screen_save_is_on(const struct screen_save *self)
{
	return self->text != NULL;
}

static int spell_paths(struct screen_save *self, const char *path, const char *home)
{
	const bool tilde = strncmp(path, "~/", 2) == 0 && home != NULL;

	if (asprintf(&self->path, "%s%s", tilde ? home : "", tilde ? path + 1 : path) < 0)
		self->path = NULL;
	if (self->path == NULL || asprintf(&self->path_new, "%s.%d.new", self->path, (int)getpid()) < 0)
		self->path_new = NULL;
	return self->path_new != NULL ? 0 : -ENOMEM;
}

static int fail(struct screen_save *self, int result, struct err *err)
{
	if (result == -EEXIST)
		err_set(err, ERR_FAILED, "%s is there already; nothing was written: choose another name", self->path);
	else
		err_set(err, ERR_FAILED, "cannot write %s: %s", self->path != NULL ? self->path : "the file",
			strerror(-result));
	screen_save_finish(self);
	return result;
}

int screen_save_begin(struct screen_save *self, struct log_text *text, int64_t from, int64_t to, const char *path,
		      const char *home, struct err *err)
{
	struct stat there;
	int result;

	if (screen_save_is_on(self)) {
		err_set(err, ERR_FAILED, "%s is still being written", self->path);
		return -EBUSY;
	}
	result = spell_paths(self, path, home);
	if (result == 0 && lstat(self->path, &there) == 0)
		result = -EEXIST;
	if (result == 0) {
		self->fd = open(self->path_new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		result = self->fd < 0 ? -errno : 0;
	}
	if (result < 0)
		return fail(self, result, err);
	self->text = text;
	self->at = from;
	self->to = to;
	return 0;
}

static int write_all(int fd, const char *bytes, size_t size_bytes)
{
	while (size_bytes > 0) {
		ssize_t written = write(fd, bytes, size_bytes);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		size_bytes -= (size_t)written;
	}
	return 0;
}

/* link(2) never replaces what came to stand there meanwhile. */
static int put_in_place(struct screen_save *self)
{
	if (fsync(self->fd) < 0 || link(self->path_new, self->path) < 0)
		return -errno;
	return 0;
}

int screen_save_step(struct screen_save *self, struct err *err)
{
	struct log_text_line line;
	int result = 1;

	for (int64_t done = 0; done < SLICE_BYTES && result == 1;) {
		enum log_text_found found =
			self->at < self->to ? self->text->ops->line(self->text, self->at, &line) : LOG_TEXT_NONE;

		if (found == LOG_TEXT_LATER)
			return 1;
		if (found == LOG_TEXT_NONE || line.at >= self->to) {
			result = put_in_place(self);
			break;
		}
		self->at = line.next;
		if (line.kind == LOG_TEXT_NOTE)
			continue;
		result = write_all(self->fd, line.bytes, line.size_bytes);
		if (result == 0 && !line.partial)
			result = write_all(self->fd, "\n", 1);
		done += (int64_t)line.size_bytes + 1;
		self->size_bytes += (int64_t)line.size_bytes + 1;
		self->lines += line.continues ? 0 : 1;
		result = result < 0 ? result : 1;
	}
	if (result < 0)
		return fail(self, result, err);
	return result;
}
