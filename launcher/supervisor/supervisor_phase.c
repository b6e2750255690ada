/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/stack.h"
#include "launcher/supervisor/supervisor_telemetry.h"

#include <event2/event.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/*
 * How long a client that is only about to connect may take to hear of the end: counted from the end while a terminal is there to
 * hear it, else from the beginning.
 */
#define LINGER_MS 1000
#define SOON_MS 10
#define TRIM_DELAY_US 500000
/* A service may bring others on its way, those again others: settled in one turn as far as it goes. */
#define SETTLE_ROUNDS_MAX 10000

/* ---- Changes ---- */

void supervisor_touch(struct supervisor *self)
{
	self->touched = true;
	if (!self->settling)
		event_active(self->settle, EV_TIMEOUT, 0);
}

void supervisor_touch_soon(struct supervisor *self)
{
	self->soon_ms = clock_monotonic_ms() + SOON_MS;
}

/* Changes are told of in JSON, many at once: a moment after, the memory for that goes back. */
static void give_back(evutil_socket_t fd, short what, void *context)
{
	struct supervisor *self = context;

	(void)fd;
	(void)what;
	self->trim_due = false;
	malloc_trim(0);
}

static void trim_soon(struct supervisor *self)
{
	if (self->trim_due || self->base == NULL)
		return;
	self->trim_due = event_base_once(self->base, -1, EV_TIMEOUT, give_back, self,
					 &(struct timeval){.tv_usec = TRIM_DELAY_US}) == 0;
}

void supervisor_changed(struct supervisor *self, size_t id)
{
	trim_soon(self);
	if (self->observer != NULL)
		self->observer(self->observer_context, id);
}

void supervisor_set_phase(struct supervisor *self, enum stack_phase phase)
{
	if (self->phase == phase)
		return;
	self->phase = phase;
	self->settle_due_ms = 0;
	supervisor_changed(self, SIZE_MAX);
	supervisor_touch(self);
}

void supervisor_fail(struct supervisor *self, const struct unit *unit)
{
	if (err_is_set(&self->failure))
		return;
	self->failed = strdup(unit->name);
	self->error_type = unit_explain(unit, &self->failure);
	supervisor_changed(self, SIZE_MAX);
}

void supervisor_begin_stop(struct supervisor *self, int64_t grace_limit_ms)
{
	int64_t now = clock_monotonic_ms();

	if (self->phase == PHASE_OVER)
		return;
	if (self->stopping_ms == 0)
		self->stopping_ms = now;
	engines_ending(self);
	for (size_t i = 0; i < self->unit_count; i++) {
		struct unit *unit = self->units[i];

		svc_limit_grace(&unit->svc, grace_limit_ms, now);
		/* Already on its way down for good: asking again would only hold its dependencies up. */
		if (unit->svc.state != SVC_STOPPING || unit->svc.wanted)
			unit->ask = ASK_STOP;
	}
	supervisor_set_phase(self, PHASE_STOPPING);
	supervisor_touch(self);
}

/* ---- Phases ---- */

/* Said once, where its state is shown: who depends on it has declared that this is no reason to give up. */
static void pass_over(struct unit *unit)
{
	char why[512];

	if (unit->passed_over)
		return;
	unit->passed_over = true;
	snprintf(why, sizeof why, "%s; the start goes on without it, as 'required: false' has it",
		 unit->why != NULL ? unit->why : "no reason is known");
	unit_set_why(unit, why);
	supervisor_changed(unit->supervisor, unit->id);
}

/* Whoever waits for "ready" is not told so of what may be dead in the next moment. */
static bool has_settled(struct supervisor *self, const struct unit *unit)
{
	int64_t due_ms = unit->svc.started_ms + self->options->settle_ms;

	if (!svc_is_settled(&unit->svc))
		return false;
	if (unit->svc.state != SVC_RUNNING || self->options->settle_ms == 0 || clock_monotonic_ms() >= due_ms)
		return true;
	if (self->settle_due_ms == 0 || due_ms < self->settle_due_ms)
		self->settle_due_ms = due_ms;
	return false;
}

/* The one whose trouble it is: one call starts many containers, and the first to be met may only have been in it. */
static const struct unit *find_culprit(const struct supervisor *self, const struct unit *met)
{
	for (size_t i = 0; met->start_error.cause == ERR_CAUSE_ANOTHER && i < self->unit_count; i++) {
		const struct unit *unit = self->units[i];

		if (unit->member && unit_is_hopeless(unit) && unit->start_error.cause != ERR_CAUSE_ANOTHER)
			return unit;
	}
	return met;
}

static void check_starting(struct supervisor *self)
{
	bool settled = true;

	self->settle_due_ms = 0;
	for (size_t i = 0; i < self->stack->service_count; i++) {
		const struct unit_set *set = &self->sets[self->order[i]];

		for (size_t u = 0; u < set->count; u++) {
			struct unit *unit = set->units[u];

			if (unit->by_reload && unit_is_hopeless(unit))
				continue;
			if (unit->member && unit_is_hopeless(unit) && unit_is_optional(unit)) {
				pass_over(unit);
				continue;
			}
			if (unit->member && unit_is_hopeless(unit) && self->options->watched) {
				settled = false;
				continue;
			}
			if (unit->member && unit_is_hopeless(unit)) {
				supervisor_fail(self, find_culprit(self, unit));
				report_failure(self, self->error_type);
				supervisor_begin_stop(self, -1);
				return;
			}
			if (unit->member && unit->svc.wanted && !has_settled(self, unit))
				settled = false;
		}
	}
	if (!settled)
		return;
	self->was_up = true;
	starts_note_up(self);
	supervisor_set_phase(self, PHASE_UP);
	report_start(self);
}

