/* SPDX-License-Identifier: MIT */
#include "telemetry/event.h"

#include "config/decide.h"
#include "config/stack.h"
#include "config/utf8.h"
#include "telemetry/catalog.h"
#include "telemetry/event_value.h"
#include "telemetry/id.h"
#include "telemetry/identity.h"
#include "telemetry/machine.h"
#include "telemetry/notice.h"
#include "telemetry/telemetry.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KINDS (TELEMETRY_API_REQUEST + 1)

struct event_maker {
	struct event_context context;
	struct machine machine;
	char *common; /* NULL: it does not pass the catalogue */
	size_t common_bytes;
	struct catalog_list lists[KINDS]; /* by kind; empty until the first event of it */
};

/* Text under construction. */
struct writer {
	char *text;
	size_t used, size_bytes;
	bool wrong; /* it had no room, or something was not allowed */
};

static void write_bytes(struct writer *self, const char *bytes, size_t size_bytes)
{
	if (size_bytes > self->size_bytes - self->used) {
		self->wrong = true;
		return;
	}
	memcpy(self->text + self->used, bytes, size_bytes);
	self->used += size_bytes;
}

static void write_text(struct writer *self, const char *text)
{
	write_bytes(self, text, strlen(text));
}

static void write_json(struct writer *self, const cJSON *value)
{
	size_t room = self->size_bytes - self->used;

	if (!cJSON_PrintPreallocated((cJSON *)value, self->text + self->used, room > INT32_MAX ? INT32_MAX : (int)room,
				     false))
		self->wrong = true;
	else
		self->used += strlen(self->text + self->used);
}

/* Nothing in it that JSON writes otherwise. */
static bool is_literal(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e || *text == '"' || *text == '\\')
			return false;
	}
	return true;
}

static void write_string(struct writer *self, const cJSON *value)
{
	if (!is_literal(value->valuestring)) {
		write_json(self, value);
		return;
	}
	write_text(self, "\"");
	write_text(self, value->valuestring);
	write_text(self, "\"");
}

/* What events consist of most; cJSON takes microseconds for a number, there and back. */
static void write_value(struct writer *self, const cJSON *value)
{
	const cJSON *item;
	char number[24];

	if (cJSON_IsString(value)) {
		write_string(self, value);
	} else if (cJSON_IsNumber(value) && (double)value->valueint == value->valuedouble) {
		snprintf(number, sizeof(number), "%d", value->valueint);
		write_text(self, number);
	} else if (cJSON_IsArray(value)) {
		write_text(self, "[");
		cJSON_ArrayForEach(item, value)
		{
			if (item != value->child)
				write_text(self, ",");
			write_value(self, item);
		}
		write_text(self, "]");
	} else {
		write_json(self, value);
	}
}

/* Declared properties that are measured with the start are null in what comes before it. */
static bool is_allowed(const struct event_source *source, const struct catalog_entry *entry, const cJSON *value)
{
	if (source->preview || (entry->declared && cJSON_IsNull(value)))
		return true;
	if (entry->row->kind == CATALOG_TOKENS)
		return catalog_allows_tokens(source->stack, value);
	return catalog_allows(entry->row, value);
}

/* Takes the value. NULL: there was no memory for it. */
static void write_member(struct writer *self, const char *name, cJSON *value)
{
	write_text(self, "\"");
	write_text(self, name);
	write_text(self, "\":");
	if (value)
		write_value(self, value);
	else
		self->wrong = true;
	cJSON_Delete(value);
}

/* Entries `from` to `to`, with a comma before each but the first of all; wrong when one of them does not fit its row. */
static void write_entries(struct writer *self, const struct event_source *source, const struct catalog_list *list,
			  size_t from, size_t to)
{
	for (size_t i = from; i < to && !self->wrong; i++) {
		cJSON *value = event_value(source, &list->entries[i]);

		self->wrong =
			(value && !is_allowed(source, &list->entries[i], value)) || !is_literal(list->entries[i].name);
		if (i > 0)
			write_text(self, ",");
		write_member(self, list->entries[i].name, value);
	}
}

/* True when what stands from `from` on can be sent. */
static bool is_well(const struct writer *self, size_t from)
{
	return !self->wrong && utf8_valid(self->text + from, self->used - from) == self->used - from;
}

