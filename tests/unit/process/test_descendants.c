/* SPDX-License-Identifier: MIT */
/* Who is found in /proc - by parentage, by session, by marker - and who is not; signals reach only who was meant. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "launcher/process/descendants.h"
#include "launcher/process/guard.h"
#include "launcher/process/proc_table.h"
#include "launcher/process/spawn.h"
#include "tests/lib/children.h"
#include "tests/lib/skip.h"

#define MARKER "UPFRONT_TEST_MARKER=descendants"

/* Starts the helper and waits for its "ready"; every process it starts holds the pipe that *out reads. */
static struct child start(const char *verb, const char *text, const char *marker, int *out)
{
	char *helper = children_helper("child");
	const char *argv[] = {helper, verb, text, NULL};
	char *environment[] = {(char *)"A=1", (char *)(marker ? marker : "B=2"), (char *)"C=3", NULL};
	struct child child = {0};
	int fds[2];
	char answer[64];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	struct spawn_options options = {
		.argv = argv,
		.environment = environment,
		.stdin_fd = -1,
		.stdout_fd = fds[1],
		.stderr_fd = STDERR_FILENO,
		.keep_fd = -1,
	};
	assert_int_equal(spawn_child(&options, &child, NULL), 0);
	close(fds[1]);
	children_read(fds[0], "ready\n", answer, sizeof answer);
	assert_string_equal(answer, "ready\n");
	*out = fds[0];
	free(helper);
	return child;
}

/* Ends whatever is left of it and waits until the pipe says that nobody is. */
static void end(struct child *child, int out)
{
	char text[64];
	guard_sweep(NULL, CHILDREN_DEADLINE_MS);
	children_read(out, NULL, text, sizeof text);
	close(out);
	close(child->pidfd);
	assert_true(children_none_left());
}

static bool holds(const struct proc_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].pid == pid)
			return true;
	}
	return false;
}

/* The helper's own process, its child, grandchild and daemon; neither the zombie between them nor we ourselves. */
static void test_every_descendant_is_found(void **state)
{
	(void)state;
	struct proc_list list = {0};
	int out;
	struct child child = start("tree", NULL, NULL, &out);
	assert_int_equal(descendants_find(getpid(), NULL, &list), 0);
	assert_int_equal(list.count, 4);
	assert_true(holds(&list, child.pid));
	assert_false(holds(&list, getpid()));
	proc_list_finish(&list);
	end(&child, out);
	assert_int_equal(descendants_find(getpid(), NULL, &list), 0);
	assert_int_equal(list.count, 0);
	proc_list_finish(&list);
}

/* The daemon's parent is gone, its session another: as descendant of the helper it is lost, as marked process it is not. */
static void test_marker_finds_what_left(void **state)
{
	(void)state;
	struct proc_list list = {0};
	int out;
	struct child child = start("tree", NULL, MARKER, &out);
	assert_int_equal(descendants_find(child.pid, NULL, &list), 0);
	assert_int_equal(list.count, 2);
	proc_list_finish(&list);
	assert_int_equal(descendants_of_session(child.pid, &list), 0);
	assert_int_equal(list.count, 3);
	proc_list_finish(&list);
	assert_int_equal(descendants_find(0, MARKER, &list), 0);
	assert_int_equal(list.count, 4);
	proc_list_finish(&list);
	end(&child, out);
}

static void test_marker_is_compared_whole(void **state)
{
	(void)state;
	static const struct {
		const char *marker;
		size_t count;
	} cases[] = {
		{MARKER, 1},        {"UPFRONT_TEST_MARKER=descendant", 0}, {MARKER "s", 0}, {"UPFRONT_TEST_MARKER=", 0},
		{"descendants", 0},
	};
	int out;
	struct child child = start("stay", NULL, MARKER, &out);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct proc_list list = {0};
		assert_int_equal(descendants_find(0, cases[i].marker, &list), 0);
		assert_int_equal(list.count, cases[i].count);
		proc_list_finish(&list);
	}
	end(&child, out);
}

/* An environment of many pages, the marker across the border of two reads. */
static void test_marker_in_a_long_environment(void **state)
{
	(void)state;
	enum { FILLERS = 40, FILLER_BYTES = 1000 };
	char *environment[FILLERS + 2], answer[16];
	char *helper = children_helper("child");
	const char *argv[] = {helper, "stay", NULL};
	for (size_t shift = 0; shift < 40; shift += 13) {
		struct proc_list list = {0};
		struct child child;
		int fds[2];
		for (int i = 0; i < FILLERS; i++) {
			environment[i] = malloc(FILLER_BYTES);
			assert_non_null(environment[i]);
			memset(environment[i], 'x', FILLER_BYTES);
			environment[i][FILLER_BYTES - 1 - (i == 0 ? shift : 0)] = '\0';
			environment[i][1] = '=';
		}
		/* 16 entries of 1000 bytes, then 384 bytes are left of the first chunk. */
		free(environment[17]);
		environment[16][383 - 10 + shift] = '\0';
		environment[17] = strdup(MARKER);
		environment[FILLERS] = NULL;
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		struct spawn_options options = {.argv = argv,
						.environment = environment,
						.stdin_fd = -1,
						.stdout_fd = fds[1],
						.stderr_fd = -1,
						.keep_fd = -1};
		assert_int_equal(spawn_child(&options, &child, NULL), 0);
		close(fds[1]);
		children_read(fds[0], "ready\n", answer, sizeof answer);
		assert_int_equal(descendants_find(0, MARKER, &list), 0);
		assert_int_equal(list.count, 1);
		proc_list_finish(&list);
		end(&child, fds[0]);
		for (int i = 0; i < FILLERS; i++)
			free(environment[i]);
	}
	free(helper);
}

