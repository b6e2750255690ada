/* SPDX-License-Identifier: MIT */
#include "telemetry/sanitize.h"

#include "tests/lib/loom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was typed; what may be told of it, as one text: the command, each token, and "[usage]" when it was no valid command line. */
struct line {
	const char *argv[12];
	const char *told; /* NULL: no event at all */
};

/* Stands in everything that nobody is to be told of. */
#define SPY "Xq7"

static const struct line lines[] = {
	/* Commands. */
	{{"weave"}, "weave"},
	{{NULL}, "<none>"},
	{{"send", "./" SPY}, "ship <path>"},
	{{"out", "now", SPY}, "ship <path>"},
	{{"out", "later" SPY}, "out <unknown-command> [usage]"},
	{{"out"}, "out [usage]"},
	{{"out now"}, "<unknown-command> [usage]"},
	{{"dye", "vat"}, "dye vat"},
	{{"dye", "vat", "drain", SPY}, "dye vat drain <redacted>"},
	{{"dye", "vat", SPY, "drain"}, "dye vat <value> [usage]"},
	{{"dye", "-l", "vat", "--recipe", SPY}, "dye vat --loud --recipe <value>"},
	{{"dye", "--workshop=/" SPY, "vat"}, "dye vat --workshop <path>"},
	{{"dye", "--recipe", SPY, "vat"}, "dye vat <unknown-flag> <value> [usage]"},
	{{"dye"}, "dye [usage]"},
	{{"dye", SPY, "--loud"}, "dye <unknown-command> [usage]"},
	{{"dye", "vat", "--recipe", SPY, "drain", SPY}, "dye vat drain --recipe <value> <redacted>"},
	{{"dye", "va"}, "dye <unknown-command> [usage]"},
	{{"WEAVE"}, "<unknown-command> [usage]"},
	{{"weav"}, "<unknown-command> [usage]"},
	{{"weave "}, "<unknown-command> [usage]"},
	{{""}, "<unknown-command> [usage]"},
	{{"-"}, "<unknown-command> [usage]"},
	{{"https://" SPY "/x", "--motif", SPY}, "<unknown-command> [usage]"},
	{{"--loud", SPY}, "<unknown-command> --loud [usage]"},
	{{"wea\xc5\xbfve"}, "<unknown-command> [usage]"},
	{{"unlock", SPY, "--loud"}, "unlock"},
	{{"with", "psql", "-c", SPY}, "with <args>"},
	{{"with", "--", "psql", "-c", SPY}, "with -- <args>"},
	{{"-l", "with", "-l", "sh", "-l"}, "with --loud <args>"},
	/* Never told. */
	{{"privacy", "off"}, NULL},
	{{"privacy", "show", SPY}, NULL},
	{{"privacy", "of"}, NULL},
	{{"privacy"}, NULL},
	{{"--no-telemetry", "weave"}, NULL},
	{{"weave", "--no-telemetry"}, NULL},
	{{"weave", "--no-tel"}, NULL},
	{{"weave", "--no-telemetry=0"}, NULL},
	{{"weave", "--motif", "--no-telemetry"}, NULL},
	{{"weave", "--motif", "--no-telemetry=0"}, NULL},
	{{"with", "--", "x", "--no-telemetry"}, NULL},
	{{SPY, "--no-telemetry"}, NULL},
	/* One value, each way of giving it. */
	{{"weave", "--motif", SPY}, "weave --motif <value>"},
	{{"weave", "--motif=" SPY}, "weave --motif <value>"},
	{{"weave", "--motif="}, "weave --motif <value>"},
	{{"weave", "--motif", ""}, "weave --motif <value>"},
	{{"weave", "-m", SPY}, "weave --motif <value>"},
	{{"weave", "-m" SPY}, "weave --motif <value>"},
	{{"weave", "-m=" SPY}, "weave --motif <value>"},
	{{"weave", "--mo", SPY}, "weave --motif <value>"},
	{{"weave", "--mo=" SPY "=x"}, "weave --motif <value>"},
	{{"weave", "-lm" SPY}, "weave --loud --motif <value>"},
	{{"weave", "-lZm", SPY}, "weave --loud -Z --motif <value>"},
	{{"weave", "-ml", SPY}, "weave --motif <value> <value> [usage]"},
	{{"weave", "--motif", "-5"}, "weave --motif <value>"},
	{{"weave", "--motif", "-"}, "weave --motif <value>"},
	{{"weave", "--motif", "--", SPY}, "weave --motif <value> <value> [usage]"},
	{{"weave", "--motif", "--passphrase", SPY}, "weave --motif <value> <value> [usage]"},
	{{"weave", "--motif"}, "weave --motif [usage]"},
	{{"weave", "-lm"}, "weave --loud --motif [usage]"},
	/* Kinds: by declaration, whatever the value looks like. */
	{{"weave", "-s", "-5"}, "weave --spools <value>"},
	{{"weave", "-s", SPY}, "weave --spools <value>"},
	{{"weave", "-o", "C:\\" SPY}, "weave --store <path>"},
	{{"weave", "-o", "https://" SPY}, "weave --store <path>"},
	{{"weave", "--mirror", "https://u:" SPY "@h:1/?q#f"}, "weave --mirror <url>"},
	{{"weave", "--mirror=/etc/" SPY}, "weave --mirror <url>"},
	{{"weave", "-p", SPY}, "weave --passphrase <redacted>"},
	{{"weave", "--pass=" SPY}, "weave --passphrase <redacted>"},
	{{"weave", "-m", "sk-" SPY "\n\033[2J\xe2\x80\xae\xff"}, "weave --motif <value>"},
	{{"weave", "--shape", "twill"}, "weave --shape twill"},
	{{"weave", "-ftwill"}, "weave --shape twill"},
	{{"weave", "--shape=Twill"}, "weave --shape <value> [usage]"},
	{{"weave", "--shape", "twi"}, "weave --shape <value> [usage]"},
	{{"weave", "--shape", ""}, "weave --shape <value> [usage]"},
	{{"weave", "--shape", "-satin"}, "weave --shape <value> [usage]"},
	{{"weave", "--shape", "<value>"}, "weave --shape <value> [usage]"},
	{{"weave", "-lll", "--loud"}, "weave --loud"},
	{{"weave", "--loud=" SPY}, "weave --loud [usage]"},
	{{"weave", "--fringe"}, "weave --fringe"},
	{{"weave", "--no-fringe"}, "weave --no-fringe"},
	{{"weave", "--no-f"}, "weave --no-fringe"},
	{{"weave", "--fringe=" SPY}, "weave --fringe [usage]"},
	/* A value that may be left out is only ever attached. */
	{{"weave", "--colour"}, "weave --colour"},
	{{"weave", "--colour=never"}, "weave --colour never"},
	{{"weave", "--colour", "never"}, "weave --colour <value> [usage]"},
	{{"weave", "-g" SPY}, "weave --guess <value>"},
	{{"weave", "-g", "-l"}, "weave --guess --loud"},
	/* Abbreviations. */
	{{"weave", "--m", SPY}, "weave <unknown-flag> <value> [usage]"},
	{{"weave", "--mirr=" SPY}, "weave <unknown-flag> [usage]"},
	{{"weave", "--mirrore"}, "weave --mirrored"},
	{{"weave", "--s=" SPY}, "weave <unknown-flag> [usage]"},
	{{"weave", "--no"}, "weave <unknown-flag> [usage]"},
	{{"weave", "--=" SPY}, "weave <unknown-flag> [usage]"},
	{{"weave", "--Motif", SPY}, "weave <unknown-flag> <value> [usage]"},
	{{"ship", "--mirror", SPY}, "ship --mirror <redacted>"},
	{{"ship", "--mi=" SPY}, "ship --mirror <redacted>"},
	{{"ship", "-s" SPY}, "ship --mirror <redacted>"},
	{{"ship", "--workshop", SPY}, "ship --workshop <url>"},
	{{"ship", "--work", SPY}, "ship --workshop <url>"},
	{{"-w", SPY, "ship"}, "ship --workshop <path>"},
	{{"--workshop", SPY, "ship", "--workshop", SPY}, "ship --workshop <path>"},
	/* Options that are not there. */
	{{"weave", "--pasphrase=" SPY}, "weave <unknown-flag> [usage]"},
	{{"weave", "--pasphrase", SPY}, "weave <unknown-flag> <value> [usage]"},
	{{"weave", "--pasphrase", "--loud"}, "weave <unknown-flag> --loud [usage]"},
	{{"weave", "--" SPY, "-" SPY}, "weave <unknown-flag> <unknown-flag> [usage]"},
	{{"weave", "-y", SPY}, "weave <unknown-flag> <value> [usage]"},
	{{"weave", "-y" SPY}, "weave <unknown-flag> [usage]"},
	{{"weave", "-ly" SPY, SPY}, "weave --loud <unknown-flag> <value> [usage]"},
	{{"weave", "-5"}, "weave <unknown-flag> [usage]"},
	{{"weave", "--motif\n=" SPY}, "weave <unknown-flag> [usage]"},
	{{"--" SPY, "weave"}, "<none> <unknown-flag> <value> [usage]"},
	{{"--" SPY "=1", "weave"}, "weave <unknown-flag> [usage]"},
	{{"-s", "weave", "ship"}, "ship <unknown-flag> <value> [usage]"},
	/* Operands. */
	{{"ship", SPY, SPY}, "ship <path> <url>"},
	{{"ship", SPY, SPY, SPY, SPY}, "ship <path> <url> <value> [usage]"},
	{{"ship", "--y", SPY, SPY}, "ship <unknown-flag> <value> <path> [usage]"},
	{{"ship", SPY, "-l", SPY, "-l"}, "ship <path> --loud <url>"},
	{{"ship", "-", "@" SPY}, "ship <path> <url>"},
	{{"weave", SPY, SPY, SPY}, "weave <value> [usage]"},
	{{"weave", SPY, "-l", SPY}, "weave <value> --loud <value> [usage]"},
	{{"weave", SPY, "-l", SPY, "-l", SPY}, "weave <value> --loud <value> [usage]"},
	{{"weave", "\xe2\x80\x93-motif", SPY}, "weave <value> [usage]"},
	{{"ask", "price", SPY, SPY}, "ask price <value>"},
	{{"ask", "wage" SPY, SPY}, "ask <value> [usage]"},
	/* The end of options. */
	{{"weave", "--"}, "weave --"},
	{{"weave", "--", "--motif", SPY}, "weave -- <args>"},
	{{"weave", "-l", "--", "--", SPY}, "weave --loud -- <args>"},
	{{"--", "weave", SPY}, "<none> -- <args>"},
	/* Each option once. */
	{{"weave", "-m", SPY, "-l", "--motif=" SPY}, "weave --motif <value> --loud"},
	{{"weave", "-f", "plain", "-f", "twill"}, "weave --shape plain"},
};

