/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/svc_private.h"

#include <stddef.h>
#include <string.h>

/* Floors that keep a careless `backoff: {initial: 0, reset: 0}` from becoming a busy loop. */
#define BACKOFF_MIN_MS 10
#define STABLE_MIN_MS 1000
#define CRASH_LOOP_FAILURES 3

static const char *const state_names[] = {
#define STATE_NAME(name, text) [name] = text,
	SVC_STATES(STATE_NAME)
#undef STATE_NAME
};

const char *svc_state_name(enum svc_state state)
{
	return (unsigned)state < SVC_STATE_COUNT ? state_names[state] : "unknown";
}

void svc_renew(struct svc *self, const struct svc_policy *policy)
{
	self->policy = *policy;
	self->has_health = policy->by_engine && policy->has_health;
	if (self->policy.readiness != NULL && self->policy.readiness->kind == PROBE_NONE)
		self->policy.readiness = NULL;
	if (self->policy.liveness != NULL && self->policy.liveness->kind == PROBE_NONE)
		self->policy.liveness = NULL;
}

void svc_init(struct svc *self, const struct svc_policy *policy)
{
	*self = (struct svc){.state = SVC_STOPPED};
	svc_renew(self, policy);
}

/* ---- Stopping ---- */

static void send_stop(struct svc *self, int64_t now_ms, struct svc_effects *effects)
{
	int64_t grace_ms = self->policy.stop.grace_ms;

	if (self->stop_limited)
		grace_ms = svc_least(grace_ms, self->stop_limit_ms);
	effects->signal = self->policy.stop.signal;
	effects->stop = true;
	effects->grace_ms = svc_most(grace_ms, 0);
	self->grace_over = grace_ms <= 0;
	effects->kill = self->grace_over;
	self->stop_deadline_ms = self->grace_over ? 0 : svc_later(now_ms, grace_ms);
}

/* To what has started after it was asked to end: the time it has for that runs already. */
static void repeat_stop(const struct svc *self, int64_t now_ms, struct svc_effects *effects)
{
	effects->signal = self->policy.stop.signal;
	effects->stop = true;
	effects->grace_ms = self->grace_over ? 0 : svc_most(self->stop_deadline_ms - now_ms, 0);
	effects->kill = self->grace_over;
}

static void begin_stop(struct svc *self, int64_t now_ms, struct svc_effects *effects)
{
	svc_probing_stop(self, effects);
	svc_enter(self, SVC_STOPPING, effects);
	self->stop_deadline_ms = self->start_deadline_ms = 0;
	self->grace_over = false;
	/*
	 * A start under way cannot be called back, but by an engine, where it may take minutes: its answer finds the unit stopping and is
	 * dealt with then.
	 */
	if (self->has_process || self->has_leftovers || (self->policy.by_engine && self->start_pending))
		send_stop(self, now_ms, effects);
}

/* ---- After the end ---- */

static int64_t backoff_delay(const struct svc *self)
{
	int64_t longest = svc_most(self->policy.restart.backoff_max_ms, BACKOFF_MIN_MS);
	int64_t delay = svc_least(svc_most(self->policy.restart.backoff_initial_ms, BACKOFF_MIN_MS), longest);

	if (self->failures_in_row <= 1)
		return 0;
	for (int i = 2; i < self->failures_in_row && delay < longest; i++)
		delay = delay > longest / 2 ? longest : delay * 2;
	return delay;
}

static bool may_restart(const struct svc *self, bool well, bool unhealthy)
{
	const struct restart_policy *restart = &self->policy.restart;

	if (self->policy.by_engine)
		return unhealthy;
	switch (restart->when) {
	case RESTART_ALWAYS:
	case RESTART_UNLESS_STOPPED:
		return true;
	case RESTART_ON_FAILURE:
		return (!well || unhealthy) && (restart->limit <= 0 || self->failures_in_row <= restart->limit);
	case RESTART_NO:
		break;
	}
	return unhealthy;
}

static void schedule_restart(struct svc *self, int64_t now_ms, struct svc_effects *effects)
{
	if (self->restarts < INT32_MAX)
		self->restarts++;
	self->backoff_ms = backoff_delay(self);
	if (self->backoff_ms == 0) {
		svc_enter(self, SVC_WAITING, effects);
		return;
	}
	self->start_deadline_ms = svc_later(now_ms, self->backoff_ms);
	svc_enter(self, SVC_BACKOFF, effects);
}

