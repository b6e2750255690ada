/* SPDX-License-Identifier: MIT */
/* "Does somebody accept connections?", over TCP and on a unix socket. */
#include "launcher/process/probe_kind.h"

#include <errno.h>
#include <unistd.h>

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/dial.h"

static void on_dialled(void *context, int fd, const char *why)
{
	struct probe *self = context;
	if (fd < 0) {
		probe_decide(self, false, "%s", why);
		return;
	}
	close(fd);
	probe_decide(self, true, "connected");
}

static int open_dial(struct probe *self, struct err *err)
{
	const struct probe_spec *spec = self->options.spec;
	if (spec->kind == PROBE_TCP && (!spec->host || spec->port <= 0 || spec->port > 65535))
		return err_at(err, ERR_CONFIG, spec->place, "a tcp probe needs a host and a port");
	if (spec->kind == PROBE_UNIX && (!spec->path || !*spec->path))
		return err_at(err, ERR_CONFIG, spec->place, "a unix probe needs the path of a socket");
	self->state = dial_create(self->options.base, on_dialled, self);
	return self->state ? 0 : err_set(err, ERR_FAILED, "cannot make a probe: out of memory");
}

static void begin_tcp(struct probe *self)
{
	dial_host(self->state, self->options.spec->host, self->options.spec->port);
}

static void begin_unix(struct probe *self)
{
	dial_unix(self->state, self->options.spec->path);
}

static void stop_dial(struct probe *self)
{
	dial_stop(self->state);
}

static void close_dial(struct probe *self)
{
	dial_destroy(self->state);
}

const struct probe_kind_ops probe_kind_tcp = {
	.open = open_dial,
	.begin = begin_tcp,
	.stop = stop_dial,
	.close = close_dial,
};

const struct probe_kind_ops probe_kind_unix = {
	.open = open_dial,
	.begin = begin_unix,
	.stop = stop_dial,
	.close = close_dial,
};