static size_t count_of(const char *const *argv)
{
	size_t count = 0;

	while (argv[count] != NULL)
		count++;
	return count;
}

static void tell(const struct sanitized *self, char *text, size_t size)
{
	size_t length = sanitized_command_text(self, text, size);

	for (size_t i = 0; i < self->arg_count && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, " %s", self->args[i]);
	if (self->usage_error && length < size)
		snprintf(text + length, size - length, " [usage]");
}

static bool could_make(const struct command_table *table, const struct sanitized *self)
{
	char command[256];

	sanitized_command_text(self, command, sizeof(command));
	return sanitize_could_make(table, 1, command, self->args, self->arg_count);
}

static void test_command_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < LOOM_COUNT(lines); i++) {
		struct sanitized result;
		char text[1024];

		sanitize_command_line(&loom, count_of(lines[i].argv), lines[i].argv, &result);
		tell(&result, text, sizeof(text));
		if (result.tracked != (lines[i].told != NULL))
			fail_msg("line %zu: %s, though it %s", i, text, result.tracked ? "is told" : "is not told");
		assert_null(strstr(text, SPY));
		if (lines[i].told == NULL)
			continue;
		assert_string_equal(text, lines[i].told);
		if (!could_make(&loom, &result))
			fail_msg("%s: refused", text);
	}
}

