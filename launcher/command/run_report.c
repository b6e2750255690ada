/* SPDX-License-Identifier: MIT */
#include "launcher/command/run_report.h"

#include "config/clock.h"
#include "config/pool.h"
#include "config/stack.h"
#include "config/strmap.h"
#include "launcher/cli.h"
#include "launcher/cli_table.h"
#include "launcher/command/command_report.h"
#include "launcher/command/run_child.h"
#include "launcher/project.h"
#include "telemetry/telemetry.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

void run_report_init(struct run_report *self, const struct cli_context *context)
{
	*self = (struct run_report){.context = context, .metrics = {.job_count = -1, .lock_fd = -1}};
}

void run_report_finish(struct run_report *self)
{
	run_metrics_finish(&self->metrics);
	pool_destroy(self->pool);
	self->pool = NULL;
	command_report_settle(self->context->report);
}

/* ---- Before it is run ---- */

static const struct command_table *find_product(const struct stack *stack, const char *path)
{
	const struct telemetry_decl *telemetry = stack->telemetry;
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;

	for (size_t i = 0; telemetry != NULL && i < telemetry->command_count; i++)
		if (strcmp(telemetry->commands[i].program, name) == 0)
			return &telemetry->commands[i];
	return NULL;
}

/* False: it is not to be told of. upfront's own off counts also where the product's registry does not know it. */
static bool sanitize(struct run_report *self, const struct stack *stack)
{
	const struct command_report *report = self->context->report;
	const char *const *rest = self->context->rest;
	const struct command_table *product = find_product(stack, rest[0]);
	size_t count = 0;

	self->pool = pool_create();
	sanitize_command_line(cli_table_make(self->pool), report->arg_count, report->args, &self->line);
	if (product == NULL || !self->line.tracked)
		return self->line.tracked;
	while (rest[count] != NULL)
		count++;
	sanitize_command_line(product, count - 1, rest + 1, &self->line);
	return self->line.tracked;
}

/* Beside the control socket: a folder that is ours alone. */
static void make_metrics(struct run_report *self, struct strmap *environment)
{
	const char *socket_path = self->context->report->heard.socket_path;
	const char *slash = strrchr(socket_path, '/');
	char *folder = slash != NULL ? strndup(socket_path, (size_t)(slash - socket_path)) : NULL;

	if (folder == NULL || run_metrics_make(&self->metrics, folder) < 0 ||
	    strmap_set(environment, RUN_METRICS_VARIABLE, self->metrics.path) < 0)
		run_metrics_finish(&self->metrics);
	free(folder);
}

void run_report_begin(struct run_report *self, const struct project *project, struct strmap *environment)
{
	strmap_remove(environment, RUN_METRICS_VARIABLE);
	if (!command_report_is_wanted(self->context->report, self->context))
		return;
	self->is_wanted = sanitize(self, project->stack);
	if (self->is_wanted)
		make_metrics(self, environment);
	self->begin_ms = clock_monotonic_ms();
}

/* ---- Afterwards ---- */

static enum telemetry_error error_of(const struct run_report *self, const struct run_child_end *end)
{
	if (end->exec_errno != 0)
		return end->exec_errno == ENOENT ? ERROR_COMMAND_NOT_FOUND : ERROR_NOT_EXECUTABLE;
	if (end->signal == SIGQUIT || command_report_is_interruption(end->signal != 0 ? 128 + end->signal : end->code))
		return ERROR_INTERRUPTED;
	if (end->signal != 0)
		return ERROR_SIGNALED;
	return self->line.usage_error ? ERROR_USAGE : ERROR_OTHER;
}

void run_report_tell(struct run_report *self, const struct run_child_end *end)
{
	const bool success = end->exec_errno == 0 && end->signal == 0 && end->code == 0;
	struct telemetry_command command = {
		.args = self->line.args,
		.arg_count = self->line.arg_count,
		.duration_ms = clock_monotonic_ms() - self->begin_ms,
		.success = success,
		.error_type = success ? NULL : telemetry_error_name(error_of(self, end)),
	};
	size_t bytes = sanitized_command_text(&self->line, NULL, 0) + 1;
	char *name;

	/* Somebody may have said off while it ran. */
	if (!command_report_is_wanted(self->context->report, self->context))
		return;
	run_metrics_read(&self->metrics);
	command.job_count = self->metrics.job_count;
	command.object_counts = self->metrics.counts;
	command.object_count = self->metrics.count;
	name = malloc(bytes);
	if (name == NULL)
		return;
	sanitized_command_text(&self->line, name, bytes);
	command.command = name;
	command_report_tell(self->context->report, &command);
	free(name);
}
