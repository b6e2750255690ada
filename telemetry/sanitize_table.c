/* SPDX-License-Identifier: MIT */
#include "telemetry/sanitize_table.h"

#include "telemetry/sanitize.h"

#include <string.h>

const char *command_name(const struct command_entry *entry, size_t n)
{
	if (n == 0)
		return entry->name;
	return entry->aliases != NULL ? entry->aliases[n - 1] : NULL;
}

/* True when `name` begins with these words, and they end where one of its words does. */
static bool name_begins(const char *name, const struct command_words *words)
{
	return words->bytes == 0 ||
	       (strncmp(name, words->text, words->bytes) == 0 && strchr(" ", name[words->bytes]) != NULL);
}

/* Length of the words and `word` behind them when the name goes on with it, else 0. */
static size_t name_goes_on(const char *name, const struct command_words *words, const char *word, size_t word_bytes)
{
	const char *rest = name + words->bytes;

	if (!name_begins(name, words))
		return 0;
	if (words->bytes > 0 && *rest++ == '\0')
		return 0;
	if (strncmp(rest, word, word_bytes) != 0 || strchr(" ", rest[word_bytes]) == NULL)
		return 0;
	return (size_t)(rest - name) + word_bytes;
}

bool command_words_add(const struct command_table *table, struct command_words *words, const char *word,
		       size_t word_bytes)
{
	/* No name has an empty word; a space inside of one argument does not make it two words. */
	if (word_bytes == 0 || memchr(word, ' ', word_bytes) != NULL)
		return false;
	for (size_t i = 0; i < table->entry_count; i++) {
		const char *name;

		for (size_t n = 0; (name = command_name(&table->entries[i], n)) != NULL; n++) {
			size_t bytes = name_goes_on(name, words, word, word_bytes);

			if (bytes > 0) {
				*words = (struct command_words){name, bytes};
				return true;
			}
		}
	}
	return false;
}

const struct command_entry *command_words_entry(const struct command_table *table, const struct command_words *words)
{
	for (size_t i = 0; words->bytes > 0 && i < table->entry_count; i++) {
		const char *name;

		for (size_t n = 0; (name = command_name(&table->entries[i], n)) != NULL; n++)
			if (name_begins(name, words) && name[words->bytes] == '\0')
				return &table->entries[i];
	}
	return NULL;
}

bool command_words_tracked(const struct command_table *table, const struct command_words *words)
{
	for (size_t i = 0; i < table->entry_count; i++) {
		const char *name;

		for (size_t n = 0; (name = command_name(&table->entries[i], n)) != NULL; n++)
			if (name_begins(name, words) && !table->entries[i].untracked)
				return true;
	}
	return false;
}

bool command_words_pass(const struct command_words *words, const struct command_entry *part)
{
	const char *name;

	for (size_t n = 0; (name = command_name(part, n)) != NULL; n++) {
		size_t bytes = strlen(name);

		if (bytes < words->bytes && strncmp(words->text, name, bytes) == 0 && words->text[bytes] == ' ')
			return true;
	}
	return false;
}

const struct command_entry *command_implied(const struct command_table *table)
{
	const struct command_words words = {table->implied, table->implied != NULL ? strlen(table->implied) : 0};

	return command_words_entry(table, &words);
}

bool command_option_takes_value(const struct command_option *option)
{
	return option->kind != COMMAND_BOOL && option->kind != COMMAND_COUNT;
}

static const char *placeholder(enum command_kind kind)
{
	switch (kind) {
	case COMMAND_PATH:
		return SANITIZE_PATH;
	case COMMAND_URL:
		return SANITIZE_URL;
	case COMMAND_SECRET:
		return SANITIZE_REDACTED;
	case COMMAND_VALUE:
	case COMMAND_BOOL:
	case COMMAND_COUNT:
	case COMMAND_INT:
	case COMMAND_ENUM:
		break;
	}
	return SANITIZE_VALUE;
}

static const char *listed_word(const char *const *words, const char *value)
{
	for (const char *const *word = words; word != NULL && *word != NULL; word++)
		if (strcmp(*word, value) == 0 && value[0] != '-' && value[0] != '<')
			return *word;
	return NULL;
}

const char *command_value(enum command_kind kind, const char *const *words, const char *value)
{
	const char *word = kind == COMMAND_ENUM ? listed_word(words, value) : NULL;

	return word != NULL ? word : placeholder(kind);
}

bool command_value_can_be(enum command_kind kind, const char *const *words, const char *token)
{
	return strcmp(placeholder(kind), token) == 0 || (kind == COMMAND_ENUM && listed_word(words, token) != NULL);
}

size_t command_operand_end(const struct command_entry *entry)
{
	return entry->operand_count < SANITIZE_OPERANDS_MAX ? entry->operand_count : SANITIZE_OPERANDS_MAX;
}

const struct command_operand *command_operand_at(const struct command_entry *entry, size_t index)
{
	if (index < command_operand_end(entry))
		return &entry->operands[index];
	if (entry->operands_repeat && entry->operand_count > 0 && entry->operand_count <= SANITIZE_OPERANDS_MAX)
		return &entry->operands[entry->operand_count - 1];
	return NULL;
}
