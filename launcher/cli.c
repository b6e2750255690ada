/* SPDX-License-Identifier: MIT */
#include "launcher/cli.h"

#include "config/duration.h"
#include "config/err.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTIONS_MAX 64u
#define LONG_BASE 256 /* getopt's value of an option is LONG_BASE + its index in the set */

/* The options that hold at one place of the command line: the command's own first, so that its letters win. */
struct option_set {
	struct {
		const struct cli_option *option;
		char *target; /* struct its offset is in */
	} items[OPTIONS_MAX];
	size_t count;
	struct option longs[OPTIONS_MAX + 1];
	char letters[2 + OPTIONS_MAX * 3];
	bool stop_early;
	const char *last_value; /* word that the last option took; NULL: none */
};

static bool set_has_letter(const struct option_set *self, char letter)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->items[i].option->letter == letter)
			return true;
	return false;
}

static bool set_has_name(const struct option_set *self, const char *name)
{
	for (size_t i = 0; i < self->count; i++)
		if (strcmp(self->items[i].option->name, name) == 0)
			return true;
	return false;
}

static bool takes_value(const struct cli_option *option)
{
	return option->kind != CLI_FLAG && option->kind != CLI_FLAG_OFF;
}

static void set_add(struct option_set *self, const struct cli_option *options, void *target)
{
	for (const struct cli_option *option = options; option != NULL && option->name != NULL; option++) {
		struct option *entry = &self->longs[self->count];
		size_t length = strlen(self->letters);

		if (self->count >= OPTIONS_MAX || set_has_name(self, option->name))
			continue;
		entry->name = option->name;
		entry->has_arg = !takes_value(option)     ? no_argument
				 : option->optional_value ? optional_argument
							  : required_argument;
		entry->val = LONG_BASE + (int)self->count;
		if (option->letter != 0 && !set_has_letter(self, option->letter)) {
			self->letters[length++] = option->letter;
			if (takes_value(option))
				self->letters[length++] = ':';
			if (takes_value(option) && option->optional_value)
				self->letters[length++] = ':';
			self->letters[length] = '\0';
		}
		self->items[self->count].option = option;
		self->items[self->count].target = target;
		self->count++;
	}
}

/* `stop_early`: the first operand ends the options, for what stands in front of a command, and for `run`. */
static void set_init(struct option_set *self, bool stop_early)
{
	memset(self, 0, sizeof(*self));
	self->stop_early = stop_early;
	memcpy(self->letters, stop_early ? "+:" : ":", stop_early ? 3 : 2);
}

static const struct cli_option *set_find(const struct option_set *self, int value, char **target)
{
	for (size_t i = 0; i < self->count; i++) {
		const struct cli_option *option = self->items[i].option;

		if (value == LONG_BASE + (int)i || (value < LONG_BASE && option->letter == value)) {
			*target = self->items[i].target + option->offset;
			return option;
		}
	}
	return NULL;
}

/* ---- Values ---- */

static void hint_words(const char *const *words, struct err *err)
{
	char list[256] = "";
	size_t used = 0;

	for (size_t i = 0; words[i] != NULL && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
					 i == 0                 ? ""
					 : words[i + 1] == NULL ? " or "
								: ", ",
					 words[i]);
	err_hint(err, "it takes %s", list);
}

static int check_word(const struct cli_option *option, const char *value, struct err *err)
{
	for (const char *const *word = option->words; *word != NULL; word++) {
		size_t head = strcspn(*word, "@");
		bool numbered = strcmp(*word + head, "@N") == 0 && strncmp(value, *word, head + 1) == 0 &&
				value[head + 1] != '\0' && strlen(value + head + 1) < 10 &&
				strspn(value + head + 1, "0123456789") == strlen(value + head + 1);

		if (numbered || (strcmp(value, *word) == 0 && (*word)[head] == '\0'))
			return 0;
	}
	err_set(err, ERR_USAGE, "--%s: unknown value '%s'", option->name, value);
	if (err_nearest(value, option->words) != NULL)
		err_hint(err, "did you mean '%s'?", err_nearest(value, option->words));
	else
		hint_words(option->words, err);
	return -EINVAL;
}

