/* SPDX-License-Identifier: MIT */
/* The terminal lost, or one of the processes behind it, in every way while the dashboard is on it: what runs on, what ends, what is left behind. */
#include "tests/lib/dash_run.h"
#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/term.h"
#include "tests/lib/vt_world.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#define SERVICE "sleep 1000"

static const char stack[] = "services:\n"
			    "  web: {command: sleep 1000}\n"
			    "  db: {command: sleep 1001}\n";

static const char stays[] = "x-upfront: {on_hangup: detach}\n"
			    "services:\n"
			    "  web: {command: sleep 1000}\n";

/* Takes a second to stop, and says when it has been told to. */
static const char slow[] =
	"services:\n"
	"  web: {command: [sh, -c, 'trap \"sleep 1; exit 0\" TERM; echo begins; sleep 1000 & wait; wait']}\n";

static void nothing_is_left(const struct world *world)
{
	world_wait_gone(world, "", 2500);
}

static void goes_on(const struct world *world)
{
	struct run run;

	assert_true(world_find(world, SERVICE) > 0);
	run_upfront(&run, world, "down", "-t", "1", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	nothing_is_left(world);
}

static int exit_code(struct vt *vt)
{
	const int status = vt_wait_exit(vt);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- up ---- */

static void up_whose_terminal_is_closed_stops_the_stack(void **state)
{
	const struct world *world = *state;
	struct vt *vt;

	world_write(world, "compose.yaml", stack);
	vt = dash_run_up(world, 24, 100);
	vt_hang_up(vt);
	assert_int_equal(exit_code(vt), 0);
	nothing_is_left(world);
	vt_finish(vt);
}

/* The shell does not pass the hang-up on (nohup, disown): the end of the input is all there is to go by. It waits for the stop without busy reading. */
static void a_lost_terminal_costs_no_time_while_services_stop(void **state)
{
	const struct world *world = *state;
	struct rusage before, after;
	struct vt *vt;
	long used_ms;

	world_write(world, "compose.yaml", slow);
	getrusage(RUSAGE_CHILDREN, &before);
	vt = dash_run_up(world, 24, 100);
	vt_wait_text(vt, "begins");
	vt_hang_up(vt);
	assert_int_equal(exit_code(vt), 0);
	nothing_is_left(world);
	vt_finish(vt);
	getrusage(RUSAGE_CHILDREN, &after);
	used_ms =
		(after.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_utime.tv_sec - before.ru_stime.tv_sec) *
			1000 +
		(after.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_utime.tv_usec - before.ru_stime.tv_usec) /
			1000;
	assert_true(used_ms < 500);
}

static void up_with_on_hangup_detach_leaves_it_running(void **state)
{
	const struct world *world = *state;
	struct vt *vt;

	world_write(world, "compose.yaml", stays);
	vt = dash_run_up(world, 24, 100);
	vt_hang_up(vt);
	assert_int_equal(exit_code(vt), 0);
	vt_finish(vt);
	goes_on(world);
}

static void up_told_to_end_stops_the_stack_and_gives_the_terminal_back(void **state)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
	const struct world *world = *state;

	world_write(world, "compose.yaml", stack);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct vt *vt = dash_run_up(world, 24, 100);
		kill(vt_pid(vt), signals[i]);
		dash_run_expect_exit(vt, 0);
		nothing_is_left(world);
	}
}

static void up_killed_leaves_nothing_running(void **state)
{
	const struct world *world = *state;
	struct vt *vt;

	world_write(world, "compose.yaml", stack);
	vt = dash_run_up(world, 24, 100);
	kill(vt_pid(vt), SIGKILL);
	assert_int_equal(exit_code(vt), -SIGKILL);
	nothing_is_left(world);
	vt_finish(vt);
}

