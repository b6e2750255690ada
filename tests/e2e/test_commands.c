/* SPDX-License-Identifier: MIT */
/* Commands as people type them: what each says and does where it would be easy to say or do the wrong thing. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHOP "x-upfront: {app: Shop, telemetry: {notice: 3, host: 'file:events.jsonl', key: k}}\n"
#define STUBBORN "services: {web: {command: sh -c 'trap \"\" TERM; echo there; sleep 1001', stop_grace_period: 60s}}\n"

static void begin_stack(struct world *world, const char *text, const char *flag)
{
	struct run run;

	world_write(world, "compose.yaml", text);
	run_upfront(&run, world, "up", "-d", flag, NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

static void end_stack(struct world *world)
{
	struct run run;

	run_upfront(&run, world, "down", "-t", "0", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

static void assert_told(struct world *world, const char *text)
{
	struct run run;

	run_upfront(&run, world, "run", "-T", "--", "env", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, text));
	run_finish(&run);
}

/* ---- Telemetry ---- */

static void test_any_off_on_the_line_wins(void **state)
{
	static const char *const lines[][2] = {{"--telemetry=off", "--telemetry=on"},
					       {"--telemetry=on", "--telemetry=off"},
					       {"--no-telemetry", "--telemetry=on"}};
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml", SHOP "services: {a: {command: 'true'}}\n");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		run_upfront(&run, world, "up", lines[i][0], lines[i][1], NULL);
		run_assert_code(&run, 0);
		run_finish(&run);
		assert_false(world_has(world, "events.jsonl"));
	}
	run_upfront(&run, world, "up", "--telemetry=on@3", "--telemetry=on@4", NULL);
	run_assert_code(&run, 2);
	run_assert_says(&run, "two different notices");
	run_finish(&run);
	run_upfront(&run, world, "up", "--telemetry=on@0", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "--telemetry=on@0 was not given: the notice is now 3");
	run_finish(&run);
	assert_false(world_has(world, "events.jsonl"));
}

static void test_nothing_declared_is_said(void **state)
{
	struct run run;

	world_write(*state, "compose.yaml", "services: {a: {command: 'true'}}\n");
	run_upfront(&run, *state, "telemetry", "notice", NULL);
	run_assert_code(&run, 0);
	assert_string_equal(run.out.bytes, "the stack declares no telemetry: nothing is asked or sent\n");
	run_finish(&run);
	run_upfront(&run, *state, "telemetry", "show", NULL);
	run_assert_code(&run, 0);
	assert_string_equal(run.out.bytes, "the stack declares no telemetry: nothing is asked or sent\n");
	run_finish(&run);
	run_upfront(&run, *state, "telemetry", "show", "--json", NULL);
	assert_string_equal(run.out.bytes, "null\n");
	run_finish(&run);
}

static void test_status_tells_of_the_running_stack(void **state)
{
	static const char first[] = "Shop is running: usage statistics on for this run (--telemetry=on).\n"
				    "  events: ";
	struct world *world = *state;
	const cJSON *running;
	cJSON *status;
	struct run run;

	begin_stack(world, SHOP "services: {a: {command: sleep 1001}}\n", "--telemetry=on");
	run_upfront(&run, world, "telemetry", "status", NULL);
	assert_memory_equal(run.out.bytes, first, sizeof(first) - 1);
	assert_non_null(strstr(run.out.bytes, "\n  services' own: none (the stack file declares nothing"));
	assert_non_null(strstr(run.out.bytes, "\nShop: off at the next up from here: nobody could be asked"));
	run_finish(&run);
	run_upfront(&run, world, "telemetry", "status", "--json", NULL);
	status = cJSON_Parse(run.out.bytes);
	running = cJSON_GetObjectItemCaseSensitive(status, "running");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(running, "state")), "on");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(status, "state")), "off");
	cJSON_Delete(status);
	run_finish(&run);
	/* A one-off command is told what the services are, but never yes where a no stands. */
	assert_told(world, "\nUPFRONT_TELEMETRY=on\n");
	world_setenv(world, "DO_NOT_TRACK", "1");
	assert_told(world, "\nUPFRONT_TELEMETRY=off\n");
	world_setenv(world, "DO_NOT_TRACK", NULL);
	end_stack(world);
	run_upfront(&run, world, "telemetry", "status", NULL);
	run_assert_silent(&run, "is running");
	run_finish(&run);
}

/* To lift one no is not to lift all of them: what still holds is named, with what lifts that. */
static void test_ask_names_what_still_says_no(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml", SHOP "services: {a: {command: 'true'}}\n");
	run_upfront(&run, world, "telemetry", "off", "--all", NULL);
	run_finish(&run);
	run_upfront(&run, world, "telemetry", "ask", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "still off");
	run_assert_says(&run, "Change: upfront telemetry ask --all");
	run_assert_silent(&run, "asks again");
	run_finish(&run);
	world_setenv(world, "SHOP_TELEMETRY_DISABLED", "1");
	run_upfront(&run, world, "telemetry", "ask", "--all", NULL);
	run_assert_says(&run, "every product asks again at its next start, except those you switched off one by one");
	run_finish(&run);
	run_upfront(&run, world, "telemetry", "ask", NULL);
	run_assert_says(&run, "Change: unset SHOP_TELEMETRY_DISABLED");
	run_finish(&run);
	world_setenv(world, "SHOP_TELEMETRY_DISABLED", NULL);
	run_upfront(&run, world, "telemetry", "ask", NULL);
	run_assert_says(&run, "the next up of Shop asks again");
	run_finish(&run);
}

