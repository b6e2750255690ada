/* SPDX-License-Identifier: MIT */
#include "launcher/command/signal_end.h"

#include <poll.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

void signal_end_init(struct signal_end *self)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

	self->signal = 0;
	sigemptyset(&self->signals);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		struct sigaction action;

		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL)
			sigaddset(&self->signals, numbers[i]);
	}
	self->fd = signalfd(-1, &self->signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

void signal_end_finish(struct signal_end *self)
{
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
}

void signal_end_wait(struct signal_end *self, int fd)
{
	struct pollfd polls[] = {{.fd = fd, .events = POLLIN}, {.fd = self->fd, .events = POLLIN}};
	struct signalfd_siginfo info;
	sigset_t before;

	if (self->fd >= 0)
		sigprocmask(SIG_BLOCK, &self->signals, &before);
	(void)poll(polls, 2, -1);
	if (self->fd < 0)
		return;
	if (read(self->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		self->signal = (int)info.ssi_signo;
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void signal_end_die(int signal_number)
{
	sigset_t this_one;

	prctl(PR_SET_DUMPABLE, 0);
	signal(signal_number, SIG_DFL);
	sigemptyset(&this_one);
	sigaddset(&this_one, signal_number);
	raise(signal_number);
	sigprocmask(SIG_UNBLOCK, &this_one, NULL);
}
