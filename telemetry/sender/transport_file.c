/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/transport.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct transport_file {
	struct transport transport;
	struct event *answer; /* fires `done` from the loop */
	char *path;
	int result;
	transport_done *done;
	void *context;
};

/* Whole line or nothing: what a full disk cut short is taken back. The lock keeps other senders out meanwhile. */
static int append(int fd, const char *body, size_t size_bytes)
{
	struct iovec parts[2] = {{(void *)body, size_bytes}, {(void *)"\n", 1}};
	struct stat status;
	ssize_t written;
	int result = 0;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return -EINVAL;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &status) < 0)
		return -errno;
	written = writev(fd, parts, 2);
	if (written != (ssize_t)(size_bytes + 1)) {
		result = written < 0 ? -errno : -ENOSPC;
		if (written > 0 && ftruncate(fd, status.st_size) < 0)
			result = -EIO;
	}
	flock(fd, LOCK_UN);
	return result;
}

static int file_send(struct transport *transport, const char *body, size_t size_bytes, int64_t timeout_ms,
		     transport_done *done, void *context)
{
	struct transport_file *self = (struct transport_file *)transport;
	int fd = open(self->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

	(void)timeout_ms; /* a local file: nothing is waited for */
	if (fd < 0) {
		self->result = -errno;
	} else {
		self->result = append(fd, body, size_bytes);
		close(fd);
	}
	self->done = done;
	self->context = context;
	event_active(self->answer, EV_TIMEOUT, 1);
	return 0;
}

static void file_answer(evutil_socket_t fd, short what, void *context)
{
	struct transport_file *self = context;
	struct transport_answer answer = {.status = self->result == 0 ? 200 : 0};

	(void)fd;
	(void)what;
	self->done(self->context, &answer);
}

static void file_destroy(struct transport *transport)
{
	struct transport_file *self = (struct transport_file *)transport;

	if (self->answer)
		event_free(self->answer);
	free(self->path);
	free(self);
}

struct transport *transport_file_create(struct event_base *base, const char *path)
{
	struct transport_file *self;

	if (path[0] != '/')
		return NULL;
	self = calloc(1, sizeof(*self));
	if (!self)
		return NULL;
	self->transport.send = file_send;
	self->transport.destroy = file_destroy;
	self->path = strdup(path);
	self->answer = event_new(base, -1, 0, file_answer, self);
	if (!self->path || !self->answer) {
		file_destroy(&self->transport);
		return NULL;
	}
	return &self->transport;
}
