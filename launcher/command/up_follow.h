/* SPDX-License-Identifier: MIT */
/*
 * What `up` does once the supervisor runs: a client of it like any other, which shows output and news, passes on what the person
 * wants (Ctrl-C), and says at the end how it went. Output is read from the log files, at the pace of whoever reads ours, so a slow
 * terminal makes no service wait; the supervisor only tells that there is more. Also the last to notice if guard or supervisor die.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_UP_FOLLOW_H
#define UPFRONT_LAUNCHER_COMMAND_UP_FOLLOW_H

/* So long whoever is left has for containers: what a killed process leaves is to be gone within two seconds. */
#define UP_SWEEP_CONTAINERS_MS 1500

#include "launcher/logs/log_index.h"
#include "launcher/command/up_abort.h"
#include "launcher/command/up_open.h"
#include "launcher/client/ctl_client.h"
#include "launcher/process/spawn.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct cli_context;
struct err;
struct proc_list;
struct project;
struct screen_options;

struct up_follow_options {
	const struct cli_context *context;
	const struct project *project;
	struct ctl_client client;
	struct child guard;
	const struct proc_list *strangers; /* descendants from before the guard: not ours to end */
	bool detach; /* leave once everything is started ... */
	bool wait; /* ... or ready */
	bool timestamps;
	const struct screen_options
		*screen; /* the dashboard, where the terminal can show it; NULL: lines. The rest of it is filled here */
	struct up_abort abort; /* what is to happen when a service ends */
	enum up_open open; /* the page, once all is ready */
	const char *const *named; /* services named on the command line, ends with NULL */
	const char *logs; /* folder of the log files */
	struct log_index_mark
		logs_from; /* where they stood before the guard was started: what comes later is of this run */
	int64_t wait_timeout_ms; /* until everything is ready; -1: as long as it takes */
	int64_t begin_ms; /* monotonic */
	const sigset_t *signals; /* SIGINT, SIGTERM, SIGHUP, SIGQUIT: blocked since before the guard was started */
};

/* Returns the exit code of `up`; what a person must know beside it is in `err`. */
int up_follow(const struct up_follow_options *options, struct err *err);

#endif
