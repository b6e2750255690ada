/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl.h"

#include "config/err.h"
#include "config/paths.h"
#include "launcher/supervisor/ctl_address.h"
#include "launcher/supervisor/ctl_gate.h"
#include "launcher/supervisor/ctl_routes.h"
#include "launcher/supervisor/ctl_stream.h"
#include "launcher/supervisor/ctl_telemetry.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BODY_BYTES_MAX (64 * 1024)
#define HEADER_BYTES_MAX (8 * 1024)
#define REQUEST_TIMEOUT_S 10
#define BACKLOG 128

struct ctl {
	struct event_base *base;
	struct supervisor *supervisor;
	struct ctl_streams *streams;
	struct evhttp *http;
	struct ctl_gate *gate; /* lets clients in */
};

/* ---- Listening ---- */

static int folder_of(const char *path, char **folder)
{
	const char *last = strrchr(path, '/');

	if (last == NULL || last == path)
		return -EINVAL;
	*folder = strndup(path, (size_t)(last - path));
	return *folder != NULL ? 0 : -ENOMEM;
}

/* bind() makes the file with the umask's mode; ours is 0600 from its first moment. */
static int bind_private(int fd, const struct ctl_address *address)
{
	mode_t old = umask(0177);
	int result = bind(fd, (const struct sockaddr *)&address->name, address->size_bytes) < 0 ? -errno : 0;

	umask(old);
	return result;
}

/* True when somebody listens there; a queue that is full is a sign of life, too. */
static bool is_answered(const struct ctl_address *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answered;

	if (fd < 0)
		return false;
	answered = connect(fd, (const struct sockaddr *)&address->name, address->size_bytes) == 0 || errno == EAGAIN;
	close(fd);
	return answered;
}

static int bind_and_listen(const char *path)
{
	struct ctl_address address;
	int fd = -1, result;

	result = ctl_address_make(&address, path);
	if (result < 0)
		return result;
	/* The lock lies in the state folder: with another one the same name may run, and use the same runtime folder. */
	if (is_answered(&address)) {
		result = -EADDRINUSE;
		goto out;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		result = -errno;
		goto out;
	}
	/* A file that is still there belongs to nobody. */
	if (unlink(path) < 0 && errno != ENOENT) {
		result = -errno;
		goto out;
	}
	result = bind_private(fd, &address);
	if (result == 0 && listen(fd, BACKLOG) < 0) {
		result = -errno;
		unlink(path);
	}
out:
	ctl_address_finish(&address);
	if (result < 0 && fd >= 0)
		close(fd);
	return result < 0 ? result : fd;
}

static int taken(const char *path, struct err *err)
{
	const char *name = strrchr(path, '/') + 1;

	err_set(err, ERR_MISSING, "project '%.*s' is already running with another state folder: %s is answered",
		(int)strcspn(name, "."), name, path);
	err_hint(err, "end that one where XDG_STATE_HOME is what it was, or start this one by another name: -p NAME");
	return -EADDRINUSE;
}

int ctl_listen(const char *path, struct err *err)
{
	char *folder = NULL;
	int result;

	result = folder_of(path, &folder);
	if (result < 0) {
		err_set(err, ERR_MISSING, "cannot make the control socket: %s: %s", path, strerror(-result));
		return result;
	}
	result = paths_make_private(folder, err);
	free(folder);
	if (result < 0)
		return result;
	result = bind_and_listen(path);
	if (result == -EADDRINUSE)
		return taken(path, err);
	if (result < 0) {
		err_set(err, ERR_MISSING, "cannot make the control socket: %s: %s", path, strerror(-result));
		err_hint(err, "set XDG_RUNTIME_DIR to a folder of yours on a local file system");
	}
	return result;
}

/* ---- Requests ---- */

static void answer(struct evhttp_request *request, void *context)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
	struct ctl *self = context;
	size_t streams;

	/* One request a connection: nothing of ours profits from more, and idle ones would count against the limit. */
	evhttp_add_header(evhttp_request_get_output_headers(request), "Connection", "close");
	if (!ctl_gate_asked(self->gate, fd)) {
		ctl_routes_refuse(request, 403, "the control socket serves its owner only");
		return;
	}
	ctl_telemetry_head(request, self->supervisor);
	streams = ctl_streams_count(self->streams);
	ctl_routes_answer(request, self->supervisor, self->streams);
	if (ctl_streams_count(self->streams) > streams)
		ctl_gate_streams(self->gate, fd);
}

/* ---- Life ---- */

static struct evhttp *http_create(struct ctl *self)
{
	struct evhttp *http = evhttp_new(self->base);

	if (http == NULL)
		return NULL;
	evhttp_set_max_body_size(http, BODY_BYTES_MAX);
	evhttp_set_max_headers_size(http, HEADER_BYTES_MAX);
	evhttp_set_timeout(http, REQUEST_TIMEOUT_S);
	/* All of them, so that a wrong one is answered in JSON like any other mistake. */
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
						 EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	evhttp_set_gencb(http, answer, self);
	return http;
}

struct ctl *ctl_create(struct event_base *base, int listen_fd, struct supervisor *supervisor, struct err *err)
{
	struct ctl *self = calloc(1, sizeof(*self));

	if (self == NULL)
		goto fail;
	self->base = base;
	self->supervisor = supervisor;
	self->http = http_create(self);
	if (self->http == NULL)
		goto fail;
	self->gate = ctl_gate_create(base, listen_fd, self->http, err);
	if (self->gate == NULL)
		goto fail;
	self->streams = ctl_streams_create(base, supervisor, err);
	if (self->streams == NULL)
		goto fail;
	return self;
fail:
	ctl_destroy(self);
	if (!err_is_set(err))
		err_set(err, ERR_FAILED, "cannot serve the control socket: out of memory");
	return NULL;
}

void ctl_destroy(struct ctl *self)
{
	if (self == NULL)
		return;
	ctl_streams_destroy(self->streams);
	if (self->http != NULL)
		evhttp_free(self->http);
	ctl_gate_destroy(self->gate);
	free(self);
}
