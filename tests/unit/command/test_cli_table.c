/* SPDX-License-Identifier: MIT */
/*
 * What may be told of upfront's own command lines: names of its tables and placeholders. The parser reads a line by getopt, the sanitiser
 * by the table alone, so many lines are given to both, and they must agree on what was typed.
 */
#include "config/err.h"
#include "config/pool.h"
#include "launcher/cli.h"
#include "launcher/cli_table.h"
#include "telemetry/sanitize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WORDS_MAX 12
#define TEXT_MAX 2048
#define LINES 100000
#define CANARY "zq7canary"

static struct pool *pool;
static const struct command_table *table;

static int setup(void **state)
{
	(void)state;
	pool = pool_create();
	table = cli_table_make(pool);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pool_destroy(pool);
	return 0;
}

/* "ps|--json --file <path>" */
static void render(const struct sanitized *line, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "%s|", line->command);

	for (size_t i = 0; i < line->arg_count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? " " : "", line->args[i]);
}

static size_t split(char *words, const char **argv)
{
	char *rest = NULL;
	size_t count = 0;

	for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		argv[count++] = word;
	return count;
}

static void test_what_is_told_of_a_line(void **state)
{
	static const struct {
		const char *line, *told; /* NULL: nothing */
	} cases[] = {
		{"", "up|"},
		{"-d --wait", "up|--detach --wait"},
		{"up -d web db", "up|--detach <value>"},
		{"ps --json -C /home/" CANARY, "ps|--json --directory <path>"},
		{"-p " CANARY " ps", "ps|--project <value>"},
		{"--fi=" CANARY ".yaml ps", "ps|--file <path>"},
		{"-f" CANARY ".yaml -f b.yaml ps", "ps|--file <path>"},
		{"logs -f " CANARY, "logs|--follow <value>"},
		{"-f " CANARY " logs -f --tail 10", "logs|--file <path> --follow --tail <value>"},
		{"logs --since " CANARY " -n all", "logs|--since <value> --tail <value>"},
		{"stop -t 5 " CANARY, "stop|--timeout <value> <value>"},
		{"kill -s HUP " CANARY, "kill|--signal <value> <value>"},
		{"scale " CANARY "=3", "scale|<value>"},
		{"ps --color never", "ps|--color never"},
		{"ps --color " CANARY, "ps|--color <value>"},
		{"up --engine native --telemetry on", "up|--engine native --telemetry on"},
		{"up --telemetry on@7", "up|--telemetry <value>"},
		{"up --telemetry on@N", "up|--telemetry <value>"},
		{"up --wait-timeout 1m30s", "up|--wait-timeout <value>"},
		{"run -- sh -c " CANARY, "run|-- <args>"},
		{"run -T " CANARY " --follow", "run|--no-tty <args>"},
		{"ps --" CANARY, "ps|<unknown-flag>"},
		{CANARY " ps", "<unknown-command>|"},
		{"up -- " CANARY, "up|-- <args>"},
		/* Not told. */
		{"up --no-telemetry", NULL},
		{"--disable-telemetry", NULL},
		{"run -- visivo run --no-telemetry", NULL},
		{"telemetry", NULL},
		{"telemetry status", NULL},
		{"telemetry off --all", NULL},
		{"--json telemetry receipt", NULL},
		{"completion bash", NULL},
		{"help ps", NULL},
		{"version", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argv[WORDS_MAX];
		char words[TEXT_MAX], text[TEXT_MAX];
		struct sanitized told;

		snprintf(words, sizeof(words), "%s", cases[i].line);
		sanitize_command_line(table, split(words, argv), argv, &told);
		render(&told, text, sizeof(text));
		if (told.tracked != (cases[i].told != NULL) ||
		    (cases[i].told != NULL && strcmp(text, cases[i].told) != 0))
			fail_msg("'%s' is told as '%s', tracked: %d", cases[i].line, text, told.tracked);
		assert_null(strstr(text, CANARY));
		if (told.tracked)
			assert_true(sanitize_could_make(table, 1, told.command, told.args, told.arg_count));
	}
}

static void test_every_command_and_option_is_there(void **state)
{
	(void)state;
	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++) {
		const struct command_entry *entry = NULL;

		for (size_t i = 0; i < table->entry_count; i++)
			if (strcmp(table->entries[i].name, (*command)->name) == 0)
				entry = &table->entries[i];
		assert_non_null(entry);
		for (const struct cli_option *option = (*command)->options; option != NULL && option->name != NULL;
		     option++) {
			const struct command_option *made = &entry->options[option - (*command)->options];

			assert_string_equal(made->name + 2, option->name);
			assert_int_equal(made->letter, option->letter);
			assert_int_equal(made->kind == COMMAND_BOOL, option->value == NULL);
		}
	}
}

/* ---- The parser and the sanitiser ---- */

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static size_t below(uint64_t *seed, size_t count)
{
	return (size_t)(next_random(seed) % count);
}

static const struct cli_option *any_option(uint64_t *seed, const struct cli_command *command)
{
	const struct cli_option *options = below(seed, 3) == 0 ? cli_global_options : command->options;
	size_t count = 0;

	while (options != NULL && options[count].name != NULL)
		count++;
	return count > 0 ? &options[below(seed, count)] : &cli_global_options[0];
}

static const char *any_value(uint64_t *seed, const struct cli_option *option)
{
	static const char *const values[] = {"3", "x", "--", "-", "-f", "1m", "--json", "all", ""};

	if (option->words != NULL && below(seed, 4) > 0)
		return option->words[0];
	return values[below(seed, sizeof(values) / sizeof(values[0]))];
}