bool cli_parse_seconds(const char *text, int64_t *duration_ms)
{
	char *end;
	double seconds;

	if (duration_parse(text, duration_ms))
		return true;
	errno = 0;
	seconds = strtod(text, &end);
	if (errno != 0 || end == text || *end != '\0' || !isdigit((unsigned char)text[0]) ||
	    seconds > (double)DURATION_MS_MAX / 1000)
		return false;
	*duration_ms = (int64_t)(seconds * 1000 + 0.5);
	return true;
}

static int set_seconds(const struct cli_option *option, const char *value, int64_t *target, struct err *err)
{
	if (cli_parse_seconds(value, target))
		return 0;
	return err_set(err, ERR_USAGE, "--%s: wanted seconds or a duration such as 1m30s, found '%s'", option->name,
		       value);
}

static int set_count(const struct cli_option *option, const char *value, int *target, struct err *err)
{
	char *end;
	long count;

	errno = 0;
	count = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || count < 0 || count > INT_MAX)
		return err_set(err, ERR_USAGE, "--%s: wanted a number from 0 on, found '%s'", option->name, value);
	*target = (int)count;
	return 0;
}

static int list_add(const char ***list, const char *value, struct err *err)
{
	size_t count = 0;
	const char **grown;

	while (*list != NULL && (*list)[count] != NULL)
		count++;
	grown = realloc(*list, (count + 2) * sizeof(*grown));
	if (grown == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	grown[count] = value;
	grown[count + 1] = NULL;
	*list = grown;
	return 0;
}

static int set_value(const struct cli_option *option, const char *value, void *target, struct err *err)
{
	switch (option->kind) {
	case CLI_FLAG:
		*(bool *)target = true;
		return 0;
	case CLI_FLAG_OFF:
		*(bool *)target = false;
		return 0;
	case CLI_TEXT:
		*(const char **)target = value;
		return 0;
	case CLI_LIST:
		return list_add(target, value, err);
	case CLI_COUNT:
		return set_count(option, value, target, err);
	case CLI_SECONDS:
		return set_seconds(option, value, target, err);
	case CLI_WORD:
		if (value == NULL)
			value = option->words[0];
		*(const char **)target = value;
		return check_word(option, value, err);
	case CLI_WORDS:
		if (check_word(option, value, err) < 0)
			return -EINVAL;
		return list_add(target, value, err);
	}
	return -EINVAL;
}

/* ---- Complaints ---- */

static int unknown_long(const struct option_set *set, const char *word, struct err *err)
{
	const char *names[OPTIONS_MAX + 1] = {NULL};
	char *name = strndup(word + 2, strcspn(word + 2, "="));
	const char *nearest = NULL;

	for (size_t i = 0; i < set->count; i++)
		names[i] = set->items[i].option->name;
	if (name != NULL)
		nearest = err_nearest(name, names);
	err_set(err, ERR_USAGE, "unknown option '--%s'", name != NULL ? name : "");
	if (nearest != NULL)
		err_hint(err, "did you mean '--%s'?", nearest);
	free(name);
	return -EINVAL;
}

static int complain(const struct option_set *set, int answer, char *const *argv, const struct cli_command *command,
		    struct err *err)
{
	const char *word = argv[optind > 0 ? optind - 1 : 0];
	bool is_long = strncmp(word, "--", 2) == 0;
	char *target;
	const struct cli_option *option = optopt != 0 ? set_find(set, optopt, &target) : NULL;

	if (answer == ':' && option != NULL)
		err_set(err, ERR_USAGE, "--%s wants a value (%s)", option->name, option->value);
	else if (option != NULL && is_long)
		err_set(err, ERR_USAGE, "--%s takes no value", option->name);
	else if (optopt != 0)
		err_set(err, ERR_USAGE, "unknown option '-%c'", optopt);
	else
		unknown_long(set, word, err);
	if (err->items[0].hint == NULL)
		err_hint(err, "upfront help %s", command->name);
	return -EINVAL;
}

/* ---- Parsing ---- */

/* Takes options up to the first operand (stop_early) or all of them; optind stands behind them. */
static int take_options(struct option_set *set, int argc, char **argv, const struct cli_command *command,
			struct err *err)
{
	int answer;

	optind = 0; /* glibc: start anew */
	opterr = 0;
	while ((answer = getopt_long(argc, argv, set->letters, set->longs, NULL)) != -1) {
		const struct cli_option *option;
		char *target = NULL;
		int result;

		if (answer == '?' || answer == ':')
			return complain(set, answer, argv, command, err);
		set->last_value = optarg;
		option = set_find(set, answer, &target);
		if (option == NULL)
			return err_set(err, ERR_INTERNAL, "an option has no entry");
		result = set_value(option, optarg, target, err);
		if (result < 0)
			return result;
	}
	return 0;
}

static const struct cli_command *find_command(const char *name)
{
	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++)
		if (strcmp((*command)->name, name) == 0)
			return *command;
	return NULL;
}

