/* SPDX-License-Identifier: MIT */
#include "launcher/command/setup_ask.h"

#include "config/dotenv_edit.h"
#include "config/err.h"
#include "config/setup.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/consent_sources.h"
#include "launcher/project.h"
#include "ui/setup_form.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The questions as the form wants them; ports are left out. */
struct sheet {
	struct setup_model model;
	struct setup_field *fields;
	char *title;
};

static size_t field_of(const struct sheet *self, const char *key)
{
	size_t i = 0;

	while (i < self->model.count && strcmp(self->fields[i].key, key) != 0)
		i++;
	return i;
}

static int sheet_init(struct sheet *self, const struct setup *setup)
{
	memset(self, 0, sizeof(*self));
	self->fields = calloc(setup->count + 1, sizeof(*self->fields));
	if (self->fields == NULL || asprintf(&self->title, "Set up %s", setup->app) < 0) {
		self->title = NULL;
		return -ENOMEM;
	}
	self->model.title = self->title;
	self->model.file = setup->env_shown;
	self->model.fields = self->fields;
	for (size_t i = 0; i < setup->count; i++) {
		const struct setup_question *question = &setup->questions[i];

		if (question->ask == NULL)
			continue;
		self->fields[self->model.count] = (struct setup_field){
			.key = question->key,
			.label = question->ask,
			.choices = question->choices,
			.secret = question->secret,
			.pattern = question->pattern,
			.when = question->when_key != NULL ? field_of(self, question->when_key) : SETUP_ALWAYS,
			.when_value = question->when_value,
			.value = setup->answers[i].text,
			.fixed = setup->answers[i].from == SETUP_FROM_ENVIRONMENT,
		};
		self->model.count++;
	}
	return 0;
}

static void sheet_finish(struct sheet *self)
{
	free(self->fields);
	free(self->title);
}

/* What a map held may be a secret. */
static void wipe(struct strmap *answers)
{
	for (size_t i = 0; i < answers->count; i++)
		if (answers->entries[i].value != NULL)
			explicit_bzero(answers->entries[i].value, strlen(answers->entries[i].value));
	strmap_finish(answers);
}

static void say_kept(const struct cli_context *context, const struct setup *setup, const struct strmap *kept)
{
	if (context->globals.quiet)
		return;
	if (kept->count == 0) {
		fputs("upfront: every answer is as it was\n", stderr);
		return;
	}
	fprintf(stderr, "upfront: saved in %s:", setup->env_shown);
	for (size_t i = 0; i < kept->count; i++)
		fprintf(stderr, "%s %s", i > 0 ? "," : "", kept->entries[i].key);
	fputc('\n', stderr);
}

static int keep(const struct cli_context *context, const struct setup *setup, const struct setup_form *form,
		struct strmap *kept, struct err *err)
{
	struct strmap answers;
	int result = 0;

	strmap_init(&answers);
	for (size_t i = 0; i < form->model->count && result == 0; i++) {
		const char *key = form->model->fields[i].key, *text = setup_form_answer(form, i);

		if (text == NULL)
			continue;
		result = strmap_set(&answers, key, text);
		if (result == 0)
			result = strmap_set(kept, key, NULL);
	}
	if (result < 0)
		result = err_set(err, ERR_INTERNAL, "out of memory");
	else if (answers.count > 0)
		result = dotenv_edit(setup->env_path, &answers, err);
	wipe(&answers);
	if (result == 0)
		say_kept(context, setup, kept);
	return result;
}

int setup_ask(const struct cli_context *context, const struct setup *setup, struct strmap *kept, struct err *err)
{
	struct setup_form form = {.entries = NULL};
	struct sheet sheet;
	int fatal_signal = 0;
	int result = sheet_init(&sheet, setup) < 0 ? err_set(err, ERR_INTERNAL, "out of memory") : 0;

	/* Nobody shall type what cannot be kept. */
	if (result == 0)
		result = dotenv_edit_check(setup->env_path, err);
	if (result == 0 && setup_form_init(&form, &sheet.model) < 0)
		result = err_set(err, ERR_INTERNAL, "out of memory");
	if (result < 0)
		goto out;
	fflush(stdout);
	switch (ui_ask_setup(&form, &context->ui, &fatal_signal)) {
	case SETUP_SAVE:
		result = keep(context, setup, &form, kept, err);
		break;
	case SETUP_LEFT:
		result = fatal_signal != 0 ? 128 + fatal_signal : 0;
		if (!context->globals.quiet)
			fputs("upfront: nothing was saved\n", stderr);
		break;
	case SETUP_QUIT:
		result = 130;
		break;
	}
out:
	if (form.entries != NULL)
		setup_form_finish(&form);
	sheet_finish(&sheet);
	return result;
}

int setup_say_missing(const struct setup *setup, const char *why, struct err *err)
{
	for (size_t i = 0; i < setup->count; i++) {
		const struct setup_question *question = &setup->questions[i];

		if (setup_is_missing(setup, i))
			err_at(err, ERR_CONFIG, question->place, "%s has no value yet: %s", question->key,
			       question->ask);
	}
	err_hint(err, "write %s into %s as NAME=value, or answer at a terminal: upfront setup%s%s%s",
		 setup_missing_count(setup) == 1 ? "it" : "them", setup->env_shown,
		 why != NULL ? " (nobody was asked: " : "", why != NULL ? why : "", why != NULL ? ")" : "");
	return -EINVAL;
}

/* Why nobody can be asked. Afterwards the files are read again, which standard input cannot be. */
static const char *not_asked(const struct cli_context *context, const struct project *project)
{
	for (size_t i = 0; stack_source_path(project->source, i) != NULL; i++)
		if (strcmp(stack_source_path(project->source, i), "-") == 0)
			return "the stack file is standard input";
	return consent_not_interactive(context);
}

static int ask_missing(const struct cli_context *context, struct project *project, const struct setup *setup,
		       struct err *err)
{
	const char *why = not_asked(context, project);
	struct strmap kept;
	int result;

	if (why != NULL)
		return setup_say_missing(setup, why, err);
	strmap_init(&kept);
	result = setup_ask(context, setup, &kept, err);
	if (result > 0)
		fputs("upfront: nothing was started\n", stderr);
	else if (result == 0 && kept.count == 0)
		result = setup_say_missing(setup, NULL, err);
	strmap_finish(&kept);
	if (result == 0)
		project_close(project);
	return result;
}

int setup_ask_missing(const struct cli_context *context, struct project *project, struct err *err)
{
	struct setup *setup = NULL;
	int result = project_open(project, context, err);

	/* What is wrong with the questions is said with all else that is wrong, by whoever resolves the stack. */
	if (result < 0 || setup_read(project->source, &setup, NULL) < 0)
		return result;
	if (setup_missing_count(setup) > 0)
		result = ask_missing(context, project, setup, err);
	setup_destroy(setup);
	return result;
}
