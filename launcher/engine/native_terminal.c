/* SPDX-License-Identifier: MIT */
#include "launcher/engine/native.h"

#include "config/stack.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* At once into the terminal: a line discipline that reads lines takes no more in one go. */
#define TYPE_BYTES 4096

int native_terminal_open(struct native_unit *unit, struct native_ends *ends)
{
	struct native_stream *stream = &unit->streams[ENGINE_STDOUT];

	stream->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (stream->fd < 0 || grantpt(stream->fd) < 0 || unlockpt(stream->fd) < 0)
		return -errno;
	ends->in = ioctl(stream->fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (ends->in < 0)
		return -errno;
	/* What somebody looks at goes on in the size it had. */
	if (unit->size.ws_row == 0)
		unit->size = (struct winsize){.ws_row = 24, .ws_col = 80};
	(void)ioctl(ends->in, TIOCSWINSZ, &unit->size);
	ends->out = ends->err = ends->in;
	ends->tty = true;
	return 0;
}

/* ---- Typing ---- */

static size_t waiting_bytes(const struct native_unit *unit)
{
	return unit->typed != NULL ? evbuffer_get_length(unit->typed) : 0;
}

/* Puts in what fits. 0: all, or as much as there is room for; -errno: the terminal takes nothing any more. */
static int type_waiting(struct native_unit *unit)
{
	const int fd = unit->streams[ENGINE_STDOUT].fd;
	int count;

	while (waiting_bytes(unit) > 0) {
		count = evbuffer_write_atmost(unit->typed, fd, TYPE_BYTES);
		if (count > 0)
			continue;
		if (count == 0 || errno == EAGAIN || errno == EINTR)
			break;
		return -errno;
	}
	return 0;
}

static void await_room(struct native_unit *unit)
{
	if (waiting_bytes(unit) > 0)
		event_add(unit->typing, NULL);
	else
		event_del(unit->typing);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct native_unit *unit = context;

	(void)fd;
	(void)what;
	if (type_waiting(unit) < 0)
		evbuffer_drain(unit->typed, waiting_bytes(unit));
	await_room(unit);
}

/* Made with the first key: most services are never typed to. */
static int prepare_typing(struct native_unit *unit)
{
	if (unit->typed == NULL)
		unit->typed = evbuffer_new();
	if (unit->typing == NULL)
		unit->typing = event_new(unit->engine->options.base, unit->streams[ENGINE_STDOUT].fd,
					 EV_WRITE | EV_PERSIST, on_writable, unit);
	return unit->typed != NULL && unit->typing != NULL ? 0 : -ENOMEM;
}

int native_terminal_type(struct engine *self, unsigned id, const char *bytes, size_t size_bytes)
{
	struct native_unit *unit = native_find_unit(self, id);
	int result;

	if (unit == NULL || unit->pid == 0)
		return -ESRCH;
	if (!unit->service->tty)
		return -ENOTTY;
	if (!unit->service->stdin_open)
		return -EACCES;
	if (unit->streams[ENGINE_STDOUT].fd < 0)
		return -EIO;
	result = prepare_typing(unit);
	if (result < 0)
		return result;
	if (waiting_bytes(unit) + size_bytes > NATIVE_TYPED_BYTES_MAX)
		return -ENOBUFS;
	if (evbuffer_add(unit->typed, bytes, size_bytes) < 0)
		return -ENOMEM;
	result = type_waiting(unit);
	if (result < 0)
		evbuffer_drain(unit->typed, waiting_bytes(unit));
	await_room(unit);
	return result;
}

void native_terminal_close(struct native_unit *unit)
{
	if (unit->typing != NULL)
		event_free(unit->typing);
	if (unit->typed != NULL)
		evbuffer_free(unit->typed);
	unit->typing = NULL;
	unit->typed = NULL;
}

/* ---- Its size ---- */

int native_terminal_resize(struct engine *self, unsigned id, unsigned rows, unsigned columns)
{
	const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
	struct native_unit *unit = native_find_unit(self, id);
	struct winsize other = size;

	if (unit == NULL || unit->pid == 0) /* its service may be gone, too */
		return -ESRCH;
	if (!unit->service->tty)
		return -ENOTTY;
	other.ws_ypixel = 1;
	/*
	 * Who says a size wants to see all of it: a program that draws the whole screen is to do so also when the size is as before,
	 * and then the kernel tells it nothing. Only what nobody measures differs in between.
	 */
	if (unit->streams[ENGINE_STDOUT].fd >= 0 && unit->size.ws_row == size.ws_row &&
	    unit->size.ws_col == size.ws_col)
		(void)ioctl(unit->streams[ENGINE_STDOUT].fd, TIOCSWINSZ, &other);
	unit->size = size;
	if (unit->streams[ENGINE_STDOUT].fd >= 0 && ioctl(unit->streams[ENGINE_STDOUT].fd, TIOCSWINSZ, &size) < 0)
		return -errno;
	return 0;
}
