/* SPDX-License-Identifier: MIT */
/*
 * What a command line of a program can consist of, as far as it may be told: names of commands and options, and what kind of value each
 * takes. upfront's own table is made from its option tables, a product's from the stack file (x-upfront.telemetry.commands). The
 * sanitiser reports nothing that does not stand in such a table.
 */
#ifndef UPFRONT_CONFIG_COMMAND_TABLE_H
#define UPFRONT_CONFIG_COMMAND_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* X(name, word in the stack file). A list of words there is COMMAND_ENUM. */
#define COMMAND_KINDS(X)                                                          \
	X(COMMAND_VALUE, "value")                                                 \
	X(COMMAND_PATH, "path")                                                   \
	X(COMMAND_URL, "url")                                                     \
	X(COMMAND_SECRET, "secret")                                               \
	X(COMMAND_BOOL, "bool") /* an option without a value */                   \
	X(COMMAND_COUNT, "count") /* the same, may be given several times: -vv */ \
	X(COMMAND_INT, "int")                                                     \
	X(COMMAND_ENUM, "enum")
#define COMMAND_ENUMERATOR(name, text) name,
enum command_kind { COMMAND_KINDS(COMMAND_ENUMERATOR) };
#undef COMMAND_ENUMERATOR

/* Most that a stack file may declare: programs, commands of a program, options and operands of a command. */
#define COMMAND_PROGRAMS_MAX 20u
#define COMMAND_ENTRIES_MAX 500u
#define COMMAND_OPTIONS_MAX 200u

struct command_option {
	const char *name; /* as it is reported: "--threads"; "-t" where there is no long form */
	const char *negated; /* "--no-cache" of "--cache", or NULL */
	char letter; /* 0: none */
	enum command_kind kind;
	const char *const *words; /* COMMAND_ENUM: NULL-terminated */
	bool optional_value; /* takes its value only attached: --color, --color=never */
	bool ends_telemetry; /* whoever gives it anywhere is not reported: --no-telemetry */
};

struct command_operand {
	enum command_kind kind;
	const char *const *words; /* COMMAND_ENUM */
};

struct command_entry {
	const char *name; /* "run"; of several words: "dbt run" */
	const char *const *aliases; /* NULL-terminated, or NULL */
	const struct command_option *options;
	size_t option_count;
	const struct command_operand *operands;
	size_t operand_count;
	bool operands_repeat; /* the last operand may be given any number of times */
	bool untracked; /* never reported */
	bool hides_args; /* reported without its arguments */
	bool passthrough; /* its first operand begins another program's command line, with or without "--" before it */
};

struct command_table {
	const char *program; /* put in front of each command: "visivo run"; NULL: nothing, for upfront's own */
	const struct command_option *options; /* known before and after every command */
	size_t option_count;
	const struct command_entry *entries;
	size_t entry_count;
	const char *implied; /* the command that runs when none is named; NULL: "<none>" */
};

#endif
