/* SPDX-License-Identifier: MIT */
#include "config/settings_text.h"

#include "config/err.h"
#include "config/node.h"
#include "config/pool.h"
#include "config/stack_yaml.h"
#include "config/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SETTINGS_TEXT_NOWHERE SIZE_MAX

/* A piece of the text, [begin, end). */
struct settings_span {
	size_t begin, end;
};

static int settings_text_parse(struct settings_text *self, struct err *err)
{
	struct pool *pool = pool_create();
	struct node *root;
	int result = stack_yaml_parse(pool, self->path, self->bytes, self->size, &root, err);

	if (result == 0 && root->kind != NODE_MAP && root->kind != NODE_NULL)
		result = err_at(err, ERR_CONFIG, root->place, "settings must be a map, found %s", node_kind_name(root));
	if (result < 0) {
		pool_destroy(pool);
		return result;
	}
	pool_destroy(self->pool);
	self->pool = pool;
	self->root = root;
	return 0;
}

int settings_text_init(struct settings_text *self, const char *path, char *bytes, size_t size_bytes, struct err *err)
{
	*self = (struct settings_text){.path = path, .bytes = bytes, .size = size_bytes};
	return settings_text_parse(self, err);
}

void settings_text_finish(struct settings_text *self)
{
	free(self->bytes);
	pool_destroy(self->pool);
	*self = (struct settings_text){0};
}

static bool settings_text_same(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind || a->count != b->count || a->tag != b->tag)
		return false;
	if (a->kind == NODE_SCALAR)
		return a->style == b->style && strcmp(a->text, b->text) == 0;
	for (size_t i = 0; i < a->count; i++) {
		const struct node *other = a->kind == NODE_LIST ? b->items[i] : node_find(b, a->pairs[i].key);

		if (!other || !settings_text_same(a->kind == NODE_LIST ? a->items[i] : a->pairs[i].value, other))
			return false;
	}
	return true;
}

/* Replaces `span` by `insert`, provided that the text then reads as `wanted`. */
static int settings_text_splice(struct settings_text *self, struct settings_span span, const char *insert,
				const struct node *wanted, struct err *err)
{
	struct settings_text edited = {.path = self->path};
	size_t insert_size = strlen(insert);
	bool is_empty;
	int result;

	if (span.begin == SETTINGS_TEXT_NOWHERE || span.begin > span.end || span.end > self->size)
		goto refused;
	edited.size = self->size - (span.end - span.begin) + insert_size;
	edited.bytes = malloc(edited.size + 1);
	if (!edited.bytes)
		return err_set(err, ERR_INTERNAL, "out of memory");
	memcpy(edited.bytes, self->bytes, span.begin);
	memcpy(edited.bytes + span.begin, insert, insert_size);
	memcpy(edited.bytes + span.begin + insert_size, self->bytes + span.end, self->size - span.end);
	edited.bytes[edited.size] = '\0';
	result = settings_text_parse(&edited, NULL);
	if (result < 0)
		goto refused;
	/* Comments alone are as good as an empty map. */
	is_empty = edited.root->kind == NODE_NULL && wanted->kind == NODE_MAP && wanted->count == 0;
	if (!is_empty && !settings_text_same(edited.root, wanted))
		goto refused;
	settings_text_finish(self);
	*self = edited;
	self->changed = true;
	return 0;
refused:
	settings_text_finish(&edited);
	return err_at(err, ERR_CONFIG, (struct err_place){self->path, 0, 0},
		      "the file is laid out in a way that cannot be edited safely");
}

