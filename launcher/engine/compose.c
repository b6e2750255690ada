/* SPDX-License-Identifier: MIT */
/*
 * The engine itself: units and their parts, and one event of the loop (on_due) that does what operations only note.
 *
 *   start   the part is PART_ASKED; once the engine is there and no call is under way, compose_call.c names all such in one
 *   told    compose_look.c, from what inspect says: started, health, exited; compose_logs.c what it writes
 *   stop    compose_stop.c, at once if it runs, else once it does, else it has not started
 *   end     compose_close.c
 *
 * Every start is answered in the end: by started or start_failed. While the engine is away nothing is: what cannot be known is told once it is
 * back, and the caller has limits of its own.
 */
#include "launcher/engine/compose_parts.h"

#include "config/stack.h"
#include "launcher/engine/docker_api.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Unit ids are the supervisor's small integers; anything beyond is a mistake of ours. */
#define UNITS_MAX 65536u

/* ---- Parts ---- */

struct part *compose_find(const struct engine *self, unsigned id)
{
	return id < self->part_count ? self->parts[id] : NULL;
}

struct part *compose_find_container(const struct engine *self, const char *id)
{
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && strcmp(self->parts[i]->container, id) == 0)
			return self->parts[i];
	return NULL;
}

static const char *find_label(const struct cJSON *labels, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(labels, name);

	return cJSON_IsString(item) ? item->valuestring : "";
}

/*
 * A Compose program counts on from the highest number, not from the first free one: a container of a number that nobody has is that of
 * a replica that has none.
 */
struct part *compose_find_labels(const struct engine *self, const struct cJSON *labels)
{
	const char *service = find_label(labels, "com.docker.compose.service");
	const char *number = find_label(labels, "com.docker.compose.container-number");
	long replica = *number != '\0' ? strtol(number, NULL, 10) : 1;
	struct part *spare = NULL;

	if (strcmp(find_label(labels, "com.docker.compose.project"), self->stack->name) != 0 ||
	    strcasecmp(find_label(labels, "com.docker.compose.oneoff"), "true") == 0)
		return NULL;
	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		if (part == NULL || strcmp(part->name, service) != 0)
			continue;
		if (part->replica == replica)
			return part;
		if (spare == NULL && part->state == PART_CALLED && part->container[0] == '\0')
			spare = part;
	}
	return spare;
}

bool compose_is_told(const struct part *part)
{
	return part->state == PART_RUNS || part->state == PART_RESTARTING || part->state == PART_STOPPING;
}

bool compose_id_is_sound(const char *id)
{
	size_t size = strlen(id);

	return size > 0 && size < COMPOSE_ID_BYTES && strspn(id, "0123456789abcdefABCDEF") == size;
}

void compose_set_container(struct part *part, const char *id)
{
	size_t size = strlen(id);

	if (strcmp(part->container, id) == 0)
		return;
	docker_call_cancel(part->inspect);
	docker_call_cancel(part->stop);
	part->inspect = part->stop = NULL;
	part->inspect_again = false;
	part->death.at_ns = 0;
	memcpy(part->container, id, size < COMPOSE_ID_BYTES ? size + 1 : 0);
}

static void part_destroy(struct part *part)
{
	if (part == NULL)
		return;
	compose_logs_drop(part);
	docker_call_cancel(part->inspect);
	docker_call_cancel(part->stop);
	part->engine->parts[part->id] = NULL;
	free(part->name);
	free(part->why);
	free(part);
}

static struct part *get_part(struct engine *self, unsigned id)
{
	struct part *part = compose_find(self, id);

	if (part != NULL || id >= UNITS_MAX)
		return part;
	if (id >= self->part_count) {
		size_t count = (size_t)id + 1;
		struct part **parts = realloc(self->parts, count * sizeof(struct part *));

		if (parts == NULL)
			return NULL;
		memset(parts + self->part_count, 0, (count - self->part_count) * sizeof(struct part *));
		self->parts = parts;
		self->part_count = count;
	}
	part = calloc(1, sizeof *part);
	if (part == NULL)
		return NULL;
	*part = (struct part){.engine = self, .id = id, .exit_told = true};
	return self->parts[id] = part;
}

static int name_part(struct part *part, const struct service *service, int replica)
{
	char *name = strdup(service->name);

	if (name == NULL)
		return -ENOMEM;
	free(part->name);
	part->name = name;
	part->service = service;
	part->replica = replica;
	return 0;
}

/* ---- What is done from the loop ---- */

void compose_due(struct engine *self)
{
	event_active(self->due, EV_TIMEOUT, 0);
}

static void on_due(evutil_socket_t fd, short what, void *context)
{
	struct engine *self = context;

	(void)fd;
	(void)what;
	compose_call_fail(self);
	compose_call_next(self);
	compose_close_next(self);
}

