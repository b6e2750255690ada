/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/sender.h"

#include "config/clock.h"
#include "telemetry/sender/delivery.h"
#include "telemetry/sender/feed.h"
#include "telemetry/sender/ledger.h"
#include "telemetry/sender/outbox.h"
#include "telemetry/sender/relay.h"
#include "telemetry/sender/report.h"
#include "telemetry/sender/transport.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct sender {
	struct event_base *base;
	struct event *readable, *keep, *end;
	struct feed *feed;
	struct report *report;
	int fd;
	struct feed_config config;
	bool configured;
	struct outbox *outbox; /* NULL: the configuration has not come, or nothing can be sent */
	struct ledger *ledger;
	struct delivery *delivery; /* NULL: nothing can be sent */
	struct relay *relay; /* NULL: none is wanted, or none can be had */
	uint64_t dropped; /* messages that could not be read, and events where there is nowhere to keep them */
	int64_t end_ms; /* monotonic: when to be gone; 0: the stack runs */
};

static void collect_counts(void *context, struct report_counts *counts)
{
	const struct sender *self = context;

	counts->delivered = delivery_counts(self->delivery).delivered;
	counts->refused = delivery_counts(self->delivery).refused;
	counts->dropped = self->dropped;
	if (self->relay) {
		struct relay_counts relay = relay_counts(self->relay);

		counts->relayed = relay.relayed;
		counts->relay_dropped = relay.dropped;
		counts->relay_refused = relay.refused;
	}
	if (!self->outbox)
		return;
	counts->queued = (uint64_t)outbox_count(self->outbox);
	counts->evicted = outbox_evicted(self->outbox);
}

/* The one way out: claims are given back, databases closed; whatever libcurl still does ends with the process. */
static void leave(void *context)
{
	struct sender *self = context;

	delivery_release(self->delivery);
	outbox_close(self->outbox);
	ledger_close(self->ledger);
	_exit(0);
}

/* ---- what is told of it ---- */

static void on_changed(void *context)
{
	struct sender *self = context;

	report_changed(self->report);
}

/* Events were kept. */
static void send_soon(void *context)
{
	struct sender *self = context;

	report_changed(self->report);
	if (self->delivery)
		delivery_soon(self->delivery);
}

static void note_gone(void *context, const char *uuid, enum outbox_reason reason)
{
	struct sender *self = context;

	ledger_gone(self->ledger, uuid, outbox_reason_name(reason));
}

/* ---- what comes in ---- */

static int open_outbox(struct sender *self, int64_t now_ms)
{
	struct outbox_options options = {
		.notice = self->config.notice, .path = self->config.outbox, .gone = note_gone, .context = self};
	char *endpoint;

	if (asprintf(&endpoint, "%s %s", self->config.host, self->config.key) < 0)
		return -ENOMEM;
	options.endpoint = endpoint;
	self->outbox = outbox_open(&options, now_ms);
	free(endpoint);
	return self->outbox ? 0 : -EIO;
}

static void configure(struct sender *self, struct feed_config *config)
{
	struct delivery_options delivery = {.base = self->base, .changed = on_changed, .over = leave, .context = self};
	int64_t now_ms = clock_wall_ms();

	self->configured = true;
	self->config = *config;
	*config = (struct feed_config){0};
	report_changed(self->report);
	self->ledger = ledger_open(self->config.ledger, self->config.host, now_ms);
	delivery.transport = transport_create(self->base, self->config.host);
	if (!self->ledger || !delivery.transport || open_outbox(self, now_ms) < 0)
		return;
	delivery.key = self->config.key;
	delivery.outbox = self->outbox;
	delivery.ledger = self->ledger;
	self->delivery = delivery_create(&delivery);
	if (self->config.relay)
		self->relay = relay_create(self->base, self->config.relay, self->outbox, send_soon, self);
	/* What an earlier run could not deliver goes first. */
	send_soon(self);
}

static void drop(struct sender *self, size_t count)
{
	self->dropped += count;
	report_changed(self->report);
}

/* Nothing of a no's outlives it; and where nothing can be sent nothing needs to be kept. */
static int keep_events(struct sender *self, const struct feed_message *messages, size_t count)
{
	struct outbox_new events[SENDER_TAKEN_MAX];

	if (!self->outbox)
		drop(self, count);
	if (!self->outbox || outbox_is_wiped(self->outbox))
		return 0;
	for (size_t i = 0; i < count; i++)
		events[i] = (struct outbox_new){messages[i].uuid, messages[i].name, messages[i].event};
	return outbox_append_all(self->outbox, events, count, clock_wall_ms());
}

