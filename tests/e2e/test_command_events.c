/* SPDX-License-Identifier: MIT */
/*
 * Commands that reach a stack which runs with a yes are reported: names of commands and options, how it ended, and nothing that was
 * typed. Whoever types one and says off is not; and nobody waits for it, or sees it.
 */
#include "tests/lib/reported.h"
#include "tests/lib/run.h"
#include "tests/lib/stack_procs.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CANARY "zq7canary"
#define WORDS_MAX 16
#define TELLING_MS 500 /* far more than it takes, far less than any waiting for an answer */

static const char shop[] = "name: shop\n"
			   "x-upfront: {app: Shop, telemetry: {" REPORTED_ENDPOINT "}}\n"
			   "services: {web: {command: sleep 1001}}\n";

/* `upfront` with the words of a line. */
static void type(struct run *run, const struct world *world, const char *line)
{
	const char *argv[WORDS_MAX + 2] = {"upfront"};
	char words[512], *rest = NULL;
	size_t count = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		argv[count++] = word;
	assert_true(count <= WORDS_MAX);
	run_command(run, world, &(struct run_options){.argv = argv});
}

static void type_quietly(const struct world *world, const char *line, int code)
{
	struct run run;

	type(&run, world, line);
	run_assert_code(&run, code);
	run_finish(&run);
}

/* ---- What is reported ---- */

static const struct {
	const char *line;
	int code;
	const char *told; /* NULL: nothing */
} lines[] = {
	{"ps", 0, "ps||ok\n"},
	{"--json -p shop ps", 0, "ps|--json --project <value>|ok\n"},
	{"ps --fi=compose.yaml --color never", 0, "ps|--file <path> --color never|ok\n"},
	{"logs --since 10m -n 3 web", 0, "logs|--since <value> --tail <value> <value>|ok\n"},
	{"stop " CANARY, 2, "stop|<value>|usage\n"},
	{"restart -t0 web", 0, "restart|--timeout <value> <value>|ok\n"},
	{"wait --timeout 0.01 web", 5, "wait|--timeout <value> <value>|timeout\n"},
	{"scale web=1", 0, "scale|<value>|ok\n"},
	{"up -d", 0, "up|--detach|ok\n"},
	{"up", 4, "up||missing\n"},
	{"top --json", 0, "top|--json|ok\n"},
	{"run -- sh -c exit\t3", 3, "run|-- <args>|other\n"},
	{"run true " CANARY, 0, "run|<args>|ok\n"},
	/* Nothing reached the stack, or nothing is to be told. */
	{"ps --" CANARY, 2, NULL},
	{CANARY, 2, NULL},
	{"config --quiet", 0, NULL},
	{"graph", 0, NULL},
	{"version", 0, NULL},
	{"help ps", 0, NULL},
	{"ps --help", 0, NULL},
	{"completion bash", 0, NULL},
	{"telemetry status", 0, NULL},
	{"telemetry show", 0, NULL},
	{"run -- true --no-telemetry", 0, NULL},
	{"up -d --no-deps web", 0, "up|--detach --no-deps <value>|ok\n"},
};

static void test_a_table_of_command_lines(void **state)
{
	struct world *world = *state;
	char told[4096];
	size_t used;

	world_write(world, "compose.yaml", shop);
	world_setenv(world, "SECRET", CANARY);
	reported_up(world, "--telemetry=on");
	used = (size_t)snprintf(told, sizeof(told), "up|--quiet --detach --wait --telemetry on|ok\n");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		type_quietly(world, lines[i].line, lines[i].code);
		used += (size_t)snprintf(told + used, sizeof(told) - used, "%s",
					 lines[i].told != NULL ? lines[i].told : "");
	}
	reported_down(world);
	snprintf(told + used, sizeof(told) - used, "down|--quiet --timeout <value>|ok\n");
	reported_assert(world, told);
	reported_assert_never(world, CANARY);
	assert_false(world_has(world, "../state/upfront/.apps/shop/" CANARY));
}

