/* SPDX-License-Identifier: MIT */
/*
 * Any arguments, one a line: every token is a name that stands in the table or a placeholder, by its address and so without a byte of
 * what was typed; and what came out is what could have come out.
 */
#include "telemetry/sanitize.h"

#include "tests/lib/loom.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const placeholders[] = {"<value>",        "<path>", "<url>",  "<redacted>",
					   "<unknown-flag>", "--",     "<args>", "<more>"};

static bool stands_in(const struct command_option *options, size_t count, const char *token)
{
	for (size_t i = 0; i < count; i++) {
		if (token == options[i].name || token == options[i].negated)
			return true;
		for (const char *const *word = options[i].words; word != NULL && *word != NULL; word++)
			if (token == *word)
				return true;
	}
	return false;
}

static bool is_name(const struct command_table *table, const char *token)
{
	if (stands_in(table->options, table->option_count, token))
		return true;
	for (size_t i = 0; i < table->entry_count; i++) {
		const struct command_entry *entry = &table->entries[i];

		if (stands_in(entry->options, entry->option_count, token))
			return true;
		for (size_t n = 0; n < entry->operand_count; n++)
			for (const char *const *word = entry->operands[n].words; word != NULL && *word != NULL; word++)
				if (token == *word)
					return true;
	}
	return false;
}

/* By bytes, but the bytes of a literal: nothing that was typed lies at that address. */
static bool is_placeholder(const char *token, const char *typed, size_t size)
{
	if ((uintptr_t)token >= (uintptr_t)typed && (uintptr_t)token < (uintptr_t)typed + size)
		return false;
	for (size_t i = 0; i < LOOM_COUNT(placeholders); i++)
		if (strcmp(token, placeholders[i]) == 0)
			return true;
	return false;
}

static bool is_command(const struct command_table *table, const struct sanitized *result)
{
	for (size_t i = 0; i < table->entry_count; i++)
		if (result->command == table->entries[i].name)
			return result->group_bytes == 0;
	return strcmp(result->command, "<none>") == 0 || strcmp(result->command, "<unknown-command>") == 0 ||
	       (result->command[0] == '\0' && result->group_bytes > 0);
}

static void check(const struct command_table *table, size_t argc, const char *const *argv, const char *typed,
		  size_t size)
{
	struct sanitized result;
	char command[256];

	sanitize_command_line(table, argc, argv, &result);
	if (!is_command(table, &result) || result.arg_count > SANITIZE_TOKENS_MAX + 1)
		abort();
	for (size_t i = 0; i < result.arg_count; i++)
		if (!is_name(table, result.args[i]) && !is_placeholder(result.args[i], typed, size))
			abort();
	if (sanitized_command_text(&result, command, sizeof(command)) >= sizeof(command))
		abort();
	if (result.tracked && !sanitize_could_make(table, 1, command, result.args, result.arg_count))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct command_table table = loom;
	const char *argv[ARGUMENTS_MAX];
	char *typed = malloc(size + 1);
	size_t argc = 0;

	memcpy(typed, data, size);
	typed[size] = '\0';
	for (char *at = typed, *next = typed; next != NULL && argc < ARGUMENTS_MAX; at = next) {
		argv[argc++] = at;
		next = strchr(at, '\n');
		if (next != NULL)
			*next++ = '\0';
	}
	check(&table, argc, argv, typed, size + 1);
	/* The same bytes as what another process says: an answer, whatever they are. */
	sanitize_could_make(&table, 1, argv[0], argv + 1, argc - 1);
	table.implied = "weave";
	table.program = "loom";
	check(&table, argc, argv, typed, size + 1);
	free(typed);
	return 0;
}
