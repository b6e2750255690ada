/* SPDX-License-Identifier: MIT */
/*
 * setup_ports - the ports of setup questions: chosen once, the first free one from the question's number on, and kept among the answers. A number
 * that stands there is kept while it is free, or while this very stack runs and so may hold it; else `up` takes the next free
 * one, and says so. What the environment says is never changed.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_SETUP_PORTS_H
#define UPFRONT_LAUNCHER_COMMAND_SETUP_PORTS_H

#include <stdbool.h>
#include <stddef.h>

struct cli_context;
struct err;
struct setup;
struct strmap;

/*
 * `moves`: numbers that are taken by others are replaced, too. Names of what was written go into `kept`. ERR_MISSING when there is no free port
 * left.
 */
int setup_ports_settle(const struct cli_context *context, const struct setup *setup, bool moves, struct strmap *kept,
		       struct err *err);

/* Whether a person can have this port for question `index`: ERR_CONFIG for what is no port, ERR_MISSING for one that is taken. */
int setup_ports_check(const struct setup *setup, size_t index, const char *text, struct err *err);

#endif
