/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/sender.h"

#include "config/clock.h"
#include "telemetry/sender/batch.h"
#include "telemetry/sender/feed.h"
#include "telemetry/sender/ledger.h"
#include "telemetry/sender/outbox.h"
#include "telemetry/sender/retry.h"
#include "telemetry/sender/transport.h"
#include "telemetry/wire.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct sender {
	struct event_base *base;
	struct event *readable, *wake, *end;
	char *buffer; /* one message */
	int fd;
	struct feed_config config;
	struct feed_message early[SENDER_EARLY_MESSAGES_MAX];
	size_t early_count;
	struct outbox *outbox; /* NULL: the configuration has not come */
	struct ledger *ledger;
	struct transport *transport;
	struct outbox_batch batch; /* under way; count 0: none */
	size_t batch_max;
	unsigned failures; /* in a row */
	int64_t not_before_ms; /* monotonic: the next attempt's earliest time */
	int64_t asked_until_ms; /* monotonic: the receiver asked to be left alone until then (Retry-After) */
	int64_t end_ms; /* monotonic: when to be gone; 0: the stack runs */
};

static void wake_in(struct sender *self, int64_t delay_ms)
{
	struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = delay_ms % 1000 * 1000};

	event_add(self->wake, &delay);
}

/* The one way out: claims are given back, databases closed; whatever libcurl still does ends with the process. */
static void leave(struct sender *self)
{
	if (self->outbox && self->batch.count > 0)
		outbox_release(self->outbox, &self->batch);
	outbox_close(self->outbox);
	ledger_close(self->ledger);
	_exit(0);
}

static void settle(struct sender *self, const struct transport_answer *answer)
{
	enum retry_verdict verdict = retry_classify(answer->status, self->batch.count);
	bool gone = verdict == RETRY_DELIVERED || verdict == RETRY_DROP;
	uint32_t random = 0;
	int64_t delay_ms;

	ledger_end(self->ledger, &self->batch,
		   verdict == RETRY_DELIVERED ? "delivered"
		   : verdict == RETRY_DROP    ? "refused"
					      : "waiting",
		   answer->status, NULL);
	if (gone)
		outbox_remove(self->outbox, &self->batch);
	else
		outbox_release(self->outbox, &self->batch);
	if (verdict == RETRY_HALVE)
		self->batch_max = self->batch.count / 2;
	outbox_batch_finish(&self->batch);
	if (verdict != RETRY_AGAIN) {
		self->failures = 0;
		self->not_before_ms = 0;
		wake_in(self, 0);
		return;
	}
	if (self->end_ms)
		leave(self);
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = UINT32_MAX / 2;
	delay_ms = retry_delay_ms(++self->failures, answer->retry_after_s, random);
	self->not_before_ms = clock_monotonic_ms() + delay_ms;
	self->asked_until_ms = answer->retry_after_s > 0 ? self->not_before_ms : 0;
	wake_in(self, delay_ms);
}

static void on_answer(void *context, const struct transport_answer *answer)
{
	settle(context, answer);
}

/* Milliseconds this attempt may take; 0: there is no time for one. */
static int64_t attempt_ms(const struct sender *self)
{
	int64_t left;

	if (!self->end_ms)
		return SENDER_ATTEMPT_MS;
	left = self->end_ms - clock_monotonic_ms() - (SENDER_END_MS - SENDER_LAST_ATTEMPT_MS);
	return left > 0 ? left : 0;
}

static void attempt(struct sender *self)
{
	static const struct transport_answer failed = {0};
	int64_t now_ms = clock_wall_ms(), timeout_ms = attempt_ms(self);
	char sent_at[BATCH_TIME_BYTES];
	size_t size_bytes;
	char *body;
	int result = -ENOMEM;

	if (timeout_ms == 0)
		leave(self);
	batch_time(now_ms, sent_at);
	body = batch_body(self->config.key, &self->batch, sent_at, &size_bytes);
	if (body) {
		ledger_begin(self->ledger, &self->batch, sent_at, now_ms);
		result = self->transport->send(self->transport, body, size_bytes, timeout_ms, on_answer, self);
	}
	free(body);
	if (result < 0)
		settle(self, &failed);
}

