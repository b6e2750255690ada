/* SPDX-License-Identifier: MIT */
#include "launcher/engine/containers_end.h"

#include "config/err.h"
#include "launcher/engine/docker_api.h"
#include "launcher/engine/docker_parts.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AT_ONCE_MAX 16u
#define THINGS_MAX 4096u
/* A Compose program that was cut off may still have made one while we looked. */
#define ROUNDS_MAX 4
#define ASK_TIMEOUT_MS 30000
/* Removing waits for the disk. */
#define REMOVE_TIMEOUT_MS 120000
#define USERS_NAMED_MAX 3

enum kind { CONTAINERS, NETWORKS, VOLUMES };

static const struct {
	const char *word, *list, *one;
} kinds[] = {
	[CONTAINERS] = {"container", "/containers/json?all=1&filters=", "/containers/"},
	[NETWORKS] = {"network", "/networks?filters=", "/networks/"},
	[VOLUMES] = {"volume", "/volumes?filters=", "/volumes/"},
};

enum step {
	STEP_STOP, /* asked to end, or killed */
	STEP_REMOVE,
	STEP_AWAIT, /* somebody else is removing it */
	STEP_USERS, /* a network that stays: who uses it */
	STEP_OVER
};

/* One container, network or volume. */
struct thing {
	struct containers_end *end;
	char *id, *name;
	bool runs;
	enum step step;
	struct docker_call *call;
};

struct containers_end {
	struct docker *docker;
	const struct docker_endpoint *endpoint;
	char *project, *dir;
	bool kill, volumes, keep;
	void (*done)(void *context, size_t ended, const struct err *why);
	void *context;

	enum kind kind;
	int rounds; /* of looking for containers */
	bool look_again, looked_again; /* a network is in use: by a container that has come since, or by others? */
	struct docker_call *list;
	struct thing *things;
	size_t count, next, active;
	char **failed; /* ids of containers that would not go: not tried again */
	size_t failed_count;
	size_t ended;
	struct err why;
	bool clear; /* no container is left */
	bool told;
};

static void list_kind(struct containers_end *self, enum kind kind);
static void go_on(struct containers_end *self);

/* ---- The end of it all ---- */

static void drop_things(struct containers_end *self)
{
	for (size_t i = 0; i < self->count; i++) {
		docker_call_cancel(self->things[i].call);
		free(self->things[i].id);
		free(self->things[i].name);
	}
	free(self->things);
	self->things = NULL;
	self->count = self->next = self->active = 0;
}

static void destroy(struct containers_end *self)
{
	docker_call_cancel(self->list);
	drop_things(self);
	for (size_t i = 0; i < self->failed_count; i++)
		free(self->failed[i]);
	free(self->failed);
	free(self->project);
	free(self->dir);
	err_finish(&self->why);
	free(self);
}

void containers_end_cancel(struct containers_end *self)
{
	if (self != NULL && !self->told)
		destroy(self);
}

bool containers_end_is_clear(const struct containers_end *self)
{
	return self->clear;
}

static void tell(struct containers_end *self)
{
	self->told = true;
	docker_call_cancel(self->list);
	self->list = NULL;
	drop_things(self);
	self->done(self->context, self->ended, err_is_set(&self->why) ? &self->why : NULL);
	destroy(self);
}

/* Nothing more can be asked: the engine is not to be had, or there is no memory. */
static void give_up(struct containers_end *self, const struct docker_answer *answer)
{
	if (answer != NULL)
		docker_explain(self->endpoint, answer, &self->why);
	else
		err_set(&self->why, ERR_INTERNAL, "out of memory");
	tell(self);
}

/* ---- One thing ---- */

static bool is_fine(const struct docker_answer *answer)
{
	return answer->status < 300 || answer->status == 304 || answer->status == 404;
}

static void note_failure(struct thing *thing, const char *message)
{
	struct containers_end *self = thing->end;
	char **grown;

	err_set(&self->why, ERR_FAILED, "%s '%s' %s: %s", kinds[self->kind].word, thing->name,
		self->keep ? "cannot be ended" : "cannot be removed", message);
	if (strcasestr(message, "no space left on device") != NULL)
		err_hint(&self->why, "the engine's disk is full: `docker system df` shows by what");
	grown = realloc(self->failed, (self->failed_count + 1) * sizeof(*grown));
	if (grown == NULL)
		return;
	self->failed = grown;
	self->failed[self->failed_count] = strdup(thing->id);
	self->failed_count += self->failed[self->failed_count] != NULL;
}

/* Names of those that are still in a network, for a sentence. */
static void note_users(struct thing *thing, const cJSON *network)
{
	const cJSON *user, *users = cJSON_GetObjectItemCaseSensitive(network, "Containers");
	char names[256] = "";
	size_t count = 0, size = 0;

	cJSON_ArrayForEach(user, users)
	{
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(user, "Name"));

		if (name != NULL && count++ < USERS_NAMED_MAX && size < sizeof(names))
			size += (size_t)snprintf(names + size, sizeof(names) - size, "%s%.60s", size > 0 ? ", " : "",
						 name);
	}
	err_set(&thing->end->why, ERR_FAILED, "network '%s' stays: containers of others use it%s%s%s", thing->name,
		count > 0 ? ": " : "", names, count > USERS_NAMED_MAX ? "..." : "");
	err_hint(&thing->end->why, "once they have left it: docker network rm %s", thing->name);
}

