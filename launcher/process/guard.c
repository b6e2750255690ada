/* SPDX-License-Identifier: MIT */
#include "launcher/process/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/err.h"
#include "launcher/process/spawn.h"
#include "launcher/process/strays.h"

#define SWEEP_LIMIT_MS 10000 /* only what sits in the kernel, or is not ours to kill, takes longer */
#define EXIT_BROKEN 1
#define EXIT_CRASHED 70

static bool is_kept(const int *keep, int fd)
{
	for (; keep && *keep >= 0; keep++) {
		if (*keep == fd)
			return true;
	}
	return false;
}

/* Closes all but 0-2, the list and `more`. Walks up in gaps, so it does not matter how many can be open. */
static void close_others(const int *keep, const int more[3])
{
	unsigned from = 3;
	for (;;) {
		int next = -1;
		for (int i = 0; i < 3; i++) {
			if (more[i] >= (int)from && (next < 0 || more[i] < next))
				next = more[i];
		}
		for (const int *fd = keep; fd && *fd >= 0; fd++) {
			if (*fd >= (int)from && (next < 0 || *fd < next))
				next = *fd;
		}
		if (next < 0)
			break;
		if (next > (int)from)
			close_range(from, (unsigned)next - 1, 0);
		from = (unsigned)next + 1;
	}
	close_range(from, ~0U, 0);
}

/* 0 or -errno; then some may still be what they were. */
static int streams_to_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int result = 0;
	for (int i = 0; i < 3 && result == 0; i++)
		result = dup2(fd, i) < 0 ? -errno : 0;
	if (fd > 2)
		close(fd);
	return result;
}

/* The guard neither reads nor writes them once it only watches: without a /dev/null it has none, rather than hold a reader up. */
static void give_streams_up(void)
{
	if (streams_to_null() < 0)
		close_range(0, 2, 0);
}

static void report(int fd, int error)
{
	while (write(fd, &error, sizeof error) < 0 && errno == EINTR)
		;
	close(fd);
}

_Noreturn static void give_up(int report_fd, int error)
{
	report(report_fd, error);
	_exit(EXIT_BROKEN);
}

static void default_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
}

_Noreturn static void be_supervisor(const struct guard_options *options, pid_t guard, int guard_fd)
{
	prctl(PR_SET_NAME, "upfront");
	/* Also ends a supervisor that is not yet listening to anybody. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != guard)
		_exit(EXIT_BROKEN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (options->guard_fd)
		*options->guard_fd = guard_fd;
	else
		close(guard_fd);
	if (options->lock_fd > 0 && !is_kept(options->keep, options->lock_fd))
		close(options->lock_fd);

	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	_exit(options->supervise(options->context) & 0xff);
}

/* Sleeps until the supervisor has ended; its wait status. It is not reaped before, so its pid stays its own. */
static int watch(pid_t supervisor)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		int status, number = sigwaitinfo(&set, NULL);
		pid_t pid;
		if (number == SIGTERM)
			kill(supervisor, SIGTERM);
		while (number == SIGCHLD && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
			if (pid == supervisor)
				return status;
		}
	}
}

static int exit_code(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	switch (WTERMSIG(status)) {
	case SIGSEGV:
	case SIGBUS:
	case SIGABRT:
	case SIGFPE:
	case SIGILL:
	case SIGSYS:
		return EXIT_CRASHED;
	default:
		return EXIT_BROKEN;
	}
}

/* All signals are blocked since before the fork, and stay so in the guard. */
_Noreturn static void be_guard(const struct guard_options *options, int report_fd)
{
	int lock_fd = options->lock_fd > 0 ? options->lock_fd : -1;
	prctl(PR_SET_NAME, "upfront-guard");
	default_signals();
	setsid();
	close_others(options->keep, (const int[]){report_fd, lock_fd, -1});
	int guard_fd = pidfd_open(getpid(), 0);
	if (guard_fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		give_up(report_fd, errno);
	if (options->detached) {
		int result = streams_to_null();
		if (result == 0 && chdir("/") < 0)
			result = -errno;
		if (result < 0)
			give_up(report_fd, -result);
	}
	pid_t guard = getpid();
	pid_t supervisor = fork();
	if (supervisor == 0) {
		close(report_fd);
		be_supervisor(options, guard, guard_fd);
	}
	report(report_fd, supervisor < 0 ? errno : 0);
	if (supervisor < 0)
		_exit(EXIT_BROKEN);

	/* A reader of our streams would otherwise wait for the guard too, and others would take the socket for served. */
	give_streams_up();
	close_others(NULL, (const int[]){lock_fd, -1, -1});
	int status = watch(supervisor);
	const struct guard_spared spared = {.program = options->spared_program};
	bool swept = guard_sweep_sparing(options->socket_path, &spared, SWEEP_LIMIT_MS);
	if (options->finish)
		options->finish(options->context);
	if (swept && options->running_path)
		unlink(options->running_path);
	_exit(exit_code(status));
}

/* The guard's word that the supervisor exists: 0, or the errno that stood in the way. */
static int await_report(int fd)
{
	int error = 0;
	ssize_t got;
	do
		got = read(fd, &error, sizeof error);
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof error ? error : EPIPE;
}

int guard_start(const struct guard_options *options, struct child *guard, struct err *err)
{
	int fds[2] = {-1, -1}, pidfd = -1, error = 0;
	pid_t pid = -1;
	sigset_t all, old;
	/* Without memory for them nobody is known, and a sweep, should it ever be due, takes all. */
	if (options->strangers)
		(void)strays_below(getpid(), options->strangers);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || pipe2(fds, O_CLOEXEC) < 0) {
		error = errno;
		goto out;
	}
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	error = pid < 0 ? errno : 0;
	if (pid == 0)
		be_guard(options, fds[1]);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (error != 0)
		goto out;

	close(fds[1]);
	fds[1] = -1;
	pidfd = pidfd_open(pid, 0);
	error = pidfd < 0 ? errno : await_report(fds[0]);
	if (error != 0) {
		/* A supervisor that exists already gets SIGTERM by this. */
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		goto out;
	}
	guard->pid = pid;
	guard->pidfd = pidfd;
	pidfd = -1;
out:
	if (pidfd >= 0)
		close(pidfd);
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	if (error != 0)
		err_set(err, ERR_FAILED, "cannot start the supervisor: %s",
			error == EPIPE ? "its guard was killed" : strerror(error));
	return -error;
}
