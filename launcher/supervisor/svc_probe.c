/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/svc_private.h"

#include <stddef.h>

/* While a unit starts: the first pause between two attempts, and the longest one whatever the file says. */
#define PROBE_FIRST_MS 25
#define PROBE_START_MAX_MS 1000

/* Asked by the engine, in its own time. */
static const struct probe_spec engine_probe = {.kind = PROBE_ENGINE};

const struct probe_spec *svc_readiness(const struct svc *self)
{
	if (self->policy.readiness != NULL)
		return self->policy.readiness;
	return self->has_health ? &engine_probe : NULL;
}

const struct probe_spec *svc_probe(const struct svc *self)
{
	if (self->policy.readiness == NULL || !self->was_ready)
		return svc_readiness(self);
	if (self->policy.liveness != NULL)
		return self->policy.liveness;
	return self->has_health ? &engine_probe : self->policy.readiness;
}

static int64_t probe_interval(const struct svc *self)
{
	return svc_most(svc_probe(self)->interval_ms, PROBE_FIRST_MS);
}

static int64_t probe_pause_while_starting(const struct svc *self)
{
	int64_t declared = svc_readiness(self)->start_interval_ms;
	int64_t longest = svc_least(declared > 0 ? declared : PROBE_START_MAX_MS, PROBE_START_MAX_MS);
	int doublings = self->probe_attempts > 8 ? 8 : self->probe_attempts;

	longest = svc_most(svc_least(longest, probe_interval(self)), 1);
	return svc_least((int64_t)PROBE_FIRST_MS << (doublings > 0 ? doublings - 1 : 0), longest);
}

static bool probe_is_the_engines(const struct svc *self)
{
	return svc_probe(self)->kind == PROBE_ENGINE;
}

/* False: the service says so itself, or its engine does, unasked. */
static bool probe_is_asked(const struct svc *self)
{
	return svc_probe(self)->kind != PROBE_NOTIFY && !probe_is_the_engines(self);
}

/* A log line, or a word without a watchdog, says "ready" once; there is nothing to wait for later. Nor is there with an engine. */
static bool probe_lasts(const struct svc *self)
{
	const struct probe_spec *probe = svc_probe(self);

	return probe->kind != PROBE_LOG && probe->kind != PROBE_ENGINE &&
	       (probe->kind != PROBE_NOTIFY || probe->watchdog_ms > 0);
}

static void probe_now(struct svc *self, struct svc_effects *effects)
{
	self->probe_due_ms = 0;
	self->probe_running = true;
	if (self->probe_attempts < INT32_MAX)
		self->probe_attempts++;
	effects->probe = true;
}

void svc_probing_stop(struct svc *self, struct svc_effects *effects)
{
	if (svc_readiness(self) != NULL)
		effects->stop_probe = true;
	self->probe_running = false;
	self->probe_due_ms = 0;
	self->probe_count_due_ms = 0;
}

void svc_probing_begin(struct svc *self, int64_t now_ms, struct svc_effects *effects)
{
	svc_enter(self, SVC_STARTING, effects);
	if (probe_is_the_engines(self))
		return;
	self->probe_count_due_ms =
		svc_later(now_ms, svc_most(svc_readiness(self)->start_period_ms, probe_interval(self)));
	if (probe_is_asked(self))
		probe_now(self, effects);
	else
		self->probe_due_ms = self->probe_count_due_ms;
}

/* A restart for ill health that is decided stays decided: any answer comes too late then. */
static bool probe_answer_counts(const struct svc *self, const struct svc_event *event)
{
	const bool ours = event->kind == SVC_PROBE_WELL || event->kind == SVC_PROBE_ILL;

	if (!self->has_process || svc_readiness(self) == NULL || self->restart_wanted)
		return false;
	if (ours && probe_is_the_engines(self))
		return false; /* of a probe that is not asked any more */
	return self->state == SVC_STARTING || self->state == SVC_READY || self->state == SVC_UNHEALTHY;
}

