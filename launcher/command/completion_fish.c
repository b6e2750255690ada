/* SPDX-License-Identifier: MIT */
/* By fish's `complete`: https://fishshell.com/docs/current/cmds/complete.html */
#include "launcher/cli.h"
#include "launcher/command/completion.h"

#include <string.h>

/* In fish's single quotes a backslash stands before a quote and before itself. */
static void print_quoted(FILE *out, const char *text)
{
	putc('\'', out);
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('\'', out);
}

static void print_value(FILE *out, const struct cli_option *option)
{
	switch (completion_of_option(option)) {
	case COMPLETE_NOTHING:
		break;
	case COMPLETE_FILE:
		fputs(" -r -F", out);
		break;
	case COMPLETE_FOLDER:
		fputs(" -x -a '(__fish_complete_directories)'", out);
		break;
	case COMPLETE_SERVICE:
		fputs(" -x -a '(__upfront_services)'", out);
		break;
	case COMPLETE_WORDS:
		fputs(" -x -a '", out);
		completion_option_words(out, option);
		fputs("'", out);
		break;
	default:
		fputs(" -x", out);
		break;
	}
}

/* `condition` NULL: everywhere. */
static void print_option(FILE *out, const struct cli_option *option, const char *condition)
{
	if (option->hidden)
		return;
	fputs("complete -c upfront", out);
	if (condition != NULL)
		fprintf(out, " -n '%s'", condition);
	fprintf(out, " -l %s", option->name);
	if (option->letter != 0 && condition != NULL)
		fprintf(out, " -s %c", option->letter);
	print_value(out, option);
	fputs(" -d ", out);
	print_quoted(out, option->help);
	putc('\n', out);
}

static bool has_letter(const struct cli_option *options, char letter)
{
	for (const struct cli_option *option = options; option != NULL && option->name != NULL; option++)
		if (option->letter == letter)
			return true;
	return false;
}

/* Behind a command that has the same letter, its own wins. */
static void print_global_letter(FILE *out, const struct cli_option *option)
{
	const char *gap = " -n 'not __fish_seen_subcommand_from ";
	bool taken = false;

	if (option->letter == 0)
		return;
	fputs("complete -c upfront", out);
	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++) {
		if (!has_letter((*command)->options, option->letter))
			continue;
		fprintf(out, "%s%s", gap, (*command)->name);
		gap = " ";
		taken = true;
	}
	fprintf(out, "%s -s %c", taken ? "'" : "", option->letter);
	print_value(out, option);
	fputs(" -d ", out);
	print_quoted(out, option->help);
	putc('\n', out);
}

static void print_operands(FILE *out, const struct cli_command *command)
{
	enum completion_value value = completion_of_operands(command);

	if (value == COMPLETE_NOTHING)
		return;
	if (value == COMPLETE_FILE) {
		fprintf(out, "complete -c upfront -n '__fish_seen_subcommand_from %s' -F\n", command->name);
		return;
	}
	fprintf(out, "complete -c upfront -n '__fish_seen_subcommand_from %s' -a '", command->name);
	if (value == COMPLETE_SERVICE)
		fputs("(__upfront_services)", out);
	else if (value == COMPLETE_PROGRAM)
		fputs("(__fish_complete_subcommand --fcs-skip=2)", out);
	else if (value == COMPLETE_WORDS)
		completion_operand_words(out, command);
	else
		for (const struct cli_command *const *each = cli_commands; *each != NULL; each++)
			fprintf(out, "%s%s", each == cli_commands ? "" : " ", (*each)->name);
	fputs("'\n", out);
}

void completion_fish(FILE *out)
{
	fputs("# fish completion for upfront; made by: upfront completion fish\n"
	      "function __upfront_services\n"
	      "\tset -l given\n\tset -l option\n\tset -l command\n"
	      "\tfor word in (commandline -opc)[2..-1]\n"
	      "\t\tif set -q option[1]\n\t\t\tset -a given $option $word\n\t\t\tset -e option[1]\n"
	      "\t\telse if string match -qr -- '^(--(file|project|directory|env-file|profile)|-[pC])$' $word\n"
	      "\t\t\tset option $word\n"
	      "\t\telse if string match -qr -- '^--(file|project|directory|env-file|profile)=' $word\n"
	      "\t\t\tset -a given $word\n"
	      "\t\telse if test \"$word\" = -f; and not set -q command[1]\n\t\t\tset option $word\n"
	      "\t\telse if not string match -q -- '-*' $word\n\t\t\tset command $word\n"
	      "\t\tend\n\tend\n"
	      "\tupfront $given config --services 2>/dev/null\n"
	      "end\n"
	      "complete -c upfront -f\n",
	      out);
	for (const struct cli_option *option = cli_global_options; option->name != NULL; option++) {
		print_option(out, option, NULL);
		print_global_letter(out, option);
	}
	for (const struct cli_option *option = cli_commands[0]->options; option->name != NULL; option++)
		print_option(out, option, "__fish_use_subcommand");
	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++) {
		char condition[64];

		snprintf(condition, sizeof(condition), "__fish_seen_subcommand_from %s", (*command)->name);
		fprintf(out, "complete -c upfront -n __fish_use_subcommand -a %s -d ", (*command)->name);
		print_quoted(out, (*command)->summary);
		putc('\n', out);
		for (const struct cli_option *option = (*command)->options; option != NULL && option->name != NULL;
		     option++)
			print_option(out, option, condition);
		print_operands(out, *command);
	}
}
