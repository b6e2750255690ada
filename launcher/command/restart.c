/* SPDX-License-Identifier: MIT */
#include "launcher/cli.h"
#include "launcher/command/act.h"
#include "launcher/command/command.h"

struct restart_options {
	int64_t timeout_ms;
	bool no_deps;
};

#define AT(member) .offset = offsetof(struct restart_options, member)

static const struct cli_option restart_table[] = {
	{'t', "timeout", CLI_SECONDS, "SECONDS", "wait at most this long before services are killed", NULL,
	 AT(timeout_ms)},
	{0, "no-deps", CLI_FLAG, NULL, "restart the named services alone", NULL, AT(no_deps)},
	{.name = NULL},
};

static int restart_run(struct cli_context *context, struct err *err)
{
	const struct restart_options *options = context->options;
	const struct act act = {
		.action = "restart",
		.goal = ACT_RESTARTED,
		.names = (const char *const *)context->args,
		.no_deps = options->no_deps,
		.timeout_ms = options->timeout_ms,
	};

	return act_run(context, &act, err);
}

const struct cli_command command_restart = {
	.name = "restart",
	.args = "[SERVICE...]",
	.summary = "stop and start services, or all that run",
	.text = "Services that depend on a named one with 'restart: true' restart with it. Returns once their programs "
		"run\n"
		"again; 1 when one has failed.",
	.options = restart_table,
	.options_size = sizeof(struct restart_options),
	.args_max = -1,
	.run = restart_run,
};
