/* SPDX-License-Identifier: MIT */
/*
 * Setup questions of a stack: asked once, by `up` before anything else, again by `setup`; in a script never. The answers land in .env, all
 * else in it stays, and a secret is seen by the services alone.
 */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/* KEY is required: without it there is no stack at all. */
static const char stack_text[] =
	"name: wren\n"
	"x-upfront:\n"
	"  app: Wren\n"
	"  setup:\n"
	"    - {key: PROVIDER, ask: LLM provider, choices: [openai, custom]}\n"
	"    - {key: KEY, ask: API key, secret: true, pattern: ^sk-, when: PROVIDER=openai}\n"
	"    - {key: GREETING, ask: Greeting}\n"
	"    - {key: MODEL, ask: Model}\n"
	"    - {key: PORT, port: 3000}\n"
	"services:\n"
	"  web:\n"
	"    command: sh -c 'test \"$$KEY\" = \"$$WANTED\" && echo \"$$GREETING\" from ${MODEL:-gpt}'\n"
	"    environment: {KEY: '${KEY:?the key}', GREETING: '${GREETING}'}\n";

static int setup(void **state)
{
	struct world *world;

	world_setup(state);
	world = *state;
	world_write(world, "upfront.yaml", stack_text);
	world_setenv(world, "WANTED", "sk-s3cret's $5");
	world_setenv(world, "PORT", "3000"); /* test_setup_set.c has ports */
	return 0;
}

static void begin(struct run *run, const struct world *world, const char *command, const char *option)
{
	const char *const argv[] = {"upfront", command, option, NULL};

	run_begin(run, world, &(struct run_options){.argv = argv, .terminal = true});
	/* It says so as soon as keys count. */
	run_expect(run, "Enter goes on");
}

static void assert_file(const struct world *world, const char *wanted)
{
	char *text = world_read(world, ".env");
	struct stat status;

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
	assert_int_equal(stat(world_path(world, ".env"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_up_asks_once(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, ".env", "# mine\r\nOTHER=1 # one\r\nGREETING=\r\n");
	begin(&run, world, "up", "--no-dashboard");
	run_type(&run, "o\tsk-s3cret's $5\tHello\t");
	run_expect(&run, "Every question is answered.");
	run_type(&run, "\t\r"); /* the model has a default */
	run_wait(&run);
	run_assert_code(&run, 0);
	run_assert_silent(&run, "s3cret");
	assert_non_null(strstr(run.out.bytes, "saved in .env: PROVIDER, KEY, GREETING"));
	assert_non_null(strstr(run.out.bytes, "Hello from gpt"));
	run_finish(&run);
	assert_file(world, "# mine\r\nOTHER=1 # one\r\nGREETING=Hello\r\nPROVIDER=openai\r\n"
			   "KEY=\"sk-s3cret's \\$5\"\r\n");
	/* Now it is known. */
	run_upfront(&run, world, "up", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "Hello from gpt"));
	run_finish(&run);
}

static void test_setup_asks_again(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, ".env", "PROVIDER=openai\nKEY=sk-before\nGREETING=Hi # x\n");
	world_setenv(world, "MODEL", "fixed");
	begin(&run, world, "setup", NULL);
	run_expect(&run, "set in the environment");
	run_type(&run, "\t\t\025Good day\t\r");
	run_wait(&run);
	run_assert_code(&run, 0);
	run_assert_silent(&run, "sk-before");
	assert_non_null(strstr(run.out.bytes, "saved in .env: GREETING"));
	run_finish(&run);
	assert_file(world, "PROVIDER=openai\nKEY=sk-before\nGREETING='Good day' # x\n");
	/* Saved as it was: nothing is written. */
	begin(&run, world, "setup", "--json");
	run_type(&run, "\033[Z\r");
	run_expect(&run, "\"saved\":");
	run_wait(&run);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "every answer is as it was"));
	run_finish(&run);
}

