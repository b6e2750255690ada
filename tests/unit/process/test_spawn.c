/* SPDX-License-Identifier: MIT */
/* What a spawned program finds (streams, signals, session, user, limits), and in which words a failed start is told. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/spawn.h"
#include "launcher/process/spawn_users.h"
#include "tests/lib/children.h"
#include "tests/lib/skip.h"

static char *environment[] = {(char *)"PATH=/usr/bin:/bin", (char *)"COLOUR=green", NULL};

static struct spawn_options plain(const char *const *argv)
{
	return (struct spawn_options){
		.argv = argv,
		.environment = environment,
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
	};
}

/* Runs to the end with stdout in a pipe; the exit code. */
static int run(struct spawn_options options, char *text, size_t size_bytes)
{
	struct err err = ERR_INIT;
	struct child child;
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	options.stdout_fd = fds[1];
	if (spawn_child(&options, &child, &err) < 0)
		fail_msg("%s", err.items[0].message);
	close(fds[1]);
	children_read(fds[0], NULL, text, size_bytes);
	close(fds[0]);
	int code = children_wait(child.pid);
	assert_true(children_readable(child.pidfd, 0));
	close(child.pidfd);
	return code;
}

static void test_end_of_child_is_seen(void **state)
{
	(void)state;
	static const struct {
		const char *verb, *number;
		int code;
	} cases[] = {
		{"exit", "0", 0}, {"exit", "7", 7}, {"exit", "255", 255}, {"signal", "9", 137}, {"signal", "15", 143}};
	char *helper = children_helper("child");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[16];
		const char *argv[] = {helper, cases[i].verb, cases[i].number, NULL};
		assert_int_equal(run(plain(argv), text, sizeof text), cases[i].code);
	}
	free(helper);
}

static void prepare_nothing(struct spawn_options *options)
{
	(void)options;
}
static void prepare_keep(struct spawn_options *options)
{
	options->keep_fd = STDERR_FILENO;
}
static void prepare_same_session(struct spawn_options *options)
{
	options->same_session = true;
}
static void prepare_cwd(struct spawn_options *options)
{
	options->cwd = "/usr/bin";
}
static void prepare_limit(struct spawn_options *options)
{
	static const struct service_ulimit limits[] = {{RLIMIT_NOFILE, 100, 200}};
	options->ulimits = limits;
	options->ulimit_count = 1;
}
static void prepare_death(struct spawn_options *options)
{
	options->death_signal = SIGKILL;
}
static void prepare_death_and_user(struct spawn_options *options)
{
	options->death_signal = SIGKILL;
	options->user = geteuid() == 0 ? "0:0" : NULL;
}

static void test_what_a_child_finds(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		void (*prepare)(struct spawn_options *options);
		const char *text;
	} cases[] = {
		{"fds", prepare_nothing, "0 1 2 "},
		{"fds", prepare_keep, "0 1 2 3 "},
		{"session", prepare_nothing, "own"},
		{"session", prepare_same_session, "inherited"},
		{"signals", prepare_nothing, ""},
		{"environment", prepare_nothing, "PATH=/usr/bin:/bin\nCOLOUR=green\n"},
		{"cwd", prepare_cwd, "/usr/bin"},
		{"nofile", prepare_limit, "100 200"},
		{"parent-death", prepare_nothing, "0"},
		{"parent-death", prepare_death, "9"},
		{"parent-death", prepare_death_and_user, "9"},
	};
	char *helper = children_helper("child");
	int stray = dup(STDERR_FILENO); /* a descriptor that somebody forgot to mark close-on-exec */
	sigset_t some, old;
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigprocmask(SIG_BLOCK, &some, &old);
	signal(SIGPIPE, SIG_IGN);

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[4096];
		const char *argv[] = {helper, "show", cases[i].what, NULL};
		struct spawn_options options = plain(argv);
		cases[i].prepare(&options);
		assert_int_equal(run(options, text, sizeof text), 0);
		assert_string_equal(text, cases[i].text);
	}

	sigset_t after;
	sigprocmask(SIG_SETMASK, &old, &after);
	assert_int_equal(sigismember(&after, SIGUSR1), 1);
	assert_int_equal(sigismember(&after, SIGUSR2), 0);
	signal(SIGPIPE, SIG_DFL);
	close(stray);
	free(helper);
}

