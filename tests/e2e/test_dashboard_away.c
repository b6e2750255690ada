/* SPDX-License-Identifier: MIT */
/*
 * What needs the terminal for a while, or leaves something outside of it: pager, editor, a service's terminal, plain text, browser, clipboard, file.
 * The terminal is theirs meanwhile and right afterwards, the stack goes on.
 */
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
#include <unistd.h>

#include <cmocka.h>

static const char stack[] = "x-upfront: {open: 'http://localhost:9/'}\n"
			    "services:\n"
			    "  web:\n"
			    "    command: [sh, -c, 'echo first words; echo last words; exec sleep 1000']\n"
			    "    x-upfront: {open: 'http://localhost:9/web'}\n"
			    "  shell:\n"
			    "    command: [sh, -c, 'while read -r line; do echo \"heard [$$line]\"; done']\n"
			    "    tty: true\n"
			    "    stdin_open: true\n";

static struct vt *begin(struct world *world)
{
	struct vt *vt;

	world_write(world, "compose.yaml", stack);
	vt = dash_run_up(world, 24, 100);
	vt_wait_text(vt, "last words");
	return vt;
}

static void end(const struct world *world, struct vt *vt)
{
	vt_send(vt, "\003");
	dash_run_expect_exit(vt, 0);
	world_wait_gone(world, "", 2000);
}

/* Modes and screen as the dashboard has them. */
static bool is_on_dashboard(const struct vt *vt, const void *text)
{
	return vt_alternate_screen(vt) && vt_shows(vt, text) && dash_run_mode(vt, 2004) == 1 &&
	       dash_run_mode(vt, 1002) == 1;
}

static void is_back(struct vt *vt, const char *text)
{
	vt_wait(vt, is_on_dashboard, text);
}

static void open_log(struct vt *vt)
{
	vt_send(vt, "\r");
	vt_wait_text(vt, "q back");
	vt_wait_text(vt, "last words");
}

static bool shows_main_screen(const struct vt *vt, const void *text)
{
	return !vt_alternate_screen(vt) && vt_shows(vt, text);
}

static void the_pager_has_the_terminal_to_itself(void **state)
{
	struct world *world = *state;
	struct vt *vt;
	pid_t pager;

	world_write(
		world, "pager",
		"#!/bin/sh\n"
		"echo >>runs; echo \"run $(grep -c '' runs) of the pager\"; cat \"$2\"\n"
		"trap 'echo interrupted' INT\n"
		"echo \"keys: $(stty -a | grep -c ' icanon') group $(ps -o tpgid= -p $$ | tr -d ' ') $$\" | tee told\n"
		"while ! read -r line; do :; done\n"
		"echo \"typed $line\"; read -r line\n");
	world_setenv(world, "PAGER", world_path(world, "pager"));
	vt = begin(world);
	open_log(vt);
	vt_send(vt, "E");
	vt_wait(vt, shows_main_screen, "keys: 1");
	assert_true(vt_shows(vt, "first words"));
	assert_int_equal(dash_run_mode(vt, 2004), 0);
	assert_int_equal(dash_run_mode(vt, 1002), 0);
	assert_int_equal(dash_run_mode(vt, 1006), 0);
	/* Ctrl-C is the pager's, and the stack's it is not. */
	vt_send(vt, "\003");
	vt_wait_text(vt, "interrupted");
	vt_send(vt, "hello\r");
	vt_wait_text(vt, "typed hello");
	assert_true(world_find(world, "sleep 1000") > 0);
	vt_send(vt, "\r");
	is_back(vt, "q back");
	/* One that dies leaves the terminal to the dashboard all the same. */
	vt_send(vt, "E");
	vt_wait(vt, shows_main_screen, "run 2 of the pager");
	pager = world_find(world, "/pager ");
	assert_true(pager > 1);
	kill(pager, SIGKILL);
	is_back(vt, "q back");
	vt_send(vt, "\033");
	dash_run_expect_main(vt);
	end(world, vt);
	assert_null(world_search(world, "upfront-log"));
}

/* The stack is stopped by somebody else, or its terminal is told to end, while a pager is on it. */
static void the_stack_ends_under_a_pager(void **state)
{
	struct world *world = *state;
	struct run run;
	struct vt *vt;

	world_setenv(world, "PAGER", "less");
	world_setenv(world, "LESSHISTFILE", "-");
	vt = begin(world);
	open_log(vt);
	vt_send(vt, "E");
	vt_wait_gone(vt, "q back");
	vt_wait_text(vt, "upfront-log");
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	vt_wait_text(vt, "stack ran for");
	dash_run_expect_exit(vt, 0);
	world_wait_gone(world, "", 2000);
}

static void a_missing_pager_is_told_of(void **state)
{
	struct world *world = *state;
	struct vt *vt;

	world_setenv(world, "PAGER", "no-such-pager");
	vt = begin(world);
	open_log(vt);
	vt_send(vt, "E");
	is_back(vt, "the program was not found");
	vt_send(vt, "\033");
	dash_run_expect_main(vt);
	end(world, vt);
}

static void an_edited_stack_file_is_asked_about(void **state)
{
	struct world *world = *state;
	struct vt *vt;

	world_write(world, "editor", "#!/bin/sh\necho '  db: {command: sleep 1001}' >>\"$1\"\n");
	world_setenv(world, "EDITOR", world_path(world, "editor"));
	vt = begin(world);
	vt_send(vt, "e");
	is_back(vt, "Apply the stack file?");
	/* What is typed once it stands there counts. */
	vt_wait_text(vt, "db is new and is started");
	vt_send(vt, "\033[A");
	vt_send(vt, "y");
	vt_wait_text(vt, "running     db");
	assert_true(world_find(world, "sleep 1001") > 0);
	end(world, vt);
}

