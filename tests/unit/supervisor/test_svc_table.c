/* SPDX-License-Identifier: MIT */
/*
 * Every state with every event: where it leads. The table is indexed by both enumerations, and a cell that says nothing fails, so a
 * new state or event cannot be forgotten here.
 */
#include "launcher/supervisor/svc.h"
#include "tests/lib/svc_scene.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EVENT_COUNT (SVC_TIMER + 1)

/* The least that makes each state what it is, by way of the events that lead there. Restarted always, probed. */
static struct svc in_state(enum svc_state state)
{
	struct svc_policy policy = probed_policy();
	struct svc svc;

	policy.restart.when = state == SVC_FAILED || state == SVC_COMPLETED ? RESTART_NO : RESTART_ALWAYS;
	if (state == SVC_RUNNING)
		policy.readiness = NULL;
	svc_init(&svc, &policy);
	if (state == SVC_STOPPED)
		return svc;
	step(&svc, SVC_WANT_UP, T0);
	if (state == SVC_WAITING)
		return svc;
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	step(&svc, SVC_STARTED, T0);
	if (state == SVC_READY)
		step(&svc, SVC_PROBE_WELL, T0);
	if (state == SVC_UNHEALTHY)
		ill_until_unhealthy(&svc, T0);
	if (state == SVC_STOPPING)
		step(&svc, SVC_WANT_DOWN, T0);
	if (state == SVC_FAILED || state == SVC_COMPLETED)
		step_exit(&svc, state == SVC_FAILED ? 1 : 0, false, T0);
	if (state == SVC_BACKOFF) {
		step_exit(&svc, 1, false, T0); /* the first restart is made at once */
		step(&svc, SVC_CONDITIONS_HOLD, T0);
		step(&svc, SVC_STARTED, T0);
		step_exit(&svc, 1, false, T0);
	}
	return svc;
}

enum does { NOTHING = 1, START = 2, SIGNAL = 4, PROBE = 8, STOP_PROBE = 16, KILL = 32 };

struct cell {
	enum svc_state to;
	int does; /* 0: this cell was never filled in */
};

#define STAYS(state)           \
	{                      \
		state, NOTHING \
	}

