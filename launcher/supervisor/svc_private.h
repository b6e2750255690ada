/* SPDX-License-Identifier: MIT */
/*
 * Inside of the state machine of svc.h.
 *
 *   svc        states, starting, stopping, what comes after the end
 *   svc_probe  whether it is well: when it is asked next, which answers count
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_SVC_PRIVATE_H
#define UPFRONT_LAUNCHER_SUPERVISOR_SVC_PRIVATE_H

#include "launcher/supervisor/svc.h"

static inline int64_t svc_least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t svc_most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Deadlines of a file that says "for ever" must not overflow: ten years are as good. */
static inline int64_t svc_later(int64_t now_ms, int64_t delay_ms)
{
	return now_ms + svc_least(delay_ms, INT64_C(10) * 366 * 24 * 3600 * 1000);
}

static inline void svc_enter(struct svc *self, enum svc_state state, struct svc_effects *effects)
{
	effects->changed = effects->changed || self->state != state;
	self->state = state;
}

/* One event's step. */
typedef void svc_step_function(struct svc *self, const struct svc_event *event, int64_t now_ms,
			       struct svc_effects *effects);

/* ---- svc_probe.c ---- */

/* It has just been started, and is to get ready. */
void svc_probing_begin(struct svc *self, int64_t now_ms, struct svc_effects *effects);
void svc_probing_stop(struct svc *self, struct svc_effects *effects);
/* What is due is asked for; where nobody asks, it is its not having come that counts. */
svc_step_function svc_probing_due;
svc_step_function svc_on_probe_well, svc_on_probe_ill, svc_on_trouble, svc_on_health_well, svc_on_health_ill;

#endif
