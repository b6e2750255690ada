/* SPDX-License-Identifier: MIT */
/* What the sanitiser asks of a command table: which names there are, and what stands in place of a value. */
#ifndef UPFRONT_TELEMETRY_SANITIZE_TABLE_H
#define UPFRONT_TELEMETRY_SANITIZE_TABLE_H

#include "config/command_table.h"

#define SANITIZE_VALUE "<value>"
#define SANITIZE_PATH "<path>"
#define SANITIZE_URL "<url>"
#define SANITIZE_REDACTED "<redacted>"
#define SANITIZE_UNKNOWN_FLAG "<unknown-flag>"
#define SANITIZE_UNKNOWN_COMMAND "<unknown-command>"
#define SANITIZE_NONE "<none>"
#define SANITIZE_DASHES "--"
#define SANITIZE_ARGS "<args>"
#define SANITIZE_MORE "<more>"

/* Words of a command's name, read so far: the first `bytes` bytes of a name or an alias in the table. Empty: none. */
struct command_words {
	const char *text;
	size_t bytes;
};

/* Adds a word when some name goes on with it; false: none does, and nothing has changed. */
bool command_words_add(const struct command_table *table, struct command_words *words, const char *word,
		       size_t word_bytes);
/* The command that has this name or alias, whole; NULL: there is none. */
const struct command_entry *command_words_entry(const struct command_table *table, const struct command_words *words);
/* True when some tracked command has a name that begins with these words. */
bool command_words_tracked(const struct command_table *table, const struct command_words *words);

/* True when `part` is a command that these words go through: options of it may have stood before the rest of them. */
bool command_words_pass(const struct command_words *words, const struct command_entry *part);
/* The n-th of an entry's names: its own, then the aliases; NULL behind the last. */
const char *command_name(const struct command_entry *entry, size_t n);

/* The entry of the command that runs when none is named, or NULL. */
const struct command_entry *command_implied(const struct command_table *table);

bool command_option_takes_value(const struct command_option *option);

/*
 * What stands for a value of this kind: a placeholder, or the listed word that `value` equals. A listed word that could be taken for an
 * option or a placeholder is never told.
 */
const char *command_value(enum command_kind kind, const char *const *words, const char *value);
/* True when `token` can stand for a value of this kind. */
bool command_value_can_be(enum command_kind kind, const char *const *words, const char *token);

/* The index of operands for which none is declared, or which the last one repeats for. */
size_t command_operand_end(const struct command_entry *entry);
/* NULL: undeclared. `index` is at most command_operand_end. */
const struct command_operand *command_operand_at(const struct command_entry *entry, size_t index);

#endif
