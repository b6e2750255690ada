/* SPDX-License-Identifier: MIT */
/* Services and machines that do not play along: one clear error, the right exit code, nothing left. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"
#include "tests/lib/skip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_nothing_left(const struct world *world)
{
	world_wait_gone(world, "", 2000);
	assert_int_equal(world_sockets(world), 0);
}

static void up(struct run *run, const struct world *world, const char *text)
{
	world_write(world, "compose.yaml", text);
	run_upfront(run, world, "-q", "up", "-d", "--wait", "--wait-timeout", "10", NULL);
}

/* ---- Services ---- */

static void test_a_service_that_dies_at_once_shows_its_last_words(void **state)
{
	const struct world *world = *state;
	struct run run;

	up(&run, world,
	   "services:\n"
	   "  web:\n"
	   "    command: sh -c 'seq 1 30; echo cannot open the database >&2; exit 3'\n"
	   "    x-upfront: {ready: {log: never}}\n");
	run_assert_code(&run, 1);
	run_assert_says(&run, "web");
	run_assert_says(&run, "code 3");
	run_assert_says(&run, "compose.yaml:2:");
	run_assert_says(&run, "cannot open the database");
	run_assert_says(&run, "12\n"); /* the last 20 of its 31 lines */
	assert_null(strstr(run.err.bytes, "\n10\n"));
	run_finish(&run);
	assert_nothing_left(world);
}

static void test_a_service_that_is_killed_says_by_which_signal(void **state)
{
	struct run run;

	up(&run, *state, "services: {web: {command: sh -c 'kill -SEGV $$$$', x-upfront: {ready: {log: never}}}}\n");
	run_assert_code(&run, 1);
	run_assert_says(&run, "SIGSEGV");
	run_finish(&run);
	assert_nothing_left(*state);
}

static void test_a_service_that_never_gets_ready_names_probe_tries_and_answer(void **state)
{
	struct run run;
	char text[512];
	int port = world_free_port();

	snprintf(text, sizeof(text),
		 "services: {web: {command: sleep 1001, x-upfront: {ready: {tcp: '127.0.0.1:%d', interval: 50ms, "
		 "retries: 3, start_period: 100ms}}}}\n",
		 port);
	up(&run, *state, text);
	run_assert_code(&run, 1);
	run_assert_says(&run, "web");
	run_assert_says(&run, "tcp");
	run_assert_says(&run, "efused");
	run_finish(&run);
	assert_nothing_left(*state);
}

static void test_waiting_has_an_end(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml",
		    "services: {web: {command: sleep 1001, x-upfront: {ready: {exec: [/bin/false], interval: 50ms, "
		    "retries: 1000}}}}\n");
	run_upfront(&run, world, "up", "-d", "--wait", "--wait-timeout", "1", NULL);
	run_assert_code(&run, 5);
	run_assert_says(&run, "web");
	run_assert_says(&run, "exec");
	run_assert_says(&run, "code 1");
	assert_true(run.took_ms >= 1000 && run.took_ms < 6000);
	run_finish(&run);
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_nothing_left(world);
}

static void test_what_needs_a_failed_service_is_not_started(void **state)
{
	struct run run;

	up(&run, *state,
	   "services:\n"
	   "  job: {command: /bin/false}\n"
	   "  web: {command: touch started, depends_on: {job: {condition: service_completed_successfully}}}\n");
	run_assert_code(&run, 1);
	run_assert_says(&run, "job");
	assert_false(world_has(*state, "started"));
	run_finish(&run);
	assert_nothing_left(*state);
}

static void test_what_is_not_required_may_fail(void **state)
{
	struct world *world = *state;
	struct run run;

	world_write(world, "compose.yaml",
		    "services:\n"
		    "  job: {command: /bin/false}\n"
		    "  web: {command: sleep 1001, depends_on: {job: {condition: service_completed_successfully, "
		    "required: false}}}\n");
	run_upfront(&run, world, "up", "-d", "--wait", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "upfront: job is failed: exited with code 1; the start goes on without it");
	run_finish(&run);
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_nothing_left(world);
}

