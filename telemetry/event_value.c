/* SPDX-License-Identifier: MIT */
#include "telemetry/event_value.h"

#include "config/secrets.h"
#include "config/stack.h"
#include "telemetry/catalog.h"
#include "telemetry/event.h"
#include "telemetry/machine.h"
#include "telemetry/object_counts.h"
#include "telemetry/telemetry.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text, null when there is none. What was found on the machine and does not fit its row counts as not found. */
static cJSON *text_or_null(const struct catalog_property *row, const char *text)
{
	if (!text || (row && !catalog_allows_text(row, text)))
		return cJSON_CreateNull();
	return cJSON_CreateString(text);
}

/* A text of the stack file's, or one that it had asked for. What the stack knows as a secret never leaves, whoever declared it. */
static cJSON *stack_text(const struct event_source *self, const struct catalog_property *row, const char *text)
{
	char *masked = text ? secrets_mask(&self->stack->secrets, text) : NULL;
	cJSON *value = text_or_null(row, masked ? EVENT_REDACTED : text);

	free(masked);
	return value;
}

static cJSON *unknown(const struct event_source *self, const char *placeholder)
{
	return self->preview ? cJSON_CreateString(placeholder) : cJSON_CreateNull();
}

cJSON *event_value_after_yes(const char *text)
{
	return cJSON_CreateString(text ? text : EVENT_MADE_AFTER_YES);
}

/* A declared version is exact from the start; only what a command prints is found later. */
static cJSON *version_value(const struct event_source *self, const struct catalog_entry *entry)
{
	const struct telemetry_facts *facts = self->facts;
	const struct service *service = NULL;

	if (entry->service)
		service = stack_find_service(self->stack, entry->service);
	if (!service)
		return cJSON_CreateNull();
	if (service->version.text)
		return stack_text(self, NULL, service->version.text);
	if (!service->version.argv)
		return cJSON_CreateNull();
	if (!facts)
		return unknown(self, EVENT_MEASURED_LATER);
	for (size_t i = 0; i < facts->service_count; i++) {
		if (strcmp(facts->services[i].name, service->name) == 0)
			return stack_text(self, entry->row, facts->services[i].version);
	}
	return cJSON_CreateNull();
}

#define MEASURED_MAX 7

static void measure(const struct telemetry_facts *facts, int source, int64_t values[MEASURED_MAX])
{
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
static cJSON *measured_value(const struct event_source *self, const struct catalog_property *row)
{
	size_t count, prefix = strlen(row->name), member = 0;
	const struct catalog_property *rows = catalog_properties(&count);
	int64_t values[MEASURED_MAX] = {0};
	cJSON *object;

	if (!self->facts && !self->preview)
		return cJSON_CreateNull();
	object = cJSON_CreateObject();
	if (self->facts)
		measure(self->facts, row->source, values);
	for (size_t i = 0; i < count; i++) {
		cJSON *value;

		if (strncmp(rows[i].name, row->name, prefix) != 0 || rows[i].name[prefix] != '.')
			continue;
		if (self->facts || rows[i].kind == CATALOG_ZERO)
			value = cJSON_CreateNumber((double)values[member]);
		else
			value = cJSON_CreateString(EVENT_MEASURED_LATER);
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

static cJSON *ready_value(const struct telemetry_facts *facts)
{
	int ready = 0;

	for (size_t i = 0; i < facts->service_count; i++)
		ready += facts->services[i].ready;
	return cJSON_CreateNumber(ready);
}

static cJSON *start_value(const struct event_source *self, const struct catalog_entry *entry, int source)
{
	const struct telemetry_facts *facts = self->facts;

	if (source == SOURCE_VERSION)
		return version_value(self, entry);
	if (source == SOURCE_MEMORY || source == SOURCE_CPU || source == SOURCE_SERVICES)
		return measured_value(self, entry->row);
	if (!facts)
		return unknown(self, EVENT_MEASURED_LATER);
	switch (source) {
	case CATALOG_FROM_ERROR_TYPE:
		return cJSON_CreateString(facts->error_type ? facts->error_type : telemetry_error_name(ERROR_OTHER));
	case CATALOG_FROM_SERVICES_READY:
		return ready_value(facts);
	case SOURCE_TIME:
		return text_or_null(NULL, self->time);
	default: /* SOURCE_EXEC */
		return stack_text(self, entry->row, facts->exec_values ? facts->exec_values[entry->exec_index] : NULL);
	}
}

static cJSON *counts_value(const struct telemetry_command *command)
{
	cJSON *object = command->object_counts ? cJSON_CreateObject() : cJSON_CreateNull();

	for (size_t i = 0; command->object_counts && i < command->object_count; i++)
		cJSON_AddNumberToObject(object, command->object_counts[i].name,
					(double)command->object_counts[i].count);
	return object;
}

static cJSON *args_value(const struct telemetry_command *command)
{
	cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; i < command->arg_count; i++)
		cJSON_AddItemToArray(array, cJSON_CreateStringReference(command->args[i]));
	return array;
}

static cJSON *command_value(const struct event_source *self, int source)
{
	const struct telemetry_command *command = self->command;

	if (!command)
		return unknown(self, EVENT_KNOWN_AT_END);
	switch (source) {
	case CATALOG_FROM_COMMAND:
		return text_or_null(NULL, command->command);
	case CATALOG_FROM_COMMAND_ARGS:
		return args_value(command);
	case CATALOG_FROM_COMMAND_DURATION:
		return cJSON_CreateNumber((double)command->duration_ms);
	case CATALOG_FROM_COMMAND_SUCCESS:
		return cJSON_CreateBool(command->success);
	case CATALOG_FROM_COMMAND_ERROR:
		return text_or_null(NULL, command->error_type);
	case CATALOG_FROM_JOB_COUNT:
		return command->job_count < 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double)command->job_count);
	default: /* CATALOG_FROM_OBJECT_COUNTS */
		return counts_value(command);
	}
}