static void test_in_a_script_nothing_is_asked(void **state)
{
	static const char *const commands[] = {"up", "setup"};
	struct world *world = *state;
	struct run run;

	world_write(world, ".env", "PROVIDER=openai\n");
	for (size_t i = 0; i < 2; i++) {
		run_upfront(&run, world, commands[i], NULL);
		run_assert_code(&run, 3);
		run_assert_says(&run, "upfront.yaml:6:7: KEY has no value yet: API key\n");
		run_assert_says(&run, "upfront.yaml:7:7: GREETING has no value yet: Greeting\n");
		run_assert_says(&run, "write them into .env as NAME=value, or answer at a terminal: upfront setup");
		run_assert_says(&run, "nobody was asked: standard input is no terminal");
		run_assert_silent(&run, "MODEL");
		run_finish(&run);
	}
	run_begin(&run, world,
		  &(struct run_options){.argv = (const char *const[]){"upfront", "up", "--no-input", NULL},
					.terminal = true});
	run_wait(&run);
	run_assert_code(&run, 3);
	assert_non_null(strstr(run.out.bytes, "--no-input was given"));
	run_finish(&run);
	run_command(&run, world,
		    &(struct run_options){.argv = (const char *const[]){"upfront", "-f", "-", "up", NULL},
					  .input_kind = RUN_STDIN_TEXT,
					  .input = stack_text});
	run_assert_code(&run, 3);
	run_assert_says(&run, "nobody was asked: the stack file is standard input");
	run_finish(&run);
	/* The environment answers as well as .env does. */
	world_setenv(world, "KEY", "sk-s3cret's $5");
	world_setenv(world, "GREETING", "Hi");
	run_upfront(&run, world, "up", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "Hi from gpt"));
	run_finish(&run);
	run_upfront(&run, world, "setup", NULL);
	run_assert_code(&run, 3);
	run_assert_says(&run, "cannot ask the setup questions: standard input is no terminal");
	run_finish(&run);
}

static void test_ways_out(void **state)
{
	static const struct {
		const char *command, *keys;
		int code;
		const char *said;
	} cases[] = {
		{"up", "\003", 130, "nothing was started"},
		{"setup", "\003", 130, DIALOG_GONE},
		{"setup", "\033", 0, "nothing was saved"},
		{"up", "\033", 3, "PROVIDER has no value yet"},
	};
	struct world *world = *state;
	struct run run;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&run, world, cases[i].command, NULL);
		run_type(&run, cases[i].keys);
		run_wait(&run);
		run_assert_code(&run, cases[i].code);
		assert_non_null(strstr(run.out.bytes, cases[i].said));
		run_finish(&run);
		assert_false(world_has(world, ".env"));
	}
	begin(&run, world, "up", "--no-dashboard");
	run_type(&run, "o");
	run_expect(&run, "API key");
	run_signal(&run, SIGTERM);
	run_wait(&run);
	run_assert_code(&run, 143);
	run_finish(&run);
	assert_false(world_has(world, ".env"));
}

static void test_line_mode(void **state)
{
	const char *const argv[] = {"upfront", "--plain", "setup", NULL};
	struct world *world = *state;
	struct run run;

	run_begin(&run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_expect(&run, "LLM provider (openai, custom):");
	run_type(&run, "openai\n");
	run_expect(&run, "API key (not shown while you type):");
	run_type(&run, "sk-s3cret\n");
	run_expect(&run, "Greeting:");
	run_type(&run, "Hi\n");
	run_expect(&run, "Model [gpt]:");
	run_type(&run, "\n");
	run_expect(&run, "once more");
	run_type(&run, "yes\n");
	run_wait(&run);
	run_assert_code(&run, 0);
	run_assert_silent(&run, "s3cret");
	run_finish(&run);
	assert_file(world, "PROVIDER=openai\nKEY=sk-s3cret\nGREETING=Hi\n");
}

/* Nobody types what cannot be kept. */
static void test_a_file_that_cannot_be_written(void **state)
{
	const char *const argv[] = {"upfront", "setup", NULL};
	struct world *world = *state;
	struct run run;

	assert_int_equal(mkdir(world_path(world, "elsewhere"), 0700), 0);
	run_begin(&run, world,
		  &(struct run_options){
			  .argv = (const char *const[]){"upfront", "--env-file", "elsewhere", "setup", NULL},
			  .terminal = true});
	run_wait(&run);
	run_assert_code(&run, 3);
	assert_null(strstr(run.out.bytes, "Save and go on"));
	run_finish(&run);
	world_write(world, "upfront.yaml", "services: {a: {command: 'true'}}\n");
	run_begin(&run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_wait(&run);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "stack has no setup questions"));
	run_finish(&run);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_up_asks_once),
		IN_WORLD(test_setup_asks_again),
		IN_WORLD(test_in_a_script_nothing_is_asked),
		IN_WORLD(test_ways_out),
		IN_WORLD(test_line_mode),
		IN_WORLD(test_a_file_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
