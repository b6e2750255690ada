/* SPDX-License-Identifier: MIT */
#include "launcher/engine/docker_parts.h"

#include "launcher/engine/docker_endpoint.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES 16384u
#define MESSAGE_BYTES 1024u
#define TYPED_BYTES_MAX 65536u

const char *docker_error_words(int error)
{
	switch (-error) {
	case EPIPE:
		return "the connection broke off";
	case ETIMEDOUT:
		return "it does not answer";
	case EPROTO:
		return "what answers there speaks no HTTP";
	case EFBIG:
		return "its answer is too long";
	case EINVAL:
		return "that cannot be asked";
	default:
		return strerror(-error);
	}
}

/* ---- Life ---- */

static void on_turn(evutil_socket_t fd, short what, void *context);
static void on_timer(evutil_socket_t fd, short what, void *context);

/* Everything but the memory, and whoever works on it may still look at its state. */
static void let_go(struct docker_call *self)
{
	self->state = CALL_OVER;
	LIST_REMOVE(self, entry);
	docker_link_destroy(self->link);
	self->link = NULL;
	if (self->turn != NULL)
		event_free(self->turn);
	if (self->timer != NULL)
		event_free(self->timer);
	self->turn = self->timer = NULL;
}

static void release(struct docker_call *self)
{
	if (self->busy > 0 || self->state != CALL_OVER)
		return;
	if (self->whole != NULL)
		evbuffer_free(self->whole);
	if (self->typed != NULL)
		evbuffer_free(self->typed);
	docker_values_finish(&self->values);
	free(self->method);
	free(self->path);
	free(self->body);
	/* It may be a registry's password. */
	if (self->header != NULL)
		explicit_bzero(self->header, strlen(self->header));
	free(self->header);
	free(self);
}

static void work_begin(struct docker_call *self)
{
	self->busy++;
}

static void work_end(struct docker_call *self)
{
	self->busy--;
	release(self);
}

static bool copy(char **to, const char *text)
{
	*to = text != NULL ? strdup(text) : NULL;
	return text == NULL || *to != NULL;
}

/* "/containers/ID/attach", with a query or without. */
static bool is_attach(const char *path)
{
	size_t length = strcspn(path, "?");

	return strncmp(path, "/containers/", 12) == 0 && length > 19 && strncmp(path + length - 7, "/attach", 7) == 0;
}

static bool set_timer(struct docker_call *self)
{
	struct timeval limit = {.tv_sec = self->timeout_ms / 1000, .tv_usec = self->timeout_ms % 1000 * 1000};

	return self->timeout_ms <= 0 || event_add(self->timer, &limit) == 0;
}

struct docker_call *docker_begin(struct docker *docker, const struct docker_request *request)
{
	struct docker_call *self = calloc(1, sizeof(*self));
	bool whole;

	if (self == NULL)
		return NULL;
	self->docker = docker;
	LIST_INSERT_HEAD(&docker->calls, self, entry);
	whole = copy(&self->method, request->method) && copy(&self->path, request->path) &&
		copy(&self->body, request->body) && copy(&self->header, request->header);
	self->attach = is_attach(request->path);
	self->timeout_ms = request->timeout_ms;
	self->done = request->done;
	self->json = request->json;
	self->bytes = request->bytes;
	self->open = request->open;
	self->context = request->context;
	self->turn = event_new(docker->base, -1, 0, on_turn, self);
	self->timer = evtimer_new(docker->base, on_timer, self);
	self->whole = evbuffer_new();
	self->typed = evbuffer_new();
	if (!whole || self->turn == NULL || self->timer == NULL || self->whole == NULL || self->typed == NULL ||
	    !set_timer(self)) {
		docker_call_cancel(self);
		return NULL;
	}
	docker_call_wake(self);
	return self;
}

void docker_call_cancel(struct docker_call *self)
{
	if (self == NULL || self->state == CALL_OVER)
		return;
	if (self == self->docker->version_call) {
		self->docker->version_call = NULL;
		self->docker->version_state = VERSION_UNKNOWN;
	}
	let_go(self);
	release(self);
}

void docker_call_wake(struct docker_call *self)
{
	event_active(self->turn, EV_TIMEOUT, 0);
}

void docker_call_resume(struct docker_call *self)
{
	if (self == NULL || !self->held)
		return;
	self->held = false;
	if (self->state == CALL_BODY)
		docker_call_wake(self);
}

/* ---- The end ---- */