/* One more end that nobody asked for. */
static void count_end(struct svc *self)
{
	int64_t stable_ms = svc_most(self->policy.restart.backoff_reset_ms, STABLE_MIN_MS);

	if (self->started_ms != 0 && self->ended_ms - self->started_ms >= stable_ms)
		self->failures_in_row = 0;
	if (self->failures_in_row == 0)
		self->row_began_ms = self->ended_ms;
	if (self->failures_in_row < INT32_MAX)
		self->failures_in_row++;
}

static bool is_over_limit(const struct svc *self)
{
	const struct restart_policy *restart = &self->policy.restart;

	return restart->when == RESTART_ON_FAILURE && restart->limit > 0 && self->failures_in_row > restart->limit;
}

/* Nothing is left of the unit: what becomes of it is decided here and nowhere else. */
static void all_ended(struct svc *self, int64_t now_ms, struct svc_effects *effects)
{
	bool well = !self->start_failed && !self->last_exit.signaled && self->last_exit.code == 0;
	bool unhealthy = self->restart_wanted && self->stop_is_ours;
	bool asked = self->restart_wanted && !self->stop_is_ours;

	self->restart_wanted = self->stop_is_ours = self->grace_over = self->stop_limited = false;
	self->stop_deadline_ms = 0;
	if (!self->wanted) {
		svc_enter(self, SVC_STOPPED, effects);
		return;
	}
	if (asked) {
		self->failures_in_row = 0;
		svc_enter(self, SVC_WAITING, effects);
		return;
	}
	if (self->policy.one_shot && well && !unhealthy) {
		svc_enter(self, SVC_COMPLETED, effects);
		return;
	}
	count_end(self);
	if (may_restart(self, well, unhealthy)) {
		schedule_restart(self, now_ms, effects);
		return;
	}
	self->gave_up = !well && is_over_limit(self);
	svc_enter(self, well ? SVC_COMPLETED : SVC_FAILED, effects);
}

/* The engine starts it again, whenever that is. */
static void ended_for_now(struct svc *self, struct svc_effects *effects)
{
	self->has_process = true;
	if (self->state == SVC_STOPPING)
		return; /* it is asked not to */
	self->restart_wanted = self->stop_is_ours = false;
	self->stop_deadline_ms = self->backoff_ms = 0;
	if (self->restarts < INT32_MAX)
		self->restarts++;
	count_end(self);
	svc_enter(self, SVC_BACKOFF, effects);
}

/* ---- Events, one function each ---- */

/* In a back-off of its engine's: what waits there has to go before another can start. */
static bool waits_for_engine(const struct svc *self)
{
	return self->state == SVC_BACKOFF && self->has_process;
}

static void on_want_up(struct svc *self, const struct svc_event *event, int64_t now_ms, struct svc_effects *effects)
{
	(void)event;
	if (waits_for_engine(self)) {
		begin_stop(self, now_ms, effects);
		self->wanted = self->restart_wanted = true;
		return;
	}
	switch (self->state) {
	case SVC_STOPPED:
	case SVC_COMPLETED:
	case SVC_FAILED:
	case SVC_BACKOFF:
		self->failures_in_row = 0;
		self->start_deadline_ms = 0;
		svc_enter(self, SVC_WAITING, effects);
		break;
	case SVC_STOPPING:
		self->restart_wanted = self->restart_wanted || !self->wanted;
		break;
	default:
		break;
	}
	self->wanted = true;
}

static void on_want_down(struct svc *self, const struct svc_event *event, int64_t now_ms, struct svc_effects *effects)
{
	(void)event;
	self->wanted = self->restart_wanted = self->stop_is_ours = false;
	if (waits_for_engine(self)) {
		begin_stop(self, now_ms, effects);
		return;
	}
	switch (self->state) {
	case SVC_WAITING:
	case SVC_BACKOFF:
		self->start_deadline_ms = 0;
		svc_enter(self, SVC_STOPPED, effects);
		break;
	case SVC_STARTING:
	case SVC_RUNNING:
	case SVC_READY:
	case SVC_UNHEALTHY:
		begin_stop(self, now_ms, effects);
		break;
	default: /* how a completed or failed unit ended stays visible */
		break;
	}
}

static void on_want_restart(struct svc *self, const struct svc_event *event, int64_t now_ms,
			    struct svc_effects *effects)
{
	switch (self->state) {
	case SVC_STARTING:
	case SVC_RUNNING:
	case SVC_READY:
	case SVC_UNHEALTHY:
		begin_stop(self, now_ms, effects);
		break;
	case SVC_STOPPING:
		break;
	default:
		on_want_up(self, event, now_ms, effects);
		return;
	}
	self->wanted = self->restart_wanted = true;
	self->stop_is_ours = false;
}

static void forget_last_run(struct svc *self)
{
	self->start_failed = self->has_exited = self->was_ready = self->gave_up = false;
	self->probe_failures = self->probe_attempts = 0;
	self->started_ms = self->ready_ms = self->ended_ms = 0;
}

