/* SPDX-License-Identifier: MIT */
/*
 * Completion scripts for shells, made from the option tables and nothing else: a new command or option completes by itself. What an
 * option or an operand takes is told by its placeholder. Names of services come from `upfront config --services`, asked with the
 * global options that stand on the line; it executes nothing from the stack file.
 *
 *   completion       the command, and what the three share
 *   completion_bash, completion_zsh, completion_fish   one script each, written to `out`
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_COMPLETION_H
#define UPFRONT_LAUNCHER_COMMAND_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

struct cli_command;
struct cli_option;

enum completion_value {
	COMPLETE_NOTHING, /* a flag */
	COMPLETE_ANY, /* a value nobody can guess */
	COMPLETE_FILE,
	COMPLETE_FOLDER,
	COMPLETE_WORDS, /* option->words, or those of the operand: see completion_words */
	COMPLETE_SERVICE,
	COMPLETE_COMMAND,
	COMPLETE_PROGRAM /* the command line of another program */
};

enum completion_value completion_of_option(const struct cli_option *option);
enum completion_value completion_of_operands(const struct cli_command *command);

/* The words an option or a command's operand may be, between blanks. */
void completion_option_words(FILE *out, const struct cli_option *option);
void completion_operand_words(FILE *out, const struct cli_command *command);

void completion_bash(FILE *out);
void completion_zsh(FILE *out);
void completion_fish(FILE *out);

#endif