static void test_an_unknown_user_is_told_with_its_place(void **state)
{
	struct run run;

	up(&run, *state,
	   "services:\n"
	   "  first: {command: touch started}\n"
	   "  web: {command: sleep 1001, user: no-such-user}\n");
	run_assert_code(&run, 4);
	run_assert_one_error(&run);
	run_assert_says(&run, "compose.yaml:3:");
	run_assert_says(&run, "service 'web': there is no user 'no-such-user'");
	run_finish(&run);
	assert_false(world_has(*state, "started"));
	assert_nothing_left(*state);
}

/* ---- Ports ---- */

static void test_a_port_in_use_names_who_holds_it(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[256], port[16], self[32];
	struct run run;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	snprintf(port, sizeof(port), "%d", ntohs(address.sin_port));
	snprintf(self, sizeof(self), "%d", (int)getpid());
	snprintf(text, sizeof(text), "services:\n  web:\n    command: touch started\n    ports: ['127.0.0.1:%s:80']\n",
		 port);
	up(&run, *state, text);
	close(fd);
	run_assert_code(&run, 4);
	run_assert_one_error(&run);
	run_assert_says(&run, "compose.yaml:4:");
	run_assert_says(&run, port);
	run_assert_says(&run, "test_trouble");
	run_assert_says(&run, self);
	run_finish(&run);
	assert_false(world_has(*state, "started"));
	assert_nothing_left(*state);
}

/* ---- Places ---- */

#define ALIVE "services: {a: {command: sleep 1001}}\n"

static void refuse(struct world *world, int code, const char *says)
{
	struct run run;

	up(&run, world, ALIVE);
	run_assert_code(&run, code);
	run_assert_one_error(&run);
	run_assert_says(&run, says);
	run_finish(&run);
	assert_nothing_left(world);
}

static void test_no_home_and_no_state_folder(void **state)
{
	struct world *world = *state;

	world_setenv(world, "HOME", NULL);
	world_setenv(world, "XDG_STATE_HOME", NULL);
	refuse(world, 4, "XDG_STATE_HOME");
}

static void test_a_state_folder_that_cannot_be_made(void **state)
{
	struct world *world = *state;

	/* Also root cannot make a folder below a file. */
	world_write(world, "../afile", "");
	world_setenv(world, "XDG_STATE_HOME", world_path(world, "../afile"));
	refuse(world, 4, "afile");
}

static void test_a_state_folder_of_somebody_else(void **state)
{
	struct world *world = *state;

	const char *dir = world_path(world, "../state/upfront/stack");

	world_write(world, "../state/upfront/stack/x", "");
	if (geteuid() == 0)
		assert_int_equal(chown(dir, 65534, 65534), 0);
	else
		chmod(dir, 0777);
	refuse(world, 4, "state/upfront/stack");
}

static void test_a_runtime_folder_that_is_not_ours_is_not_used(void **state)
{
	struct world *world = *state;
	struct run run;

	if (geteuid() != 0)
		skip_because("only root can give a folder away");
	assert_int_equal(chown(world_path(world, "../runtime"), 65534, 65534), 0);
	up(&run, world, ALIVE);
	/* Refused or passed over, but nothing of ours may lie in it. */
	assert_true(run.code == 0 || run.code == 4);
	run_finish(&run);
	assert_false(world_has(world, "../runtime/upfront"));
	run_upfront(&run, world, "down", NULL);
	run_finish(&run);
	assert_nothing_left(world);
}

