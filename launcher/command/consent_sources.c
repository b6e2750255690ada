/* SPDX-License-Identifier: MIT */
#include "launcher/command/consent_sources.h"

#include "config/paths.h"
#include "config/stack.h"
#include "launcher/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *consent_not_interactive(const struct cli_context *context)
{
	const char *term = context->ui.term;

	if (context->globals.no_input)
		return "--no-input was given";
	if (consent_is_ci(&context->environment))
		return "a CI system is running this";
	if (!isatty(STDIN_FILENO))
		return "standard input is no terminal";
	if (!isatty(STDERR_FILENO))
		return "standard error is no terminal";
	/* A background job would be stopped by the terminal the moment it asks. */
	if (tcgetpgrp(STDIN_FILENO) != getpgrp())
		return "this is a background job";
	if (term == NULL || term[0] == '\0')
		return "TERM is not set";
	return NULL;
}

static bool environment_off(const struct cli_context *context, const char *name)
{
	return consent_env_says_off(strmap_find(&context->environment, name));
}

static void read_settings(struct consent_sources *self, const struct stack *stack)
{
	settings_read(&self->policy, paths_policy(), &self->trouble);
	settings_read(&self->user, self->user_path, &self->trouble);
	self->inputs.policy_off = self->policy.off;
	self->inputs.user_off = self->user.off || (stack != NULL && settings_has_off(&self->user, stack->app));
}

void consent_sources_refresh(struct consent_sources *self, const struct stack *stack)
{
	settings_finish(&self->policy);
	settings_finish(&self->user);
	err_finish(&self->trouble);
	err_init(&self->trouble);
	read_settings(self, stack);
}

int consent_sources_read(struct consent_sources *self, const struct cli_context *context, const struct stack *stack,
			 const struct consent_said *said, struct err *err)
{
	const struct telemetry_decl *telemetry = stack != NULL ? stack->telemetry : NULL;
	struct consent_inputs *inputs = &self->inputs;

	memset(self, 0, sizeof(*self));
	err_init(&self->trouble);
	self->user_path = paths_user_settings();
	read_settings(self, stack);
	if (stack != NULL) {
		self->app_variable = consent_app_variable(stack->app);
		if (self->app_variable == NULL)
			return err_set(err, ERR_INTERNAL, "out of memory");
		inputs->app_env_off = environment_off(context, self->app_variable);
	}
	self->not_interactive = consent_not_interactive(context);
	inputs->upfront_env_off = environment_off(context, "UPFRONT_TELEMETRY_DISABLED");
	inputs->do_not_track = environment_off(context, "DO_NOT_TRACK");
	inputs->project_off = telemetry != NULL && !telemetry->enabled;
	inputs->has_endpoint = telemetry != NULL && telemetry->host != NULL && telemetry->key != NULL;
	inputs->notice = telemetry != NULL ? telemetry->notice : 0;
	inputs->interactive = self->not_interactive == NULL;
	if (said != NULL)
		inputs->said = *said;
	return 0;
}

void consent_sources_finish(struct consent_sources *self)
{
	settings_finish(&self->policy);
	settings_finish(&self->user);
	free(self->user_path);
	free(self->app_variable);
	err_finish(&self->trouble);
	memset(self, 0, sizeof(*self));
}

static bool any_app_off(const struct strmap *environment)
{
	static const char suffix[] = "_TELEMETRY_DISABLED";

	for (size_t i = 0; i < environment->count; i++) {
		const struct strmap_entry *entry = &environment->entries[i];
		const size_t length = strlen(entry->key);

		if (length >= sizeof(suffix) && strcmp(entry->key + length - (sizeof(suffix) - 1), suffix) == 0 &&
		    consent_env_says_off(entry->value))
			return true;
	}
	return false;
}

/* `app` NULL: any at all. */
static bool settings_name(const struct settings *settings, const char *app)
{
	if (app != NULL)
		return settings_has_off(settings, app);
	return settings->telemetry_off != NULL && settings->telemetry_off[0] != NULL;
}

bool consent_sources_say_off(const struct cli_context *context, const char *app)
{
	char *variable = app != NULL ? consent_app_variable(app) : NULL;
	struct consent_sources sources;
	enum consent_reason reason;
	bool off = consent_sources_read(&sources, context, NULL, NULL, NULL) < 0 ||
		   consent_says_off(&sources.inputs, &reason) || settings_name(&sources.policy, app) ||
		   settings_name(&sources.user, app);

	off = off || (variable != NULL ? environment_off(context, variable) : any_app_off(&context->environment));
	consent_sources_finish(&sources);
	free(variable);
	return off;
}

void consent_say_trouble(struct err *trouble)
{
	char *text = trouble->count > 0 ? err_render(trouble, "upfront") : NULL;

	if (text != NULL)
		fputs(text, stderr);
	free(text);
	err_finish(trouble);
	err_init(trouble);
}
