/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_stream_private.h"

#include "config/clock.h"
#include "config/err.h"
#include "launcher/process/output.h"
#include "launcher/supervisor/ctl_usage.h"
#include "launcher/supervisor/supervisor.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#define FAREWELL_MS 1000
#define WRITE_BYTES 262144 /* at once; the peer reads as much as there is */

/* ---- Followers ---- */

static void follower_unlink(struct follower *self)
{
	struct follower **link = &self->streams->first;

	while (*link != NULL && *link != self)
		link = &(*link)->next;
	if (*link == NULL)
		return;
	*link = self->next;
	self->streams->count--;
	follower_read_lines(self, false);
	ctl_streams_measure(self->streams);
}

static void follower_destroy(struct follower *self)
{
	if (self == NULL)
		return;
	follower_unlink(self);
	if (self->flush != NULL)
		event_free(self->flush);
	if (self->pending != NULL)
		evbuffer_free(self->pending);
	for (size_t i = 0; self->services != NULL && self->services[i] != NULL; i++)
		free(self->services[i]);
	free(self->services);
	free(self->units);
	free(self->late);
	free(self);
}

/* The peer has gone. evhttp lets go of a request that is still being answered: ending the answer is what frees it. */
static void connection_closed(struct evhttp_connection *connection, void *context)
{
	struct follower *self = context;

	(void)connection;
	if (self->request != NULL && evhttp_request_get_connection(self->request) == NULL)
		evhttp_send_reply_end(self->request);
	ctl_noted_end(&self->noted, self->streams->supervisor, HTTP_OK);
	follower_destroy(self);
}

size_t follower_unread_bytes(const struct follower *self)
{
	struct bufferevent *bufferevent = evhttp_connection_get_bufferevent(self->connection);

	return evbuffer_get_length(self->pending) + evbuffer_get_length(bufferevent_get_output(bufferevent));
}

static void catch_up(struct follower *self)
{
	if (follower_unread_bytes(self) > CTL_STREAM_BUFFER_MAX / 2)
		return;
	if (self->kind == FOLLOW_EVENTS)
		follower_add_snapshot(self);
	else if (self->kind == FOLLOW_TERMINAL)
		follower_add_gap(self);
	else
		follower_add_dropped(self);
}

static void chunk_written(struct evhttp_connection *connection, void *context)
{
	struct follower *self = context;

	(void)connection;
	self->writing = false;
	if (self->wake_due)
		follower_wake(self);
	else if (self->dropped > 0)
		catch_up(self);
	else if (self->says_over && evbuffer_get_length(self->pending) == 0)
		supervisor_told(self->streams->supervisor);
}

static void write_pending(struct follower *self)
{
	/* The head of the answer may still be there to be written, and nobody tells when that is done: it is not waited for. */
	if (self->wake_due && self->request != NULL && !self->writing)
		follower_add_wake(self);
	if (self->late_count > 0 && clock_monotonic_ms() >= self->late_ms)
		follower_tell_late(self);
	if (self->request != NULL && evbuffer_get_length(self->pending) > 0) {
		self->writing = true;
		evhttp_send_reply_chunk_with_cb(self->request, self->pending, chunk_written, self);
	} else if (self->request != NULL && self->kind != FOLLOW_LOGS && self->dropped > 0 &&
		   follower_unread_bytes(self) == 0) {
		catch_up(self); /* nothing is being written whose end would bring it about */
	}
}

static void flush_pending(evutil_socket_t fd, short what, void *context)
{
	struct follower *self = context;

	(void)fd;
	(void)what;
	if (self->ends && self->request != NULL)
		follower_end(self); /* may free it */
	else
		write_pending(self);
}

void follower_schedule(struct follower *self)
{
	event_active(self->flush, EV_TIMEOUT, 1);
}

int follower_begin(struct ctl_streams *streams, struct evhttp_request *request, enum follower_kind kind,
		   const char *content_type, struct follower **follower)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	struct follower *self;

	if (streams->count >= CTL_STREAM_COUNT_MAX)
		return -EBUSY;
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		return -ENOMEM;
	self->streams = streams;
	self->kind = kind;
	self->request = request;
	self->connection = connection;
	self->pending = evbuffer_new();
	self->flush = event_new(streams->base, -1, 0, flush_pending, self);
	if (self->pending == NULL || self->flush == NULL) {
		follower_destroy(self);
		return -ENOMEM;
	}
	self->next = streams->first;
	streams->first = self;
	streams->count++;
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", content_type);
	evhttp_connection_set_closecb(connection, connection_closed, self);
	evhttp_send_reply_start(request, HTTP_OK, "OK");
	self->chunked = evhttp_find_header(evhttp_request_get_output_headers(request), "Transfer-Encoding") != NULL;
	bufferevent_set_timeouts(evhttp_connection_get_bufferevent(connection), NULL, NULL);
	bufferevent_set_max_single_write(evhttp_connection_get_bufferevent(connection), WRITE_BYTES);
	/* Reading goes on only to learn that the peer has gone; what it still says is not kept. */
	bufferevent_setwatermark(evhttp_connection_get_bufferevent(connection), EV_READ, 0, 4096);
	*follower = self;
	return 0;
}

void follower_end(struct follower *self)
{
	struct evhttp_request *request = self->request;

	follower_tell_late(self);
	if (self->kind == FOLLOW_TERMINAL && self->dropped > 0)
		follower_add_gap(self);
	write_pending(self);
	self->request = NULL;
	evhttp_send_reply_end(request);
}

/* ---- All of them ---- */

