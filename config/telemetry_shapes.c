/* SPDX-License-Identifier: MIT */
/* Parts of x-upfront that are checked when the file is read and used from the tree. */
#include "config/pool.h"
#include "config/reader.h"
#include "config/stack.h"

#include <stdlib.h>
#include <string.h>

/* ---- Shared ---- */

static bool is_word_list(struct reader *self, const char *key, const struct node *value)
{
	for (size_t i = 0; i < value->count; i++) {
		if (value->items[i]->kind != NODE_SCALAR || !*value->items[i]->text) {
			reader_wanted(self, key, value->items[i], "a word");
			return false;
		}
	}
	if (value->count == 0)
		reader_wanted(self, key, value, "at least one word");
	return value->count > 0;
}

/* One of the kinds by name, or a list of words: an enumeration. */
static void check_kind(struct reader *self, const char *key, const struct node *value, const char *const *kinds)
{
	if (value->kind == NODE_LIST)
		is_word_list(self, key, value);
	else
		reader_word(self, key, value, "kind", kinds);
}

static bool want_map(struct reader *self, const char *key, const struct node *value)
{
	if (value->kind == NODE_MAP)
		return true;
	if (value->kind != NODE_NULL)
		reader_wanted(self, key, value, "a map");
	return false;
}

static bool want_list(struct reader *self, const char *key, const struct node *value)
{
	if (value->kind == NODE_LIST)
		return true;
	reader_wanted(self, key, value, "a list");
	return false;
}

/* ---- telemetry.services ---- */

void check_events(struct reader *self, const char *key, const struct node *value, void *field)
{
	static const char *const kinds[] = {"bool", "number", "int", "string", "text", NULL};

	(void)field;
	for (size_t i = 0; want_map(self, key, value) && i < value->count; i++) {
		const struct node_pair *event = &value->pairs[i];

		if (!*event->key || *event->key == '$')
			err_at(self->err, ERR_CONFIG, event->key_place,
			       "'%s' is no name of an event: those with '$' are reserved", event->key);
		for (size_t k = 0; want_map(self, event->key, event->value) && k < event->value->count; k++)
			check_kind(self, event->value->pairs[k].key, event->value->pairs[k].value, kinds);
	}
}

/* ---- telemetry.commands ---- */

static bool is_option_name(const char *name)
{
	size_t length = strlen(name);

	return *name == '-' || (length > 2 && *name == '<' && name[length - 1] == '>');
}

static void check_command(struct reader *self, const struct node_pair *command)
{
	static const char *const kinds[] = {"value", "path", "url", "secret", "bool", "count", "int", NULL};
	bool track;

	for (size_t i = 0; want_map(self, command->key, command->value) && i < command->value->count; i++) {
		const struct node_pair *pair = &command->value->pairs[i];

		if (strcmp(pair->key, "track") == 0) {
			read_bool(self, pair->key, pair->value, &track);
		} else if (strcmp(pair->key, "aliases") == 0) {
			if (want_list(self, pair->key, pair->value))
				is_word_list(self, pair->key, pair->value);
		} else if (is_option_name(pair->key)) {
			check_kind(self, pair->key, pair->value, kinds);
		} else {
			err_at(self->err, ERR_CONFIG, pair->key_place,
			       "command '%s': '%s' is neither an option (-x, --name) nor a positional (<name>)",
			       command->key, pair->key);
			err_hint(self->err, "other keys of a command are 'aliases' and 'track'");
		}
	}
}

void check_commands(struct reader *self, const char *key, const struct node *value, void *field)
{
	(void)field;
	for (size_t i = 0; want_map(self, key, value) && i < value->count; i++) {
		const struct node_pair *tool = &value->pairs[i];

		for (size_t k = 0; want_map(self, tool->key, tool->value) && k < tool->value->count; k++)
			check_command(self, &tool->value->pairs[k]);
	}
}

/* ---- telemetry.routes, telemetry.origins ---- */

void check_routes(struct reader *self, const char *key, const struct node *value, void *field)
{
	(void)field;
	for (size_t i = 0; want_list(self, key, value) && i < value->count; i++) {
		const struct node *item = value->items[i];

		if (item->kind != NODE_SCALAR || *item->text != '/' || strpbrk(item->text, " \t?#"))
			reader_wanted(self, key, item, "a route such as /api/v1/charts/{id}");
	}
}

void check_origins(struct reader *self, const char *key, const struct node *value, void *field)
{
	(void)field;
	for (size_t i = 0; want_list(self, key, value) && i < value->count; i++) {
		const struct node *item = value->items[i];
		const char *authority = item->kind == NODE_SCALAR ? strstr(item->text, "://") : NULL;
		bool http = authority &&
			    (strncmp(item->text, "http://", 7) == 0 || strncmp(item->text, "https://", 8) == 0);

		if (!http || !authority[3] || strpbrk(authority + 3, "/?#@* \t"))
			reader_wanted(self, key, item, "an origin such as http://localhost:3000");
	}
}

