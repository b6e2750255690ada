/* SPDX-License-Identifier: MIT */
/*
 * What services may say: the events and properties of the stack file, read once from the "relay" object of telemetry/wire.h and kept as
 * the very bytes that go into an event. Names and words in an event are these bytes, never the client's.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_RELAY_RULES_H
#define UPFRONT_TELEMETRY_SENDER_RELAY_RULES_H

#include "config/stack.h"

#include <stdbool.h>
#include <stddef.h>

#define RELAY_REQUEST_EVENT "api_request" /* built in; allowed when there are routes */
#define RELAY_PROPERTIES_MAX 256u /* of one event */
#define RELAY_COMMON_BYTES_MAX (64u * 1024u)

struct cJSON;

struct relay_word {
	char *text; /* to be compared */
	char *json; /* to be sent */
};

struct relay_property {
	char *name;
	char *json; /* ,"name": */
	enum telemetry_kind kind;
	struct relay_word *words;
	size_t word_count;
};

struct relay_declared {
	char *name;
	char *json; /* "name" */
	bool is_request;
	struct relay_property *properties;
	size_t property_count;
};

struct relay_rules {
	char *token;
	char *distinct_id;
	char *common; /* "name":value,... */
	struct relay_declared *events;
	size_t event_count;
	char **routes;
	size_t route_count;
};

/* NULL when `config` is no such object, or out of memory. */
struct relay_rules *relay_rules_create(const struct cJSON *config);
void relay_rules_destroy(struct relay_rules *self);

/* Other common properties. -EINVAL, and all as before: the privacy flags are not in it, or it is no UTF-8. */
int relay_rules_common(struct relay_rules *self, const struct cJSON *common);

const struct relay_declared *relay_rules_event(const struct relay_rules *self, const char *name);

#endif