static struct event_source source_of(const struct event_maker *self)
{
	return (struct event_source){.stack = self->context.stack,
				     .machine = &self->machine,
				     .session_id = self->context.session_id,
				     .is_ci = self->context.is_ci,
				     .preview = self->context.session_id == NULL};
}

/* Facts and time as the start knows them, or NULL. */
static int make_common(struct event_maker *self, const struct telemetry_facts *facts, const char *time)
{
	struct writer out = {.text = malloc(EVENT_BYTES_MAX), .size_bytes = EVENT_BYTES_MAX};
	struct event_source source = source_of(self);
	struct catalog_list list = {0};
	int result = -ENOMEM;

	source.facts = facts;
	source.time = time;
	if (!out.text || catalog_list_make(self->context.stack, CATALOG_COMMON, &list) < 0)
		goto out;
	write_text(&out, "{");
	write_entries(&out, &source, &list, 0, list.count);
	write_bytes(&out, "}", 2); /* with its NUL */
	free(self->common);
	self->common = is_well(&out, 0) ? strdup(out.text) : NULL;
	self->common_bytes = self->common ? strlen(self->common) : 0;
	result = 0;
out:
	catalog_list_finish(&list);
	free(out.text);
	return result;
}

struct event_maker *event_maker_create(const struct event_context *context)
{
	struct event_maker *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->context = *context;
	machine_init(&self->machine);
	if (make_common(self, NULL, NULL) < 0) {
		event_maker_destroy(self);
		return NULL;
	}
	return self;
}

void event_maker_destroy(struct event_maker *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < KINDS; i++)
		catalog_list_finish(&self->lists[i]);
	free(self->common);
	free(self);
}

static int64_t time_of(const struct telemetry_facts *facts)
{
	return facts && facts->time_ms ? facts->time_ms : time_now_ms();
}

int event_maker_learn(struct event_maker *self, const struct telemetry_facts *facts)
{
	char time[TIME_BYTES];

	time_text(time_of(facts), time);
	return make_common(self, facts, time);
}

const char *event_maker_common(const struct event_maker *self)
{
	return self->common;
}

/* ---- One event ---- */

static cJSON *envelope_value(const struct event_maker *self, const struct catalog_property *row, const char *name,
			     const char *uuid, const char *time)
{
	switch (row->source) {
	case CATALOG_FROM_UUID:
		return event_value_after_yes(uuid);
	case CATALOG_FROM_NAME:
		return cJSON_CreateStringReference(name);
	case CATALOG_FROM_DISTINCT_ID:
		return event_value_after_yes(self->context.distinct_id);
	default: /* CATALOG_FROM_TIMESTAMP */
		return cJSON_CreateStringReference(time);
	}
}

/* Up to and with the name of the last row, whose value is the properties. */
static void write_envelope(const struct event_maker *self, struct writer *out, const char *name, const char *uuid,
			   const char *time)
{
	size_t count;
	const struct catalog_property *rows = catalog_properties(&count);
	const char *separator = "{";

	for (size_t i = 0; i < count; i++) {
		if (!(rows[i].scope & CATALOG_ENVELOPE))
			continue;
		write_text(out, separator);
		separator = ",";
		if (rows[i].source != CATALOG_FROM_PROPERTIES)
			write_member(out, rows[i].name, envelope_value(self, &rows[i], name, uuid, time));
		else
			write_text(out, "\"properties\":");
	}
}

/* The common part without its end, and the event's own properties behind it. */
static void write_properties(const struct event_maker *self, const struct event_source *source,
			     const struct catalog_list *list, struct writer *out)
{
	size_t from;

	if (!self->common) {
		out->wrong = true;
		return;
	}
	write_bytes(out, self->common, self->common_bytes - 1);
	from = out->used;
	write_entries(out, source, list, list->common_count, list->count);
	out->wrong = !is_well(out, from);
	write_text(out, "}");
}

static size_t write_event(const struct event_maker *self, const struct event_source *source, const char *name,
			  const struct catalog_list *list, const char *uuid, struct writer *out)
{
	write_envelope(self, out, name, uuid, source->time);
	write_properties(self, source, list, out);
	write_bytes(out, "}", 2); /* with its NUL */
	return out->wrong ? 0 : out->used - 1;
}