static void observe_change(void *context, size_t id)
{
	struct ctl_streams *self = context;

	for (struct follower *follower = self->first; follower != NULL; follower = follower->next) {
		if (follower->kind == FOLLOW_EVENTS && follower->request != NULL)
			follower_add_change(follower, id);
		else if (follower->kind == FOLLOW_LOGS && id != SIZE_MAX)
			follower_learn_unit(follower, id);
		else if (follower->kind == FOLLOW_TERMINAL && id == follower->terminal && follower->request != NULL)
			follower_learn_end(follower);
	}
}

static void observe_usage(void *context, bool moved)
{
	struct ctl_streams *self = context;

	for (struct follower *follower = self->first; follower != NULL; follower = follower->next) {
		if (follower->request != NULL)
			follower_add_usage(follower, moved);
	}
}

void ctl_streams_measure(struct ctl_streams *self)
{
	int64_t interval_ms = 0;

	if (self->usage == NULL)
		return;
	for (const struct follower *follower = self->first; follower != NULL; follower = follower->next) {
		if (follower->usage_ms > 0 && (interval_ms == 0 || follower->usage_ms < interval_ms))
			interval_ms = follower->usage_ms;
	}
	ctl_usage_every(self->usage, interval_ms);
}

size_t ctl_streams_count(const struct ctl_streams *self)
{
	return self->count;
}

void ctl_streams_note(struct ctl_streams *self, struct evhttp_request *request, const struct ctl_noted *noted)
{
	if (self->first != NULL && self->first->connection == evhttp_request_get_connection(request))
		self->first->noted = *noted;
}

struct ctl_streams *ctl_streams_create(struct event_base *base, struct supervisor *supervisor, struct err *err)
{
	struct ctl_streams *self = calloc(1, sizeof(*self));

	if (self != NULL)
		self->usage = ctl_usage_create(base, supervisor, observe_usage, self);
	if (self == NULL || self->usage == NULL) {
		err_set(err, ERR_INTERNAL, "out of memory");
		free(self);
		return NULL;
	}
	self->base = base;
	self->supervisor = supervisor;
	supervisor_observe(supervisor, observe_change, self);
	if (supervisor_output(supervisor) != NULL) {
		output_on_writing(supervisor_output(supervisor), ctl_streams_observe_writing, self);
		output_on_bytes(supervisor_output(supervisor), ctl_streams_observe_bytes, self);
	}
	return self;
}

/* False when not all of it went out: what would follow must not be sent either. */
static bool send_until(int fd, const char *bytes, size_t size_bytes, int64_t deadline_ms)
{
	struct pollfd pollfd = {.fd = fd, .events = POLLOUT};
	size_t offset = 0;

	while (offset < size_bytes) {
		ssize_t count = send(fd, bytes + offset, size_bytes - offset, MSG_NOSIGNAL | MSG_DONTWAIT);
		int64_t left = deadline_ms - clock_monotonic_ms();

		if (count > 0)
			offset += (size_t)count;
		else if (count < 0 && errno == EINTR)
			continue;
		else if (count == 0 || errno != EAGAIN || left <= 0 || poll(&pollfd, 1, (int)left) <= 0)
			return false;
	}
	return true;
}

/* Peeked at, not taken out: a bufferevent lets nobody else drain its output. */
static bool send_buffer(int fd, struct evbuffer *buffer, int64_t deadline_ms)
{
	int count = evbuffer_peek(buffer, -1, NULL, NULL, 0);
	struct evbuffer_iovec *pieces = calloc((size_t)(count > 0 ? count : 1), sizeof(*pieces));

	bool sent = pieces != NULL;

	count = sent ? evbuffer_peek(buffer, -1, NULL, pieces, count) : 0;
	for (int i = 0; sent && i < count; i++)
		sent = send_until(fd, pieces[i].iov_base, pieces[i].iov_len, deadline_ms);
	free(pieces);
	return sent;
}

/* The loop has ended, so what is due is written by hand: what evhttp holds, then the end of the chunked body. */
static void say_farewell(struct follower *self, int64_t deadline_ms)
{
	static const char last_chunk[] = "0\r\n\r\n";
	struct bufferevent *bufferevent = evhttp_connection_get_bufferevent(self->connection);
	int fd = bufferevent_getfd(bufferevent);

	if (self->request != NULL && self->dropped > 0)
		catch_up(self);
	write_pending(self);
	if (send_buffer(fd, bufferevent_get_output(bufferevent), deadline_ms) && self->request != NULL && self->chunked)
		send_until(fd, last_chunk, sizeof(last_chunk) - 1, deadline_ms);
}

void ctl_streams_destroy(struct ctl_streams *self)
{
	int64_t deadline_ms = clock_monotonic_ms() + FAREWELL_MS;

	if (self == NULL)
		return;
	supervisor_observe(self->supervisor, NULL, NULL);
	if (supervisor_output(self->supervisor) != NULL) {
		output_on_writing(supervisor_output(self->supervisor), NULL, NULL);
		output_on_bytes(supervisor_output(self->supervisor), NULL, NULL);
	}
	/* Before those who ask for it: by now there is nothing to measure any more. */
	ctl_usage_destroy(self->usage);
	self->usage = NULL;
	while (self->first != NULL) {
		struct follower *follower = self->first;

		say_farewell(follower, deadline_ms);
		/* Frees the request too; nobody is left to tell. */
		evhttp_connection_set_closecb(follower->connection, NULL, NULL);
		evhttp_connection_free(follower->connection);
		follower_destroy(follower);
	}
	free(self);
}
