/* SPDX-License-Identifier: MIT */
#include "config/reader.h"

#include "config/duration.h"
#include "config/pool.h"
#include "config/stack.h"
#include "config/stack_load.h"
#include "config/strmap.h"
#include "config/utf8.h"

#include <limits.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_BYTES_MAX 1000
#define PATTERN_REPEATS_MAX 2000

const struct key_table *const *reader_tables(void)
{
	static const struct key_table *const tables[] = {
		&table_top,
		&table_service,
		&table_deploy,
		&table_dependency,
		&table_port,
		&table_ulimit,
		&table_env_file,
		&table_healthcheck,
		&table_service_upfront,
		&table_ready,
		&table_backoff,
		&table_log,
		&table_version,
		&table_upfront,
		&table_setup,
		&table_setup_check,
		&table_file,
		&table_telemetry,
		&table_telemetry_env,
		&table_property,
		&table_withdraw,
		NULL,
	};

	return tables;
}

const char *reader_nearest(struct reader *self, const char *word, const char *const *names)
{
	/* Messages beyond the last one kept need no hint, and looking for one costs most of what is wrong with a large file. */
	const char *nearest = self->err->count < ERR_ITEMS_MAX ? err_nearest(word, names) : NULL;

	return nearest ? pool_printf(self->pool, " (did you mean '%s'?)", nearest) : "";
}

const char *const *reader_keys(struct reader *self, const struct node *map)
{
	size_t count = map && map->kind == NODE_MAP && self->err->count < ERR_ITEMS_MAX ? map->count : 0;
	const char **names = pool_array(self->pool, count + 1, sizeof(*names));

	for (size_t i = 0; i < count; i++)
		names[i] = map->pairs[i].key;
	return names;
}

void reader_unknown(struct reader *self, const struct node_pair *pair, const struct key_table *table)
{
	const char **names = pool_array(self->pool, table->count + 1, sizeof(*names));

	for (size_t i = 0; i < table->count; i++)
		names[i] = table->keys[i].name;
	err_at(self->err, ERR_CONFIG, pair->key_place, "%s%sunknown key '%s' in %s%s", self->where ? self->where : "",
	       self->where ? ": " : "", pair->key, table->name, reader_nearest(self, pair->key, names));
}

void reader_wanted(struct reader *self, const char *key, const struct node *value, const char *wanted)
{
	bool text = value->kind == NODE_SCALAR;

	err_at(self->err, ERR_CONFIG, value->place, "%s%s'%s': wanted %s, found %s%s%s", self->where ? self->where : "",
	       self->where ? ": " : "", key, wanted, text ? "'" : "", text ? value->text : node_kind_name(value),
	       text ? "'" : "");
}

const struct key *reader_key(const struct key_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		const char *known = table->keys[i].name;

		if (*known == *name && strcmp(known, name) == 0)
			return &table->keys[i];
	}
	return NULL;
}

void reader_map(struct reader *self, const char *key, const struct node *value, const struct key_table *table,
		void *into)
{
	if (value->kind == NODE_NULL)
		return;
	if (value->kind != NODE_MAP) {
		reader_wanted(self, key, value, "a map");
		return;
	}
	for (size_t i = 0; i < value->count; i++) {
		const struct node_pair *pair = &value->pairs[i];
		const struct key *known = reader_key(table, pair->key);

		if (!known && table->extensions && strncmp(pair->key, "x-", 2) == 0)
			continue;
		if (!known)
			reader_unknown(self, pair, table);
		else if (known->read && pair->value->kind != NODE_NULL)
			known->read(self, pair->key, pair->value, (char *)into + known->offset);
	}
}

const char *reader_scalar(struct reader *self, const char *key, const struct node *value, const char *wanted)
{
	if (value->kind == NODE_SCALAR)
		return value->text;
	reader_wanted(self, key, value, wanted);
	return NULL;
}

bool reader_want_map(struct reader *self, const char *key, const struct node *value)
{
	if (value->kind == NODE_MAP)
		return true;
	if (value->kind != NODE_NULL)
		reader_wanted(self, key, value, "a map");
	return false;
}

bool reader_want_list(struct reader *self, const char *key, const struct node *value)
{
	if (value->kind == NODE_LIST)
		return true;
	reader_wanted(self, key, value, "a list");
	return false;
}

bool reader_is_within(struct reader *self, const char *key, const struct node *value, size_t max, const char *noun)
{
	if (value->count <= max)
		return true;
	err_at(self->err, ERR_CONFIG, value->kind == NODE_MAP ? value->pairs[max].key_place : value->items[max]->place,
	       "'%s' declares %zu %s, but takes at most %zu", key, value->count, noun, max);
	return false;
}

bool reader_is_new(struct reader *self, struct node *seen, const char *name)
{
	if (node_find(seen, name))
		return false;
	node_set(self->load->pool, seen, name, seen->place, node_create(self->load->pool, NODE_NULL, seen->place));
	return true;
}

