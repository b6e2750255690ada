/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/delivery.h"

#include "config/clock.h"
#include "telemetry/id.h"
#include "telemetry/sender/batch.h"
#include "telemetry/sender/ledger.h"
#include "telemetry/sender/outbox.h"
#include "telemetry/sender/retry.h"
#include "telemetry/sender/sender.h"
#include "telemetry/sender/transport.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>

struct delivery {
	struct delivery_options options;
	struct event *wake;
	struct outbox_batch batch; /* under way; count 0: none */
	bool settled; /* what came of it is known, and it could not be removed from the outbox yet */
	size_t batch_max, batch_limit; /* events at a time: as things are, and at most (413) */
	struct delivery_counts counts;
	unsigned failures; /* in a row */
	bool stopped; /* the key was refused: no further attempt in this run */
	int64_t not_before_ms; /* monotonic: the next attempt's earliest time */
	int64_t asked_until_ms; /* monotonic: the receiver asked to be left alone until then (Retry-After) */
	int64_t end_ms; /* monotonic: when to be gone; 0: the stack runs */
};

static void wake_in(struct delivery *self, int64_t delay_ms)
{
	struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = delay_ms % 1000 * 1000};

	event_add(self->wake, &delay);
}

/* The batch is over. While it stands in the outbox nothing else is claimed: it would be sent once more. */
static void remove_batch(struct delivery *self)
{
	if (!outbox_is_wiped(self->options.outbox) && outbox_remove(self->options.outbox, &self->batch) < 0) {
		self->settled = true;
		if (self->end_ms)
			self->options.over(self->options.context);
		wake_in(self, SENDER_AGAIN_MS);
		return;
	}
	self->settled = false;
	outbox_batch_finish(&self->batch);
	self->options.changed(self->options.context);
	wake_in(self, 0);
}

/*
 * `slow`: no answer came. On a slow line that may be the batch's own size, which would then stand in the way for ever: so fewer
 * events go together until some arrive.
 */
static void try_later(struct delivery *self, int64_t retry_after_s, bool slow)
{
	uint32_t random = 0;
	int64_t delay_ms;

	if (slow && self->failures >= SENDER_SLOW_FAILURES && self->batch.count > 1)
		self->batch_max = self->batch.count / 2;
	outbox_release(self->options.outbox, &self->batch);
	outbox_batch_finish(&self->batch);
	if (self->end_ms)
		self->options.over(self->options.context);
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = UINT32_MAX / 2;
	delay_ms = retry_delay_ms(++self->failures, retry_after_s, random);
	self->not_before_ms = clock_monotonic_ms() + delay_ms;
	self->asked_until_ms = retry_after_s > 0 ? self->not_before_ms : 0;
	wake_in(self, delay_ms);
}

static void settle(struct delivery *self, const struct transport_answer *answer)
{
	size_t count = self->batch.count;
	enum retry_verdict verdict = retry_classify(answer->status, count);

	ledger_end(self->options.ledger,
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
		outbox_release(self->options.outbox, &self->batch);
		outbox_batch_finish(&self->batch);
		wake_in(self, 0);
		return;
	}
	if (verdict == RETRY_DELIVERED)
		self->counts.delivered += count;
	else
		self->counts.refused += count;
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
static int64_t attempt_ms(const struct delivery *self)
{
	int64_t left;

	if (!self->end_ms)
		return SENDER_ATTEMPT_MS;
	left = self->end_ms - clock_monotonic_ms() - (SENDER_END_MS - SENDER_LAST_ATTEMPT_MS);
	return left > 0 ? left : 0;
}

/* What cannot be written down is not sent. */
static void attempt(struct delivery *self)
{
	static const struct transport_answer failed = {0};
	int64_t now_ms = clock_wall_ms(), timeout_ms = attempt_ms(self);
	char sent_at[TIME_BYTES];
	size_t size_bytes;
	char *body;
	int result;

	if (timeout_ms == 0)
		self->options.over(self->options.context);
	time_text(now_ms, sent_at);
	if (ledger_begin(self->options.ledger, &self->batch, sent_at, now_ms) < 0) {
		try_later(self, 0, false);
		return;
	}
	body = batch_body(self->options.key, &self->batch, sent_at, &size_bytes);
	outbox_batch_trim(&self->batch);
	result = body ? self->options.transport->send(self->options.transport, body, size_bytes, timeout_ms, on_answer,
						      self)
		      : -ENOMEM;
	free(body);
	if (result < 0)
		settle(self, &failed);
}

static bool is_time_to_try(struct delivery *self)
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
	struct delivery *self = context;
	int64_t wait_ms;
	int result;

	(void)fd;
	(void)what;
	if (self->settled)
		remove_batch(self);
	if (self->batch.count > 0)
		return;
	/* A person's no has removed the file: from here on nothing is sent, not even what comes in later. */
	if (self->stopped || outbox_is_wiped(self->options.outbox) || !is_time_to_try(self)) {
		if (self->end_ms)
			self->options.over(self->options.context);
		return;
	}
	result = outbox_claim(self->options.outbox, self->batch_max, BATCH_BYTES_MAX, clock_wall_ms(), &self->batch);
	if (result == 0 && self->batch.count > 0) {
		attempt(self);
		return;
	}
	/* Nothing to be had now: what there is, another sender has claimed. */
	if (self->end_ms)
		self->options.over(self->options.context);
	wait_ms = outbox_wait_ms(self->options.outbox, clock_wall_ms());
	if (result < 0 || wait_ms >= 0)
		wake_in(self, wait_ms > SENDER_AGAIN_MS ? wait_ms : SENDER_AGAIN_MS);
}

struct delivery *delivery_create(const struct delivery_options *options)
{
	struct delivery *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	*self = (struct delivery){.options = *options, .batch_max = BATCH_EVENTS_MAX, .batch_limit = BATCH_EVENTS_MAX};
	self->wake = event_new(options->base, -1, 0, on_wake, self);
	if (!self->wake) {
		free(self);
		return NULL;
	}
	return self;
}

void delivery_soon(struct delivery *self)
{
	if (self->batch.count == 0 && !event_pending(self->wake, EV_TIMEOUT, NULL))
		wake_in(self, SENDER_GATHER_MS);
}

void delivery_end(struct delivery *self, int64_t end_ms)
{
	self->end_ms = end_ms;
	if (self->batch.count == 0 || self->settled)
		wake_in(self, 0);
}

void delivery_release(struct delivery *self)
{
	if (self && self->batch.count > 0 && !self->settled)
		outbox_release(self->options.outbox, &self->batch);
}

struct delivery_counts delivery_counts(const struct delivery *self)
{
	return self ? self->counts : (struct delivery_counts){0};
}
