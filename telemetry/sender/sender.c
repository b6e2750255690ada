/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/sender.h"

#include "config/clock.h"
#include "telemetry/sender/batch.h"
#include "telemetry/sender/feed.h"
#include "telemetry/sender/ledger.h"
#include "telemetry/sender/outbox.h"
#include "telemetry/sender/relay.h"
#include "telemetry/sender/report.h"
#include "telemetry/sender/retry.h"
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
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct sender {
	struct event_base *base;
	struct event *readable, *keep, *wake, *end;
	struct feed *feed;
	struct report *report;
	int fd;
	struct feed_config config;
	bool configured;
	struct outbox *outbox; /* NULL: the configuration has not come, or nothing can be sent */
	struct ledger *ledger;
	struct transport *transport;
	struct relay *relay; /* NULL: none is wanted, or none can be had */
	struct outbox_batch batch; /* under way; count 0: none */
	bool settled; /* what came of it is known, and it could not be removed from the outbox yet */
	size_t batch_max, batch_limit; /* events at a time: as things are, and at most (413) */
	uint64_t delivered, refused;
	uint64_t dropped; /* messages that could not be read, and events where there is nowhere to keep them */
	unsigned failures; /* in a row */
	bool stopped; /* the key was refused: no further attempt in this run */
	int64_t not_before_ms; /* monotonic: the next attempt's earliest time */
	int64_t asked_until_ms; /* monotonic: the receiver asked to be left alone until then (Retry-After) */
	int64_t end_ms; /* monotonic: when to be gone; 0: the stack runs */
};

static void wake_in(struct sender *self, int64_t delay_ms)
{
	struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = delay_ms % 1000 * 1000};

	event_add(self->wake, &delay);
}