const char *const *reader_word_list(struct reader *self, const char *key, const struct node *value)
{
	struct node *seen = node_create(self->load->pool, NODE_MAP, value->place);
	const char **words;

	if (value->count == 0) {
		reader_wanted(self, key, value, "at least one word");
		return NULL;
	}
	if (!reader_is_within(self, key, value, TELEMETRY_WORDS_MAX, "words"))
		return NULL;
	words = pool_array(self->pool, value->count + 1, sizeof(*words));
	for (size_t i = 0; i < value->count; i++) {
		const struct node *item = value->items[i];

		if (item->kind != NODE_SCALAR || !*item->text || !utf8_is_plain(item->text, TELEMETRY_NAME_BYTES_MAX)) {
			reader_wanted(self, key, item, "a word of at most 64 bytes");
			return NULL;
		}
		if (!reader_is_new(self, seen, item->text)) {
			err_at(self->err, ERR_CONFIG, item->place, "'%s': '%s' is there twice", key, item->text);
			return NULL;
		}
		words[i] = pool_strdup(self->pool, item->text);
	}
	return words;
}

void read_text(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "text");

	if (text && !*text)
		reader_wanted(self, key, value, "text");
	else if (text)
		*(const char **)field = pool_strdup(self->pool, text);
}

void read_any_text(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "text");

	if (text && *text)
		*(const char **)field = pool_strdup(self->pool, text);
}

bool reader_can_be_sent(struct reader *self, const char *key, const struct node *value, const char *text)
{
	if (utf8_is_plain(text, TELEMETRY_TEXT_MAX))
		return true;
	if (strlen(text) > TELEMETRY_TEXT_MAX)
		err_at(self->err, ERR_CONFIG, value->place,
		       "%s%s'%s': a text of %zu bytes, but an event takes at most %u", self->where ? self->where : "",
		       self->where ? ": " : "", key, strlen(text), TELEMETRY_TEXT_MAX);
	else
		err_at(self->err, ERR_CONFIG, value->place,
		       "%s%s'%s': a text with control characters or line ends, which no event takes",
		       self->where ? self->where : "", self->where ? ": " : "", key);
	return false;
}

void read_sent_text(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = NULL;

	read_any_text(self, key, value, &text);
	if (text && reader_can_be_sent(self, key, value, text))
		*(const char **)field = text;
}

void read_bool(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct node plain = *value;

	plain.style = NODE_PLAIN;
	if (value->kind != NODE_SCALAR || !node_is_bool(&plain, field))
		reader_wanted(self, key, value, "true or false");
}

bool reader_int(struct reader *self, const char *key, const struct node *value, int64_t min, int64_t max,
		int64_t *number)
{
	struct node plain = *value;
	const char *wanted;

	plain.style = NODE_PLAIN;
	if (value->kind == NODE_SCALAR && node_is_int(&plain, number) && *number >= min && *number <= max)
		return true;
	wanted = max == INT_MAX ? pool_printf(self->pool, "a whole number from %lld on", (long long)min)
				: pool_printf(self->pool, "a number from %lld to %lld", (long long)min, (long long)max);
	reader_wanted(self, key, value, wanted);
	return false;
}

void read_count(struct reader *self, const char *key, const struct node *value, void *field)
{
	int64_t number;

	if (reader_int(self, key, value, 0, INT_MAX, &number))
		*(int *)field = (int)number;
}

void read_duration(struct reader *self, const char *key, const struct node *value, void *field)
{
	int64_t number;
	struct node plain = *value;

	if (value->kind == NODE_SCALAR && duration_parse(value->text, field))
		return;
	plain.style = NODE_PLAIN;
	if (value->kind == NODE_SCALAR && node_is_int(&plain, &number) && number > 0)
		reader_wanted(self, key, value,
			      pool_printf(self->pool, "a duration with a unit such as %llds", (long long)number));
	else
		reader_wanted(self, key, value, "a duration such as 1m30s or 100ms");
}

void read_size(struct reader *self, const char *key, const struct node *value, void *field)
{
	if (value->kind != NODE_SCALAR || !size_parse(value->text, field))
		reader_wanted(self, key, value, "a size such as 10m");
}

/* Compose takes text only: a bare number or truth value would not be the word that was written (0x10, 1_000, 1.50). */
static bool is_word(struct reader *self, const char *key, const struct node *item)
{
	bool truth = strcmp(item->text, "true") == 0 || strcmp(item->text, "false") == 0;
	char *end;

	if (item->style != NODE_PLAIN || item->filled)
		return true;
	(void)strtod(item->text, &end);
	if (!truth && (*end != '\0' || strpbrk(item->text, "0123456789") == NULL))
		return true;
	reader_wanted(self, key, item, pool_printf(self->pool, "text: put it in quotes, \"%s\"", item->text));
	return false;
}

