/* SPDX-License-Identifier: MIT */
#include "launcher/command/setup_set.h"

#include "config/err.h"
#include "config/setup.h"
#include "config/stack.h"
#include "config/strmap.h"
#include "launcher/cli.h"
#include "launcher/command/setup_ask.h"
#include "launcher/command/setup_ports.h"
#include "launcher/command/setup_sheet.h"
#include "ui/line_mode.h"
#include "ui/setup_checks.h"
#include "ui/signals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_BYTES (SETUP_ANSWER_BYTES_MAX + 1)
#define WORDS_MAX 640u

/* One --set of the command line. */
struct setting {
	const struct setup_question *question;
	size_t index; /* of it */
	const char *value;
};

struct setter {
	const struct cli_context *context;
	const struct setup *setup;
	struct setup_sheet sheet;
	bool *set; /* by question */
	struct strmap ports; /* their answers are no fields of the form */
};

static struct err_place place_of(const struct setting *setting)
{
	return setting->question->place;
}

/* ---- What was typed ---- */

static int unknown_key(const struct setup *setup, const char *key, struct err *err)
{
	const char **keys = calloc(setup->count + 1, sizeof(*keys)), *nearest;

	for (size_t i = 0; keys != NULL && i < setup->count; i++)
		keys[i] = setup->questions[i].key;
	nearest = keys != NULL ? err_nearest(key, keys) : NULL;
	err_set(err, ERR_USAGE, "--set: %s has no setup question '%s'%s%s%s", setup->app, key,
		nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "'?)" : "");
	if (setup->count > 0)
		err_hint(err, "x-upfront.setup of the stack file lists them, %s first", setup->questions[0].key);
	free(keys);
	return -EINVAL;
}

static int find_setting(const struct setup *setup, const char *text, struct setting *setting, struct err *err)
{
	const char *equals = strchr(text, '=');
	char *key = equals != NULL ? strndup(text, (size_t)(equals - text)) : NULL;
	int result;

	/* What has no key may be the value alone, and is nobody's to repeat. */
	if (equals == NULL || key == NULL || *key == '\0') {
		free(key);
		return err_set(err, ERR_USAGE, "--set: wanted KEY=VALUE");
	}
	setting->value = equals + 1;
	for (setting->index = 0; setting->index < setup->count; setting->index++)
		if (strcmp(setup->questions[setting->index].key, key) == 0)
			break;
	setting->question = &setup->questions[setting->index];
	result = setting->index < setup->count ? 0 : unknown_key(setup, key, err);
	free(key);
	return result;
}

/* ---- Standard input ---- */

/* Byte by byte: the next line is another answer's. */
static int read_line(const struct setting *setting, char *line, struct err *err)
{
	size_t used = 0;
	ssize_t got;
	char byte;

	while ((got = read(STDIN_FILENO, &byte, 1)) != 0) {
		if (got < 0 && errno != EINTR)
			return err_at(err, ERR_CONFIG, place_of(setting), "%s: cannot read standard input: %s",
				      setting->question->key, strerror(errno));
		if (got < 0)
			continue;
		if (byte == '\n')
			break;
		if (used == SETUP_ANSWER_BYTES_MAX || byte == '\0')
			return err_at(err, ERR_CONFIG, place_of(setting),
				      "%s: the line on standard input is no answer: it is too long, or no text",
				      setting->question->key);
		line[used++] = byte;
	}
	if (got == 0 && used == 0)
		return err_at(err, ERR_CONFIG, place_of(setting), "%s: standard input ended before the answer",
			      setting->question->key);
	line[used] = '\0';
	if (used > 0 && line[used - 1] == '\r')
		line[used - 1] = '\0';
	return 0;
}

/* 0, -errno, or an exit code. */
static int type_line(const struct setting *setting, char *line, struct err *err)
{
	struct signals signals;
	struct line_mode mode = {.signals = &signals, .utf8 = true};
	enum line_end end;
	char prompt[SETUP_ASK_BYTES_MAX + 64];

	if (signals_open(&signals) != 0)
		return err_set(err, ERR_INTERNAL, "cannot wait for an answer");
	snprintf(prompt, sizeof(prompt), "%s%s:", setting->question->ask != NULL ? setting->question->ask : "Port",
		 setting->question->secret ? " (not shown while you type)" : "");
	do {
		end = line_mode_ask(&mode, prompt, line, VALUE_BYTES, setting->question->secret);
	} while (end == LINE_AGAIN);
	line_mode_unhide(&mode);
	signals_close(&signals);
	if (end == LINE_INTERRUPTED)
		return 130;
	if (end == LINE_KILLED)
		return 128 + mode.fatal_signal;
	if (end == LINE_CLOSED || mode.cut)
		return err_at(err, ERR_CONFIG, place_of(setting), "%s: that is no answer", setting->question->key);
	return 0;
}

