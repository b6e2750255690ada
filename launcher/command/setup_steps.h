/* SPDX-License-Identifier: MIT */
/*
 * setup_steps - what x-upfront.setup and x-upfront.files ask for before anything is started, in this order: answers from the command line, answers
 * from the person, ports, files. Each step sees what the one before it has kept, so the files are read again in between.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_SETUP_STEPS_H
#define UPFRONT_LAUNCHER_COMMAND_SETUP_STEPS_H

#include "config/strmap.h"

#include <stdbool.h>
#include <stddef.h>

struct cli_context;
struct err;
struct project;
struct setup;

struct setup_steps {
	const struct cli_context *context;
	struct project *project; /* opened */
	struct setup *setup; /* as the answers are now */
	struct strmap kept; /* names of what was written into the file of answers */
};

/* Opens the project. To be finished also after an error. Here as below: 0, -errno, or the exit code of a person who quit. */
int setup_steps_begin(struct setup_steps *self, const struct cli_context *context, struct project *project,
		      struct err *err);
void setup_steps_finish(struct setup_steps *self);

/* Takes --set (NULL or empty: nothing). */
int setup_steps_set(struct setup_steps *self, const char *const *sets, struct err *err);
/* Asks all of the questions. */
int setup_steps_ask(struct setup_steps *self, struct err *err);
/* Ports and files; `moves` as for setup_ports_settle. The project is left open as it is then. */
int setup_steps_end(struct setup_steps *self, bool moves, struct err *err);
/* Why nobody can be asked; NULL: somebody can. */
const char *setup_steps_not_asked(const struct setup_steps *self);

/* All of it for `up`, before the stack is resolved: asks only when something is missing. */
int setup_steps_up(const struct cli_context *context, struct project *project, const char *const *sets,
		   struct err *err);

#endif
