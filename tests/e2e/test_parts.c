/* SPDX-License-Identifier: MIT */
/* Acting on parts of a running stack, and `up` where it runs already: with real processes, told by what people read and by pids. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DB "  db: {command: sleep 2001}\n"
#define WORKER "  worker: {command: sleep 2002, depends_on: {db: {condition: service_started, restart: true}}}\n"
#define WEB "  web: {command: sleep 2003, depends_on: [worker]}\n"
#define JOB "  job: {command: 'true'}\n"

/* One command; its code and a text it says on stderr (NULL: none asked for). */
static void expect(struct world *world, const char *const *argv, int code, const char *says)
{
	const struct run_options options = {.argv = argv};
	struct run run;

	run_command(&run, world, &options);
	run_assert_code(&run, code);
	if (says != NULL)
		run_assert_says(&run, says);
	run_finish(&run);
}

#define EXPECT(world, code, says, ...) expect(world, (const char *const[]){"upfront", __VA_ARGS__, NULL}, code, says)

/* A program that has just started has no command line yet, for a moment. */
static void wait_count(struct world *world, const char *text, size_t count)
{
	const int64_t begin_ms = world_now_ms();

	while (world_processes(world, text, NULL, 0) != count)
		world_pause(begin_ms, 10000, text);
}

static pid_t pid_of(struct world *world, const char *text)
{
	const int64_t begin_ms = world_now_ms();
	pid_t pid;

	while ((pid = world_find(world, text)) == 0)
		world_pause(begin_ms, 10000, text);
	return pid;
}

static void begin(struct world *world, const char *services)
{
	char text[2048];

	snprintf(text, sizeof(text), "services:\n%s", services);
	world_write(world, "compose.yaml", text);
	EXPECT(world, 0, NULL, "up", "-d");
}

static void end(struct world *world)
{
	EXPECT(world, 0, "is down", "down", "-t", "0");
}

static void test_a_part_stops_and_starts_with_what_goes_along(void **state)
{
	struct world *world = *state;
	pid_t web;

	begin(world, DB WORKER WEB JOB);
	EXPECT(world, 0, "web stops first: it depends on worker", "stop", "worker");
	assert_int_equal(world_find(world, "2003"), 0);
	assert_int_equal(world_find(world, "2002"), 0);
	pid_of(world, "2001");
	EXPECT(world, 0, "worker is stopped already", "stop", "worker");
	EXPECT(world, 0, "worker starts first: web needs it", "start", "--wait", "web");
	web = pid_of(world, "2003");
	assert_int_not_equal(web, 0);
	EXPECT(world, 0, "web is running already", "start", "web");
	assert_int_equal(world_find(world, "2003"), web);
	EXPECT(world, 0, "db stopped", "stop", "--no-deps", "-t", "1", "db");
	assert_int_equal(world_find(world, "2003"), web);
	end(world);
}

/* `up -d` does not wait for what is not ready, but says so. */
static void test_up_detached_names_who_is_not_ready(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.yaml",
		    "services:\n  db: {command: sleep 2001}\n"
		    "  web: {command: sleep 2003, x-upfront: {ready: {log: never}}}\n");
	EXPECT(world, 0, "upfront: stack is started, not ready yet: web (upfront ps)\n", "up", "-d");
	end(world);
}

/* Whoever waits is told for whom, and for how long. */
static void test_who_takes_long_to_stop_is_named(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.yaml",
		    "services:\n  deaf:\n    command: sh -c 'trap \"\" TERM; echo deaf; while :; do sleep 2009; done'\n"
		    "    stop_grace_period: 6s\n    x-upfront: {ready: {log: deaf}}\n");
	EXPECT(world, 0, NULL, "up", "--wait");
	EXPECT(world, 0, "upfront: still waiting for deaf to end: it is killed in ", "stop");
	EXPECT(world, 0, NULL, "start", "--wait");
	EXPECT(world, 0, " s, killed)", "stop", "-t", "0");
	EXPECT(world, 0, NULL, "start", "--wait");
	EXPECT(world, 0, "upfront: still waiting for deaf to end: it is killed in ", "down");
	assert_int_equal(world_find(world, "2009"), 0);
}

static void test_all_of_it_stops_and_the_stack_stays(void **state)
{
	struct world *world = *state;

	begin(world, DB WORKER WEB);
	EXPECT(world, 0, "stays: upfront start starts it again, upfront down ends it", "stop");
	assert_int_equal(world_processes(world, "sleep 200", NULL, 0), 0);
	EXPECT(world, 0, "nothing to stop", "stop");
	EXPECT(world, 0, "web started", "start");
	pid_of(world, "2003");
	/* Up again is another way to say start. */
	EXPECT(world, 0, NULL, "stop", "web");
	EXPECT(world, 0, "web started", "up", "-d");
	end(world);
	EXPECT(world, 6, "not running", "start");
	EXPECT(world, 6, "not running", "stop");
}

