/* SPDX-License-Identifier: MIT */
#include "telemetry/event.h"

#include "config/decide.h"
#include "config/stack.h"
#include "telemetry/catalog.h"
#include "telemetry/id.h"
#include "telemetry/identity.h"
#include "telemetry/machine.h"
#include "telemetry/telemetry.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One event under construction. */
struct builder {
	const struct event_context *context;
	const char *name;
	struct machine machine;
	char time[TIME_BYTES];
};

/* A text, null when there is none. What was found on the machine and does not fit its row counts as not found. */
static cJSON *text_or_null(const struct catalog_property *row, const char *text)
{
	if (!text || (row && !catalog_allows_text(row, text)))
		return cJSON_CreateNull();
	return cJSON_CreateString(text);
}

static cJSON *later(void)
{
	return cJSON_CreateString(EVENT_MEASURED_LATER);
}

static cJSON *after_yes(const char *text)
{
	return cJSON_CreateString(text ? text : EVENT_MADE_AFTER_YES);
}

/* A declared version is exact from the start; only what a command prints is found later. */
static cJSON *version_value(const struct builder *self, const struct catalog_entry *entry)
{
	const struct telemetry_facts *facts = self->context->facts;
	const struct service *service = NULL;

	if (entry->service)
		service = stack_find_service(self->context->stack, entry->service);
	if (!service)
		return cJSON_CreateNull();
	if (service->version.text)
		return text_or_null(NULL, service->version.text);
	if (!service->version.argv)
		return cJSON_CreateNull();
	if (!facts)
		return later();
	for (size_t i = 0; i < facts->service_count; i++) {
		if (strcmp(facts->services[i].name, service->name) == 0)
			return text_or_null(entry->row, facts->services[i].version);
	}
	return cJSON_CreateNull();
}

static void measure(const struct builder *self, int source, int64_t values[7])
{
	const struct telemetry_facts *facts = self->context->facts;

	if (source == SOURCE_MEMORY) {
		machine_memory(values);
	} else if (source == SOURCE_CPU) {
		machine_cpu(values);
	} else {
		values[0] = facts->native_count + facts->container_count;
		values[1] = facts->native_count;
		values[2] = facts->container_count;
		values[3] = facts->ready_ms;
		values[4] = facts->services_rss_bytes;
		values[5] = facts->services_cpu_user_us;
		values[6] = facts->services_cpu_system_us;
	}
}

/* The members stand in the catalogue in the order in which `measure` gives their values. */
static cJSON *object_value(const struct builder *self, const struct catalog_property *row)
{
	size_t count, prefix = strlen(row->name), member = 0;
	const struct catalog_property *rows = catalog_properties(&count);
	cJSON *object = cJSON_CreateObject();
	int64_t values[7] = {0};

	if (self->context->facts)
		measure(self, row->source, values);
	for (size_t i = 0; i < count; i++) {
		cJSON *value;

		if (strncmp(rows[i].name, row->name, prefix) != 0 || rows[i].name[prefix] != '.')
			continue;
		if (self->context->facts || rows[i].kind == CATALOG_ZERO)
			value = cJSON_CreateNumber((double)values[member]);
		else
			value = later();
		member++;
		cJSON_AddItemToObject(object, rows[i].name + prefix + 1, value);
	}
	return object;
}

static cJSON *constant_value(const struct catalog_property *row)
{
	if (row->kind == CATALOG_CONSTANT)
		return cJSON_CreateString(row->values[0]);
	return cJSON_CreateBool(row->kind == CATALOG_TRUE);
}

static cJSON *error_value(const struct telemetry_facts *facts)
{
	return cJSON_CreateString(facts->error_type ? facts->error_type : telemetry_error_name(ERROR_OTHER));
}

static cJSON *ready_value(const struct telemetry_facts *facts)
{
	int ready = 0;

	for (size_t i = 0; i < facts->service_count; i++)
		ready += facts->services[i].ready;
	return cJSON_CreateNumber(ready);
}