static void on_end(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	leave(context);
}

static void stack_ended(struct sender *self)
{
	struct timeval soft = {.tv_usec = SENDER_END_MS * 1000};

	event_del(self->readable);
	event_del(self->keep);
	event_add(self->end, &soft);
	if (self->relay)
		relay_end(self->relay);
	self->end_ms = clock_monotonic_ms() + SENDER_END_MS;
	if (self->delivery)
		delivery_end(self->delivery, self->end_ms);
	else
		leave(self);
}

/* What is no event. False: no more for now. */
static bool obey(struct sender *self, struct feed_message *message)
{
	if (message->kind == FEED_END)
		stack_ended(self);
	if (message->kind == FEED_END || message->kind == FEED_NOTHING)
		return false;
	if (message->kind == FEED_CONFIG && !self->configured)
		configure(self, &message->config);
	if (message->kind == FEED_COMMON && self->relay)
		relay_common(self->relay, message->common);
	if (message->kind == FEED_WRONG)
		drop(self, 1);
	feed_take(self->feed, 1);
	return true;
}

/* Events that stand together are kept in one transaction, and taken from the socket after it. False: no more for now. */
static bool take_some(struct sender *self)
{
	struct feed_message messages[SENDER_TAKEN_MAX] = {0};
	size_t count = 0, size_bytes = 0;
	bool more = true;

	feed_rewind(self->feed);
	for (; count < SENDER_TAKEN_MAX && size_bytes < SENDER_TAKEN_BYTES_MAX; count++) {
		feed_look(self->feed, &messages[count]);
		if (messages[count].kind != FEED_EVENT)
			break;
		size_bytes += messages[count].size_bytes;
	}
	if (count == 0) {
		more = obey(self, &messages[0]);
		feed_message_finish(&messages[0]);
		return more;
	}
	if (keep_events(self, messages, count) < 0) {
		/* A full disk, or another sender is at it: what waits in the socket is not lost. */
		event_add(self->keep, &(struct timeval){.tv_usec = SENDER_AGAIN_MS * 1000});
		more = false;
	} else {
		feed_take(self->feed, count);
		send_soon(self);
	}
	for (size_t i = 0; i < SENDER_TAKEN_MAX; i++)
		feed_message_finish(&messages[i]);
	return more;
}

/* Told once of what is new: takes it to its end, and serves the network in between. */
static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct sender *self = context;

	(void)fd;
	(void)what;
	if (!self->end_ms && take_some(self))
		event_active(self->readable, EV_READ, 0);
}

/*
 * The second pair of eyes: sees the stack's end also while the loop is held up by a disk or a lock, and also
 * behind messages that are still unread.
 */
static void *watch_end(void *context)
{
	const struct sender *self = context;
	struct pollfd end = {.fd = self->fd};
	struct timespec rest = {.tv_nsec = SENDER_HARD_END_MS * 1000000L};

	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		continue;
	while (nanosleep(&rest, &rest) < 0 && errno == EINTR)
		continue;
	_exit(0);
}

static void sender_finish(struct sender *self)
{
	if (self->readable)
		event_free(self->readable);
	if (self->keep)
		event_free(self->keep);
	if (self->end)
		event_free(self->end);
	report_destroy(self->report);
	feed_destroy(self->feed);
	if (self->base)
		event_base_free(self->base);
}

int sender_run(int fd)
{
	struct sender self = {.fd = fd};
	struct sigaction ignored = {.sa_handler = SIG_IGN};
	pthread_t watchdog;
	int result = -ENOMEM;

	sigaction(SIGPIPE, &ignored, NULL);
	/* A file that may not grow is as a full disk is. */
	sigaction(SIGXFSZ, &ignored, NULL);
	self.base = event_base_new();
	self.feed = feed_create(fd);
	if (!self.base || !self.feed)
		goto out;
	self.readable = event_new(self.base, fd, EV_READ | EV_PERSIST | EV_ET, on_readable, &self);
	self.keep = event_new(self.base, -1, 0, on_readable, &self);
	self.end = event_new(self.base, -1, 0, on_end, &self);
	self.report = report_create(self.base, fd, collect_counts, &self);
	if (!self.readable || !self.keep || !self.end || event_add(self.readable, NULL) < 0)
		goto out;
	if (pthread_create(&watchdog, NULL, watch_end, &self) != 0)
		goto out;
	result = event_base_dispatch(self.base) < 0 ? -EIO : 0;
out:
	sender_finish(&self);
	return result;
}
