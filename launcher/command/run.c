/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/consent_sources.h"
#include "launcher/command/telemetry_running.h"
#include "launcher/project.h"
#include "telemetry/telemetry.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What says off for good holds for a one-off command too, whatever the running stack was told when it was started. */
static int stands_off(const struct cli_context *context, const struct stack *stack, bool *off, struct err *err)
{
	struct consent_sources sources;
	enum consent_reason reason;
	int result = consent_sources_read(&sources, context, stack, NULL, err);

	*off = result < 0 || consent_says_off(&sources.inputs, &reason);
	consent_sources_finish(&sources);
	return result;
}

/* What the running stack's services were told is what the command is told; without one, off. */
static int add_running(const struct project *project, struct strmap *telemetry)
{
	cJSON *running = telemetry_running(project);
	const cJSON *entry;
	int result = 0;

	cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(running, "environment"))
	{
		if (result == 0 && entry->string != NULL && cJSON_IsString(entry))
			result = strmap_set(telemetry, entry->string, entry->valuestring);
	}
	cJSON_Delete(running);
	return result;
}

static int make_environment(const struct cli_context *context, const struct project *project,
			    struct strmap *environment, struct err *err)
{
	struct strmap telemetry;
	bool off = true;
	int result;

	strmap_init(&telemetry);
	result = stack_environment(project->source, &context->environment, environment);
	if (result == 0)
		result = stands_off(context, project->stack, &off, err);
	if (result == 0 && !off)
		result = add_running(project, &telemetry);
	if (result == 0 && telemetry.count == 0)
		result = telemetry_environment(project->stack, false, NULL, NULL, NULL, &telemetry);
	if (result == 0)
		result = strmap_merge(environment, &telemetry);
	if (result < 0 && !err_is_set(err))
		err_set(err, ERR_INTERNAL, "out of memory");
	strmap_finish(&telemetry);
	return result;
}

/* The command takes this process's place, so terminal, signals and exit code are its own. */
static void become(const char *const *argv, char **environment, struct err *err)
{
	sigset_t none;

	fflush(NULL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	environ = environment;
	execvp(argv[0], (char *const *)argv);
	err_set(err, ERR_MISSING, "cannot run '%s': %s", argv[0],
		errno == ENOENT ? "no such command" : strerror(errno));
}

static int run_run(struct cli_context *context, struct err *err)
{
	struct strmap environment;
	struct project project;
	char **block = NULL;

	project_init(&project);
	strmap_init(&environment);
	if (context->rest == NULL || context->rest[0] == NULL) {
		err_set(err, ERR_USAGE, "run: no command given");
		err_hint(err, "upfront run -- COMMAND ARGUMENTS");
		goto out;
	}
	if (project_load(&project, context, err) < 0 || make_environment(context, &project, &environment, err) < 0)
		goto out;
	block = strmap_to_environ(&environment);
	if (block == NULL)
		err_set(err, ERR_INTERNAL, "out of memory");
	else
		become(context->rest, block, err);
out:
	environ = NULL;
	free(block);
	strmap_finish(&environment);
	project_finish(&project);
	return (int)err->code;
}

struct run_options {
	bool no_terminal;
};

static const struct cli_option run_table[] = {
	{'T', "no-tty", CLI_FLAG, NULL,
	 "as without it, for scripts written for Compose: no terminal is made either way", NULL,
	 .offset = offsetof(struct run_options, no_terminal)},
	{.name = NULL},
};

const struct cli_command command_run = {
	.name = "run",
	.args = "-- COMMAND [ARGS]",
	.summary = "run a one-off command in the stack's environment",
	.text = "The command gets this terminal and the environment that services get, telemetry variables included. "
		"Its\n"
		"exit code is the result. It asks nothing and needs no running stack.",
	.options = run_table,
	.options_size = sizeof(struct run_options),
	.takes_rest = true,
	.args_max = -1,
	.run = run_run,
};
