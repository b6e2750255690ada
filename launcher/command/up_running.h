/* SPDX-License-Identifier: MIT */
/*
 * `up` where this project runs already, from this folder: it brings the running stack to what the stack file says now, and leaves. What
 * would be done is asked first (a reload that only tells), said, then done. Services named on the command line are started. Nobody is
 * asked about telemetry again: what says off by now ends it for the rest of the run, what says on does not begin it.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_UP_RUNNING_H
#define UPFRONT_LAUNCHER_COMMAND_UP_RUNNING_H

#include "launcher/command/up_open.h"

#include <stdbool.h>
#include <stdint.h>

struct cli_context;
struct consent_said;
struct err;
struct project;

struct up_running_options {
	const struct cli_context *context;
	const struct project *project; /* loaded */
	const struct consent_said *said; /* about telemetry, on the command line */
	bool stay; /* neither -d nor --wait */
	bool wait, no_deps;
	int64_t wait_timeout_ms; /* -1: as long as it takes */
	enum up_open open;
};

/* What became of it; UP_RUNNING_SAME: nothing differs and `up` was to stay, which two cannot do. */
enum up_running_end { UP_RUNNING_DONE, UP_RUNNING_SAME, UP_RUNNING_GONE };

/* What `up -d --json` prints once a stack was started: how its services are now. A stack that has ended by then has none. */
void up_running_print_json(const struct cli_context *context);

/* The exit code is err's. UP_RUNNING_GONE: it has ended meanwhile, so that it can be started. */
enum up_running_end up_running(const struct up_running_options *options, struct err *err);

#endif
