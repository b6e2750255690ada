/* SPDX-License-Identifier: MIT */
#include "ui/signals.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const struct {
	int number;
	enum signals_event event;
} watched[] = {
	{SIGINT, SIGNALS_INTERRUPT}, {SIGTERM, SIGNALS_FATAL},    {SIGHUP, SIGNALS_FATAL},    {SIGQUIT, SIGNALS_FATAL},
	{SIGTSTP, SIGNALS_STOP},     {SIGCONT, SIGNALS_CONTINUE}, {SIGWINCH, SIGNALS_RESIZE},
};
#define WATCHED (sizeof(watched) / sizeof(watched[0]))

static bool is_of_terminal(enum signals_event event)
{
	return event == SIGNALS_STOP || event == SIGNALS_CONTINUE || event == SIGNALS_RESIZE;
}

static int open_some(struct signals *self, bool only_terminal)
{
	sigset_t set;

	self->fd = -1;
	sigemptyset(&set);
	for (size_t i = 0; i < WATCHED; i++) {
		struct sigaction current;
		if (only_terminal && !is_of_terminal(watched[i].event))
			continue;
		if (watched[i].number != SIGINT && sigaction(watched[i].number, NULL, &current) == 0 &&
		    current.sa_handler == SIG_IGN)
			continue;
		sigaddset(&set, watched[i].number);
	}
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	int result = pthread_sigmask(SIG_BLOCK, &set, &self->old_mask);
	if (result != 0) {
		close(fd);
		return -result;
	}
	self->fd = fd;
	return 0;
}

int signals_open(struct signals *self)
{
	return open_some(self, false);
}

int signals_open_terminal(struct signals *self)
{
	return open_some(self, true);
}

void signals_close(struct signals *self)
{
	if (self->fd < 0)
		return;
	close(self->fd);
	self->fd = -1;
	pthread_sigmask(SIG_SETMASK, &self->old_mask, NULL);
}

int signals_wait_also(const struct signals *self, int input, int also, struct signals_ready *ready)
{
	struct pollfd fds[] = {
		{.fd = input, .events = POLLIN}, {.fd = self->fd, .events = POLLIN}, {.fd = also, .events = POLLIN}};

	while (poll(fds, 3, -1) < 0)
		if (errno != EINTR)
			return -errno;
	ready->input = fds[0].revents != 0;
	ready->signal = fds[1].revents != 0;
	ready->also = fds[2].revents != 0;
	return 0;
}

int signals_wait(const struct signals *self, int input, struct signals_ready *ready)
{
	return signals_wait_also(self, input, -1, ready);
}

enum signals_event signals_next(const struct signals *self, int *number)
{
	struct signalfd_siginfo info;

	if (read(self->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return SIGNALS_NONE;
	for (size_t i = 0; i < WATCHED; i++) {
		if (watched[i].number != (int)info.ssi_signo)
			continue;
		if (watched[i].event == SIGNALS_FATAL)
			*number = watched[i].number;
		return watched[i].event;
	}
	return SIGNALS_NONE;
}

void signals_stop(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL}, old;
	sigset_t set;

	sigemptyset(&action.sa_mask);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigaction(SIGTSTP, &action, &old);
	/* The whole job, as the terminal itself would: else `upfront | tee` and `make run` stay in the foreground, deaf. */
	kill(0, SIGTSTP);
	/* Blocked until here: it stops the process within this call. */
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGTSTP, &old, NULL);
}
