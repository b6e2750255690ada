/* SPDX-License-Identifier: MIT */
/*
 * However it ends - orderly, by a signal, by SIGKILL of any one of its processes - nothing is left 2 s later: no service, no
 * descendant that went its own way, no socket file; and the terminal is as it was.
 */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

/* A plain service, one whose child left its session, one that does not mind SIGTERM. */
static const char stack_text[] = "services:\n"
				 "  plain:\n"
				 "    command: sleep 1001\n"
				 "  runaway:\n"
				 "    command: sh -c 'setsid -f sleep 1002; echo gone its own way; exec sleep 1003'\n"
				 "  stubborn:\n"
				 "    command: sh -c 'trap \"\" TERM; echo deaf; while :; do sleep 1004; done'\n"
				 "    stop_grace_period: 200ms\n";

static int end_setup(void **state)
{
	struct world *world;

	world_setup(state);
	world = *state;
	world_write(world, "compose.yaml", stack_text);
	return 0;
}

static bool all_up(void *context)
{
	static const char *const sleeps[] = {"sleep 1001", "sleep 1002", "sleep 1003", "sleep 1004"};

	for (size_t i = 0; i < sizeof(sleeps) / sizeof(*sleeps); i++)
		if (world_find(context, sleeps[i]) == 0)
			return false;
	return true;
}

static void begin_foreground(struct run *run, struct world *world)
{
	static const char *const argv[] = {"upfront", NULL};

	run_begin(run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_until(run, all_up, world, "all services");
}

static void assert_nothing_left(const struct world *world)
{
	world_wait_gone(world, "", 2000);
	assert_int_equal(world_sockets(world), 0);
}

static pid_t parent_of(pid_t pid)
{
	char path[64], text[512];
	FILE *file;
	size_t size;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	if (strrchr(text, ')') != NULL)
		sscanf(strrchr(text, ')') + 1, " %*c %d", &parent);
	return parent;
}

/* terminal -> guard -> supervisor -> services: found by walking up from a service. */
static pid_t supervisor_of(const struct world *world)
{
	return parent_of(world_find(world, "sleep 1001"));
}
static pid_t guard_of(const struct world *world)
{
	return parent_of(supervisor_of(world));
}

static void test_signals_end_it_orderly(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct run run;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		begin_foreground(&run, *state);
		run_signal(&run, signals[i]);
		run_wait(&run);
		run_assert_code(&run, 0);
		run_finish(&run);
		assert_nothing_left(*state);
	}
}

static void test_ctrl_c_at_the_keyboard(void **state)
{
	struct run run;

	begin_foreground(&run, *state);
	run_type(&run, "\x03");
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_nothing_left(*state);
}

static void test_the_terminal_hangs_up(void **state)
{
	struct run run;

	begin_foreground(&run, *state);
	run_hang_up(&run);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_nothing_left(*state);
}

static void test_kill_9_of_the_terminal_process(void **state)
{
	struct run run;

	begin_foreground(&run, *state);
	run_signal(&run, SIGKILL);
	run_wait(&run);
	assert_int_equal(run.signal, SIGKILL);
	run_finish(&run);
	assert_nothing_left(*state);
}

static void test_kill_9_of_the_guard(void **state)
{
	struct run run;

	begin_foreground(&run, *state);
	kill(guard_of(*state), SIGKILL);
	run_wait(&run);
	assert_int_not_equal(run.code, 0);
	run_finish(&run);
	assert_nothing_left(*state);
}

static void test_kill_9_of_the_supervisor(void **state)
{
	struct run run;

	begin_foreground(&run, *state);
	kill(supervisor_of(*state), SIGKILL);
	run_wait(&run);
	assert_int_not_equal(run.code, 0);
	run_finish(&run);
	assert_nothing_left(*state);
}

/* Any two of the three in the same instant. */
static void test_kill_9_of_two(void **state)
{
	for (int spared = 0; spared < 3; spared++) {
		struct run run;
		pid_t pids[3];

		begin_foreground(&run, *state);
		pids[0] = run.pid;
		pids[1] = guard_of(*state);
		pids[2] = supervisor_of(*state);
		for (int i = 0; i < 3; i++)
			kill(pids[i], SIGSTOP); /* so that none can react to the death of another */
		for (int i = 0; i < 3; i++)
			if (i != spared)
				kill(pids[i], SIGKILL);
		kill(pids[spared], SIGCONT);
		run_wait(&run);
		run_finish(&run);
		assert_nothing_left(*state);
	}
}

static void begin_detached(struct world *world)
{
	struct run run;

	run_upfront(&run, world, "up", "-d", "--wait", NULL);
	run_assert_code(&run, 0);
	run_until(&run, all_up, world, "all services");
	run_finish(&run);
}

