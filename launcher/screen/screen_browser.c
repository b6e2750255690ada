/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_browser.h"

#include "launcher/process/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_RUN 127

void browser_init(struct screen_browser *self)
{
	*self = (struct screen_browser){.pidfd = -1};
}

void browser_finish(struct screen_browser *self)
{
	fd_close(&self->pidfd);
	browser_init(self);
}

/* Those that have ended are forgotten; how the last one did is told. */
static enum browser_end reap(struct screen_browser *self)
{
	enum browser_end end = BROWSER_RUNS;
	size_t kept = 0;

	for (size_t i = 0; i < self->count; i++) {
		int status = 0;
		const pid_t pid = waitpid(self->pids[i], &status, WNOHANG);

		if (pid == 0)
			self->pids[kept++] = self->pids[i];
		else if (i + 1 == self->count)
			end = pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_RUN ? BROWSER_MISSING
												  : BROWSER_ENDED;
	}
	self->count = kept;
	return end;
}

/* What the screen has blocked or handles is none of the browser's business. */
static void become(const char *url, const char *const *environment)
{
	const char *const argv[] = {"xdg-open", url, NULL};
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	setsid();
	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	for (int number = 1; number < SIGRTMIN; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvpe(argv[0], (char *const *)argv, (char *const *)environment);
	_exit(EXIT_NOT_RUN);
}

int browser_start(struct screen_browser *self, const char *url, const char *const *environment)
{
	pid_t pid;

	fd_close(&self->pidfd);
	reap(self);
	if (self->count == BROWSERS_MAX)
		return -EAGAIN;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(url, environment);
	self->pids[self->count++] = pid;
	self->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return 0;
}

enum browser_end browser_step(struct screen_browser *self)
{
	const enum browser_end end = reap(self);

	if (end != BROWSER_RUNS)
		fd_close(&self->pidfd);
	return end;
}