static int unknown_command(const char *word, struct err *err)
{
	const char *names[OPTIONS_MAX] = {NULL};

	for (size_t i = 0; cli_commands[i] != NULL && i + 1 < OPTIONS_MAX; i++)
		names[i] = cli_commands[i]->name;
	err_set(err, ERR_USAGE, "unknown command '%s'", word);
	if (err_nearest(word, names) != NULL)
		err_hint(err, "did you mean '%s'?", err_nearest(word, names));
	else
		err_hint(err, "upfront help");
	return -EINVAL;
}

/* True when "--" ended the options in front, so that what follows is an operand of `up` and no command. It may be a value, too. */
static bool was_ended(const struct option_set *set, char *const *argv, int next)
{
	return next > 1 && argv[next - 1] != set->last_value && strcmp(argv[next - 1], "--") == 0;
}

/*
 * What stands in front of the command: global options, and those of `up`, which is meant when no command follows. They are taken
 * for `up` first; when another command follows it turns out whether all of them were global.
 */
static int take_front(struct cli_context *context, int argc, const struct cli_command *up, int *next, bool *ended,
		      struct err *err)
{
	struct option_set set;
	int result;

	set_init(&set, true);
	set_add(&set, cli_global_options, &context->globals);
	set_add(&set, up->options, context->options);
	result = take_options(&set, argc, context->argv, up, err);
	*next = optind;
	*ended = was_ended(&set, context->argv, optind);
	return result;
}

static void options_finish(const struct cli_option *options, void *target)
{
	for (const struct cli_option *option = options; option != NULL && target != NULL && option->name != NULL;
	     option++) {
		if (option->kind == CLI_LIST || option->kind == CLI_WORDS) {
			const char ***list = (void *)((char *)target + option->offset);

			free(*list);
			*list = NULL;
		}
	}
}

