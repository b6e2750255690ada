/* SPDX-License-Identifier: MIT */
#include "tests/lib/docker_play.h"

#include "launcher/engine/docker_endpoint.h"
#include "tests/lib/children.h"

#include <ctype.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct connection {
	LIST_ENTRY(connection) entry;
	struct docker_play *play;
	struct bufferevent *stream;
	struct docker_play_call *call; /* being answered */
};

struct docker_play_call {
	STAILQ_ENTRY(docker_play_call) entry;
	struct connection *connection; /* NULL: answered, or gone */
	char *method, *path, *head, *body, *typed;
	char version[16];
	bool chunks, upgraded;
};

struct route {
	STAILQ_ENTRY(route) entry;
	char *method, *pattern, *body;
	int status;
	bool handles;
	docker_play_handle *handle;
	void *context;
};

struct docker_play {
	struct event_base *base;
	struct evconnlistener *listener;
	char *folder, *path;
	size_t connected;
	LIST_HEAD(, connection) connections;
	STAILQ_HEAD(, docker_play_call) calls;
	STAILQ_HEAD(, route) routes;
};

static char *copy(const char *text)
{
	char *made = strdup(text);

	assert_non_null(made);
	return made;
}

/* ---- Connections ---- */

static void drop(struct connection *connection)
{
	if (connection->call != NULL)
		connection->call->connection = NULL;
	LIST_REMOVE(connection, entry);
	bufferevent_free(connection->stream);
	free(connection);
}

static bool matches(const struct docker_play_call *call, const char *method, const char *pattern)
{
	return strcmp(call->method, method) == 0 && fnmatch(pattern, call->path, 0) == 0;
}

static void serve(struct docker_play *self, struct docker_play_call *call)
{
	const struct route *route, *found = NULL;

	STAILQ_FOREACH(route, &self->routes, entry)
	if (strcmp(call->method, route->method) == 0 && fnmatch(route->pattern, call->path, 0) == 0)
		found = route;
	if (found == NULL)
		docker_play_answer(call, 404, "{\"message\":\"page not found\"}");
	else if (!found->handles)
		docker_play_answer(call, found->status, found->body);
	else if (found->handle != NULL)
		found->handle(found->context, call);
}

/* "POST /v1.41/containers/x/stop?t=1 HTTP/1.1": the path without its version. */
static void take_request_line(struct docker_play_call *call)
{
	const char *path = strchr(call->head, ' '), *end;

	assert_non_null(path);
	call->method = strndup(call->head, (size_t)(path - call->head));
	end = strchr(++path, ' ');
	assert_non_null(end);
	if (strncmp(path, "/v", 2) == 0 && isdigit((unsigned char)path[2])) {
		size_t size = strcspn(path + 2, "/");

		assert_true(size < sizeof(call->version));
		memcpy(call->version, path + 2, size);
		path += 2 + size;
	}
	call->path = strndup(path, (size_t)(end - path));
}

/* A whole request, taken out of `in`; NULL: there is none yet. */
static struct docker_play_call *take_request(struct evbuffer *in)
{
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	struct docker_play_call *call;
	size_t head_bytes = (size_t)end.pos + 4, body_bytes = 0;
	const char *length;
	char *head;

	if (end.pos < 0)
		return NULL;
	head = calloc(1, head_bytes + 1);
	assert_int_equal(evbuffer_copyout(in, head, head_bytes), head_bytes);
	length = strcasestr(head, "\r\nContent-Length:");
	if (length != NULL)
		body_bytes = strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
	if (evbuffer_get_length(in) < head_bytes + body_bytes) {
		free(head);
		return NULL;
	}
	evbuffer_drain(in, head_bytes);
	call = calloc(1, sizeof(*call));
	call->head = head;
	call->body = calloc(1, body_bytes + 1);
	call->typed = copy("");
	evbuffer_remove(in, call->body, body_bytes);
	take_request_line(call);
	return call;
}

static void take_typed(struct docker_play_call *call, struct evbuffer *in)
{
	size_t had = strlen(call->typed), size = evbuffer_get_length(in);

	call->typed = realloc(call->typed, had + size + 1);
	evbuffer_remove(in, call->typed + had, size);
	call->typed[had + size] = '\0';
}

static void on_read(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;
	struct docker_play *self = connection->play;
	struct docker_play_call *call;

	if (connection->call != NULL) {
		if (connection->call->upgraded)
			take_typed(connection->call, bufferevent_get_input(stream));
		return;
	}
	call = take_request(bufferevent_get_input(stream));
	if (call == NULL)
		return;
	call->connection = connection;
	connection->call = call;
	STAILQ_INSERT_TAIL(&self->calls, call, entry);
	serve(self, call);
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
	(void)stream;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		drop(context);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size,
		      void *context)
{
	struct docker_play *self = context;
	struct connection *connection = calloc(1, sizeof(*connection));

	(void)listener, (void)address, (void)size;
	connection->play = self;
	connection->stream = bufferevent_socket_new(self->base, fd, BEV_OPT_CLOSE_ON_FREE);
	assert_non_null(connection->stream);
	bufferevent_setcb(connection->stream, on_read, NULL, on_event, connection);
	bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
	LIST_INSERT_HEAD(&self->connections, connection, entry);
	self->connected++;
}