/* One or two words in one of the ways in which an option can be typed. */
static void add_option(uint64_t *seed, const struct cli_command *command, char (*words)[64], size_t *count)
{
	const struct cli_option *option = any_option(seed, command);
	const struct cli_option *second = any_option(seed, command);
	const char *value = option->value != NULL ? any_value(seed, option) : NULL;
	const int whole = (int)strlen(option->name) - (int)below(seed, 3);

	switch (below(seed, 4)) {
	case 0:
		snprintf(words[*count], 64, "--%.*s%s%s", whole > 0 ? whole : 1, option->name, value != NULL ? "=" : "",
			 value != NULL ? value : "");
		break;
	case 1:
		snprintf(words[*count], 64, "--%s", option->name);
		if (value != NULL)
			snprintf(words[++*count], 64, "%s", value);
		break;
	case 2:
		snprintf(words[*count], 64, "-%c%s", option->letter != 0 ? option->letter : 'q',
			 value != NULL ? value : "");
		break;
	default:
		snprintf(words[*count], 64, "-%c%c", option->letter != 0 ? option->letter : 'v',
			 second->letter != 0 ? second->letter : 'q');
		if (value != NULL)
			snprintf(words[++*count], 64, "%s", value);
	}
	++*count;
}

static size_t make_line(uint64_t *seed, char (*words)[64])
{
	static const char *const others[] = {"web", "--", "bash", "-", "status", "web=2", "--nonsense", "-Z"};
	const struct cli_command *command;
	const size_t parts = 1 + below(seed, 5);
	size_t count = 0, number = 0;

	while (cli_commands[number] != NULL)
		number++;
	command = cli_commands[below(seed, number)];
	if (below(seed, 4) == 0)
		add_option(seed, command, words, &count);
	if (below(seed, 8) > 0)
		snprintf(words[count++], 64, "%s", command->name);
	for (size_t i = 0; i < parts && count + 2 < WORDS_MAX; i++) {
		if (below(seed, 3) > 0)
			add_option(seed, command, words, &count);
		else
			snprintf(words[count++], 64, "%s", others[below(seed, sizeof(others) / sizeof(others[0]))]);
	}
	return count;
}

static bool was_given(const struct cli_option *option, const void *options)
{
	const void *target = (const char *)options + option->offset;

	switch (option->kind) {
	case CLI_FLAG:
	case CLI_FLAG_OFF:
		return *(const bool *)target;
	case CLI_TEXT:
	case CLI_WORD:
		return *(const char *const *)target != NULL;
	case CLI_LIST:
	case CLI_WORDS:
		return *(const char **const *)target != NULL;
	case CLI_SECONDS:
		return *(const int64_t *)target >= 0;
	case CLI_COUNT:
		return *(const int *)target > 0;
	}
	return false;
}

static bool is_told(const struct sanitized *told, const char *name)
{
	for (size_t i = 0; i < told->arg_count; i++)
		if (strncmp(told->args[i], "--", 2) == 0 && strcmp(told->args[i] + 2, name) == 0)
			return true;
	return false;
}

/* How many options of the table the parser took; each of them must be told. */
static size_t count_given(const struct cli_option *options, const void *values, const struct sanitized *told,
			  const char *line)
{
	size_t count = 0;

	for (const struct cli_option *option = options; option != NULL && option->name != NULL; option++) {
		if (!was_given(option, values))
			continue;
		count++;
		if (!is_told(told, option->name))
			fail_msg("'%s': --%s was given, and is not told", line, option->name);
	}
	return count;
}

static size_t count_told(const struct sanitized *told)
{
	size_t count = 0;

	for (size_t i = 0; i < told->arg_count; i++)
		count += strncmp(told->args[i], "--", 2) == 0 && told->args[i][2] != '\0';
	return count;
}

static void compare(const struct cli_context *context, const struct sanitized *told, const char *line)
{
	const char *name = context->command->name;
	size_t given = count_given(context->command->options, context->options, told, line);

	given += count_given(cli_global_options, &context->globals, told, line);
	/* "telemetry off" is a command of its own, and told of none is a line. */
	if (strncmp(told->command, name, strlen(name)) != 0)
		fail_msg("'%s': the command is %s, and not %s", line, name, told->command);
	if (count_told(told) != given || is_told(told, "<unknown-flag>"))
		fail_msg("'%s': %zu options were given, %zu are told", line, given, count_told(told));
	assert_int_equal(told->tracked && context->command->untracked, 0);
}

static void test_parser_and_sanitiser_agree(void **state)
{
	uint64_t seed = 88172645463325252u;
	size_t compared = 0;

	(void)state;
	for (int i = 0; i < LINES; i++) {
		char words[WORDS_MAX + 2][64], line[TEXT_MAX] = "upfront";
		const char *argv[WORDS_MAX + 4] = {"upfront"};
		size_t count = make_line(&seed, words), used = strlen(line);
		const struct cli_command *command;
		struct cli_context context;
		struct err err = ERR_INIT;
		struct sanitized told;

		for (size_t w = 0; w < count; w++) {
			argv[w + 1] = words[w];
			used += (size_t)snprintf(line + used, sizeof(line) - used, " '%s'", words[w]);
		}
		sanitize_command_line(table, count, argv + 1, &told);
		if (cli_parse((int)count + 1, (char *const *)argv, &context, &command, &err) == 0) {
			compare(&context, &told, line);
			compared++;
		}
		err_finish(&err);
		cli_context_finish(&context);
	}
	print_message("%zu of %d lines were command lines\n", compared, LINES);
	assert_true(compared > LINES / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_told_of_a_line),
		cmocka_unit_test(test_every_command_and_option_is_there),
		cmocka_unit_test(test_parser_and_sanitiser_agree),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
