/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/help_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 64
/* No command: the keys of the dashboard. */
#define KEYS_TOPIC "keys"

static const struct cli_command *find(const char *name, const char **nearest)
{
	const char *names[NAMES_MAX] = {NULL};

	for (size_t i = 0; cli_commands[i] != NULL && i + 2 < NAMES_MAX; i++) {
		if (strcmp(cli_commands[i]->name, name) == 0)
			return cli_commands[i];
		names[i] = cli_commands[i]->name;
		names[i + 1] = KEYS_TOPIC;
	}
	*nearest = err_nearest(name, names);
	return NULL;
}

static int help_run(struct cli_context *context, struct err *err)
{
	const struct cli_command *command = NULL;
	const char *nearest = NULL;
	char *text;

	if (context->arg_count > 0 && strcmp(context->args[0], KEYS_TOPIC) == 0) {
		help_keys_print(stdout);
		return 0;
	}
	if (context->arg_count > 0) {
		command = find(context->args[0], &nearest);
		if (command == NULL) {
			err_set(err, ERR_USAGE, "no help on '%s': there is no such command", context->args[0]);
			if (nearest != NULL)
				err_hint(err, "did you mean '%s'?", nearest);
			else
				err_hint(err, "upfront help");
			return ERR_USAGE;
		}
	}
	text = cli_help(command);
	if (text == NULL) {
		err_set(err, ERR_INTERNAL, "out of memory");
		return ERR_INTERNAL;
	}
	fputs(text, stdout);
	free(text);
	return 0;
}

const struct cli_command command_help = {
	.name = "help",
	.args = "[COMMAND|keys]",
	.summary = "show help, that of one command, or the keys of the dashboard",
	.args_max = 1,
	.untracked = true,
	.run = help_run,
};
