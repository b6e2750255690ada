/* SPDX-License-Identifier: MIT */
/* Two people, or a person and a script, at the same project: what one does while the other's question or stack is there. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char asking[] = "name: asked\n"
			     "x-upfront: {app: Ask, telemetry: {host: 'file:events.jsonl', key: k}}\n"
			     "services: {web: {command: sleep 1001}}\n";

static void open_question(struct run *run, struct world *world)
{
	static const char *const argv[] = {"upfront", "--no-dashboard", NULL};

	world_write(world, "compose.yaml", asking);
	run_begin(run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_expect(run, "Nothing is chosen");
}

static void command(struct world *world, int code, const char *says, const char *word, const char *option)
{
	struct run run;

	run_upfront(&run, world, word, option, NULL);
	run_assert_code(&run, code);
	run_assert_says(&run, says);
	run_finish(&run);
}

static void test_an_open_question_is_no_running_stack(void **state)
{
	struct world *world = *state;
	struct run question;

	open_question(&question, world);
	command(world, 0, "its question waits for an answer in another terminal", "down", NULL);
	command(world, 6, "is not running", "ps", NULL);
	command(world, 4, "just being started from another terminal", "up", "-d");
	run_type(&question, "\003");
	run_wait(&question);
	run_assert_code(&question, 130);
	run_finish(&question);
}

static void test_a_no_written_while_the_question_stands_beats_the_yes(void **state)
{
	struct world *world = *state;
	struct run question;

	open_question(&question, world);
	command(world, 0, "off for Ask", "telemetry", "off");
	run_type(&question, "y");
	run_expect(&question, "off, in spite of your yes: your settings say no");
	run_expect(&question, "is up");
	run_type(&question, "\003");
	run_wait(&question);
	run_assert_code(&question, 0);
	run_finish(&question);
	assert_false(world_has(world, "events.jsonl"));
}

static bool has_ended(void *context)
{
	return world_processes(context, "upfront", NULL, 0) == 0;
}

static void test_why_a_stack_left_to_itself_is_gone_can_be_asked(void **state)
{
	static const char *const argv[] = {"upfront", "up", "-d", NULL};
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml",
		    "name: lone\n"
		    "services: {ill: {command: sleep 1001, healthcheck: {test: [CMD, 'false'], interval: 100ms, "
		    "retries: 2}}}\n");
	run_begin(&run, world, &(struct run_options){.argv = argv});
	run_wait(&run);
	run_assert_code(&run, 0);
	run_until(&run, has_ended, world, "the stack to give up");
	run_finish(&run);
	command(world, 6, "its last run ended because: service 'ill' did not get ready", "ps", NULL);
}

static bool backs_off(void *context)
{
	struct run run;
	bool found;

	run_upfront(&run, context, "ps", NULL);
	found = strstr(run.out.bytes, "back-off") != NULL;
	run_finish(&run);
	return found;
}

static bool is_late(void *began_ms)
{
	return world_now_ms() - *(int64_t *)began_ms > 3200;
}

static void test_down_where_nothing_has_to_be_stopped(void **state)
{
	static const char *const argv[] = {"upfront", "up", "-d", NULL};
	struct world *world = *state;
	struct run run;

	/* With nothing to wait for, the supervisor is gone at once: the answer must be out before. */
	world_write(world, "compose.yaml",
		    "name: restless\n"
		    "services: {a: {command: sh -c 'exit 2', restart: always, x-upfront: {backoff: {initial: 60s, max: "
		    "60s}}}}\n");
	run_begin(&run, world, &(struct run_options){.argv = argv});
	run_wait(&run);
	run_assert_code(&run, 0);
	run_until(&run, backs_off, world, "the service to be in back-off");
	run_until(&run, is_late, &run.began_ms, "the time that a stack is kept for late clients");
	run_finish(&run);
	command(world, 0, "is down", "down", NULL);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_an_open_question_is_no_running_stack),
		IN_WORLD(test_a_no_written_while_the_question_stands_beats_the_yes),
		IN_WORLD(test_why_a_stack_left_to_itself_is_gone_can_be_asked),
		IN_WORLD(test_down_where_nothing_has_to_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
