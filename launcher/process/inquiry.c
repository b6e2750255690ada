/* SPDX-License-Identifier: MIT */
#include "launcher/process/inquiry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config/clock.h"
#include "config/err.h"
#include "launcher/process/fd.h"
#include "launcher/process/spawn.h"
#include "launcher/process/strays.h"

#define READ_BYTES 4096u
#define READS_AT_ONCE 16 /* of what a flood writes; the limit ends it */
#define SWEEP_LIMIT_MS 1000
#define SWEEP_PAUSE_MS 2

struct inquiry {
	struct child child;
	bool reaped;
	int poll_fd, out_fd, timer_fd;
	int was_subreaper;
	struct proc_list before; /* children that were there already */
	enum inquiry_state state;
	int code;
	size_t used;
	char output[INQUIRY_OUTPUT_MAX + 1];
};

/* ---- Starting ---- */

/* Takes it whole, however long, and nobody has to wait for who does not read. */
static int make_input(const char *bytes, size_t size_bytes)
{
	int fd = memfd_create("upfront-inquiry", MFD_CLOEXEC);

	while (fd >= 0 && size_bytes) {
		ssize_t put = write(fd, bytes, size_bytes);

		if (put < 0 && errno != EINTR) {
			int error = errno;

			close(fd);
			return -error;
		}
		bytes += put > 0 ? put : 0;
		size_bytes -= put > 0 ? (size_t)put : 0;
	}
	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return fd;
}

