/* SPDX-License-Identifier: MIT */
/*
 * Events as JSON. There is one builder: with facts it makes the event that is sent, without them the preview that
 * is shown before the answer. Both walk the same list in the same order, so the one equals the other in every byte
 * but the placeholders.
 */
#ifndef UPFRONT_TELEMETRY_EVENT_H
#define UPFRONT_TELEMETRY_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;
struct stack;
struct telemetry_facts;

/* What the preview says instead of what does not exist yet. */
#define EVENT_MADE_AFTER_YES "(made only after yes)"
#define EVENT_MEASURED_LATER "(measured when ready)"

/* Larger events are dropped: one message of the socket to the sender must hold them. */
#define EVENT_BYTES_MAX (192u * 1024u)

struct event_context {
	const struct stack *stack;
	bool is_ci;
	const char *uuid, *distinct_id, *session_id; /* NULL: made only after yes */
	int64_t time_ms; /* wall clock; used with facts only */
	const struct telemetry_facts *facts; /* NULL: preview */
};

/* The event of that name, or NULL: unknown name, or out of memory. The caller deletes it with cJSON_Delete. */
struct cJSON *event_build(const struct event_context *context, const char *name);

/*
 * Checks a finished event against the catalogue and the stack's declarations, and that it is UTF-8 throughout: one
 * wrong event makes the receiver refuse the whole batch. Returns 0 or -EINVAL; *reason (may be NULL) then names the
 * property or the trouble and lives as long as `event`.
 */
int event_check(const struct stack *stack, const struct cJSON *event, const char **reason);

/* The checked event as compact JSON text, or NULL when it fails the check or is too large. The caller frees. */
char *event_print(const struct stack *stack, const struct cJSON *event);

#endif