static void test_without_a_yes_nothing_is(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.yaml", shop);
	reported_up(world, "--telemetry=off");
	type_quietly(world, "ps", 0);
	type_quietly(world, "run -- true", 0);
	reported_down(world);
	assert_false(world_has(world, REPORTED_FILE));
	assert_null(world_search(world, "outbox.db"));
}

/* ---- Any off wins ---- */

static void say_by_environment(struct world *world, const char *name, const char *value)
{
	world_setenv(world, name, value);
	type_quietly(world, "ps", 0);
	type_quietly(world, "-p shop ps", 0);
	type_quietly(world, "run -- true", 0);
	world_setenv(world, name, NULL);
}

static void say_by_settings(struct world *world, const char *text)
{
	world_write(world, "../config/upfront/config.yaml", text);
	type_quietly(world, "ps", 0);
	type_quietly(world, "-p shop ps", 0);
	type_quietly(world, "run -- true", 0);
	world_write(world, "../config/upfront/config.yaml", "");
}

static void test_whoever_says_off_is_not_reported(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.yaml", shop);
	reported_up(world, "--telemetry=on");
	say_by_environment(world, "DO_NOT_TRACK", "1");
	say_by_environment(world, "UPFRONT_TELEMETRY_DISABLED", "true");
	say_by_environment(world, "SHOP_TELEMETRY_DISABLED", "yes");
	say_by_settings(world, "telemetry_enabled: false\n");
	say_by_settings(world, "telemetry_off: [shop]\n");
	say_by_settings(world, "telemetry_off: {broken\n");
	/* And these say nothing. */
	world_setenv(world, "DO_NOT_TRACK", "0");
	type_quietly(world, "ps", 0);
	world_setenv(world, "DO_NOT_TRACK", NULL);
	world_setenv(world, "OTHER_TELEMETRY_DISABLED", "1");
	type_quietly(world, "ps", 0);
	/* Whose stack it is cannot be told from a name, so another product's off counts as well. */
	type_quietly(world, "-p shop ps", 0);
	world_setenv(world, "OTHER_TELEMETRY_DISABLED", NULL);
	/* The stack file by now. */
	world_write(world, "off.yaml",
		    "name: shop\nx-upfront: {telemetry: {enabled: false}}\nservices: {web: {command: 'true'}}\n");
	type_quietly(world, "-f off.yaml ps", 0);
	type_quietly(world, "-f off.yaml run -- true", 0);
	reported_down(world);
	reported_assert(world, "up|--quiet --detach --wait --telemetry on|ok\nps||ok\nps||ok\n"
			       "down|--quiet --timeout <value>|ok\n");
}

static void test_after_a_withdrawal_nothing_is(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.yaml", shop);
	reported_up(world, "--telemetry=on");
	type_quietly(world, "up -d --telemetry=off", 0);
	type_quietly(world, "ps", 0);
	reported_down(world);
	/* The first one may have been sent before. */
	if (world_has(world, REPORTED_FILE))
		reported_assert(world, "up|--quiet --detach --wait --telemetry on|ok\n");
}

/* ---- Nobody sees it, nobody waits ---- */

static void test_output_and_codes_are_the_same(void **state)
{
	static const char *const said[] = {
		"stop nosuch",
		"start web",
		"scale web=1",
		"logs --no-log-prefix web",
		"kill -s NOSUCH web",
		"wait --timeout 0 web",
		"run -- nosuchthing",
		"up",
		"run -- sh -c echo\tthere;exit\t7",
	};
	struct world *world = *state;
	char *before[sizeof(said) / sizeof(said[0])];

	world_write(world, "compose.yaml", shop);
	for (int on = 0; on < 2; on++) {
		reported_up(world, on ? "--telemetry=on" : "--telemetry=off");
		for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
			char *text;
			struct run run;

			type(&run, world, said[i]);
			assert_true(asprintf(&text, "%d\n%s\n%s", run.code, run.out.bytes, run.err.bytes) > 0);
			run_finish(&run);
			if (!on) {
				before[i] = text;
				continue;
			}
			assert_string_equal(text, before[i]);
			free(text);
			free(before[i]);
		}
		reported_down(world);
	}
}