static void on_step(void *context, const struct docker_answer *answer);

/* Asks for what this thing's step needs. */
static int begin_step(struct thing *thing)
{
	struct containers_end *self = thing->end;
	struct docker_request request = {.method = "POST", .done = on_step, .context = thing};
	char *id = docker_escape(thing->id), *path = NULL;
	const char *what = "", *one = kinds[self->kind].one;

	switch (thing->step) {
	case STEP_STOP:
		/* Its own grace period is known to the engine, so nobody here knows how long it takes. */
		what = self->kill ? "/kill" : "/stop";
		break;
	case STEP_REMOVE:
		request.method = "DELETE";
		request.timeout_ms = REMOVE_TIMEOUT_MS;
		if (self->kind == CONTAINERS)
			what = self->volumes ? "?force=1&v=1" : "?force=1";
		break;
	case STEP_AWAIT:
		request.timeout_ms = REMOVE_TIMEOUT_MS;
		what = "/wait?condition=removed";
		break;
	default:
		request.method = "GET";
		request.timeout_ms = ASK_TIMEOUT_MS;
		break;
	}
	if (id != NULL && asprintf(&path, "%s%s%s", one, id, what) >= 0) {
		request.path = path;
		thing->call = docker_begin(self->docker, &request);
		free(path);
	}
	free(id);
	return thing->call != NULL ? 0 : -ENOMEM;
}

/* What follows when the step has been answered. */
static enum step take_answer(struct thing *thing, const struct docker_answer *answer)
{
	struct containers_end *self = thing->end;
	bool stays = self->kind == NETWORKS && (answer->status == 403 || answer->status == 409 ||
						strstr(answer->message, "active endpoints") != NULL);

	switch (thing->step) {
	case STEP_STOP:
		/* One that cannot be stopped is removed by force. It may have ended by itself meanwhile: 409. */
		if (self->keep && !is_fine(answer) && answer->status != 409)
			note_failure(thing, answer->message);
		self->ended += is_fine(answer) && answer->status < 300;
		return self->keep ? STEP_OVER : STEP_REMOVE;
	case STEP_REMOVE:
		if (is_fine(answer))
			return STEP_OVER;
		if (self->kind == CONTAINERS && answer->status == 409 && strstr(answer->message, "in progress") != NULL)
			return STEP_AWAIT;
		if (stays && self->looked_again)
			return STEP_USERS;
		if (stays) {
			self->look_again = true;
			return STEP_OVER;
		}
		note_failure(thing, answer->message);
		return STEP_OVER;
	case STEP_USERS:
		if (answer->status != 404)
			note_users(thing, answer->body);
		return STEP_OVER;
	default:
		return STEP_OVER;
	}
}

static void on_step(void *context, const struct docker_answer *answer)
{
	struct thing *thing = context;
	struct containers_end *self = thing->end;

	thing->call = NULL;
	if (answer->error != 0) {
		give_up(self, answer);
		return;
	}
	thing->step = take_answer(thing, answer);
	if (thing->step == STEP_OVER)
		self->active--;
	else if (begin_step(thing) < 0) {
		give_up(self, NULL);
		return;
	}
	go_on(self);
}

/* ---- All of a kind ---- */

static void go_on(struct containers_end *self)
{
	while (self->next < self->count && self->active < AT_ONCE_MAX) {
		struct thing *thing = &self->things[self->next++];

		if (thing->step == STEP_OVER)
			continue;
		self->active++;
		if (begin_step(thing) < 0) {
			give_up(self, NULL);
			return;
		}
	}
	if (self->active > 0)
		return;
	if (self->kind == CONTAINERS)
		self->clear = self->failed_count == 0;
	if (self->keep) {
		tell(self);
	} else if (self->look_again) {
		self->look_again = false;
		self->looked_again = true;
		list_kind(self, CONTAINERS);
	} else if (self->kind == CONTAINERS && self->count > 0 && self->rounds < ROUNDS_MAX) {
		list_kind(self, CONTAINERS);
	} else if (self->kind == CONTAINERS) {
		list_kind(self, NETWORKS);
	} else if (self->kind == NETWORKS && self->volumes) {
		list_kind(self, VOLUMES);
	} else {
		tell(self);
	}
}

static const char *text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* The name for people: of a container "/shop-web-1" in a list of names. */
static const char *name_of(const cJSON *item, const char *id)
{
	const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(item, "Names"), 0));

	if (name == NULL)
		name = text_of(item, "Name");
	if (name == NULL)
		return id;
	return name[0] == '/' ? name + 1 : name;
}

static bool has_failed(const struct containers_end *self, const char *id)
{
	for (size_t i = 0; i < self->failed_count; i++)
		if (strcmp(self->failed[i], id) == 0)
			return true;
	return false;
}

