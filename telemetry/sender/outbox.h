/* SPDX-License-Identifier: MIT */
/*
 * Events that are to be sent, kept on disk until they are: appended before anything else happens to them, removed
 * when delivered or refused. Senders of two stacks of one app share a file: a batch is claimed for a few seconds,
 * so that no two send it, and what a killed sender had claimed is free again soon. Times are wall clock, in
 * milliseconds.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_OUTBOX_H
#define UPFRONT_TELEMETRY_SENDER_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outbox;

#define OUTBOX_EVENTS_MAX 100000 /* beyond either limit the oldest go */
#define OUTBOX_BYTES_MAX (100 * 1000 * 1000)
#define OUTBOX_AGE_MAX_MS (INT64_C(30) * 24 * 3600 * 1000)
#define OUTBOX_CLAIM_MS 3000 /* longer than any attempt */
#define OUTBOX_EVENT_BYTES_MAX (900 * 1024)

/*
 * Why an event that was tried has gone without being taken, by itself; as the ledger has it in "reason" (retry_reason names those that the
 * receiver gave).
 */
#define OUTBOX_REASONS(X)                                                                   \
	X(OUTBOX_TOO_OLD, "too_old") /* OUTBOX_AGE_MAX_MS */                                \
	X(OUTBOX_OTHER_ENDPOINT, "other_endpoint") /* a later yes was for somewhere else */ \
	X(OUTBOX_OTHER_NOTICE, "other_notice") /* or to another notice */                   \
	X(OUTBOX_EVICTED, "evicted") /* the outbox was full */
#define OUTBOX_ENUMERATOR(name, text) name,
enum outbox_reason { OUTBOX_REASONS(OUTBOX_ENUMERATOR) OUTBOX_REASON_COUNT };
#undef OUTBOX_ENUMERATOR

const char *outbox_reason_name(enum outbox_reason reason);

/* Called for an event that was tried and goes from the outbox undelivered, by itself. Never one that was not tried: nobody was told of it. */
typedef void outbox_gone(void *context, const char *uuid, enum outbox_reason reason);

struct outbox_options {
	const char *path; /* NULL: in memory */
	const char *endpoint; /* host and key the yes was given for: rows of another are dropped */
	int notice; /* the same for the notice */
	int64_t events_max, bytes_max; /* 0: the limits above */
	outbox_gone *gone; /* NULL: nobody asks */
	void *context;
};

struct outbox *outbox_open(const struct outbox_options *options, int64_t now_ms);
void outbox_close(struct outbox *self);

/* A person's no removes the file: nothing of it may be sent any more. */
bool outbox_is_wiped(const struct outbox *self);

struct outbox_new {
	const char *uuid, *name;
	const char *event; /* JSON text, without line breaks */
};

/*
 * Keeps events under their uuids, all of them or none; one that is there already is left as it is. Returns when they are safe from a kill:
 * 0; -EMSGSIZE (one is larger than OUTBOX_EVENT_BYTES_MAX), -EBUSY (another sender is at it: soon again), -ENOSPC, -EIO. Beyond the limits
 * the oldest go that nobody is just sending.
 */
int outbox_append_all(struct outbox *self, const struct outbox_new *events, size_t count, int64_t now_ms);
int outbox_append(struct outbox *self, const char *uuid, const char *name, const char *event, int64_t now_ms);

/* 90 % of either limit: whoever can keep events elsewhere should. */
bool outbox_is_nearly_full(struct outbox *self);

struct outbox_event {
	int64_t id;
	char *uuid, *name, *text;
	size_t size_bytes;
};

struct outbox_batch {
	struct outbox_event *events;
	size_t count;
};

/*
 * Claims the oldest free events, at most that many and that large together (one always fits). Returns 0 or
 * -errno; count may be 0.
 */
int outbox_claim(struct outbox *self, size_t events_max, size_t bytes_max, int64_t now_ms, struct outbox_batch *batch);
/* Removes a claimed batch from the outbox; -errno: it is still there, and should be removed again before anything else is claimed. */
int outbox_remove(struct outbox *self, const struct outbox_batch *batch);
/* Gives it back. */
void outbox_release(struct outbox *self, const struct outbox_batch *batch);
/* Frees names and texts, which may be large; removing and giving back need none. */
void outbox_batch_trim(struct outbox_batch *batch);
void outbox_batch_finish(struct outbox_batch *batch);

/* Milliseconds until some event is free to be claimed: 0 now, -1 when there is none. */
int64_t outbox_wait_ms(struct outbox *self, int64_t now_ms);

int64_t outbox_count(struct outbox *self);
/* How many have gone unsent since it was opened because it was full. */
uint64_t outbox_evicted(const struct outbox *self);

#endif
