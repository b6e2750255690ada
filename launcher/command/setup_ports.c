/* SPDX-License-Identifier: MIT */
#include "launcher/command/setup_ports.h"

#include "config/err.h"
#include "config/setup.h"
#include "config/stack.h"
#include "config/strmap.h"
#include "launcher/cli.h"
#include "launcher/command/setup_sheet.h"
#include "launcher/process/ports.h"
#include "launcher/project.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLDER_BYTES 160
#define PORT_BYTES 8

/* 0: it is none. */
static int number_of(const char *text)
{
	size_t digits = text != NULL ? strspn(text, "0123456789") : 0;
	long number = digits > 0 && digits <= 5 && text[digits] == '\0' ? strtol(text, NULL, 10) : 0;

	return number >= 1 && number <= 65535 ? (int)number : 0;
}

/* Numbers that questions of this stack have by now. */
struct taken {
	int numbers[SETUP_QUESTIONS_MAX];
	size_t count;
};

static bool is_taken(const struct taken *self, int number)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->numbers[i] == number)
			return true;
	return false;
}

static void take(struct taken *self, int number)
{
	if (self->count < SETUP_QUESTIONS_MAX)
		self->numbers[self->count++] = number;
}

static int find_free(const struct taken *taken, int first)
{
	for (int number = first; number <= 65535; number++)
		if (!is_taken(taken, number) && ports_is_free(number))
			return number;
	return 0;
}

static bool is_port(const struct setup *setup, size_t index)
{
	return setup->questions[index].ask == NULL && setup_applies(setup, index);
}

static void say_chosen(const struct cli_context *context, const struct setup *setup, const char *key, int wanted,
		       int number, const struct taken *taken)
{
	char holder[HOLDER_BYTES];

	if (context->globals.quiet || (wanted == number && !context->globals.verbose))
		return;
	if (wanted == number) {
		fprintf(stderr, "upfront: %s is %d, kept in %s\n", key, number, setup->env_shown);
		return;
	}
	if (is_taken(taken, wanted))
		snprintf(holder, sizeof(holder), "another part of this stack");
	else
		ports_holder_words(wanted, holder, sizeof(holder));
	fprintf(stderr, "upfront: port %d is in use by %s: %s is %d from now on, kept in %s\n", wanted, holder, key,
		number, setup->env_shown);
}

static int choose(const struct cli_context *context, const struct setup *setup, size_t index, int wanted,
		  struct taken *taken, struct strmap *answers, struct err *err)
{
	const struct setup_question *question = &setup->questions[index];
	int number = find_free(taken, wanted);
	char text[PORT_BYTES];

	if (number == 0) {
		err_at(err, ERR_MISSING, question->place, "%s: no port from %d on is free", question->key, wanted);
		err_hint(err, "end what holds them, or give one: --set %s=PORT", question->key);
		return -EADDRINUSE;
	}
	say_chosen(context, setup, question->key, wanted, number, taken);
	take(taken, number);
	snprintf(text, sizeof(text), "%d", number);
	return strmap_set(answers, question->key, text) < 0 ? err_set(err, ERR_INTERNAL, "out of memory") : 0;
}

/* The number to begin with when this port is to be chosen; 0: it stays. */
static int wanted_port(const struct setup *setup, size_t index, bool moves, const struct taken *taken)
{
	const struct setup_answer *answer = &setup->answers[index];
	int number = number_of(answer->text);

	if (answer->from == SETUP_FROM_ENVIRONMENT)
		return 0;
	/* A default says what the file would do without a choice. */
	if (answer->from != SETUP_FROM_ENV_FILE || answer->text == NULL || *answer->text == '\0')
		return setup->questions[index].port;
	/* What is no number is said by whoever needs one. */
	if (number == 0 || !moves || (!is_taken(taken, number) && ports_is_free(number)))
		return 0;
	return number;
}

int setup_ports_settle(const struct cli_context *context, const struct setup *setup, bool moves, struct strmap *kept,
		       struct err *err)
{
	struct taken taken = {.count = 0};
	struct strmap answers;
	int result = 0;

	strmap_init(&answers);
	for (size_t i = 0; i < setup->count; i++)
		if (is_port(setup, i) && setup->answers[i].from == SETUP_FROM_ENVIRONMENT)
			take(&taken, number_of(setup->answers[i].text));
	moves = moves && !project_name_is_running(setup->project);
	for (size_t i = 0; i < setup->count && result == 0; i++) {
		int wanted = is_port(setup, i) ? wanted_port(setup, i, moves, &taken) : 0;

		if (wanted > 0)
			result = choose(context, setup, i, wanted, &taken, &answers, err);
		else if (is_port(setup, i))
			take(&taken, number_of(setup->answers[i].text));
	}
	if (result == 0)
		result = setup_sheet_keep(setup, &answers, kept, err);
	strmap_finish(&answers);
	return result;
}

int setup_ports_check(const struct setup *setup, size_t index, const char *text, struct err *err)
{
	const struct setup_question *question = &setup->questions[index];
	char holder[HOLDER_BYTES];
	int number = number_of(text);

	if (number == 0)
		return err_at(err, ERR_CONFIG, question->place, "%s: wanted a port, 1 to 65535, found '%s'",
			      question->key, text);
	if (ports_is_free(number) || project_name_is_running(setup->project))
		return 0;
	ports_holder_words(number, holder, sizeof(holder));
	err_at(err, ERR_MISSING, question->place, "%s: port %d is in use by %s", question->key, number, holder);
	err_hint(err, "choose another one, or let upfront choose: leave out --set %s", question->key);
	return -EADDRINUSE;
}