/* Something may be due: claims what is free and sends it, else sleeps until there is something, or leaves. */
static void on_wake(evutil_socket_t fd, short what, void *context)
{
	struct sender *self = context;
	int64_t monotonic_ms = clock_monotonic_ms(), wait_ms;

	(void)fd;
	(void)what;
	if (self->batch.count > 0)
		return;
	/* A person's no has removed the file: from here on nothing is sent, not even what comes in later. */
	if (!self->outbox || !self->transport || outbox_is_wiped(self->outbox)) {
		if (self->end_ms)
			leave(self);
		return;
	}
	if (self->end_ms && monotonic_ms < self->asked_until_ms)
		leave(self);
	if (!self->end_ms && monotonic_ms < self->not_before_ms) {
		wake_in(self, self->not_before_ms - monotonic_ms);
		return;
	}
	if (outbox_claim(self->outbox, self->batch_max, BATCH_BYTES_MAX, clock_wall_ms(), &self->batch) == 0 &&
	    self->batch.count > 0) {
		attempt(self);
		return;
	}
	/* Nothing to be had now: what there is, another sender has claimed. */
	if (self->end_ms)
		leave(self);
	wait_ms = outbox_wait_ms(self->outbox, clock_wall_ms());
	if (wait_ms >= 0)
		wake_in(self, wait_ms > 200 ? wait_ms : 200);
}

static void keep(struct sender *self, const struct feed_message *message)
{
	if (outbox_is_wiped(self->outbox))
		return;
	outbox_append(self->outbox, message->uuid, message->name, message->event, clock_wall_ms());
	if (self->batch.count == 0 && clock_monotonic_ms() >= self->not_before_ms)
		wake_in(self, SENDER_GATHER_MS);
}

static void finish_message(struct feed_message *message)
{
	free(message->uuid);
	free(message->name);
	free(message->event);
}

static void configure(struct sender *self, struct feed_message *message)
{
	struct outbox_options options = {.notice = message->config.notice, .path = message->config.outbox};
	int64_t now_ms = clock_wall_ms();
	char *endpoint;

	if (self->outbox) {
		feed_config_finish(&message->config);
		return;
	}
	self->config = message->config;
	if (asprintf(&endpoint, "%s %s", self->config.host, self->config.key) < 0)
		return;
	options.endpoint = endpoint;
	self->ledger = ledger_open(self->config.ledger, self->config.host, now_ms);
	self->transport = transport_create(self->base, self->config.host);
	if (self->ledger && self->transport)
		self->outbox = outbox_open(&options, now_ms);
	free(endpoint);
	for (size_t i = 0; i < self->early_count; i++) {
		if (self->outbox)
			keep(self, &self->early[i]);
		finish_message(&self->early[i]);
	}
	self->early_count = 0;
	/* What an earlier run could not deliver goes first. */
	wake_in(self, SENDER_GATHER_MS);
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
	event_add(self->end, &soft);
	self->end_ms = clock_monotonic_ms() + SENDER_END_MS;
	if (self->batch.count == 0)
		wake_in(self, 0);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct sender *self = context;

	(void)what;
	/* A bounded number at a time: the network is served in between. */
	for (int i = 0; i < 64; i++) {
		struct feed_message message;

		feed_receive(fd, self->buffer, &message);
		switch (message.kind) {
		case FEED_NOTHING:
			return;
		case FEED_END:
			stack_ended(self);
			return;
		case FEED_CONFIG:
			configure(self, &message);
			break;
		case FEED_EVENT:
			if (self->outbox) {
				keep(self, &message);
				finish_message(&message);
			} else if (self->early_count < SENDER_EARLY_MESSAGES_MAX) {
				self->early[self->early_count++] = message;
			} else {
				finish_message(&message);
			}
			break;
		case FEED_WRONG:
			break;
		}
	}
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
	if (self->wake)
		event_free(self->wake);
	if (self->end)
		event_free(self->end);
	if (self->base)
		event_base_free(self->base);
	free(self->buffer);
}

int sender_run(int fd)
{
	struct sender self = {.fd = fd, .batch_max = BATCH_EVENTS_MAX};
	struct sigaction ignored = {.sa_handler = SIG_IGN};
	pthread_t watchdog;
	int result = -ENOMEM;

	sigaction(SIGPIPE, &ignored, NULL);
	self.base = event_base_new();
	self.buffer = malloc(WIRE_BYTES_MAX + 1);
	if (!self.base || !self.buffer)
		goto out;
	self.readable = event_new(self.base, fd, EV_READ | EV_PERSIST, on_readable, &self);
	self.wake = event_new(self.base, -1, 0, on_wake, &self);
	self.end = event_new(self.base, -1, 0, on_end, &self);
	if (!self.readable || !self.wake || !self.end || event_add(self.readable, NULL) < 0)
		goto out;
	if (pthread_create(&watchdog, NULL, watch_end, &self) != 0)
		goto out;
	result = event_base_dispatch(self.base) < 0 ? -EIO : 0;
out:
	sender_finish(&self);
	return result;
}
