/* SPDX-License-Identifier: MIT */
/* Many screens on one stack: what one does the others see, what becomes of one is nobody else's trouble. */
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
#include <sys/wait.h>

#include <cmocka.h>

#define CROWD 40u
/* Two streams each, the second of which can be done without: of 48 that there are the stack's own screen has two. */
#define CROWD_SEATS 23u

static const char stack[] = "services:\n"
			    "  web: {command: sleep 1000}\n"
			    "  db: {command: sleep 1001}\n";

static const char loud[] = "services:\n"
			   "  web: {command: [sh, -c, 'while :; do echo $$(seq 1000 1050); done']}\n";

static void everybody_sees_what_one_does(void **state)
{
	const struct world *world = *state;
	struct vt *up, *first, *second;
	struct run again;

	world_write(world, "compose.yaml", stack);
	up = dash_run_up(world, 24, 100);
	first = dash_run_attach(world, 30, 120);
	second = dash_run_attach(world, 12, 60);
	vt_wait_text(first, "running     db");
	vt_wait_text(second, "running");
	/* One that is stopped holds nobody up, and catches up. */
	kill(vt_pid(second), SIGSTOP);
	vt_wait_stopped(second);
	vt_send(first, "j");
	vt_wait_text(first, "log: db");
	vt_send(first, "x");
	vt_wait_text(first, "stopped     db");
	vt_wait_text(up, "stopped     db");
	vt_send(up, "j");
	vt_wait_text(up, "log: db");
	vt_send(up, "s");
	vt_wait_text(up, "running     db");
	vt_wait_text(first, "running     db");
	vt_send(first, "x");
	vt_wait_text(up, "stopped     db");
	vt_continue(second);
	vt_wait_text(second, "stopped");
	/* A second `up` acts on what runs, and ends. */
	run_upfront(&again, world, "up", NULL);
	run_assert_code(&again, 0);
	run_finish(&again);
	vt_wait_text(up, "running     db");
	/* Leaving leaves; the end of the stack is told to whoever still looks. */
	vt_send(second, "q");
	vt_wait_text(second, "stack goes on: upfront attach; stop it: upfront down");
	dash_run_expect_exit(second, 0);
	vt_send(up, "\003");
	vt_wait_text(first, "stack ran for");
	vt_wait_text(first, "2 services");
	dash_run_expect_exit(first, 0);
	dash_run_expect_exit(up, 0);
	world_wait_gone(world, "", 2000);
}

/* Those that find no seat say so kindly; those that did are not disturbed; once some have left there is room again. */
static void a_crowd_at_the_door(void **state)
{
	const struct world *world = *state;
	struct vt *crowd[CROWD], *up, *late;
	unsigned seated = 0;

	world_write(world, "compose.yaml", stack);
	up = dash_run_up(world, 24, 100);
	for (unsigned i = 0; i < CROWD; i++)
		crowd[i] = vt_world_start(world, 24, 100, "attach", NULL);
	for (unsigned i = 0; i < CROWD; i++) {
		while (!vt_shows(crowd[i], "q leave") && !vt_shows(crowd[i], "upfront: "))
			vt_wait_change(crowd[i]);
		if (vt_alternate_screen(crowd[i])) {
			seated++;
			continue;
		}
		assert_true(vt_shows(crowd[i], "too many look at this stack already"));
		dash_run_expect_exit(crowd[i], 1);
		crowd[i] = NULL;
	}
	assert_in_range(seated, CROWD_SEATS, CROWD - 1);
	vt_send(up, "?");
	vt_wait_gone(up, "q leave");
	vt_send(up, "\033");
	dash_run_expect_main(up);
	for (unsigned i = 0; i < CROWD; i++) {
		if (crowd[i] == NULL)
			continue;
		vt_send(crowd[i], "q");
		dash_run_expect_exit(crowd[i], 0);
	}
	late = dash_run_attach(world, 24, 100);
	vt_send(up, "\003");
	dash_run_expect_exit(late, 0);
	dash_run_expect_exit(up, 0);
	world_wait_gone(world, "", 2000);
}

/* Nobody reads the terminal (a link that stands still, a window that is stopped), which must hold up neither the stack nor its end. */
static void a_terminal_that_takes_nothing(void **state)
{
	const struct world *world = *state;
	struct run run;
	struct vt *up, *attached;

	world_write(world, "compose.yaml", loud);
	up = dash_run_up(world, 24, 100);
	attached = dash_run_attach(world, 24, 100);
	/* From here on nothing is read of `up`. Each new size makes it draw all of a large screen, so its terminal is full soon. */
	for (unsigned i = 0; i < 10; i++) {
		vt_resize(up, 200 + i, 250);
		vt_send(up, "j");
		vt_wait_change(attached);
	}
	run_upfront(&run, world, "ps", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	kill(vt_pid(up), SIGTERM);
	world_wait_gone(world, "while :", 3000);
	vt_wait_text(attached, "stack ran for");
	dash_run_expect_exit(attached, 0);
	/* Once it is read again, what was kept comes, and it ends well. */
	dash_run_expect_exit(up, 0);
	world_wait_gone(world, "", 2000);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everybody_sees_what_one_does),
		TEST(a_crowd_at_the_door),
		TEST(a_terminal_that_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
