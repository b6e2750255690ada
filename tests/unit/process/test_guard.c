/* SPDX-License-Identifier: MIT */
/*
 * Nothing is left behind: terminal, guard and supervisor of a stack with stubborn services are killed one by one, two at a time and
 * all together. Every process of the stack holds one pipe, so its end of file is the proof; it must come within 2 s.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/stack.h"
#include "launcher/process/descendants.h"
#include "launcher/process/guard.h"
#include "launcher/process/spawn.h"
#include "tests/lib/children.h"
#include "tests/lib/skip.h"

#define MARKER "UPFRONT_TEST_MARKER=guard"
#define ASIDE "UPFRONT_TEST_MARKER=aside"
#define LEFT_BEHIND_LIMIT_MS 2000

enum { TERMINAL = 1, GUARD = 2, SUPERVISOR = 4 };

struct pids {
	pid_t terminal, guard, supervisor;
};

struct scene {
	char *folder, *helper, socket_path[100];
	int alive[2]; /* held by every process of the stack */
	int leash[2]; /* read by the supervisor, held by the terminal */
	int report[2]; /* brings the pids */
	int guard_fd; /* in the supervisor */
	int watched[2]; /* pidfds of guard and supervisor */
	int (*act)(struct scene *self); /* what the supervisor does once all is there */
	const char *verb; /* behaviour of its one service */
	const char *user;
	bool detached;
	char running_path[100];
	const char *spared; /* path of the program that may outlive the stack */
	pid_t spared_pid; /* in the supervisor */
	int aside[2]; /* held by what does not belong to the stack: the spared, strangers */
	bool strange; /* the terminal has children from before */
	char finished_path[100]; /* says which process saw to the rest, and whether any service was there still */
};

/* What is done after the sweep. */
static void finish(void *context)
{
	const struct scene *self = context;
	struct proc_list left = {0};
	FILE *out;

	if (self->finished_path[0] == '\0')
		return;
	out = fopen(self->finished_path, "a");
	(void)descendants_find(getpid(), NULL, &left);
	fprintf(out, "%d %zu\n", (int)getpid(), left.count);
	fclose(out);
	proc_list_finish(&left);
}

static int service_start(struct scene *self)
{
	static const struct service_ulimit few[] = {{RLIMIT_NPROC, 120, 120}};
	const char *argv[] = {self->helper, self->verb, NULL};
	char *environment[] = {(char *)MARKER, NULL};
	struct child child;
	struct spawn_options options = {
		.argv = argv,
		.environment = environment,
		.user = self->user,
		.stdin_fd = -1,
		.stdout_fd = self->alive[1],
		.stderr_fd = -1,
		.keep_fd = -1,
		.ulimits = few,
		.ulimit_count = self->user ? 1 : 0,
		.death_signal = SIGKILL,
	};
	return spawn_child(&options, &child, NULL);
}

/* Says "ready" into `aside`. */
static int aside_start(struct scene *self, const char *program, const char *verb)
{
	const char *argv[] = {program, verb, NULL};
	char *environment[] = {(char *)ASIDE, NULL};
	struct child child = {0};
	struct spawn_options options = {
		.argv = argv,
		.environment = environment,
		.stdin_fd = -1,
		.stdout_fd = self->aside[1],
		.stderr_fd = -1,
		.keep_fd = -1,
	};
	int result = spawn_child(&options, &child, NULL);
	self->spared_pid = child.pid;
	return result;
}

static void block_sigterm(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigprocmask(SIG_BLOCK, set, NULL);
}

/* As the real one: watches leash and guard, and whichever dies, ends what is left. SIGTERM is the orderly way. */
static int act_watch(struct scene *self)
{
	struct pollfd fds[2] = {{.fd = self->leash[0], .events = POLLIN}, {.fd = self->guard_fd, .events = POLLIN}};
	signal(SIGTERM, SIG_IGN);
	poll(fds, 2, -1);
	guard_sweep(self->socket_path, LEFT_BEHIND_LIMIT_MS);
	return 4;
}

/* The orderly end, asked for by SIGTERM. */
static void await_sigterm(void)
{
	sigset_t set;
	block_sigterm(&set);
	sigwaitinfo(&set, NULL);
}