static const char *unknown_time(enum telemetry_event_kind kind)
{
	switch (kind) {
	case TELEMETRY_CLI_COMMAND:
		return EVENT_KNOWN_AT_END;
	case TELEMETRY_API_REQUEST:
		return EVENT_KNOWN_AT_ANSWER;
	default:
		return EVENT_MEASURED_LATER;
	}
}

size_t event_make(struct event_maker *self, const struct telemetry_event *event, char *text, size_t size_bytes)
{
	const bool is_start = event->kind == TELEMETRY_SERVER_START || event->kind == TELEMETRY_SERVER_START_FAILED;
	struct writer out = {.text = text, .size_bytes = size_bytes};
	struct event_source source = source_of(self);
	struct catalog_list *list;
	const struct catalog_event *row;
	char uuid[ID_BYTES], time[TIME_BYTES];
	size_t count;

	if ((unsigned)event->kind >= KINDS || (!source.preview && !event->facts))
		return 0;
	row = &catalog_events(&count)[event->kind];
	list = &self->lists[event->kind];
	if (list->count == 0 && catalog_list_make(self->context.stack, row->scope, list) < 0)
		return 0;
	source.time = unknown_time(event->kind);
	if (!source.preview) {
		int64_t time_ms =
			event->time_ms && !is_start ? event->time_ms : time_of(is_start ? event->facts : NULL);

		id_event(time_ms, uuid);
		time_text(time_ms, time);
		source.time = time;
		source.facts = is_start ? event->facts : NULL;
		source.command = event->kind == TELEMETRY_CLI_COMMAND ? event->command : NULL;
		source.request = event->kind == TELEMETRY_API_REQUEST ? event->request : NULL;
	}
	return write_event(self, &source, row->name, list, source.preview ? NULL : uuid, &out);
}

/* ---- Preview ---- */

/* An event that only services send. */
static size_t preview_declared(struct event_maker *self, const char *name, char *text, size_t size_bytes)
{
	const struct telemetry_event_decl *event = catalog_find_declared(self->context.stack, name);
	struct writer out = {.text = text, .size_bytes = size_bytes};
	struct event_source source = source_of(self);
	struct catalog_list list = {0};
	size_t length;

	if (!event || catalog_list_make_declared(self->context.stack, event, &list) < 0)
		return 0;
	source.time = "(" EVENT_TOLD_BY_SERVICE ")";
	length = write_event(self, &source, name, &list, NULL, &out);
	catalog_list_finish(&list);
	return length;
}

static size_t preview(struct event_maker *self, const char *name, char *text, size_t size_bytes)
{
	const struct catalog_event *row = catalog_find_event(name);
	struct telemetry_event event = {0};
	size_t count;

	if (!row)
		return preview_declared(self, name, text, size_bytes);
	event.kind = (enum telemetry_event_kind)(row - catalog_events(&count));
	return event_make(self, &event, text, size_bytes);
}

/* Only what `up` itself sees: the same environment that telemetry_open is given later. */
static bool environment_is_ci(void)
{
	struct strmap environment;
	bool is_ci;

	strmap_init(&environment);
	for (char **pair = environ; pair && *pair; pair++)
		strmap_set_pair(&environment, *pair);
	is_ci = consent_is_ci(&environment);
	strmap_finish(&environment);
	return is_ci;
}

char *telemetry_preview(const struct stack *stack, const char *event)
{
	struct event_context context = {.stack = stack, .is_ci = environment_is_ci()};
	char kept[ID_BYTES], *compact = malloc(EVENT_BYTES_MAX), *text = NULL;
	struct event_maker *maker;
	cJSON *tree = NULL;

	/* An id kept from an earlier yes exists already: it is shown as it is. */
	if (identity_find(stack, kept) == 0)
		context.distinct_id = kept;
	maker = compact ? event_maker_create(&context) : NULL;
	if (maker && preview(maker, event ? event : "server_start", compact, EVENT_BYTES_MAX) > 0)
		tree = cJSON_Parse(compact);
	if (tree)
		text = cJSON_Print(tree);
	cJSON_Delete(tree);
	event_maker_destroy(maker);
	free(compact);
	return text;
}
