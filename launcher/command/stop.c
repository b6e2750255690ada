/* SPDX-License-Identifier: MIT */
#include "launcher/cli.h"
#include "launcher/command/act.h"
#include "launcher/command/command.h"

struct stop_options {
	int64_t timeout_ms;
	bool no_deps;
};

#define AT(member) .offset = offsetof(struct stop_options, member)

static const struct cli_option stop_table[] = {
	{'t', "timeout", CLI_SECONDS, "SECONDS", "wait at most this long before services are killed", NULL,
	 AT(timeout_ms)},
	{0, "no-deps", CLI_FLAG, NULL, "stop the named services without those that depend on them", NULL, AT(no_deps)},
	{.name = NULL},
};

static int stop_run(struct cli_context *context, struct err *err)
{
	const struct stop_options *options = context->options;
	const struct act act = {
		.action = "stop",
		.goal = ACT_STOPPED,
		.names = (const char *const *)context->args,
		.no_deps = options->no_deps,
		.timeout_ms = options->timeout_ms,
	};

	return act_run(context, &act, err);
}

const struct cli_command command_stop = {
	.name = "stop",
	.args = "[SERVICE...]",
	.summary = "stop services, or all; the stack stays and can be started again",
	.text = "Those that depend on a named service stop before it. A stack that a terminal watches ends when "
		"nothing of\n"
		"it runs any more; a detached one stays.",
	.options = stop_table,
	.options_size = sizeof(struct stop_options),
	.args_max = -1,
	.run = stop_run,
};
