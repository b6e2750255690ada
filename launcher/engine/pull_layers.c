/* SPDX-License-Identifier: MIT */
#include "launcher/engine/pull_layers.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An engine's number beyond that is none. */
#define BYTES_MAX ((double)((int64_t)1 << 46))

void pull_layers_finish(struct pull_layers *self)
{
	free(self->items);
	*self = (struct pull_layers){.count = 0};
}

/* The layer of that id, made if it is new; NULL: too many, or no memory. */
static struct pull_layer *layer_of(struct pull_layers *self, const char *id)
{
	struct pull_layer *items;

	for (size_t i = 0; i < self->count; i++)
		if (strcmp(self->items[i].id, id) == 0)
			return &self->items[i];
	if (self->count == PULL_LAYERS_MAX || strlen(id) >= PULL_LAYER_ID_BYTES)
		return NULL;
	items = reallocarray(self->items, self->count + 1, sizeof(*items));
	if (items == NULL)
		return NULL;
	self->items = items;
	items[self->count] = (struct pull_layer){.done_bytes = 0};
	snprintf(items[self->count].id, PULL_LAYER_ID_BYTES, "%s", id);
	return &items[self->count++];
}

static int64_t number(const cJSON *map, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(map, name);

	return cJSON_IsNumber(value) && value->valuedouble > 0 && value->valuedouble < BYTES_MAX
		       ? (int64_t)value->valuedouble
		       : 0;
}

/* What is unpacked, or was there before, has been fetched. */
static bool is_fetched(const char *status)
{
	static const char *const words[] = {"Verifying Checksum", "Download complete", "Extracting", "Pull complete"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(status, words[i]) == 0)
			return true;
	return false;
}

static void set(struct pull_layers *self, struct pull_layer *layer, int64_t done_bytes, int64_t total_bytes)
{
	self->done_bytes += done_bytes - layer->done_bytes;
	self->total_bytes += total_bytes - layer->total_bytes;
	layer->done_bytes = done_bytes;
	layer->total_bytes = total_bytes;
}

int pull_layers_take(struct pull_layers *self, const struct cJSON *value)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(value, "id");
	const cJSON *status = cJSON_GetObjectItemCaseSensitive(value, "status");
	const cJSON *detail = cJSON_GetObjectItemCaseSensitive(value, "progressDetail");
	const int64_t before = self->done_bytes;
	int64_t done = number(detail, "current"), total = number(detail, "total");
	struct pull_layer *layer;

	if (!cJSON_IsString(id) || !cJSON_IsString(status) || (total == 0 && !is_fetched(status->valuestring)))
		return 0;
	layer = layer_of(self, id->valuestring);
	if (layer == NULL)
		return self->count == PULL_LAYERS_MAX ? 0 : -ENOMEM;
	/* The sizes told while it is unpacked are those of the unpacking. */
	if (is_fetched(status->valuestring))
		done = total = layer->total_bytes;
	set(self, layer, done < total ? done : total, total);
	return self->done_bytes != before ? 1 : 0;
}
