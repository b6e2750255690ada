/* SPDX-License-Identifier: MIT */
#include "launcher/engine/native.h"

#include "config/stack.h"
#include "launcher/process/fd.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LASTING_FD_MIN 64

/* Room for a burst while we do something else; only asked for where it cannot use up the user's allowance for pipes. */
#define ROOMY_PIPE_BYTES (2 * NATIVE_READ_BYTES)

void native_ends_close(struct native_ends *ends)
{
	if (ends->out == ends->in)
		ends->out = -1;
	if (ends->err == ends->in)
		ends->err = -1;
	fd_close(&ends->in);
	fd_close(&ends->out);
	fd_close(&ends->err);
}

/* ---- Opening ---- */

/* The low numbers are for what children are given: see spawn_child. Where it cannot be moved it stays. */
static int move_up(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, LASTING_FD_MIN);

	if (moved < 0)
		return fd;
	close(fd);
	return moved;
}

static int open_pipe(struct native_unit *unit, enum engine_stream stream, int *child_end)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	unit->streams[stream].fd = move_up(ends[0]);
	*child_end = ends[1];
	/* Only our end: non-blocking output is no service's business. */
	if (fcntl(unit->streams[stream].fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	if (unit->engine->roomy_pipes)
		(void)fcntl(unit->streams[stream].fd, F_SETPIPE_SZ, ROOMY_PIPE_BYTES);
	return 0;
}

static int open_stdin(struct native_unit *unit, int *child_end)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*child_end = ends[0];
	unit->stdin_fd = move_up(ends[1]);
	return 0;
}

int native_output_open(struct native_unit *unit, struct native_ends *ends, struct err *err)
{
	int rc = 0;

	*ends = (struct native_ends){-1, -1, -1, false};
	if (unit->service->tty) {
		rc = native_terminal_open(unit, ends);
	} else {
		if (unit->service->stdin_open)
			rc = open_stdin(unit, &ends->in);
		if (rc == 0)
			rc = open_pipe(unit, ENGINE_STDOUT, &ends->out);
		if (rc == 0)
			rc = open_pipe(unit, ENGINE_STDERR, &ends->err);
	}
	if (rc == 0)
		return 0;
	err_set(err, ERR_FAILED, "cannot open %s for its output: %s", unit->service->tty ? "a terminal" : "pipes",
		strerror(-rc));
	if (rc == -EMFILE || rc == -ENFILE)
		err_hint(err, "raise the limit on open files (ulimit -n)");
	native_ends_close(ends);
	native_output_close(unit);
	return rc;
}

/* ---- Reading ---- */

static void close_stream(struct native_stream *stream)
{
	if (stream->stream == ENGINE_STDOUT)
		native_terminal_close(stream->unit);
	if (stream->event != NULL)
		event_free(stream->event);
	stream->event = NULL;
	fd_close(&stream->fd);
}

/* One read of at most `limit` bytes. > 0: as read(2); 0: nothing now; -EPIPE: it has ended, or must be given up. */
static ssize_t read_some(struct native_stream *stream, size_t limit)
{
	struct engine *engine = stream->unit->engine;
	ssize_t got;

	if (limit > NATIVE_READ_BYTES)
		limit = NATIVE_READ_BYTES;
	do {
		got = read(stream->fd, engine->buffer, limit);
	} while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got <= 0) /* a terminal whose last user is gone says EIO */
		return -EPIPE;
	if (!engine->options.events->output(engine->options.context, stream->unit->id, stream->stream, engine->buffer,
					    (size_t)got, 0))
		native_output_hold(stream->unit, true);
	return got;
}

/* Once a turn of the loop and stream: who floods waits for the others. */
static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct native_stream *stream = context;
	struct native_unit *unit = stream->unit;

	(void)fd;
	(void)what;
	if (read_some(stream, NATIVE_READ_BYTES) != -EPIPE)
		return;
	close_stream(stream);
	if (!native_output_is_open(unit))
		native_report_soon(unit);
}

int native_output_watch(struct native_unit *unit)
{
	for (size_t i = 0; i < 2; i++) {
		struct native_stream *stream = &unit->streams[i];

		if (stream->fd < 0)
			continue;
		stream->event =
			event_new(unit->engine->options.base, stream->fd, EV_READ | EV_PERSIST, on_readable, stream);
		if (stream->event == NULL || event_add(stream->event, NULL) < 0)
			return -ENOMEM;
	}
	unit->held = false;
	return 0;
}

void native_output_hold(struct native_unit *unit, bool held)
{
	unit->held = held;
	for (size_t i = 0; i < 2; i++) {
		if (unit->streams[i].event == NULL)
			continue;
		if (held)
			event_del(unit->streams[i].event);
		else
			event_add(unit->streams[i].event, NULL);
	}
}

/* What is there now, and no more: whoever still holds the pipe may go on writing. */
static ssize_t read_pending(struct native_stream *stream)
{
	const struct native_unit *unit = stream->unit;
	int pending = 0;
	ssize_t got = 0;

	if (ioctl(stream->fd, FIONREAD, &pending) < 0)
		return 0;
	while (!unit->held && pending > 0 && (got = read_some(stream, (size_t)pending)) > 0)
		pending -= (int)got;
	return got == -EPIPE || unit->held ? got : read_some(stream, NATIVE_READ_BYTES);
}

void native_output_drain(struct native_unit *unit)
{
	for (size_t i = 0; i < 2; i++) {
		struct native_stream *stream = &unit->streams[i];
		ssize_t got;

		if (stream->fd < 0 || unit->held)
			continue;
		/* The usual case: nobody else holds the pipe, and its end is there to be seen at once. */
		got = read_some(stream, NATIVE_READ_BYTES);
		if (got > 0)
			got = read_pending(stream);
		if (got == -EPIPE)
			close_stream(stream);
	}
}

void native_output_close(struct native_unit *unit)
{
	close_stream(&unit->streams[0]);
	close_stream(&unit->streams[1]);
	fd_close(&unit->stdin_fd);
}

bool native_output_is_open(const struct native_unit *unit)
{
	return unit->streams[0].fd >= 0 || unit->streams[1].fd >= 0;
}
