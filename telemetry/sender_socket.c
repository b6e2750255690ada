/* SPDX-License-Identifier: MIT */
#include "telemetry/sender_socket.h"

#include "telemetry/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* All that a socket holds, and a length before each message. */
#define BACKLOG_BYTES (4u * WIRE_BUFFER_BYTES)

/* The child's end must not be one of the numbers that become /dev/null. */
static int above_standard(int *fd)
{
	int moved;

	if (*fd > 2)
		return 0;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	if (moved < 0)
		return -errno;
	close(*fd);
	*fd = moved;
	return 0;
}

int sender_socket_open(struct sender_socket *self)
{
	int ends[2], size_bytes = WIRE_BUFFER_BYTES, result;
	socklen_t length = sizeof(size_bytes);

	*self = SENDER_SOCKET_CLOSED;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	self->fd = ends[0];
	self->sender_fd = ends[1];
	result = above_standard(&self->fd);
	if (result == 0)
		result = above_standard(&self->sender_fd);
	if (result < 0) {
		sender_socket_close(self);
		return result;
	}
	/* The default takes one large event; more is welcome, and not worth failing for. */
	setsockopt(self->fd, SOL_SOCKET, SO_SNDBUF, &size_bytes, sizeof(size_bytes));
	/* The kernel says twice what it was told and allowed. */
	if (getsockopt(self->fd, SOL_SOCKET, SO_SNDBUF, &size_bytes, &length) == 0)
		self->buffer_bytes = size_bytes / 2;
	return 0;
}

void sender_socket_close(struct sender_socket *self)
{
	if (self->fd >= 0)
		close(self->fd);
	if (self->sender_fd >= 0)
		close(self->sender_fd);
	self->fd = self->sender_fd = -1;
}

int sender_socket_send(struct sender_socket *self, char kind, const char *text, size_t length)
{
	struct iovec parts[2] = {{&kind, 1}, {(void *)text, length}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	if (self->fd < 0)
		return -ENOTCONN;
	return sendmsg(self->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* An eighth is kept free of events: the configuration of the next sender has its place also in front of all that were taken in. */
static void leave_room(const struct sender_socket *self, bool room)
{
	int size_bytes = self->buffer_bytes - (room ? self->buffer_bytes / 8 : 0);

	setsockopt(self->fd, SOL_SOCKET, SO_SNDBUF, &size_bytes, sizeof(size_bytes));
}

/* Takes out what waits; of that the events, each behind its length. Returns the bytes used. */
static size_t take_events(struct sender_socket *self, char *backlog)
{
	size_t used = 0;
	ssize_t size_bytes;

	while (used + sizeof(size_bytes) < BACKLOG_BYTES) {
		char *message = backlog + used + sizeof(size_bytes);

		size_bytes = recv(self->sender_fd, message, BACKLOG_BYTES - used - sizeof(size_bytes), MSG_DONTWAIT);
		if (size_bytes <= 0)
			break;
		if (*message != WIRE_EVENT)
			continue;
		memcpy(backlog + used, &size_bytes, sizeof(size_bytes));
		used += sizeof(size_bytes) + (size_t)size_bytes;
	}
	return used;
}

static size_t put_back(struct sender_socket *self, const char *backlog, size_t used)
{
	size_t at = 0, lost = 0;
	ssize_t size_bytes;

	while (at < used) {
		memcpy(&size_bytes, backlog + at, sizeof(size_bytes));
		at += sizeof(size_bytes);
		if (send(self->fd, backlog + at, (size_t)size_bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			lost++;
		at += (size_t)size_bytes;
	}
	return lost;
}

/* Without memory for it the backlog stays in front: the sender drops, and counts, what it reads before it is configured. */
size_t sender_socket_configure(struct sender_socket *self, void (*configure)(void *context), void *context)
{
	char *backlog = malloc(BACKLOG_BYTES);
	size_t used = backlog ? take_events(self, backlog) : 0, lost;

	leave_room(self, false);
	configure(context);
	lost = backlog ? put_back(self, backlog, used) : 0;
	leave_room(self, true);
	free(backlog);
	return lost;
}