/* In front of a command stand options of the implied one, too; and its program's name comes first. */
static void test_the_implied_command_and_the_program(void **state)
{
	static const struct line some[] = {
		{{NULL}, "loom weave"},
		{{"--motif", SPY}, "loom weave --motif <value>"},
		{{"--motif", SPY, "ship"}, "loom ship --motif <value> [usage]"},
		{{"-m", SPY, "weave", "-l"}, "loom weave --motif <value> --loud"},
		{{"--", SPY}, "loom weave -- <args>"},
		{{SPY}, "loom <unknown-command> [usage]"},
		{{"dye"}, "loom dye [usage]"},
	};
	struct command_table table = loom;

	(void)state;
	table.program = "loom";
	table.implied = "weave";
	for (size_t i = 0; i < LOOM_COUNT(some); i++) {
		struct sanitized result;
		char text[256];

		sanitize_command_line(&table, count_of(some[i].argv), some[i].argv, &result);
		tell(&result, text, sizeof(text));
		assert_string_equal(text, some[i].told);
		assert_true(could_make(&table, &result));
	}
	assert_false(sanitize_could_make(&table, 1, "loom <none>", NULL, 0));
	assert_false(sanitize_could_make(&table, 1, "weave", NULL, 0));
}

/* An argument as long as the kernel lets it be, and as many as it lets there be. */
static void test_size_does_not_matter(void **state)
{
	enum { BYTES = 128 * 1024, COUNT = 100000 };
	char *huge = malloc(BYTES);
	const char **many = calloc(COUNT, sizeof(*many));
	struct sanitized result;
	char text[1024];

	(void)state;
	assert_true(huge != NULL && many != NULL);
	memset(huge, 'A', BYTES - 1);
	huge[BYTES - 1] = '\0';
	sanitize_command_line(&loom, 3, (const char *const[]){"weave", "--motif", huge}, &result);
	assert_int_equal(result.arg_count, 2);
	memcpy(huge, "--", 2);
	sanitize_command_line(&loom, 2, (const char *const[]){"weave", huge}, &result);
	assert_string_equal(result.args[0], "<unknown-flag>");

	many[0] = "weave";
	for (size_t i = 1; i < COUNT; i++)
		many[i] = SPY;
	sanitize_command_line(&loom, COUNT, many, &result);
	tell(&result, text, sizeof(text));
	assert_string_equal(text, "weave <value> [usage]");
	for (size_t i = 1; i < COUNT; i++)
		many[i] = "--" SPY;
	sanitize_command_line(&loom, COUNT, many, &result);
	assert_int_equal(result.arg_count, SANITIZE_TOKENS_MAX + 1);
	assert_string_equal(result.args[SANITIZE_TOKENS_MAX - 1], "<unknown-flag>");
	assert_string_equal(result.args[SANITIZE_TOKENS_MAX], "<more>");
	assert_true(could_make(&loom, &result));
	result.args[SANITIZE_TOKENS_MAX] = "<unknown-flag>";
	assert_false(could_make(&loom, &result));
	free(huge);
	free(many);
}

