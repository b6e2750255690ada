/* SPDX-License-Identifier: MIT */
/*
 * What stop, start, restart and kill have in common: they ask the supervisor for one thing done to several units, say what goes along
 * and why, and wait until each unit is where it was to be. scale uses the waiting alone.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_ACT_H
#define UPFRONT_LAUNCHER_COMMAND_ACT_H

#include <stdbool.h>
#include <stdint.h>

struct cli_context;
struct err;
struct view_unit;
struct watch;

enum act_goal {
	ACT_STOPPED, /* nothing of it runs */
	ACT_STARTED, /* its program runs, or has done its work */
	ACT_READY, /* as far as `up --wait` waits for */
	ACT_RESTARTED, /* another process than before has started */
	ACT_KILLED, /* the process it had has gone */
	ACT_SIGNALLED /* the signal was sent, which is all */
};

struct act {
	const char *action; /* of the API: "stop" */
	enum act_goal goal;
	const char *const *names; /* none: all */
	bool no_deps;
	int64_t timeout_ms; /* -1: each service's own */
	const char *signal; /* kill: "SIGTERM"; NULL otherwise */
};

/* The whole command; returns its exit code. */
int act_run(const struct cli_context *context, const struct act *act, struct err *err);

/* One line on stderr, unless -q. */
void act_say(const struct cli_context *context, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* {"version": 1, "services": [...]} of the units that `names` mean, on stdout. */
void act_print_json(const struct watch *watch, const char *const *names);

/* True when its program runs or has run, as far as `start` waits for. */
bool act_is_started(const struct view_unit *unit);

#endif
