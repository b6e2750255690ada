/* SPDX-License-Identifier: MIT */
/*
 * "Does this command succeed?" It runs in a session of its own, and the whole of that session is killed when its time is up. Its
 * process is reaped by whoever reaps for all; until then no further attempt begins, so they cannot pile up.
 */
#include "launcher/process/probe_kind.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/descendants.h"
#include "launcher/process/spawn.h"

#define TAIL_BYTES 1024u /* of output: its last line is the detail */
#define READ_BYTES 16384u
#define READS_AT_ONCE 4 /* so that a flood leaves the loop to others */
#define LINE_BYTES 400

struct exec {
	struct child child; /* pid 0: none */
	bool killed;
	int out_fd;
	struct event *readable;
	char tail[TAIL_BYTES];
	size_t used;
};

static void close_output(struct exec *exec)
{
	if (exec->readable)
		event_free(exec->readable);
	exec->readable = NULL;
	if (exec->out_fd >= 0)
		close(exec->out_fd);
	exec->out_fd = -1;
}

/* Only the end of what was written is kept. */
static void keep_tail(struct exec *exec, const char *bytes, size_t size_bytes)
{
	if (size_bytes > TAIL_BYTES) {
		bytes += size_bytes - TAIL_BYTES;
		size_bytes = TAIL_BYTES;
	}
	if (exec->used + size_bytes > TAIL_BYTES) {
		size_t drop = exec->used + size_bytes - TAIL_BYTES;
		memmove(exec->tail, exec->tail + drop, exec->used - drop);
		exec->used -= drop;
	}
	memcpy(exec->tail + exec->used, bytes, size_bytes);
	exec->used += size_bytes;
}

static void on_output(evutil_socket_t fd, short what, void *context)
{
	(void)what;
	struct exec *exec = context;
	char bytes[READ_BYTES];
	for (int i = 0; i < READS_AT_ONCE; i++) {
		ssize_t got = read((int)fd, bytes, sizeof bytes);
		if (got > 0) {
			keep_tail(exec, bytes, (size_t)got);
			continue;
		}
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			close_output(exec);
		return;
	}
}

/* The last line that says anything. */
static const char *last_line(const struct exec *exec, int *length)
{
	size_t end = exec->used;
	while (end > 0 && (exec->tail[end - 1] == '\n' || exec->tail[end - 1] == '\r' || exec->tail[end - 1] == ' '))
		end--;
	size_t begin = end;
	while (begin > 0 && exec->tail[begin - 1] != '\n')
		begin--;
	*length = end - begin < LINE_BYTES ? (int)(end - begin) : LINE_BYTES;
	return exec->tail + begin;
}

static int start(struct probe *self, struct exec *exec, int out_fd, struct err *err)
{
	const struct spawn_options options = {
		.argv = self->options.spec->argv,
		.environment = self->options.environment,
		.cwd = self->options.cwd,
		.user = self->options.user,
		.users = self->options.users,
		.stdin_fd = -1,
		.stdout_fd = out_fd,
		.stderr_fd = out_fd,
		.keep_fd = -1,
		.death_signal = SIGKILL,
	};
	return spawn_child(&options, &exec->child, err);
}

static void begin_exec(struct probe *self)
{
	struct exec *exec = self->state;
	struct err err = ERR_INIT;
	int fds[2] = {-1, -1};
	if (exec->child.pid != 0) {
		probe_decide(self, false, "the command of the last attempt has not ended yet");
		return;
	}
	if (pipe2(fds, O_CLOEXEC) < 0) {
		probe_decide(self, false, "cannot start the command: %s", strerror(errno));
		return;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	exec->out_fd = fds[0];
	exec->used = 0;
	exec->killed = false;
	exec->readable = event_new(self->options.base, fds[0], EV_READ | EV_PERSIST, on_output, exec);
	if (!exec->readable || event_add(exec->readable, NULL) < 0)
		probe_decide(self, false, "cannot start the command: out of memory");
	else if (start(self, exec, fds[1], &err) < 0)
		probe_decide(self, false, "%s", err.count > 0 ? err.items[0].message : "cannot start the command");
	close(fds[1]);
	if (exec->child.pid == 0)
		close_output(exec);
	err_finish(&err);
}

/* Leader, session, and what was started from it; not yet reaped, so the pid is still its own. */
static void stop_exec(struct probe *self)
{
	struct exec *exec = self->state;
	struct proc_list list = {0};
	close_output(exec);
	if (exec->child.pid == 0 || exec->killed)
		return;
	exec->killed = true;
	if (descendants_of_session(exec->child.pid, &list) == 0) {
		for (size_t i = 0; i < list.count; i++)
			proc_signal(&list.items[i], SIGKILL);
		proc_list_finish(&list);
	}
	pidfd_send_signal(exec->child.pidfd, SIGKILL, NULL, 0);
}

static bool reaped_exec(struct probe *self, pid_t pid, bool signaled, int code)
{
	struct exec *exec = self->state;
	if (exec->child.pid == 0 || exec->child.pid != pid)
		return false;
	close(exec->child.pidfd);
	exec->child = (struct child){.pidfd = -1};
	if (exec->killed)
		return true;
	if (exec->readable)
		on_output(exec->out_fd, EV_READ, exec);
	close_output(exec);

	int length = 0;
	const char *line = last_line(exec, &length);
	if (signaled)
		probe_decide(self, false, "killed by SIG%s", sigabbrev_np(code) ? sigabbrev_np(code) : "?");
	else
		probe_decide(self, code == 0, "exit code %d%s%.*s", code, length > 0 ? ": " : "", length, line);
	return true;
}

static int open_exec(struct probe *self, struct err *err)
{
	const struct probe_spec *spec = self->options.spec;
	if (!spec->argv || !spec->argv[0])
		return err_at(err, ERR_CONFIG, spec->place, "an exec probe needs a command");
	struct exec *exec = calloc(1, sizeof *exec);
	self->state = exec;
	if (!exec)
		return err_set(err, ERR_FAILED, "cannot make a probe: out of memory");
	exec->out_fd = exec->child.pidfd = -1;
	return 0;
}

static void close_exec(struct probe *self)
{
	struct exec *exec = self->state;
	if (!exec)
		return;
	stop_exec(self);
	if (exec->child.pid != 0)
		close(exec->child.pidfd);
	free(exec);
}

const struct probe_kind_ops probe_kind_exec = {
	.open = open_exec,
	.begin = begin_exec,
	.stop = stop_exec,
	.close = close_exec,
	.reaped = reaped_exec,
};
