/* SPDX-License-Identifier: MIT */
/*
 * All containers of the project, listed when the engine is back and when a call has ended: which is whose. Several may carry the same labels while one
 * is made anew; the one that was known is kept as long as it is there, else the one that runs is taken, else the newest.
 */
#include "launcher/engine/compose_parts.h"

#include "config/stack.h"
#include "launcher/engine/docker_api.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MS 10000

/* The best one found for a part. */
struct found {
	const char *id;
	int rank;
	double created;
};

static const char *read_text(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static bool is_up(const cJSON *container)
{
	static const char *const states[] = {"running", "paused", "restarting", NULL};

	for (size_t i = 0; states[i] != NULL; i++)
		if (strcmp(read_text(container, "State"), states[i]) == 0)
			return true;
	return false;
}

static void consider(struct engine *self, const cJSON *container, struct found *found)
{
	const cJSON *created = cJSON_GetObjectItemCaseSensitive(container, "Created");
	const char *id = read_text(container, "Id");
	struct part *part;
	struct found this;
	struct found *best;

	if (!compose_id_is_sound(id))
		return;
	part = compose_find_container(self, id);
	if (part == NULL)
		part = compose_find_labels(self, cJSON_GetObjectItemCaseSensitive(container, "Labels"));
	if (part == NULL)
		return;
	best = &found[part->id];
	this = (struct found){id, 1 + is_up(container), cJSON_IsNumber(created) ? created->valuedouble : 0};
	if (compose_is_told(part) && strcmp(part->container, id) == 0)
		this.rank = 3;
	if (this.rank > best->rank || (this.rank == best->rank && this.created > best->created))
		*best = this;
}

static void apply(struct part *part, const struct found *found)
{
	if (found->id == NULL) {
		if (part->container[0] != '\0')
			compose_gone(part);
		return;
	}
	if (strcmp(part->container, found->id) != 0) {
		/* What was told of the one before is over; the end of a call tells of this one by itself. */
		part->fresh = compose_is_told(part) && found->rank > 1;
		compose_set_container(part, found->id);
	}
	if (compose_is_told(part) || part->settling || found->rank > 1)
		compose_look(part);
}

static void take(struct engine *self, const cJSON *containers)
{
	struct found *found = calloc(self->part_count + 1, sizeof *found);
	const cJSON *container;
	size_t count = self->part_count;

	if (found == NULL)
		return;
	cJSON_ArrayForEach(container, containers) consider(self, container, found);
	for (size_t i = 0; i < count; i++)
		if (compose_find(self, (unsigned)i) != NULL)
			apply(self->parts[i], &found[i]);
	free(found);
}

static void on_listed(void *context, const struct docker_answer *answer)
{
	struct engine *self = context;
	bool again = self->list_again;

	self->list = NULL;
	self->list_again = false;
	if (answer->error != 0 || answer->status / 100 != 2 || !cJSON_IsArray(answer->body)) {
		compose_watch_lost(self, answer);
		return;
	}
	if (again) {
		compose_list(self);
		return;
	}
	compose_watch_listed(self);
	take(self, answer->body);
	compose_call_settle(self);
	compose_watch_looked(self);
}

void compose_list(struct engine *self)
{
	char *label = NULL;
	char *path = NULL;

	if (self->list != NULL) {
		self->list_again = true;
		return;
	}
	label = docker_escape(self->stack->name);
	if (label == NULL ||
	    asprintf(&path,
		     "/containers/json?all=1&filters=%%7B%%22label%%22%%3A%%5B%%22com.docker.compose.project%%3D%s"
		     "%%22%%5D%%7D",
		     label) < 0)
		path = NULL;
	if (path != NULL)
		self->list = docker_begin(self->docker, &(struct docker_request){.method = "GET",
										 .path = path,
										 .timeout_ms = LIST_MS,
										 .done = on_listed,
										 .context = self});
	free(path);
	free(label);
	if (self->list == NULL)
		compose_watch_lost(self, NULL);
}
