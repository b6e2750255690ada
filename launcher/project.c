/* SPDX-License-Identifier: MIT */
#include "launcher/project_parts.h"

#include "config/err.h"
#include "config/paths.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command_report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void project_init(struct project *self)
{
	*self = (struct project){.lock_fd = -1};
}

void project_finish(struct project *self)
{
	stack_destroy(self->stack);
	stack_source_destroy(self->source);
	free(self->name);
	free(self->state_dir);
	free(self->option);
	if (self->lock_fd >= 0)
		close(self->lock_fd);
	project_init(self);
}

/* ---- The stack ---- */

static void print_warnings(const struct stack *stack)
{
	char *text;

	if (stack->warnings.count == 0)
		return;
	text = err_render(&stack->warnings, "upfront: warning");
	if (text != NULL)
		fputs(text, stderr);
	free(text);
}

int project_open(struct project *self, const struct cli_context *context, struct err *err)
{
	const struct cli_globals *globals = &context->globals;
	const struct stack_options options = {
		.files = globals->files,
		.env_files = globals->env_files,
		.project = globals->project,
		.services = self->named,
		.profiles = globals->profiles,
		.environment = &context->environment,
	};

	return stack_source_open(&options, &self->source, err);
}

void project_close(struct project *self)
{
	stack_source_destroy(self->source);
	self->source = NULL;
}

static int load(struct project *self, const struct cli_context *context, struct err *err)
{
	const struct stack_resolve_options resolve = {0};
	int result = self->source != NULL ? 0 : project_open(self, context, err);

	if (result == 0)
		result = stack_resolve(self->source, &resolve, &self->stack, err);
	if (result == 0)
		command_report_note_stack(context->report, self->stack);
	return result;
}

static int take_name(struct project *self, const char *name, struct err *err)
{
	self->name = strdup(name);
	if (self->name == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	return paths_state(self->name, &self->state_dir, err);
}

static int take_option(struct project *self, const struct cli_context *context, struct err *err)
{
	if (context->globals.project == NULL)
		return 0;
	if (asprintf(&self->option, " -p %s", context->globals.project) >= 0)
		return 0;
	self->option = NULL;
	return err_set(err, ERR_INTERNAL, "out of memory");
}

const char *project_option(const struct project *self)
{
	return self->option != NULL ? self->option : "";
}

int project_load(struct project *self, const struct cli_context *context, struct err *err)
{
	int result = load(self, context, err);

	self->report = context->report;
	self->environment = &context->environment;
	if (result == 0 && !context->globals.quiet)
		print_warnings(self->stack);
	if (result == 0)
		result = take_name(self, self->stack->name, err);
	if (result == 0)
		result = take_option(self, context, err);
	if (result == 0 && !self->only_looks)
		project_sweep(self);
	return result;
}

/* ---- Names ---- */

/* The project that a broken stack file in this folder would most likely be, if it runs from here. */
static int guess(struct project *self, const struct cli_context *context)
{
	const char *given = strmap_find(&context->environment, "COMPOSE_PROJECT_NAME");
	char *here = realpath(".", NULL);
	const char *last = here != NULL ? strrchr(here, '/') : NULL;
	char *name = NULL, *folder = NULL;
	int result = -ENOENT;

	if (here == NULL || last == NULL)
		goto out;
	name = stack_project_name(given != NULL && given[0] != '\0' ? given : last + 1);
	if (name == NULL || name[0] == '\0' || take_name(self, name, NULL) < 0)
		goto out;
	folder = project_read_file(self, "folder");
	if (folder != NULL && strcmp(folder, here) == 0 && project_is_running(self))
		result = 0;
out:
	if (result < 0)
		project_finish(self);
	free(folder);
	free(name);
	free(here);
	return result;
}

static int find_name(struct project *self, const struct cli_context *context, struct err *err)
{
	struct err trouble = ERR_INIT;
	int result;

	if (context->globals.project != NULL) {
		result = stack_project_check(context->globals.project, err);
		return result < 0 ? result : take_name(self, context->globals.project, err);
	}
	result = load(self, context, &trouble);
	if (result == 0) {
		result = take_name(self, self->stack->name, &trouble);
	} else {
		project_finish(self);
		if (guess(self, context) == 0)
			result = 0;
	}
	if (result < 0)
		err_move(err, &trouble);
	err_finish(&trouble);
	return result;
}

int project_find(struct project *self, const struct cli_context *context, struct err *err)
{
	int result = find_name(self, context, err);

	self->report = context->report;
	self->environment = &context->environment;
	if (result == 0)
		result = take_option(self, context, err);
	if (result == 0)
		project_sweep(self);
	return result;
}

/* ---- The running stack ---- */

bool project_name_is_running(const char *name)
{
	struct project project;
	bool running;

	project_init(&project);
	running = take_name(&project, name, NULL) == 0 && project_is_running(&project);
	project_finish(&project);
	return running;
}

/* Why a stack that was left to itself is gone: nobody was there to be told. */
static void hint_last_end(const struct project *self, struct err *err)
{
	char *why = project_last_end(self);

	if (why != NULL)
		err_hint(err, "its last run ended because: %s (upfront%s logs shows what it wrote)", why,
			 project_option(self));
	else
		err_hint(err, "start it with: upfront%s up", project_option(self));
	free(why);
}

int project_connect(const struct project *self, struct ctl_client *client, struct err *err)
{
	char *recorded;
	int result;

	if (!project_is_running(self)) {
		project_sweep(self);
		err_set(err, ERR_NOT_RUNNING, "project '%s' is not running", self->name);
		hint_last_end(self, err);
		return -ENOTCONN;
	}
	recorded = project_read_file(self, "socket");
	if (recorded != NULL)
		result = ctl_client_open_at(client, recorded, self->name, err);
	else
		result = ctl_client_open(client, self->name, err);
	free(recorded);
	if (result == 0 && self->report != NULL)
		ctl_client_listen(client, &self->report->heard);
	if (result < 0 && err != NULL && err->code == ERR_NOT_RUNNING)
		hint_last_end(self, err);
	return result;
}