/* SVC_EXITED is one with code 1 and nothing left behind; the timer is one that is due. */
static const struct cell table[SVC_STATE_COUNT][EVENT_COUNT] = {
	[SVC_STOPPED] = {[SVC_WANT_UP] = {SVC_WAITING, NOTHING},
			 [SVC_WANT_DOWN] = STAYS(SVC_STOPPED),
			 [SVC_WANT_RESTART] = {SVC_WAITING, NOTHING},
			 [SVC_CONDITIONS_HOLD] = STAYS(SVC_STOPPED),
			 [SVC_CONDITIONS_FAIL] = STAYS(SVC_STOPPED),
			 [SVC_STARTED] = STAYS(SVC_STOPPED),
			 [SVC_START_FAILED] = STAYS(SVC_STOPPED),
			 [SVC_EXITED] = STAYS(SVC_STOPPED),
			 [SVC_CLEARED] = STAYS(SVC_STOPPED),
			 [SVC_PROBE_WELL] = STAYS(SVC_STOPPED),
			 [SVC_PROBE_ILL] = STAYS(SVC_STOPPED),
			 [SVC_TROUBLE] = STAYS(SVC_STOPPED),
			 [SVC_HEALTH_WELL] = STAYS(SVC_STOPPED),
			 [SVC_HEALTH_ILL] = STAYS(SVC_STOPPED),
			 [SVC_TIMER] = STAYS(SVC_STOPPED)},
	[SVC_WAITING] = {[SVC_WANT_UP] = STAYS(SVC_WAITING),
			 [SVC_WANT_DOWN] = {SVC_STOPPED, NOTHING},
			 [SVC_WANT_RESTART] = STAYS(SVC_WAITING),
			 [SVC_CONDITIONS_HOLD] = {SVC_STARTING, START},
			 [SVC_CONDITIONS_FAIL] = {SVC_FAILED, NOTHING},
			 [SVC_STARTED] = STAYS(SVC_WAITING),
			 [SVC_START_FAILED] = STAYS(SVC_WAITING),
			 [SVC_EXITED] = STAYS(SVC_WAITING),
			 [SVC_CLEARED] = STAYS(SVC_WAITING),
			 [SVC_PROBE_WELL] = STAYS(SVC_WAITING),
			 [SVC_PROBE_ILL] = STAYS(SVC_WAITING),
			 [SVC_TROUBLE] = STAYS(SVC_WAITING),
			 [SVC_HEALTH_WELL] = STAYS(SVC_WAITING),
			 [SVC_HEALTH_ILL] = STAYS(SVC_WAITING),
			 [SVC_TIMER] = STAYS(SVC_WAITING)},
	[SVC_STARTING] = {[SVC_WANT_UP] = STAYS(SVC_STARTING),
			  [SVC_WANT_DOWN] = {SVC_STOPPING, SIGNAL | STOP_PROBE},
			  [SVC_WANT_RESTART] = {SVC_STOPPING, SIGNAL | STOP_PROBE},
			  [SVC_CONDITIONS_HOLD] = STAYS(SVC_STARTING),
			  [SVC_CONDITIONS_FAIL] = STAYS(SVC_STARTING),
			  [SVC_STARTED] = STAYS(SVC_STARTING),
			  [SVC_START_FAILED] = STAYS(SVC_STARTING),
			  [SVC_EXITED] = {SVC_WAITING, STOP_PROBE},
			  [SVC_CLEARED] = STAYS(SVC_STARTING),
			  [SVC_PROBE_WELL] = {SVC_READY, NOTHING},
			  [SVC_PROBE_ILL] = STAYS(SVC_STARTING),
			  [SVC_TROUBLE] = {SVC_UNHEALTHY, NOTHING},
			  [SVC_HEALTH_WELL] = STAYS(SVC_STARTING),
			  [SVC_HEALTH_ILL] = STAYS(SVC_STARTING),
			  [SVC_TIMER] = STAYS(SVC_STARTING)},
	[SVC_RUNNING] = {[SVC_WANT_UP] = STAYS(SVC_RUNNING),
			 [SVC_WANT_DOWN] = {SVC_STOPPING, SIGNAL},
			 [SVC_WANT_RESTART] = {SVC_STOPPING, SIGNAL},
			 [SVC_CONDITIONS_HOLD] = STAYS(SVC_RUNNING),
			 [SVC_CONDITIONS_FAIL] = STAYS(SVC_RUNNING),
			 [SVC_STARTED] = STAYS(SVC_RUNNING),
			 [SVC_START_FAILED] = STAYS(SVC_RUNNING),
			 [SVC_EXITED] = {SVC_WAITING, NOTHING},
			 [SVC_CLEARED] = STAYS(SVC_RUNNING),
			 [SVC_PROBE_WELL] = STAYS(SVC_RUNNING),
			 [SVC_PROBE_ILL] = STAYS(SVC_RUNNING),
			 [SVC_TROUBLE] = STAYS(SVC_RUNNING),
			 [SVC_HEALTH_WELL] = STAYS(SVC_RUNNING),
			 [SVC_HEALTH_ILL] = STAYS(SVC_RUNNING),
			 [SVC_TIMER] = STAYS(SVC_RUNNING)},
	[SVC_READY] = {[SVC_WANT_UP] = STAYS(SVC_READY),
		       [SVC_WANT_DOWN] = {SVC_STOPPING, SIGNAL | STOP_PROBE},
		       [SVC_WANT_RESTART] = {SVC_STOPPING, SIGNAL | STOP_PROBE},
		       [SVC_CONDITIONS_HOLD] = STAYS(SVC_READY),
		       [SVC_CONDITIONS_FAIL] = STAYS(SVC_READY),
		       [SVC_STARTED] = STAYS(SVC_READY),
		       [SVC_START_FAILED] = STAYS(SVC_READY),
		       [SVC_EXITED] = {SVC_WAITING, STOP_PROBE},
		       [SVC_CLEARED] = STAYS(SVC_READY),
		       [SVC_PROBE_WELL] = STAYS(SVC_READY),
		       [SVC_PROBE_ILL] = STAYS(SVC_READY),
		       [SVC_TROUBLE] = {SVC_UNHEALTHY, NOTHING},
		       [SVC_HEALTH_WELL] = STAYS(SVC_READY),
		       [SVC_HEALTH_ILL] = STAYS(SVC_READY),
		       [SVC_TIMER] = {SVC_READY, PROBE}},
	[SVC_UNHEALTHY] = {[SVC_WANT_UP] = STAYS(SVC_UNHEALTHY),
			   [SVC_WANT_DOWN] = {SVC_STOPPING, SIGNAL | STOP_PROBE},
			   [SVC_WANT_RESTART] = {SVC_STOPPING, SIGNAL | STOP_PROBE},
			   [SVC_CONDITIONS_HOLD] = STAYS(SVC_UNHEALTHY),
			   [SVC_CONDITIONS_FAIL] = STAYS(SVC_UNHEALTHY),
			   [SVC_STARTED] = STAYS(SVC_UNHEALTHY),
			   [SVC_START_FAILED] = STAYS(SVC_UNHEALTHY),
			   [SVC_EXITED] = {SVC_WAITING, STOP_PROBE},
			   [SVC_CLEARED] = STAYS(SVC_UNHEALTHY),
			   [SVC_PROBE_WELL] = {SVC_READY, NOTHING},
			   [SVC_PROBE_ILL] = STAYS(SVC_UNHEALTHY),
			   [SVC_TROUBLE] = STAYS(SVC_UNHEALTHY),
			   [SVC_HEALTH_WELL] = STAYS(SVC_UNHEALTHY),
			   [SVC_HEALTH_ILL] = STAYS(SVC_UNHEALTHY),
			   [SVC_TIMER] = {SVC_UNHEALTHY, PROBE}},
	[SVC_BACKOFF] = {[SVC_WANT_UP] = {SVC_WAITING, NOTHING},
			 [SVC_WANT_DOWN] = {SVC_STOPPED, NOTHING},
			 [SVC_WANT_RESTART] = {SVC_WAITING, NOTHING},
			 [SVC_CONDITIONS_HOLD] = STAYS(SVC_BACKOFF),
			 [SVC_CONDITIONS_FAIL] = STAYS(SVC_BACKOFF),
			 [SVC_STARTED] = STAYS(SVC_BACKOFF),
			 [SVC_START_FAILED] = STAYS(SVC_BACKOFF),
			 [SVC_EXITED] = STAYS(SVC_BACKOFF),
			 [SVC_CLEARED] = STAYS(SVC_BACKOFF),
			 [SVC_PROBE_WELL] = STAYS(SVC_BACKOFF),
			 [SVC_PROBE_ILL] = STAYS(SVC_BACKOFF),
			 [SVC_TROUBLE] = STAYS(SVC_BACKOFF),
			 [SVC_HEALTH_WELL] = STAYS(SVC_BACKOFF),
			 [SVC_HEALTH_ILL] = STAYS(SVC_BACKOFF),
			 [SVC_TIMER] = {SVC_WAITING, NOTHING}},
	[SVC_STOPPING] = {[SVC_WANT_UP] = STAYS(SVC_STOPPING),
			  [SVC_WANT_DOWN] = STAYS(SVC_STOPPING),
			  [SVC_WANT_RESTART] = STAYS(SVC_STOPPING),
			  [SVC_CONDITIONS_HOLD] = STAYS(SVC_STOPPING),
			  [SVC_CONDITIONS_FAIL] = STAYS(SVC_STOPPING),
			  [SVC_STARTED] = STAYS(SVC_STOPPING),
			  [SVC_START_FAILED] = STAYS(SVC_STOPPING),
			  [SVC_EXITED] = {SVC_STOPPED, STOP_PROBE},
			  [SVC_CLEARED] = STAYS(SVC_STOPPING),
			  [SVC_PROBE_WELL] = STAYS(SVC_STOPPING),
			  [SVC_PROBE_ILL] = STAYS(SVC_STOPPING),
			  [SVC_TROUBLE] = STAYS(SVC_STOPPING),
			  [SVC_HEALTH_WELL] = STAYS(SVC_STOPPING),
			  [SVC_HEALTH_ILL] = STAYS(SVC_STOPPING),
			  [SVC_TIMER] = {SVC_STOPPING, KILL}},
	[SVC_COMPLETED] = {[SVC_WANT_UP] = {SVC_WAITING, NOTHING},
			   [SVC_WANT_DOWN] = STAYS(SVC_COMPLETED),
			   [SVC_WANT_RESTART] = {SVC_WAITING, NOTHING},
			   [SVC_CONDITIONS_HOLD] = STAYS(SVC_COMPLETED),
			   [SVC_CONDITIONS_FAIL] = STAYS(SVC_COMPLETED),
			   [SVC_STARTED] = STAYS(SVC_COMPLETED),
			   [SVC_START_FAILED] = STAYS(SVC_COMPLETED),
			   [SVC_EXITED] = STAYS(SVC_COMPLETED),
			   [SVC_CLEARED] = STAYS(SVC_COMPLETED),
			   [SVC_PROBE_WELL] = STAYS(SVC_COMPLETED),
			   [SVC_PROBE_ILL] = STAYS(SVC_COMPLETED),
			   [SVC_TROUBLE] = STAYS(SVC_COMPLETED),
			   [SVC_HEALTH_WELL] = STAYS(SVC_COMPLETED),
			   [SVC_HEALTH_ILL] = STAYS(SVC_COMPLETED),
			   [SVC_TIMER] = STAYS(SVC_COMPLETED)},
	[SVC_FAILED] = {[SVC_WANT_UP] = {SVC_WAITING, NOTHING},
			[SVC_WANT_DOWN] = STAYS(SVC_FAILED),
			[SVC_WANT_RESTART] = {SVC_WAITING, NOTHING},
			[SVC_CONDITIONS_HOLD] = STAYS(SVC_FAILED),
			[SVC_CONDITIONS_FAIL] = STAYS(SVC_FAILED),
			[SVC_STARTED] = STAYS(SVC_FAILED),
			[SVC_START_FAILED] = STAYS(SVC_FAILED),
			[SVC_EXITED] = STAYS(SVC_FAILED),
			[SVC_CLEARED] = STAYS(SVC_FAILED),
			[SVC_PROBE_WELL] = STAYS(SVC_FAILED),
			[SVC_PROBE_ILL] = STAYS(SVC_FAILED),
			[SVC_TROUBLE] = STAYS(SVC_FAILED),
			[SVC_HEALTH_WELL] = STAYS(SVC_FAILED),
			[SVC_HEALTH_ILL] = STAYS(SVC_FAILED),
			[SVC_TIMER] = STAYS(SVC_FAILED)},
};