/* The pipes lie where streams are to go: stdout's source is 0, stderr's is 3, the kept one is 1. */
static int spawn_crossed(int out, int err_fd, const char *helper)
{
	const char *argv[] = {helper, "words", "to stdout", "to stderr", "5", NULL};
	struct spawn_options options = plain(argv);
	struct child child;
	dup2(err_fd, 9);
	dup2(out, 0);
	dup2(9, 3);
	options.stdout_fd = 0;
	options.stderr_fd = 3;
	options.keep_fd = 1;
	if (spawn_child(&options, &child, NULL) < 0)
		return 90;
	return children_wait(child.pid);
}

static void test_streams_may_lie_anywhere(void **state)
{
	(void)state;
	char *helper = children_helper("child");
	int out[2], error[2];
	char text[64];
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(error, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(spawn_crossed(out[1], error[1], helper));
	close(out[1]);
	close(error[1]);
	children_read(out[0], NULL, text, sizeof text);
	assert_string_equal(text, "to stdout");
	children_read(error[0], NULL, text, sizeof text);
	assert_string_equal(text, "to stderr");
	assert_int_equal(children_wait(pid), 5);
	close(out[0]);
	close(error[0]);
	free(helper);
}

static void write_file(const char *folder, const char *name, const void *bytes, size_t size_bytes, mode_t mode)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size_bytes), size_bytes);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* The helper itself, its loader's name spoilt: a program for another system. */
static void write_foreign(const char *folder, const char *helper)
{
	size_t size = 0;
	char *bytes = children_slurp("", helper, &size);
	assert_non_null(bytes);
	char *loader = memmem(bytes, size, "/ld-linux", 9);
	assert_non_null(loader);
	memcpy(loader, "/no-linux", 9);
	write_file(folder, "foreign", bytes, size, 0755);
	free(bytes);
}

static char *make_bad_programs(const char *helper)
{
	static const unsigned char other_machine[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0,    0,
							0,    0,   0,   0,   0, 0, 2, 0, 0xfe, 0xfe};
	char *folder = children_make_folder();
	write_file(folder, "data", "hello\n", 6, 0644);
	write_file(folder, "text", "echo hello\n", 11, 0755);
	write_file(folder, "empty", "", 0, 0755);
	write_file(folder, "script", "#! /opt/none/python9 -u\n", 24, 0755);
	write_file(folder, "windows", "#!/bin/sh\r\n", 11, 0755);
	write_file(folder, "machine", other_machine, sizeof other_machine, 0755);
	write_foreign(folder, helper);
	return folder;
}

/* What a look tells is what the start told; that a file is no program at all is the kernel's to say. */
static void check_looks_the_same(const struct spawn_options *options, const struct err *start)
{
	const bool kernels = start->items[0].hint != NULL && start->cause == ERR_CAUSE_EXECUTABLE &&
			     (strstr(start->items[0].message, "not a program") != NULL ||
			      strstr(start->items[0].message, "the loader") != NULL);
	struct err err = ERR_INIT;

	assert_int_equal(spawn_check(options, &err) < 0, !kernels);
	if (!kernels) {
		assert_string_equal(err.items[0].message, start->items[0].message);
		assert_int_equal(err.cause, start->cause);
	}
	err_finish(&err);
}

