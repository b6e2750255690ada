/* SPDX-License-Identifier: MIT */
/* Help texts, made from the option tables alone. */
#include "launcher/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_COLUMNS 26

static void print_option(FILE *out, const struct cli_option *option)
{
	char left[96];
	int width = 0;

	if (option->hidden)
		return;
	if (option->letter != 0)
		width = snprintf(left, sizeof(left), "-%c, ", option->letter);
	else
		width = snprintf(left, sizeof(left), "    ");
	width += snprintf(left + width, sizeof(left) - (size_t)width, "--%s", option->name);
	if (option->value != NULL)
		snprintf(left + width, sizeof(left) - (size_t)width, option->optional_value ? "[=%s]" : " %s",
			 option->value);
	if (strlen(left) > NAME_COLUMNS)
		fprintf(out, "  %s\n  %-*s  %s\n", left, NAME_COLUMNS, "", option->help);
	else
		fprintf(out, "  %-*s  %s\n", NAME_COLUMNS, left, option->help);
}

static void print_options(FILE *out, const char *title, const struct cli_option *options)
{
	if (options == NULL || options->name == NULL)
		return;
	fprintf(out, "\n%s:\n", title);
	for (const struct cli_option *option = options; option->name != NULL; option++)
		print_option(out, option);
}

static void print_overview(FILE *out)
{
	fputs("Usage: upfront [OPTIONS] [COMMAND] [ARGS]\n"
	      "Asks first, then launches: brings up the stack described in compose.yaml, upfront.yaml or Procfile.\n"
	      "Without a command: up.\n"
	      "\nCommands:\n",
	      out);
	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++)
		fprintf(out, "  %-10s  %s\n", (*command)->name, (*command)->summary);
	print_options(out, "Options, before or after the command", cli_global_options);
	fputs("\nupfront help COMMAND tells more about one.\n", out);
}

static void print_command(FILE *out, const struct cli_command *command)
{
	fprintf(out, "Usage: upfront %s%s%s%s\n%s\n", command->name,
		command->options != NULL && command->options->name != NULL ? " [OPTIONS]" : "",
		command->args != NULL && command->args[0] != '\0' ? " " : "",
		command->args != NULL ? command->args : "", command->summary);
	if (command->text != NULL)
		fprintf(out, "\n%s\n", command->text);
	print_options(out, "Options", command->options);
	print_options(out, "Global options", cli_global_options);
}

char *cli_help(const struct cli_command *command)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	if (command == NULL)
		print_overview(out);
	else
		print_command(out, command);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