static void up_whose_supervisor_is_killed_says_so_on_a_terminal_given_back(void **state)
{
	const struct world *world = *state;
	struct vt *vt;

	world_write(world, "compose.yaml", stack);
	vt = dash_run_up(world, 24, 100);
	kill(dash_run_supervisor(world, SERVICE), SIGKILL);
	vt_wait_text(vt, "the supervisor process ended unexpectedly; every service was ended");
	dash_run_expect_exit(vt, 70);
	nothing_is_left(world);
}

static void up_whose_guard_is_killed_says_so_on_a_terminal_given_back(void **state)
{
	const struct world *world = *state;
	struct vt *vt;

	world_write(world, "compose.yaml", stack);
	vt = dash_run_up(world, 24, 100);
	kill(dash_run_guard(world, SERVICE), SIGKILL);
	vt_wait_text(vt, "the guard process ended unexpectedly; every service was ended");
	dash_run_expect_exit(vt, 70);
	nothing_is_left(world);
}

/* Stopped, it answers nobody; it is told soon, with what was known last, and is forgotten as soon as it answers again. */
static void a_supervisor_that_does_not_answer_is_told(void **state)
{
	const struct world *world = *state;
	pid_t supervisor;
	struct vt *vt;

	world_write(world, "compose.yaml", stack);
	vt = dash_run_up(world, 24, 100);
	supervisor = dash_run_supervisor(world, SERVICE);
	assert_int_equal(kill(supervisor, SIGSTOP), 0);
	vt_send(vt, "r");
	vt_wait_text(vt, "the supervisor does not answer   last known:   2 r");
	assert_int_equal(kill(supervisor, SIGCONT), 0);
	vt_wait_gone(vt, "the supervisor does not answer");
	kill(vt_pid(vt), SIGTERM);
	assert_int_equal(exit_code(vt), 0);
	nothing_is_left(world);
	vt_finish(vt);
}

/* ---- attach ---- */

static void attach_that_is_lost_leaves_the_stack_alone(void **state)
{
	static const struct {
		int signal; /* 0: the terminal is closed */
		int code;
	} cases[] = {{0, 0}, {SIGTERM, -SIGTERM}, {SIGHUP, -SIGHUP}, {SIGINT, 0}, {SIGKILL, -SIGKILL}};
	const struct world *world = *state;

	stack_begin(world, stack);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vt *vt = dash_run_attach(world, 24, 100);
		int code;

		if (cases[i].signal == 0)
			vt_hang_up(vt);
		else
			kill(vt_pid(vt), cases[i].signal);
		code = exit_code(vt);
		assert_int_equal(code, cases[i].code);
		if (cases[i].signal != 0 && cases[i].signal != SIGKILL)
			dash_run_assert_restored(vt);
		vt_finish(vt);
	}
	goes_on(world);
}

static void attach_whose_stack_dies_says_so_on_a_terminal_given_back(void **state)
{
	const struct world *world = *state;
	struct vt *vt;

	stack_begin(world, stack);
	vt = dash_run_attach(world, 24, 100);
	kill(dash_run_supervisor(world, SERVICE), SIGKILL);
	dash_run_expect_exit(vt, 1);
	nothing_is_left(world);
	stack_begin(world, stack);
	vt = dash_run_attach(world, 24, 100);
	kill(dash_run_guard(world, SERVICE), SIGKILL);
	dash_run_expect_exit(vt, 1);
	nothing_is_left(world);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(up_whose_terminal_is_closed_stops_the_stack),
		TEST(a_lost_terminal_costs_no_time_while_services_stop),
		TEST(up_with_on_hangup_detach_leaves_it_running),
		TEST(up_told_to_end_stops_the_stack_and_gives_the_terminal_back),
		TEST(up_killed_leaves_nothing_running),
		TEST(up_whose_supervisor_is_killed_says_so_on_a_terminal_given_back),
		TEST(up_whose_guard_is_killed_says_so_on_a_terminal_given_back),
		TEST(a_supervisor_that_does_not_answer_is_told),
		TEST(attach_that_is_lost_leaves_the_stack_alone),
		TEST(attach_whose_stack_dies_says_so_on_a_terminal_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