/* ---- Life ---- */

void docker_play_back(struct docker_play *self)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	assert_null(self->listener);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", self->path);
	unlink(self->path);
	self->listener =
		evconnlistener_new_bind(self->base, on_accept, self, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 64,
					(struct sockaddr *)&name, sizeof(name));
	assert_non_null(self->listener);
}

void docker_play_away(struct docker_play *self, bool socket_stays)
{
	if (self->listener != NULL)
		evconnlistener_free(self->listener);
	self->listener = NULL;
	while (!LIST_EMPTY(&self->connections))
		drop(LIST_FIRST(&self->connections));
	if (!socket_stays)
		unlink(self->path);
}

struct docker_play *docker_play_create(struct event_base *base)
{
	struct docker_play *self = calloc(1, sizeof(*self));

	assert_non_null(self);
	/* As the program does: a peer that hangs up is the test's to notice. */
	signal(SIGPIPE, SIG_IGN);
	self->base = base;
	self->folder = children_make_folder();
	assert_true(asprintf(&self->path, "%s/docker.sock", self->folder) > 0);
	LIST_INIT(&self->connections);
	STAILQ_INIT(&self->calls);
	STAILQ_INIT(&self->routes);
	docker_play_route(self, "GET", "/version", 200,
			  "{\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}");
	docker_play_back(self);
	return self;
}

void docker_play_destroy(struct docker_play *self)
{
	docker_play_away(self, false);
	while (!STAILQ_EMPTY(&self->calls)) {
		struct docker_play_call *call = STAILQ_FIRST(&self->calls);

		STAILQ_REMOVE_HEAD(&self->calls, entry);
		free(call->method);
		free(call->path);
		free(call->head);
		free(call->body);
		free(call->typed);
		free(call);
	}
	while (!STAILQ_EMPTY(&self->routes)) {
		struct route *route = STAILQ_FIRST(&self->routes);

		STAILQ_REMOVE_HEAD(&self->routes, entry);
		free(route->method);
		free(route->pattern);
		free(route->body);
		free(route);
	}
	children_remove_folder(self->folder);
	free(self->path);
	free(self);
}

const char *docker_play_socket(const struct docker_play *self)
{
	return self->path;
}

void docker_play_endpoint(const struct docker_play *self, struct docker_endpoint *endpoint)
{
	*endpoint = (struct docker_endpoint){.dial = DIAL_UNIX, .local = true};
	endpoint->path = copy(self->path);
	endpoint->why = copy("the test says so");
	assert_true(asprintf(&endpoint->shown, "unix://%s", self->path) > 0);
	endpoint->host_variable = copy(endpoint->shown);
}

pid_t docker_play_fork(struct docker_play *self)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		event_reinit(self->base);
		event_base_dispatch(self->base);
		_exit(0);
	}
	return pid;
}

void docker_play_join(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(children_wait(pid), 128 + SIGKILL);
}

/* ---- What it answers ---- */

static struct route *add_route(struct docker_play *self, const char *method, const char *pattern)
{
	struct route *route = calloc(1, sizeof(*route));

	route->method = copy(method);
	route->pattern = copy(pattern);
	STAILQ_INSERT_TAIL(&self->routes, route, entry);
	return route;
}

void docker_play_route(struct docker_play *self, const char *method, const char *pattern, int status, const char *body)
{
	struct route *route = add_route(self, method, pattern);

	route->status = status;
	route->body = body != NULL ? copy(body) : NULL;
}

void docker_play_handler(struct docker_play *self, const char *method, const char *pattern, docker_play_handle *handle,
			 void *context)
{
	struct route *route = add_route(self, method, pattern);

	route->handles = true;
	route->handle = handle;
	route->context = context;
}

static struct evbuffer *out_of(struct docker_play_call *call)
{
	assert_non_null(call->connection);
	return bufferevent_get_output(call->connection->stream);
}

/* The connection takes the next request. */
static void let_go(struct docker_play_call *call)
{
	call->connection->call = NULL;
	call->connection = NULL;
}

