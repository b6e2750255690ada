/* SPDX-License-Identifier: MIT */
/*
 * Parts of a compose engine that is put together by hand, against an engine that is played, and all that they tell: for the tests of what
 * stands behind compose_parts.h without compose.c.
 */
#ifndef UPFRONT_TESTS_UNIT_ENGINE_PARTS_SCENE_H
#define UPFRONT_TESTS_UNIT_ENGINE_PARTS_SCENE_H

#include "launcher/engine/compose_parts.h"

#include "config/stack.h"
#include "config/strmap.h"
#include "launcher/engine/docker_api.h"
#include "tests/lib/children.h"
#include "tests/lib/docker_play.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SCENE_PARTS 6
#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct told {
	char text[65536]; /* output: 'o' and 'e' are told apart by `streams` */
	size_t bytes;
	char streams[256]; /* of each piece */
	int64_t time_ms; /* of the last piece */
	char progress[8192]; /* "pulling 1/2 redis; ... ; -" */
	size_t ended; /* output_ended */
};

struct scene {
	struct event_base *base;
	struct docker_play *play;
	struct docker_endpoint endpoint;
	struct engine engine;
	struct part part[SCENE_PARTS];
	struct part *list[SCENE_PARTS];
	struct service service[SCENE_PARTS];
	struct strmap environment;
	struct told told[SCENE_PARTS];
	bool hold; /* output is refused */
	size_t pulled; /* `done` of a pull */
	int fds; /* before */
	/* What is waited for. */
	unsigned wanted_part;
	const char *wanted_text;
	size_t wanted_count;
};

static inline bool scene_output(void *context, unsigned unit, enum engine_stream stream, const char *bytes,
				size_t size_bytes, int64_t time_ms)
{
	struct scene *scene = context;
	struct told *told = &scene->told[unit];

	assert_true(size_bytes > 0 && told->bytes + size_bytes < sizeof(told->text));
	memcpy(told->text + told->bytes, bytes, size_bytes);
	told->bytes += size_bytes;
	told->text[told->bytes] = '\0';
	told->time_ms = time_ms;
	if (strlen(told->streams) + 1 < sizeof(told->streams))
		told->streams[strlen(told->streams)] = stream == ENGINE_STDOUT ? 'o' : 'e';
	return !scene->hold;
}

static inline void scene_output_ended(void *context, unsigned unit)
{
	struct scene *scene = context;

	scene->told[unit].ended++;
}

static inline void scene_progress(void *context, unsigned unit, const struct engine_progress *progress)
{
	static const char *const works[] = {"pulling", "building", "creating"};
	struct scene *scene = context;
	struct told *told = &scene->told[unit];
	const size_t used = strlen(told->progress);

	if (progress == NULL)
		snprintf(told->progress + used, sizeof(told->progress) - used, "-;");
	else
		snprintf(told->progress + used, sizeof(told->progress) - used, "%s %lld/%lld %s;",
			 works[progress->work], (long long)progress->done, (long long)progress->total,
			 progress->text != NULL ? progress->text : "");
}

static inline void scene_pulled(struct engine *engine)
{
	struct scene *scene = engine->options.context;

	assert_null(engine->pull);
	scene->pulled++;
}

/* `count` parts, none with a container. */
static inline void scene_open(struct scene *self, size_t count)
{
	static const struct engine_events events = {
		.output = scene_output, .output_ended = scene_output_ended, .progress = scene_progress};
	static const char *const names[SCENE_PARTS] = {"a", "b", "c", "d", "e", "f"};

	memset(self, 0, sizeof(*self));
	self->fds = children_count_fds();
	self->base = event_base_new();
	self->play = docker_play_create(self->base);
	docker_play_endpoint(self->play, &self->endpoint);
	strmap_init(&self->environment);
	self->engine.options = (struct engine_options){
		.base = self->base, .environment = &self->environment, .events = &events, .context = self};
	self->engine.docker = docker_create(self->base, &self->endpoint, NULL);
	assert_non_null(self->engine.docker);
	self->engine.reachable = true;
	self->engine.parts = self->list;
	self->engine.part_count = count;
	for (size_t i = 0; i < count; i++) {
		self->service[i] = (struct service){.name = names[i], .kind = SERVICE_CONTAINER, .replicas = 1};
		self->part[i] = (struct part){
			.engine = &self->engine, .id = (unsigned)i, .service = &self->service[i], .replica = 1};
		self->list[i] = &self->part[i];
	}
}

static inline void scene_close(struct scene *self)
{
	compose_pull_cancel(self->engine.pull);
	compose_stats_destroy(self->engine.stats);
	for (size_t i = 0; i < self->engine.part_count; i++)
		compose_logs_drop(&self->part[i]);
	docker_destroy(self->engine.docker);
	docker_play_destroy(self->play);
	docker_endpoint_finish(&self->endpoint);
	strmap_finish(&self->environment);
	event_base_free(self->base);
	assert_int_equal(children_count_fds(), self->fds);
}

/* The part's container runs. */
static inline struct part *scene_run(struct scene *self, unsigned id, const char *container)
{
	struct part *part = &self->part[id];

	snprintf(part->container, sizeof(part->container), "%s", container);
	part->state = PART_RUNS;
	return part;
}

static inline bool scene_has_text(void *context)
{
	const struct scene *self = context;

	return strstr(self->told[self->wanted_part].text, self->wanted_text) != NULL;
}

static inline void scene_await_text(struct scene *self, unsigned part, const char *text)
{
	self->wanted_part = part;
	self->wanted_text = text;
	docker_play_until_so(self->play, scene_has_text, self);
}

static inline bool scene_has_ended(void *context)
{
	const struct scene *self = context;

	return self->told[self->wanted_part].ended >= self->wanted_count;
}

static inline void scene_await_ended(struct scene *self, unsigned part, size_t count)
{
	self->wanted_part = part;
	self->wanted_count = count;
	docker_play_until_so(self->play, scene_has_ended, self);
}

static inline bool scene_has_progress(void *context)
{
	const struct scene *self = context;

	return strstr(self->told[self->wanted_part].progress, self->wanted_text) != NULL;
}

static inline void scene_await_progress(struct scene *self, unsigned part, const char *text)
{
	self->wanted_part = part;
	self->wanted_text = text;
	docker_play_until_so(self->play, scene_has_progress, self);
}

static inline bool scene_has_pulled(void *context)
{
	const struct scene *self = context;

	return self->pulled >= self->wanted_count;
}

static inline void scene_await_pulled(struct scene *self)
{
	self->wanted_count = 1;
	docker_play_until_so(self->play, scene_has_pulled, self);
}

#endif
