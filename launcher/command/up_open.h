/* SPDX-License-Identifier: MIT */
/*
 * The page that `up` opens once the stack is ready: x-upfront.open of the stack, else of the first service that has one and is well; where services
 * were named on the command line, of the first of those. By itself only for a person at a terminal, and not where -d leaves before anything is
 * ready; `open_browser: false` in the person's settings switches that off. --open asks for it anywhere.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_UP_OPEN_H
#define UPFRONT_LAUNCHER_COMMAND_UP_OPEN_H

#include <stdbool.h>

struct cli_context;
struct err;
struct view;

enum up_open { UP_OPEN_NEVER, UP_OPEN_DECLARED, UP_OPEN_ASKED };

struct up_open_options {
	bool open, no_open; /* as typed */
	bool leaves; /* with -d alone: before anything is ready */
};
/* ERR_USAGE for both at once. */
int up_open_decide(const struct cli_context *context, const struct up_open_options *options, enum up_open *open,
		   struct err *err);

/* The URL; NULL: there is none to open. `named` ends with NULL; NULL or empty: all services are meant. Borrowed from the view. */
const char *up_open_url(const struct view *view, const char *const *named);

/*
 * Opens it; never waits. The line to be said, which the caller frees; NULL: nothing is to be said, as the URL was told when the stack came up. `told`
 * is whether it was.
 */
char *up_open_page(const struct cli_context *context, enum up_open open, const char *url, bool told);

#endif