/* ---- What no command line makes ---- */

static void test_what_another_process_says_is_held_against_the_table(void **state)
{
	static const struct {
		const char *command, *tokens[8];
		bool made;
	} told[] = {
		{"weave", {NULL}, true},
		{"weave", {"--motif", "<value>", "--loud"}, true},
		{"weave", {"--motif", SPY}, false},
		{"weave", {"--motif", "<path>"}, false},
		{"weave", {"--motif", "--loud"}, false},
		{"weave", {"--motif"}, true},
		{"weave", {"--motif", "<value>", "--motif", "<value>"}, false},
		{"weave", {"--shape", "twill"}, true},
		{"weave", {"--shape", "satin"}, false},
		{"weave", {"--loud", "<value>"}, true},
		{"weave", {"--loud", "<path>"}, false},
		{"weave", {"--recipe", "<value>"}, false},
		{"weave", {"<value>", "<value>"}, false},
		{"weave", {"<value>", "--loud", "<value>"}, true},
		{"weave", {"--no-telemetry"}, false},
		{"weave", {"<unknown-flag>", "<unknown-flag>", "<value>"}, true},
		{"weave", {"<unknown-flag>", "<path>"}, false},
		{"weave", {"--guess", "<value>"}, true},
		{"weave", {"--guess", "<value>", "<value>"}, true},
		{"weave", {"--guess", "<value>", "<value>", "<value>"}, false},
		{"weave", {"--"}, true},
		{"weave", {"--", "<args>"}, true},
		{"weave", {"--", "<args>", "--loud"}, false},
		{"weave", {"--", "<value>"}, false},
		{"weave", {"<args>"}, false},
		{"weave", {"<more>"}, false},
		{"weave", {"<unknown-command>"}, false},
		{"weave", {""}, false},
		{"weave " SPY, {NULL}, false},
		{"weave ", {NULL}, false},
		{" weave", {NULL}, false},
		{"", {NULL}, false},
		{SPY, {NULL}, false},
		{"send", {NULL}, false},
		{"ship", {"<path>", "<url>", "<value>"}, true},
		{"ship", {"<url>"}, false},
		{"ship", {"<path>", "<value>"}, false},
		{"ship", {"<unknown-flag>", "<value>", "<path>"}, true},
		{"ship", {"<value>", "<path>"}, false},
		{"ask", {"price", "<value>"}, true},
		{"ask", {"<value>", "price"}, false},
		{"with", {"<args>"}, true},
		{"with", {"<value>"}, false},
		{"with", {"--loud", "<args>"}, true},
		{"unlock", {NULL}, true},
		{"unlock", {"<redacted>"}, false},
		{"dye vat", {"--recipe", "<value>"}, true},
		{"dye vat drain", {"--recipe", "<value>"}, true},
		{"dye", {"--recipe", "<value>"}, false},
		{"dye vat <unknown-command>", {NULL}, false},
		{"dye", {"--loud"}, true},
		{"dye", {"<value>"}, false},
		{"dye <unknown-command>", {"--loud"}, true},
		{"dye <unknown-command>", {"--"}, false},
		{"dye <unknown-command>", {"--workshop"}, false},
		{"dye", {"--workshop"}, true},
		{"dye <none>", {NULL}, false},
		{"privacy off", {NULL}, false},
		{"privacy <unknown-command>", {NULL}, false},
		{"<none>", {"--help"}, true},
		{"<none>", {"--motif", "<value>"}, false},
		{"<unknown-command>", {"--help", "<unknown-flag>"}, true},
		{"<unknown-command>", {"--", "<args>"}, false},
		{"<args>", {NULL}, false},
	};

	(void)state;
	for (size_t i = 0; i < LOOM_COUNT(told); i++)
		if (sanitize_could_make(&loom, 1, told[i].command, told[i].tokens, count_of(told[i].tokens)) !=
		    told[i].made)
			fail_msg("%s %s ...: %s", told[i].command, told[i].tokens[0],
				 told[i].made ? "refused" : "taken");
	assert_false(sanitize_could_make(&loom, 1, "weave", (const char *const[]){NULL}, 1));
	assert_false(sanitize_could_make(NULL, 0, "<none>", NULL, 0));
}

