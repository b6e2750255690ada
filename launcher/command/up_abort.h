/* SPDX-License-Identifier: MIT */
/*
 * `up --abort-on-exit` and `--exit-code-from`: the first service that ends takes the stack down, and whose exit code is that of `up`. A
 * job that others wait for and that ends well takes nothing down, unless it is the one whose code is asked for. Pure.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_UP_ABORT_H
#define UPFRONT_LAUNCHER_COMMAND_UP_ABORT_H

#include <stdbool.h>

struct err;
struct stack;
struct view_unit;

struct up_abort {
	bool on; /* --abort-on-exit, or meant by the other */
	const char *from; /* --exit-code-from; NULL: none */
	bool begun; /* the stack is being taken down for it */
	bool has_code;
	int code; /* of the service that is asked for; else 1 when the one that ended first ended badly */
};

/* ERR_USAGE when it cannot be had: nobody stays to watch, or there is no such service among those to be started. */
int up_abort_check(const struct up_abort *self, bool detach, const struct stack *stack, const bool *member,
		   struct err *err);

/* Takes in a change; true when the stack is to be taken down because of it. */
bool up_abort_take(struct up_abort *self, const struct view_unit *unit);

/* True when the service whose exit code is asked for has none: that is no success, whatever the others did. */
bool up_abort_never_ran(const struct up_abort *self);

/* The exit code of `up` where nothing asked for here changes it: `otherwise`. */
int up_abort_code(const struct up_abort *self, int otherwise);

#endif
