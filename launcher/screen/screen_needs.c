/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_needs.h"

#include "launcher/screen/unit_words.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static void service_finish(struct service_needs *self)
{
	for (size_t i = 0; i < self->count; i++)
		free(self->texts[i]);
	free(self->texts);
	free(self->needs);
	free(self->name);
}

void screen_needs_finish(struct screen_needs *self)
{
	for (size_t i = 0; i < self->count; i++)
		service_finish(&self->services[i]);
	free(self->services);
	*self = (struct screen_needs){0};
}

static int by_name(const void *a, const void *b)
{
	const struct service_needs *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static const char *text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void take_needs(struct service_needs *self, const cJSON *list)
{
	const int size = cJSON_GetArraySize(list);
	const size_t room = size < (int)SCREEN_NEEDS_EACH_MAX ? (size_t)size : SCREEN_NEEDS_EACH_MAX;
	const cJSON *item;

	self->needs = calloc(room + 1, sizeof(*self->needs));
	self->texts = calloc(room + 1, sizeof(*self->texts));
	if (self->needs == NULL || self->texts == NULL)
		return;
	cJSON_ArrayForEach(item, list)
	{
		const char *service = text_of(item, "service");
		char *copy = service != NULL && self->count < room ? strdup(service) : NULL;

		if (copy == NULL)
			continue;
		self->texts[self->count] = copy;
		self->needs[self->count++] = (struct unit_need){
			.service = copy, .condition = unit_words_condition(text_of(item, "condition"))};
	}
}

void screen_needs_take(struct screen_needs *self, const char *answer)
{
	cJSON *root = cJSON_Parse(answer);
	const cJSON *services = cJSON_GetObjectItemCaseSensitive(root, "services"), *item;
	const int size = cJSON_GetArraySize(services);
	const size_t room = size < (int)SCREEN_NEEDS_SERVICES_MAX ? (size_t)size : SCREEN_NEEDS_SERVICES_MAX;

	screen_needs_finish(self);
	self->services = calloc(room + 1, sizeof(*self->services));
	cJSON_ArrayForEach(item, services)
	{
		const char *name = text_of(item, "name");
		struct service_needs *service =
			self->services != NULL && self->count < room ? &self->services[self->count] : NULL;

		if (service == NULL || name == NULL || (service->name = strdup(name)) == NULL)
			continue;
		take_needs(service, cJSON_GetObjectItemCaseSensitive(item, "needs"));
		self->count++;
	}
	if (self->count > 0)
		qsort(self->services, self->count, sizeof(*self->services), by_name);
	cJSON_Delete(root);
}

static struct service_needs *find(const struct screen_needs *self, const char *name)
{
	struct service_needs key = {.name = (char *)(uintptr_t)name};

	return self->count > 0 ? bsearch(&key, self->services, self->count, sizeof(key), by_name) : NULL;
}

static bool is_met(const struct unit_model *unit, const char *condition)
{
	if (strcmp(condition, "done") == 0)
		return unit->state == UNIT_DONE;
	if (strcmp(condition, "ready") == 0)
		return unit->state == UNIT_READY;
	return unit->pid > 0 || unit->state == UNIT_DONE;
}

/* The first unit of each service stands for it, in order of the services. */
static const struct unit_model **index_units(const struct screen_needs *self, const struct unit_model *units,
					     size_t count)
{
	const struct unit_model **first = calloc(self->count + 1, sizeof(*first));

	for (size_t i = 0; first != NULL && i < count; i++) {
		const struct service_needs *service = find(self, units[i].service);

		if (service != NULL && first[service - self->services] == NULL)
			first[service - self->services] = &units[i];
	}
	return first;
}

void screen_needs_fill(struct screen_needs *self, struct unit_model *units, size_t count)
{
	const struct unit_model **first = self->count > 0 ? index_units(self, units, count) : NULL;

	if (first == NULL)
		return;
	for (size_t i = 0; i < self->count; i++) {
		for (size_t j = 0; j < self->services[i].count; j++) {
			struct unit_need *need = &self->services[i].needs[j];
			const struct service_needs *needed = find(self, need->service);
			const struct unit_model *unit = needed != NULL ? first[needed - self->services] : NULL;

			need->met = unit != NULL && is_met(unit, need->condition);
		}
	}
	for (size_t i = 0; i < count; i++) {
		const struct service_needs *service = find(self, units[i].service);

		if (service == NULL)
			continue;
		units[i].needs = service->needs;
		units[i].need_count = service->count;
	}
	free(first);
}
