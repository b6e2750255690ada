/* SPDX-License-Identifier: MIT */
/* The command line: what is meant by which words, and what is said when nothing is. */
#include "config/err.h"
#include "launcher/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WORDS_MAX 16

struct line {
	struct cli_context context;
	const struct cli_command *command;
	struct err err;
	int result;
	char words[512];
	char *argv[WORDS_MAX];
};

/* Parses a line of words; quoting is not needed here. */
static void parse(struct line *self, const char *words)
{
	char *rest = NULL;
	int argc = 0;

	memset(self, 0, sizeof(*self));
	snprintf(self->words, sizeof(self->words), "upfront %s", words);
	for (char *word = strtok_r(self->words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		self->argv[argc++] = word;
	self->result = cli_parse(argc, self->argv, &self->context, &self->command, &self->err);
}

static void finish(struct line *self)
{
	cli_context_finish(&self->context);
	err_finish(&self->err);
}

/* The value of the command's own option, found by the table as the parser does. */
static const void *value_of(const struct line *line, const char *name)
{
	for (const struct cli_option *option = line->command->options; option->name != NULL; option++)
		if (strcmp(option->name, name) == 0)
			return (const char *)line->context.options + option->offset;
	fail_msg("%s has no --%s", line->command->name, name);
	return NULL;
}

static bool flag(const struct line *line, const char *name)
{
	return *(const bool *)value_of(line, name);
}

static const char *const *words_of(const struct line *line, const char *name)
{
	return *(const char *const *const *)value_of(line, name);
}

static void test_which_command(void **state)
{
	static const struct {
		const char *words, *command;
		size_t operands;
	} cases[] = {
		{"", "up", 0},
		{"--no-telemetry", "up", 0},
		{"-d --wait", "up", 0},
		{"-d up", "up", 0},
		{"up web db", "up", 2},
		{"up web -d db", "up", 2},
		{"up -- --web", "up", 1},
		{"-- web", "up", 1},
		{"-f -- ps", "ps", 0},
		{"-p x ps", "ps", 0},
		{"ps -p x", "ps", 0},
		{"--project=ps down", "down", 0},
		{"telemetry off --all", "telemetry", 1},
		{"logs web db", "logs", 2},
		{"help ps", "help", 1},
	};
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse(&line, cases[i].words);
		assert_int_equal(line.result, 0);
		assert_string_equal(line.command->name, cases[i].command);
		assert_int_equal(line.context.arg_count, cases[i].operands);
		finish(&line);
	}
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *words, *message, *hint;
	} cases[] = {
		{"pss", "unknown command 'pss'", "did you mean 'ps'?"},
		{"xyzzy", "unknown command 'xyzzy'", "upfront help"},
		{"up --detatch", "unknown option '--detatch'", "did you mean '--detach'?"},
		{"up --xyzzyxyzzy", "unknown option '--xyzzyxyzzy'", "upfront help up"},
		{"up -x", "unknown option '-x'", "upfront help up"},
		{"ps -d", "unknown option '-d'", "upfront help ps"},
		{"-d ps", "unknown option '-d'", "upfront help ps"},
		{"ps -p", "--project wants a value (NAME)", "upfront help ps"},
		{"up --wait-timeout", "--wait-timeout wants a value (SECONDS)", "upfront help up"},
		{"up --detach=yes", "--detach takes no value", "upfront help up"},
		{"up --telemetry=yes", "--telemetry: unknown value 'yes'", "it takes ask, on, off or on@N"},
		{"up --telemetry=on@", "--telemetry: unknown value 'on@'", NULL},
		{"up --telemetry=on@x", "--telemetry: unknown value 'on@x'", NULL},
		{"up --telemetry=on@N", "--telemetry: unknown value 'on@N'", NULL},
		{"up --telemetry=off@3", "--telemetry: unknown value 'off@3'", NULL},
		{"ps --color=sometimes", "--color: unknown value 'sometimes'", "it takes auto, always or never"},
		{"ps --color=alway", "--color: unknown value 'alway'", "did you mean 'always'?"},
		{"up --wait-timeout soon", "--wait-timeout: wanted seconds or a duration such as 1m30s, found 'soon'",
		 NULL},
		{"up --wait-timeout=-5", "--wait-timeout: wanted seconds or a duration such as 1m30s, found '-5'",
		 NULL},
		{"up --wait-timeout nan", "--wait-timeout: wanted seconds or a duration such as 1m30s, found 'nan'",
		 NULL},
		{"ps web", "ps: too many operands: 'web'", "upfront help ps"},
		{"down a b", "down: too many operands: 'a'", "upfront help down"},
	};
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse(&line, cases[i].words);
		assert_true(line.result < 0);
		assert_int_equal(line.err.code, ERR_USAGE);
		assert_int_equal(line.err.count, 1);
		assert_string_equal(line.err.items[0].message, cases[i].message);
		if (cases[i].hint != NULL)
			assert_string_equal(line.err.items[0].hint, cases[i].hint);
		finish(&line);
	}
}

/* Before the command a letter is the global one, behind it the command's own. */
static void test_letters(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "-f a.yaml logs -f -f web");
	assert_int_equal(line.result, 0);
	assert_string_equal(line.context.globals.files[0], "a.yaml");
	assert_null(line.context.globals.files[1]);
	assert_true(flag(&line, "follow"));
	assert_int_equal(line.context.arg_count, 1);
	finish(&line);
	/* The long name is the global one's still. */
	parse(&line, "logs -f --file b.yaml");
	assert_string_equal(line.context.globals.files[0], "b.yaml");
	finish(&line);
	parse(&line, "-f a -f b up --file=c -fd web");
	assert_string_equal(line.context.globals.files[0], "a");
	assert_string_equal(line.context.globals.files[2], "c");
	assert_string_equal(line.context.globals.files[3], "d");
	assert_null(line.context.globals.files[4]);
	assert_string_equal(line.context.args[0], "web");
	finish(&line);
}

