/* SPDX-License-Identifier: MIT */
#include "telemetry/config_message.h"

#include "config/stack.h"
#include "telemetry/catalog.h"
#include "telemetry/state.h"
#include "telemetry/telemetry.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* An array of a NULL-terminated list, or of none. */
static cJSON *texts(const char *const *list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return cJSON_CreateStringArray(list, (int)count);
}

static cJSON *event_fields(const struct telemetry_event_decl *event)
{
	cJSON *fields = cJSON_CreateObject();

	for (size_t i = 0; i < event->field_count; i++) {
		const struct telemetry_field *field = &event->fields[i];
		cJSON *kind;

		if (field->kind == KIND_WORD)
			kind = texts(field->words);
		else
			kind = cJSON_CreateString(catalog_of_source(CATALOG_FROM_SERVICE + (int)field->kind)->name);
		cJSON_AddItemToObject(fields, field->name, kind);
	}
	return fields;
}

static cJSON *relay_object(const struct telemetry_decl *decl, const struct telemetry_relay *relay,
			   const char *distinct_id)
{
	cJSON *object = cJSON_CreateObject(), *events;

	cJSON_AddNumberToObject(object, "listeners", (double)relay->count);
	cJSON_AddItemToObject(object, "addresses", cJSON_CreateStringArray(relay->addresses, (int)relay->count));
	cJSON_AddStringToObject(object, "token", relay->token);
	cJSON_AddItemToObject(object, "origins", texts(decl->origins));
	cJSON_AddStringToObject(object, "distinct_id", distinct_id);
	events = cJSON_AddObjectToObject(object, "events");
	for (size_t i = 0; i < decl->event_count; i++)
		cJSON_AddItemToObject(events, decl->events[i].name, event_fields(&decl->events[i]));
	cJSON_AddItemToObject(object, "routes", texts(decl->routes));
	return object;
}

cJSON *config_message_create(const struct stack *stack, const struct telemetry_relay *relay, const char *distinct_id)
{
	const struct telemetry_decl *decl = stack->telemetry;
	char *outbox = state_file(stack->app, STATE_OUTBOX), *ledger = state_file(stack->app, STATE_LEDGER);
	cJSON *message = cJSON_CreateObject();

	cJSON_AddStringToObject(message, "host", decl->host);
	cJSON_AddStringToObject(message, "key", decl->key);
	cJSON_AddStringToObject(message, "app", stack->app);
	cJSON_AddNumberToObject(message, "notice", decl->notice);
	/* Without a state folder the sender keeps its queue in memory. */
	if (outbox && ledger) {
		cJSON_AddStringToObject(message, "outbox", outbox);
		cJSON_AddStringToObject(message, "ledger", ledger);
	}
	if (relay)
		cJSON_AddItemToObject(message, "relay", relay_object(decl, relay, distinct_id));
	free(ledger);
	free(outbox);
	return message;
}

char *config_message_text(cJSON *message, const char *common)
{
	cJSON *relay = cJSON_GetObjectItemCaseSensitive(message, "relay");

	if (relay && common) {
		cJSON_DeleteItemFromObjectCaseSensitive(relay, "common");
		cJSON_AddRawToObject(relay, "common", common);
	}
	return cJSON_PrintUnformatted(message);
}
