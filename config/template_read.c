/* SPDX-License-Identifier: MIT */
/* x-upfront.files: files that are made from templates. */
#include "config/pool.h"
#include "config/reader.h"
#include "config/stack.h"
#include "config/utf8.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MODE_DEFAULT 0644u
#define IN_TEMPLATE(member) offsetof(struct stack_template, member)

/* Nothing outside of the stack's folder is read or made. */
static bool stays_below(const char *path)
{
	for (const char *at = path; *at;) {
		size_t length = strcspn(at, "/");

		if (length == 2 && memcmp(at, "..", 2) == 0)
			return false;
		at += length;
		at += strspn(at, "/");
	}
	return *path && *path != '/' && path[strlen(path) - 1] != '/';
}

static void read_path_below(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "a path below the stack's folder");

	if (!text)
		return;
	if (!stays_below(text) || !utf8_is_plain(text, PATH_MAX - 1))
		reader_wanted(self, key, value, "a path below the stack's folder, without '..'");
	else
		*(const char **)field = pool_strdup(self->pool, text);
}

static void read_mode(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "a mode such as \"0600\"");
	size_t length = text ? strspn(text, "01234567") : 0;

	if (text && (length < 3 || length > 4 || text[length] || (length == 4 && *text != '0')))
		reader_wanted(self, key, value, "a mode such as \"0600\"");
	else if (text)
		*(unsigned *)field = (unsigned)strtoul(text, NULL, 8);
}

static const struct key file_keys[] = {
	{"from", read_path_below, IN_TEMPLATE(from), 0},
	{"to", read_path_below, IN_TEMPLATE(to), 0},
	{"mode", read_mode, IN_TEMPLATE(mode), 0},
};
const struct key_table table_file = {"files", "file", file_keys, sizeof(file_keys) / sizeof(*file_keys), false};

static void read_template(struct reader *self, const char *key, const struct node *item, struct stack_template *into)
{
	*into = (struct stack_template){.mode = MODE_DEFAULT, .place = item->place};
	reader_map(self, key, item, &table_file, into);
	if (item->kind == NODE_MAP && !(node_find(item, "from") && node_find(item, "to")))
		err_at(self->err, ERR_CONFIG, item->place, "'files': wanted both 'from' and 'to'");
}

void read_templates(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct node *seen = node_create(self->pool, NODE_MAP, value->place);
	struct stack *stack = field;
	struct stack_template *list;

	if (!reader_want_list(self, key, value) || !reader_is_within(self, key, value, STACK_TEMPLATES_MAX, "files"))
		return;
	list = pool_array(self->pool, value->count + 1, sizeof(*list));
	for (size_t i = 0; i < value->count; i++) {
		const struct node *item = value->items[i];

		read_template(self, key, item, &list[i]);
		if (list[i].to && !reader_is_new(self, seen, list[i].to))
			err_at(self->err, ERR_CONFIG, item->place, "'files': '%s' is made twice", list[i].to);
	}
	stack->templates = list;
	stack->template_count = value->count;
}
