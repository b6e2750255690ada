/* SPDX-License-Identifier: MIT */
/* The completion scripts in the shells they are for. */
#include "tests/lib/run.h"
#include "tests/lib/skip.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char stack[] = "services:\n  web: {command: touch started}\n  worker: {command: 'true'}\n"
			    "  db: {command: 'true'}\n";

/* As readline calls it: bash takes '=' for a word of its own. */
static const char bash[] = "source <(upfront completion bash)\n"
			   "COMP_WORDS=(\"$@\")\n"
			   "COMP_CWORD=$(($# - 1))\n"
			   "_upfront\n"
			   "echo \"${COMPREPLY[*]}\"\n";

static void begin(struct world *world)
{
	char path[2 * WORLD_PATH_MAX];

	snprintf(path, sizeof(path), "%s:/usr/local/bin:/usr/bin:/bin", world->bin_dir);
	world_setenv(world, "PATH", path);
	world_write(world, "compose.yaml", stack);
}

static bool has(const char *program)
{
	char path[64];

	snprintf(path, sizeof(path), "/usr/bin/%s", program);
	return access(path, X_OK) == 0;
}

static void test_bash(void **state)
{
	static const struct {
		const char *words[8]; /* behind upfront; the last one is completed */
		const char *reply;
	} cases[] = {
		{{"lo"}, "logs"},
		{{"st"}, "stop start"},
		{{"nope"}, ""},
		{{"up", "--wa"}, "--wait --wait-timeout"},
		{{"--wa"}, "--wait --wait-timeout"},
		{{"up", "--telemetry", "o"}, "on off"},
		{{"up", "--telemetry", "=", "o"}, "on off"},
		{{"--telemetry", "="}, "ask on off"},
		{{"logs", "w"}, "web worker"},
		{{"logs", "-f", ""}, "web worker db"},
		{{"restart", "--no-deps", "d"}, "db"},
		{{"up", "--exit-code-from", "d"}, "db"},
		{{"-f", "compose.yaml", "logs", "d"}, "db"},
		{{"--file", "=", "compose.yaml", "stop", "d"}, "db"},
		{{"-C", "/", "logs", "d"}, ""},
		{{"-f", "com"}, "compose.yaml"},
		{{"--color", "a"}, "auto always"},
		{{"telemetry", "of"}, "off"},
		{{"completion", ""}, "bash zsh fish"},
		{{"help", "ver"}, "version"},
		{{"run", "--", "upfront-tele"}, "upfront-telemetry"},
		{{"kill", "--si"}, "--signal"},
		{{"init", "comp"}, "compose.yaml"},
	};
	struct world *world = *state;

	if (!has("bash"))
		skip_because("bash is not there");
	begin(world);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argv[16] = {"bash", "--norc", "-c", bash, "bash", "upfront"};
		const struct run_options options = {.argv = argv};
		char reply[256];
		struct run run;

		for (size_t k = 0; cases[i].words[k] != NULL; k++)
			argv[6 + k] = cases[i].words[k];
		snprintf(reply, sizeof(reply), "%s\n", cases[i].reply);
		run_command(&run, world, &options);
		if (strcmp(run.out.bytes, reply) != 0)
			fail_msg("case %zu (%s %s): %s%s", i, cases[i].words[0],
				 cases[i].words[1] != NULL ? cases[i].words[1] : "", run.out.bytes, run.err.bytes);
		run_assert_code(&run, 0);
		run_finish(&run);
	}
	/* To complete is not to run. */
	assert_false(world_has(world, "started"));
}

/* The script as the shell's own parser takes it. */
static void check_syntax(struct world *world, const char *shell)
{
	struct run run;

	begin(world);
	run_upfront(&run, world, "completion", shell, NULL);
	run_assert_code(&run, 0);
	world_write(world, "script", run.out.bytes);
	run_finish(&run);
	const struct run_options options = {.argv = (const char *const[]){shell, "-n", "script", NULL}};

	run_command(&run, world, &options);
	run_assert_code(&run, 0);
	run_finish(&run);
}