static void test_failed_starts_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *command, *cwd, *user;
		enum err_cause cause;
		int error;
		const char *message, *hint;
	} cases[] = {
		{"no-such-command", NULL, NULL, ERR_CAUSE_COMMAND, ENOENT,
		 "cannot start 'no-such-command': command not found", "PATH is /usr/bin:/bin"},
		{"./absent", "", NULL, ERR_CAUSE_COMMAND, ENOENT, "cannot start './absent': no such file",
		 "looked for from /tmp/"},
		{"/absent", "", NULL, ERR_CAUSE_COMMAND, ENOENT, "cannot start '/absent': no such file", NULL},
		{"./data/x", "", NULL, ERR_CAUSE_COMMAND, ENOTDIR, "cannot start './data/x': no such file",
		 "from /tmp/"},
		{"", NULL, NULL, ERR_CAUSE_COMMAND, ENOENT, "the command is empty", NULL},
		{"./data", "", NULL, ERR_CAUSE_EXECUTABLE, EACCES,
		 "cannot start './data': not executable: permission denied", "chmod +x ./data"},
		{"/usr", NULL, NULL, ERR_CAUSE_EXECUTABLE, EACCES, "cannot start '/usr': is a directory", NULL},
		{"/dev/null", NULL, NULL, ERR_CAUSE_EXECUTABLE, EACCES, "cannot start '/dev/null': not a file", NULL},
		{"./text", "", NULL, ERR_CAUSE_EXECUTABLE, ENOEXEC, "cannot start './text': not a program",
		 "#!/bin/sh"},
		{"./empty", "", NULL, ERR_CAUSE_EXECUTABLE, ENOEXEC, "cannot start './empty': not a program",
		 "#!/bin/sh"},
		{"./machine", "", NULL, ERR_CAUSE_EXECUTABLE, ENOEXEC, "cannot start './machine': not a program",
		 "another kind of machine"},
		{"./script", "", NULL, ERR_CAUSE_EXECUTABLE, ENOENT,
		 "cannot start './script': its interpreter '/opt/none/python9' is not there", "#! line"},
		{"./windows", "", NULL, ERR_CAUSE_EXECUTABLE, ENOENT, "interpreter '/bin/sh' has a carriage return",
		 "Windows line ends"},
		{"./foreign", "", NULL, ERR_CAUSE_EXECUTABLE, ENOENT,
		 "the loader it was built for is not on this machine", "install"},
		{"true", "/no/such/folder", NULL, ERR_CAUSE_DIRECTORY, ENOENT,
		 "working directory '/no/such/folder' does not exist", "working_dir"},
		{"true", "/etc/passwd", NULL, ERR_CAUSE_DIRECTORY, ENOTDIR,
		 "working directory '/etc/passwd' is not a directory", NULL},
		{"true", NULL, "no-such-user", ERR_CAUSE_USER, ENOENT, "there is no user 'no-such-user'",
		 "create the account"},
		{"true", NULL, "root:no-such-group", ERR_CAUSE_USER, ENOENT, "there is no group 'no-such-group'",
		 "group"},
		{"true", NULL, "4000123", ERR_CAUSE_USER, ENOENT, "no account has this number", "4000123:GID"},
		{"true", NULL, "4294967295:0", ERR_CAUSE_USER, ENOENT, "there is no user '4294967295'", NULL},
	};
	char *helper = children_helper("child");
	char *folder = make_bad_programs(helper);
	int fds_before = children_count_fds();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;
		struct child child = {.pid = -7, .pidfd = -7};
		const char *argv[] = {cases[i].command, NULL};
		struct spawn_options options = plain(argv);
		options.cwd = cases[i].cwd && !*cases[i].cwd ? folder : cases[i].cwd;
		options.user = cases[i].user;

		assert_int_equal(spawn_child(&options, &child, &err), -cases[i].error);
		assert_int_equal(err.code, ERR_MISSING);
		assert_int_equal(err.cause, cases[i].cause);
		assert_int_equal(err.count, 1);
		if (!strstr(err.items[0].message, cases[i].message))
			fail_msg("\"%s\" instead of \"%s\"", err.items[0].message, cases[i].message);
		if (cases[i].hint && (!err.items[0].hint || !strstr(err.items[0].hint, cases[i].hint)))
			fail_msg("hint \"%s\" instead of \"%s\"", err.items[0].hint, cases[i].hint);
		assert_int_equal(child.pid, -7); /* set only on success */
		check_looks_the_same(&options, &err);
		assert_true(children_none_left());
		err_finish(&err);
	}
	assert_int_equal(children_count_fds(), fds_before);
	children_remove_folder(folder);
	free(helper);
}

static void test_a_look_executes_nothing(void **state)
{
	(void)state;
	char *folder = children_make_folder(), path[300];
	const char *argv[] = {"./run", NULL};
	struct spawn_options options = plain(argv);
	struct err err = ERR_INIT;

	write_file(folder, "run", "#!/bin/sh\n: >ran\n", 18, 0755);
	options.cwd = folder;
	assert_int_equal(spawn_check(&options, &err), 0);
	assert_false(err_is_set(&err));
	assert_true(children_none_left());
	snprintf(path, sizeof path, "%s/ran", folder);
	assert_int_equal(access(path, F_OK), -1);
	children_remove_folder(folder);
}