/* In words for one line: they come from somebody else. */
static void clean(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

static void tell(struct docker_call *self, const struct docker_answer *answer)
{
	if (self->state != CALL_OVER)
		let_go(self);
	if (self->done != NULL)
		self->done(self->context, answer);
}

void docker_call_fail(struct docker_call *self, int error, const char *why)
{
	struct docker_answer answer = {.error = error};
	char message[MESSAGE_BYTES];

	if (why == NULL || why[0] == '\0')
		why = docker_error_words(error);
	snprintf(message, sizeof(message), "%s", why);
	clean(message);
	answer.message = message;
	work_begin(self);
	tell(self, &answer);
	work_end(self);
}

/* What the engine says was wrong: Docker's "message", else what stands there. */
static void find_message(const struct docker_answer *answer, const char *text, size_t size, char *message)
{
	const char *said = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer->body, "message"));

	message[0] = '\0';
	if (answer->status < 400)
		return;
	if (said != NULL && said[0] != '\0')
		snprintf(message, MESSAGE_BYTES, "%s", said);
	else if (answer->body == NULL && size > 0)
		snprintf(message, MESSAGE_BYTES, "%.*s", (int)(size < 200 ? size : 200), text);
	else
		snprintf(message, MESSAGE_BYTES, "status %d", answer->status);
	clean(message);
	for (size_t i = strlen(message); i > 0 && message[i - 1] == ' '; i--)
		message[i - 1] = '\0';
}

/* The answer is whole. */
static void complete(struct docker_call *self)
{
	struct docker_answer answer = {.status = self->http.status};
	struct docker_link *link = self->link;
	size_t size = evbuffer_get_length(self->whole);
	const char *text = (const char *)evbuffer_pullup(self->whole, -1);
	char message[MESSAGE_BYTES];
	cJSON *body;

	if (self->values.depth > 0) {
		docker_call_fail(self, -EPIPE, NULL);
		return;
	}
	self->link = NULL;
	if (self->http.closes)
		docker_link_destroy(link);
	else
		docker_keep(self->docker, link);
	body = size > 0 && text != NULL ? cJSON_ParseWithLength(text, size) : NULL;
	answer.body = body;
	find_message(&answer, text, size, message);
	answer.message = message;
	tell(self, &answer);
	cJSON_Delete(body);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct docker_call *self = context;
	char why[64];

	(void)fd, (void)what;
	snprintf(why, sizeof(why), "it did not answer within %d ms", self->timeout_ms);
	docker_call_fail(self, -ETIMEDOUT, why);
}

/* ---- The request ---- */

/* One word of a request's first line, or a header: nothing in it may begin another. */
static bool is_clean(const char *text, unsigned char least)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < least || *text == 0x7f)
			return false;
	return true;
}

static bool can_be_asked(const struct docker_call *self)
{
	return self->method[0] != '\0' && is_clean(self->method, '!') && self->path[0] == '/' &&
	       is_clean(self->path, '!') && (self->header == NULL || is_clean(self->header, ' '));
}

static void send_request(struct docker_call *self)
{
	struct evbuffer *out = bufferevent_get_output(self->link->stream);
	const struct docker_endpoint *endpoint = self->docker->endpoint;
	bool failed;

	self->state = CALL_HEAD;
	http_answer_init(&self->http);
	self->http.may_upgrade = self->attach;
	failed = evbuffer_add_printf(
			 out, "%s %s%s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: upfront/" UPFRONT_VERSION "\r\n",
			 self->method, self->unversioned ? "" : "/v", self->unversioned ? "" : self->docker->version,
			 self->path, endpoint->dial == DIAL_TCP ? endpoint->host : "localhost") < 0;
	if (self->header != NULL)
		failed = evbuffer_add_printf(out, "%s\r\n", self->header) < 0 || failed;
	if (self->attach)
		failed = evbuffer_add_printf(out, "Connection: Upgrade\r\nUpgrade: tcp\r\n") < 0 || failed;
	if (self->body != NULL)
		failed = evbuffer_add_printf(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
					     strlen(self->body), self->body) < 0 ||
			 failed;
	else
		failed = evbuffer_add_printf(out, "%s\r\n",
					     strcmp(self->method, "POST") == 0 ? "Content-Length: 0\r\n" : "") < 0 ||
			 failed;
	if (failed)
		docker_call_fail(self, -ENOMEM, NULL);
}

static void open_link(struct docker_call *self)
{
	self->state = CALL_OPENS;
	self->link = docker_link_create(self->docker, self);
	if (self->link == NULL)
		docker_call_fail(self, -ENOMEM, NULL);
	else
		docker_link_open(self->link);
}

static void start(struct docker_call *self)
{
	self->link = docker_take_kept(self->docker, self);
	if (self->link != NULL)
		send_request(self);
	else
		open_link(self);
}

void docker_call_up(struct docker_call *self)
{
	send_request(self);
}

/* ---- The answer ---- */

static bool take_value(void *context, const cJSON *value)
{
	struct docker_call *self = context;

	self->json(self->context, value);
	return self->state != CALL_OVER;
}