/* A shell at a terminal, with a key that prints the line as Tab has left it. */
static const char zsh[] =
	"zmodload zsh/zpty\n"
	"mkdir -p functions && cp script functions/_upfront\n"
	"zpty z zsh -fi\n"
	"zpty -w z 'PS1= PS2= fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -D'\n"
	"zpty -w z 'tell() { print -r -- \"<<$BUFFER>>\"; BUFFER= }; zle -N tell; bindkey \"^T\" tell'\n"
	"zpty -w z 'print -r -- \"<<rea\"\"dy>>\"'\n"
	"zpty -r z answer '*<<ready>>*'\n"
	"zpty -w -n z \"$1\"$'\\t\\x14'\n"
	"zpty -r z answer '*<<*>>*'\n"
	"print -r -- \"$answer\"\n"
	"zpty -d z\n";

static void test_zsh(void **state)
{
	static const struct {
		const char *line, *reply;
	} cases[] = {
		{"upfront lo", "<<upfront logs >>"},
		{"upfront stop d", "<<upfront stop db >>"},
		{"upfront init comp", "<<upfront init compose.yaml >>"},
		/* Behind a command its own letter counts: this is no file. */
		{"upfront logs -f d", "<<upfront logs -f db >>"},
		{"upfront -C sub logs a", "<<upfront -C sub logs api >>"},
		{"upfront logs -C sub a", "<<upfront logs -C sub api >>"},
		{"upfront up --no-das", "<<upfront up --no-dashboard >>"},
		{"upfront run -- upfront-tele", "<<upfront run -- upfront-telemetry >>"},
	};
	struct world *world = *state;

	if (!has("zsh"))
		skip_because("zsh is not there");
	check_syntax(world, "zsh");
	world_write(world, "sub/compose.yaml", "services: {api: {command: 'true'}}\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct run_options options = {
			.argv = (const char *const[]){"zsh", "-f", "-c", zsh, "zsh", cases[i].line, NULL}};
		struct run run;

		run_command(&run, world, &options);
		if (strstr(run.out.bytes, cases[i].reply) == NULL)
			fail_msg("%s: %s%s", cases[i].line, run.out.bytes, run.err.bytes);
		run_finish(&run);
	}
}

static void test_fish(void **state)
{
	static const struct {
		const char *line, *reply;
	} cases[] = {
		{"upfront lo", "logs\t"},
		{"upfront logs w", "web"},
		{"upfront logs -f w", "web"},
		{"upfront up --wait-", "--wait-timeout"},
		{"upfront -C sub logs a", "api"},
		{"upfront logs --directory=sub a", "api"},
		{"upfront -f sub/compose.yaml logs -f a", "api"},
		{"upfront init comp", "compose.yaml"},
	};
	struct world *world = *state;

	if (!has("fish"))
		skip_because("fish is not there");
	check_syntax(world, "fish");
	world_write(world, "sub/compose.yaml", "services: {api: {command: 'true'}}\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char script[256];
		struct run run;

		snprintf(script, sizeof(script), "upfront completion fish | source; complete -C '%s'", cases[i].line);
		const struct run_options options = {.argv = (const char *const[]){"fish", "-c", script, NULL}};

		run_command(&run, world, &options);
		assert_non_null(strstr(run.out.bytes, cases[i].reply));
		run_finish(&run);
	}
}

static void test_other_shells_are_refused(void **state)
{
	struct run run;

	run_upfront(&run, *state, "completion", "zhs", NULL);
	run_assert_code(&run, 2);
	run_assert_says(&run, "did you mean 'zsh'?");
	run_finish(&run);
	run_upfront(&run, *state, "completion", NULL);
	run_assert_code(&run, 2);
	run_finish(&run);
}

int main(void)
{
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_bash),
		WORLD_TEST(test_zsh),
		WORLD_TEST(test_fish),
		WORLD_TEST(test_other_shells_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