static int done(const struct svc_effects *effects)
{
	int does = (effects->start ? START : 0) | (effects->signal != 0 ? SIGNAL : 0) | (effects->probe ? PROBE : 0) |
		   (effects->stop_probe ? STOP_PROBE : 0) | (effects->kill ? KILL : 0);

	return does != 0 ? does : NOTHING;
}

static void every_state_with_every_event(void **state)
{
	(void)state;
	for (int from = 0; from < SVC_STATE_COUNT; from++) {
		for (int kind = 0; kind < EVENT_COUNT; kind++) {
			const struct cell *wanted = &table[from][kind];
			struct svc svc = in_state((enum svc_state)from);
			int64_t now = svc_deadline(&svc) != 0 ? svc_deadline(&svc) : T0;
			struct svc_event event = {.kind = (enum svc_event_kind)kind, .exit = {.code = 1}};
			struct svc_effects effects;

			assert_int_equal(svc.state, from);
			if (wanted->does == 0)
				fail_msg("nothing is said of state '%s' and event %d", svc_state_name(svc.state), kind);
			effects = svc_step(&svc, &event, now);
			if (svc.state != wanted->to || done(&effects) != wanted->does ||
			    effects.changed != ((int)svc.state != from))
				fail_msg("'%s' and event %d: to '%s' doing %d", svc_state_name((enum svc_state)from),
					 kind, svc_state_name(svc.state), done(&effects));
		}
	}
}

