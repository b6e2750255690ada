/* SPDX-License-Identifier: MIT */
/*
 * A client's event made anew from what is declared (relay_rules.h). Of the client's own bytes nothing goes in but booleans and numbers where
 * those are declared: names and words are ours, the time is written by us, the uuid is made from a digest.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_RELAY_EVENT_H
#define UPFRONT_TELEMETRY_SENDER_RELAY_EVENT_H

#include "telemetry/id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RELAY_AGE_MAX_MS (INT64_C(24) * 3600 * 1000) /* of a client's time that is believed */

struct relay_rules;

/* Text that grows. */
struct relay_text {
	char *bytes;
	size_t size_bytes, room;
	bool failed; /* out of memory: what is in it is not whole */
};

enum relay_verdict {
	RELAY_MADE,
	RELAY_DROPPED, /* not declared, or not as declared */
	RELAY_NAMELESS, /* no event at all: it has no name */
	RELAY_FAILED /* out of memory */
};

struct relay_event {
	const struct relay_rules *rules;
	int64_t now_ms; /* wall clock, of the arrival */
	/* made: */
	char uuid[ID_BYTES];
	const char *name; /* of the rules */
	bool lost; /* it had properties that are not declared, and were left out */
};

/* Appends the event's text and a NUL to `out`, which keeps what it had when there is no event to be made. `text` is JSON by relay_scan. */
enum relay_verdict relay_event_make(struct relay_event *self, const char *text, size_t size_bytes,
				    struct relay_text *out);

void relay_text_add(struct relay_text *self, const char *bytes, size_t size_bytes);
void relay_text_finish(struct relay_text *self);

/* RFC 3339, any offset and fraction: milliseconds since 1970; -1 when it is not. */
int64_t relay_time_ms(const char *text);

#endif
