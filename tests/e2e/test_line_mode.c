/* SPDX-License-Identifier: MIT */
/* Line mode on a real terminal: a whole session typed, by what stands on the screen; nothing is moved or coloured, and every way out. */
#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/term.h"
#include "tests/lib/vt_world.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static const char stack[] = "services:\n"
			    "  db:\n"
			    "    command: [sh, -c, 'echo db is there; exec sleep 1000']\n"
			    "    healthcheck: {test: [CMD, test, -e, go], interval: 50ms, retries: 10000}\n"
			    "  web:\n"
			    "    command: [sh, -c, 'echo one; echo two; exec sleep 1001']\n"
			    "    depends_on: {db: {condition: service_healthy, restart: true}}\n"
			    "  keep: {command: sleep 1002}\n";

static struct vt *begin(const struct world *world)
{
	struct vt *vt;

	world_write(world, "compose.yaml", stack);
	vt = vt_world_start(world, 60, 100, "up", "--plain", NULL);
	vt_wait_text(vt, "Type help for what can be done here.");
	return vt;
}

static void become_ready(const struct world *world, struct vt *vt)
{
	world_write(world, "go", "");
	vt_wait_text(vt, "stack is up after");
}

static void expect_exit(struct vt *vt, int code)
{
	const int status = vt_wait_exit(vt);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

/* Not one sequence, and the terminal's modes stay as they are. */
static void expect_untouched(const struct vt *vt)
{
	struct termios modes;
	size_t size;
	const char *bytes = vt_bytes(vt, &size);

	assert_null(memchr(bytes, '\033', size));
	assert_int_equal(vt_modes(vt, &modes), 0);
	assert_int_equal(modes.c_lflag, vt_modes_before(vt)->c_lflag);
	assert_int_equal(modes.c_iflag, vt_modes_before(vt)->c_iflag);
}

static void a_session(void **state)
{
	const struct world *world = *state;
	struct vt *vt = begin(world);

	vt_wait_text(vt, "web: waiting, for db to be ready");
	/* News comes while something is being typed, which is not lost. */
	vt_send(vt, "stat");
	become_ready(world, vt);
	vt_wait_text(vt, "db is ready after");
	vt_send(vt, "us\n");
	vt_wait_text(vt, "stack: all is well, 1 ready, 2 running");
	vt_send(vt, "why web\n");
	vt_wait_text(vt, "Command: sh -c 'echo one; echo two; exec sleep 1001'");
	vt_send(vt, "log web 1\n");
	vt_wait_text(vt, "log web 1");
	vt_send(vt, "find web o.e\n");
	vt_wait_text(vt, "web: 1 line matches.");
	vt_send(vt, "stop db\n");
	vt_wait_text(vt, "To stop db takes along: web. Type yes to do it.");
	vt_send(vt, "yes\n");
	vt_wait_text(vt, "web has stopped.");
	vt_wait_text(vt, "db has stopped.");
	vt_send(vt, "start web\n");
	vt_wait_text(vt, "start web: asked for.");
	vt_send(vt, "lgo\n");
	vt_wait_text(vt, "There is no word lgo. Did you mean log?");
	vt_send(vt, "quit\n");
	vt_wait_text(vt, "Type stop to stop stack, leave to leave it running");
	vt_send(vt, "stop\n");
	expect_exit(vt, 0);
	assert_true(vt_shows(vt, "stack is over."));
	expect_untouched(vt);
	vt_finish(vt);
}

static void what_is_followed_comes_until_it_is_quiet(void **state)
{
	const struct world *world = *state;
	struct vt *vt = begin(world);

	vt_send(vt, "follow all\n");
	vt_wait_text(vt, "Following; quiet ends it.");
	become_ready(world, vt);
	vt_wait_text(vt, "web: two");
	vt_send(vt, "quiet\n");
	vt_wait_text(vt, "Quiet.");
	vt_send(vt, "\003");
	expect_exit(vt, 0);
	assert_true(vt_shows(vt, "stack is over."));
	expect_untouched(vt);
	vt_finish(vt);
}

static void ctrl_d_asks_and_leaving_leaves_it_running(void **state)
{
	const struct world *world = *state;
	struct vt *vt = begin(world);

	become_ready(world, vt);
	vt_send(vt, "\004");
	vt_wait_text(vt, "Type stop to stop stack");
	vt_send(vt, "leave\n");
	expect_exit(vt, 0);
	expect_untouched(vt);
	vt_finish(vt);

	vt = vt_world_start(world, 60, 100, "attach", "--plain", NULL);
	vt_wait_text(vt, "stack: all is well");
	vt_send(vt, "detach\n");
	expect_exit(vt, 0);
	vt_finish(vt);
	vt = vt_world_start(world, 60, 100, "attach", "--plain", NULL);
	vt_wait_text(vt, "upfront>");
	vt_send(vt, "\003");
	expect_exit(vt, 0);
	expect_untouched(vt);
	vt_finish(vt);
	stack_end(world, 1);
}

static void ctrl_z_and_back(void **state)
{
	const struct world *world = *state;
	struct vt *vt = begin(world);

	become_ready(world, vt);
	vt_send(vt, "\032");
	vt_wait_stopped(vt);
	vt_scribble(vt, "the shell\r\n");
	vt_continue(vt);
	vt_send(vt, "status\n");
	vt_wait_text(vt, "stack: all is well");
	vt_send(vt, "\003");
	expect_exit(vt, 0);
	vt_finish(vt);
}

static void where_nobody_can_type_it_only_tells(void **state)
{
	struct world *world = *state;
	struct vt *vt;

	world_write(world, "compose.yaml", stack);
	/* Whatever the terminal can do. */
	world_setenv(world, "TERM", "dumb");
	vt = vt_world_start_mute(world, 24, 80, "up", "--plain", NULL);
	vt_wait_text(vt, "web: waiting");
	become_ready(world, vt);
	assert_false(vt_shows(vt, "upfront> "));
	vt_send(vt, "\003");
	expect_exit(vt, 0);
	expect_untouched(vt);
	vt_finish(vt);
}

/* The stack lives for its terminal. */
static void a_terminal_that_hangs_up_ends_it(void **state)
{
	const struct world *world = *state;
	struct vt *vt = begin(world);

	become_ready(world, vt);
	vt_hang_up(vt);
	world_wait_gone(world, "sleep", 5000);
	vt_finish(vt);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_session),
		CASE(what_is_followed_comes_until_it_is_quiet),
		CASE(ctrl_d_asks_and_leaving_leaves_it_running),
		CASE(ctrl_z_and_back),
		CASE(where_nobody_can_type_it_only_tells),
		CASE(a_terminal_that_hangs_up_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