/* ---- The same reading as getopt_long's ---- */

#define LONGS_MAX 32

/* The options of "weave" as getopt_long wants them, and whose each is. */
struct library {
	struct option longs[LONGS_MAX];
	const struct command_option *options[LONGS_MAX];
	const char *names[LONGS_MAX];
	char letters[LONGS_MAX * 3];
	int count;
};

static void library_add(struct library *self, const struct command_option *option, const char *name, int has_arg)
{
	self->options[self->count] = option;
	self->names[self->count] = name;
	/* What has no long name has one here that nothing can abbreviate. */
	self->longs[self->count] = (struct option){name[1] == '-' ? name + 2 : "\n", has_arg, NULL, 256 + self->count};
	self->count++;
}

static void library_init(struct library *self)
{
	/* "-": words come in their place; ":": a missing value is told from an unknown option. */
	*self = (struct library){.letters = "-:"};
	for (size_t i = 0; i < LOOM_COUNT(loom_weave) + LOOM_COUNT(loom_everywhere); i++) {
		const struct command_option *option =
			i < LOOM_COUNT(loom_weave) ? &loom_weave[i] : &loom_everywhere[i - LOOM_COUNT(loom_weave)];
		bool flag = option->kind == COMMAND_BOOL || option->kind == COMMAND_COUNT;
		int has_arg = flag ? no_argument : option->optional_value ? optional_argument : required_argument;
		size_t used = strlen(self->letters);

		if (option->letter != 0)
			snprintf(self->letters + used, sizeof(self->letters) - used, "%c%.*s", option->letter, has_arg,
				 "::");
		library_add(self, option, option->name, has_arg);
		if (option->negated != NULL)
			library_add(self, option, option->negated, no_argument);
	}
}