void compose_returned(struct engine *self)
{
	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		if (part == NULL)
			continue;
		if (compose_is_told(part) && part->want != PART_WANT_RUN && part->stop == NULL)
			part->stop_due = true;
		compose_stop_pursue(part);
	}
	compose_due(self);
}

/* ---- Operations ---- */

static void compose_destroy(struct engine *self)
{
	if (self == NULL)
		return;
	compose_call_finish(self);
	compose_close_finish(self);
	if (self->docker != NULL)
		compose_watch_end(self);
	for (size_t i = 0; i < self->part_count; i++)
		part_destroy(self->parts[i]);
	free(self->parts);
	compose_stats_destroy(self->stats);
	docker_destroy(self->docker);
	compose_files_finish(&self->files);
	if (self->due != NULL)
		event_free(self->due);
	free(self);
}

static struct engine *compose_create(const struct engine_options *options, struct err *err)
{
	struct engine *self = calloc(1, sizeof *self);

	if (self == NULL) {
		err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	self->options = *options;
	self->stack = options->stack;
	self->source = options->source;
	self->files_stale = true;
	err_init(&self->end_why);
	self->due = event_new(options->base, -1, 0, on_due, self);
	self->docker = docker_create(options->base, &options->compose->endpoint, options->environment);
	if (self->due == NULL || self->docker == NULL) {
		err_set(err, ERR_INTERNAL, "out of memory");
		goto failed;
	}
	if (compose_watch_begin(self, err) < 0)
		goto failed;
	return self;
failed:
	compose_destroy(self);
	return NULL;
}

/* A run that was told is over for who asks for the next one. */
static void ask(struct part *part)
{
	if (compose_is_told(part))
		part->started_ns = 0;
	part->exit_told = true;
	part->remakes = 0;
	part->fresh = part->unsure = part->settling = false;
	part->state = PART_ASKED;
}

static void compose_start(struct engine *self, unsigned id, const struct service *service, int replica)
{
	struct part *part = get_part(self, id);

	if (part == NULL || name_part(part, service, replica) < 0) {
		/* Nowhere to note what is due: the one report made on the spot. */
		struct err err = ERR_INIT;

		if (part != NULL && part->name == NULL)
			part_destroy(part);
		err_set(&err, ERR_FAILED, "cannot start it: out of memory");
		err_set_cause(&err, ERR_CAUSE_MEMORY);
		self->options.events->start_failed(self->options.context, id, &err);
		err_finish(&err);
		return;
	}
	part->want = PART_WANT_RUN;
	part->stop_due = false;
	if (part->state != PART_ASKED && part->state != PART_CALLED)
		ask(part);
	compose_due(self);
}

static void on_forgotten(void *context, const struct docker_answer *answer)
{
	if (answer->error != 0)
		compose_suspect(context);
}

static void compose_forget(struct engine *self, unsigned id)
{
	struct part *part = compose_find(self, id);
	char path[COMPOSE_ID_BYTES + 64];

	if (part == NULL)
		return;
	/* With everything else if the project ends, or by nobody if the engine is away: the end finds it. */
	if (part->container[0] != '\0' && self->reachable && !self->closing) {
		snprintf(path, sizeof path, "/containers/%s?force=1", part->container);
		(void)docker_begin(self->docker, &(struct docker_request){.method = "DELETE",
									  .path = path,
									  .timeout_ms = 30000,
									  .done = on_forgotten,
									  .context = self});
	}
	part_destroy(part);
	compose_due(self);
}

static void compose_renew(struct engine *self, const struct stack *stack, const struct stack_source *source)
{
	self->stack = stack;
	self->source = source;
	self->files_stale = true;
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL)
			self->parts[i]->service = stack_find_service(stack, self->parts[i]->name);
}

static bool compose_reaped(struct engine *self, pid_t pid, const struct engine_exit *how)
{
	return compose_run_reaped(self->run, pid, how->signaled, how->signaled ? how->signal : how->code) ||
	       compose_pull_reaped(self->pull, pid) || docker_reaped(self->docker, pid);
}

static bool compose_owns(const struct engine *self, pid_t pid)
{
	return compose_run_is(self->run, pid) || compose_pull_owns(self->pull, pid) || docker_owns(self->docker, pid);
}

const struct engine_ops engine_compose = {.name = "compose",
					  .create = compose_create,
					  .start = compose_start,
					  .stop = compose_stop,
					  .signal = compose_signal,
					  .kill = compose_kill,
					  .ending = compose_ending,
					  .forget = compose_forget,
					  .renew = compose_renew,
					  .close = compose_close,
					  .resume_output = compose_resume_output,
					  .type = compose_type,
					  .resize = compose_resize,
					  .stats = compose_stats,
					  .sample = compose_sample,
					  .reaped = compose_reaped,
					  .owns = compose_owns,
					  .destroy = compose_destroy};