/* ---- Ways out ---- */

/* A world that behaves: what is asked for happens, and at once. */
static void be_well_behaved(struct svc *svc, int64_t *now)
{
	for (int i = 0; i < 50; i++) {
		struct svc_effects effects = {0};

		switch (svc->state) {
		case SVC_WAITING:
			effects = step(svc, SVC_CONDITIONS_HOLD, *now);
			break;
		case SVC_STARTING:
			effects = svc->start_pending ? step(svc, SVC_STARTED, *now) : step(svc, SVC_PROBE_WELL, *now);
			break;
		case SVC_UNHEALTHY:
			effects = step(svc, svc->restart_wanted ? SVC_TIMER : SVC_PROBE_WELL, *now);
			break;
		case SVC_BACKOFF:
			*now = svc_deadline(svc);
			effects = step(svc, SVC_TIMER, *now);
			break;
		case SVC_STOPPING:
			effects = svc->start_pending   ? step(svc, SVC_STARTED, *now)
				  : svc->has_leftovers ? step(svc, SVC_CLEARED, *now)
						       : step_exit(svc, 0, false, *now);
			break;
		default:
			return;
		}
		(void)effects;
		*now += 1;
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static struct svc_policy random_policy(uint32_t *seed)
{
	struct svc_policy policy = next_random(seed) % 2 ? probed_policy() : plain_policy();

	policy.restart.when = (enum restart_when)(next_random(seed) % 4);
	policy.restart.limit = (int)(next_random(seed) % 3);
	policy.restart.on_unhealthy = next_random(seed) % 2;
	policy.one_shot = next_random(seed) % 4 == 0;
	policy.stop.grace_ms = (int64_t)(next_random(seed) % 3) * 100;
	return policy;
}

/* An event the world could really send now. */
static bool could_happen(const struct svc *svc, enum svc_event_kind kind)
{
	switch (kind) {
	case SVC_STARTED:
	case SVC_START_FAILED:
		return svc->start_pending;
	case SVC_EXITED:
		return svc->has_process;
	case SVC_CLEARED:
		return svc->has_leftovers;
	default:
		return true;
	}
}

/* How often it may start again after one wish: the limit, or without end. */
static void check_bound(const struct svc *svc, int restarts_since_wish)
{
	const struct restart_policy *restart = &svc->policy.restart;

	if (restart->when == RESTART_NO && !restart->on_unhealthy)
		assert_int_equal(restarts_since_wish, 0);
	if (restart->when == RESTART_ON_FAILURE && restart->limit > 0)
		assert_true(svc->failures_in_row <= restart->limit + 1);
	if (svc->state == SVC_BACKOFF)
		assert_true(svc_deadline(svc) != 0);
}

/* From wherever random events lead: a wish and a world that behaves bring it up, and bring it down. */
static void no_state_keeps_a_unit(void **state)
{
	uint32_t seed = 19700101;
	long steps = 0;

	(void)state;
	for (int life = 0; life < 5000; life++) {
		struct svc_policy policy = random_policy(&seed);
		int restarts_before = 0;
		int64_t now = T0;
		struct svc svc;

		svc_init(&svc, &policy);
		for (int i = 0; i < 40; i++) {
			struct svc_event event = {.kind = (enum svc_event_kind)(next_random(&seed) % EVENT_COUNT)};

			now += next_random(&seed) % 700;
			if (!could_happen(&svc, event.kind))
				continue;
			event.exit = (struct engine_exit){.code = (int)(next_random(&seed) % 2),
							  .leftovers = event.kind == SVC_EXITED &&
								       next_random(&seed) % 3 == 0};
			if (next_random(&seed) % 8 == 0)
				svc_limit_stop(&svc, 50, now);
			(void)svc_step(&svc, &event, now);
			steps++;
			if (event.kind == SVC_WANT_UP || event.kind == SVC_WANT_RESTART)
				restarts_before = svc.restarts;
			/* A kept process that left others behind starts again only as its policy has it. */
			check_bound(&svc, svc.restarts - restarts_before);
			if (svc.state == SVC_STOPPED || svc.state == SVC_COMPLETED || svc.state == SVC_FAILED ||
			    svc.state == SVC_BACKOFF || svc.state == SVC_WAITING)
				assert_true(svc_is_gone(&svc));
		}
		step(&svc, SVC_WANT_UP, now);
		be_well_behaved(&svc, &now);
		if (svc.state == SVC_COMPLETED || svc.state == SVC_FAILED) { /* ended while the wish came in */
			step(&svc, SVC_WANT_UP, now);
			be_well_behaved(&svc, &now);
		}
		if (svc.state != SVC_RUNNING && svc.state != SVC_READY)
			fail_msg("life %d ends '%s', not up", life, svc_state_name(svc.state));
		step(&svc, SVC_WANT_DOWN, now);
		be_well_behaved(&svc, &now);
		assert_int_equal(svc.state, SVC_STOPPED);
		assert_true(svc_is_gone(&svc));
		assert_int_equal(svc_deadline(&svc), 0);
	}
	assert_true(steps >= 100000);
}

/* ---- Crash loops, limits ---- */

static void three_failures_in_a_row_are_a_crash_loop(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc;
	int64_t now = T0;

	(void)state;
	policy.restart.when = RESTART_ALWAYS;
	svc = started(&policy, now);
	for (int failures = 1; failures <= 5; failures++) {
		now += 10;
		step_exit(&svc, 1, false, now);
		assert_int_equal(svc_is_crash_loop(&svc), failures >= 3);
		assert_int_equal(svc.failures_in_row, failures);
		assert_int_equal(svc.row_began_ms, T0 + 10);
		if (svc.state == SVC_BACKOFF) {
			now = svc_deadline(&svc);
			step(&svc, SVC_TIMER, now);
		}
		step(&svc, SVC_CONDITIONS_HOLD, now);
		step(&svc, SVC_STARTED, now);
		assert_false(svc_is_crash_loop(&svc));
	}
	/* Stable for long enough: the next failure is the first of a new row. */
	now += policy.restart.backoff_reset_ms;
	step_exit(&svc, 1, false, now);
	assert_int_equal(svc.failures_in_row, 1);
	assert_int_equal(svc.row_began_ms, now);
	assert_int_equal(svc.state, SVC_WAITING);
}

static void the_limit_holds_exactly(void **state)
{
	(void)state;
	for (int limit = 1; limit <= 4; limit++) {
		struct svc_policy policy = plain_policy();
		struct svc svc;
		int64_t now = T0;
		int starts = 1;

		policy.restart.when = RESTART_ON_FAILURE;
		policy.restart.limit = limit;
		svc = started(&policy, now);
		while (svc.state != SVC_FAILED) {
			assert_false(svc.gave_up);
			step_exit(&svc, 1, false, ++now);
			if (svc.state == SVC_BACKOFF) {
				now = svc_deadline(&svc);
				step(&svc, SVC_TIMER, now);
			}
			starts += step(&svc, SVC_CONDITIONS_HOLD, now).start;
			step(&svc, SVC_STARTED, now);
		}
		assert_int_equal(starts, limit + 1);
		assert_true(svc.gave_up);
		step(&svc, SVC_WANT_UP, now);
		step(&svc, SVC_CONDITIONS_HOLD, now);
		assert_false(svc.gave_up);
	}
}

/* ---- A stop that is to be quick ---- */

static void a_limit_counts_for_one_stop(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc = started(&policy, T0);

	(void)state;
	svc_limit_stop(&svc, 200, T0);
	step(&svc, SVC_WANT_RESTART, T0);
	assert_int_equal(svc_deadline(&svc), T0 + 200);
	svc_limit_stop(&svc, 9000, T0 + 10); /* never more than it was */
	assert_int_equal(svc_deadline(&svc), T0 + 200);
	svc_limit_stop(&svc, 50, T0 + 10);
	assert_int_equal(svc_deadline(&svc), T0 + 60);
	step_exit(&svc, 0, false, T0 + 20);
	step(&svc, SVC_CONDITIONS_HOLD, T0 + 20);
	step(&svc, SVC_STARTED, T0 + 20);
	step(&svc, SVC_WANT_DOWN, T0 + 30);
	assert_int_equal(svc_deadline(&svc), T0 + 30 + policy.stop.grace_ms);
	step_exit(&svc, 0, false, T0 + 40);
	svc_limit_stop(&svc, 0, T0 + 50); /* nothing runs: there is no stop to limit */
	assert_false(svc.stop_limited);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_with_every_event),
		cmocka_unit_test(no_state_keeps_a_unit),
		cmocka_unit_test(three_failures_in_a_row_are_a_crash_loop),
		cmocka_unit_test(the_limit_holds_exactly),
		cmocka_unit_test(a_limit_counts_for_one_stop),
	};

	return cmocka_run_group_tests_name("svc, every state with every event", tests, NULL, NULL);
}