/* True when it is to be restarted for that: nothing more is asked then. */
static bool become_unhealthy(struct svc *self, int64_t now_ms, struct svc_effects *effects)
{
	svc_enter(self, SVC_UNHEALTHY, effects);
	if (!self->policy.restart.on_unhealthy)
		return false;
	/* The stop follows by the timer, so that everybody sees the unit unhealthy first. */
	self->restart_wanted = self->stop_is_ours = true;
	self->stop_deadline_ms = now_ms;
	self->probe_due_ms = 0;
	return true;
}

void svc_on_probe_well(struct svc *self, const struct svc_event *event, int64_t now_ms, struct svc_effects *effects)
{
	if (!probe_answer_counts(self, event))
		return;
	self->probe_running = false;
	self->probe_failures = 0;
	self->probe_count_due_ms = 0;
	if (!self->was_ready)
		self->ready_ms = now_ms;
	self->was_ready = true;
	self->probe_due_ms = probe_lasts(self) ? svc_later(now_ms, probe_interval(self)) : 0;
	svc_enter(self, SVC_READY, effects);
	/* The engine had its say before, and says it only once. */
	if (probe_is_the_engines(self) && self->health_is_ill)
		(void)become_unhealthy(self, now_ms, effects);
}

/* Counts an ill answer as far as it counts; true when it was the one too many. */
static bool probe_gives_up(struct svc *self, int64_t now_ms)
{
	if (self->state == SVC_STARTING) {
		if (now_ms < self->probe_count_due_ms)
			return false;
		self->probe_count_due_ms = svc_later(now_ms, probe_interval(self));
		if (!probe_is_asked(self))
			return true;
	}
	if (self->probe_failures < INT32_MAX)
		self->probe_failures++;
	return self->state != SVC_UNHEALTHY && self->probe_failures >= svc_probe(self)->retries;
}

void svc_on_probe_ill(struct svc *self, const struct svc_event *event, int64_t now_ms, struct svc_effects *effects)
{
	if (!probe_answer_counts(self, event))
		return;
	self->probe_running = false;
	if (probe_gives_up(self, now_ms) && become_unhealthy(self, now_ms, effects))
		return;
	if (!probe_is_asked(self) && !(self->was_ready && probe_lasts(self)))
		return; /* it may still say so; nothing is due any more */
	self->probe_due_ms = svc_later(now_ms, self->state == SVC_STARTING ? probe_pause_while_starting(self)
									   : probe_interval(self));
}

void svc_on_trouble(struct svc *self, const struct svc_event *event, int64_t now_ms, struct svc_effects *effects)
{
	if (probe_answer_counts(self, event) && self->state != SVC_UNHEALTHY)
		(void)become_unhealthy(self, now_ms, effects);
}

void svc_on_health_well(struct svc *self, const struct svc_event *event, int64_t now_ms, struct svc_effects *effects)
{
	self->health_is_ill = false;
	if (self->has_health && probe_is_the_engines(self))
		svc_on_probe_well(self, event, now_ms, effects);
}

/* The engine has asked as often as it is to ask: there is nothing to count. */
void svc_on_health_ill(struct svc *self, const struct svc_event *event, int64_t now_ms, struct svc_effects *effects)
{
	self->health_is_ill = true;
	if (self->has_health && probe_is_the_engines(self))
		svc_on_trouble(self, event, now_ms, effects);
}

void svc_probing_due(struct svc *self, const struct svc_event *event, int64_t now_ms, struct svc_effects *effects)
{
	if (probe_is_asked(self)) {
		probe_now(self, effects);
		return;
	}
	self->probe_due_ms = 0;
	effects->silent = true;
	svc_on_probe_ill(self, event, now_ms, effects);
}

void svc_extend(struct svc *self, int64_t extend_ms, int64_t now_ms)
{
	if (self->state != SVC_STARTING || !self->has_process || svc_probe(self)->kind != PROBE_NOTIFY)
		return;
	self->probe_due_ms = self->probe_count_due_ms = svc_most(self->probe_due_ms, svc_later(now_ms, extend_ms));
}