static bool is_stopped(pid_t pid)
{
	struct stack_process process;

	return stack_process_read(pid, &process) && process.state == 'T';
}

/* It was there when the command began, and is of no use when it ends. */
static void test_a_supervisor_that_is_stuck_delays_nobody(void **state)
{
	static const char *const argv[] = {"upfront", "run", "--", "sh", "-c", "echo there; read line; exit 7", NULL};
	struct world *world = *state;
	int64_t begin_ms;
	pid_t supervisor;
	struct run run;

	world_write(world, "compose.yaml", shop);
	reported_up(world, "--telemetry=on");
	run_begin(&run, world, &(struct run_options){.argv = argv, .input_kind = RUN_STDIN_OPEN});
	run_expect(&run, "there");
	supervisor = stack_process_parent(world_find(world, "sleep 1001"));
	assert_true(supervisor > 0);
	assert_int_equal(kill(supervisor, SIGSTOP), 0);
	begin_ms = world_now_ms();
	while (!is_stopped(supervisor))
		world_pause(begin_ms, 5000, "the stop");
	begin_ms = world_now_ms();
	run_type(&run, "now\n");
	run_wait(&run);
	assert_in_range(world_now_ms() - begin_ms, 0, TELLING_MS);
	run_assert_code(&run, 7);
	assert_string_equal(run.err.bytes, "");
	run_finish(&run);
	kill(supervisor, SIGCONT);
	reported_down(world);
	/* It was told all the same. */
	reported_assert(world, "up|--quiet --detach --wait --telemetry on|ok\nrun|-- <args>|other\n"
			       "down|--quiet --timeout <value>|ok\n");
}

/* It sits there and waits for what comes, signals among it. */
static bool takes_signals(void *context)
{
	char text[4096];
	const char *blocked;

	if (stack_process_text(*(const pid_t *)context, "status", text, sizeof(text)) <= 0)
		return false;
	blocked = strstr(text, "SigBlk:");
	return blocked != NULL && (strtoull(blocked + 7, NULL, 16) & 1u << (SIGINT - 1)) != 0;
}

/* It ends by the signal as ever, and what it was ended by is known all the same. */
static void test_a_command_that_is_left_by_ctrl_c(void **state)
{
	static const char *const argv[] = {"upfront", "logs", "-f", "web", NULL};
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml",
		    "name: shop\n"
		    "x-upfront: {app: Shop, telemetry: {" REPORTED_ENDPOINT "}}\n"
		    "services: {web: {command: sh -c 'echo there; exec sleep 1001'}}\n");
	reported_up(world, "--telemetry=on");
	run_begin(&run, world, &(struct run_options){.argv = argv});
	run_expect(&run, "there");
	run_until(&run, takes_signals, &run.pid, "the command's waiting");
	run_signal(&run, SIGINT);
	run_wait(&run);
	assert_int_equal(run.signal, SIGINT);
	assert_string_equal(run.err.bytes, "");
	run_finish(&run);
	reported_down(world);
	reported_assert(world, "up|--quiet --detach --wait --telemetry on|ok\nlogs|--follow <value>|interrupted\n"
			       "down|--quiet --timeout <value>|ok\n");
}

/* ---- `up` itself ---- */

static void test_an_up_that_stays_is_reported_at_its_end(void **state)
{
	static const char *const argv[] = {"upfront", "up", "--telemetry=on", "--timestamps", "web", NULL};
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml", shop);
	run_begin(&run, world, &(struct run_options){.argv = argv});
	run_expect(&run, "shop is up");
	reported_begun(world);
	run_signal(&run, SIGINT);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	world_wait_gone(world, "upfront-telemetry", 3000);
	reported_assert(world, "up|--telemetry on --timestamps <value>|ok\n");
}

