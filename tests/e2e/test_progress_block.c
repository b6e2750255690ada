/* SPDX-License-Identifier: MIT */
/* Live progress on a real terminal, by what stands on its screen: while a stack starts, with logs above, when the size changes, on every way out. */
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
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

/* db is ready once there is a file `go`, talk says what it reads, deaf has to be killed. */
static const char stack[] = "services:\n"
			    "  db:\n"
			    "    command: sleep 1000\n"
			    "    healthcheck: {test: [CMD, test, -e, go], interval: 50ms, retries: 10000}\n"
			    "  talk:\n"
			    "    command: [sh, -c, 'while read -r line; do echo \"$$line\"; done <>words']\n"
			    "  web:\n"
			    "    command: sleep 1001\n"
			    "    depends_on: {db: {condition: service_healthy}}\n";

static void begin(const struct world *world)
{
	world_write(world, "compose.yaml", stack);
	assert_int_equal(mkfifo(world_path(world, "words"), 0600), 0);
}

static void say(const struct world *world, const char *line)
{
	FILE *words = fopen(world_path(world, "words"), "w");

	assert_non_null(words);
	fprintf(words, "%s\n", line);
	fclose(words);
}

static bool is_starting(const struct vt *vt, const void *unused)
{
	(void)unused;
	return vt_shows(vt, "1 of 3 ready") && vt_shows(vt, "~ starting    db") &&
	       vt_shows(vt, "\u00b7 waiting     web");
}

