/* SPDX-License-Identifier: MIT */
/* A world beside a container engine: one engine for all cases of a program, a world for each, and the image parcel/box:1.4 (busybox). */
#ifndef UPFRONT_TESTS_LIB_CONTAINER_SCENE_H
#define UPFRONT_TESTS_LIB_CONTAINER_SCENE_H

#include "tests/lib/engine_run.h"
#include "tests/lib/world.h"

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

#define CONTAINER_LIMIT_MS 20000

struct container_scene {
	struct world world;
	struct engine_run engine;
};

/* `stack` is the compose.yaml. Skips the running case where no engine can run. */
void container_scene_begin(struct container_scene *self, const char *stack);
/* Nothing of the project is left in the engine, or of the world. */
void container_scene_end(struct container_scene *self, const char *project);

/* `upfront ARGS` (words, cut at blanks) ends with this code; its stdout, the caller frees. */
char *container_scene_upfront(const struct container_scene *self, int code, const char *args);
/* The same, and its stdout or stderr holds `text`. */
void container_scene_says(const struct container_scene *self, int code, const char *args, const char *text);

/* Waits until `ps --json` says so: this member of the unit is that text. */
void container_scene_wait(const struct container_scene *self, const char *unit, const char *member, const char *text);
/* Waits until stdout of `upfront ARGS`, which ends well, holds `text`. */
void container_scene_wait_for(const struct container_scene *self, const char *args, const char *text);

/* Of a service's one container: what `docker inspect -f FORMAT` says, without the line's end. The caller frees. */
char *container_scene_inspect(const struct container_scene *self, const char *service, const char *format);

#endif