/* In PATH a folder or a file without permission does not hide the program behind it. */
static void test_path_is_searched_on(void **state)
{
	(void)state;
	char *first = children_make_folder(), *second = children_make_folder(), *third = children_make_folder();
	char path[512], text[64];
	snprintf(path, sizeof path, "%s/tool", first);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(second, "tool", "#!/bin/sh\necho second\n", 22, 0600);
	write_file(third, "tool", "#!/bin/sh\necho third\n", 21, 0700);
	snprintf(path, sizeof path, "PATH=%s:/no/such/place:%s:%s", first, second, third);
	char *only_path[] = {path, NULL};
	const char *argv[] = {"tool", NULL};
	struct spawn_options options = plain(argv);
	options.environment = only_path;
	assert_int_equal(run(options, text, sizeof text), 0);
	assert_string_equal(text, "third\n");

	/* Nothing better behind it: the file that was there is the one told about. */
	struct err err = ERR_INIT;
	struct child child;
	snprintf(path, sizeof path, "PATH=/no/such/place:%s", second);
	assert_int_equal(spawn_child(&options, &child, &err), -EACCES);
	assert_non_null(strstr(err.items[0].message, "not executable"));
	err_finish(&err);
	children_remove_folder(first);
	children_remove_folder(second);
	children_remove_folder(third);
}

static void test_user_is_changed(void **state)
{
	(void)state;
	static const struct {
		const char *user, *text;
	} cases[] = {
		{"nobody", "65534 65534 65534\n"},
		{"65534", "65534 65534 65534\n"},
		{"nobody:daemon", "65534 1 1\n"},
		{"1234:5678", "1234 5678 5678\n"},
	};
	if (geteuid() != 0)
		skip_because("needs root");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[128];
		const char *argv[] = {"sh", "-c", "echo $(id -u) $(id -g) $(id -G)", NULL};
		struct spawn_options options = plain(argv);
		options.user = cases[i].user;
		assert_int_equal(run(options, text, sizeof text), 0);
		assert_string_equal(text, cases[i].text);
	}
}

static int uid_lookups;

/* Stands before the C library's own, which does the work. */
int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size_bytes, struct passwd **found)
{
	int (*real)(uid_t, struct passwd *, char *, size_t, struct passwd **);
	*(void **)&real = dlsym(RTLD_NEXT, "getpwuid_r");
	uid_lookups++;
	return real(uid, entry, buffer, size_bytes, found);
}

static void test_two_numbers_are_not_looked_up(void **state)
{
	(void)state;
	struct spawn_user user = {0};
	uid_lookups = 0;
	assert_int_equal(spawn_user_find("1234:5678", &user, NULL), 0);
	assert_int_equal(uid_lookups, 0);
	assert_int_equal(user.uid, 1234);
	assert_int_equal(user.gid, 5678);
	assert_int_equal(user.group_count, 1);
	free(user.groups);
	/* A number alone does not tell the group. */
	user = (struct spawn_user){0};
	assert_int_equal(spawn_user_find("0", &user, NULL), 0);
	assert_int_not_equal(uid_lookups, 0);
	free(user.groups);
}

/* 0 when what is known is found without a look at any file, and nothing else is. */
static int find_users_without_files(void)
{
	static const struct rlimit none = {0, 0};
	struct spawn_users users = {0};
	const struct spawn_user *first, *again;
	if (spawn_users_get(&users, "nobody", &first, NULL) < 0)
		return 1;
	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return 2;
	if (spawn_users_get(&users, "nobody", &again, NULL) < 0 || again != first || again->uid != 65534)
		return 3;
	if (spawn_users_get(&users, "daemon", &again, NULL) >= 0)
		return 4;
	spawn_users_finish(&users);
	return 0;
}

static void test_users_are_looked_up_once(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(find_users_without_files());
	assert_int_equal(children_wait(pid), 0);
}

static void test_users_that_are_not_there_are_not_noted(void **state)
{
	(void)state;
	struct spawn_users users = {0};
	const struct spawn_user *user = NULL;
	struct err err = ERR_INIT;
	for (int i = 0; i < 2; i++)
		assert_int_equal(spawn_users_get(&users, "no-such-user", &user, &err), -ENOENT);
	assert_int_equal(err.count, 2);
	assert_null(user);
	assert_null(users.first);
	err_finish(&err);
}

/* As an ordinary user: 0 when `spawn` fails with these words. */
static int fails_as_nobody(const struct spawn_options *options, bool no_processes, const char *message)
{
	struct rlimit none = {0, 0};
	struct child child;
	pid_t pid = fork();
	if (pid == 0) {
		struct err err = ERR_INIT;
		if (setgid(65534) < 0 || setuid(65534) < 0 || (no_processes && setrlimit(RLIMIT_NPROC, &none) < 0))
			_exit(90);
		if (spawn_child(options, &child, &err) >= 0)
			_exit(91);
		if (!strstr(err.items[0].message, message))
			fprintf(stderr, "unexpected: %s\n", err.items[0].message);
		_exit(strstr(err.items[0].message, message) ? 0 : 92);
	}
	return children_wait(pid);
}

