/* SPDX-License-Identifier: MIT */
/* The sub-commands of `upfront telemetry`, beside their table in telemetry.c. None opens a connection but to running stacks, none runs anything. */
#ifndef UPFRONT_LAUNCHER_COMMAND_TELEMETRY_H
#define UPFRONT_LAUNCHER_COMMAND_TELEMETRY_H

#include <stdbool.h>
#include <stddef.h>

struct cli_context;
struct err;
struct project;
struct stack;

struct telemetry_options {
	bool all, markdown;
	const char *event, *since;
};

/* telemetry_status.c: what would happen now and why, source by source. */
int telemetry_status(const struct cli_context *context, const struct project *project, struct err *err);

/*
 * telemetry_still.c: what still says off once a standing no is lifted, and what lifts that; "" when nothing does. `stack` NULL: of what
 * holds for every product.
 */
int telemetry_still_off(const struct cli_context *context, const struct stack *stack, char *text, size_t size_bytes,
			struct err *err);

/* telemetry_log.c: what was sent, and its end with all that telemetry keeps. */
int telemetry_log(const struct cli_context *context, const struct project *project, struct err *err);
int telemetry_forget_all(const struct cli_context *context, const struct project *project, struct err *err);

/* telemetry_answer.c: the standing no and its end; `project` has no stack when --all is given. */
int telemetry_off(const struct cli_context *context, const struct project *project, struct err *err);
int telemetry_ask(const struct cli_context *context, const struct project *project, struct err *err);

#endif