static int options_begin(struct cli_context *context, const struct cli_command *command, struct err *err)
{
	if (context->command != NULL)
		options_finish(context->command->options, context->options);
	free(context->options);
	context->command = command;
	context->options = calloc(1, command->options_size > 0 ? command->options_size : 1);
	if (context->options == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	/* Zero is a duration that somebody may mean. */
	for (const struct cli_option *option = command->options; option != NULL && option->name != NULL; option++)
		if (option->kind == CLI_SECONDS)
			*(int64_t *)((void *)((char *)context->options + option->offset)) = -1;
	return 0;
}

/* Again without those of `up`: what stands in front of another command must be global. */
static int check_front(struct cli_context *context, int front, struct err *err)
{
	struct cli_globals globals = {0};
	struct option_set set;
	int result;

	set_init(&set, true);
	set_add(&set, cli_global_options, &globals);
	result = take_options(&set, front, context->argv, context->command, err);
	options_finish(cli_global_options, &globals);
	return result;
}

static int take_operands(struct cli_context *context, int argc, struct err *err)
{
	const struct cli_command *command = context->command;
	size_t count = argc > optind ? (size_t)(argc - optind) : 0;
	const char **operands = calloc(count + 1, sizeof(*operands));

	if (operands == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < count; i++)
		operands[i] = context->argv[optind + (int)i];
	if (command->takes_rest) {
		context->rest = operands;
		return 0;
	}
	context->args = operands;
	context->arg_count = count;
	if (context->globals.help || context->globals.version)
		return 0;
	if (command->args_max >= 0 && count > (size_t)command->args_max) {
		err_set(err, ERR_USAGE, "%s: too many operands: '%s'", command->name, operands[command->args_max]);
		err_hint(err, "upfront help %s", command->name);
		return -EINVAL;
	}
	if (count < (size_t)command->args_min) {
		err_set(err, ERR_USAGE, "%s: missing operand: %s", command->name, command->args);
		err_hint(err, "upfront help %s", command->name);
		return -EINVAL;
	}
	return 0;
}

static int take_command(struct cli_context *context, int argc, int front, struct err *err)
{
	struct option_set set;
	int result;

	set_init(&set, context->command->takes_rest);
	set_add(&set, context->command->options, context->options);
	set_add(&set, cli_global_options, &context->globals);
	/* getopt starts behind argv[0]; that place is the command's name now. */
	context->argv += front;
	result = take_options(&set, argc - front, context->argv, context->command, err);
	if (result == 0)
		result = take_operands(context, argc - front, err);
	context->argv -= front;
	return result;
}

static int copy_argv(struct cli_context *context, int argc, char *const *argv, struct err *err)
{
	context->argv = calloc((size_t)argc + 2, sizeof(*context->argv));
	if (context->argv == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (int i = 0; i < argc; i++)
		context->argv[i] = argv[i];
	return 0;
}

static int parse(struct cli_context *context, int argc, struct err *err)
{
	const struct cli_command *up = find_command("up");
	const struct cli_command *command;
	bool ended;
	int front, result;

	result = options_begin(context, up, err);
	if (result == 0)
		result = take_front(context, argc, up, &front, &ended, err);
	if (result < 0)
		return result;
	if (front >= argc || ended)
		return take_operands(context, argc, err);
	command = find_command(context->argv[front]);
	if (command == NULL)
		return unknown_command(context->argv[front], err);
	context->named = true;
	if (command != up) {
		result = options_begin(context, command, err);
		if (result == 0)
			result = check_front(context, front, err);
		if (result < 0)
			return result;
	}
	return take_command(context, argc, front, err);
}

static int copy_environment(struct cli_context *context, struct err *err)
{
	for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
		if (strmap_set_pair(&context->environment, *entry) == -ENOMEM)
			return err_set(err, ERR_INTERNAL, "out of memory");
	return 0;
}

static void fill_ui(struct cli_context *context)
{
	const char *no_color = strmap_find(&context->environment, "NO_COLOR");
	const char *color = context->globals.color;

	context->ui.color = color != NULL && strcmp(color, "always") == 0  ? UI_COLOR_ALWAYS
			    : color != NULL && strcmp(color, "never") == 0 ? UI_COLOR_NEVER
									   : UI_COLOR_AUTO;
	context->ui.plain = context->globals.plain;
	context->ui.no_color = no_color != NULL && no_color[0] != '\0';
	context->ui.term = strmap_find(&context->environment, "TERM");
}

int cli_parse(int argc, char *const *argv, struct cli_context *context, const struct cli_command **command,
	      struct err *err)
{
	int result;

	memset(context, 0, sizeof(*context));
	strmap_init(&context->environment);
	result = copy_environment(context, err);
	if (result == 0)
		result = copy_argv(context, argc, argv, err);
	if (result == 0)
		result = parse(context, argc, err);
	fill_ui(context);
	*command = context->command;
	return result;
}

void cli_context_finish(struct cli_context *context)
{
	options_finish(cli_global_options, &context->globals);
	if (context->command != NULL)
		options_finish(context->command->options, context->options);
	free(context->options);
	free(context->args);
	free(context->rest);
	free(context->argv);
	strmap_finish(&context->environment);
	memset(context, 0, sizeof(*context));
}