static void read_words(struct reader *self, const char *key, const struct node *value, bool text_only,
		       const char *const **field)
{
	const char **argv;

	if (value->kind != NODE_LIST) {
		reader_wanted(self, key, value, "a list of words such as [program, argument]");
		return;
	}
	argv = pool_array(self->pool, value->count + 1, sizeof(*argv));
	for (size_t i = 0; i < value->count; i++) {
		const struct node *item = value->items[i];
		const char *word = reader_scalar(self, key, item, "words only");

		if (!word || (text_only && !is_word(self, key, item)))
			return;
		argv[i] = pool_strdup(self->pool, word);
	}
	*field = argv;
}

void read_argv_any(struct reader *self, const char *key, const struct node *value, void *field)
{
	read_words(self, key, value, true, field);
}

void read_argv(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *const *argv = NULL;

	read_words(self, key, value, false, &argv);
	if (!argv)
		return;
	if (!argv[0] || !*argv[0])
		err_at(self->err, ERR_CONFIG, value->place, "%s%s'%s' names no program", self->where ? self->where : "",
		       self->where ? ": " : "", key);
	else
		*(const char *const **)field = argv;
}

/* Repeat counts multiply when nested, and the C library spells each repeat out: a short pattern could fill the memory. */
static bool pattern_is_bounded(const char *pattern)
{
	long product = 1;

	if (strlen(pattern) > PATTERN_BYTES_MAX)
		return false;
	for (const char *at = strchr(pattern, '{'); at; at = strchr(at + 1, '{')) {
		long largest = 1;
		long number = 0;

		for (const char *c = at + 1; (*c >= '0' && *c <= '9') || *c == ','; c++) {
			number = *c == ',' ? 0 : number * 10 + (*c - '0');
			if (number > PATTERN_REPEATS_MAX)
				return false;
			if (number > largest)
				largest = number;
		}
		product *= largest;
		if (product > PATTERN_REPEATS_MAX)
			return false;
	}
	return true;
}

bool reader_pattern(struct reader *self, const char *key, const struct node *value)
{
	const char *text = reader_scalar(self, key, value, "a regular expression");
	char why[128];
	regex_t compiled;
	int result;

	if (!text)
		return false;
	if (!pattern_is_bounded(text)) {
		reader_wanted(self, key, value, "a smaller regular expression");
		return false;
	}
	result = regcomp(&compiled, text, REG_EXTENDED | REG_NOSUB);
	if (result == 0) {
		regfree(&compiled);
		return true;
	}
	regerror(result, &compiled, why, sizeof(why));
	err_at(self->err, ERR_CONFIG, value->place, "%s%s'%s': '%s' is no regular expression: %s",
	       self->where ? self->where : "", self->where ? ": " : "", key, text, why);
	return false;
}

void read_pattern(struct reader *self, const char *key, const struct node *value, void *field)
{
	if (reader_pattern(self, key, value))
		*(const char **)field = pool_strdup(self->pool, value->text);
}

void read_url(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "a URL");
	const char *rest;

	if (!text)
		return;
	rest = strncmp(text, "http://", 7) == 0 ? text + 7 : strncmp(text, "https://", 8) == 0 ? text + 8 : "";
	if (!*rest || *rest == '/' || strpbrk(text, " \t\r\n"))
		reader_wanted(self, key, value, "a URL such as http://localhost:8080");
	else
		*(const char **)field = pool_strdup(self->pool, text);
}

void read_text_map(struct reader *self, const char *key, const struct node *value, void *field)
{
	if (value->kind != NODE_MAP) {
		reader_wanted(self, key, value, "a map of names to text");
		return;
	}
	for (size_t i = 0; i < value->count; i++) {
		const struct node_pair *pair = &value->pairs[i];
		const char *text = "";

		if (pair->value->kind != NODE_NULL)
			text = reader_scalar(self, pair->key, pair->value, "text");
		if (text && strmap_set(field, pair->key, text) < 0)
			err_set(self->err, ERR_INTERNAL, "out of memory");
	}
}

int reader_word(struct reader *self, const char *key, const struct node *value, const char *noun,
		const char *const *names)
{
	const char *text = reader_scalar(self, key, value, pool_printf(self->pool, "text (%s)", noun));
	const char *nearest;
	const char *list = "";

	if (!text)
		return -1;
	for (int i = 0; names[i]; i++) {
		if (strcmp(names[i], text) == 0)
			return i;
		list = pool_printf(self->pool, "%s%s%s", list, i ? (names[i + 1] ? ", " : " or ") : "", names[i]);
	}
	nearest = reader_nearest(self, text, names);
	if (*nearest)
		err_at(self->err, ERR_CONFIG, value->place, "unknown %s '%s'%s", noun, text, nearest);
	else
		err_at(self->err, ERR_CONFIG, value->place, "unknown %s '%s': wanted %s", noun, text, list);
	return -1;
}
