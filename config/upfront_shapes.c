/* SPDX-License-Identifier: MIT */
/* Parts of x-upfront that are checked when the file is read and used from the tree. */
#include "config/pool.h"
#include "config/reader.h"

#include <stdlib.h>
#include <string.h>

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
	for (size_t i = 0; reader_want_list(self, key, value) && i < value->count; i++) {
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
	for (size_t i = 0; reader_want_list(self, key, value) && i < value->count; i++) {
		struct file_copy copy = {NULL, NULL, NULL};

		reader_map(self, key, value->items[i], &table_file, &copy);
		if (value->items[i]->kind == NODE_MAP &&
		    !(node_find(value->items[i], "from") && node_find(value->items[i], "to")))
			err_at(self->err, ERR_CONFIG, value->items[i]->place, "'files': wanted both 'from' and 'to'");
	}
}
