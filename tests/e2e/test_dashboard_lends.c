/* SPDX-License-Identifier: MIT */
/*
 * What the dashboard lends its terminal to, and what it starts beside: pager, plain log, the question once more, browser. That each comes back, also
 * when it is stopped or when all is told to end meanwhile, and what is left of it: files, processes, the terminal.
 */
#include "tests/lib/dash_run.h"
#include "tests/lib/run.h"
#include "tests/lib/term.h"
#include "tests/lib/vt_world.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char stack[] = "services:\n"
			    "  web:\n"
			    "    command: [sh, -c, 'echo a word of web; exec sleep 1000']\n"
			    "    x-upfront: {open: 'http://localhost:1/'}\n";

static const char asks[] = "x-upfront: {app: Ask, telemetry: {host: 'file:events.jsonl', key: k}}\n"
			   "services:\n"
			   "  web: {command: sleep 1000}\n";

static struct vt *begin(struct world *world)
{
	struct vt *vt;

	world_write(world, "compose.yaml", stack);
	vt = dash_run_up(world, 24, 100);
	vt_wait_text(vt, "a word of web");
	return vt;
}

static void end(struct vt *vt)
{
	dash_run_expect_main(vt);
	vt_send(vt, "\003");
	dash_run_expect_exit(vt, 0);
}

static void use_pager(struct world *world, const char *text)
{
	world_write(world, "pager", text);
	world_setenv(world, "PAGER", world_path(world, "pager"));
}

/* ---- The terminal lent ---- */

static void a_pager_that_is_stopped_goes_on_and_its_file_is_removed(void **state)
{
	struct world *world = *state;
	char *path, *mode;
	struct vt *vt;

	use_pager(world, "#!/bin/sh\n"
			 "stat -c %a \"$2\" >mode; printf %s \"$2\" >path\n"
			 "cat \"$2\"; kill -TSTP $$; echo it goes on; read -r line\n");
	vt = begin(world);
	vt_send(vt, "\r");
	vt_wait_text(vt, "a word of web");
	vt_send(vt, "E");
	vt_wait_text(vt, "it goes on");
	assert_false(vt_alternate_screen(vt));
	assert_true(vt_shows(vt, "a word of web"));
	vt_send(vt, "\r");
	vt_wait_gone(vt, "it goes on");
	assert_true(vt_alternate_screen(vt));
	mode = world_read(world, "mode");
	path = world_read(world, "path");
	assert_string_equal(mode, "600\n");
	assert_int_equal(access(path, F_OK), -1);
	free(mode);
	free(path);
	vt_send(vt, "q");
	end(vt);
}

static void all_that_ends_while_a_pager_has_the_terminal_gives_it_back(void **state)
{
	struct world *world = *state;
	struct vt *vt;
	char *path;

	/* Leaves its modes as the worst of programs would. */
	use_pager(world, "#!/bin/sh\n"
			 "stty raw -echo; printf %s \"$2\" >path; echo it reads; exec sleep 1001\n");
	vt = begin(world);
	vt_send(vt, "\r");
	vt_wait_text(vt, "a word of web");
	vt_send(vt, "E");
	vt_wait_text(vt, "it reads");
	kill(vt_pid(vt), SIGTERM);
	dash_run_expect_exit(vt, 0);
	path = world_read(world, "path");
	assert_int_equal(access(path, F_OK), -1);
	free(path);
	world_wait_gone(world, "", 2500);
}

static void the_plain_log_is_left_by_any_key(void **state)
{
	struct world *world = *state;
	struct vt *vt = begin(world);

	vt_send(vt, "\r");
	vt_wait_text(vt, "a word of web");
	vt_send(vt, "m");
	vt_wait_text(vt, "Any key goes back to the dashboard.");
	assert_false(vt_alternate_screen(vt));
	/* All of a key: none of it is left to do something. */
	vt_send(vt, "\033[15~");
	vt_wait_gone(vt, "Any key goes back to the dashboard.");
	vt_send(vt, "m");
	vt_wait_text(vt, "Any key goes back to the dashboard.");
	kill(vt_pid(vt), SIGTERM);
	dash_run_expect_exit(vt, 0);
	world_wait_gone(world, "", 2500);
}

