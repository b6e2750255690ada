/* SPDX-License-Identifier: MIT */
#include "config/dotenv.h"
#include "config/err.h"
#include "config/interpolate.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/view.h"
#include "launcher/project.h"
#include "telemetry/telemetry.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALL_TIMEOUT_MS 5000

static const char *base_name(const char *path)
{
	const char *last = strrchr(path, '/');

	return last != NULL ? last + 1 : path;
}

/* A Procfile's .env is exported to its processes; a Compose file's only interpolates. */
static int add_dotenv(const struct cli_context *context, const struct stack *stack, struct strmap *environment,
		      struct err *err)
{
	const char *const *given = context->globals.env_files;
	struct strmap values;
	char *path = NULL;
	int result = 0;

	if (stack->files == NULL || stack->files[0] == NULL || strcmp(base_name(stack->files[0]), "Procfile") != 0)
		return 0;
	strmap_init(&values);
	if (asprintf(&path, "%s/.env", stack->dir) < 0)
		path = NULL;
	for (size_t i = 0; result == 0 && given != NULL && given[i] != NULL; i++)
		result = dotenv_read(given[i], NULL, &values, err);
	if (given == NULL && path != NULL && dotenv_read(path, NULL, &values, err) == -EINVAL)
		result = -EINVAL;
	for (size_t i = 0; result == 0 && i < values.count; i++)
		if (!strmap_has(environment, values.entries[i].key))
			result = strmap_set(environment, values.entries[i].key, values.entries[i].value);
	free(path);
	strmap_finish(&values);
	return result;
}

/* What the running stack's services were told is what the command is told; without one, off. */
static void add_running(const struct project *project, struct strmap *telemetry)
{
	struct ctl_client client = {NULL};
	struct err absent = ERR_INIT;
	char *answer = NULL;
	const cJSON *entry;
	cJSON *object;
	int status;

	if (project_connect(project, &client, &absent) < 0 ||
	    ctl_client_call(&client, "GET", "/v1/telemetry", NULL, CALL_TIMEOUT_MS, &status, &answer, &absent) < 0)
		goto out;
	object = cJSON_Parse(answer);
	cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(object, "environment"))
	{
		if (entry->string != NULL && cJSON_IsString(entry))
			strmap_set(telemetry, entry->string, entry->valuestring);
	}
	cJSON_Delete(object);
out:
	free(answer);
	ctl_client_close(&client);
	err_finish(&absent);
}

static int make_environment(const struct cli_context *context, const struct project *project,
			    struct strmap *environment, struct err *err)
{
	struct strmap telemetry;
	int result;

	strmap_init(&telemetry);
	result = strmap_merge(environment, &context->environment);
	if (result == 0)
		result = add_dotenv(context, project->stack, environment, err);
	if (result == 0)
		add_running(project, &telemetry);
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

const struct cli_command command_run = {
	.name = "run",
	.args = "-- COMMAND [ARGS]",
	.summary = "run a one-off command in the stack's environment",
	.text = "The command gets this terminal and the environment that services get, telemetry variables included. "
		"Its\n"
		"exit code is the result. It asks nothing and needs no running stack.",
	.takes_rest = true,
	.args_max = -1,
	.run = run_run,
};
