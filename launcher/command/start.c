/* SPDX-License-Identifier: MIT */
#include "launcher/cli.h"
#include "launcher/command/act.h"
#include "launcher/command/command.h"

struct start_options {
	bool no_deps, wait;
};

#define AT(member) .offset = offsetof(struct start_options, member)

static const struct cli_option start_table[] = {
	{0, "no-deps", CLI_FLAG, NULL, "start the named services without those they need", NULL, AT(no_deps)},
	{0, "wait", CLI_FLAG, NULL, "return once they are ready", NULL, AT(wait)},
	{.name = NULL},
};

static int start_run(struct cli_context *context, struct err *err)
{
	const struct start_options *options = context->options;
	const struct act act = {
		.action = "start",
		.goal = options->wait ? ACT_READY : ACT_STARTED,
		.names = (const char *const *)context->args,
		.no_deps = options->no_deps,
		.timeout_ms = -1,
	};

	return act_run(context, &act, err);
}

const struct cli_command command_start = {
	.name = "start",
	.args = "[SERVICE...]",
	.summary = "start services of the running stack, or all",
	.text = "What a named service needs starts before it. Returns once their programs run; 1 when one has failed.",
	.options = start_table,
	.options_size = sizeof(struct start_options),
	.args_max = -1,
	.run = start_run,
};