/* ---- Logs ---- */

/* A service that writes all the while, into files that are moved on: every line stands there once, in order. */
static void test_a_follower_sees_every_line_once(void **state)
{
	static const char *const follow[] = {"upfront", "logs", "-f", "--no-log-prefix", NULL};
	enum { LINES = 20000 };
	struct world *world = *state;
	unsigned long expected = 0;
	struct run run;

	begin_stack(world,
		    "services:\n"
		    "  web:\n"
		    "    command: sh -c 'i=0; while [ $$i -lt 20000 ]; do echo $$i; i=$$((i+1)); done; echo done; exec "
		    "sleep 1001'\n"
		    "    x-upfront: {log: {max_size: 16k, max_files: 50}}\n",
		    NULL);
	run_begin(&run, world, &(struct run_options){.argv = follow});
	run_expect(&run, "done\n");
	end_stack(world);
	run_wait(&run);
	run_assert_code(&run, 0);
	for (const char *at = run.out.bytes; expected < LINES; at = strchr(at, '\n') + 1)
		assert_int_equal(strtoul(at, NULL, 10), expected++);
	run_finish(&run);
}

/* More than the supervisor remembers: all of it is still shown, now and after the end. */
static void test_logs_show_the_whole_run(void **state)
{
	struct world *world = *state;
	struct run run;

	begin_stack(
		world,
		"services:\n"
		"  web: {command: sh -c 'seq 100000; echo done; exec sleep 1001', x-upfront: {ready: {log: ^done}}}\n",
		"--wait");
	for (int ended = 0; ended < 2; ended++) {
		run_upfront(&run, world, "logs", "--no-log-prefix", "web", NULL);
		run_assert_code(&run, 0);
		assert_memory_equal(run.out.bytes, "1\n2\n3\n", 6);
		assert_non_null(strstr(run.out.bytes, "\n100000\ndone\n"));
		run_finish(&run);
		run_upfront(&run, world, "logs", "--no-log-prefix", "--tail", "2", NULL);
		assert_string_equal(run.out.bytes, "100000\ndone\n");
		run_finish(&run);
		run_upfront(&run, world, "logs", "--since", "0", NULL);
		assert_string_equal(run.out.bytes, "");
		run_finish(&run);
		run_upfront(&run, world, "logs", "--no-log-prefix", "--since", "1h", "--tail", "1", NULL);
		assert_string_equal(run.out.bytes, "done\n");
		run_finish(&run);
		run_upfront(&run, world, "logs", "--since", "soon", NULL);
		run_assert_code(&run, 2);
		run_finish(&run);
		run_upfront(&run, world, "logs", "nobody", NULL);
		run_assert_says(&run, "no such service: 'nobody'");
		run_finish(&run);
		if (!ended)
			end_stack(world);
	}
}

/* ---- Up and down ---- */

static void test_zero_is_a_time(void **state)
{
	struct world *world = *state;
	struct run run;

	begin_stack(world, STUBBORN, NULL);
	run_upfront(&run, world, "down", "-t", "0", NULL);
	run_assert_code(&run, 0);
	assert_true(run.took_ms < 20000);
	run_finish(&run);
	world_write(world, "compose.yaml",
		    "services: {a: {command: sleep 1001, x-upfront: {ready: {exec: [/bin/false], retries: 1000}}}}\n");
	run_upfront(&run, world, "up", "-d", "--wait", "--wait-timeout", "0", NULL);
	run_assert_code(&run, 5);
	run_finish(&run);
}

static size_t count_of(const char *text, const char *word)
{
	size_t count = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		count++;
	return count;
}

static void test_a_failure_is_told_once(void **state)
{
	struct run run;

	world_write(*state, "compose.yaml",
		    "services:\n"
		    "  a: {command: sh -c 'exit 9'}\n"
		    "  b: {command: sh -c 'exit 8', depends_on: [a]}\n");
	run_upfront(&run, *state, "up", NULL);
	run_assert_code(&run, 1);
	run_assert_says(&run, "upfront: a has failed");
	/* b may be told of as well: that it ended, or that it could not start and why. */
	assert_int_equal(count_of(run.err.bytes, "'a' failed: exited with code 9"), 1);
	assert_int_equal(count_of(run.err.bytes, "a failed: exited with code 9"), 0);
	assert_true(count_of(run.err.bytes, "exited with code 8") <= 1);
	run_finish(&run);
	run_upfront(&run, *state, "up", "-q", NULL);
	if (count_of(run.err.bytes, "\n") != count_of(run.err.bytes, "exited with code"))
		fail_msg("more than the failure was told:\n%s", run.err.bytes);
	run_finish(&run);
}

