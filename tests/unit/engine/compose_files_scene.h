/* SPDX-License-Identifier: MIT */
/* A stack in a world, and what a Compose program would be given to read of it: for the tests of compose_files. */
#ifndef UPFRONT_TESTS_UNIT_ENGINE_COMPOSE_FILES_SCENE_H
#define UPFRONT_TESTS_UNIT_ENGINE_COMPOSE_FILES_SCENE_H

#include "launcher/engine/compose_files.h"

#include "config/err.h"
#include "config/stack.h"
#include "launcher/engine/compose_cli.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct compose_cli one = {.shown = (char *)"docker-compose", .version = (char *)"1.29.2", .major = 1};
static const struct compose_cli two = {.shown = (char *)"docker compose", .version = (char *)"2.29.7", .major = 2};

struct scene {
	struct world world;
	struct strmap telemetry, interpolation;
	struct stack_source *source;
	struct stack *stack;
	struct compose_files files;
};

static inline int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	world_begin(&scene->world);
	strmap_init(&scene->telemetry);
	strmap_init(&scene->interpolation);
	*state = scene;
	return 0;
}

static inline void scene_forget(struct scene *scene)
{
	compose_files_finish(&scene->files);
	stack_destroy(scene->stack);
	stack_source_destroy(scene->source);
	scene->stack = NULL;
	scene->source = NULL;
}

static inline int scene_teardown(void **state)
{
	struct scene *scene = *state;

	scene_forget(scene);
	strmap_finish(&scene->telemetry);
	strmap_finish(&scene->interpolation);
	world_end(&scene->world);
	free(scene);
	return 0;
}

/* Resolves <stack>/a.yaml, with b.yaml over it when that is there. */
static inline void resolve(struct scene *scene, const char *const *profiles)
{
	const char *const files[] = {"a.yaml", world_has(&scene->world, "b.yaml") ? "b.yaml" : NULL, NULL};
	const struct stack_options options = {.files = files,
					      .directory = scene->world.stack,
					      .profiles = profiles,
					      .project = "shop",
					      .environment = &scene->world.environment};
	const struct stack_resolve_options how = {.overrides = &scene->interpolation};
	struct err err = ERR_INIT;

	scene_forget(scene);
	if (stack_source_open(&options, &scene->source, &err) < 0 ||
	    stack_resolve(scene->source, &how, &scene->stack, &err) < 0)
		fail_msg("%s", err.items[0].message);
}

static inline void write_files(struct scene *scene, const struct compose_cli *cli)
{
	char dir[WORLD_PATH_MAX];
	struct compose_files_options options = {.stack = scene->stack,
						.source = scene->source,
						.cli = cli,
						.environment = &scene->world.environment,
						.telemetry = &scene->telemetry,
						.interpolation = &scene->interpolation,
						.dir = dir};
	struct err err = ERR_INIT;

	snprintf(dir, sizeof(dir), "%s/run", scene->world.dir);
	if (compose_files_write(&options, &scene->files, &err) < 0)
		fail_msg("%s", err.items[0].message);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

#endif
