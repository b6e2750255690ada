/* SPDX-License-Identifier: MIT */
#include "launcher/cli.h"
#include "launcher/command/command.h"

#include <stdio.h>

static int version_run(struct cli_context *context, struct err *err)
{
	(void)err;
	if (context->globals.json)
		puts("{\"version\": 1, \"upfront\": \"" UPFRONT_VERSION "\"}");
	else
		puts("upfront " UPFRONT_VERSION);
	return 0;
}

const struct cli_command command_version = {
	.name = "version",
	.args = "",
	.summary = "print the version",
	.untracked = true,
	.run = version_run,
};
