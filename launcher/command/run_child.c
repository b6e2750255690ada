/* SPDX-License-Identifier: MIT */
#include "launcher/command/run_child.h"

#include "launcher/command/run_witness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct waiting {
	pid_t child;
	sigset_t taken; /* signals that are taken one by one */
	struct run_witness witness;
	struct run_child_end *end;
	bool stopped; /* by the last that was heard of it */
	bool over;
};

int run_child_become(const char *const *argv, char **environment)
{
	sigset_t none;

	fflush(NULL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	environ = environment;
	execvp(argv[0], (char *const *)argv);
	return errno;
}

/* ---- Starting ---- */

/*
 * Returns its pid or -errno. It shares our memory until it is the command: copying what is only going to be thrown away would take longer than
 * many a command does. We stand still meanwhile.
 */
static pid_t start(const char *const *argv, char **environment, const struct sigaction *sigchld, int *exec_errno)
{
	char **const own_environ = environ;
	const pid_t parent = getpid();
	volatile int error = 0;
	pid_t pid = vfork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		/* Who kills us for good means the command. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(127);
		sigaction(SIGCHLD, sigchld, NULL);
		error = run_child_become(argv, environment);
		_exit(127);
	}
	environ = own_environ;
	*exec_errno = error;
	return pid;
}

/* A pipe whose last writer is the command ends with it, whoever waits for that, and not with us. */
static void let_go(int keep_fd)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; null_fd >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null_fd, fd);
	if (keep_fd > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, (unsigned)keep_fd - 1, 0);
	close_range(keep_fd > STDERR_FILENO ? (unsigned)keep_fd + 1 : STDERR_FILENO + 1, UINT_MAX, 0);
}

/* ---- Waiting ---- */

static bool owns_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	bool owns = fd >= 0 && tcgetpgrp(fd) == getpgrp();

	if (fd >= 0)
		close(fd);
	return owns;
}

static bool was_continued(const struct waiting *self)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)self->child, &info, WCONTINUED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/*
 * The shell sees this process only, so it stops as the command did. Not for a SIGSTOP away from the terminal: who sent that to the
 * command alone continues the command alone.
 */
static void stop_as_well(const struct waiting *self, int signal_number)
{
	sigset_t this_one, before;

	if ((signal_number == SIGSTOP && !owns_terminal()) || was_continued(self))
		return;
	sigemptyset(&this_one);
	sigaddset(&this_one, signal_number);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
	sigprocmask(SIG_UNBLOCK, &this_one, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Children that were here before us, or that came to us as to a container's first process, are reaped on the way. */
static void take_children(struct waiting *self)
{
	siginfo_t info = {0};

	while (!self->over && waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WCONTINUED | WNOHANG) == 0 &&
	       info.si_pid != 0) {
		if (info.si_pid == self->child && info.si_code == CLD_STOPPED) {
			self->stopped = true;
			stop_as_well(self, info.si_status);
		} else if (info.si_pid == self->child && info.si_code == CLD_CONTINUED) {
			self->stopped = false;
		} else if (info.si_pid == self->child) {
			self->over = true;
			self->end->code = info.si_code == CLD_EXITED ? info.si_status : 0;
			self->end->signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
		}
		info = (siginfo_t){0};
	}
}

/* What the kernel sends to this process alone: its own timers, and a hang-up to the first process of a session. */
static bool is_ours_alone(int signal_number)
{
	return signal_number == SIGALRM || signal_number == SIGVTALRM || signal_number == SIGPROF ||
	       (signal_number == SIGHUP && getsid(0) == getpid());
}

/* What came to the whole group, by the terminal or by somebody, has reached the command already. */
static void pass_on(struct waiting *self, const siginfo_t *info)
{
	/* Without asking the witness: while that is waited for, the terminal may stop what would then be continued. */
	if (info->si_signo == SIGCONT) {
		take_children(self);
		if (self->stopped && !self->over)
			kill(self->child, SIGCONT);
		return;
	}
	if (info->si_code > 0 ? !is_ours_alone(info->si_signo) : run_witness_saw(&self->witness, info))
		return;
	kill(self->child, info->si_signo);
}

static void wait_for(struct waiting *self)
{
	siginfo_t info;

	while (!self->over) {
		if (sigwaitinfo(&self->taken, &info) < 0)
			continue;
		if (info.si_signo == SIGCHLD)
			take_children(self);
		else
			pass_on(self, &info);
	}
}

/* All but what a fault of our own raises. */
static void fill_taken(sigset_t *taken)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};

	sigfillset(taken);
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		sigdelset(taken, faults[i]);
}

int run_child(const char *const *argv, char **environment, int keep_fd, struct run_child_end *end)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	struct waiting self = {.end = end};
	struct sigaction sigchld;
	sigset_t before;

	*end = (struct run_child_end){.witness_pid = -1};
	fflush(NULL);
	fill_taken(&self.taken);
	sigprocmask(SIG_BLOCK, &self.taken, &before);
	/* Whoever started us may have been told to ignore it; then nobody could be waited for. */
	sigaction(SIGCHLD, &usual, &sigchld);
	self.child = start(argv, environment, &sigchld, &end->exec_errno);
	if (self.child < 0) {
		sigaction(SIGCHLD, &sigchld, NULL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		return self.child;
	}
	if (end->exec_errno == 0)
		let_go(keep_fd);
	run_witness_start(&self.witness, &self.taken);
	wait_for(&self);
	end->witness_pid = run_witness_dismiss(&self.witness);
	return 0;
}

void run_child_finish(struct run_child_end *end)
{
	while (end->witness_pid > 0 && waitpid(end->witness_pid, NULL, 0) < 0 && errno == EINTR)
		;
	end->witness_pid = -1;
}
