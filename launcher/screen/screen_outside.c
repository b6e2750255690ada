/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_outside.h"

#include "config/err.h"
#include "launcher/process/fd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 300

void outside_init(struct screen_outside *self)
{
	*self = (struct screen_outside){.pid = -1, .pidfd = -1, .signal_fd = -1};
}

/* Whoever is in the background may set the foreground only with SIGTTOU out of the way. */
static void set_foreground(pid_t group)
{
	sigset_t block, before;

	sigemptyset(&block);
	sigaddset(&block, SIGTTOU);
	sigprocmask(SIG_BLOCK, &block, &before);
	tcsetpgrp(STDIN_FILENO, group);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void over(struct screen_outside *self)
{
	if (self->kind == OUTSIDE_NOTHING)
		return;
	if (self->pid > 0)
		set_foreground(getpgrp());
	if (self->has_modes)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &self->modes);
	if (self->remove != NULL)
		unlink(self->remove);
	free(self->remove);
	fd_close(&self->pidfd);
	if (self->signal_fd >= 0)
		pthread_sigmask(SIG_SETMASK, &self->mask, NULL);
	fd_close(&self->signal_fd);
	outside_init(self);
}

bool outside_finish(struct screen_outside *self)
{
	struct pollfd end = {.fd = self->pidfd, .events = POLLIN};
	const bool ran = self->pid > 0;
	siginfo_t how;

	if (ran) {
		kill(-self->pid, SIGTERM);
		kill(-self->pid, SIGCONT);
		(void)poll(&end, 1, self->pidfd >= 0 ? GRACE_MS : 0);
		kill(-self->pid, SIGKILL);
		while (waitid(P_PID, (id_t)self->pid, &how, WEXITED) < 0 && errno == EINTR)
			;
	}
	over(self);
	return ran;
}

/* In the child: signals as a shell's job finds them, the terminal its own. */
static void begin_job(void)
{
	static const int defaults[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD, SIGPIPE};
	sigset_t none;

	/* Whoever has lent the terminal is gone: so is what it was lent to. */
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	setpgid(0, 0);
	set_foreground(getpid());
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		signal(defaults[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Before there is a program: what it does to the terminal, and when it stops, is not to be missed. */
static void prepare(struct screen_outside *self, enum outside_kind kind, char *remove)
{
	sigset_t child;

	outside_init(self);
	self->kind = kind;
	self->remove = remove;
	self->has_modes = tcgetattr(STDIN_FILENO, &self->modes) == 0;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	self->signal_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (self->signal_fd >= 0)
		pthread_sigmask(SIG_BLOCK, &child, &self->mask);
}

static int fail(struct screen_outside *self, int result, struct err *err)
{
	err_set(err, ERR_FAILED, "cannot start another program: %s", strerror(-result));
	outside_finish(self);
	return result;
}

static int begin(struct screen_outside *self, pid_t pid, struct err *err)
{
	if (pid < 0)
		return fail(self, -errno, err);
	setpgid(pid, pid);
	self->pid = pid;
	self->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (self->pidfd < 0)
		return fail(self, -errno, err);
	set_foreground(pid);
	return 0;
}

int outside_run(struct screen_outside *self, enum outside_kind kind, const char *const *argv,
		const char *const *environment, char *remove, struct err *err)
{
	pid_t pid;

	prepare(self, kind, remove);
	pid = fork();
	if (pid == 0) {
		begin_job();
		dup2(STDERR_FILENO, STDOUT_FILENO);
		/* execvpe looks along the PATH that we have; the environment is the one given. */
		execvpe(argv[0], (char *const *)argv, (char *const *)environment);
		_exit(OUTSIDE_NOT_RUN);
	}
	return begin(self, pid, err);
}

int outside_call(struct screen_outside *self, enum outside_kind kind, int (*run)(void *context), void *context,
		 struct err *err)
{
	pid_t pid;

	prepare(self, kind, NULL);
	pid = fork();
	if (pid == 0) {
		begin_job();
		_exit(run(context));
	}
	return begin(self, pid, err);
}

void outside_wait_key(void)
{
	struct termios modes;
	char keys[256];

	if (tcgetattr(STDIN_FILENO, &modes) < 0)
		return;
	modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
	(void)!read(STDIN_FILENO, keys, sizeof(keys));
}

bool outside_step(struct screen_outside *self, int *exit_code)
{
	struct signalfd_siginfo signal;
	siginfo_t how = {0};

	*exit_code = 0;
	/* Any child's: all that counts is that one came. */
	while (self->signal_fd >= 0 && read(self->signal_fd, &signal, sizeof(signal)) > 0)
		;
	if (waitid(P_PID, (id_t)self->pid, &how, WEXITED | WSTOPPED | WNOHANG) < 0 && errno != ECHILD)
		return false;
	if (how.si_pid == self->pid && (how.si_code == CLD_STOPPED || how.si_code == CLD_TRAPPED)) {
		set_foreground(self->pid);
		kill(-self->pid, SIGCONT);
		return false;
	}
	if (how.si_pid != self->pid && self->pid > 0 && kill(self->pid, 0) == 0)
		return false;
	*exit_code = how.si_code == CLD_EXITED ? how.si_status : 128 + how.si_status;
	over(self);
	return true;
}
