/* SPDX-License-Identifier: MIT */
/* x-upfront.telemetry.commands: the product's own command lines, as far as they may be told. */
#include "config/command_table.h"
#include "config/pool.h"
#include "config/reader.h"
#include "config/stack.h"
#include "config/stack_load.h"
#include "config/utf8.h"

#include <string.h>

#define KIND_TEXT(name, text) text,
#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* One command while it is read. */
struct command {
	struct reader *reader;
	const char *name; /* "visivo run", for messages */
	struct node *seen; /* spellings of its options so far */
	struct command_entry *entry;
	struct command_option *options; /* those of the entry, with room for all */
	struct command_operand *operands;
};

/* ---- Kinds ---- */

/* False after an error. */
static bool read_kind(struct reader *self, const struct node_pair *pair, enum command_kind *kind,
		      const char *const **words)
{
	/* "enum" is written as the list of its words. */
	static const char *const kinds[] = {COMMAND_KINDS(KIND_TEXT) NULL};
	int index;

	if (pair->value->kind == NODE_LIST) {
		*kind = COMMAND_ENUM;
		*words = reader_word_list(self, pair->key, pair->value);
		return *words != NULL;
	}
	index = reader_word(self, pair->key, pair->value, "kind", kinds);
	if (index == COMMAND_ENUM)
		reader_wanted(self, pair->key, pair->value, "the words of the enumeration, as in [json, csv]");
	*kind = index >= 0 ? (enum command_kind)index : COMMAND_VALUE;
	return index >= 0 && index != COMMAND_ENUM;
}

/* ---- Options ---- */

static bool is_letter(const char *part, size_t length)
{
	return length == 2 && part[0] == '-' && strchr(ALPHANUMERIC, part[1]);
}

static bool is_long(const char *part, size_t length)
{
	return length > 2 && length <= TELEMETRY_NAME_BYTES_MAX && strncmp(part, "--", 2) == 0 &&
	       strchr(ALPHANUMERIC, part[2]) && strspn(part + 2, ALPHANUMERIC "_.-") >= length - 2;
}

static void take_part(struct command *self, const struct node_pair *pair, const char *part,
		      struct command_option *option)
{
	struct err *err = self->reader->err;
	size_t length = strlen(part);

	if (is_letter(part, length) && !option->letter) {
		option->letter = part[1];
	} else if (is_letter(part, length)) {
		err_at(err, ERR_CONFIG, pair->key_place, "command '%s': option '%s' has two letters", self->name,
		       pair->key);
	} else if (!is_long(part, length)) {
		err_at(err, ERR_CONFIG, pair->key_place, "command '%s': '%s' is no option: wanted -x, --name, or both",
		       self->name, part);
	} else if (!option->name) {
		option->name = part;
	} else if (!option->negated && strncmp(part, "--no-", 5) == 0 && strcmp(part + 5, option->name + 2) == 0) {
		option->negated = part;
	} else {
		err_at(err, ERR_CONFIG, pair->key_place, "command '%s': option '%s' has two names", self->name,
		       pair->key);
		err_hint(err, "beside its name an option has a letter (-x, --name) and a negation (--name, --no-name)");
		return;
	}
	if (!reader_is_new(self->reader, self->seen, part))
		err_at(err, ERR_CONFIG, pair->key_place, "command '%s': option '%s' is there twice", self->name, part);
}

/* "-t, --threads" and "--cache, --no-cache": each spelling of one option. */
static void read_option(struct command *self, const struct node_pair *pair)
{
	struct pool *pool = self->reader->pool;
	struct command_option *option = &self->options[self->entry->option_count++];

	for (const char *at = pair->key; *at;) {
		size_t length = strcspn(at, ", ");

		take_part(self, pair, pool_strndup(pool, at, length), option);
		at += length;
		at += strspn(at, ", ");
	}
	if (!option->name)
		option->name = pool_printf(pool, "-%c", option->letter ? option->letter : '?');
	if (!read_kind(self->reader, pair, &option->kind, &option->words))
		return;
	if (option->negated && option->kind != COMMAND_BOOL)
		err_at(self->reader->err, ERR_CONFIG, pair->value->place,
		       "command '%s': option '%s' can be negated, and so its kind is bool", self->name, option->name);
	option->ends_telemetry = strcmp(option->name, "--no-telemetry") == 0 ||
				 (option->negated && strcmp(option->negated, "--no-telemetry") == 0);
}

/* ---- Operands ---- */

static bool is_operand(const char *key)
{
	size_t length = strlen(key);

	return length > 2 && *key == '<' && key[length - 1] == '>';
}

static void read_operand(struct command *self, const struct node_pair *pair)
{
	struct command_entry *entry = self->entry;
	struct command_operand *operand = &self->operands[entry->operand_count];
	struct err *err = self->reader->err;
	size_t length = strlen(pair->key);

	if (entry->operands_repeat)
		err_at(err, ERR_CONFIG, pair->key_place,
		       "command '%s': '%s' stands behind an operand that takes all the rest", self->name, pair->key);
	entry->operand_count++;
	entry->operands_repeat = length > 5 && strcmp(pair->key + length - 4, "...>") == 0;
	if (!read_kind(self->reader, pair, &operand->kind, &operand->words))
		return;
	if (operand->kind == COMMAND_BOOL || operand->kind == COMMAND_COUNT)
		err_at(err, ERR_CONFIG, pair->value->place,
		       "command '%s': '%s' is a value, and only an option can be of kind '%s'", self->name, pair->key,
		       pair->value->text);
}