static void expect_exit(struct vt *vt, int code)
{
	const int status = vt_wait_exit(vt);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

static void a_stack_starts_and_stops_below_its_logs(void **state)
{
	const struct world *world = *state;
	struct vt *vt;

	begin(world);
	vt = vt_world_start(world, 24, 80, "up", "--no-dashboard", NULL);
	vt_wait(vt, is_starting, NULL);
	say(world, "good morning");
	vt_wait_text(vt, "good morning");
	vt_wait(vt, is_starting, NULL);
	/* One block, and the line stands above it. */
	assert_int_equal(vt_world_count(vt, "of 3 ready"), 1);
	assert_int_equal(vt_world_count(vt, "db"), 2);
	world_write(world, "go", "");
	vt_wait_text(vt, "stack is up (");
	assert_true(vt_shows(vt, "3 of 3 ready"));
	assert_true(vt_shows(vt, "\u2713 ready       db"));
	assert_true(vt_shows(vt, "\u2713 running     web"));
	say(world, "good evening");
	vt_wait_text(vt, "good evening");
	/* It stays as it is. */
	assert_int_equal(vt_world_count(vt, "3 of 3 ready"), 1);
	vt_send(vt, "\003");
	expect_exit(vt, 0);
	assert_true(vt_shows(vt, "Stopping stack  3 of 3 stopped"));
	assert_int_equal(vt_world_count(vt, "\u00d7 stopped"), 3);
	vt_finish(vt);
}

static void a_resize_leaves_no_rubbish(void **state)
{
	const struct world *world = *state;
	struct vt *vt;

	begin(world);
	vt = vt_world_start(world, 24, 80, "up", "--no-dashboard", NULL);
	vt_wait(vt, is_starting, NULL);
	vt_resize(vt, 24, 100);
	say(world, "wider");
	vt_wait_text(vt, "wider");
	vt_wait(vt, is_starting, NULL);
	assert_int_equal(vt_world_count(vt, "of 3 ready"), 1);
	/* Fewer rows than it takes: what is not done yet comes first. */
	vt_resize(vt, 4, 80);
	vt_wait_text(vt, "... and 2 more");
	assert_true(vt_shows(vt, "~ starting    db"));
	vt_resize(vt, 24, 80);
	vt_wait(vt, is_starting, NULL);
	world_write(world, "go", "");
	vt_wait_text(vt, "stack is up (");
	vt_send(vt, "\003");
	expect_exit(vt, 0);
	vt_finish(vt);
}

static void it_comes_back_from_ctrl_z(void **state)
{
	const struct world *world = *state;
	struct vt *vt;

	begin(world);
	vt = vt_world_start(world, 24, 80, "up", "--no-dashboard", NULL);
	vt_wait(vt, is_starting, NULL);
	vt_send(vt, "\032");
	vt_wait_stopped(vt);
	vt_scribble(vt, "the shell says something\r\n");
	vt_continue(vt);
	world_write(world, "go", "");
	vt_wait_text(vt, "stack is up (");
	/* What stood there is left alone: nobody knows how far it has gone. */
	assert_true(vt_shows(vt, "the shell says something"));
	assert_true(vt_shows(vt, "3 of 3 ready"));
	vt_send(vt, "\003");
	expect_exit(vt, 0);
	vt_finish(vt);
}

/* Ctrl-C while it starts: what was begun stops, and the terminal is left on a new line. */
static void ctrl_c_during_the_start(void **state)
{
	const struct world *world = *state;
	char *row;
	struct vt *vt;

	begin(world);
	vt = vt_world_start(world, 24, 80, "up", "--no-dashboard", NULL);
	vt_wait(vt, is_starting, NULL);
	vt_send(vt, "\003");
	expect_exit(vt, 130);
	assert_true(vt_shows(vt, "Stopping stack  "));
	vt_scribble(vt, "$ prompt");
	vt_wait_text(vt, "$ prompt");
	for (unsigned i = 0;; i++) {
		row = vt_row(vt, i);
		if (strstr(row, "$ prompt") != NULL)
			break;
		free(row);
	}
	assert_string_equal(row, "$ prompt");
	free(row);
	vt_finish(vt);
}

static void each_command_that_waits_shows_it(void **state)
{
	const struct world *world = *state;
	struct vt *vt;

	begin(world);
	vt = vt_world_start(world, 24, 80, "up", "--wait", NULL);
	vt_wait(vt, is_starting, NULL);
	world_write(world, "go", "");
	expect_exit(vt, 0);
	assert_true(vt_shows(vt, "3 of 3 ready"));
	assert_true(vt_shows(vt, "upfront: stack is up ("));
	vt_finish(vt);

	vt = vt_world_start(world, 24, 80, "restart", "web", "talk", NULL);
	expect_exit(vt, 0);
	assert_true(vt_shows(vt, "2 of 2 restarted"));
	assert_int_equal(vt_world_count(vt, "\u2713 running"), 2);
	vt_finish(vt);

	vt = vt_world_start(world, 24, 80, "stop", "db", NULL);
	expect_exit(vt, 0);
	assert_true(vt_shows(vt, "upfront: web stops first: it depends on db"));
	assert_true(vt_shows(vt, "2 of 2 stopped"));
	vt_finish(vt);

	vt = vt_world_start(world, 24, 80, "start", "db", NULL);
	expect_exit(vt, 0);
	assert_true(vt_shows(vt, "1 of 1 started"));
	vt_finish(vt);

	vt = vt_world_start(world, 24, 80, "down", NULL);
	expect_exit(vt, 0);
	assert_true(vt_shows(vt, "Stopping stack  2 of 2 stopped"));
	assert_true(vt_shows(vt, "upfront: project 'stack' is down"));
	vt_finish(vt);
}

/* What was asked for on the command line, and what the terminal is, come first. */
static void where_it_is_not_wanted_there_are_lines(void **state)
{
	static const struct {
		const char *variable, *value, *option;
	} table[] = {
		{"TERM", "xterm", "--plain"}, {"TERM", "dumb", "-v"}, {"NO_COLOR", "1", "-v"}, {"TERM", "xterm", "-q"}};
	struct world *world = *state;

	begin(world);
	world_write(world, "go", "");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct vt *vt;
		size_t size;

		world_setenv(world, table[i].variable, table[i].value);
		vt = vt_world_start(world, 24, 80, table[i].option, "up", "--wait", NULL);
		expect_exit(vt, 0);
		(void)vt_bytes(vt, &size);
		assert_null(memchr(vt_bytes(vt, &size), '\033', size));
		assert_int_equal(vt_shows(vt, "db is ready"), strcmp(table[i].option, "-q") != 0);
		vt_finish(vt);
		stack_end(world, 1);
	}
}

/* In a pipe each that has stopped has a line; programs are told what there was. */
static void down_tells_of_each_service(void **state)
{
	const struct world *world = *state;
	struct run run;

	begin(world);
	world_write(world, "go", "");
	stack_begin_ready(world, NULL);
	run_upfront(&run, world, "--json", "down", NULL);
	run_assert_code(&run, 0);
	assert_string_equal(run.err.bytes + strlen(run.err.bytes) - strlen("upfront: project 'stack' is down\n"),
			    "upfront: project 'stack' is down\n");
	assert_non_null(strstr(run.err.bytes, "upfront: web has stopped\n"));
	assert_non_null(strstr(run.err.bytes, "upfront: db has stopped\n"));
	assert_non_null(strstr(run.out.bytes, "{\"version\":1,\"services\":[{\"name\":\"db\",\"service\":\"db\","
					      "\"state\":\"stopped\""));
	run_finish(&run);
	run_upfront(&run, world, "--json", "down", NULL);
	run_assert_code(&run, 0);
	assert_string_equal(run.out.bytes, "{\"version\":1,\"services\":[]}\n");
	run_finish(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_stack_starts_and_stops_below_its_logs, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_resize_leaves_no_rubbish, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(it_comes_back_from_ctrl_z, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(ctrl_c_during_the_start, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(each_command_that_waits_shows_it, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(down_tells_of_each_service, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(where_it_is_not_wanted_there_are_lines, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