static int read_value(const struct setter *self, const struct setting *setting, char *line, struct err *err)
{
	if (!isatty(STDIN_FILENO))
		return read_line(setting, line, err);
	if (self->context->globals.no_input)
		return err_set(err, ERR_USAGE, "--set %s=-: standard input is a terminal, and --no-input was given",
			       setting->question->key);
	return type_line(setting, line, err);
}

/* ---- Taking the answers ---- */

static int check_fixed(const struct setter *self, const struct setting *setting, const char *value, struct err *err)
{
	const struct setup_answer *answer = &self->setup->answers[setting->index];

	if (answer->from != SETUP_FROM_ENVIRONMENT || strcmp(answer->text, value) == 0)
		return 0;
	err_at(err, ERR_CONFIG, place_of(setting), "%s is set in the environment, which counts more than --set",
	       setting->question->key);
	err_hint(err, "unset it there, or set it there alone");
	return -EINVAL;
}

static int refuse_choice(const struct setting *setting, const char *value, struct err *err)
{
	const char *const *choices = setting->question->choices;
	const char *nearest = err_nearest(value, choices);
	char *list = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&list, &size);

	for (size_t i = 0; out != NULL && choices[i] != NULL; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", choices[i]);
	if (out != NULL)
		fclose(out);
	err_at(err, ERR_CONFIG, place_of(setting), "%s: '%s' is none of its choices%s%s%s", setting->question->key,
	       value, nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
	       nearest != NULL ? "'?)" : "");
	if (list != NULL)
		err_hint(err, "they are %s", list);
	free(list);
	return -EINVAL;
}

static int take(struct setter *self, const struct setting *setting, const char *value, struct err *err)
{
	const struct setup_question *question = setting->question;
	int result = check_fixed(self, setting, value, err);

	if (result < 0)
		return result;
	self->set[setting->index] = true;
	if (question->ask == NULL) {
		result = setup_ports_check(self->setup, setting->index, value, err);
		if (result == 0 && strmap_set(&self->ports, question->key, value) < 0)
			result = err_set(err, ERR_INTERNAL, "out of memory");
		return result;
	}
	for (size_t i = 0; i < self->sheet.model.count; i++) {
		if (self->sheet.questions[i] != setting->index || setup_form_take(&self->sheet.form, i, value))
			continue;
		if (question->choices != NULL)
			return refuse_choice(setting, value, err);
		return err_at(err, ERR_CONFIG, question->place,
			      "%s: wanted one line of at most %u bytes, without control characters", question->key,
			      SETUP_ANSWER_BYTES_MAX);
	}
	return 0;
}

static int take_setting(struct setter *self, const char *text, struct err *err)
{
	char line[VALUE_BYTES];
	struct setting setting = {.question = NULL};
	int result = find_setting(self->setup, text, &setting, err);

	if (result == 0 && strcmp(setting.value, "-") == 0) {
		result = read_value(self, &setting, line, err);
		if (result == 0)
			result = take(self, &setting, line, err);
		explicit_bzero(line, sizeof(line));
	} else if (result == 0) {
		result = take(self, &setting, setting.value, err);
		/* It stays in the process list for as long as anything of this runs. */
		if (setting.question->secret)
			memset((char *)setting.value, '*', strlen(setting.value));
	}
	return result;
}

/* ---- Holding them against the questions ---- */

static bool is_set(const struct setter *self, size_t field)
{
	return self->set[self->sheet.questions[field]];
}

static void say_not_asked(const struct setter *self, const struct setup_question *question)
{
	if (!self->context->globals.quiet)
		fprintf(stderr, "upfront: %s is not kept: it counts only while %s is %s\n", question->key,
			question->when_key, question->when_value);
}