/* ---- The question ---- */

static void the_question_is_asked_again(void **state)
{
	struct world *world = *state;
	struct run run;
	struct vt *vt;

	world_write(world, "compose.yaml", asks);
	vt = vt_world_start(world, 30, 100, "up", "--telemetry=on", NULL);
	vt_wait_text(vt, "telemetry: on");
	vt_send(vt, "4");
	vt_wait_text(vt, "question");
	/* Read, and left as it is. */
	vt_send(vt, "A");
	vt_wait_text(vt, "Nothing is chosen yet");
	vt_send(vt, "\033");
	vt_wait_gone(vt, "Nothing is chosen yet");
	run_upfront(&run, world, "telemetry", "receipt", NULL);
	assert_null(strstr(run.out.bytes, "answer: no"));
	run_finish(&run);
	/* A yes is for the start of a run. */
	vt_send(vt, "A");
	vt_wait_text(vt, "Nothing is chosen yet");
	vt_send(vt, "y");
	vt_wait_text(vt, "a yes counts from the start of a run");
	/* A no for good, from now on. */
	vt_send(vt, "A");
	vt_wait_text(vt, "Nothing is chosen yet");
	vt_send(vt, "d");
	vt_wait_text(vt, "off from now on");
	vt_send(vt, "q");
	vt_wait_text(vt, "telemetry: off");
	end(vt);
	run_upfront(&run, world, "telemetry", "status", NULL);
	assert_non_null(strstr(run.out.bytes, "your settings say no"));
	run_finish(&run);
}

/* ---- The browser ---- */

static char *read_soon(const struct world *world, const char *name)
{
	const int64_t since_ms = world_now_ms();
	char *text;

	while ((text = world_read(world, name)) == NULL)
		world_pause(since_ms, 5000, name);
	return text;
}

static void a_browser_is_started_as_if_from_a_shell(void **state)
{
	struct world *world = *state;
	unsigned long long blocked, ignored;
	char path[2 * WORLD_PATH_MAX];
	char *text;
	struct vt *vt;

	world_write(world, "bin/xdg-open",
		    "#!/bin/sh\n"
		    "{ echo \"$1\"; grep -E '^Sig(Blk|Ign)' /proc/self/status; } >made; mv made opened\n");
	snprintf(path, sizeof(path), "%s/bin:%s", world->stack, getenv("PATH"));
	world_setenv(world, "PATH", path);
	world_setenv(world, "DISPLAY", ":0");
	vt = begin(world);
	vt_send(vt, "o");
	vt_wait_text(vt, "opened http://localhost:1/");
	text = read_soon(world, "opened");
	assert_int_equal(sscanf(text, "http://localhost:1/ SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
	assert_int_equal(blocked, 0);
	/* 32 and 33 are the library's own; who ignores them is beyond us. */
	assert_int_equal(ignored & 0x7fffffff, 0);
	free(text);
	end(vt);
}

static void that_there_is_no_browser_is_said(void **state)
{
	struct world *world = *state;
	struct vt *vt;

	world_write(world, "bin/sh", "#!/bin/sh\nexec /bin/sh \"$@\"\n");
	world_write(world, "bin/sleep", "#!/bin/sh\nexec /bin/sleep \"$@\"\n");
	world_setenv(world, "PATH", world_path(world, "bin"));
	world_setenv(world, "DISPLAY", ":0");
	vt = begin(world);
	vt_send(vt, "o");
	vt_wait_text(vt, "xdg-open was not found");
	end(vt);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pager_that_is_stopped_goes_on_and_its_file_is_removed),
		TEST(all_that_ends_while_a_pager_has_the_terminal_gives_it_back),
		TEST(the_plain_log_is_left_by_any_key),
		TEST(the_question_is_asked_again),
		TEST(a_browser_is_started_as_if_from_a_shell),
		TEST(that_there_is_no_browser_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
