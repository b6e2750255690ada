/* SPDX-License-Identifier: MIT */
/*
 * The command line of a program that does not exist, for tests of the sanitiser: every kind of value, names of one and of several words,
 * aliases, names of which one begins as the other.
 */
#ifndef UPFRONT_TESTS_LIB_LOOM_H
#define UPFRONT_TESTS_LIB_LOOM_H

#include "config/command_table.h"

#define LOOM_COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct command_option loom_everywhere[] = {
	{.name = "--workshop", .letter = 'w', .kind = COMMAND_PATH},
	{.name = "--loud", .letter = 'l', .kind = COMMAND_COUNT},
	{.name = "--colour",
	 .kind = COMMAND_ENUM,
	 .words = (const char *const[]){"always", "never", NULL},
	 .optional_value = true},
	{.name = "--no-questions", .kind = COMMAND_BOOL},
	{.name = "--no-telemetry", .kind = COMMAND_BOOL, .ends_telemetry = true},
	{.name = "--help", .letter = 'h', .kind = COMMAND_BOOL},
};

static const struct command_option loom_weave[] = {
	{.name = "--motif", .letter = 'm', .kind = COMMAND_VALUE},
	{.name = "--spools", .letter = 's', .kind = COMMAND_INT},
	{.name = "--store", .letter = 'o', .kind = COMMAND_PATH},
	{.name = "--mirror", .kind = COMMAND_URL},
	{.name = "--mirrored", .kind = COMMAND_BOOL},
	{.name = "--passphrase", .letter = 'p', .kind = COMMAND_SECRET},
	{.name = "--shape",
	 .letter = 'f',
	 .kind = COMMAND_ENUM,
	 .words = (const char *const[]){"plain", "twill", "-satin", NULL}},
	{.name = "--fringe", .negated = "--no-fringe", .kind = COMMAND_BOOL},
	{.name = "--guess", .letter = 'g', .kind = COMMAND_VALUE, .optional_value = true},
	{.name = "-Z", .letter = 'Z', .kind = COMMAND_BOOL},
};

static const struct command_option loom_send[] = {
	{.name = "--mirror", .letter = 's', .kind = COMMAND_SECRET},
	{.name = "--workshop", .kind = COMMAND_URL},
};

static const struct command_option loom_vat[] = {{.name = "--recipe", .kind = COMMAND_VALUE}};

static const struct command_operand loom_send_operands[] = {
	{.kind = COMMAND_PATH},
	{.kind = COMMAND_URL},
};
static const struct command_operand loom_ask_operands[] = {
	{.kind = COMMAND_ENUM, .words = (const char *const[]){"price", "stock", NULL}},
	{.kind = COMMAND_VALUE},
};
static const struct command_operand loom_secret_operands[] = {{.kind = COMMAND_SECRET}};

static const struct command_entry loom_entries[] = {
	{.name = "weave", .options = loom_weave, .option_count = LOOM_COUNT(loom_weave)},
	{.name = "ship",
	 .aliases = (const char *const[]){"send", "out now", NULL},
	 .options = loom_send,
	 .option_count = LOOM_COUNT(loom_send),
	 .operands = loom_send_operands,
	 .operand_count = LOOM_COUNT(loom_send_operands)},
	{.name = "ask",
	 .operands = loom_ask_operands,
	 .operand_count = LOOM_COUNT(loom_ask_operands),
	 .operands_repeat = true},
	{.name = "unlock",
	 .operands = loom_secret_operands,
	 .operand_count = LOOM_COUNT(loom_secret_operands),
	 .hides_args = true},
	{.name = "dye vat", .options = loom_vat, .option_count = LOOM_COUNT(loom_vat)},
	{.name = "dye vat drain", .operands = loom_secret_operands, .operand_count = LOOM_COUNT(loom_secret_operands)},
	{.name = "with", .passthrough = true},
	{.name = "privacy off", .untracked = true},
	{.name = "privacy show", .untracked = true},
};

static const struct command_table loom = {
	.options = loom_everywhere,
	.option_count = LOOM_COUNT(loom_everywhere),
	.entries = loom_entries,
	.entry_count = LOOM_COUNT(loom_entries),
};

#endif
