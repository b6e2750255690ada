/* SPDX-License-Identifier: MIT */
#include "launcher/command/completion.h"

#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"

#include <string.h>

enum completion_value completion_of_option(const struct cli_option *option)
{
	if (option->words != NULL)
		return COMPLETE_WORDS;
	if (option->value == NULL)
		return COMPLETE_NOTHING;
	return strcmp(option->value, "FILE") == 0      ? COMPLETE_FILE
	       : strcmp(option->value, "DIR") == 0     ? COMPLETE_FOLDER
	       : strcmp(option->value, "SERVICE") == 0 ? COMPLETE_SERVICE
						       : COMPLETE_ANY;
}

enum completion_value completion_of_operands(const struct cli_command *command)
{
	const char *args = command->args != NULL ? command->args : "";

	return command->takes_rest               ? COMPLETE_PROGRAM
	       : strstr(args, "SERVICE") != NULL ? COMPLETE_SERVICE
	       : strstr(args, "COMMAND") != NULL ? COMPLETE_COMMAND
	       : strchr(args, '|') != NULL       ? COMPLETE_WORDS
	       : strstr(args, "FILE") != NULL    ? COMPLETE_FILE
						 : COMPLETE_NOTHING;
}

void completion_option_words(FILE *out, const struct cli_option *option)
{
	const char *gap = "";

	for (const char *const *word = option->words; *word != NULL; word++) {
		/* "on@N" stands for one with a number, which nobody can guess. */
		if (strchr(*word, '@') != NULL)
			continue;
		fprintf(out, "%s%s", gap, *word);
		gap = " ";
	}
}

void completion_operand_words(FILE *out, const struct cli_command *command)
{
	for (const char *c = command->args; *c != '\0'; c++)
		if (*c == '|')
			putc(' ', out);
		else if (*c != '[' && *c != ']')
			putc(*c, out);
}

static const struct {
	const char *name;
	void (*print)(FILE *out);
} shells[] = {{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};

static int completion_run(struct cli_context *context, struct err *err)
{
	static const char *const names[] = {"bash", "zsh", "fish", NULL};

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(context->args[0], shells[i].name) == 0) {
			shells[i].print(stdout);
			return 0;
		}
	}
	err_set(err, ERR_USAGE, "completion: unknown shell '%s'", context->args[0]);
	if (err_nearest(context->args[0], names) != NULL)
		err_hint(err, "did you mean '%s'?", err_nearest(context->args[0], names));
	else
		err_hint(err, "bash, zsh and fish are known");
	return ERR_USAGE;
}

const struct cli_command command_completion = {
	.name = "completion",
	.args = "bash|zsh|fish",
	.summary = "print a completion script for a shell",
	.text = "bash:  source <(upfront completion bash)          in ~/.bashrc\n"
		"zsh:   upfront completion zsh > \"${fpath[1]}/_upfront\"\n"
		"fish:  upfront completion fish > ~/.config/fish/completions/upfront.fish",
	.args_min = 1,
	.args_max = 1,
	.untracked = true,
	.run = completion_run,
};
