/* SPDX-License-Identifier: MIT */
/* x-upfront.setup: the questions that a product asks before its first start. */
#include "config/pool.h"
#include "config/reader.h"
#include "config/stack.h"
#include "config/utf8.h"

#include <stdlib.h>
#include <string.h>

#define IN_QUESTION(member) offsetof(struct setup_question, member)

static bool is_variable(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool letter =
			(name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') || name[i] == '_';

		if (!letter && (i == 0 || name[i] < '0' || name[i] > '9'))
			return false;
	}
	return length > 0;
}

static void read_variable(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "the name of a variable");

	if (text && !is_variable(text, strlen(text)))
		reader_wanted(self, key, value, "the name of a variable");
	else if (text)
		*(const char **)field = pool_strdup(self->pool, text);
}

/* An answer that is chosen becomes a value in .env, and a word on the screen. */
static void read_choices(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct node *seen = node_create(self->pool, NODE_MAP, value->place);
	const char **choices;

	if (!reader_want_list(self, key, value))
		return;
	if (value->count == 0) {
		reader_wanted(self, key, value, "at least one answer");
		return;
	}
	if (!reader_is_within(self, key, value, SETUP_CHOICES_MAX, "choices"))
		return;
	choices = pool_array(self->pool, value->count + 1, sizeof(*choices));
	for (size_t i = 0; i < value->count; i++) {
		const struct node *item = value->items[i];
		const char *text = reader_scalar(self, key, item, "an answer");

		if (!text)
			return;
		if (!*text || !utf8_is_plain(text, SETUP_ANSWER_BYTES_MAX)) {
			reader_wanted(self, key, item, "an answer on one line");
			return;
		}
		if (!reader_is_new(self, seen, text)) {
			err_at(self->err, ERR_CONFIG, item->place, "'%s': '%s' is there twice", key, text);
			return;
		}
		choices[i] = pool_strdup(self->pool, text);
	}
	*(const char *const **)field = choices;
}

static void read_ask(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "a question");

	if (text && (!*text || !utf8_is_plain(text, SETUP_ASK_BYTES_MAX)))
		reader_wanted(self, key, value, "a question on one line, of at most 200 bytes");
	else if (text)
		*(const char **)field = pool_strdup(self->pool, text);
}

static void read_when(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct setup_question *question = field;
	const char *text = reader_scalar(self, key, value, "KEY=value");
	const char *equals = text ? strchr(text, '=') : NULL;

	if (!text)
		return;
	if (!equals || !is_variable(text, (size_t)(equals - text))) {
		reader_wanted(self, key, value, "KEY=value");
		return;
	}
	question->when_key = pool_strndup(self->pool, text, (size_t)(equals - text));
	question->when_value = pool_strdup(self->pool, equals + 1);
}

static void read_first_port(struct reader *self, const char *key, const struct node *value, void *field)
{
	int64_t number;

	if (reader_int(self, key, value, 1, 65535, &number))
		*(int *)field = (int)number;
}

static const struct key setup_check_keys[] = {
	{"exec", read_argv, 0, 0},
};
const struct key_table table_setup_check = {"check", "setup_check", setup_check_keys,
					    sizeof(setup_check_keys) / sizeof(*setup_check_keys), false};

static void read_check(struct reader *self, const char *key, const struct node *value, void *field)
{
	reader_map(self, key, value, &table_setup_check, field);
	if (value->kind == NODE_MAP && !node_find(value, "exec"))
		err_at(self->err, ERR_CONFIG, value->place, "'check': wanted {exec: [PROGRAM, ARGUMENT...]}");
}

static const struct key setup_keys[] = {
	{"key", read_variable, IN_QUESTION(key), 0},        {"ask", read_ask, IN_QUESTION(ask), 0},
	{"choices", read_choices, IN_QUESTION(choices), 0}, {"secret", read_bool, IN_QUESTION(secret), 0},
	{"pattern", read_pattern, IN_QUESTION(pattern), 0}, {"when", read_when, 0, 0},
	{"port", read_first_port, IN_QUESTION(port), 0},    {"check", read_check, IN_QUESTION(check), 0},
};
const struct key_table table_setup = {"setup", "setup", setup_keys, sizeof(setup_keys) / sizeof(*setup_keys), false};

/* Among the questions before it, so that an answer is there when it is looked at. */
static void check_when(struct reader *self, const struct setup_question *questions, size_t count,
		       const struct setup_question *question, struct err_place place)
{
	const struct setup_question *other = NULL;
	const char **names = pool_array(self->pool, count + 1, sizeof(*names));
	size_t choice = 0;

	for (size_t i = 0; i < count; i++) {
		/* A port is no answer of anybody's. */
		names[i] = questions[i].key && questions[i].ask ? questions[i].key : "";
		if (strcmp(names[i], question->when_key) == 0)
			other = &questions[i];
	}
	if (!other) {
		err_at(self->err, ERR_CONFIG, place, "'when': no earlier question has the key '%s'%s",
		       question->when_key, reader_nearest(self, question->when_key, names));
		return;
	}
	while (other->choices && other->choices[choice] && strcmp(other->choices[choice], question->when_value) != 0)
		choice++;
	if (other->choices && !other->choices[choice])
		err_at(self->err, ERR_CONFIG, place, "'when': '%s' is no choice of '%s'%s", question->when_value,
		       other->key, reader_nearest(self, question->when_value, other->choices));
}

static void check_question(struct reader *self, const struct setup_question *question, const struct node *item)
{
	static const char *const of_asking[] = {"choices", "secret", "pattern", "check"};
	const struct node *choices = node_find(item, "choices");

	if (!node_find(item, "ask") == !node_find(item, "port"))
		err_at(self->err, ERR_CONFIG, item->place, "'setup': wanted either 'ask' or 'port'");
	if (question->choices && (question->secret || question->pattern))
		err_at(self->err, ERR_CONFIG, choices->place,
		       "'setup': 'choices' goes with neither 'secret' nor 'pattern'");
	for (size_t i = 0; !node_find(item, "ask") && i < sizeof(of_asking) / sizeof(*of_asking); i++)
		if (node_find(item, of_asking[i]))
			err_at(self->err, ERR_CONFIG, node_find_pair(item, of_asking[i])->key_place,
			       "'setup': '%s' goes with 'ask' only: a port is chosen, not asked", of_asking[i]);
}

static void read_questions(struct reader *self, const struct node *value, struct setup_question *questions)
{
	struct node *seen = node_create(self->pool, NODE_MAP, value->place);

	for (size_t i = 0; i < value->count; i++) {
		const struct node *item = value->items[i];
		const struct node *name = node_find(item, "key"), *when = node_find(item, "when");
		struct setup_question *question = &questions[i];

		question->place = item->place;
		reader_map(self, "setup", item, &table_setup, question);
		if (item->kind != NODE_MAP)
			continue;
		if (!name)
			err_at(self->err, ERR_CONFIG, item->place, "'setup': this question has no 'key'");
		else if (question->key && !reader_is_new(self, seen, question->key))
			err_at(self->err, ERR_CONFIG, name->place, "'setup': '%s' is there twice", question->key);
		check_question(self, question, item);
		if (question->when_key)
			check_when(self, questions, i, question, when->place);
	}
}

void read_setup(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct stack *stack = field;
	struct setup_question *questions;

	if (!reader_want_list(self, key, value) ||
	    !reader_is_within(self, key, value, SETUP_QUESTIONS_MAX, "questions"))
		return;
	questions = pool_array(self->pool, value->count + 1, sizeof(*questions));
	read_questions(self, value, questions);
	stack->setup = questions;
	stack->setup_count = value->count;
}