/* One folder may have several names. */
static bool is_same_folder(const char *a, const char *b)
{
	struct stat a_status, b_status;

	return strcmp(a, b) == 0 || (stat(a, &a_status) == 0 && stat(b, &b_status) == 0 &&
				     a_status.st_dev == b_status.st_dev && a_status.st_ino == b_status.st_ino);
}

/* Two folders of the same name are one project to a Compose program, and two to people. */
static bool is_from_elsewhere(const struct containers_end *self, const cJSON *labels)
{
	const char *dir = text_of(labels, "com.docker.compose.project.working_dir");

	return self->kind == CONTAINERS && self->dir != NULL && dir != NULL && dir[0] != '\0' &&
	       !is_same_folder(self->dir, dir);
}

/* False for what is no such thing, is another's, or does not carry the label after all. */
static bool take_item(struct containers_end *self, struct thing *thing, const cJSON *item)
{
	const char *id = text_of(item, self->kind == VOLUMES ? "Name" : "Id");
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(item, "Labels");
	const char *label = text_of(labels, "com.docker.compose.project");
	const char *state = text_of(item, "State");

	if (id == NULL || id[0] == '\0' || label == NULL || strcmp(label, self->project) != 0 || has_failed(self, id) ||
	    is_from_elsewhere(self, labels))
		return false;
	*thing = (struct thing){.end = self, .id = strdup(id), .name = strdup(name_of(item, id))};
	thing->runs = state != NULL && (strcmp(state, "running") == 0 || strcmp(state, "paused") == 0 ||
					strcmp(state, "restarting") == 0 || strcmp(state, "stopping") == 0);
	if (self->kind == CONTAINERS && thing->runs)
		thing->step = STEP_STOP;
	else
		thing->step = self->keep ? STEP_OVER : STEP_REMOVE;
	return true;
}

static int take_items(struct containers_end *self, const cJSON *list)
{
	size_t limit = (size_t)cJSON_GetArraySize(list);
	const cJSON *item;

	if (limit > THINGS_MAX)
		limit = THINGS_MAX;
	drop_things(self);
	self->things = calloc(limit + 1, sizeof(*self->things));
	if (self->things == NULL)
		return -ENOMEM;
	cJSON_ArrayForEach(item, list)
	{
		struct thing *thing = &self->things[self->count];

		if (self->count == limit || !take_item(self, thing, item))
			continue;
		self->count++;
		if (thing->id == NULL || thing->name == NULL)
			return -ENOMEM;
	}
	return 0;
}

static void on_list(void *context, const struct docker_answer *answer)
{
	struct containers_end *self = context;
	const cJSON *list = answer->body;

	self->list = NULL;
	if (answer->error != 0 || answer->status != 200) {
		give_up(self, answer);
		return;
	}
	if (self->kind == VOLUMES)
		list = cJSON_GetObjectItemCaseSensitive(list, "Volumes");
	if (take_items(self, list) < 0)
		give_up(self, NULL);
	else
		go_on(self);
}

static int begin_list(struct containers_end *self, enum kind kind)
{
	struct docker_request request = {
		.method = "GET", .timeout_ms = ASK_TIMEOUT_MS, .done = on_list, .context = self};
	cJSON *filter = cJSON_CreateObject(), *labels = cJSON_AddArrayToObject(filter, "label");
	char *label = NULL, *text = NULL, *escaped = NULL, *path = NULL;

	self->kind = kind;
	self->rounds += kind == CONTAINERS;
	if (asprintf(&label, "com.docker.compose.project=%s", self->project) < 0)
		label = NULL;
	if (label != NULL && cJSON_AddItemToArray(labels, cJSON_CreateString(label)))
		text = cJSON_PrintUnformatted(filter);
	if (text != NULL)
		escaped = docker_escape(text);
	if (escaped != NULL && asprintf(&path, "%s%s", kinds[kind].list, escaped) >= 0) {
		request.path = path;
		self->list = docker_begin(self->docker, &request);
		free(path);
	}
	cJSON_Delete(filter);
	free(label);
	free(text);
	free(escaped);
	return self->list != NULL ? 0 : -ENOMEM;
}

static void list_kind(struct containers_end *self, enum kind kind)
{
	if (begin_list(self, kind) < 0)
		give_up(self, NULL);
}

struct containers_end *containers_end_begin(struct docker *docker, const struct containers_end_options *options,
					    void (*done)(void *context, size_t ended, const struct err *why),
					    void *context)
{
	struct containers_end *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return NULL;
	self->docker = docker;
	self->endpoint = docker->endpoint;
	self->project = strdup(options->project);
	self->dir = options->dir != NULL ? strdup(options->dir) : NULL;
	self->kill = options->kill;
	self->volumes = options->volumes;
	self->keep = options->keep;
	self->done = done;
	self->context = context;
	err_init(&self->why);
	if (self->project == NULL || (options->dir != NULL && self->dir == NULL) || begin_list(self, CONTAINERS) < 0) {
		destroy(self);
		return NULL;
	}
	return self;
}
