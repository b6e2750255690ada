/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl.h"

#include "config/err.h"
#include "config/paths.h"
#include "launcher/supervisor/ctl_address.h"
#include "launcher/supervisor/ctl_routes.h"
#include "launcher/supervisor/ctl_stream.h"

#include <dirent.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64u
#define BODY_BYTES_MAX (64 * 1024)
#define HEADER_BYTES_MAX (8 * 1024)
#define REQUEST_TIMEOUT_S 10
#define PAUSE_MS 100
#define BACKLOG 128

struct ctl {
	struct event_base *base;
	struct supervisor *supervisor;
	struct ctl_streams *streams;
	struct evhttp *http;
	struct evconnlistener *listener; /* belongs to evhttp */
	struct event *resume; /* takes connections again after a pause */
	int listen_fd; /* not owned */
	size_t open_count; /* at most so many connections are open */
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

/* ---- Connections ---- */

/* True when `fd` is a connection made to our listening socket: both carry the same address. */
static bool is_connection(int fd, const struct sockaddr_storage *own, socklen_t own_size)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);
	int accepting = 0;
	socklen_t accepting_size = sizeof(accepting);

	if (getsockname(fd, (struct sockaddr *)&name, &size) < 0 || size != own_size || memcmp(&name, own, size) != 0)
		return false;
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &accepting_size) == 0 && accepting == 0;
}

/*
 * evhttp 2.1 neither limits connections nor tells when one without a request ends, so the open ones are counted from the
 * outside - only when they may have become too many.
 */
static size_t count_connections(const struct ctl *self)
{
	struct sockaddr_storage own = {0};
	socklen_t own_size = sizeof(own);
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	if (folder == NULL)
		return CONNECTIONS_MAX;
	if (getsockname(self->listen_fd, (struct sockaddr *)&own, &own_size) == 0)
		for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
			if (is_connection(atoi(entry->d_name), &own, own_size))
				count++;
	closedir(folder);
	return count;
}

static void pause_accepting(struct ctl *self)
{
	const struct timeval delay = {.tv_usec = PAUSE_MS * 1000};

	evconnlistener_disable(self->listener);
	event_add(self->resume, &delay);
}

static void resume_accepting(evutil_socket_t fd, short what, void *context)
{
	struct ctl *self = context;

	(void)fd;
	(void)what;
	self->open_count = count_connections(self);
	if (self->open_count < CONNECTIONS_MAX)
		evconnlistener_enable(self->listener);
	else
		pause_accepting(self);
}

/* Called for every connection that is taken. Beyond the limit others wait in the backlog; ours time out or end. */
static struct bufferevent *connection_begins(struct event_base *base, void *context)
{
	struct ctl *self = context;

	if (++self->open_count >= CONNECTIONS_MAX) {
		self->open_count = count_connections(self) + 1;
		if (self->open_count >= CONNECTIONS_MAX)
			pause_accepting(self);
	}
	return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
}

static void accept_again(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	evconnlistener_enable(context);
}

/*
 * Out of descriptors, most likely: the services matter more, so wait a little rather than spin. What comes as context is evhttp's,
 * which set the listener up, and not ours.
 */
static void accept_failed(struct evconnlistener *listener, void *context)
{
	const struct timeval delay = {.tv_usec = PAUSE_MS * 1000};

	(void)context;
	if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, accept_again, listener, &delay) == 0)
		evconnlistener_disable(listener);
}

static bool peer_is_ours(struct evhttp_request *request)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static void answer(struct evhttp_request *request, void *context)
{
	struct ctl *self = context;

	/* One request a connection: nothing of ours profits from more, and idle ones would count against the limit. */
	evhttp_add_header(evhttp_request_get_output_headers(request), "Connection", "close");
	if (peer_is_ours(request))
		ctl_routes_answer(request, self->supervisor, self->streams);
	else
		ctl_routes_refuse(request, 403, "the control socket serves its owner only");
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
	evhttp_set_bevcb(http, connection_begins, self);
	return http;
}

/* evhttp closes the descriptor it listens on; ours stays the caller's. */
static int accept_on(struct ctl *self)
{
	int fd = fcntl(self->listen_fd, F_DUPFD_CLOEXEC, 3);
	struct evhttp_bound_socket *bound;

	if (fd < 0)
		return -errno;
	bound = evhttp_accept_socket_with_handle(self->http, fd);
	if (bound == NULL) {
		close(fd);
		return -EIO;
	}
	self->listener = evhttp_bound_socket_get_listener(bound);
	evconnlistener_set_error_cb(self->listener, accept_failed);
	/* libevent has done so, but does not say when the kernel refused. */
	return evconnlistener_enable(self->listener);
}

struct ctl *ctl_create(struct event_base *base, int listen_fd, struct supervisor *supervisor, struct err *err)
{
	struct ctl *self = calloc(1, sizeof(*self));

	if (self == NULL)
		goto fail;
	self->base = base;
	self->supervisor = supervisor;
	self->listen_fd = listen_fd;
	self->resume = evtimer_new(base, resume_accepting, self);
	self->http = http_create(self);
	if (self->resume == NULL || self->http == NULL || accept_on(self) < 0)
		goto fail;
	self->streams = ctl_streams_create(base, supervisor, err);
	if (self->streams == NULL)
		goto fail;
	return self;
fail:
	ctl_destroy(self);
	if (!err_is_set(err))
		err_set(err, ERR_FAILED, "cannot serve the control socket");
	return NULL;
}

void ctl_destroy(struct ctl *self)
{
	if (self == NULL)
		return;
	ctl_streams_destroy(self->streams);
	if (self->http != NULL)
		evhttp_free(self->http);
	if (self->resume != NULL)
		event_free(self->resume);
	free(self);
}
