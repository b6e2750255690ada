/* SPDX-License-Identifier: MIT */
/* One unit for the tests of svc: policies, steps, and a unit that has just been started. */
#ifndef UPFRONT_TESTS_LIB_SVC_SCENE_H
#define UPFRONT_TESTS_LIB_SVC_SCENE_H

#include "launcher/supervisor/svc.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define T0 1000000 /* any moment */

static const struct probe_spec http_probe = {
	.kind = PROBE_HTTP, .interval_ms = 1000, .start_interval_ms = 200, .timeout_ms = 500, .retries = 3};

static inline struct svc_policy plain_policy(void)
{
	return (struct svc_policy){
		.restart = {.when = RESTART_NO,
			    .backoff_initial_ms = 100,
			    .backoff_max_ms = 1000,
			    .backoff_reset_ms = 60000},
		.stop = {.signal = SIGTERM, .grace_ms = 5000},
	};
}

static inline struct svc_policy probed_policy(void)
{
	struct svc_policy policy = plain_policy();

	policy.readiness = &http_probe;
	return policy;
}

/* A container: its engine restarts it, and asks whether it is well. */
static inline struct svc_policy container_policy(void)
{
	struct svc_policy policy = plain_policy();

	policy.by_engine = true;
	return policy;
}

static inline struct svc_effects step(struct svc *svc, enum svc_event_kind kind, int64_t now_ms)
{
	return svc_step(svc, &(struct svc_event){.kind = kind}, now_ms);
}

static inline struct svc_effects step_exit(struct svc *svc, int code, bool leftovers, int64_t now_ms)
{
	struct svc_event event = {.kind = SVC_EXITED, .exit = {.code = code, .leftovers = leftovers}};

	return svc_step(svc, &event, now_ms);
}

static inline struct svc_effects step_restarting(struct svc *svc, int code, int64_t now_ms)
{
	struct svc_event event = {.kind = SVC_EXITED, .exit = {.code = code, .restarting = true}};

	return svc_step(svc, &event, now_ms);
}

static inline struct svc_effects step_started(struct svc *svc, bool has_health, int64_t now_ms)
{
	struct svc_event event = {.kind = SVC_STARTED, .has_health = has_health};

	return svc_step(svc, &event, now_ms);
}

static inline struct svc started(const struct svc_policy *policy, int64_t now_ms)
{
	struct svc svc;

	svc_init(&svc, policy);
	step(&svc, SVC_WANT_UP, now_ms);
	step(&svc, SVC_CONDITIONS_HOLD, now_ms);
	step(&svc, SVC_STARTED, now_ms);
	return svc;
}

/* Asks as the timer says, always hears "ill", and tells when the unit gave up. */
static inline int64_t ill_until_unhealthy(struct svc *svc, int64_t now_ms)
{
	for (int i = 0; i < 10000; i++) {
		step(svc, SVC_PROBE_ILL, now_ms);
		if (svc->state == SVC_UNHEALTHY)
			return now_ms;
		now_ms = svc_deadline(svc);
		assert_true(step(svc, SVC_TIMER, now_ms).probe);
	}
	fail_msg("never gave up");
	return 0;
}

#endif
