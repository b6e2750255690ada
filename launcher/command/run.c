/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/consent_sources.h"
#include "launcher/command/run_child.h"
#include "launcher/command/run_report.h"
#include "launcher/command/signal_end.h"
#include "launcher/command/telemetry_running.h"
#include "launcher/project.h"
#include "telemetry/telemetry.h"

#include <cjson/cJSON.h>
#include <errno.h>
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

/* ---- The command ---- */

static void say_not_run(const char *name, int error, struct err *err)
{
	err_set(err, ERR_MISSING, "cannot run '%s': %s", name, error == ENOENT ? "no such command" : strerror(error));
}

/* Returns the signal that ended the command, and this process is to end by; 0: none. */
static int run_told(struct run_report *report, const char *const *argv, char **block, int *code, struct err *err)
{
	struct run_child_end end;

	/* Telling costs no command: one that cannot be watched is run as if there was nothing to tell. */
	if (run_child(argv, block, report->metrics.lock_fd, &end) < 0) {
		say_not_run(argv[0], run_child_become(argv, block), err);
		return 0;
	}
	if (end.exec_errno != 0)
		say_not_run(argv[0], end.exec_errno, err);
	run_report_tell(report, &end);
	run_child_finish(&end);
	*code = end.code;
	return end.exec_errno == 0 ? end.signal : 0;
}

static int run_run(struct cli_context *context, struct err *err)
{
	struct strmap environment;
	struct project project;
	struct run_report report;
	char **block = NULL;
	int code = 0, fatal_signal = 0;

	project_init(&project);
	strmap_init(&environment);
	run_report_init(&report, context);
	if (context->rest == NULL || context->rest[0] == NULL) {
		err_set(err, ERR_USAGE, "run: no command given");
		err_hint(err, "upfront run -- COMMAND ARGUMENTS");
		goto out;
	}
	if (project_load(&project, context, err) < 0 || make_environment(context, &project, &environment, err) < 0)
		goto out;
	run_report_begin(&report, &project, &environment);
	block = strmap_to_environ(&environment);
	if (block == NULL)
		err_set(err, ERR_INTERNAL, "out of memory");
	else if (report.is_wanted)
		fatal_signal = run_told(&report, context->rest, block, &code, err);
	else
		say_not_run(context->rest[0], run_child_become(context->rest, block), err);
out:
	run_report_finish(&report);
	environ = NULL;
	free(block);
	strmap_finish(&environment);
	project_finish(&project);
	if (fatal_signal != 0)
		signal_end_die(fatal_signal);
	return err_is_set(err) ? (int)err->code : code;
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