static void test_a_project_name_is_taken_by_another_folder(void **state)
{
	static const char *const argv[] = {"upfront", "-p", "same", "up", "-d", NULL};
	struct world *world = *state;
	struct run run;

	world_write(world, "one/compose.yaml", ALIVE);
	world_write(world, "two/compose.yaml", ALIVE);
	run_command(&run, world, &(struct run_options){.argv = argv, .directory = world_path(world, "one")});
	run_assert_code(&run, 0);
	run_finish(&run);
	run_command(&run, world, &(struct run_options){.argv = argv, .directory = world_path(world, "two")});
	run_assert_code(&run, 4);
	run_assert_says(&run, "-p");
	run_assert_says(&run, "/one");
	run_finish(&run);
	run_upfront(&run, world, "-p", "same", "-f", world_path(world, "one/compose.yaml"), "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_nothing_left(world);
}

/* The path of a control socket may be longer than the 107 bytes an address holds. */
static void test_a_very_long_path(void **state)
{
	struct world *world = *state;
	char name[201];
	struct run run;

	memset(name, 'x', sizeof(name) - 1);
	name[200] = '\0';
	world_setenv(world, "XDG_RUNTIME_DIR", NULL);
	world_setenv(world, "XDG_STATE_HOME", world_path(world, name));
	up(&run, world, ALIVE);
	run_assert_code(&run, 0);
	run_finish(&run);
	run_upfront(&run, world, "ps", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_nothing_left(world);
}

/* ---- Terminals and streams ---- */

#define ASKING                                                                    \
	"x-upfront: {app: Ask, telemetry: {host: 'file:events.jsonl', key: k}}\n" \
	"services: {a: {command: sh -c 'echo told $$UPFRONT_TELEMETRY; exec sleep 1001'}}\n"

static void test_a_terminal_of_10x3_asks_in_lines(void **state)
{
	static const char *const argv[] = {"upfront", "--no-dashboard", NULL};
	struct run run;

	world_write(*state, "compose.yaml", ASKING);
	run_begin(&run, *state, &(struct run_options){.argv = argv, .terminal = true, .columns = 10, .rows = 3});
	run_expect(&run, "Enter: ");
	run_type(&run, "no\r");
	run_expect(&run, "told off");
	run_type(&run, "\x03");
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_nothing_left(*state);
}

static void test_closed_streams_are_no_trouble(void **state)
{
	static const char *const both[] = {"sh", "-c", "exec upfront up -d --wait <&- >&- 2>&-", NULL};
	struct world *world = *state;
	char path[WORLD_PATH_MAX * 2];
	struct run run;

	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", world->bin_dir);
	world_setenv(world, "PATH", path);
	world_write(world, "compose.yaml", ASKING);
	run_command(&run, world, &(struct run_options){.argv = both});
	run_assert_code(&run, 0);
	run_finish(&run);
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_nothing_left(world);
}

/* `upfront | head`: the reader leaves; the stack ends as it does when a person leaves. */
static void test_a_reader_that_leaves(void **state)
{
	static const char *const argv[] = {"sh", "-c", "upfront up 2>/dev/null | head -n 1", NULL};
	struct world *world = *state;
	char path[WORLD_PATH_MAX * 2];
	struct run run;

	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", world->bin_dir);
	world_setenv(world, "PATH", path);
	world_write(world, "compose.yaml", "services: {a: {command: sh -c 'while echo line; do sleep 0.05; done'}}\n");
	run_command(&run, world, &(struct run_options){.argv = argv, .deadline_ms = 10000});
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "line"));
	run_finish(&run);
	assert_nothing_left(world);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_a_service_that_dies_at_once_shows_its_last_words),
		IN_WORLD(test_a_service_that_is_killed_says_by_which_signal),
		IN_WORLD(test_a_service_that_never_gets_ready_names_probe_tries_and_answer),
		IN_WORLD(test_waiting_has_an_end),
		IN_WORLD(test_what_needs_a_failed_service_is_not_started),
		IN_WORLD(test_what_is_not_required_may_fail),
		IN_WORLD(test_an_unknown_user_is_told_with_its_place),
		IN_WORLD(test_a_port_in_use_names_who_holds_it),
		IN_WORLD(test_no_home_and_no_state_folder),
		IN_WORLD(test_a_state_folder_that_cannot_be_made),
		IN_WORLD(test_a_state_folder_of_somebody_else),
		IN_WORLD(test_a_runtime_folder_that_is_not_ours_is_not_used),
		IN_WORLD(test_a_project_name_is_taken_by_another_folder),
		IN_WORLD(test_a_very_long_path),
		IN_WORLD(test_a_terminal_of_10x3_asks_in_lines),
		IN_WORLD(test_closed_streams_are_no_trouble),
		IN_WORLD(test_a_reader_that_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
