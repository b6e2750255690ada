/* SPDX-License-Identifier: MIT */
/*
 * dashboard - whether `up` and `attach` show the full screen here, and what they tell it of themselves (screen_options). It takes a terminal for
 * standard input, output and error, in the foreground, of a kind that can place the cursor, and nobody who says CI; what is asked for on the command line comes
 * first.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_DASHBOARD_H
#define UPFRONT_LAUNCHER_COMMAND_DASHBOARD_H

#include "config/settings.h"
#include "launcher/screen/screen.h"

#include <stdbool.h>

struct cli_context;
struct project;
struct stack;

bool dashboard_is_wanted(const struct cli_context *context);

struct dashboard {
	struct screen_options options;
	struct settings settings;
	char *settings_path;
	char **environment;
	const struct cli_context *context;
	const struct stack *stack;
};

/* `stack` NULL: its file is not known here. What it is given outlives it, and it stays where it is. */
void dashboard_init(struct dashboard *self, const struct cli_context *context, const struct project *project,
		    const struct stack *stack);
void dashboard_finish(struct dashboard *self);

/*
 * The dashboard on a running stack that is not ours: until it is over, or the person leaves. Returns the exit code; -1: this terminal cannot
 * show it, and nothing was done.
 */
struct err;
int dashboard_attach(const struct cli_context *context, struct err *err);

#endif
