/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_outside.h"

#include "config/err.h"
#include "launcher/process/fd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 300

void outside_init(struct screen_outside *self)
{
	*self = (struct screen_outside){.pid = -1, .pidfd = -1};
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

	setpgid(0, 0);
	set_foreground(getpid());
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		signal(defaults[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int begin(struct screen_outside *self, enum outside_kind kind, pid_t pid, char *remove)
{
	setpgid(pid, pid);
	self->kind = kind;
	self->pid = pid;
	self->remove = remove;
	self->has_modes = tcgetattr(STDIN_FILENO, &self->modes) == 0;
	self->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	set_foreground(pid);
	return self->pidfd < 0 ? -errno : 0;
}

static int fail(struct screen_outside *self, int result, char *remove, struct err *err)
{
	err_set(err, ERR_FAILED, "cannot start another program: %s", strerror(-result));
	if (self->kind != OUTSIDE_NOTHING) {
		outside_finish(self);
	} else if (remove != NULL) {
		unlink(remove);
		free(remove);
	}
	return result;
}

int outside_run(struct screen_outside *self, enum outside_kind kind, const char *const *argv,
		const char *const *environment, char *remove, struct err *err)
{
	pid_t pid = fork();
	int result;

	if (pid < 0)
		return fail(self, -errno, remove, err);
	if (pid == 0) {
		begin_job();
		dup2(STDERR_FILENO, STDOUT_FILENO);
		/* execvpe looks along the PATH that we have; the environment is the one given. */
		execvpe(argv[0], (char *const *)argv, (char *const *)environment);
		_exit(OUTSIDE_NOT_RUN);
	}
	result = begin(self, kind, pid, remove);
	return result < 0 ? fail(self, result, NULL, err) : 0;
}

int outside_call(struct screen_outside *self, enum outside_kind kind, int (*run)(void *context), void *context,
		 struct err *err)
{
	pid_t pid = fork();
	int result;

	if (pid < 0)
		return fail(self, -errno, NULL, err);
	if (pid == 0) {
		begin_job();
		_exit(run(context));
	}
	result = begin(self, kind, pid, NULL);
	return result < 0 ? fail(self, result, NULL, err) : 0;
}

void outside_wait_key(struct screen_outside *self)
{
	struct termios modes;

	self->kind = OUTSIDE_TEXT;
	self->has_modes = tcgetattr(STDIN_FILENO, &self->modes) == 0;
	if (!self->has_modes)
		return;
	modes = self->modes;
	modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

int outside_fd(const struct screen_outside *self)
{
	if (self->kind == OUTSIDE_TEXT)
		return STDIN_FILENO;
	return self->pidfd;
}

bool outside_step(struct screen_outside *self, int *exit_code)
{
	siginfo_t how = {0};
	char keys[256];

	*exit_code = 0;
	if (self->kind == OUTSIDE_TEXT) {
		/* All of a key's sequence, so that none of it does something on the screen. */
		(void)!read(STDIN_FILENO, keys, sizeof(keys));
		over(self);
		return true;
	}
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