/* ---- on_withdraw ---- */

struct withdraw {
	int signal;
	const char *const *argv;
};

static const struct key withdraw_keys[] = {
	{"signal", read_signal, offsetof(struct withdraw, signal), 0},
	{"exec", read_argv, offsetof(struct withdraw, argv), 0},
};
const struct key_table table_withdraw = {"on_withdraw", "withdraw", withdraw_keys,
					 sizeof(withdraw_keys) / sizeof(*withdraw_keys), false};

void check_withdraw(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct withdraw withdraw = {0, NULL};

	(void)field;
	reader_map(self, key, value, &table_withdraw, &withdraw);
	if (value->kind == NODE_MAP && !node_find(value, "signal") == !node_find(value, "exec"))
		err_at(self->err, ERR_CONFIG, value->place,
		       "'on_withdraw': wanted either {signal: NAME} or {exec: [...]}");
}

/* ---- setup ---- */

struct question {
	const char *key, *ask, *pattern, *when;
	const char *const *choices;
	bool secret;
	int port;
};

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
	else
		*(const char **)field = text;
}

static void read_when(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "KEY=value");
	const char *equals = text ? strchr(text, '=') : NULL;

	if (text && (!equals || !is_variable(text, (size_t)(equals - text))))
		reader_wanted(self, key, value, "KEY=value");
	else
		*(const char **)field = text;
}

static void read_first_port(struct reader *self, const char *key, const struct node *value, void *field)
{
	int64_t number;

	if (reader_int(self, key, value, 1, 65535, &number))
		*(int *)field = (int)number;
}

static const struct key setup_keys[] = {
	{"key", read_variable, offsetof(struct question, key), 0},
	{"ask", read_text, offsetof(struct question, ask), 0},
	{"choices", read_argv, offsetof(struct question, choices), 0},
	{"secret", read_bool, offsetof(struct question, secret), 0},
	{"pattern", read_pattern, offsetof(struct question, pattern), 0},
	{"when", read_when, offsetof(struct question, when), 0},
	{"port", read_first_port, offsetof(struct question, port), 0},
};
const struct key_table table_setup = {"setup", "setup", setup_keys, sizeof(setup_keys) / sizeof(*setup_keys), false};

void check_setup(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct node *seen = node_create(self->pool, NODE_MAP, value->place);

	(void)field;
	for (size_t i = 0; want_list(self, key, value) && i < value->count; i++) {
		const struct node *item = value->items[i];
		const struct node *name = node_find(item, "key");
		struct question question = {.key = NULL};

		reader_map(self, key, item, &table_setup, &question);
		if (item->kind != NODE_MAP)
			continue;
		if (!name)
			err_at(self->err, ERR_CONFIG, item->place, "'setup': this question has no 'key'");
		else if (question.key && node_find(seen, question.key))
			err_at(self->err, ERR_CONFIG, name->place, "'setup': '%s' is there twice", question.key);
		else if (question.key)
			node_set(self->pool, seen, question.key, name->place,
				 node_create(self->pool, NODE_NULL, name->place));
		if (!node_find(item, "ask") == !node_find(item, "port"))
			err_at(self->err, ERR_CONFIG, item->place, "'setup': wanted either 'ask' or 'port'");
	}
}

/* ---- files ---- */

struct file_copy {
	const char *from, *to, *mode;
};

static void read_mode(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "a mode such as \"0600\"");
	size_t length = text ? strspn(text, "01234567") : 0;

	if (text && (length < 3 || length > 4 || text[length] || (length == 4 && *text != '0')))
		reader_wanted(self, key, value, "a mode such as \"0600\"");
	else
		*(const char **)field = text;
}

static const struct key file_keys[] = {
	{"from", read_text, offsetof(struct file_copy, from), 0},
	{"to", read_text, offsetof(struct file_copy, to), 0},
	{"mode", read_mode, offsetof(struct file_copy, mode), 0},
};
const struct key_table table_file = {"files", "file", file_keys, sizeof(file_keys) / sizeof(*file_keys), false};

void check_files(struct reader *self, const char *key, const struct node *value, void *field)
{
	(void)field;
	for (size_t i = 0; want_list(self, key, value) && i < value->count; i++) {
		struct file_copy copy = {NULL, NULL, NULL};

		reader_map(self, key, value->items[i], &table_file, &copy);
		if (value->items[i]->kind == NODE_MAP &&
		    !(node_find(value->items[i], "from") && node_find(value->items[i], "to")))
			err_at(self->err, ERR_CONFIG, value->items[i]->place, "'files': wanted both 'from' and 'to'");
	}
}