static void on_conditions_hold(struct svc *self, const struct svc_event *event, int64_t now_ms,
			       struct svc_effects *effects)
{
	(void)event;
	(void)now_ms;
	if (self->state != SVC_WAITING)
		return;
	self->start_pending = true;
	forget_last_run(self);
	effects->start = true;
	svc_enter(self, SVC_STARTING, effects);
}

static void on_conditions_fail(struct svc *self, const struct svc_event *event, int64_t now_ms,
			       struct svc_effects *effects)
{
	(void)event;
	(void)now_ms;
	if (self->state == SVC_WAITING)
		svc_enter(self, SVC_FAILED, effects);
}

/* By the engine, after its end or in one go, or by somebody's hand. */
static void started_unasked(struct svc *self, struct svc_effects *effects)
{
	if (self->state != SVC_STOPPING) {
		svc_probing_stop(self, effects);
		self->restart_wanted = self->stop_is_ours = false;
		self->stop_deadline_ms = self->start_deadline_ms = 0;
		self->wanted = true;
	}
	forget_last_run(self);
}

static void on_started(struct svc *self, const struct svc_event *event, int64_t now_ms, struct svc_effects *effects)
{
	if (!self->start_pending && !self->policy.by_engine)
		return;
	if (!self->start_pending)
		started_unasked(self, effects);
	self->start_pending = false;
	self->has_process = true;
	self->started_ms = now_ms;
	self->has_health = self->policy.by_engine && (self->policy.has_health || event->has_health);
	self->health_is_ill = false;
	if (self->state == SVC_STOPPING) {
		if (self->stop_deadline_ms != 0 || self->grace_over)
			repeat_stop(self, now_ms, effects);
		else
			send_stop(self, now_ms, effects);
		return;
	}
	/* The state may keep its name, but what dependents of `service_started` wait for has come. */
	effects->changed = true;
	if (svc_readiness(self) == NULL) {
		self->ready_ms = now_ms;
		self->was_ready = true;
		svc_enter(self, SVC_RUNNING, effects);
		return;
	}
	svc_probing_begin(self, now_ms, effects);
}

static void on_start_failed(struct svc *self, const struct svc_event *event, int64_t now_ms,
			    struct svc_effects *effects)
{
	(void)event;
	if (!self->start_pending)
		return;
	self->start_pending = false;
	self->start_failed = true;
	self->ended_ms = now_ms;
	all_ended(self, now_ms, effects);
}

static void on_exited(struct svc *self, const struct svc_event *event, int64_t now_ms, struct svc_effects *effects)
{
	if (!self->has_process && !self->start_pending)
		return;
	self->has_process = self->start_pending = false;
	self->has_exited = true;
	self->last_exit = event->exit;
	self->ended_ms = now_ms;
	svc_probing_stop(self, effects);
	if (self->policy.by_engine && event->exit.restarting) {
		ended_for_now(self, effects);
		return;
	}
	if (!event->exit.leftovers) {
		all_ended(self, now_ms, effects);
		return;
	}
	self->has_leftovers = true;
	if (self->state != SVC_STOPPING) {
		self->stop_is_ours = true;
		begin_stop(self, now_ms, effects);
	} else if (self->stop_deadline_ms == 0 && !self->grace_over) {
		send_stop(self, now_ms, effects);
	} else {
		effects->signal = self->policy.stop.signal;
		effects->kill = self->grace_over;
	}
}

static void on_cleared(struct svc *self, const struct svc_event *event, int64_t now_ms, struct svc_effects *effects)
{
	(void)event;
	if (!self->has_leftovers)
		return;
	self->has_leftovers = false;
	all_ended(self, now_ms, effects);
}

static bool is_due(int64_t deadline_ms, int64_t now_ms)
{
	return deadline_ms != 0 && deadline_ms <= now_ms;
}

static void on_timer(struct svc *self, const struct svc_event *event, int64_t now_ms, struct svc_effects *effects)
{
	switch (self->state) {
	case SVC_BACKOFF:
		if (is_due(self->start_deadline_ms, now_ms)) {
			self->start_deadline_ms = 0;
			svc_enter(self, SVC_WAITING, effects);
		}
		break;
	case SVC_STOPPING:
		if (is_due(self->stop_deadline_ms, now_ms)) {
			self->stop_deadline_ms = 0;
			self->grace_over = true;
			effects->kill = true;
		}
		break;
	case SVC_UNHEALTHY:
		if (is_due(self->stop_deadline_ms, now_ms)) {
			begin_stop(self, now_ms, effects);
			break;
		}
		__attribute__((fallthrough));
	case SVC_STARTING:
	case SVC_READY:
		if (is_due(self->probe_due_ms, now_ms) && !self->probe_running)
			svc_probing_due(self, event, now_ms, effects);
		break;
	default:
		break;
	}
}