static void test_down_of_a_detached_stack(void **state)
{
	struct run run;

	begin_detached(*state);
	run_upfront(&run, *state, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_nothing_left(*state);
}

static void test_kill_9_of_a_detached_guard_or_supervisor(void **state)
{
	begin_detached(*state);
	kill(guard_of(*state), SIGKILL);
	assert_nothing_left(*state);

	begin_detached(*state);
	kill(supervisor_of(*state), SIGKILL);
	assert_nothing_left(*state);
}

/* A client of the log stream that asks and never reads; the caller closes it. */
static int connect_deaf_client(const struct world *world)
{
	static const char request[] = "GET /v1/logs?follow=1 HTTP/1.1\r\nHost: upfront\r\n\r\n";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *path = world_read(world, "../state/upfront/stack/socket");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_non_null(path);
	path[strcspn(path, "\n")] = '\0';
	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	free(path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(write(fd, request, sizeof(request) - 1), sizeof(request) - 1);
	return fd;
}

static void write_flood(const struct world *world)
{
	world_write(world, "compose.yaml",
		    "services:\n"
		    "  plain: {command: sleep 1001}\n"
		    "  runaway: {command: \"sh -c 'setsid -f sleep 1002; exec sleep 1003'\"}\n"
		    "  stubborn: {command: sleep 1004}\n"
		    "  flood: {command: yes a line that fills what a socket and a stream hold}\n");
}

/* Without a guard the services end first; then clients that are slow may take their time to hear of it. */
static void test_a_client_that_does_not_read_keeps_no_service(void **state)
{
	struct world *world = *state;
	int64_t began_ms = world_now_ms(), killed_ms, services_ms;
	struct stat status;
	const char *log;
	pid_t guard, supervisor;
	int fd;

	write_flood(world);
	begin_detached(world);
	guard = guard_of(world);
	supervisor = supervisor_of(world);
	fd = connect_deaf_client(world);
	while ((log = world_search(world, "flood.log.1")) == NULL || stat(log, &status) != 0)
		world_pause(began_ms, 20000, "more output than anybody holds");
	killed_ms = world_now_ms();
	kill(guard, SIGKILL);
	world_wait_gone(world, "sleep 100", 2000);
	services_ms = world_now_ms();
	while (parent_of(supervisor) > 0 && world_processes(world, "", NULL, 0) > 0)
		world_pause(services_ms, 2000, "the supervisor to end");
	/* Not at its end, but well before: the client holds it for a second. */
	assert_true(services_ms - killed_ms < world_now_ms() - services_ms + 300);
	close(fd);
	assert_nothing_left(world);
}

/* The terminal is alone with the services, and has more to say than its reader takes: it ends them first. */
static void test_a_reader_that_does_not_read_keeps_no_service(void **state)
{
	static const char *const argv[] = {"upfront", "up", NULL};
	struct world *world = *state;
	struct run run;
	pid_t guard, supervisor;

	write_flood(world);
	run_begin(&run, world, &(struct run_options){.argv = argv});
	run_until(&run, all_up, world, "all services");
	run_expect(&run, "flood");
	guard = guard_of(world);
	supervisor = supervisor_of(world);
	kill(run.pid, SIGSTOP);
	kill(guard, SIGSTOP);
	kill(supervisor, SIGKILL);
	kill(guard, SIGKILL);
	kill(run.pid, SIGCONT);
	world_wait_gone(world, "sleep 100", 2000);
	run_wait(&run);
	run_finish(&run);
	assert_nothing_left(world);
}

/* A terminal that was suspended hears of the end of its run when there is another one. */
static void test_a_terminal_that_stood_still_leaves_the_next_run_alone(void **state)
{
	struct world *world = *state;
	int64_t began_ms = world_now_ms();
	struct run run, next;

	begin_foreground(&run, world);
	kill(run.pid, SIGSTOP);
	kill(guard_of(world), SIGKILL);
	world_wait_gone(world, "sleep 100", 2000);
	run_upfront(&next, world, "up", "-d", "--wait", NULL);
	while (next.code != 0) { /* the supervisor may not have ended yet */
		run_finish(&next);
		world_pause(began_ms, 20000, "the next run");
		run_upfront(&next, world, "up", "-d", "--wait", NULL);
	}
	run_finish(&next);
	kill(run.pid, SIGCONT);
	run_wait(&run);
	run_finish(&run);
	assert_true(all_up(world));
	run_upfront(&next, world, "ps", NULL);
	run_assert_code(&next, 0);
	run_finish(&next);
	run_upfront(&next, world, "down", NULL);
	run_assert_code(&next, 0);
	run_finish(&next);
	assert_nothing_left(world);
}

static void use_built_programs(struct world *world)
{
	char path[WORLD_PATH_MAX * 2];

	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", world->bin_dir);
	world_setenv(world, "PATH", path);
}

/* A background job of the shell that becomes upfront is upfront's child, but not upfront's to end. */
#define WORKER "sleep 1006 <&- >&- 2>&- & exec "

static void end_worker(const struct world *world)
{
	pid_t worker = world_find(world, "sleep 1006");

	assert_int_not_equal(worker, 0);
	kill(worker, SIGKILL);
}

static void test_a_worker_of_the_entrypoint_survives(void **state)
{
	static const char *const argv[] = {"sh", "-c", WORKER "upfront up", NULL};
	struct world *world = *state;
	pid_t guard, supervisor;
	struct run run;

	use_built_programs(world);
	run_begin(&run, world, &(struct run_options){.argv = argv});
	run_until(&run, all_up, world, "all services");
	guard = guard_of(world);
	supervisor = supervisor_of(world);
	kill(guard, SIGKILL);
	kill(supervisor, SIGKILL);
	run_wait(&run);
	run_assert_code(&run, 70);
	run_finish(&run);
	end_worker(world);
	assert_nothing_left(world);
}

/* What had left its session outlives all of upfront, and a logout takes the runtime folder away: any next command ends it, by name. */
static void test_strays_are_found_after_a_logout(void **state)
{
	static const char *const logout[] = {"rm", "-r", "../runtime", NULL};
	static const char *const argv[] = {"sh", "-c", WORKER "upfront ps", NULL};
	struct world *world = *state;
	pid_t guard, supervisor;
	struct run run;

	begin_detached(world);
	use_built_programs(world);
	guard = guard_of(world);
	supervisor = supervisor_of(world);
	kill(guard, SIGSTOP);
	kill(supervisor, SIGKILL);
	kill(guard, SIGKILL);
	world_wait_gone(world, "sleep 1001", 2000);
	assert_int_not_equal(world_find(world, "sleep 1002"), 0);
	run_command(&run, world, &(struct run_options){.argv = logout});
	run_assert_code(&run, 0);
	run_finish(&run);
	run_command(&run, world, &(struct run_options){.argv = argv});
	run_assert_code(&run, 6);
	run_assert_says(&run, "ended what an earlier run of project 'stack' had left: sleep (");
	run_finish(&run);
	world_wait_gone(world, "sleep 1002", 2000);
	end_worker(world);
	assert_nothing_left(world);
}

/* An orderly end leaves nothing to look for. */
static void test_an_orderly_end_is_noted(void **state)
{
	struct world *world = *state;
	struct run run;

	begin_detached(world);
	assert_true(world_has(world, "../state/upfront/stack/running"));
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_false(world_has(world, "../state/upfront/stack/running"));
	assert_nothing_left(world);
}

/* After any of these the next `up` of the project is not in the way of what was. */
static void test_up_again_after_kill_9(void **state)
{
	struct run run;

	begin_detached(*state);
	kill(supervisor_of(*state), SIGKILL);
	assert_nothing_left(*state);
	begin_detached(*state);
	run_upfront(&run, *state, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_nothing_left(*state);
}

/* The dialog changes the terminal's settings; every way out of it puts them back. */
static void test_the_terminal_is_as_it_was_after_the_dialog(void **state)
{
	static const struct {
		const char *typed;
		int signal, code;
	} ways[] = {{"\x03", 0, 130}, {NULL, SIGTERM, 143}, {NULL, SIGHUP, 129}};
	static const char *const argv[] = {"upfront", NULL};
	struct world *world = *state;

	world_write(world, "compose.yaml",
		    "x-upfront: {telemetry: {host: 'file:events', key: k}}\nservices: {a: {command: sleep 1001}}\n");
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct termios after;
		struct run run;

		run_begin(&run, world, &(struct run_options){.argv = argv, .terminal = true});
		run_expect(&run, "Yes, send");
		if (ways[i].typed != NULL)
			run_press(&run, ways[i].typed, DIALOG_GONE);
		else
			run_signal(&run, ways[i].signal);
		run_wait(&run);
		assert_int_equal(run.signal, 0);
		run_assert_code(&run, ways[i].code);
		assert_int_equal(tcgetattr(run.in_fd, &after), 0);
		assert_int_equal(after.c_lflag, run.settings.c_lflag);
		assert_int_equal(after.c_iflag, run.settings.c_iflag);
		assert_int_equal(after.c_oflag, run.settings.c_oflag);
		/* Left the alternate screen and showed the cursor, as the terminfo entry says it. */
		assert_non_null(strstr(run.out.bytes, DIALOG_GONE));
		run_finish(&run);
		assert_nothing_left(world);
	}
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, end_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_signals_end_it_orderly),
		IN_WORLD(test_ctrl_c_at_the_keyboard),
		IN_WORLD(test_the_terminal_hangs_up),
		IN_WORLD(test_kill_9_of_the_terminal_process),
		IN_WORLD(test_kill_9_of_the_guard),
		IN_WORLD(test_kill_9_of_the_supervisor),
		IN_WORLD(test_kill_9_of_two),
		IN_WORLD(test_down_of_a_detached_stack),
		IN_WORLD(test_kill_9_of_a_detached_guard_or_supervisor),
		IN_WORLD(test_a_client_that_does_not_read_keeps_no_service),
		IN_WORLD(test_a_reader_that_does_not_read_keeps_no_service),
		IN_WORLD(test_a_terminal_that_stood_still_leaves_the_next_run_alone),
		IN_WORLD(test_a_worker_of_the_entrypoint_survives),
		IN_WORLD(test_strays_are_found_after_a_logout),
		IN_WORLD(test_an_orderly_end_is_noted),
		IN_WORLD(test_up_again_after_kill_9),
		IN_WORLD(test_the_terminal_is_as_it_was_after_the_dialog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
