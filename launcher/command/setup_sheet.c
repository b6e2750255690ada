/* SPDX-License-Identifier: MIT */
#include "launcher/command/setup_sheet.h"

#include "config/dotenv_edit.h"
#include "config/err.h"
#include "config/setup.h"
#include "config/stack.h"
#include "config/strmap.h"
#include "launcher/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t field_of(const struct setup_sheet *self, const char *key)
{
	size_t i = 0;

	while (i < self->model.count && strcmp(self->fields[i].key, key) != 0)
		i++;
	return i;
}

static void add_field(struct setup_sheet *self, const struct setup *setup, size_t index)
{
	const struct setup_question *question = &setup->questions[index];

	self->questions[self->model.count] = index;
	self->fields[self->model.count] = (struct setup_field){
		.key = question->key,
		.label = question->ask,
		.choices = question->choices,
		.secret = question->secret,
		.pattern = question->pattern,
		.when = question->when_key != NULL ? field_of(self, question->when_key) : SETUP_ALWAYS,
		.when_value = question->when_value,
		.value = setup->answers[index].text,
		.fixed = setup->answers[index].from == SETUP_FROM_ENVIRONMENT,
		.checked = question->check != NULL,
	};
	self->model.count++;
}

int setup_sheet_init(struct setup_sheet *self, const struct cli_context *context, const struct setup *setup,
		     struct err *err)
{
	memset(self, 0, sizeof(*self));
	self->fields = calloc(setup->count + 1, sizeof(*self->fields));
	self->questions = calloc(setup->count + 1, sizeof(*self->questions));
	if (asprintf(&self->title, "Set up %s", setup->app) < 0)
		self->title = NULL;
	if (self->fields == NULL || self->questions == NULL || self->title == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	setup_check_init(&self->check, setup, self->questions, &context->environment);
	self->model.title = self->title;
	self->model.file = setup->env_shown;
	self->model.fields = self->fields;
	self->model.checker = &self->check.checker;
	for (size_t i = 0; i < setup->count; i++)
		if (setup->questions[i].ask != NULL)
			add_field(self, setup, i);
	if (setup_form_init(&self->form, &self->model) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	return 0;
}

void setup_sheet_finish(struct setup_sheet *self)
{
	if (self->form.entries != NULL)
		setup_form_finish(&self->form);
	setup_check_finish(&self->check);
	free(self->fields);
	free(self->questions);
	free(self->title);
}

int setup_sheet_keep(const struct setup *setup, const struct strmap *answers, struct strmap *kept, struct err *err)
{
	int result = answers->count > 0 ? dotenv_edit(setup->env_path, answers, err) : 0;

	for (size_t i = 0; i < answers->count && result == 0; i++)
		if (strmap_set(kept, answers->entries[i].key, NULL) < 0)
			result = err_set(err, ERR_INTERNAL, "out of memory");
	return result;
}

/* What a map held may be a secret. */
void setup_sheet_wipe(struct strmap *answers)
{
	for (size_t i = 0; i < answers->count; i++)
		if (answers->entries[i].value != NULL)
			explicit_bzero(answers->entries[i].value, strlen(answers->entries[i].value));
	strmap_finish(answers);
}