static int act_end(struct scene *self)
{
	(void)self;
	await_sigterm();
	return 7;
}
/* As a sender that has nothing to send: it ends while the guard looks who is left. */
static int act_end_both(struct scene *self)
{
	await_sigterm();
	kill(self->spared_pid, SIGKILL);
	return 7;
}
static int act_crash(struct scene *self)
{
	(void)self;
	struct rlimit none = {0, 0};
	await_sigterm();
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}
static int act_wait(struct scene *self)
{
	(void)self;
	while (pause() < 0)
		;
	return 0;
}

static int supervise(void *context)
{
	struct scene *self = context;
	struct pids pids = {.guard = getppid(), .supervisor = getpid()};
	if (self->spared && aside_start(self, self->spared, "stubborn") < 0)
		return 92;
	if (self->verb && service_start(self) < 0)
		return 90;
	/* Whoever knows our pid may send it at once. */
	sigset_t set;
	if (self->act == act_end || self->act == act_end_both)
		block_sigterm(&set);
	if (write(self->report[1], &pids, sizeof pids) != sizeof pids)
		return 91;
	return self->act(self);
}

static void aside_ready(const struct scene *self)
{
	char text[16];
	children_read(self->aside[0], "ready\n", text, sizeof text);
	assert_string_equal(text, "ready\n");
}

/* As `up` in the foreground: starts the guard, watches it, and cleans up when it was killed. Returns its code. */
static int be_terminal(struct scene *self)
{
	struct child guard;
	struct proc_list strangers = {0};
	const struct guard_spared spared = {.strangers = &strangers};
	struct guard_options options = {
		.socket_path = self->socket_path,
		.keep = (const int[]){self->alive[1], self->leash[0], self->report[1], self->aside[1], -1},
		.supervise = supervise,
		.context = self,
		.finish = finish,
		.detached = self->detached,
		.guard_fd = &self->guard_fd,
		.running_path = self->running_path,
		.strangers = &strangers,
		.spared_program = self->spared,
	};
	siginfo_t info = {0};
	close(self->alive[0]);
	if (self->strange && aside_start(self, self->helper, "tree") < 0)
		return 82;
	if (self->strange)
		aside_ready(self);
	if (guard_start(&options, &guard, NULL) < 0)
		return 80;
	close(self->leash[0]);
	if (self->detached)
		return 0;
	waitid(P_PIDFD, (id_t)guard.pidfd, &info, WEXITED);
	if (info.si_code == CLD_EXITED)
		return info.si_status;
	return guard_sweep_sparing(self->socket_path, &spared, LEFT_BEHIND_LIMIT_MS) ? 81 : 83;
}

