/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay_rules.h"

#include "config/utf8.h"
#include "telemetry/id.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES_MAX 200u

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_of(const cJSON *item)
{
	return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* `text` as a JSON string; NULL when it is not fit to be sent. */
static char *json_of(const char *text)
{
	cJSON *item;
	char *json;

	if (!*text || !utf8_is_plain(text, NAME_BYTES_MAX))
		return NULL;
	item = cJSON_CreateStringReference(text);
	json = cJSON_PrintUnformatted(item);
	cJSON_Delete(item);
	return json;
}

/* ---- Common properties ---- */

static bool is_flag(const cJSON *common, const char *name, bool value)
{
	const cJSON *flag = member(common, name);

	return value ? cJSON_IsTrue(flag) : cJSON_IsFalse(flag);
}

/* Without these the receiver would keep an address and make a person of the id: no event goes without. */
static bool is_private(const cJSON *common)
{
	const char *ip = text_of(member(common, "$ip"));

	return cJSON_IsObject(common) && is_flag(common, "$geoip_disable", true) &&
	       is_flag(common, "$process_person_profile", false) && ip && strcmp(ip, "0.0.0.0") == 0;
}

int relay_rules_common(struct relay_rules *self, const cJSON *common)
{
	char *text;
	size_t size_bytes;

	if (!is_private(common))
		return -EINVAL;
	text = cJSON_PrintUnformatted(common);
	if (!text)
		return -ENOMEM;
	size_bytes = strlen(text);
	if (size_bytes > RELAY_COMMON_BYTES_MAX || utf8_valid(text, size_bytes) != size_bytes) {
		free(text);
		return -EINVAL;
	}
	/* Without its braces: more properties follow. */
	memmove(text, text + 1, size_bytes - 2);
	text[size_bytes - 2] = '\0';
	free(self->common);
	self->common = text;
	return 0;
}

/* ---- Events ---- */

static int add_word(struct relay_property *property, const char *text)
{
	struct relay_word *words = realloc(property->words, (property->word_count + 1) * sizeof(*words));
	struct relay_word *word;

	if (!words)
		return -ENOMEM;
	property->words = words;
	word = &words[property->word_count++];
	*word = (struct relay_word){.text = strdup(text), .json = json_of(text)};
	return word->text && word->json ? 0 : -EINVAL;
}

static int read_kind(struct relay_property *property, const cJSON *kind)
{
#define KIND_NAME(kind, text) text,
	static const char *const names[] = {TELEMETRY_KINDS(KIND_NAME) NULL};
#undef KIND_NAME
	const char *name = text_of(kind);
	const cJSON *word;

	property->kind = KIND_WORD;
	for (int i = 0; name && names[i]; i++) {
		if (strcmp(name, names[i]) == 0)
			property->kind = (enum telemetry_kind)i;
	}
	if (name)
		return property->kind == KIND_WORD ? -EINVAL : 0;
	if (!cJSON_IsArray(kind))
		return -EINVAL;
	cJSON_ArrayForEach(word, kind)
	{
		if (!cJSON_IsString(word) || add_word(property, word->valuestring) < 0)
			return -EINVAL;
	}
	return 0;
}

static struct relay_property *add_property(struct relay_declared *event, const char *name)
{
	struct relay_property *properties, *property;
	char *json;

	if (event->property_count == RELAY_PROPERTIES_MAX || name[0] == '$')
		return NULL;
	properties = realloc(event->properties, (event->property_count + 1) * sizeof(*properties));
	if (!properties)
		return NULL;
	event->properties = properties;
	property = &properties[event->property_count++];
	*property = (struct relay_property){.name = strdup(name)};
	json = json_of(name);
	if (json && asprintf(&property->json, ",%s:", json) < 0)
		property->json = NULL;
	free(json);
	return property->name && property->json ? property : NULL;
}

static struct relay_declared *add_event(struct relay_rules *self, const char *name)
{
	struct relay_declared *events = realloc(self->events, (self->event_count + 1) * sizeof(*events)), *event;

	if (!events)
		return NULL;
	self->events = events;
	event = &events[self->event_count++];
	*event = (struct relay_declared){.name = strdup(name), .json = json_of(name)};
	return event->name && event->json ? event : NULL;
}

static int read_events(struct relay_rules *self, const cJSON *events)
{
	const cJSON *row, *kind;

	cJSON_ArrayForEach(row, events)
	{
		struct relay_declared *event = add_event(self, row->string);

		if (!event || !cJSON_IsObject(row))
			return -EINVAL;
		cJSON_ArrayForEach(kind, row)
		{
			struct relay_property *property = add_property(event, kind->string);

			if (!property || read_kind(property, kind) < 0)
				return -EINVAL;
		}
	}
	return 0;
}

static int read_routes(struct relay_rules *self, const cJSON *routes)
{
	const cJSON *route;
	struct relay_declared *event;

	if (cJSON_GetArraySize(routes) == 0)
		return 0;
	self->routes = calloc((size_t)cJSON_GetArraySize(routes), sizeof(*self->routes));
	if (!self->routes)
		return -ENOMEM;
	cJSON_ArrayForEach(route, routes)
	{
		if (!cJSON_IsString(route))
			return -EINVAL;
		self->routes[self->route_count] = strdup(route->valuestring);
		if (!self->routes[self->route_count++])
			return -ENOMEM;
	}
	event = add_event(self, RELAY_REQUEST_EVENT);
	if (!event)
		return -ENOMEM;
	event->is_request = true;
	return 0;
}

/* ---- Life ---- */

/* The built-in event comes first: a declared one of that name stands behind it. */
static int read_rules(struct relay_rules *self, const cJSON *config)
{
	const char *token = text_of(member(config, "token")), *id = text_of(member(config, "distinct_id"));
	int result;

	if (!token || !id || !id_is_valid(id, 4))
		return -EINVAL;
	self->token = strdup(token);
	self->distinct_id = strdup(id);
	if (!self->token || !self->distinct_id)
		return -ENOMEM;
	result = relay_rules_common(self, member(config, "common"));
	if (result == 0)
		result = read_routes(self, member(config, "routes"));
	return result < 0 ? result : read_events(self, member(config, "events"));
}

struct relay_rules *relay_rules_create(const cJSON *config)
{
	struct relay_rules *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	if (read_rules(self, config) < 0) {
		relay_rules_destroy(self);
		return NULL;
	}
	return self;
}

static void finish_event(struct relay_declared *event)
{
	for (size_t i = 0; i < event->property_count; i++) {
		struct relay_property *property = &event->properties[i];

		for (size_t j = 0; j < property->word_count; j++) {
			free(property->words[j].text);
			free(property->words[j].json);
		}
		free(property->words);
		free(property->name);
		free(property->json);
	}
	free(event->properties);
	free(event->name);
	free(event->json);
}

void relay_rules_destroy(struct relay_rules *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < self->event_count; i++)
		finish_event(&self->events[i]);
	for (size_t i = 0; i < self->route_count; i++)
		free(self->routes[i]);
	free(self->events);
	free(self->routes);
	free(self->token);
	free(self->distinct_id);
	free(self->common);
	free(self);
}

const struct relay_declared *relay_rules_event(const struct relay_rules *self, const char *name)
{
	for (size_t i = 0; i < self->event_count; i++) {
		if (strcmp(self->events[i].name, name) == 0)
			return &self->events[i];
	}
	return NULL;
}