static void test_restart_takes_those_along_that_ask_for_it(void **state)
{
	struct world *world = *state;
	pid_t db, worker, web;

	begin(world, DB WORKER WEB);
	db = pid_of(world, "2001");
	worker = pid_of(world, "2002");
	web = pid_of(world, "2003");
	EXPECT(world, 0, "worker restarts too: it depends on db", "restart", "db");
	assert_int_not_equal(pid_of(world, "2001"), db);
	assert_int_not_equal(pid_of(world, "2002"), worker);
	assert_int_equal(world_find(world, "2003"), web);
	end(world);
}

static void test_a_failure_is_exit_code_1(void **state)
{
	struct world *world = *state;

	world_write(world, "ok", "");
	begin(world, DB "  bad: {command: sh -c 'test -e ok && exec sleep 2004; exit 3', "
			"x-upfront: {ready: {exec: [sh, -c, 'test -e ok']}}}\n  none: {command: sleep 2005}\n");
	EXPECT(world, 0, NULL, "stop", "bad");
	assert_int_equal(unlink(world_path(world, "ok")), 0);
	EXPECT(world, 1, "bad is failed: exited with code 3", "start", "--wait", "bad");
	world_write(world, "ok", "");
	EXPECT(world, 0, "bad is ready", "start", "--wait", "bad");
	end(world);
}

/* While the start is under way, what it did not ask for fails by itself. */
static void test_a_failure_beside_the_start_is_not_the_stacks(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.yaml",
		    "services:\n  db: {command: sleep 2001, x-upfront: {ready: {exec: [test, -e, ok], interval: 50ms, "
		    "start_period: 60s}}}\n  bad: {command: no-such-program}\n");
	EXPECT(world, 0, NULL, "up", "-d", "db");
	EXPECT(world, 1, "no-such-program", "start", "bad");
	assert_int_equal(world_processes(world, "sleep 2001", NULL, 0), 1);
	world_write(world, "ok", "");
	EXPECT(world, 0, NULL, "wait", "--ready", "db");
	end(world);
}

static void test_kill_sends_what_it_is_told(void **state)
{
	struct world *world = *state;
	pid_t db;

	begin(world, "  db: {command: sleep 2001, restart: always}\n" WEB
		     "  worker: {command: \"sh -c 'trap : HUP; while :; do "
		     "sleep 0.05; done'\"}\n");
	db = pid_of(world, "2001");
	EXPECT(world, 0, "db was killed", "kill", "db");
	EXPECT(world, 0, NULL, "wait", "--ready", "--timeout", "20", "db");
	assert_int_not_equal(pid_of(world, "2001"), db);
	EXPECT(world, 0, "SIGHUP was sent to worker", "kill", "-s", "hup", "worker");
	EXPECT(world, 0, "is running already", "start", "worker");
	EXPECT(world, 2, "there is no signal 'SIGTREM'", "kill", "-s", "SIGTREM", "db");
	EXPECT(world, 2, "hint: a name such as TERM, HUP, KILL, or a number", "kill", "-s", "FOO", "db");
	EXPECT(world, 0, "web stopped", "stop", "web");
	EXPECT(world, 1, NULL, "kill", "web");
	end(world);
}

/* At whatever stage of its end the next command finds it, that is what it says. */
static void test_what_comes_at_once_after_the_end_knows_it(void **state)
{
	static const char *const commands[] = {"ps", "stop", "restart", "logs"};
	struct world *world = *state;

	for (size_t i = 0; i < 12; i++) {
		const struct run_options options = {.argv = (const char *const[]){"upfront", commands[i % 4], NULL}};
		struct run run;

		begin(world, "  db: {command: sleep 2001}\n");
		EXPECT(world, 0, "db was killed", "kill", "db");
		run_command(&run, world, &options);
		if (run.code != 0 && run.code != 6)
			fail_msg("%s ended with %d: %s", commands[i % 4], run.code, run.err.bytes);
		run_finish(&run);
		EXPECT(world, 0, NULL, "down");
	}
}