void docker_play_answer(struct docker_play_call *call, int status, const char *body)
{
	struct evbuffer *out = out_of(call);

	if (status == 204 || status == 304)
		evbuffer_add_printf(out, "HTTP/1.1 %d None\r\nApi-Version: 1.41\r\n\r\n", status);
	else
		evbuffer_add_printf(
			out, "HTTP/1.1 %d Some\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			status, body != NULL ? strlen(body) : 0, body != NULL ? body : "");
	let_go(call);
}

void docker_play_stream(struct docker_play_call *call)
{
	call->chunks = true;
	evbuffer_add_printf(out_of(call), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void docker_play_upgrade(struct docker_play_call *call)
{
	call->upgraded = true;
	evbuffer_add_printf(out_of(call), "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
	take_typed(call, bufferevent_get_input(call->connection->stream));
}

void docker_play_send_raw(struct docker_play_call *call, const void *bytes, size_t size_bytes)
{
	evbuffer_add(out_of(call), bytes, size_bytes);
}

void docker_play_send(struct docker_play_call *call, const void *bytes, size_t size_bytes)
{
	if (size_bytes == 0)
		return;
	if (call->chunks)
		evbuffer_add_printf(out_of(call), "%zx\r\n", size_bytes);
	evbuffer_add(out_of(call), bytes, size_bytes);
	if (call->chunks)
		evbuffer_add_printf(out_of(call), "\r\n");
}

void docker_play_send_text(struct docker_play_call *call, const char *text)
{
	docker_play_send(call, text, strlen(text));
}

void docker_play_send_frame(struct docker_play_call *call, int stream, const char *text)
{
	size_t size = strlen(text);
	unsigned char *frame = malloc(size + 8);

	for (size_t i = 0; i < 4; i++) {
		frame[i] = i == 0 ? (unsigned char)stream : 0;
		frame[4 + i] = (unsigned char)(size >> (24 - 8 * i));
	}
	memcpy(frame + 8, text, size);
	docker_play_send(call, frame, size + 8);
	free(frame);
}

static void on_written(struct bufferevent *stream, void *context)
{
	(void)stream;
	drop(context);
}

/* All that was sent still arrives. */
static void close_after(struct docker_play_call *call)
{
	struct connection *connection = call->connection;

	let_go(call);
	if (evbuffer_get_length(bufferevent_get_output(connection->stream)) == 0)
		drop(connection);
	else
		bufferevent_setcb(connection->stream, NULL, on_written, on_event, connection);
}

void docker_play_end(struct docker_play_call *call)
{
	if (call->chunks) {
		evbuffer_add_printf(out_of(call), "0\r\n\r\n");
		let_go(call);
	} else {
		close_after(call);
	}
}

void docker_play_hang_up(struct docker_play_call *call)
{
	close_after(call);
}

/* ---- What it was asked ---- */

const char *docker_play_path(const struct docker_play_call *call)
{
	return call->path;
}

const char *docker_play_version(const struct docker_play_call *call)
{
	return call->version;
}

const char *docker_play_head(const struct docker_play_call *call)
{
	return call->head;
}

const char *docker_play_body(const struct docker_play_call *call)
{
	return call->body;
}

const char *docker_play_typed(const struct docker_play_call *call)
{
	return call->typed;
}

bool docker_play_is_open(const struct docker_play_call *call)
{
	return call->connection != NULL;
}

size_t docker_play_count(const struct docker_play *self, const char *method, const char *pattern)
{
	const struct docker_play_call *call;
	size_t count = 0;

	STAILQ_FOREACH(call, &self->calls, entry)
	count += matches(call, method, pattern);
	return count;
}

struct docker_play_call *docker_play_last(const struct docker_play *self, const char *method, const char *pattern)
{
	struct docker_play_call *call, *last = NULL;

	STAILQ_FOREACH(call, &self->calls, entry)
	if (matches(call, method, pattern))
		last = call;
	return last;
}

size_t docker_play_connected(const struct docker_play *self)
{
	return self->connected;
}

size_t docker_play_open_count(const struct docker_play *self)
{
	const struct connection *connection;
	size_t count = 0;

	LIST_FOREACH(connection, &self->connections, entry)
	count++;
	return count;
}

/* ---- Waiting ---- */

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
	(void)fd, (void)what;
	event_base_loopbreak(context);
}

void docker_play_until_so(struct docker_play *self, bool (*is_so)(void *context), void *context)
{
	struct timeval limit = {.tv_sec = CHILDREN_DEADLINE_MS / 1000};
	struct event *deadline = evtimer_new(self->base, on_deadline, self->base);

	event_add(deadline, &limit);
	while (!is_so(context)) {
		assert_int_equal(event_base_loop(self->base, EVLOOP_ONCE), 0);
		assert_false(event_base_got_break(self->base));
	}
	event_free(deadline);
}

static bool is_set(void *context)
{
	return **(const bool **)context;
}

void docker_play_until(struct docker_play *self, const bool *flag)
{
	docker_play_until_so(self, is_set, &flag);
}

struct awaited {
	struct docker_play *play;
	const char *method, *pattern;
	size_t count;
};

static bool have_come(void *context)
{
	const struct awaited *awaited = context;

	return docker_play_count(awaited->play, awaited->method, awaited->pattern) >= awaited->count;
}

struct docker_play_call *docker_play_await(struct docker_play *self, const char *method, const char *pattern,
					   size_t count)
{
	struct awaited awaited = {self, method, pattern, count};

	docker_play_until_so(self, have_come, &awaited);
	return docker_play_last(self, method, pattern);
}
