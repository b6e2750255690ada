/* SPDX-License-Identifier: MIT */
#include "launcher/cli_table.h"

#include "config/pool.h"
#include "launcher/cli.h"

#include <string.h>

/* ---- Options ---- */

/* "on@N" stands for any number, so it is no word that could be told. */
static const char *const *literal_words(struct pool *pool, const char *const *words)
{
	size_t count = 0, kept = 0;
	const char **literal;

	while (words[count] != NULL)
		count++;
	literal = pool_array(pool, count + 1, sizeof(*literal));
	for (size_t i = 0; i < count; i++)
		if (strchr(words[i], '@') == NULL)
			literal[kept++] = words[i];
	return literal;
}

static enum command_kind text_kind(const struct cli_option *option)
{
	const bool path = strcmp(option->value, "FILE") == 0 || strcmp(option->value, "DIR") == 0;

	return path ? COMMAND_PATH : COMMAND_VALUE;
}

static enum command_kind kind_of(const struct cli_option *option)
{
	switch (option->kind) {
	case CLI_FLAG:
	case CLI_FLAG_OFF:
		return COMMAND_BOOL;
	case CLI_COUNT:
		return COMMAND_INT;
	case CLI_WORD:
	case CLI_WORDS:
		return COMMAND_ENUM;
	case CLI_TEXT:
	case CLI_LIST:
		return text_kind(option);
	case CLI_SECONDS:
		break;
	}
	return COMMAND_VALUE;
}

static size_t count_options(const struct cli_option *options)
{
	size_t count = 0;

	while (options != NULL && options[count].name != NULL)
		count++;
	return count;
}

static const struct command_option *make_options(struct pool *pool, const struct cli_option *options, size_t *count)
{
	struct command_option *made;

	*count = count_options(options);
	made = pool_array(pool, *count + 1, sizeof(*made));
	for (size_t i = 0; i < *count; i++)
		made[i] = (struct command_option){
			.name = pool_printf(pool, "--%s", options[i].name),
			.letter = options[i].letter,
			.kind = kind_of(&options[i]),
			.words = options[i].words != NULL ? literal_words(pool, options[i].words) : NULL,
			.optional_value = options[i].optional_value,
			.ends_telemetry = options[i].ends_telemetry,
		};
	return made;
}

/* ---- Commands ---- */

/* A name of a service, a number, another program's command line: none of them is told. */
static void take_operands(struct pool *pool, const struct cli_command *command, struct command_entry *entry)
{
	struct command_operand *operand;

	if (command->args_max == 0)
		return;
	operand = pool_alloc(pool, sizeof(*operand));
	operand->kind = COMMAND_VALUE;
	entry->operands = operand;
	entry->operand_count = 1;
	entry->operands_repeat = command->args_max < 0 || command->args_max > 1;
}

static struct command_entry make_entry(struct pool *pool, const struct cli_command *command)
{
	struct command_entry entry = {
		.name = command->name, .untracked = command->untracked, .passthrough = command->takes_rest};

	entry.options = make_options(pool, command->options, &entry.option_count);
	take_operands(pool, command, &entry);
	return entry;
}

/* The words between '|' of a command's `args` are commands with the same options: the next one from *at on, NULL behind the last. */
static const char *next_verb(struct pool *pool, const struct cli_command *command, const char **at)
{
	const char *word = *at + strspn(*at, "[|]");
	size_t length = strcspn(word, "[|]");

	*at = word + length;
	return length > 0 ? pool_printf(pool, "%s %.*s", command->name, (int)length, word) : NULL;
}

static size_t count_entries(void)
{
	size_t count = 0;

	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++) {
		count++;
		for (const char *c = (*command)->args; (*command)->has_verbs && *c != '\0'; c++)
			count += *c == '|' || c == (*command)->args;
	}
	return count;
}

static void add_entries(struct pool *pool, const struct cli_command *command, struct command_entry *entries,
			size_t *count)
{
	const struct command_entry entry = make_entry(pool, command);
	const char *at = command->args;
	const char *name;

	entries[(*count)++] = entry;
	while (command->has_verbs && (name = next_verb(pool, command, &at)) != NULL) {
		entries[*count] = entry;
		entries[*count].name = name;
		entries[*count].operand_count = 0;
		(*count)++;
	}
}

const struct command_table *cli_table_make(struct pool *pool)
{
	struct command_table *table = pool_alloc(pool, sizeof(*table));
	struct command_entry *entries = pool_array(pool, count_entries(), sizeof(*entries));
	size_t count = 0;

	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++)
		add_entries(pool, *command, entries, &count);
	table->options = make_options(pool, cli_global_options, &table->option_count);
	table->entries = entries;
	table->entry_count = count;
	table->implied = "up";
	return table;
}