/* A command line that is told to be typed is one for the project that was meant. */
static void test_hints_name_the_project_that_was_named(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.yaml", "services:\n" DB);
	EXPECT(world, 6, "hint: start it with: upfront up", "ps");
	EXPECT(world, 6, "hint: start it with: upfront -p other up", "-p", "other", "ps");
	EXPECT(world, 6, "hint: start it with: upfront -p other up", "-p", "other", "logs");
	EXPECT(world, 0, NULL, "-p", "other", "up", "-d");
	EXPECT(world, 2, "hint: upfront -p other ps shows the services", "-p", "other", "stop", "xyzzy");
	EXPECT(world, 0, "stays: upfront -p other start starts it again, upfront -p other down ends it", "-p", "other",
	       "stop");
	EXPECT(world, 0, "is down", "-p", "other", "down");
}

static void test_a_new_part_that_cannot_start_is_said_once(void **state)
{
	const struct run_options options = {.argv = (const char *const[]){"upfront", "up", "-d", NULL}};
	struct world *world = *state;
	struct run run;
	const char *line;

	begin(world, DB);
	world_write(world, "compose.yaml", "services:\n" DB "  web: {command: ./not-there}\n");
	run_command(&run, world, &options);
	run_assert_code(&run, 1);
	line = strstr(run.err.bytes, "web has failed");
	assert_non_null(line);
	assert_int_equal(strncmp(line, "web has failed: ", 16), 0);
	assert_null(strstr(line + 1, "web has failed"));
	run_assert_silent(&run, "upfront logs"); /* it never ran */
	run_finish(&run);
	end(world);
}

static void test_scale_up_and_down(void **state)
{
	struct world *world = *state;

	begin(world, DB "  web: {command: sleep 2003}\n");
	EXPECT(world, 0, "web runs 3 replicas", "scale", "web=3");
	wait_count(world, "2003", 3);
	EXPECT(world, 0, "web runs 1 replica", "scale", "web=1", "db=1");
	wait_count(world, "2003", 1);
	EXPECT(world, 2, "no such service: 'wep'", "scale", "wep=2");
	EXPECT(world, 2, "did you mean 'web'?", "scale", "web=2", "wep=2");
	wait_count(world, "2003", 1);
	/* None at all, and again, whatever the folder says that it is asked from. */
	EXPECT(world, 0, "web runs 0 replicas", "scale", "web=0");
	EXPECT(world, 2, "service 'web' has no replica in the running stack", "restart", "web");
	EXPECT(world, 0, "", "logs", "web");
	EXPECT(world, 2, "no such service: 'wep'", "logs", "wep");
	EXPECT(world, 0, "web runs 1 replica", "scale", "web=1");
	EXPECT(world, 0, "web runs 0 replicas", "scale", "web=0");
	EXPECT(world, 0, "web runs 1 replica", "-p", "stack", "scale", "web=1");
	EXPECT(world, 2, "did you mean 'web'?", "-p", "stack", "scale", "wep=1");
	wait_count(world, "2003", 1);
	EXPECT(world, 2, "a number from 0 to 1000, found 'web=1001'", "scale", "web=1001");
	EXPECT(world, 2, "SERVICE=NUMBER", "scale", "web=many");
	EXPECT(world, 2, "SERVICE=NUMBER", "scale", "web");
	end(world);
}

static void test_scale_says_that_replicas_share_a_port(void **state)
{
	struct world *world = *state;
	char services[256], says[128];
	const int port = world_free_port();

	snprintf(services, sizeof(services), "  web: {command: sleep 2003, ports: ['127.0.0.1:%d:80']}\n", port);
	snprintf(says, sizeof(says), "web declares port %d, which its 2 replicas share", port);
	begin(world, services);
	EXPECT(world, 0, says, "scale", "web=2");
	end(world);
}

static void test_unknown_names(void **state)
{
	struct world *world = *state;

	begin(world, DB WORKER);
	EXPECT(world, 2, "did you mean 'worker'?", "stop", "db", "wroker");
	pid_of(world, "2001");
	EXPECT(world, 2, "no such service: 'x'", "restart", "x");
	EXPECT(world, 2, "no such service: 'x'", "wait", "x");
	EXPECT(world, 2, "no such service: 'x'", "top", "x");
	end(world);
}

/* ---- up again ---- */

static void test_up_again_brings_what_the_file_says(void **state)
{
	struct world *world = *state;
	pid_t db, worker;

	begin(world, DB WORKER WEB);
	db = pid_of(world, "2001");
	EXPECT(world, 0, "is already running as the stack file says", "up", "-d");
	EXPECT(world, 0, "is already running as the stack file says", "up", "--wait");
	EXPECT(world, 4, "already running from", "up");
	worker = pid_of(world, "2002");
	world_write(
		world, "compose.yaml",
		"services:\n" DB
		"  worker: {command: sleep 2002, environment: {A: b}, depends_on: {db: {condition: service_started, "
		"restart: true}}}\n"
		"  cache: {command: sleep 2006}\n");
	EXPECT(world, 0, "change worker: environment\nupfront: ", "up", "--wait");
	assert_int_equal(world_find(world, "2001"), db);
	assert_int_not_equal(pid_of(world, "2002"), worker);
	assert_int_equal(world_find(world, "2003"), 0);
	pid_of(world, "2006");
	EXPECT(world, 0, "is already running", "up", "-d");
	end(world);
}