static size_t settings_text_start(const struct settings_text *self)
{
	return self->size >= 3 && memcmp(self->bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Where the line begins that follows the one of `at`. */
static size_t settings_text_next_line(const struct settings_text *self, size_t at)
{
	while (at < self->size && self->bytes[at] != '\n' && self->bytes[at] != '\r')
		at++;
	if (at + 1 < self->size && self->bytes[at] == '\r' && self->bytes[at + 1] == '\n')
		at++;
	return at < self->size ? at + 1 : at;
}

static size_t settings_text_line(const struct settings_text *self, int line)
{
	size_t at = settings_text_start(self);

	while (--line > 0)
		at = settings_text_next_line(self, at);
	return at;
}

static size_t settings_text_offset(const struct settings_text *self, struct err_place place)
{
	size_t at = settings_text_line(self, place.line);

	for (int column = 1; column < place.column && at < self->size; column++) {
		size_t length = utf8_length(self->bytes + at, self->size - at);

		at += length ? length : 1;
	}
	return at;
}

/* The bytes of a scalar or key with this text at `place`, its quotes included. */
static struct settings_span settings_text_token(const struct settings_text *self, struct err_place place,
						const char *text)
{
	struct settings_span span = {SETTINGS_TEXT_NOWHERE, 0};
	size_t at = settings_text_offset(self, place);
	char quote = at > 0 ? self->bytes[at - 1] : '\0';

	if (quote == '"' || quote == '\'') {
		for (span.end = at; span.end < self->size; span.end++) {
			if (self->bytes[span.end] == '\\' && quote == '"')
				span.end++;
			else if (self->bytes[span.end] == quote && quote == '\'' && self->bytes[span.end + 1] == quote)
				span.end++;
			else if (self->bytes[span.end] == quote)
				break;
		}
		span.end++;
		span.begin = at - 1;
	} else if (self->size - at >= strlen(text) && memcmp(self->bytes + at, text, strlen(text)) == 0) {
		span.begin = at;
		span.end = at + strlen(text);
	}
	return span;
}

static struct settings_span settings_text_key(const struct settings_text *self, const struct node_pair *pair)
{
	return settings_text_token(self, pair->key_place, pair->key);
}

static bool settings_text_is_flow(const struct settings_text *self, const struct node *node)
{
	size_t at = settings_text_offset(self, node->place);

	return at < self->size && (self->bytes[at] == '{' || self->bytes[at] == '[');
}

/* The file's own kind of line end. */
static const char *settings_text_newline(const struct settings_text *self)
{
	return memmem(self->bytes, self->size, "\r\n", 2) ? "\r\n" : "\n";
}

/* A copy of the tree to make changes in, to compare with; an empty file is an empty map. */
static struct node *settings_text_wanted(const struct settings_text *self)
{
	if (self->root->kind == NODE_MAP)
		return node_copy(self->pool, self->root);
	return node_create(self->pool, NODE_MAP, self->root->place);
}

/* Adds `key: value` to the map at the root: `flow_value` is the value on one line, `block_value` as it stands behind "key:". */
static int settings_text_add(struct settings_text *self, const char *key, const char *flow_value,
			     const char *block_value, const struct node *wanted, struct err *err)
{
	struct settings_span end = {self->size, self->size};
	const char *newline = settings_text_newline(self);
	bool is_complete = !self->size || self->bytes[self->size - 1] == '\n';
	char *line;
	int result;

	if (self->root->kind == NODE_MAP && settings_text_is_flow(self, self->root)) {
		end.begin = end.end = settings_text_offset(self, self->root->place) + 1;
		line = pool_printf(self->pool, "\"%s\": %s%s", key, flow_value, self->root->count ? ", " : "");
	} else {
		/* The keys of a map may all be indented. */
		int indent = self->root->kind == NODE_MAP ? self->root->pairs[0].key_place.column - 1 : 0;

		line = pool_printf(self->pool, "%s%*s%s:%s%s", is_complete ? "" : newline, indent, "", key, block_value,
				   newline);
	}
	result = settings_text_splice(self, end, line, wanted, err);
	return result;
}

/* The lines of an entry of a block map: up to the next key, without comments and blank lines that lead to that. */
static struct settings_span settings_text_entry_lines(const struct settings_text *self, size_t index)
{
	const struct node *map = self->root;
	struct settings_span span;
	size_t limit =
		index + 1 < map->count ? settings_text_line(self, map->pairs[index + 1].key_place.line) : self->size;

	span.begin = settings_text_line(self, map->pairs[index].key_place.line);
	span.end = settings_text_next_line(self, span.begin);
	for (size_t at = span.end; at < limit; at = settings_text_next_line(self, at)) {
		size_t text = at + strspn(self->bytes + at, " \t");

		if (self->bytes[text] != '#' && self->bytes[text] != '\n' && self->bytes[text] != '\r' &&
		    text < self->size && strncmp(self->bytes + at, "...", 3) != 0)
			span.end = settings_text_next_line(self, at);
	}
	return span;
}

/* An entry of a flow map with the comma that parts it from its neighbour. */
static struct settings_span settings_text_entry_flow(const struct settings_text *self, size_t index)
{
	const struct node *map = self->root;
	struct settings_span span = settings_text_key(self, &map->pairs[index]);
	const char *close = memrchr(self->bytes, '}', self->size);

	if (index + 1 < map->count) {
		span.end = settings_text_key(self, &map->pairs[index + 1]).begin;
		return span;
	}
	if (!close || span.begin == SETTINGS_TEXT_NOWHERE)
		return span;
	span.end = (size_t)(close - self->bytes);
	while (span.end > span.begin && strchr(" \t\r\n", self->bytes[span.end - 1]))
		span.end--;
	if (index > 0) {
		const char *comma = memrchr(self->bytes, ',', span.begin);

		if (comma)
			span.begin = (size_t)(comma - self->bytes);
	}
	return span;
}

static int settings_text_remove(struct settings_text *self, const char *key, struct err *err)
{
	const struct node_pair *pair = node_find_pair(self->root, key);
	size_t index = (size_t)(pair - self->root->pairs);
	struct node *wanted = settings_text_wanted(self);
	struct settings_span span;

	node_remove(wanted, key);
	if (settings_text_is_flow(self, self->root))
		span = settings_text_entry_flow(self, index);
	else
		span = settings_text_entry_lines(self, index);
	return settings_text_splice(self, span, "", wanted, err);
}

/* Puts `value` in the place of what stands behind `key:`, which is a scalar, written out or not. */
static int settings_text_replace(struct settings_text *self, const struct node_pair *pair, const char *value,
				 const struct node *wanted, struct err *err)
{
	const struct node *old = pair->value;
	struct settings_span span = {SETTINGS_TEXT_NOWHERE, 0};
	bool is_written = old->place.line != pair->key_place.line || old->place.column != pair->key_place.column;

	if (is_written && old->kind == NODE_NULL) {
		span.begin = settings_text_offset(self, old->place);
		span.end = span.begin + (self->bytes[span.begin] == '~' ? 1 : 4);
	} else if (is_written) {
		span = settings_text_token(self, old->place, old->text);
	} else {
		span.end = settings_text_key(self, pair).end;
		span.end += strspn(self->bytes + span.end, " \t");
		span.begin = span.end += self->bytes[span.end] == ':';
		value = pool_printf(self->pool, " %s", value);
	}
	return settings_text_splice(self, span, value, wanted, err);
}

int settings_text_set_off(struct settings_text *self, const char *key, bool off, struct err *err)
{
	const struct node_pair *pair = node_find_pair(self->root, key);
	struct node *wanted;
	struct node *value;
	bool enabled;

	if (!off && (!pair || (node_is_bool(pair->value, &enabled) && enabled)))
		return 0;
	if (off && pair && node_is_bool(pair->value, &enabled) && !enabled)
		return 0;
	if (!off)
		return settings_text_remove(self, key, err);
	wanted = settings_text_wanted(self);
	value = node_scalar(self->pool, "false", self->root->place);
	node_set(self->pool, wanted, key, self->root->place, value);
	if (!pair)
		return settings_text_add(self, key, "false", " false", wanted, err);
	if (pair->value->kind == NODE_SCALAR || pair->value->kind == NODE_NULL)
		return settings_text_replace(self, pair, "false", wanted, err);
	return err_at(err, ERR_CONFIG, pair->value->place, "'%s' must be true or false, found %s", key,
		      node_kind_name(pair->value));
}

/* `word` as it can stand in a list of either style, and the node it then is. */
static const char *settings_text_word(struct settings_text *self, const char *word, struct node **node)
{
	char *quoted;
	char *copy;

	*node = node_scalar(self->pool, word, self->root->place);
	(*node)->style = NODE_QUOTED;
	quoted = stack_yaml_print_json(*node);
	if (!quoted)
		return NULL;
	copy = pool_strndup(self->pool, quoted, strcspn(quoted, "\n"));
	free(quoted);
	return copy;
}

static int settings_text_list_add(struct settings_text *self, const struct node_pair *pair, const char *word,
				  struct node *wanted, struct err *err)
{
	const struct node *list = pair->value;
	struct settings_span span;
	struct node *item;
	const char *text = settings_text_word(self, word, &item);
	struct node *wanted_list = node_find(wanted, pair->key);

	if (!text)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (list->kind == NODE_NULL) {
		wanted_list = node_create(self->pool, NODE_LIST, list->place);
		node_append(self->pool, wanted_list, item);
		node_set(self->pool, wanted, pair->key, list->place, wanted_list);
		return settings_text_replace(self, pair, pool_printf(self->pool, "[%s]", text), wanted, err);
	}
	if (settings_text_is_flow(self, list)) {
		node_append(self->pool, wanted_list, item);
		if (list->count) {
			const struct node *last = list->items[list->count - 1];

			span.begin = span.end = settings_text_token(self, last->place, last->text).end;
			text = pool_printf(self->pool, ", %s", text);
		} else {
			span.begin = span.end = settings_text_offset(self, list->place) + 1;
		}
		return settings_text_splice(self, span, text, wanted, err);
	}
	node_append(self->pool, wanted_list, item);
	span.begin = settings_text_line(self, list->items[list->count - 1]->place.line);
	span.end = settings_text_next_line(self, span.begin);
	text = pool_printf(self->pool, "%s%.*s- %s%s",
			   self->bytes[span.end - 1] == '\n' ? "" : settings_text_newline(self),
			   (int)strspn(self->bytes + span.begin, " "), self->bytes + span.begin, text,
			   settings_text_newline(self));
	span.begin = span.end;
	return settings_text_splice(self, span, text, wanted, err);
}

static int settings_text_list_remove(struct settings_text *self, const struct node_pair *pair, size_t index,
				     struct err *err)
{
	const struct node *list = pair->value;
	const struct node *item = list->items[index];
	struct node *wanted = settings_text_wanted(self);
	struct node *wanted_list = node_find(wanted, pair->key);
	struct settings_span span = settings_text_token(self, item->place, item->text);

	if (list->count == 1)
		return settings_text_remove(self, pair->key, err);
	memmove(&wanted_list->items[index], &wanted_list->items[index + 1],
		(list->count - index - 1) * sizeof(*wanted_list->items));
	wanted_list->count--;
	if (!settings_text_is_flow(self, list)) {
		span.begin = settings_text_line(self, item->place.line);
		span.end = settings_text_next_line(self, span.begin);
	} else if (index + 1 < list->count) {
		span.end = settings_text_token(self, list->items[index + 1]->place, list->items[index + 1]->text).begin;
	} else {
		span.begin = settings_text_token(self, list->items[index - 1]->place, list->items[index - 1]->text).end;
	}
	return settings_text_splice(self, span, "", wanted, err);
}

/* Position of `word` in the list, its length when it is not there. */
static size_t settings_text_index(const struct node *list, const char *word)
{
	size_t index = 0;

	while (index < list->count &&
	       (list->items[index]->kind != NODE_SCALAR || strcasecmp(list->items[index]->text, word) != 0))
		index++;
	return index;
}

int settings_text_list(struct settings_text *self, const char *key, const char *word, bool listed, struct err *err)
{
	const struct node_pair *pair = node_find_pair(self->root, key);
	struct node *wanted;
	struct node *item;
	const char *text;

	if (pair && pair->value->kind != NODE_LIST && pair->value->kind != NODE_NULL)
		return err_at(err, ERR_CONFIG, pair->value->place, "'%s' must be a list, found %s", key,
			      node_kind_name(pair->value));
	while (!listed && pair && settings_text_index(pair->value, word) < pair->value->count) {
		int result = settings_text_list_remove(self, pair, settings_text_index(pair->value, word), err);

		if (result < 0)
			return result;
		pair = node_find_pair(self->root, key);
	}
	if (!listed || (pair && settings_text_index(pair->value, word) < pair->value->count))
		return 0;
	wanted = settings_text_wanted(self);
	if (pair)
		return settings_text_list_add(self, pair, word, wanted, err);
	text = settings_text_word(self, word, &item);
	if (!text)
		return err_set(err, ERR_INTERNAL, "out of memory");
	node_set(self->pool, wanted, key, self->root->place, node_create(self->pool, NODE_LIST, self->root->place));
	node_append(self->pool, node_find(wanted, key), item);
	text = pool_printf(self->pool, "[%s]", text);
	return settings_text_add(self, key, text, pool_printf(self->pool, " %s", text), wanted, err);
}