/* Whether each fits depends on the others: once all are taken. */
static int check_answers(const struct setter *self, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < self->sheet.model.count; i++) {
		const struct setup_question *question = &self->setup->questions[self->sheet.questions[i]];
		char words[WORDS_MAX];

		/* Only what is given now is submitted. */
		self->sheet.fields[i].checked = self->sheet.fields[i].checked && is_set(self, i);
		if (!is_set(self, i))
			continue;
		if (!setup_form_applies(&self->sheet.form, i)) {
			say_not_asked(self, question);
		} else if (setup_form_problem(&self->sheet.form, i) != SETUP_FINE) {
			setup_form_words(&self->sheet.form, i, false, words, sizeof(words));
			result = err_at(err, ERR_CONFIG, question->place, "%s: %s", question->key, words);
		}
	}
	return result;
}

static int run_checks(struct setter *self, struct err *err)
{
	struct setup_form *form = &self->sheet.form;
	struct setup_checks checks;
	struct signals signals;
	enum setup_checks_end end;
	int fatal_signal = 0, result = 0;

	if (setup_form_unchecked(form, 0) == form->model->count)
		return 0;
	if (signals_open(&signals) != 0)
		return err_set(err, ERR_INTERNAL, "cannot wait for a check");
	setup_checks_begin(&checks, form);
	end = setup_checks_wait(&checks, &signals, &fatal_signal);
	signals_close(&signals);
	if (end != SETUP_CHECKS_DONE)
		return end == SETUP_CHECKS_FATAL ? 128 + fatal_signal : 130;
	for (size_t i = 0; i < form->model->count; i++)
		if (setup_form_applies(form, i) && setup_form_problem(form, i) == SETUP_REFUSED)
			result = err_at(err, ERR_CONFIG, self->setup->questions[self->sheet.questions[i]].place,
					"%s: %s", form->model->fields[i].key, form->entries[i].verdict);
	if (result == 0 && !setup_checks_passed(form))
		result = err_set(err, ERR_INTERNAL, "out of memory");
	return result;
}

static int keep(const struct setter *self, struct strmap *kept, struct err *err)
{
	const struct setup_form *form = &self->sheet.form;
	struct strmap answers, saved;
	int result = 0;

	strmap_init(&answers);
	strmap_init(&saved);
	for (size_t i = 0; i < form->model->count && result == 0; i++)
		if (is_set(self, i) && setup_form_answer(form, i) != NULL)
			result = strmap_set(&answers, form->model->fields[i].key, setup_form_answer(form, i));
	for (size_t i = 0; i < self->setup->count && result == 0; i++) {
		const char *key = self->setup->questions[i].key, *port = strmap_find(&self->ports, key);

		if (port != NULL && (self->setup->answers[i].from != SETUP_FROM_ENV_FILE ||
				     strcmp(self->setup->answers[i].text, port) != 0))
			result = strmap_set(&answers, key, port);
	}
	if (result < 0)
		result = err_set(err, ERR_INTERNAL, "out of memory");
	if (result == 0)
		result = setup_sheet_keep(self->setup, &answers, &saved, err);
	if (result == 0)
		setup_say_kept(self->context, self->setup, &saved);
	if (result == 0 && strmap_merge(kept, &saved) < 0)
		result = err_set(err, ERR_INTERNAL, "out of memory");
	setup_sheet_wipe(&answers);
	strmap_finish(&saved);
	return result;
}

int setup_set(const struct cli_context *context, const struct setup *setup, const char *const *sets,
	      struct strmap *kept, struct err *err)
{
	struct setter self = {.context = context, .setup = setup};
	int result;

	strmap_init(&self.ports);
	self.set = calloc(setup->count + 1, sizeof(*self.set));
	result = setup_sheet_init(&self.sheet, context, setup, err);
	if (result == 0 && self.set == NULL)
		result = err_set(err, ERR_INTERNAL, "out of memory");
	for (; *sets != NULL && result == 0; sets++)
		result = take_setting(&self, *sets, err);
	if (result == 0)
		result = check_answers(&self, err);
	if (result == 0)
		result = run_checks(&self, err);
	if (result == 0)
		result = keep(&self, kept, err);
	setup_sheet_finish(&self.sheet);
	strmap_finish(&self.ports);
	free(self.set);
	return result;
}
