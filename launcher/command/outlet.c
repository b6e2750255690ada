/* SPDX-License-Identifier: MIT */
#include "launcher/command/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void outlet_init(struct outlet *self, int fd)
{
	char path[32];
	int own = -1;

	if (isatty(fd)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	*self = (struct outlet){.fd = own >= 0 ? own : fd, .own_fd = own >= 0};
}

void outlet_finish(struct outlet *self)
{
	if (self->own_fd)
		close(self->fd);
	self->own_fd = false;
	free(self->bytes);
	self->bytes = NULL;
}

bool outlet_is_empty(const struct outlet *self)
{
	return self->start == self->end;
}

bool outlet_is_full(const struct outlet *self)
{
	return self->end - self->start > OUTLET_BYTES_MAX / 2;
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
	if (self->closed || !make_room(self, size_bytes))
		return;
	memcpy(self->bytes + self->end, bytes, size_bytes);
	self->end += size_bytes;
}

void outlet_write(struct outlet *self)
{
	/* A pipe that polls writable takes PIPE_BUF bytes at once (pipe(7)). */
	size_t size = self->end - self->start;
	ssize_t count;

	if (size > PIPE_BUF)
		size = PIPE_BUF;
	if (size == 0)
		return;
	count = write(self->fd, self->bytes + self->start, size);
	if (count > 0)
		self->start += (size_t)count;
	else if (count < 0 && errno != EINTR && errno != EAGAIN)
		self->closed = true;
	if (self->closed || self->start == self->end)
		self->start = self->end = 0;
}