static cJSON *request_value(const struct event_source *self, int source)
{
	const struct telemetry_request *request = self->request;

	if (!request)
		return unknown(self, EVENT_KNOWN_AT_ANSWER);
	switch (source) {
	case CATALOG_FROM_ENDPOINT:
		return text_or_null(NULL, request->endpoint);
	case CATALOG_FROM_METHOD:
		return text_or_null(NULL, request->method);
	case CATALOG_FROM_STATUS:
		return cJSON_CreateNumber(request->status_code);
	default: /* CATALOG_FROM_REQUEST_DURATION */
		return cJSON_CreateNumber((double)request->duration_ms);
	}
}

/* Only ever a preview: the relay makes these events, by the same list. */
static cJSON *service_value(const struct catalog_property *row)
{
	char text[80];

	snprintf(text, sizeof(text), "(%s, " EVENT_TOLD_BY_SERVICE ")", catalog_kind_name(row->kind));
	return cJSON_CreateString(text);
}

static cJSON *machine_value(const struct event_source *self, int source)
{
	switch (source) {
	case SOURCE_PLATFORM_VERSION:
		return cJSON_CreateString(self->machine->platform_version);
	case SOURCE_ARCH:
		return cJSON_CreateString(self->machine->arch);
	case SOURCE_NODE_ARCH:
		return cJSON_CreateString(self->machine->node_arch);
	default: /* SOURCE_PLATFORM */
		return cJSON_CreateString("linux");
	}
}

cJSON *event_value(const struct event_source *self, const struct catalog_entry *entry)
{
	int source = entry->declared ? (int)entry->declared->source : entry->row->source;

	if (source >= CATALOG_FROM_SERVICE)
		return service_value(entry->row);
	if (source >= CATALOG_FROM_ENDPOINT)
		return request_value(self, source);
	if (source >= CATALOG_FROM_COMMAND)
		return command_value(self, source);
	switch (source) {
	case CATALOG_FROM_CONSTANT:
		return constant_value(entry->row);
	case CATALOG_FROM_SESSION_ID:
		return event_value_after_yes(self->session_id);
	case SOURCE_APP_VERSION:
		return stack_text(self, NULL, self->stack->version);
	case SOURCE_LAUNCHER_VERSION:
		return cJSON_CreateString(UPFRONT_VERSION);
	case SOURCE_PLATFORM:
	case SOURCE_PLATFORM_VERSION:
	case SOURCE_ARCH:
	case SOURCE_NODE_ARCH:
		return machine_value(self, source);
	case SOURCE_IS_CI:
		return cJSON_CreateBool(self->is_ci);
	case SOURCE_VALUE:
		return stack_text(self, NULL, entry->declared->text);
	default:
		return start_value(self, entry, source);
	}
}
