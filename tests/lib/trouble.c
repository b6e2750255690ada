/* SPDX-License-Identifier: MIT */
#include "tests/lib/trouble.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

static const struct timeval pace = {.tv_usec = 100000};

struct trouble {
	struct event_base *base;
	const char *name;
	size_t said_bytes;
	LIST_HEAD(, peer) peers; /* connected, below HTTP */
};

static bool is_among(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

/* ---- below HTTP ---- */

struct peer {
	LIST_ENTRY(peer) others;
	struct trouble *trouble;
	struct bufferevent *connection;
	struct event *timer; /* of a drip */
	const char *text; /* what still drips, or what is said again and again */
};

static void on_drip(evutil_socket_t fd, short what, void *context)
{
	struct peer *peer = context;

	(void)fd;
	(void)what;
	if (*peer->text)
		bufferevent_write(peer->connection, peer->text++, 1);
}

static void end_peer(struct peer *peer)
{
	LIST_REMOVE(peer, others);
	if (peer->timer)
		event_free(peer->timer);
	bufferevent_free(peer->connection);
	free(peer);
}

static void on_gone(struct bufferevent *connection, short what, void *context)
{
	(void)connection;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		end_peer(context);
}

static void on_bytes(struct bufferevent *connection, void *context)
{
	struct evbuffer *input = bufferevent_get_input(connection);

	(void)context;
	evbuffer_drain(input, evbuffer_get_length(input));
}

/* The last piece has left: here is another. */
static void on_room(struct bufferevent *connection, void *context)
{
	const struct peer *peer = context;

	for (int i = 0; i < 500; i++)
		bufferevent_write(connection, peer->text, strlen(peer->text));
	peer->trouble->said_bytes += 500 * strlen(peer->text);
}

static void reset_at_once(struct bufferevent *connection)
{
	struct linger now = {1, 0};

	setsockopt(bufferevent_getfd(connection), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

bool trouble_is_below_http(const char *name)
{
	static const char *const names[] = {"hang",    "deaf",  "drip",    "reset", "close",
					    "garbage", "flood", "interim", NULL};

	return is_among(name, names);
}

void trouble_with_connection(struct trouble *self, struct bufferevent *connection)
{
	const char *name = self->name;
	bool flood = strcmp(name, "flood") == 0, interim = strcmp(name, "interim") == 0;
	struct peer *peer;

	if (strcmp(name, "reset") == 0 || strcmp(name, "close") == 0) {
		if (name[0] == 'r')
			reset_at_once(connection);
		bufferevent_free(connection);
		return;
	}
	peer = calloc(1, sizeof(*peer));
	peer->trouble = self;
	peer->connection = connection;
	LIST_INSERT_HEAD(&self->peers, peer, others);
	bufferevent_setcb(connection, on_bytes, flood || interim ? on_room : NULL, on_gone, peer);
	if (strcmp(name, "drip") == 0) {
		peer->text = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
			     "{\"status\":\"Ok\"}";
		peer->timer = event_new(self->base, -1, EV_PERSIST, on_drip, peer);
		event_add(peer->timer, &pace);
	}
	if (strcmp(name, "garbage") == 0)
		bufferevent_write(connection, "\x16\x03\x01 what?\r\n\r\n", 14);
	if (flood) {
		peer->text = "X-Fill: and so on and so on and so on and so on and so on\r\n";
		bufferevent_write(connection, "HTTP/1.1 200 OK\r\n", 17);
	}
	if (interim) {
		peer->text = "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n";
		on_room(connection, peer);
	}
	bufferevent_enable(connection, EV_READ | EV_WRITE);
}

/* ---- in an answer ---- */

struct answer {
	struct trouble *trouble;
	struct evhttp_request *request; /* NULL: it ended with its connection */
	struct event *timer;
	const char *name;
};

static void free_answer(struct answer *answer)
{
	if (answer->timer)
		event_free(answer->timer);
	free(answer);
}

/* Whoever was being answered has gone. */
static void on_left(struct evhttp_connection *connection, void *context)
{
	struct answer *answer = context;

	(void)connection;
	/* Of a connection that failed; it gave up the request before it told us. */
	if (!evhttp_request_get_connection(answer->request))
		evhttp_request_free(answer->request);
	free_answer(answer);
}

static void on_written(struct evhttp_connection *connection, void *context);

static void say(struct answer *answer, const char *text, size_t times)
{
	struct evbuffer *piece = evbuffer_new();

	for (size_t i = 0; i < times; i++)
		evbuffer_add(piece, text, strlen(text));
	answer->trouble->said_bytes += evbuffer_get_length(piece);
	evhttp_send_reply_chunk_with_cb(answer->request, piece, on_written, answer);
	evbuffer_free(piece);
}

static void on_written(struct evhttp_connection *connection, void *context)
{
	struct answer *answer = context;

	if (strcmp(answer->name, "huge") == 0)
		say(answer, "and so on ", 6000);
	else if (strcmp(answer->name, "slow-body") == 0)
		event_add(answer->timer, &pace);
	else
		evhttp_connection_free(connection);
}

static void on_pace(evutil_socket_t fd, short what, void *context)
{
	struct answer *answer = context;

	(void)fd;
	(void)what;
	if (strcmp(answer->name, "reset-after") == 0)
		evhttp_connection_free(evhttp_request_get_connection(answer->request));
	else
		say(answer, " ", 1);
}

bool trouble_is_in_answer(const char *name)
{
	static const char *const names[] = {"cut", "huge", "slow-body", "chunked", "reset-after", NULL};

	return is_among(name, names);
}

void trouble_with_answer(struct trouble *self, struct evhttp_request *request, const char *text)
{
	const char *name = self->name;
	static const struct timeval at_once = {0};
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	struct answer *answer;
	struct evbuffer *piece;

	if (strcmp(name, "chunked") == 0) {
		piece = evbuffer_new();
		evhttp_send_reply_start(request, 200, NULL);
		for (size_t i = 0; text[i]; i++) {
			evbuffer_add(piece, text + i, 1);
			evhttp_send_reply_chunk(request, piece);
		}
		evhttp_send_reply_end(request);
		evbuffer_free(piece);
		return;
	}
	answer = calloc(1, sizeof(*answer));
	answer->trouble = self;
	answer->request = request;
	answer->name = name;
	answer->timer = event_new(self->base, -1, 0, on_pace, answer);
	evhttp_connection_set_closecb(connection, on_left, answer);
	if (strcmp(name, "reset-after") == 0) {
		reset_at_once(evhttp_connection_get_bufferevent(connection));
		/* Not from within the library's call of us. */
		event_add(answer->timer, &at_once);
		return;
	}
	if (strcmp(name, "cut") == 0)
		evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Length", "1000");
	evhttp_send_reply_start(request, 200, NULL);
	say(answer, text, 1);
}

/* ---- the whole ---- */

struct trouble *trouble_create(struct event_base *base, const char *name)
{
	struct trouble *self = calloc(1, sizeof(*self));

	self->base = base;
	self->name = name;
	LIST_INIT(&self->peers);
	return self;
}

void trouble_destroy(struct trouble *self)
{
	if (!self)
		return;
	while (!LIST_EMPTY(&self->peers))
		end_peer(LIST_FIRST(&self->peers));
	free(self);
}

size_t trouble_said_bytes(const struct trouble *self)
{
	return self->said_bytes;
}