/* Nobody is let go of where the start fails: it is told when the stack has ended, and once. */
static void test_an_up_that_fails_is_reported(void **state)
{
	static const struct {
		const char *web, *line;
		int code;
		const char *told;
	} ways[] = {
		{"sh -c 'exit 3'", "up --telemetry=on", 1, "up|--telemetry on|exited\n"},
		{"sh -c 'exit 3'", "up -d --wait --telemetry=on", 1, "up|--detach --wait --telemetry on|exited\n"},
		{"nosuchthing", "up --wait --telemetry=on", 4, "up|--wait --telemetry on|missing\n"},
		{"sleep 1001", "up -d --wait --wait-timeout 0.1 --telemetry=on", 5,
		 "up|--detach --wait --wait-timeout <value> --telemetry on|timeout\n"},
	};
	struct world *world = *state;
	char told[1024] = "", file[512];

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(file, sizeof(file),
			 "name: shop\n"
			 "x-upfront: {app: Shop, telemetry: {" REPORTED_ENDPOINT "}}\n"
			 "services: {web: {command: \"%s\", x-upfront: {ready: {unix: /nowhere}}}}\n",
			 ways[i].web);
		world_write(world, "compose.yaml", file);
		type_quietly(world, ways[i].line, ways[i].code);
		world_wait_gone(world, "upfront-telemetry", 3000);
		strncat(told, ways[i].told, sizeof(told) - strlen(told) - 1);
	}
	/* A sender that had no time left for it has kept it for this one. */
	world_write(world, "compose.yaml", shop);
	reported_up(world, "--telemetry=on");
	reported_down(world);
	strncat(told, "up|--quiet --detach --wait --telemetry on|ok\ndown|--quiet --timeout <value>|ok\n",
		sizeof(told) - strlen(told) - 1);
	reported_assert(world, told);
}

static bool is_up(void *context)
{
	char *text = world_read(context, "out.txt");
	bool up = text != NULL && strstr(text, "shop is up") != NULL;

	free(text);
	return up;
}

/* It is told once, by the terminal that leaves, and not again by the stack's end. */
static void test_an_up_that_lets_go_is_reported_then(void **state)
{
	const char *argv[] = {"sh", "-c", NULL, NULL};
	struct world *world = *state;
	char script[WORLD_PATH_MAX + 64];
	struct run run;

	world_write(world, "compose.yaml",
		    "name: shop\n"
		    "x-upfront: {app: Shop, on_hangup: detach, telemetry: {" REPORTED_ENDPOINT "}}\n"
		    "services: {web: {command: sleep 1001}}\n");
	/* What the stack keeps open is no pipe of ours. */
	snprintf(script, sizeof(script), "exec %s/upfront up --telemetry=on >out.txt 2>&1", world->bin_dir);
	argv[2] = script;
	run_begin(&run, world, &(struct run_options){.argv = argv});
	run_until(&run, is_up, world, "the stack");
	reported_begun(world);
	run_signal(&run, SIGHUP);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	type_quietly(world, "ps", 0);
	reported_down(world);
	reported_assert(world, "up|--telemetry on|ok\nps||ok\ndown|--quiet --timeout <value>|ok\n");
}

int main(void)
{
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_a_table_of_command_lines),
		WORLD_TEST(test_without_a_yes_nothing_is),
		WORLD_TEST(test_whoever_says_off_is_not_reported),
		WORLD_TEST(test_after_a_withdrawal_nothing_is),
		WORLD_TEST(test_output_and_codes_are_the_same),
		WORLD_TEST(test_a_supervisor_that_is_stuck_delays_nobody),
		WORLD_TEST(test_a_command_that_is_left_by_ctrl_c),
		WORLD_TEST(test_an_up_that_stays_is_reported_at_its_end),
		WORLD_TEST(test_an_up_that_fails_is_reported),
		WORLD_TEST(test_an_up_that_lets_go_is_reported_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
