/* SPDX-License-Identifier: MIT */
/*
 * What is told of a command under `run` in a stack that runs with a yes: of a product's own program, by the registry in the stack file
 * (telemetry.commands), as "visivo run" with its sanitised arguments; of any other only that something was run.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_RUN_REPORT_H
#define UPFRONT_LAUNCHER_COMMAND_RUN_REPORT_H

#include "launcher/command/run_metrics.h"
#include "telemetry/sanitize.h"

#include <stdbool.h>
#include <stdint.h>

struct cli_context;
struct pool;
struct project;
struct run_child_end;
struct strmap;

struct run_report {
	const struct cli_context *context;
	bool is_wanted; /* after run_report_begin: the command is to be waited for and told of */
	struct pool *pool; /* of upfront's own table */
	struct sanitized line;
	struct run_metrics metrics;
	int64_t begin_ms;
};

void run_report_init(struct run_report *self, const struct cli_context *context);
/*
 * When the supervisor was asked already and `project` is loaded. RUN_METRICS_VARIABLE is set in `environment` if what stands there is
 * going to be told, else it is taken away.
 */
void run_report_begin(struct run_report *self, const struct project *project, struct strmap *environment);
/* The command has ended. */
void run_report_tell(struct run_report *self, const struct run_child_end *end);
/* Leaves nothing behind; from here on nobody tells of this command. */
void run_report_finish(struct run_report *self);

#endif