static void collect_counts(void *context, struct report_counts *counts)
{
	const struct sender *self = context;

	counts->delivered = self->delivered;
	counts->refused = self->refused;
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
static void leave(struct sender *self)
{
	if (self->outbox && self->batch.count > 0 && !self->settled)
		outbox_release(self->outbox, &self->batch);
	outbox_close(self->outbox);
	ledger_close(self->ledger);
	_exit(0);
}

/* ---- what goes out ---- */

/* The batch is over. While it stands in the outbox nothing else is claimed: it would be sent once more. */
static void remove_batch(struct sender *self)
{
	if (!outbox_is_wiped(self->outbox) && outbox_remove(self->outbox, &self->batch) < 0) {
		self->settled = true;
		if (self->end_ms)
			leave(self);
		wake_in(self, SENDER_AGAIN_MS);
		return;
	}
	self->settled = false;
	outbox_batch_finish(&self->batch);
	report_changed(self->report);
	wake_in(self, 0);
}

/*
 * `slow`: no answer came. On a slow line that may be the batch's own size, which would then stand in the way for ever: so fewer
 * events go together until some arrive.
 */
static void try_later(struct sender *self, int64_t retry_after_s, bool slow)
{
	uint32_t random = 0;
	int64_t delay_ms;

	if (slow && self->failures >= SENDER_SLOW_FAILURES && self->batch.count > 1)
		self->batch_max = self->batch.count / 2;
	outbox_release(self->outbox, &self->batch);
	outbox_batch_finish(&self->batch);
	if (self->end_ms)
		leave(self);
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = UINT32_MAX / 2;
	delay_ms = retry_delay_ms(++self->failures, retry_after_s, random);
	self->not_before_ms = clock_monotonic_ms() + delay_ms;
	self->asked_until_ms = retry_after_s > 0 ? self->not_before_ms : 0;
	wake_in(self, delay_ms);
}

static void settle(struct sender *self, const struct transport_answer *answer)
{
	size_t count = self->batch.count;
	enum retry_verdict verdict = retry_classify(answer->status, count);

	ledger_end(self->ledger,
		   verdict == RETRY_DELIVERED ? "delivered"
		   : verdict == RETRY_DROP    ? "refused"
					      : "waiting",
		   answer->status, retry_reason(answer->status, count));
	if (verdict == RETRY_AGAIN) {
		try_later(self, answer->retry_after_s, answer->status == 0);
		return;
	}
	self->failures = 0;
	self->not_before_ms = 0;
	if (verdict == RETRY_HALVE) {
		self->batch_max = self->batch_limit = count / 2;
		outbox_release(self->outbox, &self->batch);
		outbox_batch_finish(&self->batch);
		wake_in(self, 0);
		return;
	}
	if (verdict == RETRY_DELIVERED)
		self->delivered += count;
	else
		self->refused += count;
	self->batch_max = self->batch_max * 2 < self->batch_limit ? self->batch_max * 2 : self->batch_limit;
	/* Whoever refuses the key refuses everything; what is queued waits for a run with a better one. */
	self->stopped = self->stopped || answer->status == 401;
	remove_batch(self);
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

/* What cannot be written down is not sent. */
static void attempt(struct sender *self)
{
	static const struct transport_answer failed = {0};
	int64_t now_ms = clock_wall_ms(), timeout_ms = attempt_ms(self);
	char sent_at[BATCH_TIME_BYTES];
	size_t size_bytes;
	char *body;
	int result;

	if (timeout_ms == 0)
		leave(self);
	batch_time(now_ms, sent_at);
	if (ledger_begin(self->ledger, &self->batch, sent_at, now_ms) < 0) {
		try_later(self, 0, false);
		return;
	}
	body = batch_body(self->config.key, &self->batch, sent_at, &size_bytes);
	outbox_batch_trim(&self->batch);
	result = body ? self->transport->send(self->transport, body, size_bytes, timeout_ms, on_answer, self) : -ENOMEM;
	free(body);
	if (result < 0)
		settle(self, &failed);
}

static bool is_time_to_try(struct sender *self)
{
	int64_t monotonic_ms = clock_monotonic_ms();

	if (self->end_ms)
		return monotonic_ms >= self->asked_until_ms;
	if (monotonic_ms >= self->not_before_ms)
		return true;
	wake_in(self, self->not_before_ms - monotonic_ms);
	return false;
}

/* Something may be due: claims what is free and sends it, else sleeps until there is something, or leaves. */
static void on_wake(evutil_socket_t fd, short what, void *context)
{
	struct sender *self = context;
	int64_t wait_ms;
	int result;

	(void)fd;
	(void)what;
	if (self->settled)
		remove_batch(self);
	if (self->batch.count > 0)
		return;
	/* A person's no has removed the file: from here on nothing is sent, not even what comes in later. */
	if (!self->outbox || self->stopped || outbox_is_wiped(self->outbox) || !is_time_to_try(self)) {
		if (self->end_ms)
			leave(self);
		return;
	}
	result = outbox_claim(self->outbox, self->batch_max, SENDER_BATCH_BYTES_MAX, clock_wall_ms(), &self->batch);
	if (result == 0 && self->batch.count > 0) {
		attempt(self);
		return;
	}
	/* Nothing to be had now: what there is, another sender has claimed. */
	if (self->end_ms)
		leave(self);
	wait_ms = outbox_wait_ms(self->outbox, clock_wall_ms());
	if (result < 0 || wait_ms >= 0)
		wake_in(self, wait_ms > SENDER_AGAIN_MS ? wait_ms : SENDER_AGAIN_MS);
}

/* ---- what comes in ---- */

static void sent_soon(void *context)
{
	struct sender *self = context;

	report_changed(self->report);
	if (self->batch.count == 0 && !event_pending(self->wake, EV_TIMEOUT, NULL))
		wake_in(self, SENDER_GATHER_MS);
}

static void note_gone(void *context, const char *uuid, enum outbox_reason reason)
{
	struct sender *self = context;

	ledger_gone(self->ledger, uuid, outbox_reason_name(reason));
}

static void configure(struct sender *self, struct feed_config *config)
{
	struct outbox_options options = {
		.notice = config->notice, .path = config->outbox, .gone = note_gone, .context = self};
	int64_t now_ms = clock_wall_ms();
	char *endpoint;

	self->configured = true;
	self->config = *config;
	*config = (struct feed_config){0};
	if (asprintf(&endpoint, "%s %s", self->config.host, self->config.key) < 0)
		return;
	options.endpoint = endpoint;
	self->ledger = ledger_open(self->config.ledger, self->config.host, now_ms);
	self->transport = transport_create(self->base, self->config.host);
	if (self->ledger && self->transport)
		self->outbox = outbox_open(&options, now_ms);
	free(endpoint);
	if (self->outbox && self->config.relay)
		self->relay = relay_create(self->base, self->config.relay, self->outbox, sent_soon, self);
	/* What an earlier run could not deliver goes first. */
	wake_in(self, SENDER_GATHER_MS);
	report_changed(self->report);
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
	if (self->batch.count == 0 || self->settled)
		wake_in(self, 0);
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
		sent_soon(self);
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
	if (self->wake)
		event_free(self->wake);
	if (self->end)
		event_free(self->end);
	report_destroy(self->report);
	feed_destroy(self->feed);
	if (self->base)
		event_base_free(self->base);
}

int sender_run(int fd)
{
	struct sender self = {.fd = fd, .batch_max = BATCH_EVENTS_MAX, .batch_limit = BATCH_EVENTS_MAX};
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
	self.wake = event_new(self.base, -1, 0, on_wake, &self);
	self.end = event_new(self.base, -1, 0, on_end, &self);
	self.report = report_create(self.base, fd, collect_counts, &self);
	if (!self.readable || !self.keep || !self.wake || !self.end || event_add(self.readable, NULL) < 0)
		goto out;
	if (pthread_create(&watchdog, NULL, watch_end, &self) != 0)
		goto out;
	result = event_base_dispatch(self.base) < 0 ? -EIO : 0;
out:
	sender_finish(&self);
	return result;
}
