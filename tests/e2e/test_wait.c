/* SPDX-License-Identifier: MIT */
/* Waiting for services, watching what changes, and `up` that ends with a service. */
#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A service that ends with CODE once a file named after it is there. */
#define UNTIL(name, then) \
	"  " name ": {command: \"sh -c 'while ! test -e " name ".go; do sleep 0.02; done; " then "'\"}\n"

static void expect(struct world *world, const char *const *argv, int code, const char *out)
{
	const struct run_options options = {.argv = argv};
	struct run run;

	run_command(&run, world, &options);
	run_assert_code(&run, code);
	if (out != NULL && strstr(run.out.bytes, out) == NULL)
		fail_msg("not said: %s\n%s%s", out, run.out.bytes, run.err.bytes);
	run_finish(&run);
}

#define EXPECT(world, code, out, ...) expect(world, (const char *const[]){"upfront", __VA_ARGS__, NULL}, code, out)

static void start(struct run *run, struct world *world, const char *const *argv)
{
	const struct run_options options = {.argv = argv};

	run_begin(run, world, &options);
}

/* ---- wait ---- */

static void test_the_code_is_the_services_own(void **state)
{
	struct world *world = *state;
	struct run run;

	stack_begin(world, "services:\n"
			   "  db: {command: sleep 1001}\n" UNTIL("a", "exit 3") UNTIL("b", "exit 4")
				   UNTIL("c", "kill -9 $$$$"));
	start(&run, world, (const char *const[]){"upfront", "wait", "b", "a", NULL});
	world_write(world, "a.go", "");
	run_expect(&run, "a exited with code 3\n");
	world_write(world, "b.go", "");
	run_wait(&run);
	run_assert_code(&run, 4);
	run_finish(&run);
	/* What has ended already is not waited for. */
	EXPECT(world, 3, "a exited with code 3\nb exited with code 4\n", "wait", "a", "b");
	world_write(world, "c.go", "");
	EXPECT(world, 137, "c was ended by SIGKILL\n", "wait", "c");
	EXPECT(world, 5, NULL, "wait", "--timeout", "0.1", "db");
	EXPECT(world, 5, NULL, "wait", "--timeout", "0", "db", "c");
	stack_end(world, 0);
}

static void test_without_names_until_the_stack_is_over(void **state)
{
	struct world *world = *state;
	struct run run;

	stack_begin(world, "services:\n" UNTIL("a", "exit 0") UNTIL("b", "exit 0"));
	start(&run, world, (const char *const[]){"upfront", "wait", NULL});
	world_write(world, "a.go", "");
	run_expect(&run, "a exited with code 0\n");
	world_write(world, "b.go", "");
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	/* Nobody is left, so that the next one can begin at once. */
	stack_begin(world, "services:\n" UNTIL("a", "exit 0") UNTIL("c", "exit 3"));
	start(&run, world, (const char *const[]){"upfront", "wait", NULL});
	run_expect(&run, "a exited with code 0\n");
	world_write(world, "c.go", "");
	run_wait(&run);
	run_assert_code(&run, 1);
	run_assert_says(&run, "service 'c' failed: exited with code 3");
	run_finish(&run);
	EXPECT(world, 6, NULL, "wait");
	EXPECT(world, 6, NULL, "wait", "--ready");
}

static void test_until_ready(void **state)
{
	struct world *world = *state;
	struct run run;

	stack_begin(world,
		    "services:\n"
		    "  db: {command: sleep 1001}\n  job: {command: 'true'}\n"
		    "  web: {command: sleep 1002, depends_on: {job: {condition: service_completed_successfully}},\n"
		    "    x-upfront: {ready: {exec: [test, -e, ok], interval: 50ms}}}\n" UNTIL("bad", "exit 3"));
	EXPECT(world, 0, "db is running", "wait", "--ready", "db");
	EXPECT(world, 5, NULL, "wait", "--ready", "--timeout", "0.2");
	start(&run, world, (const char *const[]){"upfront", "wait", "--ready", NULL});
	run_expect(&run, "job has completed\n");
	world_write(world, "ok", "");
	run_wait(&run);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "web is ready ("));
	run_finish(&run);
	world_write(world, "bad.go", "");
	EXPECT(world, 3, NULL, "wait", "bad");
	EXPECT(world, 1, NULL, "wait", "--ready", "bad");
	EXPECT(world, 0, "web is ready", "wait", "--ready", "web", "job");
	stack_end(world, 0);
}

/* ---- events ---- */

static void test_events_until_the_end(void **state)
{
	struct world *world = *state;
	struct run run, json;
	size_t lines = 0;

	stack_begin(world,
		    "services:\n"
		    "  db: {command: sleep 1001}\n  loop: {command: 'false', restart: always}\n" UNTIL("a", "exit 3"));
	start(&run, world, (const char *const[]){"upfront", "events", NULL});
	start(&json, world, (const char *const[]){"upfront", "--json", "events", NULL});
	run_expect(&run, "stack is up\n");
	run_expect(&json, "\"phase\":\"up\"");
	world_write(world, "a.go", "");
	run_expect(&run, "  a is failed: exited with code 3\n");
	run_expect(&run, "  loop is in back-off, next try in ");
	stack_end(world, 0);
	run_expect(&run, "  db is stopped: killed by SIG");
	run_expect(&run, "stack is over\n");
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	run_wait(&json);
	run_assert_code(&json, 0);
	for (char *line = strtok(json.out.bytes, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
		cJSON *object = cJSON_Parse(line);

		assert_non_null(object);
		assert_true(cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(object, "version")));
		cJSON_Delete(object);
	}
	assert_true(lines > 5);
	run_finish(&json);
}