static void test_values(void **state)
{
	static const struct {
		const char *words;
		int64_t timeout_ms;
	} timeouts[] = {{"up --wait-timeout 90", 90000},
			{"up --wait-timeout=1.5", 1500},
			{"up --wait-timeout 1m30s", 90000},
			{"up --wait-timeout 100ms", 100},
			{"--wait-timeout=0.001", 1}};
	static const char *const telemetry[] = {"ask", "on", "off", "on@3", "on@12"};
	struct line line;
	char words[64];

	(void)state;
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
		parse(&line, timeouts[i].words);
		assert_int_equal(line.result, 0);
		assert_int_equal(*(const int64_t *)value_of(&line, "wait-timeout"), timeouts[i].timeout_ms);
		finish(&line);
	}
	for (size_t i = 0; i < sizeof(telemetry) / sizeof(telemetry[0]); i++) {
		snprintf(words, sizeof(words), "--telemetry %s", telemetry[i]);
		parse(&line, words);
		assert_int_equal(line.result, 0);
		assert_string_equal(words_of(&line, "telemetry")[0], telemetry[i]);
		finish(&line);
	}
}

/* "Not given" and "at once" are two things. */
static void test_no_time_is_a_time(void **state)
{
	static const struct {
		const char *words, *option;
		int64_t timeout_ms;
	} cases[] = {{"up", "wait-timeout", -1},
		     {"up --wait-timeout 0", "wait-timeout", 0},
		     {"down", "timeout", -1},
		     {"down -t 0", "timeout", 0},
		     {"down -t 1m", "timeout", 60000}};
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse(&line, cases[i].words);
		assert_int_equal(line.result, 0);
		assert_int_equal(*(const int64_t *)value_of(&line, cases[i].option), cases[i].timeout_ms);
		finish(&line);
	}
}

/* No word typed before is forgotten: one of them may say off. */
static void test_every_telemetry_word_is_kept(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "--telemetry=off up --telemetry=on@0 --telemetry ask");
	assert_int_equal(line.result, 0);
	assert_string_equal(words_of(&line, "telemetry")[0], "off");
	assert_string_equal(words_of(&line, "telemetry")[1], "on@0");
	assert_string_equal(words_of(&line, "telemetry")[2], "ask");
	assert_null(words_of(&line, "telemetry")[3]);
	finish(&line);
	parse(&line, "up --telemetry=off --telemetry=maybe");
	assert_int_equal(line.err.code, ERR_USAGE);
	finish(&line);
}

/* Everything behind the command's first word belongs to it, whatever it looks like. */
static void test_rest(void **state)
{
	static const char *const lines[] = {"run -- ls -la --json", "run ls -la --json",
					    "--plain run -q ls -la --json"};
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		parse(&line, lines[i]);
		assert_int_equal(line.result, 0);
		assert_string_equal(line.context.rest[0], "ls");
		assert_string_equal(line.context.rest[2], "--json");
		assert_null(line.context.rest[3]);
		assert_false(line.context.globals.json);
		finish(&line);
	}
}

/* Help is asked for in the middle of a mistake, too. */
static void test_help_comes_first(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "ps too many --help");
	assert_int_equal(line.result, 0);
	assert_true(line.context.globals.help);
	assert_true(line.context.named);
	finish(&line);
	parse(&line, "--help");
	assert_true(line.context.globals.help);
	assert_false(line.context.named);
	finish(&line);
}

/* The help names every command, and every option that is not hidden, from the tables themselves. */
static void test_help_is_complete(void **state)
{
	char *overview = cli_help(NULL);

	(void)state;
	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++) {
		char *help = cli_help(*command);

		assert_non_null(strstr(overview, (*command)->name));
		for (const struct cli_option *option = (*command)->options; option != NULL && option->name != NULL;
		     option++) {
			char name[64];

			snprintf(name, sizeof(name), "--%s", option->name);
			assert_non_null(strstr(help, name));
			assert_true(option->kind == CLI_FLAG || option->kind == CLI_FLAG_OFF || option->value != NULL);
			assert_true((option->kind != CLI_WORD && option->kind != CLI_WORDS) || option->words != NULL);
		}
		for (const char *line = help; line != NULL; line = strchr(line, '\n')) {
			line += *line == '\n';
			assert_true(strcspn(line, "\n") <= 120);
		}
		free(help);
	}
	free(overview);
}

/* No command takes a letter or a name twice; two options of one command never share a place. */
static void test_tables(void **state)
{
	(void)state;
	for (const struct cli_command *const *command = cli_commands; *command != NULL; command++) {
		for (const struct cli_option *one = (*command)->options; one != NULL && one->name != NULL; one++) {
			assert_true(one->offset < (*command)->options_size);
			for (const struct cli_option *other = one + 1; other->name != NULL; other++) {
				assert_string_not_equal(one->name, other->name);
				assert_true(one->letter == 0 || one->letter != other->letter);
				assert_int_not_equal(one->offset, other->offset);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_command),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_no_time_is_a_time),
		cmocka_unit_test(test_every_telemetry_word_is_kept),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_help_comes_first),
		cmocka_unit_test(test_help_is_complete),
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