static int watch(const struct inquiry *self, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(self->poll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int make_timer(struct inquiry *self, int limit_ms)
{
	const struct itimerspec limit = {.it_value = {limit_ms / 1000, (limit_ms % 1000) * 1000000L + 1}};

	self->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (self->timer_fd < 0 || timerfd_settime(self->timer_fd, 0, &limit, NULL) < 0)
		return -errno;
	return watch(self, self->timer_fd);
}

static int start(struct inquiry *self, const struct inquiry_options *options, struct err *err)
{
	struct spawn_options spawn = {
		.argv = options->argv,
		.environment = options->environment,
		.cwd = options->cwd,
		.keep_fd = -1,
		.death_signal = SIGKILL,
	};
	int fds[2] = {-1, -1}, result;

	spawn.stdin_fd = make_input(options->input, options->input_size_bytes);
	result = spawn.stdin_fd < 0 ? spawn.stdin_fd : pipe2(fds, O_CLOEXEC) < 0 ? -errno : 0;
	self->out_fd = fds[0];
	if (result == 0 && fcntl(self->out_fd, F_SETFL, O_NONBLOCK) < 0)
		result = -errno;
	if (result == 0)
		result = watch(self, self->out_fd);
	if (result == 0)
		result = make_timer(self, options->limit_ms);
	if (result < 0) {
		err_set(err, ERR_FAILED, "cannot start %s: %s", options->argv[0], strerror(-result));
	} else {
		spawn.stdout_fd = spawn.stderr_fd = fds[1];
		result = spawn_child(&spawn, &self->child, err);
	}
	if (result == 0)
		result = watch(self, self->child.pidfd);
	fd_close(&spawn.stdin_fd);
	fd_close(&fds[1]);
	return result;
}

int inquiry_start(const struct inquiry_options *options, struct inquiry **inquiry, struct err *err)
{
	struct inquiry *self = calloc(1, sizeof(*self));
	int result;

	if (self == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	self->child = (struct child){.pid = -1, .pidfd = -1};
	self->out_fd = self->timer_fd = -1;
	prctl(PR_GET_CHILD_SUBREAPER, &self->was_subreaper);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	self->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	result = self->poll_fd < 0 ? -errno : strays_children(&self->before);
	if (result < 0)
		err_set(err, ERR_FAILED, "cannot start %s: %s", options->argv[0], strerror(-result));
	else
		result = start(self, options, err);
	if (result < 0)
		inquiry_destroy(self);
	else
		*inquiry = self;
	return result;
}

int inquiry_poll_fd(const struct inquiry *self)
{
	return self->poll_fd;
}

/* ---- While it runs ---- */

static void keep_output(struct inquiry *self, const char *bytes, size_t size_bytes)
{
	size_t room = INQUIRY_OUTPUT_MAX - self->used;

	if (size_bytes > room)
		size_bytes = room;
	memcpy(self->output + self->used, bytes, size_bytes);
	self->used += size_bytes;
}

static void read_output(struct inquiry *self)
{
	char bytes[READ_BYTES];

	for (int i = 0; self->out_fd >= 0 && i < READS_AT_ONCE; i++) {
		ssize_t got = read(self->out_fd, bytes, sizeof(bytes));

		if (got > 0)
			keep_output(self, bytes, (size_t)got);
		else if (got == 0 || (errno != EAGAIN && errno != EINTR))
			fd_close(&self->out_fd);
		else
			break;
	}
	explicit_bzero(bytes, sizeof(bytes));
}

static bool has_ended(struct inquiry *self)
{
	siginfo_t info = {.si_pid = 0};

	if (waitid(P_PIDFD, (id_t)self->child.pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return false;
	self->reaped = true;
	self->state = info.si_code == CLD_EXITED ? INQUIRY_EXITED : INQUIRY_KILLED;
	self->code = info.si_status;
	return true;
}

static bool is_over_time(const struct inquiry *self)
{
	uint64_t times;

	return read(self->timer_fd, &times, sizeof(times)) == (ssize_t)sizeof(times);
}

enum inquiry_state inquiry_step(struct inquiry *self, int *code)
{
	if (self->state == INQUIRY_RUNS) {
		read_output(self);
		/* What was in the pipe when it ended is still its word; who else holds the pipe has none. */
		if (has_ended(self))
			read_output(self);
		else if (is_over_time(self))
			self->state = INQUIRY_TIMED_OUT;
	}
	*code = self->code;
	return self->state;
}

const char *inquiry_output(const struct inquiry *self, size_t *size_bytes)
{
	*size_bytes = self->used;
	return self->output;
}

/* ---- The end ---- */

static bool was_there(const struct inquiry *self, pid_t pid)
{
	for (size_t i = 0; i < self->before.count; i++)
		if (self->before.items[i].pid == pid)
			return true;
	return false;
}

static void kill_below(pid_t root)
{
	struct proc_list list = {0};

	if (strays_below(root, &list) == 0)
		for (size_t i = 0; i < list.count; i++)
			proc_signal(&list.items[i], SIGKILL);
	proc_list_finish(&list);
}

/* Kills and reaps the children that were not there before, with all below them; those become ours when they lose their own. */
static bool sweep(const struct inquiry *self)
{
	struct proc_list list = {0};
	bool left = false;

	if (strays_children(&list) < 0)
		return false;
	for (size_t i = 0; i < list.count; i++) {
		pid_t pid = list.items[i].pid;

		if (was_there(self, pid))
			continue;
		left = true;
		kill_below(pid);
		/* Our own child, and not reaped: its number is still its own. */
		kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, WNOHANG);
	}
	proc_list_finish(&list);
	return left;
}

static void end_all(const struct inquiry *self)
{
	const struct timespec pause = {.tv_nsec = SWEEP_PAUSE_MS * 1000000L};
	const int64_t deadline_ms = clock_monotonic_ms() + SWEEP_LIMIT_MS;

	while (sweep(self) && clock_monotonic_ms() < deadline_ms)
		nanosleep(&pause, NULL);
	if (!self->reaped)
		(void)waitpid(self->child.pid, NULL, WNOHANG);
}

void inquiry_destroy(struct inquiry *self)
{
	if (self == NULL)
		return;
	if (self->child.pid > 0)
		end_all(self);
	prctl(PR_SET_CHILD_SUBREAPER, self->was_subreaper);
	fd_close(&self->child.pidfd);
	fd_close(&self->out_fd);
	fd_close(&self->timer_fd);
	fd_close(&self->poll_fd);
	proc_list_finish(&self->before);
	explicit_bzero(self->output, sizeof(self->output));
	free(self);
}