/* ---- Commands ---- */

/* Each name is one that an event can carry, and none that could be taken for a placeholder or an option. */
static bool name_is_valid(const char *name, bool several)
{
	if (!*name || !utf8_is_plain(name, TELEMETRY_NAME_BYTES_MAX) || strpbrk(name, "<>*,/\\\"'") ||
	    name[strlen(name) - 1] == ' ')
		return false;
	for (const char *at = name; at; at = strchr(at, ' ')) {
		at += at > name;
		if (*at == '-' || *at == ' ' || (at > name && !several))
			return false;
	}
	return true;
}

static void read_aliases(struct command *self, const struct node_pair *pair, struct node *taken)
{
	struct reader *reader = self->reader;
	const char *const *aliases;

	if (!reader_want_list(reader, pair->key, pair->value))
		return;
	aliases = reader_word_list(reader, pair->key, pair->value);
	for (size_t i = 0; aliases && aliases[i]; i++) {
		if (!name_is_valid(aliases[i], true))
			reader_wanted(reader, pair->key, pair->value->items[i], "another name of the command");
		else if (!reader_is_new(reader, taken, aliases[i]))
			err_at(reader->err, ERR_CONFIG, pair->value->items[i]->place,
			       "command '%s': its alias '%s' is the name of another command too", self->name,
			       aliases[i]);
	}
	self->entry->aliases = aliases;
}

static void read_entry_key(struct command *self, const struct node_pair *pair, struct node *taken)
{
	struct reader *reader = self->reader;
	bool track = true;

	if (*pair->key == '-') {
		read_option(self, pair);
	} else if (!taken) {
		err_at(reader->err, ERR_CONFIG, pair->key_place,
		       "command '%s': '%s' is no option, and only options are common to all commands", self->name,
		       pair->key);
	} else if (is_operand(pair->key)) {
		read_operand(self, pair);
	} else if (strcmp(pair->key, "track") == 0) {
		read_bool(reader, pair->key, pair->value, &track);
		self->entry->untracked = !track;
	} else if (strcmp(pair->key, "aliases") == 0) {
		read_aliases(self, pair, taken);
	} else {
		err_at(reader->err, ERR_CONFIG, pair->key_place,
		       "command '%s': '%s' is neither an option (-x, --name) nor an operand (<name>)", self->name,
		       pair->key);
		err_hint(reader->err, "other keys of a command are 'aliases' and 'track'");
	}
}

/* `taken`: names of the program's commands and aliases; NULL for what is common to all of them. */
static void read_entry(struct reader *self, const char *program, const struct node_pair *pair,
		       struct command_entry *entry, struct node *taken)
{
	struct command command = {.reader = self, .entry = entry};
	size_t count = pair->value->kind == NODE_MAP ? pair->value->count : 0;

	entry->name = pool_strdup(self->pool, pair->key);
	command.name = pool_printf(self->load->pool, "%s %s", program, pair->key);
	if (taken && !name_is_valid(pair->key, true))
		err_at(self->err, ERR_CONFIG, pair->key_place,
		       "'%s' is no name of a command: wanted words such as 'run'", pair->key);
	if (!reader_want_map(self, pair->key, pair->value) ||
	    !reader_is_within(self, pair->key, pair->value, COMMAND_OPTIONS_MAX, "options and operands"))
		return;
	command.seen = node_create(self->load->pool, NODE_MAP, pair->value->place);
	command.options = pool_array(self->pool, count, sizeof(*command.options));
	command.operands = pool_array(self->pool, count, sizeof(*command.operands));
	for (size_t i = 0; i < count; i++)
		read_entry_key(&command, &pair->value->pairs[i], taken);
	entry->options = command.options;
	entry->operands = command.operands;
}

static void read_program(struct reader *self, const struct node_pair *pair, struct command_table *table)
{
	struct node *taken = node_create(self->load->pool, NODE_MAP, pair->value->place);
	struct command_entry *entries;
	const struct node *map = pair->value;

	table->program = pool_strdup(self->pool, pair->key);
	if (!name_is_valid(pair->key, false))
		err_at(self->err, ERR_CONFIG, pair->key_place,
		       "'%s' is no name of a program: wanted one word, without its folder", pair->key);
	if (!reader_want_map(self, pair->key, map) ||
	    !reader_is_within(self, pair->key, map, COMMAND_ENTRIES_MAX, "commands"))
		return;
	entries = pool_array(self->pool, map->count, sizeof(*entries));
	for (size_t i = 0; i < map->count; i++)
		reader_is_new(self, taken, map->pairs[i].key);
	for (size_t i = 0; i < map->count; i++) {
		struct command_entry common = {.name = NULL};

		if (strcmp(map->pairs[i].key, "*") == 0) {
			read_entry(self, pair->key, &map->pairs[i], &common, NULL);
			table->options = common.options;
			table->option_count = common.option_count;
		} else {
			read_entry(self, pair->key, &map->pairs[i], &entries[table->entry_count++], taken);
		}
	}
	table->entries = entries;
}

void read_commands(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct telemetry_decl *decl = field;
	struct command_table *tables;

	if (!reader_want_map(self, key, value) || !reader_is_within(self, key, value, COMMAND_PROGRAMS_MAX, "programs"))
		return;
	tables = pool_array(self->pool, value->count, sizeof(*tables));
	for (size_t i = 0; i < value->count; i++)
		read_program(self, &value->pairs[i], &tables[i]);
	decl->commands = tables;
	decl->command_count = value->count;
}
