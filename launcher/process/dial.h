/* SPDX-License-Identifier: MIT */
/*
 * Connecting without blocking: to a host and port, or to a unix socket, one address after the other until one answers.
 * "localhost", what ends in ".localhost" and numeric addresses need no name look-up; every other name is asked of the resolver.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_DIAL_H
#define UPFRONT_LAUNCHER_PROCESS_DIAL_H

#include <stddef.h>

struct dial;
struct event_base;

/* fd >= 0: connected, non-blocking, the receiver's to close. -1: `why` in words, borrowed. May come before dial_* returns. */
typedef void dial_done(void *context, int fd, const char *why);

struct dial *dial_create(struct event_base *base, dial_done *done, void *context);
/* One at a time: what is under way is stopped. */
void dial_host(struct dial *self, const char *host, int port);
/* Stream, packet or datagram socket; the path may be longer than a socket address holds. */
void dial_unix(struct dial *self, const char *path);
void dial_stop(struct dial *self);
/* The errno behind the last `why`; EHOSTUNREACH for a name that nobody knows. */
int dial_error(const struct dial *self);
void dial_destroy(struct dial *self);

/* The words for a failed connection. */
const char *dial_words(int error);

#endif
