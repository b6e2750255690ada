/* SPDX-License-Identifier: MIT */
/* What runs the services of an `up`, found before anybody is asked: containers need an engine and a Compose program. */
#ifndef UPFRONT_LAUNCHER_COMMAND_UP_ENGINE_H
#define UPFRONT_LAUNCHER_COMMAND_UP_ENGINE_H

#include "launcher/engine/compose.h"
#include "launcher/engine/compose_files.h"

#include <stdbool.h>

struct err;
struct service;
struct stack;
struct stack_source;
struct strmap;

/* Words of --engine; without it "auto". */
#define UP_ENGINE_WORDS "auto|native|compose"

struct up_engine {
	struct compose_setup setup;
	bool found; /* some service to be started is a container, and `setup` is what it runs on */
	struct compose_files files; /* what the Compose program would be given now: nothing of it is written */
};

/* ERR_MISSING with the place of the first container to be started (`member` NULL: all count) where `word` allows none. */
int up_engine_check(const char *word, const struct stack *stack, const bool *member, struct err *err);
/*
 * Looks for what containers need, if there are any to be started: stands still as long as compose_setup_find does. `state_dir` keeps what was
 * found out about the Compose program. What is missing is told with the service that needs it.
 */
int up_engine_find(struct up_engine *self, const struct stack *stack, const struct stack_source *source,
		   const bool *member, const struct strmap *environment, const char *state_dir, struct err *err);
/* What was found and why, to stderr. */
void up_engine_tell(const struct up_engine *self);
/* A line to stderr where keys of the stack file have no effect with this Compose program. */
void up_engine_warn(const struct up_engine *self);
void up_engine_finish(struct up_engine *self);

#endif