static void test_verbose_names_files_and_changes(void **state)
{
	struct run run;

	world_write(*state, "compose.yaml",
		    "services:\n"
		    "  a: {command: sleep 0.5}\n"
		    "  b: {command: 'true', depends_on: {a: {condition: service_completed_successfully}}}\n");
	run_upfront(&run, *state, "up", "-v", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "compose.yaml\n");
	run_assert_says(&run, "engine: native");
	run_assert_says(&run, "upfront: b is waiting");
	run_finish(&run);
	run_upfront(&run, *state, "up", NULL);
	run_assert_silent(&run, "b is waiting");
	run_finish(&run);
}

/* The lock lies in the state folder, the socket does not: a second one of the same name must not take the first one's. */
static void test_one_name_under_two_state_folders(void **state)
{
	struct world *world = *state;
	const char *first = strmap_find(&world->environment, "XDG_STATE_HOME");
	char *kept = strdup(first);
	struct run run;

	begin_stack(world, "name: shop\nservices: {a: {command: sleep 1001}}\n", NULL);
	world_setenv(world, "XDG_STATE_HOME", world_path(world, "../other-state"));
	run_upfront(&run, world, "up", "-d", NULL);
	run_assert_code(&run, 4);
	run_assert_says(&run, "project 'shop' is already running");
	run_assert_says(&run, "-p NAME");
	run_finish(&run);
	world_setenv(world, "XDG_STATE_HOME", kept);
	free(kept);
	run_upfront(&run, world, "ps", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	end_stack(world);
}

/* What a probe heard from a service that is well is nobody's concern, and nobody's words steer the terminal. */
static void test_why_in_ps(void **state)
{
	struct world *world = *state;
	const char *well;
	struct run run;

	begin_stack(world,
		    "services:\n"
		    "  well: {command: sleep 1001, x-upfront: {ready: {exec: ['true'], interval: 50ms}}}\n"
		    "  ill:\n"
		    "    command: sh -c 'echo go; exec sleep 1001'\n"
		    "    x-upfront: {ready: {log: ^go}}\n"
		    "    healthcheck: {test: [CMD, sh, -c, \"printf 'a\\\\033[2Jb\\\\342\\\\200\\\\256c'; exit 1\"], "
		    "interval: 50ms, retries: 1}\n",
		    NULL);
	do {
		run_upfront(&run, world, "ps", NULL);
		run_assert_code(&run, 0);
		assert_null(strchr(run.out.bytes, '\033'));
		assert_null(strstr(run.out.bytes, "\342\200\256"));
		if (strstr(run.out.bytes, "unhealthy") != NULL && strstr(run.out.bytes, "ready") != NULL)
			break;
		run_finish(&run);
	} while (true);
	well = strstr(run.out.bytes, "well");
	assert_memory_equal(strchr(well, '\n') - 3, "  -", 3);
	assert_non_null(strstr(run.out.bytes, "\\u202e"));
	run_finish(&run);
	end_stack(world);
}

/* ---- Procfile ---- */

/* Services and one-off commands start with the same: .env stands over the shell, whatever the Procfile is called. */
static void test_procfile_environment(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, ".env", "COLOUR=from-env\n");
	world_write(world, "Procfile.dev", "web: echo $COLOUR\n");
	world_setenv(world, "COLOUR", "from-shell");
	run_upfront(&run, world, "-f", "Procfile.dev", "up", "--no-dashboard", NULL);
	assert_non_null(strstr(run.out.bytes, "from-env"));
	run_finish(&run);
	run_upfront(&run, world, "-f", "Procfile.dev", "run", "sh", "-c", "echo $COLOUR", NULL);
	assert_string_equal(run.out.bytes, "from-env\n");
	run_finish(&run);
	/* A Compose file's .env is for the file alone. */
	world_write(world, "compose.yaml", "services: {web: {command: 'true'}}\n");
	run_upfront(&run, world, "run", "sh", "-c", "echo $COLOUR", NULL);
	assert_string_equal(run.out.bytes, "from-shell\n");
	run_finish(&run);
}

int main(void)
{
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_any_off_on_the_line_wins),
		WORLD_TEST(test_nothing_declared_is_said),
		WORLD_TEST(test_status_tells_of_the_running_stack),
		WORLD_TEST(test_ask_names_what_still_says_no),
		WORLD_TEST(test_a_follower_sees_every_line_once),
		WORLD_TEST(test_logs_show_the_whole_run),
		WORLD_TEST(test_zero_is_a_time),
		WORLD_TEST(test_a_failure_is_told_once),
		WORLD_TEST(test_verbose_names_files_and_changes),
		WORLD_TEST(test_one_name_under_two_state_folders),
		WORLD_TEST(test_why_in_ps),
		WORLD_TEST(test_procfile_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
