/* SPDX-License-Identifier: MIT */
/* The whole way: a stack, a yes, and a receiver as strict as the real one; and the same stack without a yes. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The receiver's notes, beside the stack folder. */
#define NOTES "../received.jsonl"

static void receiver_begin(struct run *run, struct world *world)
{
	static char program[WORLD_PATH_MAX * 2], notes[WORLD_PATH_MAX * 2];
	static const char *argv[] = {program, "ok", notes, "--key", "phc_strict", NULL};
	char text[512];

	snprintf(program, sizeof(program), "%s/tests/helpers/posthog_server", world->bin_dir);
	snprintf(notes, sizeof(notes), "%s", world_path(world, NOTES));
	run_begin(run, world, &(struct run_options){.argv = argv, .input_kind = RUN_STDIN_OPEN});
	run_expect(run, "\n");
	snprintf(text, sizeof(text),
		 "name: wired\n"
		 "x-upfront:\n"
		 "  app: Wired\n"
		 "  version: 3.1.4\n"
		 "  telemetry: {host: 'http://127.0.0.1:%d', key: phc_strict, notice: 2}\n"
		 "services:\n"
		 "  web: {command: sleep 1001, x-upfront: {version: 7.7}}\n",
		 atoi(run->out.bytes));
	world_write(world, "compose.yaml", text);
}

static size_t count(const struct world *world, const char *part)
{
	char *notes = world_read(world, NOTES);
	size_t found = 0;

	for (const char *at = notes; at != NULL && (at = strstr(at, part)) != NULL; at++)
		found++;
	free(notes);
	return found;
}

static bool has_arrived(void *world)
{
	return count(world, "\"kind\":\"event\"") > 0;
}

static bool sender_is_gone(void *world)
{
	return world_processes(world, "upfront-telemetry", NULL, 0) == 0;
}

static void up_and_down(struct world *world, struct run *receiver, const char *flag, bool (*arrived)(void *world))
{
	struct run run;

	run_upfront(&run, world, "up", "-d", "--wait", flag, NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	if (arrived != NULL)
		run_until(receiver, arrived, world, "the event to arrive");
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	run_until(receiver, sender_is_gone, world, "the sender to be gone");
}

static void test_one_event_that_a_strict_receiver_takes(void **state)
{
	struct world *world = *state;
	struct run receiver;
	size_t events;

	receiver_begin(&receiver, world);
	up_and_down(world, &receiver, "--telemetry=on", has_arrived);
	/* One of the start; beside it only what the commands that followed are told as. */
	events = count(world, "\"kind\":\"event\"");
	assert_int_equal(count(world, "\"kind\":\"finding\""), 0);
	assert_int_equal(count(world, "\"event\":\"server_start\""), 1);
	assert_int_equal(count(world, "\"event\":\"api_request\"") + count(world, "\"event\":\"cli_command\""),
			 events - 1);
	assert_int_equal(count(world, "\"app_version\":\"3.1.4\""), events);
	assert_int_equal(count(world, "\"web-version\":\"7.7\""), 1);
	run_finish(&receiver);
}

static void test_nothing_reaches_it_without_a_yes(void **state)
{
	struct world *world = *state;
	struct run receiver;

	receiver_begin(&receiver, world);
	up_and_down(world, &receiver, "--telemetry=off", NULL);
	up_and_down(world, &receiver, "--telemetry=on@1", NULL);
	assert_int_equal(count(world, "\"kind\""), 0);
	run_finish(&receiver);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_one_event_that_a_strict_receiver_takes),
		IN_WORLD(test_nothing_reaches_it_without_a_yes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