/* A command that a service of the stack runs bears the marker itself: it must not find its own shell. */
static void test_those_above_are_spared(void **state)
{
	(void)state;
	int out;
	struct child child = start("stay", NULL, MARKER, &out);
	pid_t pid = fork();
	if (pid == 0) {
		setenv("UPFRONT_TEST_MARKER", "descendants", 1);
		char *self = realpath("/proc/self/exe", NULL);
		execl(self, self, "--as-marked-shell", NULL);
		_exit(90);
	}
	assert_int_equal(children_wait(pid), 1);
	end(&child, out);
}

/* As a marked shell: a child of it asks, and tells how many it found. */
static int be_marked_shell(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct proc_list list = {0};
		if (descendants_find(0, MARKER, &list) < 0 || holds(&list, getpid()) || holds(&list, getppid()))
			_exit(91);
		_exit((int)list.count);
	}
	return children_wait(pid);
}

static void test_other_users_are_not_ours(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("needs root");
	struct proc_list list = {0};
	int out;
	struct child child = start("stay", NULL, MARKER, &out);
	pid_t pid = fork();
	if (pid == 0) {
		if (setgid(65534) < 0 || setuid(65534) < 0 || descendants_find(0, MARKER, &list) < 0)
			_exit(91);
		_exit((int)list.count);
	}
	assert_int_equal(children_wait(pid), 0);
	end(&child, out);
}

static void test_a_name_may_hold_anything(void **state)
{
	(void)state;
	static const struct {
		const char *name, *shown;
	} cases[] = {
		{"a) R 1 1 (b", "a) R 1 1 (b"},
		{"two\nlines", "two?lines"},
		{"\x1b[31mred", "?[31mred"},
		{") Z 0 0 0 0", ") Z 0 0 0 0"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct proc_entry entry;
		char name[32];
		int out;
		struct child child = start("named", cases[i].name, NULL, &out);
		assert_int_equal(proc_entry_read(child.pid, &entry), 0);
		assert_int_equal(entry.parent, getpid());
		assert_int_equal(entry.session, child.pid);
		assert_int_equal(entry.threads, 1);
		assert_true(entry.id.start_ticks > 0);
		proc_name(child.pid, name, sizeof name);
		assert_string_equal(name, cases[i].shown);
		end(&child, out);
		proc_name(child.pid, name, sizeof name);
		assert_string_equal(name, "");
		assert_int_equal(proc_entry_read(child.pid, &entry), -ESRCH);
	}
}

static void test_signal_reaches_only_who_was_meant(void **state)
{
	(void)state;
	struct proc_list list = {0};
	int out;
	struct child child = start("stay", NULL, NULL, &out);
	assert_int_equal(descendants_find(getpid(), NULL, &list), 0);
	assert_int_equal(list.count, 1);
	struct proc_id successor = list.items[0];
	successor.start_ticks++; /* the same pid, another process */
	assert_int_equal(proc_signal(&successor, SIGKILL), -ESRCH);
	assert_false(children_readable(child.pidfd, 0));
	assert_int_equal(proc_signal(&list.items[0], SIGTERM), 0);
	assert_int_equal(children_wait(child.pid), 128 + SIGTERM);
	assert_int_equal(proc_signal(&list.items[0], SIGTERM), -ESRCH);
	proc_list_finish(&list);
	end(&child, out);
}

/* Its first thread is a zombie, the process is not: it is found, and swept. */
static void test_headless_process_lives(void **state)
{
	(void)state;
	struct proc_entry entry;
	int out;
	struct child child = start("headless", NULL, NULL, &out);
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	do
		assert_int_equal(proc_entry_read(child.pid, &entry), 0);
	while (entry.state != 'Z' && children_now_ms() < deadline);
	assert_int_equal(entry.state, 'Z');
	assert_true(proc_entry_lives(&entry));
	end(&child, out);
}

static void test_usage_of_a_tree(void **state)
{
	(void)state;
	struct proc_usage usage;
	struct proc_table table;
	int out;
	struct child child = start("tree", NULL, NULL, &out);
	assert_int_equal(proc_table_read(&table), 0);
	assert_int_equal(proc_table_usage(&table, child.pid, &usage), 0);
	proc_table_finish(&table);
	assert_int_equal(usage.processes, 3);
	assert_int_equal(usage.threads, 3);
	assert_true(usage.rss_bytes > 4096 && usage.rss_bytes < 1000000000);
	assert_true(usage.cpu_user_us >= 0 && usage.cpu_system_us >= 0);
	assert_int_equal(proc_table_read(&table), 0);
	assert_int_equal(proc_table_usage(&table, getpid(), &usage), 0);
	assert_int_equal(usage.processes, 5);
	proc_table_finish(&table);
	end(&child, out);
	assert_int_equal(proc_table_read(&table), 0);
	assert_int_equal(proc_table_usage(&table, child.pid, &usage), -ESRCH);
	proc_table_finish(&table);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_descendant_is_found),
		cmocka_unit_test(test_marker_finds_what_left),
		cmocka_unit_test(test_marker_is_compared_whole),
		cmocka_unit_test(test_marker_in_a_long_environment),
		cmocka_unit_test(test_those_above_are_spared),
		cmocka_unit_test(test_other_users_are_not_ours),
		cmocka_unit_test(test_a_name_may_hold_anything),
		cmocka_unit_test(test_signal_reaches_only_who_was_meant),
		cmocka_unit_test(test_headless_process_lives),
		cmocka_unit_test(test_usage_of_a_tree),
	};
	if (argc > 1 && strcmp(argv[1], "--as-marked-shell") == 0)
		return be_marked_shell();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
