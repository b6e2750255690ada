/* SPDX-License-Identifier: MIT */
/*
 * screen_farewell - what remains on the terminal when the screen is gone: what ran and for how long, the last words of what failed, and how to
 * come back. Three to a dozen plain lines.
 */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_FAREWELL_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_FAREWELL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct view;

/* Of so many failed services the last lines are shown, and so many of each. */
#define FAREWELL_UNITS_MAX 3u
#define FAREWELL_LINES_MAX 5u

struct farewell {
	const struct view *view;
	const char *name; /* of the product, when the stack has not said its own */
	const char *project_option; /* " -p shop" or "" */
	const char *logs; /* folder of the log files */
	int64_t now_wall_ms;
	bool goes_on; /* the stack runs on without this screen */
	bool terminal; /* what is written is for a terminal: services' bytes are made harmless */
};

void farewell_write(const struct farewell *self, FILE *out);

#endif