static void test_up_again_says_what_it_adds_and_removes(void **state)
{
	struct world *world = *state;
	struct run run;

	begin(world, DB WORKER);
	world_write(world, "compose.yaml", "services:\n" DB "  new: {command: sleep 2007}\n");
	run_upfront(&run, world, "up", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "add new\n");
	run_assert_says(&run, "remove worker\n");
	run_assert_says(&run, "runs as the stack file says now");
	run_finish(&run);
	EXPECT(world, 0, "new stopped", "stop", "new");
	EXPECT(world, 0, "new started", "up", "new");
	end(world);
}

static void test_a_broken_file_changes_nothing(void **state)
{
	struct world *world = *state;
	pid_t db;

	begin(world, DB WORKER);
	db = pid_of(world, "2001");
	world_write(world, "compose.yaml", "services:\n  db: {comand: sleep 2001}\n");
	EXPECT(world, 3, "compose.yaml:2:8: ", "up", "-d");
	assert_int_equal(world_find(world, "2001"), db);
	pid_of(world, "2002");
	EXPECT(world, 0, NULL, "-p", "stack", "down");
}

static void test_up_again_waits_until_ready_or_failed(void **state)
{
	struct world *world = *state;

	begin(world, DB);
	world_write(world, "compose.yaml",
		    "services:\n" DB "  slow: {command: sleep 2008, x-upfront: {ready: {exec: ['test', -e, ok]}}}\n");
	EXPECT(world, 5, "slow is starting", "up", "--wait", "--wait-timeout", "0.3");
	world_write(world, "ok", "");
	EXPECT(world, 0, "is already running", "up", "--wait");
	world_write(world, "compose.yaml",
		    "services:\n" DB
		    "  slow: {command: sh -c 'exit 4', x-upfront: {ready: {exec: ['test', -e, no]}}}\n");
	EXPECT(world, 1, "slow has failed: exited with code 4", "up", "--wait");
	end(world);
}

/* A yes of the start does not outlive a no, and a no of the start is not undone. */
static void test_up_again_hears_a_no(void **state)
{
	static const char shop[] = "x-upfront: {app: Shop, telemetry: {notice: 3, host: 'file:events.jsonl', key: k}}\n"
				   "services:\n" DB;
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml", shop);
	EXPECT(world, 0, NULL, "up", "-d", "--telemetry=on");
	EXPECT(world, 0, "off for the rest of this run (switched off on the command line)", "up", "-d",
	       "--no-telemetry");
	run_upfront(&run, world, "telemetry", "status", NULL);
	assert_non_null(strstr(run.out.bytes, "Shop is running: usage statistics off"));
	run_finish(&run);
	EXPECT(world, 0, "--telemetry=on was not given", "up", "-d", "--telemetry=on");
	run_upfront(&run, world, "telemetry", "status", NULL);
	assert_non_null(strstr(run.out.bytes, "Shop is running: usage statistics off"));
	run_finish(&run);
	end(world);
}

int main(void)
{
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_a_part_stops_and_starts_with_what_goes_along),
		WORLD_TEST(test_up_detached_names_who_is_not_ready),
		WORLD_TEST(test_who_takes_long_to_stop_is_named),
		WORLD_TEST(test_all_of_it_stops_and_the_stack_stays),
		WORLD_TEST(test_restart_takes_those_along_that_ask_for_it),
		WORLD_TEST(test_a_failure_is_exit_code_1),
		WORLD_TEST(test_a_failure_beside_the_start_is_not_the_stacks),
		WORLD_TEST(test_kill_sends_what_it_is_told),
		WORLD_TEST(test_what_comes_at_once_after_the_end_knows_it),
		WORLD_TEST(test_hints_name_the_project_that_was_named),
		WORLD_TEST(test_a_new_part_that_cannot_start_is_said_once),
		WORLD_TEST(test_scale_up_and_down),
		WORLD_TEST(test_scale_says_that_replicas_share_a_port),
		WORLD_TEST(test_unknown_names),
		WORLD_TEST(test_up_again_brings_what_the_file_says),
		WORLD_TEST(test_up_again_says_what_it_adds_and_removes),
		WORLD_TEST(test_a_broken_file_changes_nothing),
		WORLD_TEST(test_up_again_waits_until_ready_or_failed),
		WORLD_TEST(test_up_again_hears_a_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
