/* SPDX-License-Identifier: MIT */
#include "tests/lib/container_scene.h"

#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 24

void container_scene_begin(struct container_scene *self, const char *stack)
{
	if (self->engine.pid == 0) {
		engine_run_begin(&self->engine);
		engine_run_image(&self->engine, "parcel/box:1.4", NULL);
	}
	world_begin(&self->world);
	engine_run_lend(&self->engine, &self->world);
	world_write(&self->world, "compose.yaml", stack);
}

void container_scene_end(struct container_scene *self, const char *project)
{
	char args[160];

	snprintf(args, sizeof args, "ps -aq --filter label=com.docker.compose.project=%s", project);
	assert_int_equal(engine_run_count(&self->engine, args), 0);
	snprintf(args, sizeof args, "network ls -q --filter label=com.docker.compose.project=%s", project);
	assert_int_equal(engine_run_count(&self->engine, args), 0);
	world_end(&self->world);
}

/* ---- Commands ---- */

static void begin_and_wait(const struct container_scene *self, struct run *run, const char *args)
{
	const char *argv[WORDS_MAX + 2] = {"upfront"};
	const struct run_options options = {.argv = argv, .deadline_ms = 2 * RUN_DEADLINE_MS};
	char *words = strdup(args), *rest = words;
	size_t count = 1;

	assert_non_null(words);
	for (char *word; count <= WORDS_MAX && (word = strsep(&rest, " ")) != NULL;)
		argv[count++] = word;
	run_command(run, &self->world, &options);
	free(words);
}

char *container_scene_upfront(const struct container_scene *self, int code, const char *args)
{
	struct run run;
	char *text;

	begin_and_wait(self, &run, args);
	run_assert_code(&run, code);
	text = strdup(run.out.bytes);
	assert_non_null(text);
	run_finish(&run);
	return text;
}

void container_scene_says(const struct container_scene *self, int code, const char *args, const char *text)
{
	struct run run;

	begin_and_wait(self, &run, args);
	run_assert_code(&run, code);
	if (strstr(run.out.bytes, text) == NULL && strstr(run.err.bytes, text) == NULL)
		fail_msg("upfront %s: no '%s' in: %s%s", args, text, run.out.bytes, run.err.bytes);
	run_finish(&run);
}

/* ---- Waiting ---- */

void container_scene_wait(const struct container_scene *self, const char *unit, const char *member, const char *text)
{
	const int64_t since_ms = world_now_ms();
	char wanted[160];

	snprintf(wanted, sizeof wanted, "%s of %s to be '%s'", member, unit, text);
	for (;;) {
		cJSON *found = stack_unit(&self->world, unit);
		const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(found, member));
		const bool well = value != NULL && strcmp(value, text) == 0;

		cJSON_Delete(found);
		if (well)
			return;
		world_pause(since_ms, CONTAINER_LIMIT_MS, wanted);
	}
}

void container_scene_wait_for(const struct container_scene *self, const char *args, const char *text)
{
	const int64_t since_ms = world_now_ms();
	char wanted[160];

	snprintf(wanted, sizeof wanted, "'%s' of %s", text, args);
	for (;;) {
		char *said = container_scene_upfront(self, 0, args);
		const bool well = strstr(said, text) != NULL;

		free(said);
		if (well)
			return;
		world_pause(since_ms, CONTAINER_LIMIT_MS, wanted);
	}
}

char *container_scene_inspect(const struct container_scene *self, const char *service, const char *format)
{
	char *text = engine_run_docker(&self->engine,
				       "inspect -f '%s' $(docker ps -aq --filter label=com.docker.compose.service=%s)",
				       format, service);

	text[strcspn(text, "\n")] = '\0';
	return text;
}
