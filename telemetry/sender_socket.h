/* SPDX-License-Identifier: MIT */
/*
 * The socket between `upfront` and its senders, one after the other (telemetry/wire.h). Both ends stay open here: what a dying sender has not
 * read waits for the next one. The stream still ends when this process does, since nobody else holds `fd`. Nothing here ever waits.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_SOCKET_H
#define UPFRONT_TELEMETRY_SENDER_SOCKET_H

#include <stddef.h>

struct sender_socket {
	int fd, sender_fd; /* ours and the sender's; -1: closed */
	int buffer_bytes; /* that the socket takes, as setsockopt is told */
};

#define SENDER_SOCKET_CLOSED ((struct sender_socket){.fd = -1, .sender_fd = -1})

/* 0 or -errno with nothing open. */
int sender_socket_open(struct sender_socket *self);
void sender_socket_close(struct sender_socket *self);

/* One message. -EAGAIN: it is full; -EMSGSIZE: that is more than it takes at all; -ENOTCONN: it is closed. */
int sender_socket_send(struct sender_socket *self, char kind, const char *text, size_t length);

/*
 * Has `configure` send a configuration in front of all events that still wait, for a sender that is about to be started and while none reads:
 * without that a full socket would keep it from being configured at all. Returns how many events were lost.
 */
size_t sender_socket_configure(struct sender_socket *self, void (*configure)(void *context), void *context);

#endif
