/* SPDX-License-Identifier: MIT */
#include "launcher/cli.h"
#include "launcher/command/completion.h"

#include <string.h>

/* `--opt=` comes as words of its own: bash breaks at '='. */
static const char head[] =
	"# bash completion for upfront; made by: upfront completion bash\n"
	"_upfront_services() {\n"
	"\tlocal name\n"
	"\twhile IFS= read -r name; do\n"
	"\t\t[[ $name == \"$cur\"* ]] && COMPREPLY+=(\"$name\")\n"
	"\tdone < <(upfront \"${given[@]}\" config --services 2>/dev/null)\n"
	"}\n"
	"_upfront_files() {\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen \"$1\" -- \"$cur\")\n"
	"}\n"
	"_upfront() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= dashes= i word\n"
	"\tlocal -a given=()\n"
	"\tCOMPREPLY=()\n"
	"\tif [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tword=${COMP_WORDS[i]}\n"
	"\t\tcase $command:$word in\n"
	"\t\t*:--) dashes=1 && break ;;\n";

static const char after_globals[] = "\t\t*:-* | *:=) ;;\n"
				    "\t\t:*) command=$word ;;\n"
				    "\t\tesac\n"
				    "\tdone\n";

static const char tail[] = "}\n"
			   "complete -F _upfront upfront\n";

static bool has_letter(const struct cli_option *options, char letter)
{
	for (const struct cli_option *option = options; option != NULL && option->name != NULL; option++)
		if (option->letter == letter)
			return true;
	return false;
}

/* Those that say which stack is meant: kept, to ask for its services. */
static bool is_kept(const struct cli_option *option)
{
	static const char *const kept[] = {"file", "project", "directory", "env-file", "profile"};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (strcmp(option->name, kept[i]) == 0)
			return true;
	return false;
}

static void print_value_options(FILE *out, const struct cli_option *options, bool kept)
{
	for (const struct cli_option *option = options; option->name != NULL; option++)
		if (option->value != NULL && is_kept(option) == kept)
			fprintf(out, " | %s:--%s", kept ? "*" : "", option->name);
}

/* Which words of the line are values of options, in front of the command most of all: those are no command. */
static void print_skips(FILE *out)
{
	fputs("\t\t:-", out);
	for (const struct cli_option *option = cli_global_options; option->name != NULL; option++)
		if (option->letter != 0 && option->value != NULL)
			fprintf(out, " | :-%c", option->letter);
	print_value_options(out, cli_global_options, true);
	fputs(")\n"
	      "\t\t\t[[ ${COMP_WORDS[i+1]} == = ]] && ((i++))\n"
	      "\t\t\tgiven+=(\"$word\" \"${COMP_WORDS[++i]}\")\n"
	      "\t\t\t;;\n"
	      "\t\t:-",
	      out);
	print_value_options(out, cli_global_options, false);
	print_value_options(out, cli_commands[0]->options, false);
	fputs(")\n"
	      "\t\t\t[[ ${COMP_WORDS[i+1]} == = ]] && ((i++))\n"
	      "\t\t\t((i++))\n"
	      "\t\t\t;;\n",
	      out);
}

static void print_reply(FILE *out, enum completion_value value, const struct cli_option *option,
			const struct cli_command *command)
{
	switch (value) {
	case COMPLETE_FILE:
		fputs("_upfront_files -f", out);
		break;
	case COMPLETE_FOLDER:
		fputs("_upfront_files -d", out);
		break;
	case COMPLETE_SERVICE:
		fputs("_upfront_services", out);
		break;
	case COMPLETE_WORDS:
		fputs("COMPREPLY=($(compgen -W '", out);
		if (option != NULL)
			completion_option_words(out, option);
		else
			completion_operand_words(out, command);
		fputs("' -- \"$cur\"))", out);
		break;
	case COMPLETE_COMMAND:
		fputs("COMPREPLY=($(compgen -W '", out);
		for (const struct cli_command *const *each = cli_commands; *each != NULL; each++)
			fprintf(out, "%s%s", each == cli_commands ? "" : " ", (*each)->name);
		fputs("' -- \"$cur\"))", out);
		break;
	case COMPLETE_PROGRAM:
		fputs("_upfront_files -c", out);
		break;
	case COMPLETE_ANY:
	case COMPLETE_NOTHING:
		fputs(":", out);
		break;
	}
}

/* Values: by command and option, as they stand behind it. */
static void print_values(FILE *out, const char *pattern, const struct cli_option *options)
{
	for (const struct cli_option *option = options; option != NULL && option->name != NULL; option++) {
		enum completion_value value = completion_of_option(option);

		if (value == COMPLETE_NOTHING)
			continue;
		fprintf(out, "\t%s:--%s", pattern, option->name);
		if (option->letter != 0)
			fprintf(out, " | %s:-%c", pattern, option->letter);
		fputs(") ", out);
		print_reply(out, value, option, NULL);
		fputs("; return ;;\n", out);
	}
}

static void print_names(FILE *out, const struct cli_option *options)
{
	for (const struct cli_option *option = options; option != NULL && option->name != NULL; option++)
		if (!option->hidden)
			fprintf(out, " --%s", option->name);
}

static void print_command(FILE *out, const struct cli_command *command, const char *pattern)
{
	fprintf(out, "\t%s)\n\t\tif [[ $cur == -* && -z $dashes ]]; then\n\t\t\tCOMPREPLY=($(compgen -W '", pattern);
	print_names(out, command->options);
	print_names(out, cli_global_options);
	fputs("' -- \"$cur\"))\n\t\telse\n\t\t\t", out);
	if (pattern[0] == '\'')
		print_reply(out, COMPLETE_COMMAND, NULL, NULL);
	else
		print_reply(out, completion_of_operands(command), NULL, command);
	fputs("\n\t\tfi\n\t\t;;\n", out);
}

void completion_bash(FILE *out)
{
	const struct cli_command *up = cli_commands[0];

	fputs(head, out);
	print_skips(out);
	fputs(after_globals, out);
	/* A command's own letters win over the global ones of the same name. */
	fputs("\tcase $command:$prev in\n", out);
	print_values(out, "", up->options);
	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++) {
		char flags[128] = "";
		size_t length = 0;

		print_values(out, (*command)->name, (*command)->options);
		for (const struct cli_option *option = (*command)->options; option != NULL && option->name != NULL;
		     option++)
			if (option->letter != 0 && has_letter(cli_global_options, option->letter) &&
			    completion_of_option(option) == COMPLETE_NOTHING && length + 64 < sizeof(flags))
				length += (size_t)snprintf(flags + length, sizeof(flags) - length, "%s%s:-%c",
							   length > 0 ? " | " : "", (*command)->name, option->letter);
		if (length > 0)
			fprintf(out, "\t%s) ;;\n", flags);
	}
	print_values(out, "*", cli_global_options);
	fputs("\tesac\n\tcase $command in\n", out);
	print_command(out, up, "''");
	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++)
		print_command(out, *command, (*command)->name);
	fputs("\tesac\n", out);
	fputs(tail, out);
}