static svc_step_function *const steps[] = {
	[SVC_WANT_UP] = on_want_up,
	[SVC_WANT_DOWN] = on_want_down,
	[SVC_WANT_RESTART] = on_want_restart,
	[SVC_CONDITIONS_HOLD] = on_conditions_hold,
	[SVC_CONDITIONS_FAIL] = on_conditions_fail,
	[SVC_STARTED] = on_started,
	[SVC_START_FAILED] = on_start_failed,
	[SVC_EXITED] = on_exited,
	[SVC_CLEARED] = on_cleared,
	[SVC_PROBE_WELL] = svc_on_probe_well,
	[SVC_PROBE_ILL] = svc_on_probe_ill,
	[SVC_TROUBLE] = svc_on_trouble,
	[SVC_HEALTH_WELL] = svc_on_health_well,
	[SVC_HEALTH_ILL] = svc_on_health_ill,
	[SVC_TIMER] = on_timer,
};

struct svc_effects svc_step(struct svc *self, const struct svc_event *event, int64_t now_ms)
{
	struct svc_effects effects = {0};

	if ((size_t)event->kind < sizeof steps / sizeof steps[0])
		steps[event->kind](self, event, now_ms, &effects);
	return effects;
}

int64_t svc_deadline(const struct svc *self)
{
	const int64_t deadlines[] = {self->stop_deadline_ms, self->start_deadline_ms, self->probe_due_ms};
	int64_t earliest = 0;

	for (size_t i = 0; i < sizeof deadlines / sizeof deadlines[0]; i++) {
		if (deadlines[i] != 0 && (earliest == 0 || deadlines[i] < earliest))
			earliest = deadlines[i];
	}
	return earliest;
}

void svc_limit_grace(struct svc *self, int64_t limit_ms, int64_t now_ms)
{
	if (limit_ms < 0)
		return;
	self->policy.stop.grace_ms = svc_least(self->policy.stop.grace_ms, limit_ms);
	if (self->stop_deadline_ms != 0)
		self->stop_deadline_ms = svc_most(svc_least(self->stop_deadline_ms, svc_later(now_ms, limit_ms)), 1);
}

void svc_limit_stop(struct svc *self, int64_t limit_ms, int64_t now_ms)
{
	if (limit_ms < 0 || svc_is_gone(self))
		return;
	self->stop_limit_ms = self->stop_limited ? svc_least(self->stop_limit_ms, limit_ms) : limit_ms;
	self->stop_limited = true;
	if (self->state == SVC_STOPPING && self->stop_deadline_ms != 0)
		self->stop_deadline_ms = svc_most(svc_least(self->stop_deadline_ms, svc_later(now_ms, limit_ms)), 1);
}

bool svc_is_crash_loop(const struct svc *self)
{
	return self->state == SVC_BACKOFF && self->failures_in_row >= CRASH_LOOP_FAILURES;
}

bool svc_has_ended(const struct svc *self)
{
	return self->state == SVC_COMPLETED || self->state == SVC_FAILED ||
	       (self->state == SVC_STOPPED && !self->wanted);
}

bool svc_is_gone(const struct svc *self)
{
	return !self->has_process && !self->has_leftovers && !self->start_pending;
}

bool svc_satisfies(const struct svc *self, enum depend_condition condition)
{
	switch (condition) {
	case DEPEND_STARTED:
		switch (self->state) {
		case SVC_STARTING:
			return self->has_process;
		case SVC_RUNNING:
		case SVC_READY:
		case SVC_UNHEALTHY:
		case SVC_COMPLETED:
			return true;
		default:
			return false;
		}
	case DEPEND_HEALTHY:
		return self->state == SVC_READY;
	case DEPEND_COMPLETED:
		return self->state == SVC_COMPLETED;
	}
	return false;
}

bool svc_never_will(const struct svc *self, enum depend_condition condition)
{
	switch (self->state) {
	case SVC_FAILED:
		return true;
	case SVC_COMPLETED:
		return condition == DEPEND_HEALTHY;
	case SVC_STOPPED:
	case SVC_STOPPING:
		return !self->wanted;
	default:
		return false;
	}
}

bool svc_is_settled(const struct svc *self)
{
	if (self->policy.one_shot)
		return self->state == SVC_COMPLETED;
	return self->state == SVC_RUNNING || self->state == SVC_READY || self->state == SVC_COMPLETED;
}