static void scene_open(struct scene *self)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	self->folder = children_make_folder();
	self->helper = children_helper("child");
	snprintf(self->socket_path, sizeof self->socket_path, "%s/control.sock", self->folder);
	strcpy(address.sun_path, self->socket_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	assert_int_equal(pipe2(self->alive, O_CLOEXEC), 0);
	assert_int_equal(pipe2(self->leash, O_CLOEXEC), 0);
	assert_int_equal(pipe2(self->report, O_CLOEXEC), 0);
	assert_int_equal(pipe2(self->aside, O_CLOEXEC), 0);
	snprintf(self->running_path, sizeof self->running_path, "%s/running", self->folder);
	close(open(self->running_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

/* Forks the terminal; returns when the services are there. */
static struct pids scene_start(struct scene *self)
{
	struct pids pids = {0};
	char text[64];
	pid_t terminal = fork();
	if (terminal == 0)
		_exit(be_terminal(self));
	close(self->alive[1]);
	close(self->leash[0]);
	close(self->leash[1]);
	assert_true(children_readable(self->report[0], CHILDREN_DEADLINE_MS));
	assert_int_equal(read(self->report[0], &pids, sizeof pids), sizeof pids);
	if (self->verb) {
		children_read(self->alive[0], "ready\n", text, sizeof text);
		assert_string_equal(text, "ready\n");
	}
	pids.terminal = terminal;
	self->watched[0] = pidfd_open(pids.guard, 0);
	self->watched[1] = pidfd_open(pids.supervisor, 0);
	return pids;
}

/* All writers of the pipe are gone, guard and supervisor too; how long that took. */
static int64_t scene_await_end(struct scene *self)
{
	int64_t begin = children_now_ms();
	char text[64];
	children_read(self->alive[0], NULL, text, sizeof text);
	for (int i = 0; i < 2; i++) {
		/* -1: it had ended before it could be looked at. */
		if (self->watched[i] >= 0 && !children_readable(self->watched[i], CHILDREN_DEADLINE_MS))
			fail_msg("%s does not end", i == 0 ? "the guard" : "the supervisor");
		close(self->watched[i]);
	}
	return children_now_ms() - begin;
}

static void scene_close(struct scene *self)
{
	close(self->alive[0]);
	close(self->aside[0]);
	close(self->aside[1]);
	close(self->report[0]);
	close(self->report[1]);
	children_remove_folder(self->folder);
	free(self->helper);
	guard_sweep(NULL, CHILDREN_DEADLINE_MS); /* only zombies can be left: they are ours by adoption */
	assert_true(children_none_left());
}

static void assert_no_socket(const struct scene *self)
{
	struct stat st;
	assert_int_equal(lstat(self->socket_path, &st), -1);
	assert_int_equal(errno, ENOENT);
}

static void test_any_one_or_two_may_be_killed(void **state)
{
	(void)state;
	static const struct {
		int killed;
		int terminal_code; /* -1: it was killed */
	} cases[] = {
		{SUPERVISOR, 1},
		{GUARD, 81},
		{GUARD | SUPERVISOR, 81},
		{TERMINAL, -1},
		{TERMINAL | SUPERVISOR, -1},
		{TERMINAL | GUARD, -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scene scene = {.act = act_watch, .verb = "tree"};
		scene_open(&scene);
		struct pids pids = scene_start(&scene);
		if (cases[i].killed & TERMINAL)
			kill(pids.terminal, SIGKILL);
		if (cases[i].killed & GUARD)
			kill(pids.guard, SIGKILL);
		if (cases[i].killed & SUPERVISOR)
			kill(pids.supervisor, SIGKILL);
		int64_t took_ms = scene_await_end(&scene);
		if (took_ms > LEFT_BEHIND_LIMIT_MS)
			fail_msg("case %zu: the last process ended after %lld ms", i, (long long)took_ms);
		int code = children_wait(pids.terminal);
		assert_int_equal(code, cases[i].terminal_code < 0 ? 137 : cases[i].terminal_code);
		assert_no_socket(&scene);
		/* Only a guard that has seen the end of all says so. */
		assert_int_equal(access(scene.running_path, F_OK), cases[i].killed & GUARD ? 0 : -1);
		scene_close(&scene);
	}
}

/* How many there are of what carries ASIDE; `end`: they are killed. */
static size_t count_aside(bool end)
{
	struct proc_list list = {0};
	assert_int_equal(descendants_find(0, ASIDE, &list), 0);
	size_t count = list.count;
	for (size_t i = 0; end && i < list.count; i++)
		proc_signal(&list.items[i], SIGKILL);
	proc_list_finish(&list);
	return count;
}

/* The helper program under another name, in the scene's folder; the caller frees the path. */
static char *copy_program(const struct scene *self, const char *name)
{
	size_t size_bytes = 0;
	char *path, *bytes = children_slurp("/", self->helper + 1, &size_bytes);
	assert_non_null(bytes);
	assert_true(asprintf(&path, "%s/%s", self->folder, name) > 0);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_int_equal(write(fd, bytes, size_bytes), size_bytes);
	assert_int_equal(fchmod(fd, 0755), 0);
	close(fd);
	free(bytes);
	return path;
}

/* The guard ends all else, however stubborn and in whatever session, and neither ends the sender nor waits for it. */
static void test_the_spared_program_is_left_and_not_waited_for(void **state)
{
	(void)state;
	static const struct {
		const char *verb; /* NULL: the sender is all there is */
		int signal, code;
	} cases[] = {{"tree", SIGTERM, 7}, {"tree", SIGKILL, 1}, {NULL, SIGTERM, 7}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scene scene = {.act = act_end, .verb = cases[i].verb};
		scene_open(&scene);
		char *sender = copy_program(&scene, "sender");
		scene.spared = sender;
		struct pids pids = scene_start(&scene);
		aside_ready(&scene);
		kill(pids.supervisor, cases[i].signal);
		assert_true(scene_await_end(&scene) <= LEFT_BEHIND_LIMIT_MS);
		assert_int_equal(children_wait(pids.terminal), cases[i].code);
		assert_int_equal(access(scene.running_path, F_OK), -1);
		assert_int_equal(count_aside(true), 1);
		free(sender);
		scene_close(&scene);
	}
}

static void test_the_spared_program_may_be_ending_itself(void **state)
{
	(void)state;
	static const char *const verbs[] = {NULL, "tree"};
	for (size_t i = 0; i < 10; i++) {
		struct scene scene = {.act = act_end_both, .verb = verbs[i % 2]};
		scene_open(&scene);
		char *sender = copy_program(&scene, "sender");
		scene.spared = sender;
		struct pids pids = scene_start(&scene);
		aside_ready(&scene);
		kill(pids.supervisor, SIGTERM);
		assert_true(scene_await_end(&scene) <= LEFT_BEHIND_LIMIT_MS);
		assert_int_equal(children_wait(pids.terminal), 7);
		assert_int_equal(access(scene.running_path, F_OK), -1);
		(void)count_aside(true);
		free(sender);
		scene_close(&scene);
	}
}

/* `worker & exec upfront up`: what the terminal process was given before is not ours to end, nor what that has started. */
static void test_what_was_there_before_is_left_alone(void **state)
{
	(void)state;
	struct scene scene = {.act = act_watch, .verb = "tree", .strange = true};
	scene_open(&scene);
	struct pids pids = scene_start(&scene);
	size_t before = count_aside(false);
	assert_true(before >= 3);
	kill(pids.guard, SIGKILL);
	kill(pids.supervisor, SIGKILL);
	assert_true(scene_await_end(&scene) <= LEFT_BEHIND_LIMIT_MS);
	assert_int_equal(children_wait(pids.terminal), 81);
	assert_no_socket(&scene);
	assert_int_equal(count_aside(true), before);
	scene_close(&scene);
}

/* Parent-death ends the service itself; what had left its session is found by its marker. */
static void test_all_three_killed(void **state)
{
	(void)state;
	struct scene scene = {.act = act_watch, .verb = "tree"};
	struct proc_list list = {0};
	scene_open(&scene);
	struct pids pids = scene_start(&scene);
	kill(pids.guard, SIGSTOP);
	kill(pids.terminal, SIGSTOP);
	kill(pids.supervisor, SIGKILL);
	kill(pids.guard, SIGKILL);
	kill(pids.terminal, SIGKILL);
	assert_int_equal(children_wait(pids.terminal), 137);
	assert_int_equal(descendants_find(0, MARKER, &list), 0);
	assert_true(list.count >= 1);
	for (size_t i = 0; i < list.count; i++)
		proc_signal(&list.items[i], SIGKILL);
	proc_list_finish(&list);
	assert_true(scene_await_end(&scene) <= LEFT_BEHIND_LIMIT_MS);
	scene_close(&scene);
}

static void test_exit_code_passes_through(void **state)
{
	(void)state;
	static const struct {
		int (*act)(struct scene *self);
		int code;
	} cases[] = {{act_end, 7}, {act_crash, 70}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scene scene = {.act = cases[i].act, .verb = "tree"};
		scene_open(&scene);
		struct pids pids = scene_start(&scene);
		kill(pids.guard, SIGTERM); /* kept for the supervisor if that is not waiting yet */
		scene_await_end(&scene);
		assert_int_equal(children_wait(pids.terminal), cases[i].code);
		assert_no_socket(&scene);
		scene_close(&scene);
	}
}

/* However the supervisor ended: what is no process of this machine is for the guard to see to, once all others are gone. */
static void test_what_is_left_elsewhere_is_seen_to(void **state)
{
	static const int signals[] = {SIGTERM, SIGKILL};

	(void)state;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct scene scene = {.act = act_end, .verb = "tree"};
		char wanted[32], *said;

		scene_open(&scene);
		snprintf(scene.finished_path, sizeof scene.finished_path, "%s/finished", scene.folder);
		struct pids pids = scene_start(&scene);
		kill(pids.supervisor, signals[i]);
		scene_await_end(&scene);
		assert_int_equal(children_wait(pids.terminal), signals[i] == SIGTERM ? 7 : 1);
		said = children_slurp(scene.folder, "finished", NULL);
		snprintf(wanted, sizeof wanted, "%d 0\n", (int)pids.guard);
		assert_non_null(said);
		assert_string_equal(said, wanted);
		free(said);
		unlink(scene.finished_path);
		scene_close(&scene);
	}
}

/* SIGTERM is passed on, nothing else ends or disturbs the guard. */
static void test_signals_to_the_guard(void **state)
{
	(void)state;
	static const int deaf[] = {SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGALRM, SIGTSTP};
	struct scene scene = {.act = act_wait, .verb = "stubborn"};
	scene_open(&scene);
	struct pids pids = scene_start(&scene);
	for (size_t i = 0; i < sizeof deaf / sizeof deaf[0]; i++)
		kill(pids.guard, deaf[i]);
	kill(pids.guard, SIGTERM); /* by default it ends the supervisor of this scene */
	scene_await_end(&scene);
	assert_int_equal(children_wait(pids.terminal), 1);
	scene_close(&scene);
}

/* A whole population that forks as fast as it can, half of it in sessions of its own. */
static void test_fork_bomb_is_swept(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("the limit of processes must hold for nobody but the bomb");
	struct scene scene = {.act = act_wait, .verb = "bomb", .user = "nobody"};
	scene_open(&scene);
	/* The tree may lie where only its owner may go; nobody gets a copy within reach. */
	char *program = copy_program(&scene, "bomb");
	assert_int_equal(chmod(scene.folder, 0711), 0);
	free(scene.helper);
	scene.helper = program;
	struct pids pids = scene_start(&scene);
	kill(pids.supervisor, SIGKILL);
	scene_await_end(&scene);
	assert_int_equal(children_wait(pids.terminal), 1);
	scene_close(&scene);
}

/* What the supervisor finds: its own session, streams and folder as asked for, clean signals, no descriptors but its own. */
static int act_describe(struct scene *self)
{
	struct stat null, out;
	char cwd[256] = "";
	sigset_t blocked;
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	bool streams_gone = stat("/dev/null", &null) == 0 && fstat(STDOUT_FILENO, &out) == 0 &&
			    null.st_rdev == out.st_rdev && S_ISCHR(out.st_mode);
	int extra = 0;
	for (int fd = 3; fd < 256; fd++) {
		if (fd != self->alive[1] && fd != self->leash[0] && fd != self->report[1] && fd != self->aside[1] &&
		    fd != self->guard_fd)
			extra += fcntl(fd, F_GETFD) >= 0;
	}
	int code = 0;
	code |= getsid(0) == getppid() ? 1 : 0;
	code |= streams_gone ? 2 : 0;
	code |= getcwd(cwd, sizeof cwd) && strcmp(cwd, "/") == 0 ? 4 : 0;
	code |= sigismember(&blocked, SIGTERM) || sigismember(&blocked, SIGINT) ? 8 : 0;
	code |= extra > 0 ? 16 : 0;
	code |= children_readable(self->guard_fd, 0) ? 32 : 0;
	return code;
}

static void test_what_the_supervisor_finds(void **state)
{
	(void)state;
	struct scene scene = {.act = act_describe};
	int stray = open("/dev/zero", O_RDONLY);
	int saved = dup(STDOUT_FILENO);
	int zero = open("/dev/zero", O_WRONLY | O_CLOEXEC);
	dup2(zero, STDOUT_FILENO); /* so that it surely is not /dev/null */
	scene_open(&scene);
	struct pids pids = scene_start(&scene);
	scene_await_end(&scene);
	int code = children_wait(pids.terminal);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(zero);
	close(stray);
	assert_int_equal(code, 1);
	scene_close(&scene);
}

/* Detached, the guard is adopted - by init, here by us - and serves on. */
static void test_detached(void **state)
{
	(void)state;
	struct scene scene = {.act = act_describe, .detached = true};
	scene_open(&scene);
	struct pids pids = scene_start(&scene);
	assert_int_equal(children_wait(pids.terminal), 0);
	assert_int_equal(children_wait(pids.guard), 1 | 2 | 4);
	assert_no_socket(&scene);
	scene_close(&scene);
}

/* The lock is free again only after the last descendant has gone. */
static void test_guard_holds_the_lock_to_the_end(void **state)
{
	(void)state;
	struct scene scene = {.act = act_wait, .verb = "tree"};
	char path[160];
	int probe_fds[2];
	scene_open(&scene);
	snprintf(path, sizeof path, "%s/lock", scene.folder);
	assert_int_equal(pipe2(probe_fds, O_CLOEXEC), 0);
	pid_t terminal = fork();
	if (terminal == 0) {
		struct child guard;
		struct guard_options options = {
			.socket_path = scene.socket_path,
			.keep = (const int[]){scene.alive[1], scene.report[1], -1},
			.supervise = supervise,
			.context = &scene,
			.lock_fd = probe_fds[1],
		};
		_exit(guard_start(&options, &guard, NULL) < 0 ? 80 : 0);
	}
	close(probe_fds[1]);
	close(scene.alive[1]);
	close(scene.leash[0]);
	close(scene.leash[1]);
	struct pids pids;
	char text[64];
	assert_true(children_readable(scene.report[0], CHILDREN_DEADLINE_MS));
	assert_int_equal(read(scene.report[0], &pids, sizeof pids), sizeof pids);
	children_read(scene.alive[0], "ready\n", text, sizeof text);
	assert_int_equal(children_wait(terminal), 0);
	assert_false(children_readable(probe_fds[0], 0));
	kill(pids.supervisor, SIGKILL);
	/* Its end of file comes with the guard's end, and then everything else is over. */
	children_read(probe_fds[0], NULL, text, sizeof text);
	assert_true(children_readable(scene.alive[0], 0));
	assert_int_equal(read(scene.alive[0], text, sizeof text), 0);
	assert_no_socket(&scene);
	close(probe_fds[0]);
	scene_close(&scene);
}

/* What is no socket is not removed, whatever its name. */
static void test_sweep_removes_sockets_only(void **state)
{
	(void)state;
	char *folder = children_make_folder(), path[128];
	snprintf(path, sizeof path, "%s/file", folder);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	guard_sweep(path, 100);
	assert_int_equal(access(path, F_OK), 0);
	children_remove_folder(folder);
}

static void test_nobody_to_fork(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("needs root");
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit none = {0, 0};
		struct child guard = {.pid = -7};
		struct guard_options options = {.supervise = supervise};
		if (setgid(65534) < 0 || setuid(65534) < 0 || setrlimit(RLIMIT_NPROC, &none) < 0)
			_exit(90);
		_exit(guard_start(&options, &guard, NULL) == -EAGAIN && guard.pid == -7 ? 0 : 91);
	}
	assert_int_equal(children_wait(pid), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_one_or_two_may_be_killed),
		cmocka_unit_test(test_the_spared_program_is_left_and_not_waited_for),
		cmocka_unit_test(test_the_spared_program_may_be_ending_itself),
		cmocka_unit_test(test_what_was_there_before_is_left_alone),
		cmocka_unit_test(test_all_three_killed),
		cmocka_unit_test(test_exit_code_passes_through),
		cmocka_unit_test(test_what_is_left_elsewhere_is_seen_to),
		cmocka_unit_test(test_signals_to_the_guard),
		cmocka_unit_test(test_fork_bomb_is_swept),
		cmocka_unit_test(test_what_the_supervisor_finds),
		cmocka_unit_test(test_detached),
		cmocka_unit_test(test_guard_holds_the_lock_to_the_end),
		cmocka_unit_test(test_sweep_removes_sockets_only),
		cmocka_unit_test(test_nobody_to_fork),
	};
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
