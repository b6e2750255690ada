/* SPDX-License-Identifier: MIT */
#include "ui/setup_prompt.h"

#include "ui/line_mode.h"
#include "ui/setup_checks.h"
#include "ui/setup_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX 640u

struct setup_prompt {
	struct setup_form *form;
	struct line_mode mode;
};

enum asked { ASKED_ON, ASKED_LEFT, ASKED_QUIT };

static void say(const struct setup_prompt *self, const char *text)
{
	line_mode_say(&self->mode, (const char *const[]){text, NULL});
}

/* A space behind a word is not seen on a terminal. */
static char *trim(char *line)
{
	size_t size;

	line += strspn(line, " \t\r");
	for (size = strlen(line); size > 0 && strchr(" \t\r", line[size - 1]) != NULL; size--)
		line[size - 1] = '\0';
	return line;
}

/* ---- One question ---- */

static void put_choices(FILE *out, const char *const *choices)
{
	fputs(" (", out);
	for (size_t i = 0; choices[i] != NULL; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", choices[i]);
	fputc(')', out);
}

/* "LLM provider (openai, custom) [openai]:"; the caller frees. NULL when out of memory. */
static char *prompt_of(const struct setup_prompt *self, size_t index)
{
	const struct setup_field *field = &self->form->model->fields[index];
	enum setup_problem problem = setup_form_problem(self->form, index);
	bool fits = problem == SETUP_FINE || problem == SETUP_REFUSED;
	const char *text = fits ? setup_form_text(self->form, index) : "";
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	if (out == NULL)
		return NULL;
	fputs(field->label, out);
	if (field->choices != NULL)
		put_choices(out, field->choices);
	else if (field->secret)
		fputs(" (not shown while you type)", out);
	if (*text != '\0' && (field->secret || self->form->entries[index].kept))
		fputs(" [kept as it is]", out);
	else if (*text != '\0')
		fprintf(out, " [%s]", text);
	fputc(':', out);
	if (fclose(out) == 0)
		return line;
	free(line);
	return NULL;
}

/* A choice by its word, or by as much of it as no other begins with. NULL: none, or not one alone. */
static const char *choice_of(const char *const *choices, const char *line)
{
	const char *found = NULL;
	size_t size = strlen(line);

	for (size_t i = 0; choices[i] != NULL; i++) {
		if (strcmp(choices[i], line) == 0)
			return choices[i];
		if (strncasecmp(choices[i], line, size) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = choices[i];
	}
	return found;
}

/* True when the question has an answer that fits; else it was said why not. */
static bool take(const struct setup_prompt *self, size_t index, const char *line)
{
	const struct setup_field *field = &self->form->model->fields[index];
	const char *text = field->choices != NULL && *line != '\0' ? choice_of(field->choices, line) : line;
	char words[WORDS_MAX];

	if (self->mode.cut || text == NULL || (*line != '\0' && !setup_form_take(self->form, index, text))) {
		if (text == NULL)
			line_mode_say_unknown(&self->mode, line, "Type one of the words in brackets.");
		else
			say(self, "That is too long, or holds what cannot be typed.");
		return false;
	}
	enum setup_problem problem = setup_form_problem(self->form, index);
	/* What a check refused can be tried again as it is: the fault may have been elsewhere. */
	if (problem == SETUP_FINE || problem == SETUP_REFUSED)
		return true;
	setup_form_words(self->form, index, false, words, sizeof(words));
	say(self, words);
	return false;
}

/* What reading a line came to, when it was none. */
static enum asked broken_off(enum line_end end)
{
	line_mode_break();
	return end == LINE_INTERRUPTED ? ASKED_QUIT : end == LINE_AGAIN ? ASKED_ON : ASKED_LEFT;
}

static enum asked ask_question(struct setup_prompt *self, size_t index)
{
	bool secret = self->form->model->fields[index].secret;
	char line[LINE_EDIT_BYTES_MAX + 1];
	enum asked asked = ASKED_ON;
	bool done = false;

	line[0] = '\0';
	for (unsigned tries = 0; asked == ASKED_ON && !done && tries < SETUP_PROMPT_TRIES_MAX;) {
		char *prompt = prompt_of(self, index);
		enum line_end end =
			prompt == NULL ? LINE_CLOSED : line_mode_ask(&self->mode, prompt, line, sizeof(line), secret);
		free(prompt);
		if (end != LINE_TYPED) {
			asked = broken_off(end);
			continue;
		}
		tries++;
		/* What is typed freely is taken as it is, as in the form. */
		done = take(self, index, self->form->model->fields[index].choices != NULL ? trim(line) : line);
	}
	explicit_bzero(line, sizeof(line));
	return asked == ASKED_ON && !done ? ASKED_LEFT : asked;
}

/* `only_wrong`: those that have an answer which fits are left out. */
static enum asked ask_all(struct setup_prompt *self, bool only_wrong)
{
	const struct setup_model *model = self->form->model;
	enum asked asked = ASKED_ON;
	char words[WORDS_MAX];

	for (size_t i = 0; i < model->count && asked == ASKED_ON; i++) {
		if (!setup_form_applies(self->form, i) ||
		    (only_wrong && setup_form_problem(self->form, i) == SETUP_FINE))
			continue;
		if (model->fields[i].fixed) {
			snprintf(words, sizeof(words),
				 "%s: %s is set in the environment, so it cannot be changed here.",
				 model->fields[i].label, model->fields[i].key);
			say(self, words);
			continue;
		}
		asked = ask_question(self, i);
	}
	return asked;
}

/* ---- The whole ---- */

static void say_answers(const struct setup_prompt *self)
{
	const struct setup_model *model = self->form->model;
	char *list = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&list, &size);

	if (out == NULL)
		return;
	for (size_t i = 0; i < model->count; i++) {
		const char *text = setup_form_text(self->form, i);
		bool hidden = model->fields[i].secret || self->form->entries[i].kept;
		if (setup_form_applies(self->form, i))
			fprintf(out, "%s- %s: %s", ftell(out) > 0 ? "\n" : "", model->fields[i].label,
				hidden && *text != '\0' ? "********" : text);
	}
	if (fclose(out) == 0)
		line_mode_say(&self->mode, (const char *const[]){"Your answers", list, NULL});
	free(list);
}

static bool is_word(const char *line, const char *word)
{
	return *line != '\0' && (strcasecmp(line, word) == 0 || (line[1] == '\0' && strncasecmp(line, word, 1) == 0));
}

/* ---- Checks ---- */

static void say_refused(const struct setup_prompt *self)
{
	const struct setup_model *model = self->form->model;
	char line[WORDS_MAX];

	for (size_t i = 0; i < model->count; i++) {
		if (!setup_form_applies(self->form, i) || setup_form_problem(self->form, i) != SETUP_REFUSED)
			continue;
		snprintf(line, sizeof(line), "%s: %s", model->fields[i].label, self->form->entries[i].verdict);
		say(self, line);
	}
}

/* How it ended, when no answer stands in the way of saving; *again: an answer was refused, or Ctrl-C stopped what checks. */
static enum setup_end check_answers(struct setup_prompt *self, bool *again)
{
	struct setup_checks checks;

	if (setup_checks_begin(&checks, self->form)) {
		say(self, "Checking your answers; Ctrl-C stops it.");
		switch (setup_checks_wait(&checks, self->mode.signals, &self->mode.fatal_signal)) {
		case SETUP_CHECKS_DONE:
			break;
		case SETUP_CHECKS_INTERRUPTED:
			line_mode_break();
			say(self, "The check was stopped. Nothing is saved.");
			*again = true;
			return SETUP_LEFT;
		case SETUP_CHECKS_FATAL:
			return SETUP_LEFT;
		}
	}
	if (setup_checks_passed(self->form))
		return SETUP_SAVE;
	say_refused(self);
	*again = true;
	return SETUP_LEFT;
}

/* *again: all is to be asked once more. */
static enum setup_end ask_to_save(struct setup_prompt *self, bool *again)
{
	char line[32];

	*again = false;
	for (unsigned tries = 0; tries < SETUP_PROMPT_TRIES_MAX;) {
		enum line_end end = line_mode_ask(&self->mode,
						  "Save and go on? Type yes, no, or again to go through the questions "
						  "once more, then Enter:",
						  line, sizeof(line), false);
		if (end != LINE_TYPED) {
			enum asked asked = broken_off(end);
			if (asked == ASKED_ON)
				continue;
			return asked == ASKED_QUIT ? SETUP_QUIT : SETUP_LEFT;
		}
		tries++;
		const char *word = trim(line);
		if (is_word(word, "yes"))
			return SETUP_SAVE;
		if (is_word(word, "no"))
			return SETUP_LEFT;
		*again = is_word(word, "again");
		if (*again)
			return SETUP_LEFT;
		line_mode_say_unknown(&self->mode, word, "The words are yes, no and again.");
	}
	return SETUP_LEFT;
}

enum setup_end setup_prompt_ask(struct setup_form *form, const struct signals *signals, bool utf8, int *fatal_signal)
{
	struct setup_prompt self = {.form = form, .mode = {.signals = signals, .utf8 = utf8}};
	enum setup_end end = SETUP_LEFT;
	bool again = true, only_wrong = false;
	char about[WORDS_MAX];

	snprintf(about, sizeof(about),
		 "The answers are kept on this machine, in %s. Enter alone keeps what stands in square brackets; "
		 "Ctrl-C leaves "
		 "and saves nothing.",
		 form->model->file);
	line_mode_say(&self.mode, (const char *const[]){form->model->title, about, NULL});
	line_mode_flush();
	for (unsigned rounds = 0; again && rounds < SETUP_PROMPT_ROUNDS_MAX; rounds++) {
		enum asked asked = ask_all(&self, only_wrong);
		again = false;
		end = asked == ASKED_QUIT ? SETUP_QUIT : SETUP_LEFT;
		if (asked != ASKED_ON)
			break;
		line_mode_break();
		say_answers(&self);
		end = ask_to_save(&self, &again);
		only_wrong = end == SETUP_SAVE;
		if (end == SETUP_SAVE)
			end = check_answers(&self, &again);
	}
	line_mode_unhide(&self.mode);
	if (self.mode.fatal_signal != 0)
		*fatal_signal = self.mode.fatal_signal;
	return end;
}
