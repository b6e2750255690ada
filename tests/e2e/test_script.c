/* SPDX-License-Identifier: MIT */
/* In scripts: never asks, never hangs, keeps stdout to what was asked for, tells by its exit code. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char stack_text[] = "x-upfront: {app: Ask, telemetry: {host: 'file:events.jsonl', key: k}}\n"
				 "services:\n"
				 "  job: {command: sh -c 'echo told $$UPFRONT_TELEMETRY; echo $$DO_NOT_TRACK >told'}\n"
				 "  web: {command: sleep 1001, depends_on: {job: {condition: "
				 "service_completed_successfully}}}\n";

static int script_setup(void **state)
{
	world_setup(state);
	world_write(*state, "compose.yaml", stack_text);
	return 0;
}

static bool is_up(void *context)
{
	return world_find(context, "sleep 1001") != 0;
}

/* One way to be started without anybody there to answer: comes up, tells its services "off", ends orderly. */
static void unasked(struct world *world, const struct run_options *options)
{
	struct run run;
	char *told;

	run_begin(&run, world, options);
	run_until(&run, is_up, world, "the stack to be up");
	run_signal(&run, SIGTERM);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_assert_silent(&run, "[y");
	run_assert_silent(&run, "Yes, send");
	run_finish(&run);
	told = world_read(world, "told");
	assert_string_equal(told, "1\n");
	free(told);
	assert_false(world_has(world, "events.jsonl"));
	assert_null(world_search(world, "receipts.jsonl"));
	world_wait_gone(world, "", 2000);
}

static void test_nobody_there_to_answer(void **state)
{
	static const char *const plain[] = {"upfront", NULL};
	static const char *const no_input[] = {"upfront", "--no-input", NULL};
	struct world *world = *state;

	unasked(world, &(struct run_options){.argv = plain, .input_kind = RUN_STDIN_NULL});
	unasked(world, &(struct run_options){.argv = plain, .input_kind = RUN_STDIN_CLOSED});
	unasked(world, &(struct run_options){.argv = plain, .input_kind = RUN_STDIN_OPEN});
	/* Not even a "yes" on a pipe is an answer. */
	unasked(world, &(struct run_options){.argv = plain, .input_kind = RUN_STDIN_TEXT, .input = "y\nyes\n"});
	unasked(world, &(struct run_options){.argv = no_input, .terminal = true});
	world_setenv(world, "CI", "true");
	unasked(world, &(struct run_options){.argv = plain, .terminal = true});
	world_setenv(world, "CI", NULL);
	world_setenv(world, "TERM", "dumb");
	unasked(world, &(struct run_options){.argv = no_input, .terminal = true});
}

static void test_detached_and_waited_for(void **state)
{
	struct world *world = *state;
	struct run run;

	run_upfront(&run, world, "up", "-d", "--wait", NULL);
	run_assert_code(&run, 0);
	assert_int_equal(run.out.size_bytes, 0);
	run_finish(&run);
	/* Started is the shell, which becomes the other a moment later. */
	for (int i = 0; i < 500 && !is_up(world); i++)
		poll(NULL, 0, 10);
	assert_true(is_up(world));
	assert_true(world_has(world, "told"));
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	assert_int_equal(run.out.size_bytes, 0);
	run_finish(&run);
}

static void test_all_services_that_end_well_end_up_well(void **state)
{
	struct run run;

	world_write(*state, "compose.yaml", "services: {a: {command: 'true'}, b: {command: sh -c 'echo done'}}\n");
	run_upfront(&run, *state, "up", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "done"));
	run_finish(&run);
}

static void test_a_service_that_ends_badly_gives_1(void **state)
{
	struct run run;

	world_write(*state, "compose.yaml", "services: {a: {command: sh -c 'exit 9'}}\n");
	run_upfront(&run, *state, "up", NULL);
	run_assert_code(&run, 1);
	run_finish(&run);
}

