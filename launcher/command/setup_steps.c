/* SPDX-License-Identifier: MIT */
#include "launcher/command/setup_steps.h"

#include "config/err.h"
#include "config/setup.h"
#include "config/stack.h"
#include "config/template.h"
#include "launcher/cli.h"
#include "launcher/command/consent_sources.h"
#include "launcher/command/setup_ask.h"
#include "launcher/command/setup_ports.h"
#include "launcher/command/setup_set.h"
#include "launcher/project.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int setup_steps_begin(struct setup_steps *self, const struct cli_context *context, struct project *project,
		      struct err *err)
{
	int result;

	*self = (struct setup_steps){.context = context, .project = project};
	strmap_init(&self->kept);
	result = project_open(project, context, err);
	return result < 0 ? result : setup_read(project->source, &self->setup, err);
}

void setup_steps_finish(struct setup_steps *self)
{
	setup_destroy(self->setup);
	strmap_finish(&self->kept);
}

/* Afterwards the files are read again, which standard input cannot be. */
static bool is_standard_input(const struct setup_steps *self)
{
	for (size_t i = 0; stack_source_path(self->project->source, i) != NULL; i++)
		if (strcmp(stack_source_path(self->project->source, i), "-") == 0)
			return true;
	return false;
}

static int refuse_standard_input(const char *what, struct err *err)
{
	err_set(err, ERR_CONFIG, "%s: the stack file is standard input, which cannot be read again", what);
	err_hint(err, "name the file with -f, or give the value in the environment");
	return -EINVAL;
}

/* What a step has written (`kept` is finished here) changes what the files say. */
static int end_step(struct setup_steps *self, struct strmap *kept, int result, struct err *err)
{
	const bool changed = kept->count > 0;

	if (strmap_merge(&self->kept, kept) < 0 && result == 0)
		result = err_set(err, ERR_INTERNAL, "out of memory");
	strmap_finish(kept);
	if (result != 0 || !changed)
		return result;
	setup_destroy(self->setup);
	self->setup = NULL;
	project_close(self->project);
	result = project_open(self->project, self->context, err);
	return result < 0 ? result : setup_read(self->project->source, &self->setup, err);
}

int setup_steps_set(struct setup_steps *self, const char *const *sets, struct err *err)
{
	struct strmap kept;

	if (sets == NULL || *sets == NULL)
		return 0;
	if (is_standard_input(self))
		return refuse_standard_input("--set", err);
	strmap_init(&kept);
	return end_step(self, &kept, setup_set(self->context, self->setup, sets, &kept, err), err);
}

const char *setup_steps_not_asked(const struct setup_steps *self)
{
	return is_standard_input(self) ? "the stack file is standard input" : consent_not_interactive(self->context);
}

int setup_steps_ask(struct setup_steps *self, struct err *err)
{
	struct strmap kept;

	strmap_init(&kept);
	return end_step(self, &kept, setup_ask(self->context, self->setup, &kept, err), err);
}

/* ---- Ports and files ---- */

static bool lacks_port(const struct setup *setup)
{
	for (size_t i = 0; i < setup->count; i++)
		if (setup->questions[i].ask == NULL && setup->answers[i].text == NULL && setup_applies(setup, i))
			return true;
	return false;
}

static void print_warnings(const struct setup_steps *self, const struct err *warnings)
{
	char *text =
		warnings->count > 0 && !self->context->globals.quiet ? err_render(warnings, "upfront: warning") : NULL;

	if (text != NULL)
		fputs(text, stderr);
	free(text);
}

static int make_file(const struct setup_steps *self, const struct stack_template *template, struct err *err)
{
	struct err warnings = ERR_INIT;
	bool made = false;
	int result = template_make(self->project->source, self->setup->project, template, &made, &warnings, err);

	if (made && !self->context->globals.quiet)
		fprintf(stderr, "upfront: made %s from %s\n", template->to, template->from);
	else if (result == 0 && !made && self->context->globals.verbose)
		fprintf(stderr, "upfront: %s is there, and stays as it is\n", template->to);
	print_warnings(self, &warnings);
	err_finish(&warnings);
	return result;
}

static int make_files(const struct setup_steps *self, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < self->setup->template_count && result == 0; i++) {
		const struct stack_template *template = &self->setup->templates[i];

		if (template->from != NULL && template->to != NULL)
			result = make_file(self, template, err);
	}
	return result;
}

int setup_steps_end(struct setup_steps *self, bool moves, struct err *err)
{
	struct strmap kept;
	int result = 0;

	strmap_init(&kept);
	if (!is_standard_input(self))
		result = end_step(self, &kept, setup_ports_settle(self->context, self->setup, moves, &kept, err), err);
	else if (lacks_port(self->setup))
		result = refuse_standard_input("cannot choose a port", err);
	return result == 0 ? make_files(self, err) : result;
}

/* ---- For `up` ---- */

static int ask_missing(struct setup_steps *self, struct err *err)
{
	const char *why = setup_steps_not_asked(self);
	int result;

	if (setup_missing_count(self->setup) == 0)
		return 0;
	if (why != NULL)
		return setup_say_missing(self->setup, why, err);
	result = setup_steps_ask(self, err);
	if (result > 0)
		fputs("upfront: nothing was started\n", stderr);
	else if (result == 0 && setup_missing_count(self->setup) > 0)
		result = setup_say_missing(self->setup, NULL, err);
	return result;
}

int setup_steps_up(const struct cli_context *context, struct project *project, const char *const *sets, struct err *err)
{
	struct setup_steps self;
	struct err found = ERR_INIT;
	int result = setup_steps_begin(&self, context, project, &found);

	/* What is wrong with the questions is said with all else that is wrong, by whoever resolves the stack. */
	if (result < 0 && project->source != NULL && (sets == NULL || *sets == NULL)) {
		result = 0;
		goto out;
	}
	if (result == 0)
		result = setup_steps_set(&self, sets, &found);
	if (result == 0)
		result = ask_missing(&self, &found);
	if (result == 0)
		result = setup_steps_end(&self, true, &found);
	err_move(err, &found);
out:
	err_finish(&found);
	setup_steps_finish(&self);
	return result;
}
