/* SPDX-License-Identifier: MIT */
#include "launcher/command/setup_ask.h"

#include "config/dotenv_edit.h"
#include "config/err.h"
#include "config/setup.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/setup_sheet.h"
#include "ui/setup_form.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void setup_say_kept(const struct cli_context *context, const struct setup *setup, const struct strmap *kept)
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
	struct strmap answers, saved;
	int result = 0;

	strmap_init(&answers);
	strmap_init(&saved);
	for (size_t i = 0; i < form->model->count && result == 0; i++) {
		const char *text = setup_form_answer(form, i);

		if (text != NULL && strmap_set(&answers, form->model->fields[i].key, text) < 0)
			result = err_set(err, ERR_INTERNAL, "out of memory");
	}
	if (result == 0)
		result = setup_sheet_keep(setup, &answers, &saved, err);
	if (result == 0)
		setup_say_kept(context, setup, &saved);
	if (result == 0 && strmap_merge(kept, &saved) < 0)
		result = err_set(err, ERR_INTERNAL, "out of memory");
	setup_sheet_wipe(&answers);
	strmap_finish(&saved);
	return result;
}

int setup_ask(const struct cli_context *context, const struct setup *setup, struct strmap *kept, struct err *err)
{
	struct setup_sheet sheet;
	int fatal_signal = 0;
	int result = setup_sheet_init(&sheet, context, setup, err);

	/* Nobody shall type what cannot be kept. */
	if (result == 0)
		result = dotenv_edit_check(setup->env_path, err);
	if (result < 0)
		goto out;
	fflush(stdout);
	switch (ui_ask_setup(&sheet.form, &context->ui, &fatal_signal)) {
	case SETUP_SAVE:
		result = keep(context, setup, &sheet.form, kept, err);
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
	setup_sheet_finish(&sheet);
	return result;
}

/* How one that is missing can be given in a script. */
static void hint_missing(const struct setup_question *question, struct err *err)
{
	if (question->secret)
		err_hint(err, "--set %s=- reads it from standard input", question->key);
	else
		err_hint(err, "--set %s=VALUE gives it", question->key);
}

int setup_say_missing(const struct setup *setup, const char *why, struct err *err)
{
	const struct setup_question *last = NULL;

	for (size_t i = 0; i < setup->count; i++) {
		const struct setup_question *question = &setup->questions[i];

		if (!setup_is_missing(setup, i))
			continue;
		err_at(err, ERR_CONFIG, question->place, "%s has no value yet: %s", question->key, question->ask);
		hint_missing(question, err);
		last = question;
	}
	if (last != NULL)
		err_hint(err,
			 "--set %s=%s; or write %s into %s as NAME=value, or answer at a terminal: upfront setup%s%s%s",
			 last->key, last->secret ? "- reads it from standard input" : "VALUE gives it",
			 setup_missing_count(setup) == 1 ? "it" : "them", setup->env_shown,
			 why != NULL ? " (nobody was asked: " : "", why != NULL ? why : "", why != NULL ? ")" : "");
	return -EINVAL;
}
