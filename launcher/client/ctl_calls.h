/* SPDX-License-Identifier: MIT */
/*
 * Requests whose answers are not waited for: several under way at once, each with a deadline, taken in as they come by whoever polls. What
 * comes of one is told exactly once, also when it could not even be sent.
 */
#ifndef UPFRONT_LAUNCHER_CLIENT_CTL_CALLS_H
#define UPFRONT_LAUNCHER_CLIENT_CTL_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl_client;
struct ctl_stream;
struct err;
struct pollfd;

#define CTL_CALLS_MAX 12u
#define CTL_CALLS_TIMEOUT_MS 10000

struct ctl_call_end {
	int number; /* as given to ctl_calls_begin */
	const char *answer; /* of a status below 400; NULL: it failed */
	size_t size_bytes;
	const struct err *err; /* why it failed; NULL */
};
typedef void ctl_call_done(void *context, const struct ctl_call_end *end);

struct ctl_call {
	struct ctl_stream *stream; /* NULL: free */
	char *bytes;
	size_t size_bytes, capacity;
	int64_t deadline_ms; /* monotonic */
	int number;
};

struct ctl_calls {
	const struct ctl_client *client; /* borrowed */
	ctl_call_done *done;
	void *context;
	struct ctl_call calls[CTL_CALLS_MAX];
};

void ctl_calls_init(struct ctl_calls *self, const struct ctl_client *client, ctl_call_done *done, void *context);
/* What is under way is given up, untold. */
void ctl_calls_finish(struct ctl_calls *self);

/* `number` tells what it was about. `done` may be called before this returns. */
void ctl_calls_begin(struct ctl_calls *self, int number, const char *method, const char *target, const char *body);
/* True when one with this number is under way. */
bool ctl_calls_has(const struct ctl_calls *self, int number);

/* Fills CTL_CALLS_MAX places; fd -1 where there is nothing to wait for. */
void ctl_calls_fill_polls(const struct ctl_calls *self, struct pollfd *polls);
/* Monotonic: since when the oldest that is under way waits; 0: none is. */
int64_t ctl_calls_since_ms(const struct ctl_calls *self);
/* Monotonic; 0: there is no deadline. */
int64_t ctl_calls_due_ms(const struct ctl_calls *self);
/* Takes in what poll said is there, and gives up what is late. */
void ctl_calls_step(struct ctl_calls *self, const struct pollfd *polls);

#endif
