/* SPDX-License-Identifier: MIT */
/* By zsh's own _arguments: zshcompsys(1), "Utility Functions". */
#include "launcher/cli.h"
#include "launcher/command/completion.h"

#include <string.h>

static const char head[] = "#compdef upfront\n"
			   "# zsh completion for upfront; made by: upfront completion zsh\n"
			   "_upfront_services() {\n"
			   "\tlocal -a services given\n"
			   "\tlocal name\n"
			   "\tfor name in -f --file -p --project -C --directory; do\n"
			   "\t\tif (( ${+global_args[$name]} )); then\n"
			   "\t\t\tgiven+=($name ${(Q)global_args[$name]})\n"
			   "\t\telif [[ $name != -f ]] && (( ${+opt_args[$name]} )); then\n"
			   "\t\t\tgiven+=($name ${(Q)opt_args[$name]})\n"
			   "\t\tfi\n"
			   "\tdone\n"
			   "\tservices=(${(f)\"$(upfront $given config --services 2>/dev/null)\"})\n"
			   "\tcompadd -a services\n"
			   "}\n";

/* One part of a specification, in which brackets and colons mean something. */
static void print_escaped(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'') {
			fputs("'\\''", out);
			continue;
		}
		if (strchr("[]:\\", *text) != NULL)
			putc('\\', out);
		putc(*text, out);
	}
}

static void print_action(FILE *out, const struct cli_option *option)
{
	fputc(':', out);
	print_escaped(out, option->value != NULL ? option->value : "WORD");
	fputc(':', out);
	switch (completion_of_option(option)) {
	case COMPLETE_FILE:
		fputs("_files", out);
		break;
	case COMPLETE_FOLDER:
		fputs("_files -/", out);
		break;
	case COMPLETE_SERVICE:
		fputs("_upfront_services", out);
		break;
	case COMPLETE_WORDS:
		fputc('(', out);
		completion_option_words(out, option);
		fputc(')', out);
		break;
	default:
		fputc(' ', out);
		break;
	}
}

static bool has_letter(const struct cli_option *options, char letter)
{
	for (const struct cli_option *option = options; option != NULL && option->name != NULL; option++)
		if (option->letter == letter)
			return true;
	return false;
}

static void print_spec(FILE *out, const struct cli_option *option, bool with_letter)
{
	const bool value = completion_of_option(option) != COMPLETE_NOTHING;
	const bool repeats = option->kind == CLI_LIST || option->kind == CLI_WORDS;
	const char *sign = value ? "=" : "";

	fputs("\t\t", out);
	if (with_letter)
		fprintf(out, "'%s%s'{-%c%s,--%s%s}'", repeats ? "*" : "", "", option->letter, value ? "+" : "",
			option->name, sign);
	else
		fprintf(out, "'%s--%s%s", repeats ? "*" : "", option->name,
			value && option->optional_value ? "=-" : sign);
	fputc('[', out);
	print_escaped(out, option->help);
	fputc(']', out);
	if (value)
		print_action(out, option);
	fputs("' \\\n", out);
}

static void print_specs(FILE *out, const struct cli_option *options, const struct cli_option *own)
{
	for (const struct cli_option *option = options; option != NULL && option->name != NULL; option++)
		if (!option->hidden)
			print_spec(out, option, option->letter != 0 && !has_letter(own, option->letter));
}

static void print_operands(FILE *out, const struct cli_command *command)
{
	switch (completion_of_operands(command)) {
	case COMPLETE_SERVICE:
		fputs("\t\t'*:service:_upfront_services'", out);
		break;
	case COMPLETE_COMMAND:
		fputs("\t\t'1:command:_upfront_commands'", out);
		break;
	case COMPLETE_FILE:
		fputs("\t\t'1:file:_files'", out);
		break;
	case COMPLETE_WORDS:
		fputs("\t\t'1:word:(", out);
		completion_operand_words(out, command);
		fputs(")'", out);
		break;
	case COMPLETE_PROGRAM:
		fputs("\t\t'(-)1:command:_command_names -e' '*::argument:_normal'", out);
		break;
	default:
		fputs("\t\t'*: : '", out);
		break;
	}
}

void completion_zsh(FILE *out)
{
	fputs(head, out);
	fputs("_upfront_commands() {\n\tlocal -a commands=(\n", out);
	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++) {
		fprintf(out, "\t\t'%s:", (*command)->name);
		print_escaped(out, (*command)->summary);
		fputs("'\n", out);
	}
	fputs("\t)\n\t_describe command commands\n}\n"
	      "_upfront() {\n\tlocal curcontext=$curcontext state line\n"
	      "\ttypeset -A opt_args global_args\n\t_arguments -C -A '-*' \\\n",
	      out);
	print_specs(out, cli_commands[0]->options, NULL);
	print_specs(out, cli_global_options, cli_commands[0]->options);
	fputs("\t\t'1:command:_upfront_commands' \\\n\t\t'*::argument:->rest'\n"
	      "\t[[ $state == rest ]] || return\n"
	      "\tglobal_args=(\"${(@kv)opt_args}\")\n"
	      "\tcase $words[1] in\n",
	      out);
	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++) {
		/* What stands behind `--` is another program's. */
		fprintf(out, "\t%s) _arguments%s \\\n", (*command)->name,
			completion_of_operands(*command) == COMPLETE_PROGRAM ? " -S -A '-*'" : "");
		print_specs(out, (*command)->options, NULL);
		print_specs(out, cli_global_options, (*command)->options);
		print_operands(out, *command);
		fputs(" ;;\n", out);
	}
	fputs("\tesac\n}\n"
	      "if [[ $funcstack[1] == _upfront ]]; then _upfront \"$@\"; else compdef _upfront upfront; fi\n",
	      out);
}
