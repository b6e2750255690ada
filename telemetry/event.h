/* SPDX-License-Identifier: MIT */
/*
 * Events as JSON. There is one way to make them: with what happened it makes the event that is sent, without it the preview that is
 * shown before the answer. Both walk the same list in the same order, so the one equals the other in every byte but the placeholders.
 *
 *   {"uuid":...,"event":...,"distinct_id":...,"timestamp":...,"properties":{  common part  ,  the event's own properties  }}
 *
 * The common part is the same for all events of a run: it is made and checked once, and again when the start tells what could not be
 * known before. What does not pass its row of the catalogue is not made at all: one wrong event makes the receiver refuse a whole batch.
 */
#ifndef UPFRONT_TELEMETRY_EVENT_H
#define UPFRONT_TELEMETRY_EVENT_H

#include <stdbool.h>
#include <stddef.h>

struct stack;
struct telemetry_event;
struct telemetry_facts;

/* What the preview says instead of what does not exist yet. */
#define EVENT_MADE_AFTER_YES "(made only after yes)"
#define EVENT_REDACTED "<redacted>"
#define EVENT_MEASURED_LATER "(measured when ready)"
#define EVENT_KNOWN_AT_END "(known when it has ended)" /* a command */
#define EVENT_KNOWN_AT_ANSWER "(known when it is answered)" /* a request */
#define EVENT_TOLD_BY_SERVICE "told by a service"

/* Larger events are dropped: one message of the socket to the sender must hold them. */
#define EVENT_BYTES_MAX (192u * 1024u)

struct event_context {
	const struct stack *stack;
	bool is_ci;
	const char *distinct_id, *session_id; /* NULL: made only after yes; session_id NULL: previews are made */
};

/* What the events of a run have in common. The context's texts and stack outlive it. NULL: out of memory. */
struct event_maker *event_maker_create(const struct event_context *context);
void event_maker_destroy(struct event_maker *self);

/* The start is over: what `common` declares of it is known from here on. Returns 0 or -ENOMEM. */
int event_maker_learn(struct event_maker *self, const struct telemetry_facts *facts);

/* The properties every event begins with, a JSON object; NULL when a declared one can never be sent, and no event is made. */
const char *event_maker_common(const struct event_maker *self);

/*
 * The event as compact JSON text into `text`, and its length; 0: it does not fit the catalogue or the room. With session_id NULL in
 * the context, and NULL for what happened: its preview.
 */
size_t event_make(struct event_maker *self, const struct telemetry_event *event, char *text, size_t size_bytes);

#endif