struct told {
	const char *tokens[SANITIZE_TOKENS_MAX];
	size_t count;
};

static void told_add(struct told *self, const char *token)
{
	self->tokens[self->count++] = token;
}

static const char *told_value(const struct command_option *option, const char *value)
{
	if (option->kind == COMMAND_ENUM)
		return strcmp(value, "twill") == 0 && option->letter == 'f' ? "twill" : "<value>";
	return option->kind == COMMAND_PATH ? "<path>" : option->kind == COMMAND_URL ? "<url>" : "<value>";
}

static void told_option(struct told *self, const struct library *library, int answer)
{
	int at = 0;

	while (answer < 256 ? library->options[at]->letter != answer : 256 + at != answer)
		at++;
	for (size_t i = 0; i < self->count; i++)
		if (self->tokens[i] == library->names[at])
			return;
	told_add(self, library->names[at]);
	if (optarg != NULL)
		told_add(self, told_value(library->options[at], optarg));
}

/* What the C library reads, in the sanitiser's words. False where it complains: from there on the two may part. */
static bool told_by_getopt(struct told *self, int argc, char **argv)
{
	struct library library;
	bool after_word = false;
	int answer, at;

	library_init(&library);
	*self = (struct told){.count = 0};
	optind = 0;
	opterr = 0;
	for (at = 1; (answer = getopt_long(argc, argv, library.letters, library.longs, NULL)) != -1; at = optind) {
		size_t before = self->count;

		if (answer == '?' || answer == ':')
			return false;
		if (answer != 1)
			told_option(self, &library, answer);
		else if (!after_word)
			told_add(self, "<value>");
		after_word = answer == 1 || (after_word && self->count == before);
	}
	if (at < argc) {
		told_add(self, "--");
		if (at + 1 < argc)
			told_add(self, "<args>");
	}
	return true;
}

static void test_getopt_reads_it_the_same_way(void **state)
{
	static const char *const words[] = {
		"-m",          "-mx",        "-s",        "-s4",        "-lm",       "-lZ",      "-lg",    "-g",
		"-gx",         "-Zox",       "-f",        "-ftwill",    "-l",        "-y",       "-ly",    "-",
		"--",          "--motif",    "--motif=x", "--mo",       "--m",       "--spools", "--sp=1", "--s",
		"--no-fringe", "--no-f",     "--no",      "--fringe",   "--no-q",    "--fri=1",  "--loud", "--nothing",
		"x",           "twill",      "-5",        "",           "--guess=x", "--gue",    "--",     "--lo",
		"--shape",     "--mirror=x", "--mirr",    "--mirrored", "-oclay",
	};
	uint32_t random = 20240601;
	size_t agreed = 0;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		char *argv[9] = {(char *)"weave"};
		const char *typed[9] = {"weave"};
		struct sanitized result;
		struct told told;
		int argc = 1, length;

		random = random * 1664525 + 1013904223;
		length = (int)(random >> 29);
		for (; argc <= length; argc++) {
			random = random * 1664525 + 1013904223;
			typed[argc] = words[(random >> 8) % LOOM_COUNT(words)];
			argv[argc] = (char *)typed[argc];
		}
		sanitize_command_line(&loom, (size_t)argc, typed, &result);
		assert_true(could_make(&loom, &result));
		if (!told_by_getopt(&told, argc, argv)) {
			assert_true(result.usage_error);
			continue;
		}
		agreed++;
		assert_int_equal(result.arg_count, told.count);
		for (size_t i = 0; i < told.count; i++)
			assert_string_equal(result.args[i], told.tokens[i]);
	}
	assert_true(agreed > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_lines),
		cmocka_unit_test(test_the_implied_command_and_the_program),
		cmocka_unit_test(test_size_does_not_matter),
		cmocka_unit_test(test_what_another_process_says_is_held_against_the_table),
		cmocka_unit_test(test_getopt_reads_it_the_same_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
