/* SPDX-License-Identifier: MIT */
#include "launcher/command/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A description of our own, which may be made non-blocking without anybody else noticing. Sockets cannot be had that way. */
static int open_anew(int fd)
{
	struct stat status;
	char path[32];

	if (fstat(fd, &status) < 0 || (!S_ISFIFO(status.st_mode) && !isatty(fd)))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void outlet_init(struct outlet *self, int fd)
{
	int own = open_anew(fd);
	struct stat status;

	*self = (struct outlet){.fd = own >= 0 ? own : fd, .own_fd = own >= 0};
	self->at_once = own >= 0 || (fstat(fd, &status) == 0 && S_ISREG(status.st_mode));
}

void outlet_finish(struct outlet *self)
{
	if (self->own_fd)
		close(self->fd);
	self->own_fd = false;
	free(self->bytes);
	self->bytes = NULL;
}

void outlet_give_up(struct outlet *self)
{
	self->closed = true;
	self->start = self->end = 0;
}

void outlet_drop(struct outlet *self)
{
	self->start = self->end = 0;
}

bool outlet_is_empty(const struct outlet *self)
{
	return self->start == self->end;
}

bool outlet_is_full(const struct outlet *self)
{
	return self->end - self->start >= OUTLET_BYTES_FULL;
}

static bool make_room(struct outlet *self, size_t size_bytes)
{
	size_t used = self->end - self->start;
	size_t capacity = self->capacity > 0 ? self->capacity : 65536;
	char *grown;

	if (self->capacity - self->end >= size_bytes)
		return true;
	if (used + size_bytes > OUTLET_BYTES_MAX)
		return false;
	if (self->bytes != NULL)
		memmove(self->bytes, self->bytes + self->start, used);
	self->start = 0;
	self->end = used;
	while (capacity < used + size_bytes)
		capacity *= 2;
	if (capacity == self->capacity)
		return true;
	grown = realloc(self->bytes, capacity);
	if (grown == NULL)
		return false;
	self->bytes = grown;
	self->capacity = capacity;
	return true;
}

void outlet_put(struct outlet *self, const char *bytes, size_t size_bytes)
{
	if (self->closed || size_bytes == 0 || !make_room(self, size_bytes))
		return;
	memcpy(self->bytes + self->end, bytes, size_bytes);
	self->end += size_bytes;
}

void outlet_put_line(struct outlet *self, const char *prefix, size_t prefix_bytes, const char *bytes, size_t size_bytes)
{
	char *to;

	if (self->closed || !make_room(self, prefix_bytes + size_bytes + 1))
		return;
	to = self->bytes + self->end;
	memcpy(to, prefix, prefix_bytes);
	if (size_bytes > 0)
		memcpy(to + prefix_bytes, bytes, size_bytes);
	to[prefix_bytes + size_bytes] = '\n';
	self->end += prefix_bytes + size_bytes + 1;
}

void outlet_write(struct outlet *self)
{
	size_t size = self->end - self->start;
	ssize_t count;

	/* What polls writable takes at least PIPE_BUF bytes without making anybody wait (pipe(7)). */
	if (!self->at_once && size > PIPE_BUF)
		size = PIPE_BUF;
	if (size == 0)
		return;
	count = write(self->fd, self->bytes + self->start, size);
	if (count > 0) {
		self->start += (size_t)count;
	} else if (count < 0 && errno != EINTR && errno != EAGAIN) {
		self->closed = true;
		self->reader_gone = errno == EPIPE;
	}
	if (self->closed || self->start == self->end)
		self->start = self->end = 0;
}
