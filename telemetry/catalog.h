/* SPDX-License-Identifier: MIT */
/*
 * The one table of what may leave. An event is made by walking its list (catalog_list), the preview is the same
 * walk with facts missing, the check before queueing, the schema and the full notice read the same list: what is
 * not in the table, or declared in the stack file, cannot be sent.
 */
#ifndef UPFRONT_TELEMETRY_CATALOG_H
#define UPFRONT_TELEMETRY_CATALOG_H

#include "config/stack.h"

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

/* Where a property stands; a bit each, an event of the table has its own. */
#define CATALOG_ENVELOPE 1u /* beside `properties`, in every event */
#define CATALOG_COMMON 2u /* in the properties of every event */
#define CATALOG_SERVER_START 4u
#define CATALOG_SERVER_START_FAILED 8u
#define CATALOG_DECLARED 16u /* only where a stack file declares it */
#define CATALOG_CLI_COMMAND 32u
#define CATALOG_API_REQUEST 64u
#define CATALOG_REPORTED \
	128u /* in services' own events, where a stack file declares them: a row for each enum telemetry_kind */
#define CATALOG_STARTS (CATALOG_SERVER_START | CATALOG_SERVER_START_FAILED)

/* What values a property can take: X(name, type as the schema says it). None takes free text from this machine. */
#define CATALOG_KINDS(X)                                                                           \
	X(CATALOG_TRUE, "always true")                                                             \
	X(CATALOG_FALSE, "always false")                                                           \
	X(CATALOG_CONSTANT, "always the same text")                                                \
	X(CATALOG_BOOL, "true or false")                                                           \
	X(CATALOG_WORD, "one of a closed list")                                                    \
	X(CATALOG_EVENT, "name of an event, as below")                                             \
	X(CATALOG_TOKEN, "letters, digits, '.', '_', '-'")                                         \
	X(CATALOG_TEXT, "text of at most 200 bytes, or null")                                      \
	X(CATALOG_UUID4, "random UUID (version 4)")                                                \
	X(CATALOG_UUID7, "time and random bits (UUID version 7)")                                  \
	X(CATALOG_TIME, "time, UTC, milliseconds")                                                 \
	X(CATALOG_ZERO, "always 0")                                                                \
	X(CATALOG_INTEGER, "whole number, not negative")                                           \
	X(CATALOG_OBJECT, "object of the members below")                                           \
	X(CATALOG_WORD_OR_NULL, "one of a closed list, or null")                                   \
	X(CATALOG_INTEGER_OR_NULL, "whole number, not negative, or null")                          \
	X(CATALOG_COUNTS, "object of at most 32 whole numbers by short lower-case names, or null") \
	X(CATALOG_STATUS, "whole number from 100 to 599")                                          \
	X(CATALOG_COMMAND, "name of a command, or a placeholder")                                  \
	X(CATALOG_TOKENS, "list of option names, listed words and placeholders, at most 33")       \
	X(CATALOG_ROUTE, "template of a route, or a word for none")                                \
	X(CATALOG_NUMBER, "number")                                                                \
	X(CATALOG_WHOLE, "whole number")
#define CATALOG_ENUMERATOR(name, text) name,
enum catalog_kind { CATALOG_KINDS(CATALOG_ENUMERATOR) };
#undef CATALOG_ENUMERATOR

/* Where values come from, beside the sources a stack file can name (enum telemetry_source). */
enum catalog_source {
	CATALOG_FROM_CONSTANT = 100, /* the property's first listed value, or its kind */
	CATALOG_FROM_NAME, /* the event's name */
	CATALOG_FROM_UUID,
	CATALOG_FROM_DISTINCT_ID,
	CATALOG_FROM_SESSION_ID,
	CATALOG_FROM_TIMESTAMP,
	CATALOG_FROM_PROPERTIES,
	CATALOG_FROM_ERROR_TYPE,
	CATALOG_FROM_SERVICES_READY,
	CATALOG_FROM_MEMBER, /* measured together with the object it stands in */
	CATALOG_FROM_COMMAND, /* these: struct telemetry_command */
	CATALOG_FROM_COMMAND_ARGS,
	CATALOG_FROM_COMMAND_DURATION,
	CATALOG_FROM_COMMAND_SUCCESS,
	CATALOG_FROM_COMMAND_ERROR,
	CATALOG_FROM_JOB_COUNT,
	CATALOG_FROM_OBJECT_COUNTS,
	CATALOG_FROM_ENDPOINT, /* these: struct telemetry_request */
	CATALOG_FROM_METHOD,
	CATALOG_FROM_STATUS,
	CATALOG_FROM_REQUEST_DURATION,
	CATALOG_FROM_SERVICE = 200 /* and enum telemetry_kind: told by a service, through the relay */
};

struct catalog_property {
	unsigned scope;
	const char *name; /* members of an object: "object.member"; "<service>-version" stands for one each service */
	enum catalog_kind kind;
	int source; /* enum telemetry_source or enum catalog_source */
	const char *const *values; /* closed list or constant, NULL-terminated; else NULL */
	const char *purpose;
	const char *since; /* version of upfront that first sent it */
};

struct catalog_event {
	const char *name;
	unsigned scope;
	const char *when;
	const char *since;
};

/* upfront's own events, in the order of enum telemetry_event_kind. */
const struct catalog_event *catalog_events(size_t *count);
const struct catalog_event *catalog_find_event(const char *name);
/* Event of that name which the stack lets services send, or NULL. */
const struct telemetry_event_decl *catalog_find_declared(const struct stack *stack, const char *name);
const struct catalog_property *catalog_properties(size_t *count);
/* Row of that exact name in that scope, or NULL. */
const struct catalog_property *catalog_find(unsigned scope, const char *name);
/* The row that describes values of a declared source. */
const struct catalog_property *catalog_of_source(int source);
const char *catalog_kind_name(enum catalog_kind kind);

/* True when `value` is what the row allows; members of objects are checked with it (catalog_check.c). */
bool catalog_allows(const struct catalog_property *property, const struct cJSON *value);
/* The same for command_args, where also words are allowed that the stack's own commands list; `stack` may be NULL. */
bool catalog_allows_tokens(const struct stack *stack, const struct cJSON *value);
/* The same for a text. */
bool catalog_allows_text(const struct catalog_property *property, const char *text);

/* One property of one event, resolved for a stack. */
struct catalog_entry {
	char *name;
	const struct catalog_property *row; /* kind, purpose */
	const struct telemetry_property *declared; /* NULL: one of upfront's own, or of a service */
	const struct telemetry_field *field; /* of a service's own event */
	const char *service; /* SOURCE_VERSION: whose */
	size_t exec_index; /* SOURCE_EXEC: into telemetry_facts.exec_values */
};

struct catalog_list {
	struct catalog_entry *entries;
	size_t count;
	size_t common_count; /* the first of them stand in every event */
};

/*
 * The members of `properties` in the order they are sent: upfront's common ones, the declared common ones, the
 * event's own (without those that a declaration replaces), the declared ones. A declared name that begins with '$'
 * or is taken already is left out. `stack` NULL: without declarations. `scope` is the event's; CATALOG_COMMON
 * alone gives the common ones. Returns 0 or -ENOMEM.
 */
int catalog_list_make(const struct stack *stack, unsigned scope, struct catalog_list *list);
/* The same for an event of services: the common ones, then its fields. */
int catalog_list_make_declared(const struct stack *stack, const struct telemetry_event_decl *event,
			       struct catalog_list *list);
void catalog_list_finish(struct catalog_list *self);

#endif
