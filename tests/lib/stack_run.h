/* SPDX-License-Identifier: MIT */
/* A stack in a world, started and taken down by upfront's own commands. */
#ifndef UPFRONT_TESTS_LIB_STACK_RUN_H
#define UPFRONT_TESTS_LIB_STACK_RUN_H

struct cJSON;
struct world;

/* In the background; `text` is its compose.yaml, NULL: that is there. */
void stack_begin(const struct world *world, const char *text);
/* The same, and it is ready. */
void stack_begin_ready(const struct world *world, const char *text);
/* Takes it down, with so long for each service to end by itself, and waits until nothing of it is left. */
void stack_end(const struct world *world, int grace_s);

/* What `ps --json` says of the unit; the caller deletes it. */
struct cJSON *stack_unit(const struct world *world, const char *name);

#endif