/* What was printed the first time stands there still. */
static bool is_printed_again(const struct vt *vt, const void *text)
{
	return shows_main_screen(vt, text) && vt_world_count(vt, text) == 2;
}

static void plain_text_until_a_key(void **state)
{
	struct world *world = *state;
	struct vt *vt = begin(world);

	open_log(vt);
	vt_send(vt, "m");
	vt_wait(vt, shows_main_screen, "Any key goes back");
	assert_true(vt_shows(vt, "first words"));
	assert_int_equal(dash_run_mode(vt, 1002), 0);
	/* Ctrl-C is a key like any other, and all of an arrow's bytes are one. */
	vt_send(vt, "\003");
	is_back(vt, "q back");
	vt_send(vt, "m");
	vt_wait(vt, is_printed_again, "Any key goes back");
	vt_send(vt, "\033[B");
	is_back(vt, "q back");
	assert_true(world_find(world, "sleep 1000") > 0);
	vt_send(vt, "\033");
	dash_run_expect_main(vt);
	end(world, vt);
}

static void typing_into_a_service(void **state)
{
	struct world *world = *state;
	struct vt *vt = begin(world);

	vt_send(vt, "j");
	vt_wait_text(vt, "log: shell");
	vt_send(vt, "i");
	vt_wait(vt, shows_main_screen, "Ctrl-] leaves");
	vt_send(vt, "hello\r");
	vt_wait(vt, shows_main_screen, "heard [hello]");
	vt_send(vt, "\035");
	is_back(vt, "q leave");
	vt_wait_text(vt, "heard [hello]");
	/* One without a terminal says so. */
	vt_send(vt, "ki");
	vt_wait_text(vt, "web has no terminal");
	end(world, vt);
}

static void a_browser_or_the_address(void **state)
{
	struct world *world = *state;
	struct vt *vt = begin(world);
	char path[2 * WORLD_PATH_MAX], status[4096];
	const char *mask;
	struct vt *with;

	vt_send(vt, "o");
	vt_wait_text(vt, "no browser here: http://localhost:9/web");
	end(world, vt);
	/* A program in its place that says how it was begun. */
	world_write(world, "bin/xdg-open",
		    "#!/bin/sh\necho \"$1\" >opened; cat /proc/self/status >status; tty >>opened; : >done\n");
	snprintf(path, sizeof(path), "%s:%s", world_path(world, "bin"), getenv("PATH"));
	world_setenv(world, "PATH", path);
	world_setenv(world, "DISPLAY", ":99");
	with = dash_run_up(world, 24, 100);
	vt_wait_text(with, "last words");
	vt_send(with, "o");
	vt_wait_text(with, "opened http://localhost:9/web");
	for (int64_t begin_ms = world_now_ms(); !world_has(world, "done");)
		world_pause(begin_ms, 5000, "the browser");
	char *text = world_read(world, "status");
	snprintf(status, sizeof(status), "%s", text);
	free(text);
	mask = strstr(status, "SigBlk:\t");
	assert_non_null(mask);
	assert_int_equal(strncmp(mask, "SigBlk:\t0000000000000000", 24), 0);
	/* It is nobody's to wait for, but no zombie stays. */
	for (int64_t begin_ms = world_now_ms();;) {
		snprintf(path, sizeof(path), "pgrep -P %d -r Z >/dev/null", (int)vt_pid(with));
		if (system(path) != 0)
			break;
		world_pause(begin_ms, 3000, "no zombie");
	}
	end(world, with);
}

static void a_copy_goes_out_with_exact_bytes(void **state)
{
	struct world *world = *state;
	struct vt *vt = begin(world);
	size_t size;

	open_log(vt);
	vt_send(vt, "y");
	vt_wait_text(vt, "copied 1 line (10 bytes)");
	/* "last words" */
	assert_non_null(strstr(vt_bytes(vt, &size), "\033]52;c;bGFzdCB3b3Jkcw==\007"));
	vt_send(vt, "vkky");
	vt_wait_text(vt, "copied 2 lines (22 bytes)");
	/* "first words\nlast words" */
	assert_non_null(strstr(vt_bytes(vt, &size), "\033]52;c;Zmlyc3Qgd29yZHMKbGFzdCB3b3Jkcw==\007"));
	vt_send(vt, "\033");
	dash_run_expect_main(vt);
	end(world, vt);
}

static void a_log_is_saved(void **state)
{
	struct world *world = *state;
	struct vt *vt = begin(world);
	char path[WORLD_PATH_MAX + 16], *text;

	open_log(vt);
	vt_send(vt, "S");
	vt_wait_text(vt, ".log");
	/* All of the name that stands there is replaced. */
	vt_send(vt, "\025");
	snprintf(path, sizeof(path), "%s\r", world_path(world, "saved"));
	vt_send(vt, path);
	vt_wait_text(vt, "saved 2");
	text = world_read(world, "saved");
	assert_string_equal(text, "first words\nlast words\n");
	free(text);
	vt_send(vt, "\033");
	dash_run_expect_main(vt);
	end(world, vt);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_pager_has_the_terminal_to_itself),
		TEST(the_stack_ends_under_a_pager),
		TEST(a_missing_pager_is_told_of),
		TEST(an_edited_stack_file_is_asked_about),
		TEST(plain_text_until_a_key),
		TEST(typing_into_a_service),
		TEST(a_browser_or_the_address),
		TEST(a_copy_goes_out_with_exact_bytes),
		TEST(a_log_is_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
