/* SPDX-License-Identifier: MIT */
/*
 * What goes out: the oldest events of the outbox are claimed, written into the ledger, tried, and settled by what came of it (retry.h). One
 * batch is under way at a time. How long each of that takes is said in sender.h.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_DELIVERY_H
#define UPFRONT_TELEMETRY_SENDER_DELIVERY_H

#include <stdint.h>

struct delivery;
struct event_base;
struct ledger;
struct outbox;
struct transport;

struct delivery_options {
	struct event_base *base;
	const char *key;
	/* These stay the caller's. */
	struct outbox *outbox;
	struct ledger *ledger;
	struct transport *transport;
	void (*changed)(void *context); /* a batch is over */
	void (*over)(void *context); /* the stack has ended, and so has the last attempt; does not return */
	void *context;
};

/* Texts and what is pointed to outlive it. NULL when out of memory. */
struct delivery *delivery_create(const struct delivery_options *options);

/* There is something to send: it is tried in a moment, together with what comes until then. */
void delivery_soon(struct delivery *self);
/* The stack has ended: one more attempt with what is queued, which is over before `end_ms` (monotonic). */
void delivery_end(struct delivery *self, int64_t end_ms);
/* The last thing: what is claimed and not settled is free again. NULL is fine. */
void delivery_release(struct delivery *self);

/* Events taken, and refused, by who was to receive them. */
struct delivery_counts {
	uint64_t delivered, refused;
};

/* All zero for NULL. */
struct delivery_counts delivery_counts(const struct delivery *self);

#endif