/* The stack goes on without it, so nobody waits for the end to learn why. */
static void test_up_says_at_once_why_one_failed(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml", "services:\n  db: {command: sleep 1001}\n" UNTIL("a", "exit 3"));
	start(&run, world, (const char *const[]){"upfront", "up", NULL});
	run_expect(&run, "stack is up");
	world_write(world, "a.go", "");
	run_expect(&run, "upfront: a has failed: exited with code 3\n");
	run_signal(&run, SIGINT);
	run_wait(&run);
	run_finish(&run);
	assert_int_equal(world_processes(world, "1001", NULL, 0), 0);
}

static void test_ctrl_c_ends_events_well(void **state)
{
	struct world *world = *state;
	struct run run;

	stack_begin(world, "services:\n"
			   "  db: {command: sleep 1001}\n");
	start(&run, world, (const char *const[]){"upfront", "events", NULL});
	run_expect(&run, "stack is up\n");
	run_signal(&run, SIGINT);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_int_not_equal(world_processes(world, "1001", NULL, 0), 0);
	stack_end(world, 0);
}

/* ---- up that ends with a service ---- */

static void test_abort_on_exit(void **state)
{
	static const struct {
		const char *first; /* the service that ends by itself */
		const char *argv[6];
		int code;
		const char *says;
	} cases[] = {
		{"sh -c 'exit 0'", {"--abort-on-exit"}, 0, "one exited with code 0, so the stack is taken down"},
		{"sh -c 'exit 7'", {"--abort-on-exit"}, 1, "one exited with code 7, so the stack is taken down"},
		{"sh -c 'exit 7'", {"--exit-code-from", "one"}, 7, NULL},
		{"sh -c 'kill -INT $$$$'", {"--exit-code-from", "one"}, 130, "one was ended by SIGINT"},
		{"sh -c 'exit 0'", {"--exit-code-from", "db"}, 143, "so the stack is taken down"},
		{"sh -c 'exit 0'", {"--exit-code-from=prep"}, 0, "prep exited with code 0, so"},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argv[8] = {"upfront", "up", cases[i].argv[0], cases[i].argv[1]};
		const struct run_options options = {.argv = argv};
		char text[512];
		struct run run;

		snprintf(text, sizeof(text),
			 "services:\n  db: {command: sleep 1001}\n  prep: {command: 'true'}\n"
			 "  one: {command: \"%s\", depends_on: {prep: {condition: service_completed_successfully}}}\n",
			 cases[i].first);
		world_write(world, "compose.yaml", text);
		run_command(&run, world, &options);
		run_assert_code(&run, cases[i].code);
		if (cases[i].says != NULL)
			run_assert_says(&run, cases[i].says);
		run_finish(&run);
		assert_int_equal(world_find(world, "1001"), 0);
	}
}

/* A service that nobody waits for ends before the tests had their turn: nothing was tested, so nothing passed. */
static void test_tests_that_never_ran(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml",
		    "services:\n  db: {command: sleep 1001, x-upfront: {ready: {log: never}}}\n"
		    "  tests: {command: touch started, depends_on: {db: {condition: service_healthy}}}\n"
		    "  one: {command: 'true'}\n");
	run_upfront(&run, world, "up", "--exit-code-from", "tests", NULL);
	run_assert_code(&run, 1);
	run_assert_says(&run, "tests never ran");
	run_finish(&run);
	assert_false(world_has(world, "started"));
}

static void test_abort_is_refused_before_anything_starts(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml",
		    "services:\n  db: {command: touch started}\n  web: {command: touch started}\n");
	EXPECT(world, 2, NULL, "up", "-d", "--abort-on-exit");
	EXPECT(world, 2, NULL, "up", "--wait", "--exit-code-from", "db");
	EXPECT(world, 2, NULL, "up", "--exit-code-from", "web", "db");
	run_upfront(&run, world, "up", "--exit-code-from", "wbe", NULL);
	run_assert_code(&run, 2);
	run_assert_says(&run, "did you mean 'web'?");
	run_finish(&run);
	assert_false(world_has(world, "started"));
}

int main(void)
{
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_the_code_is_the_services_own),
		WORLD_TEST(test_without_names_until_the_stack_is_over),
		WORLD_TEST(test_until_ready),
		WORLD_TEST(test_events_until_the_end),
		WORLD_TEST(test_up_says_at_once_why_one_failed),
		WORLD_TEST(test_ctrl_c_ends_events_well),
		WORLD_TEST(test_abort_on_exit),
		WORLD_TEST(test_tests_that_never_ran),
		WORLD_TEST(test_abort_is_refused_before_anything_starts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
