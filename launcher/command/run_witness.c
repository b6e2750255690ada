/* SPDX-License-Identifier: MIT */
#include "launcher/command/run_witness.h"

#include "config/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* A signal to a group is with all of it before the sender goes on; only that the witness runs is waited for. */
#define WAIT_MS 20
/* What was seen so long ago was a signal that this process took as one with the next. */
#define STALE_MS 200

static void be_witness(const sigset_t *taken, int fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent) {
		struct run_witnessed seen;
		siginfo_t info;

		if (sigwaitinfo(taken, &info) < 0 || info.si_code > 0)
			continue;
		seen = (struct run_witnessed){info.si_signo, info.si_pid, clock_monotonic_ms()};
		if (write(fd, &seen, sizeof(seen)) < 0)
			break;
	}
	_exit(0);
}

void run_witness_start(struct run_witness *self, const sigset_t *taken)
{
	const pid_t parent = getpid();
	int ends[2];

	*self = (struct run_witness){.pid = -1, .fd = -1};
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return;
	self->pid = fork();
	if (self->pid == 0)
		be_witness(taken, ends[1], parent);
	close(ends[1]);
	self->fd = ends[0];
}

pid_t run_witness_dismiss(struct run_witness *self)
{
	const pid_t pid = self->pid;

	if (pid > 0)
		kill(pid, SIGKILL);
	if (self->fd >= 0)
		close(self->fd);
	*self = (struct run_witness){.pid = -1, .fd = -1};
	return pid;
}

static void forget(struct run_witness *self, size_t index)
{
	self->count--;
	memmove(&self->seen[index], &self->seen[index + 1], (self->count - index) * sizeof(self->seen[0]));
}

static void hear(struct run_witness *self)
{
	const int64_t now_ms = clock_monotonic_ms();
	struct run_witnessed seen;

	for (size_t i = self->count; i-- > 0;)
		if (now_ms - self->seen[i].seen_ms > STALE_MS)
			forget(self, i);
	while (read(self->fd, &seen, sizeof(seen)) == (ssize_t)sizeof(seen)) {
		if (self->count == RUN_WITNESS_MAX)
			forget(self, 0);
		self->seen[self->count++] = seen;
	}
}

static bool take(struct run_witness *self, const siginfo_t *info)
{
	for (size_t i = 0; i < self->count; i++) {
		if (self->seen[i].signal != info->si_signo || self->seen[i].sender != info->si_pid)
			continue;
		forget(self, i);
		return true;
	}
	return false;
}

bool run_witness_saw(struct run_witness *self, const siginfo_t *info)
{
	const int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
	int64_t left_ms = WAIT_MS;

	while (self->pid > 0) {
		struct pollfd pollfd = {.fd = self->fd, .events = POLLIN};

		hear(self);
		if (take(self, info))
			return true;
		left_ms = deadline_ms - clock_monotonic_ms();
		if (left_ms <= 0 || poll(&pollfd, 1, (int)left_ms) <= 0 || (pollfd.revents & POLLIN) == 0)
			break;
	}
	return false;
}
