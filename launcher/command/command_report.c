/* SPDX-License-Identifier: MIT */
#include "launcher/command/command_report.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/pool.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/cli_table.h"
#include "launcher/command/consent_sources.h"
#include "telemetry/object_counts.h"
#include "telemetry/sanitize.h"
#include "telemetry/telemetry.h"

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define TARGET "/v1/telemetry/command"

void command_report_init(struct command_report *self, int argc, char *const *argv)
{
	*self = (struct command_report){.args = (const char *const *)argv + 1,
					.arg_count = argc > 0 ? (size_t)argc - 1 : 0,
					.begin_ms = clock_monotonic_ms()};
}

void command_report_finish(struct command_report *self)
{
	ctl_heard_finish(&self->heard);
	free(self->app);
	self->app = NULL;
}

void command_report_note_stack(struct command_report *self, const struct stack *stack)
{
	if (self == NULL)
		return;
	free(self->app);
	self->app = strdup(stack->app);
	self->project_off = stack->telemetry != NULL && !stack->telemetry->enabled;
}

void command_report_settle(struct command_report *self)
{
	if (self != NULL)
		self->is_settled = true;
}

bool command_report_is_interruption(int code)
{
	return code == 128 + SIGINT || code == 128 + SIGTERM || code == 128 + SIGHUP;
}

bool command_report_is_wanted(const struct command_report *self, const struct cli_context *context)
{
	return self != NULL && !self->is_settled && self->heard.telemetry_on && self->heard.socket_path != NULL &&
	       !self->project_off && !consent_sources_say_off(context, self->app);
}

/* ---- The body ---- */

static void add_metrics(cJSON *object, const struct telemetry_command *command)
{
	cJSON *counts;

	if (command->job_count >= 0)
		cJSON_AddNumberToObject(object, "job_count", (double)command->job_count);
	if (command->object_count == 0)
		return;
	counts = cJSON_AddObjectToObject(object, "object_counts");
	for (size_t i = 0; i < command->object_count; i++)
		cJSON_AddNumberToObject(counts, command->object_counts[i].name,
					(double)command->object_counts[i].count);
}

static char *make_body(const struct telemetry_command *command)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *args;
	char *text;

	cJSON_AddStringToObject(object, "command", command->command);
	args = cJSON_AddArrayToObject(object, "command_args");
	for (size_t i = 0; i < command->arg_count; i++)
		cJSON_AddItemToArray(args, cJSON_CreateString(command->args[i]));
	cJSON_AddNumberToObject(object, "duration_ms", (double)command->duration_ms);
	cJSON_AddBoolToObject(object, "success", command->success);
	if (command->error_type != NULL)
		cJSON_AddStringToObject(object, "error_type", command->error_type);
	add_metrics(object, command);
	text = cJSON_PrintUnformatted(object);
	cJSON_Delete(object);
	return text;
}

void command_report_tell(const struct command_report *self, const struct telemetry_command *command)
{
	char *body = make_body(command);

	if (body != NULL)
		ctl_client_tell(self->heard.socket_path, TARGET, body);
	free(body);
}

/* ---- upfront's own commands ---- */

/* A code without an error is a service's, or tells of a signal. */
static enum telemetry_error error_of(int code, const struct err *err)
{
	const enum telemetry_error own = telemetry_error_of(err != NULL ? err->code : ERR_NONE);

	if (own != ERROR_OTHER)
		return own;
	return command_report_is_interruption(code) ? ERROR_INTERRUPTED : ERROR_OTHER;
}

void command_report_end(struct command_report *self, const struct cli_context *context, int code, const struct err *err)
{
	struct pool *pool = NULL;
	struct sanitized line;

	if (!command_report_is_wanted(self, context) || context->command->untracked)
		return;
	pool = pool_create();
	sanitize_command_line(cli_table_make(pool), self->arg_count, self->args, &line);
	if (line.tracked) {
		const struct telemetry_command command = {
			.command = line.command,
			.args = line.args,
			.arg_count = line.arg_count,
			.duration_ms = clock_monotonic_ms() - self->begin_ms,
			.success = code == 0,
			.error_type = code == 0 ? NULL : telemetry_error_name(error_of(code, err)),
			.job_count = -1,
		};

		command_report_tell(self, &command);
	}
	command_report_settle(self);
	pool_destroy(pool);
}