static void take_head(struct docker_call *self)
{
	int status = self->http.status;

	self->state = CALL_BODY;
	self->streams =
		(self->json != NULL || self->bytes != NULL) && (status == 101 || (status >= 200 && status < 300));
	if (!self->streams)
		return;
	event_del(self->timer);
	bufferevent_write_buffer(self->link->stream, self->typed);
	if (self->open != NULL)
		self->open(self->context);
}

static void take_body(struct docker_call *self, const char *bytes, size_t size)
{
	int result = 0;

	if (self->streams && self->json != NULL)
		result = docker_values_feed(&self->values, bytes, size, take_value, self);
	else if (self->streams)
		self->held = !self->bytes(self->context, bytes, size);
	else if (evbuffer_get_length(self->whole) + size > DOCKER_BODY_MAX)
		result = -EFBIG;
	else if (evbuffer_add(self->whole, bytes, size) < 0)
		result = -ENOMEM;
	if (result < 0 && self->state != CALL_OVER)
		docker_call_fail(self, result, NULL);
}

static bool wants_more(const struct docker_call *self)
{
	return (self->state == CALL_HEAD || self->state == CALL_BODY) && !self->held;
}

/* Takes what has come; false: nothing has. */
static bool take_piece(struct docker_call *self)
{
	struct evbuffer *in = bufferevent_get_input(self->link->stream);
	char bytes[PIECE_BYTES], body[PIECE_BYTES];
	ssize_t count = evbuffer_copyout(in, bytes, sizeof(bytes)), placed;
	size_t used = 0;

	if (count <= 0)
		return false;
	placed = http_answer_feed(&self->http, bytes, (size_t)count, &used, body, sizeof(body));
	evbuffer_drain(in, used);
	if (self->state == CALL_HEAD && http_answer_has_head(&self->http))
		take_head(self);
	if (placed > 0 && self->state == CALL_BODY)
		take_body(self, body, (size_t)placed);
	/* After what still made sense. */
	if (self->state != CALL_OVER && self->http.state == HTTP_BROKEN)
		docker_call_fail(self, -EPROTO, NULL);
	return true;
}

/* The connection has ended, and all that came by it has been taken. */
static void end_by_link(struct docker_call *self)
{
	if (http_answer_end(&self->http) == 0)
		complete(self);
	else
		docker_call_fail(self, self->ended_error != 0 ? self->ended_error : -EPIPE,
				 self->ended_why[0] != '\0' ? self->ended_why : NULL);
}

static void go_on(struct docker_call *self)
{
	while (wants_more(self) && !http_answer_is_done(&self->http) && take_piece(self))
		;
	if (!wants_more(self)) {
		if (self->state == CALL_BODY)
			bufferevent_disable(self->link->stream, EV_READ);
		return;
	}
	if (http_answer_is_done(&self->http))
		complete(self);
	else if (self->ended)
		end_by_link(self);
	else
		bufferevent_enable(self->link->stream, EV_READ);
}

void docker_call_readable(struct docker_call *self)
{
	work_begin(self);
	go_on(self);
	work_end(self);
}

/* A kept connection that was dead already: nothing of an answer came by it. */
static bool was_dead(const struct docker_call *self)
{
	return self->state == CALL_HEAD && self->link->used && !self->retried && self->http.head_bytes == 0;
}

void docker_call_down(struct docker_call *self, int error, const char *why)
{
	work_begin(self);
	if (was_dead(self)) {
		struct docker_link *dead = self->link;

		self->retried = true;
		open_link(self);
		docker_link_destroy(dead);
	} else {
		if (self->state != CALL_BODY)
			docker_lost(self->docker);
		if (why == NULL && self->state != CALL_BODY)
			why = docker_link_words(self->link);
		self->ended = true;
		self->ended_error = error;
		snprintf(self->ended_why, sizeof(self->ended_why), "%s", why != NULL ? why : "");
		if (self->state == CALL_OPENS)
			docker_call_fail(self, error, self->ended_why);
		else if (wants_more(self))
			end_by_link(self);
	}
	work_end(self);
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
	struct docker_call *self = context;

	(void)fd, (void)what;
	work_begin(self);
	if (self->state == CALL_BODY)
		go_on(self);
	else if (self->state != CALL_WAITS)
		;
	else if (self->ended_error != 0)
		docker_call_fail(self, self->ended_error, self->ended_why);
	else if (!can_be_asked(self))
		docker_call_fail(self, -EINVAL, NULL);
	else if (docker_is_ready(self->docker, self))
		start(self);
	work_end(self);
}

int docker_call_type(struct docker_call *self, const char *bytes, size_t size_bytes)
{
	struct evbuffer *out =
		self->state == CALL_BODY && self->streams ? bufferevent_get_output(self->link->stream) : self->typed;

	if (!self->attach)
		return -EINVAL;
	if (evbuffer_get_length(out) + size_bytes > TYPED_BYTES_MAX)
		return -ENOBUFS;
	return evbuffer_add(out, bytes, size_bytes) < 0 ? -ENOMEM : 0;
}