static cJSON *property_value(const struct builder *self, const struct catalog_entry *entry)
{
	const struct event_context *context = self->context;
	const struct telemetry_facts *facts = context->facts;

	switch (entry->declared ? (int)entry->declared->source : entry->row->source) {
	case CATALOG_FROM_CONSTANT:
		return constant_value(entry->row);
	case CATALOG_FROM_SESSION_ID:
		return after_yes(context->session_id);
	case CATALOG_FROM_ERROR_TYPE:
		return facts ? error_value(facts) : later();
	case CATALOG_FROM_SERVICES_READY:
		return facts ? ready_value(facts) : later();
	case SOURCE_VERSION:
		return version_value(self, entry);
	case SOURCE_APP_VERSION:
		return text_or_null(NULL, context->stack->version);
	case SOURCE_LAUNCHER_VERSION:
		return cJSON_CreateString(UPFRONT_VERSION);
	case SOURCE_PLATFORM:
		return cJSON_CreateString("linux");
	case SOURCE_PLATFORM_VERSION:
		return cJSON_CreateString(self->machine.platform_version);
	case SOURCE_ARCH:
		return cJSON_CreateString(self->machine.arch);
	case SOURCE_NODE_ARCH:
		return cJSON_CreateString(self->machine.node_arch);
	case SOURCE_IS_CI:
		return cJSON_CreateBool(context->is_ci);
	case SOURCE_MEMORY:
	case SOURCE_CPU:
	case SOURCE_SERVICES:
		return object_value(self, entry->row);
	case SOURCE_TIME:
		return facts ? cJSON_CreateString(self->time) : later();
	case SOURCE_VALUE:
		return text_or_null(NULL, entry->declared->text);
	case SOURCE_EXEC:
		if (!facts)
			return later();
		return text_or_null(entry->row, facts->exec_values ? facts->exec_values[entry->exec_index] : NULL);
	default:
		return NULL;
	}
}

static cJSON *properties_value(const struct builder *self, unsigned scope)
{
	struct catalog_list list = {0};
	cJSON *properties = cJSON_CreateObject();

	if (!properties || catalog_list_make(self->context->stack, scope, &list) < 0)
		goto fail;
	for (size_t i = 0; i < list.count; i++) {
		cJSON *value = property_value(self, &list.entries[i]);

		if (!value || !cJSON_AddItemToObject(properties, list.entries[i].name, value)) {
			cJSON_Delete(value);
			goto fail;
		}
	}
	catalog_list_finish(&list);
	return properties;
fail:
	catalog_list_finish(&list);
	cJSON_Delete(properties);
	return NULL;
}

static cJSON *envelope_value(const struct builder *self, const struct catalog_property *row, unsigned scope)
{
	const struct event_context *context = self->context;

	switch (row->source) {
	case CATALOG_FROM_UUID:
		return after_yes(context->uuid);
	case CATALOG_FROM_NAME:
		return cJSON_CreateString(self->name);
	case CATALOG_FROM_DISTINCT_ID:
		return after_yes(context->distinct_id);
	case CATALOG_FROM_TIMESTAMP:
		return context->facts ? cJSON_CreateString(self->time) : later();
	default:
		return properties_value(self, scope);
	}
}

cJSON *event_build(const struct event_context *context, const char *name)
{
	const struct catalog_event *kind = catalog_find_event(name);
	struct builder builder = {.context = context, .name = name};
	size_t count;
	const struct catalog_property *rows = catalog_properties(&count);
	cJSON *event;

	if (!kind)
		return NULL;
	machine_init(&builder.machine);
	time_text(context->time_ms, builder.time);
	event = cJSON_CreateObject();
	for (size_t i = 0; event && i < count; i++) {
		cJSON *value;

		if (!(rows[i].scope & CATALOG_ENVELOPE))
			continue;
		value = envelope_value(&builder, &rows[i], kind->scope);
		if (!value || !cJSON_AddItemToObject(event, rows[i].name, value)) {
			cJSON_Delete(value);
			cJSON_Delete(event);
			return NULL;
		}
	}
	return event;
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
	char kept[ID_BYTES];
	cJSON *preview;
	char *text = NULL;

	/* An id kept from an earlier yes exists already: it is shown as it is. */
	if (identity_find(stack, kept) == 0)
		context.distinct_id = kept;
	preview = event_build(&context, event ? event : "server_start");
	if (preview)
		text = cJSON_Print(preview);
	cJSON_Delete(preview);
	return text;
}
