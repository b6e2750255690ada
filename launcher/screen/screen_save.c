/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_save.h"

#include "config/err.h"
#include "launcher/logs/log_text_file.h"
#include "launcher/process/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE_US 8000

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

/* link(2) never replaces what came to stand there meanwhile. No fsync(2): nobody can wait for a disk here, and the log itself is still there. */
static int put_in_place(struct screen_save *self)
{
	return link(self->path_new, self->path) < 0 ? -errno : 0;
}

int screen_save_step(struct screen_save *self, struct err *err)
{
	struct stat status;
	int result = log_text_print(self->text, &self->at, self->to, self->fd, SLICE_US);

	if (result == 0)
		result = put_in_place(self);
	else if (result == 1)
		return 1;
	if (result == 0 && fstat(self->fd, &status) == 0)
		self->size_bytes = status.st_size;
	return result < 0 ? fail(self, result, err) : 0;
}
