/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/signal_name.h"
#include "launcher/cli.h"
#include "launcher/command/act.h"
#include "launcher/command/command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct kill_options {
	const char *signal;
};

static const struct cli_option kill_table[] = {
	{'s', "signal", CLI_TEXT, "SIGNAL", "send this one instead of SIGKILL: a name or a number", NULL,
	 .offset = offsetof(struct kill_options, signal)},
	{.name = NULL},
};

static int refuse(const char *text, struct err *err)
{
	char name[16];

	err_set(err, ERR_USAGE, "--signal: there is no signal '%s'", text);
	if (signal_nearest(text, name) != NULL)
		err_hint(err, "did you mean '%s'?", name);
	else
		err_hint(err, "a name such as TERM, HUP, KILL, or a number");
	return ERR_USAGE;
}

static int kill_run(struct cli_context *context, struct err *err)
{
	const struct kill_options *options = context->options;
	const char *abbreviation;
	int number = SIGKILL;
	char name[24];

	if (options->signal != NULL && !signal_parse(options->signal, &number))
		return refuse(options->signal, err);
	abbreviation = sigabbrev_np(number);
	if (abbreviation != NULL)
		snprintf(name, sizeof(name), "SIG%s", abbreviation);
	else
		snprintf(name, sizeof(name), "%d", number);
	const struct act act = {
		.action = "kill",
		.goal = number == SIGKILL ? ACT_KILLED : ACT_SIGNALLED,
		.names = (const char *const *)context->args,
		.timeout_ms = -1,
		.signal = name,
	};

	return act_run(context, &act, err);
}

const struct cli_command command_kill = {
	.name = "kill",
	.args = "[SERVICE...]",
	.summary = "send a signal to services, or all that run",
	.text = "SIGKILL, if --signal names no other, to the process group of each. What its restart policy says "
		"happens as\n"
		"after any other end.",
	.options = kill_table,
	.options_size = sizeof(struct kill_options),
	.args_max = -1,
	.run = kill_run,
};
