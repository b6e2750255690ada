/* SPDX-License-Identifier: MIT */
/* One run of the Compose program: a child with two pipes, in a session of its own. */
#include "config/err.h"
#include "launcher/engine/compose_cli.h"
#include "launcher/engine/compose_complaint.h"
#include "launcher/process/descendants.h"
#include "launcher/process/fd.h"
#include "launcher/process/spawn.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES 4096u
/* What is read in one turn of the loop, and at the end of what somebody else still holds open. */
#define READS_MAX 16
#define ARGS_MAX 8192u

struct stream {
	struct compose_run *run;
	int fd;
	struct event *event;
	struct compose_lines lines;
};

struct compose_run {
	struct compose_run_options options;
	pid_t pid; /* 0: it has ended */
	pid_t group;
	struct stream streams[2]; /* standard output, standard error */
	struct event *ended; /* `done` is to be told */
	int code;
	struct compose_complaint complaint;
};

static void on_line(void *context, const char *line)
{
	struct compose_run *self = context;

	compose_complaint_line(&self->complaint, line);
	if (self->options.line != NULL)
		self->options.line(self->options.context, line);
}

static void stream_end(struct stream *self)
{
	if (self->event != NULL)
		event_free(self->event);
	self->event = NULL;
	if (self->fd >= 0)
		compose_lines_end(&self->lines, on_line, self->run);
	fd_close(&self->fd);
}

/* False at its end. */
static bool stream_read(struct stream *self)
{
	char bytes[READ_BYTES];

	for (int i = 0; i < READS_MAX; i++) {
		ssize_t got = read(self->fd, bytes, sizeof bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return true;
		if (got <= 0)
			return false;
		compose_lines_take(&self->lines, bytes, (size_t)got, on_line, self->run);
	}
	return true;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct stream *self = context;

	(void)fd;
	(void)what;
	if (!stream_read(self))
		stream_end(self);
}

static void on_ended(evutil_socket_t fd, short what, void *context)
{
	struct compose_run *self = context;

	(void)fd;
	(void)what;
	self->options.done(self->options.context, self->code, NULL);
}

/* Whom it has started may have left its group; its session they have seldom left. */
static void kill_all(const struct compose_run *self)
{
	struct proc_list list = {NULL, 0};

	if (descendants_of_session(self->group, &list) == 0)
		for (size_t i = 0; i < list.count; i++)
			(void)proc_signal(&list.items[i], SIGKILL);
	proc_list_finish(&list);
}

static int open_pipes(struct compose_run *self, int ends[2])
{
	for (int i = 0; i < 2; i++) {
		int pair[2];

		if (pipe2(pair, O_CLOEXEC) < 0)
			return -errno;
		self->streams[i].fd = pair[0];
		ends[i] = pair[1];
		if (fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0)
			return -errno;
	}
	return 0;
}

static int watch(struct compose_run *self)
{
	self->ended = event_new(self->options.base, -1, 0, on_ended, self);
	for (int i = 0; i < 2; i++) {
		struct stream *stream = &self->streams[i];

		stream->event = event_new(self->options.base, stream->fd, EV_READ | EV_PERSIST, on_readable, stream);
		if (stream->event == NULL || event_add(stream->event, NULL) < 0)
			return -ENOMEM;
	}
	return self->ended != NULL ? 0 : -ENOMEM;
}

/* The program's words, then the caller's. */
static const char **whole_argv(const struct compose_run_options *options)
{
	size_t count = 0, args = 0;
	const char **argv;

	while (options->args[args] != NULL && args < ARGS_MAX)
		args++;
	argv = calloc(COMPOSE_ARGV_MAX + args + 1, sizeof(*argv));
	if (argv == NULL)
		return NULL;
	while (count < COMPOSE_ARGV_MAX && options->cli->argv[count] != NULL) {
		argv[count] = options->cli->argv[count];
		count++;
	}
	for (size_t i = 0; i < args; i++)
		argv[count++] = options->args[i];
	return argv;
}

static int begin(struct compose_run *self, int ends[2], struct err *err)
{
	const char **argv = whole_argv(&self->options);
	struct spawn_options options = {.argv = argv,
					.environment = self->options.environment,
					.cwd = self->options.cwd,
					.stdin_fd = -1,
					.keep_fd = -1,
					.death_signal = SIGKILL};
	struct child child;
	int result = argv != NULL ? open_pipes(self, ends) : -ENOMEM;

	if (result == 0)
		result = watch(self);
	if (result < 0) {
		err_set(err, ERR_FAILED, "cannot start %s: %s", self->options.cli->shown, strerror(-result));
		goto out;
	}
	options.stdout_fd = ends[0];
	options.stderr_fd = ends[1];
	result = spawn_child(&options, &child, err);
	if (result < 0)
		goto out;
	close(child.pidfd);
	self->pid = self->group = child.pid;
out:
	free(argv);
	return result;
}

struct compose_run *compose_run_start(const struct compose_run_options *options, struct err *err)
{
	struct compose_run *self = calloc(1, sizeof(*self));
	int ends[2] = {-1, -1};

	if (self == NULL) {
		err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	self->options = *options;
	for (int i = 0; i < 2; i++)
		self->streams[i] = (struct stream){.run = self, .fd = -1};
	if (begin(self, ends, err) < 0) {
		compose_run_destroy(self);
		self = NULL;
	}
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	return self;
}

bool compose_run_is(const struct compose_run *self, pid_t pid)
{
	return self != NULL && self->pid != 0 && self->pid == pid;
}

bool compose_run_reaped(struct compose_run *self, pid_t pid, bool signaled, int number)
{
	bool held = false;

	if (!compose_run_is(self, pid))
		return false;
	for (int i = 0; i < 2; i++) {
		struct stream *stream = &self->streams[i];

		if (stream->fd >= 0 && stream_read(stream))
			held = true;
		stream_end(stream);
	}
	/* Somebody holds its pipes: what it had started and did not wait for. */
	if (held)
		kill_all(self);
	self->pid = 0;
	self->code = signaled ? 128 + number : number;
	event_active(self->ended, EV_TIMEOUT, 1);
	return true;
}

void compose_run_stop(struct compose_run *self, bool hard)
{
	if (self == NULL || self->pid == 0)
		return;
	if (hard)
		kill_all(self);
	(void)kill(-self->group, hard ? SIGKILL : SIGTERM);
}

void compose_run_destroy(struct compose_run *self)
{
	if (self == NULL)
		return;
	/* Nobody listens any more, not to what is left in the pipes either. */
	self->options.line = NULL;
	compose_run_stop(self, true);
	for (int i = 0; i < 2; i++)
		stream_end(&self->streams[i]);
	if (self->ended != NULL)
		event_free(self->ended);
	free(self);
}

const char *compose_run_complaint(const struct compose_run *self)
{
	return compose_complaint_text(&self->complaint, self->pid == 0 && self->code != 0);
}