static void test_without_privilege(void **state)
{
	(void)state;
	static const struct service_ulimit raised[] = {{RLIMIT_NOFILE, 2000000000, 2000000000}};
	if (geteuid() != 0)
		skip_because("needs root");
	char *folder = children_make_folder(); /* 0700: nobody may not enter */
	const char *argv[] = {"true", NULL};
	struct spawn_options options = plain(argv);
	options.user = "root";
	assert_int_equal(fails_as_nobody(&options, false, "not permitted to run as user 'root'"), 0);
	options.user = NULL;
	options.cwd = folder;
	assert_int_equal(fails_as_nobody(&options, false, "not permitted to enter it"), 0);
	options.cwd = NULL;
	options.ulimits = raised;
	options.ulimit_count = 1;
	assert_int_equal(fails_as_nobody(&options, false, "ulimit 'nofile': not permitted to raise it"), 0);
	options.ulimit_count = 0;
	assert_int_equal(fails_as_nobody(&options, true, "too many processes"), 0);
	children_remove_folder(folder);
}

/* Being oneself is no change: it needs no privilege. */
static void test_own_user_needs_no_privilege(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("needs root");
	pid_t pid = fork();
	if (pid == 0) {
		const char *argv[] = {"true", NULL};
		struct spawn_options options = plain(argv);
		struct child child;
		options.user = "nobody";
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(90);
		_exit(spawn_child(&options, &child, NULL) < 0 ? 91 : children_wait(child.pid));
	}
	assert_int_equal(children_wait(pid), 0);
}

static void test_terminal_becomes_the_childs(void **state)
{
	(void)state;
	char *helper = children_helper("child");
	char text[64];
	int master, slave;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	const char *argv[] = {helper, "show", "terminal", NULL};
	struct spawn_options options = plain(argv);
	options.stdin_fd = slave;
	assert_int_equal(run(options, text, sizeof text), 0);
	assert_string_equal(text, "none");
	options.foreground_tty = true;
	assert_int_equal(run(options, text, sizeof text), 0);
	assert_string_equal(text, "foreground");
	close(master);
	close(slave);
	free(helper);
}

/* The pipe ends when the stubborn child does, and it does because its parent was killed. */
static void test_child_dies_with_its_parent(void **state)
{
	(void)state;
	char *helper = children_helper("child");
	int fds[2];
	char text[64];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		const char *argv[] = {helper, "stubborn", NULL};
		struct spawn_options options = plain(argv);
		struct child child;
		options.stdout_fd = fds[1];
		options.death_signal = SIGKILL;
		if (spawn_child(&options, &child, NULL) < 0)
			_exit(90);
		close(fds[1]);
		for (;;)
			pause();
	}
	close(fds[1]);
	children_read(fds[0], "ready\n", text, sizeof text);
	kill(pid, SIGKILL);
	assert_int_equal(children_wait(pid), 137);
	children_read(fds[0], NULL, text, sizeof text);
	assert_string_equal(text, "");
	close(fds[0]);
	free(helper);
}

static void test_nothing_leaks(void **state)
{
	(void)state;
	const char *good[] = {"true", NULL};
	const char *bad[] = {"no-such-command", NULL};
	int fds_before = children_count_fds();
	for (int i = 0; i < 100; i++) {
		struct child child;
		struct spawn_options options = plain(i % 2 ? good : bad);
		if (spawn_child(&options, &child, NULL) < 0)
			continue;
		close(child.pidfd);
		assert_int_equal(children_wait(child.pid), 0);
	}
	assert_int_equal(children_count_fds(), fds_before);
	assert_true(children_none_left());
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end_of_child_is_seen),
		cmocka_unit_test(test_what_a_child_finds),
		cmocka_unit_test(test_streams_may_lie_anywhere),
		cmocka_unit_test(test_failed_starts_are_told_apart),
		cmocka_unit_test(test_a_look_executes_nothing),
		cmocka_unit_test(test_path_is_searched_on),
		cmocka_unit_test(test_user_is_changed),
		cmocka_unit_test(test_two_numbers_are_not_looked_up),
		cmocka_unit_test(test_users_are_looked_up_once),
		cmocka_unit_test(test_users_that_are_not_there_are_not_noted),
		cmocka_unit_test(test_without_privilege),
		cmocka_unit_test(test_own_user_needs_no_privilege),
		cmocka_unit_test(test_terminal_becomes_the_childs),
		cmocka_unit_test(test_child_dies_with_its_parent),
		cmocka_unit_test(test_nothing_leaks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
