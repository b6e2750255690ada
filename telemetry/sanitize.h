/* SPDX-License-Identifier: MIT */
/*
 * A command line reduced to what may be told of it. Works on the registry (config/command_table.h) by the rules of getopt_long, never
 * by looking at what a value might be. Every text of the result is a name in the table or one of the placeholders below - it points
 * there, so nothing that was typed can be in it by construction:
 *
 *   <value> <path> <url> <redacted>   a value, by the declared kind; the literal only of a listed enum word, byte for byte
 *   <unknown-flag>                    an option that is not in the table; its attached value is dropped, a following word is <value>
 *   <unknown-command>                 ends the reading; nothing behind it is looked at
 *   <none>                            no command was given
 *   --  <args>                        everything behind "--", however much; of a passthrough command <args> without it
 *   <more>                            in place of all tokens beyond SANITIZE_TOKENS_MAX
 *
 * "--opt=v", "--opt v", "-ov", "-o v" and unambiguous abbreviations come out the same; each option of the table once, in the order of
 * first appearance; a run of equal positional placeholders is one. Linear in argv, no allocation.
 *
 *   sanitize         the reading of a command line
 *   sanitize_check   whether tokens could have come from one
 *   sanitize_table   what both ask of a table
 */
#ifndef UPFRONT_TELEMETRY_SANITIZE_H
#define UPFRONT_TELEMETRY_SANITIZE_H

#include "config/command_table.h"

#define SANITIZE_TOKENS_MAX 32u
#define SANITIZE_OPERANDS_MAX 63u /* operands declared beyond this count as undeclared */

/* Every text of a result that is no name of a table. */
#define SANITIZE_PLACEHOLDERS(X)                         \
	X(SANITIZE_VALUE, "<value>")                     \
	X(SANITIZE_PATH, "<path>")                       \
	X(SANITIZE_URL, "<url>")                         \
	X(SANITIZE_REDACTED, "<redacted>")               \
	X(SANITIZE_UNKNOWN_FLAG, "<unknown-flag>")       \
	X(SANITIZE_UNKNOWN_COMMAND, "<unknown-command>") \
	X(SANITIZE_NONE, "<none>")                       \
	X(SANITIZE_DASHES, "--")                         \
	X(SANITIZE_ARGS, "<args>")                       \
	X(SANITIZE_MORE, "<more>")

struct sanitized {
	bool tracked; /* false: no event - an untracked command, or --no-telemetry anywhere in argv, even as a value or behind "--" */
	const char *program; /* the table's, or NULL */
	const char *
		group; /* the first `group_bytes` bytes: words of a name that fit ("dbt" of "dbt run") where no whole name did */
	size_t group_bytes; /* 0: none */
	const char *
		command; /* name of an entry, or a placeholder; "" when there is only a group. sanitized_command_text joins all three. */
	const char *args[SANITIZE_TOKENS_MAX + 1]; /* the last may be <more> */
	size_t arg_count;
	bool usage_error; /* it was no valid command line */
};

/* `argv` has `argc` texts behind the program's name: bytes of any kind and length. */
void sanitize_command_line(const struct command_table *table, size_t argc, const char *const *argv,
			   struct sanitized *result);

/* "visivo dbt run", "ps", "visivo dbt <unknown-command>": as snprintf, returns the whole length also when `size` does not hold it. */
size_t sanitized_command_text(const struct sanitized *self, char *text, size_t size);

/*
 * For what another process has sanitised: true when `command` (as sanitized_command_text makes it) and the `count` tokens together, in
 * this order, could have come from one of the `table_count` tables, as a tracked command. Nothing else is to be queued.
 */
bool sanitize_could_make(const struct command_table *tables, size_t table_count, const char *command,
			 const char *const *tokens, size_t count);

#endif
