/* SPDX-License-Identifier: MIT */
/*
 * What was typed, on its way to a service's terminal: in order, one request at a time, the rest gathers meanwhile. What the
 * service does not take yet is offered again; what it refuses is dropped. Nothing here waits.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_ATTACH_TYPING_H
#define UPFRONT_LAUNCHER_COMMAND_ATTACH_TYPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl_client;
struct ctl_stream;

#define ATTACH_TYPING_BYTES 65536u

struct attach_typing {
	const struct ctl_client *client;
	char *target, *size_target; /* of the API */
	char bytes[ATTACH_TYPING_BYTES];
	size_t count;
	struct ctl_stream *answer; /* to the request under way; NULL: none */
	size_t sent; /* of `bytes`, by that request */
	bool sends_size; /* it is about the size */
	bool size_due;
	unsigned rows, columns;
	int64_t again_ms; /* monotonic: not before */
	bool was_refused; /* something typed was dropped: the reader takes note and clears it */
};

/* `client` outlives it; `unit` is the name. -ENOMEM. */
int attach_typing_init(struct attach_typing *self, const struct ctl_client *client, const char *unit);
void attach_typing_finish(struct attach_typing *self);

size_t attach_typing_room(const struct attach_typing *self);
/* As much as there is room for. */
void attach_typing_put(struct attach_typing *self, const char *bytes, size_t size_bytes);
/* How large the terminal is by now; the service is told even when it is the same. */
void attach_typing_resize(struct attach_typing *self, unsigned rows, unsigned columns);
bool attach_typing_is_done(const struct attach_typing *self);

/* Sends what is due, if nothing is under way. */
void attach_typing_send(struct attach_typing *self, int64_t now_ms);
/* Where its answer comes, to be polled; -1: nowhere. */
int attach_typing_fd(const struct attach_typing *self);
/* Takes of the answer what is there. */
void attach_typing_take(struct attach_typing *self, int64_t now_ms);
/* When to send again although nothing happens, monotonic; 0: never. */
int64_t attach_typing_next_ms(const struct attach_typing *self);

#endif
