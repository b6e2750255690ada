/* SPDX-License-Identifier: MIT */
/* The value of one property: constant, declared, measured, told - or a placeholder, in a preview. */
#ifndef UPFRONT_TELEMETRY_EVENT_VALUE_H
#define UPFRONT_TELEMETRY_EVENT_VALUE_H

#include <stdbool.h>

struct cJSON;
struct catalog_entry;
struct machine;
struct stack;
struct telemetry_command;
struct telemetry_facts;
struct telemetry_request;

/* What values are taken from. Of the last three at most one is there; what belongs to another is not known. */
struct event_source {
	const struct stack *stack;
	const struct machine *machine;
	const char *session_id;
	const char *time; /* of what happened, as text; NULL: not known */
	bool is_ci;
	bool preview; /* what is not known is a placeholder, else null */
	const struct telemetry_facts *facts;
	const struct telemetry_command *command;
	const struct telemetry_request *request;
};

/* NULL: out of memory. The caller deletes it with cJSON_Delete. */
struct cJSON *event_value(const struct event_source *self, const struct catalog_entry *entry);

/* `text`, or what a preview says for what is made after a yes. */
struct cJSON *event_value_after_yes(const char *text);

#endif
