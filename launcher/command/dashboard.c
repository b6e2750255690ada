/* SPDX-License-Identifier: MIT */
#include "launcher/command/dashboard.h"

#include "config/err.h"
#include "config/paths.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/up_consent.h"
#include "launcher/project.h"
#include "ui/term_able.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool dashboard_is_wanted(const struct cli_context *context)
{
	const struct cli_globals *globals = &context->globals;
	const char *term = context->ui.term;

	if (globals->json || globals->no_input || consent_is_ci(&context->environment))
		return false;
	/* Lines need no more than somewhere to be written. */
	if (globals->plain)
		return isatty(STDOUT_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
	return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && isatty(STDERR_FILENO) == 1 &&
	       tcgetpgrp(STDIN_FILENO) == getpgrp() && term_is_able(term);
}

/* "NAME=value" for programs that are run from the screen. */
static char **make_environment(const struct strmap *from)
{
	char **all = calloc(from->count + 1, sizeof(*all));
	size_t count = 0;

	for (size_t i = 0; all != NULL && i < from->count; i++) {
		const struct strmap_entry *entry = &from->entries[i];

		if (entry->value != NULL && asprintf(&all[count], "%s=%s", entry->key, entry->value) >= 0)
			count++;
	}
	if (all != NULL)
		all[count] = NULL;
	return all;
}

static int ask_again(void *context)
{
	const struct dashboard *self = context;

	return (int)up_consent_again(self->context, self->stack);
}

/* Who declares no telemetry has no question; who looks from elsewhere may not know the stack file. */
static bool has_question(const struct stack *stack)
{
	return stack != NULL && stack->telemetry != NULL && stack->telemetry->host != NULL &&
	       stack->telemetry->key != NULL;
}

void dashboard_init(struct dashboard *self, const struct cli_context *context, const struct project *project,
		    const struct stack *stack)
{
	*self = (struct dashboard){.context = context, .stack = stack};
	self->settings_path = paths_user_settings();
	settings_read(&self->settings, self->settings_path, NULL);
	self->environment = make_environment(&context->environment);
	self->options = (struct screen_options){
		.ui = &context->ui,
		.settings = &self->settings.screen,
		.app = stack != NULL ? stack->app : project->name,
		.version = stack != NULL ? stack->version : NULL,
		.project = project->name,
		.file = stack != NULL && stack->files != NULL ? stack->files[0] : NULL,
		.project_option = project_option(project),
		.lines = context->globals.plain,
		.environment = (const char *const *)self->environment,
		.question = has_question(stack) ? ask_again : NULL,
		.question_context = self,
	};
}

void dashboard_finish(struct dashboard *self)
{
	for (size_t i = 0; self->environment != NULL && self->environment[i] != NULL; i++)
		free(self->environment[i]);
	free(self->environment);
	settings_finish(&self->settings);
	free(self->settings_path);
}