/*
 * Over when nothing runs, waits or is to come again. A detached stack of which a person has stopped a part stays: it is there to be
 * started again. So does one whose service failed at a reload, or before somebody's eyes.
 */
static void check_up(struct supervisor *self)
{
	const struct unit *failed = NULL;
	bool stopped = self->has_scaled;

	for (size_t i = 0; i < self->unit_count; i++) {
		const struct unit *unit = self->units[i];

		switch (unit->svc.state) {
		case SVC_FAILED:
			/* A person is at work on the stack: what is broken is there to be mended. */
			if (unit->by_reload || self->options->watched)
				return;
			failed = failed == NULL ? unit : failed;
			break;
		case SVC_STOPPED:
			stopped = stopped || unit->member;
			break;
		case SVC_COMPLETED:
			break;
		default:
			return;
		}
	}
	if (stopped && self->detached)
		return;
	if (failed != NULL)
		supervisor_fail(self, failed);
	supervisor_begin_stop(self, -1);
}

static void kill_all(struct supervisor *self)
{
	for (size_t i = 0; i < self->unit_count; i++) {
		struct unit *unit = self->units[i];

		svc_limit_grace(&unit->svc, 0, clock_monotonic_ms());
		unit->ask = ASK_NOTHING;
		unit_step(unit, SVC_WANT_DOWN);
	}
	units_timer(self);
}

/* Monotonic: a terminal hears of the end at once; who starts a detached stack may come to look only then. */
static int64_t linger_until(const struct supervisor *self, int64_t now)
{
	int64_t detached_ms = self->options->linger_ms > 0 ? self->options->linger_ms : SUPERVISOR_LINGER_MS;

	return self->detached ? self->started_ms + detached_ms : now + LINGER_MS;
}

static void check_stopping(struct supervisor *self)
{
	int64_t now = clock_monotonic_ms();

	if (self->kill_all_ms != 0 && now >= self->kill_all_ms) {
		self->kill_all_ms = 0;
		kill_all(self);
	}
	if (!deps_all_gone(self)) {
		if ((self->give_up_ms == 0 || now < self->give_up_ms) && !containers_are_lost(self, now))
			return;
		containers_give_up(self);
	}
	self->kill_all_ms = self->give_up_ms = 0;
	telemetry_end(self);
	if (!containers_close(self, now))
		return;
	self->linger_ms = linger_until(self, now);
	supervisor_set_phase(self, PHASE_OVER);
}

static void check_over(struct supervisor *self)
{
	if (!self->listener_gone && self->ctl != NULL && clock_monotonic_ms() < self->linger_ms)
		return;
	self->done = true;
	event_base_loopbreak(self->base);
}

static void arm_timer(struct supervisor *self)
{
	const int64_t deadlines[] = {units_deadline(self), self->kill_all_ms,   self->give_up_ms,       self->linger_ms,
				     self->soon_ms,        self->settle_due_ms, self->containers.due_ms};
	int64_t earliest = 0, left;
	struct timeval wait;

	for (size_t i = 0; i < sizeof deadlines / sizeof deadlines[0]; i++) {
		if (deadlines[i] != 0 && (earliest == 0 || deadlines[i] < earliest))
			earliest = deadlines[i];
	}
	if (earliest == 0) {
		event_del(self->timer);
		return;
	}
	left = earliest - clock_monotonic_ms();
	left = left < 0 ? 0 : left;
	wait = (struct timeval){.tv_sec = (time_t)(left / 1000), .tv_usec = (suseconds_t)(left % 1000 * 1000)};
	if (event_add(self->timer, &wait) == 0)
		return;
	/* Out of memory for a timer: it is looked after by going round, slowly. */
	(void)poll(NULL, 0, SOON_MS);
	event_active(self->timer, EV_TIMEOUT, 0);
}

void supervisor_on_settle(evutil_socket_t fd, short what, void *context)
{
	struct supervisor *self = context;

	(void)fd;
	(void)what;
	self->settling = self->touched = true;
	for (int round = 0; self->touched && round < SETTLE_ROUNDS_MAX; round++) {
		self->touched = false;
		deps_settle(self);
		(void)units_sweep(self);
		switch (self->phase) {
		case PHASE_STARTING:
			check_starting(self);
			break;
		case PHASE_UP:
			check_up(self);
			break;
		case PHASE_STOPPING:
			check_stopping(self);
			break;
		case PHASE_OVER:
			check_over(self);
			break;
		}
	}
	self->settling = false;
	arm_timer(self);
}

void supervisor_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct supervisor *self = context;

	(void)fd;
	(void)what;
	self->soon_ms = 0;
	units_timer(self);
	supervisor_touch(self);
}