static void test_signals_before_it_is_up(void **state)
{
	static const struct {
		int signal, code;
	} ends[] = {{SIGHUP, 129}, {SIGINT, 130}, {SIGTERM, 143}};
	static const char *const argv[] = {"upfront", "up", NULL};

	world_write(*state, "compose.yaml",
		    "services: {a: {command: sleep 1001, x-upfront: {ready: {exec: [/bin/false], retries: 1000}}}}\n");
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct run run;

		run_begin(&run, *state, &(struct run_options){.argv = argv});
		run_until(&run, is_up, *state, "the service to run");
		run_signal(&run, ends[i].signal);
		run_wait(&run);
		run_assert_code(&run, ends[i].code);
		run_finish(&run);
		world_wait_gone(*state, "", 2000);
	}
}

static void test_run_gives_the_code_of_its_command(void **state)
{
	struct run run;

	run_upfront(&run, *state, "run", "--", "sh", "-c", "echo out; exit 42", NULL);
	run_assert_code(&run, 42);
	assert_string_equal(run.out.bytes, "out\n");
	run_finish(&run);
	run_upfront(&run, *state, "run", "--", "no-such-program", NULL);
	run_assert_one_error(&run);
	run_assert_says(&run, "no-such-program");
	run_finish(&run);
}

static void test_json_is_all_that_stands_on_stdout(void **state)
{
	static const char *const commands[][4] = {{"ps"}, {"config"}, {"telemetry", "status"}, {"telemetry", "schema"}};
	struct world *world = *state;
	struct run run;

	run_upfront(&run, world, "up", "-d", "--wait", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		const char *end = NULL;
		cJSON *json;

		run_upfront(&run, world, "--json", commands[i][0], commands[i][1], NULL);
		run_assert_code(&run, 0);
		json = cJSON_ParseWithOpts(run.out.bytes, &end, false);
		assert_non_null(json);
		assert_int_equal(strspn(end, "\n"), strlen(end));
		cJSON_Delete(json);
		run_finish(&run);
	}
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

/* Without a terminal no escape sequence comes from upfront; a service's own bytes pass unchanged. */
static void test_pipes_get_plain_bytes(void **state)
{
	struct run run;

	world_write(*state, "compose.yaml", "services:\n  a:\n    command: printf 'a\\033[31mred\\n'\n");
	run_upfront(&run, *state, "up", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "a\033[31mred\n"));
	assert_null(strchr(run.err.bytes, '\033'));
	run_finish(&run);
	world_write(*state, "compose.yaml", "services: {a: {command: echo plain}}\n");
	run_upfront(&run, *state, "up", NULL);
	assert_null(strchr(run.out.bytes, '\033'));
	run_finish(&run);
}

static void test_help_and_version(void **state)
{
	static const char *const commands[] = {"up",     "down", "ps",    "logs",      "run",  "config", "graph",
					       "doctor", "init", "setup", "telemetry", "help", "version"};
	struct run run;

	run_upfront(&run, *state, "help", NULL);
	run_assert_code(&run, 0);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		assert_non_null(strstr(run.out.bytes, commands[i]));
	run_finish(&run);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		run_upfront(&run, *state, "help", commands[i], NULL);
		run_assert_code(&run, 0);
		assert_non_null(strstr(run.out.bytes, "Usage: upfront "));
		run_finish(&run);
	}
	run_upfront(&run, *state, "help", "keys", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "\n  r                     restart it [restart]\n"));
	run_finish(&run);
	run_upfront(&run, *state, "help", "kesy", NULL);
	run_assert_code(&run, 2);
	assert_non_null(strstr(run.err.bytes, "did you mean 'keys'?"));
	run_finish(&run);
	run_upfront(&run, *state, "--version", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, UPFRONT_VERSION));
	run_finish(&run);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, script_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_nobody_there_to_answer),
		IN_WORLD(test_detached_and_waited_for),
		IN_WORLD(test_all_services_that_end_well_end_up_well),
		IN_WORLD(test_a_service_that_ends_badly_gives_1),
		IN_WORLD(test_signals_before_it_is_up),
		IN_WORLD(test_run_gives_the_code_of_its_command),
		IN_WORLD(test_json_is_all_that_stands_on_stdout),
		IN_WORLD(test_pipes_get_plain_bytes),
		IN_WORLD(test_help_and_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
