/* SPDX-License-Identifier: MIT */
/*
 * Who asks for "ready" is not told so of a service without a probe that is dead in the next moment: at a start, at a change, by
 * `start --wait` and by `wait --ready`.
 */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HEAD "name: shop\nservices:\n  db: {command: sleep 1001}\n"
#define BRIEF "  web: {command: [sh, -c, 'sleep 0.02; exit 3']}\n"
#define LONG "  web: {command: sleep 1002}\n"

#define EXPECT(world, code, says, ...)                        \
	do {                                                  \
		struct run run_;                              \
		run_upfront(&run_, world, __VA_ARGS__, NULL); \
		run_assert_code(&run_, code);                 \
		run_assert_says(&run_, says);                 \
		run_finish(&run_);                            \
	} while (0)

static void test_a_start_fails(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.yaml", HEAD BRIEF);
	EXPECT(world, 1, "service 'web' failed: exited with code 3", "up", "--wait");
	world_wait_gone(world, "", 2000);
	/* Nobody waits: it did start. */
	EXPECT(world, 0, "shop is up", "up", "-d");
	EXPECT(world, 1, "exited with code 3", "wait", "--ready", "web");
	EXPECT(world, 0, "", "down");
}

/* A job that is done at once, and well, is ready. */
static void test_a_job_is_no_failure(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.yaml", HEAD "  job: {command: 'true'}\n");
	EXPECT(world, 0, "shop is up", "up", "--wait");
	EXPECT(world, 0, "", "wait", "--ready");
	EXPECT(world, 0, "", "down");
}

static void test_a_change_fails_and_is_mended(void **state)
{
	struct world *world = *state;

	world_write(world, "compose.yaml", HEAD);
	EXPECT(world, 0, "shop is up", "up", "-d");
	world_write(world, "compose.yaml", HEAD BRIEF);
	EXPECT(world, 1, "web has failed: exited with code 3", "up", "--wait");
	EXPECT(world, 1, "web is failed: exited with code 3", "start", "--wait", "web");
	EXPECT(world, 1, "web is failed: exited with code 3", "up", "--wait");
	/* What it was before it was changed is no answer. */
	world_write(world, "compose.yaml", HEAD LONG);
	EXPECT(world, 0, "shop runs as the stack file says now", "up", "--wait");
	EXPECT(world, 0, "", "down");
}

/* One that comes and goes all the time is never ready, and a signal ends the waiting as before any other "up". */
static void test_a_signal_meanwhile(void **state)
{
	static const char *const argv[] = {"upfront", "up", "--wait", NULL};
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml",
		    HEAD "  web: {command: [sh, -c, 'sleep 0.02; exit 3'], restart: always,\n"
			 "    x-upfront: {backoff: {initial: 10ms, max: 10ms}}}\n");
	run_begin(&run, world, &(struct run_options){.argv = argv});
	run_expect(&run, "crash loop");
	run_signal(&run, SIGTERM);
	run_wait(&run);
	run_assert_code(&run, 143);
	run_finish(&run);
	world_wait_gone(world, "", 2000);
}

int main(void)
{
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_a_start_fails),
		WORLD_TEST(test_a_job_is_no_failure),
		WORLD_TEST(test_a_change_fails_and_is_mended),
		WORLD_TEST(test_a_signal_meanwhile),
	};

	return cmocka_run_group_tests_name("settling", tests, NULL, NULL);
}
