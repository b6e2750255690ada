/* SPDX-License-Identifier: MIT */
/* A unit that its engine restarts, and asks whether it is well: a container. */
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

/* ---- Every state with every event ---- */

/* Restarted always, with a declared health check; the back-off is its engine's. */
static struct svc in_state(enum svc_state state)
{
	struct svc_policy policy = container_policy();
	struct svc svc;

	policy.restart.when = RESTART_ALWAYS;
	policy.has_health = state != SVC_RUNNING;
	svc_init(&svc, &policy);
	if (state == SVC_STOPPED)
		return svc;
	step(&svc, SVC_WANT_UP, T0);
	if (state == SVC_WAITING)
		return svc;
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	step_started(&svc, false, T0);
	if (state == SVC_READY)
		step(&svc, SVC_HEALTH_WELL, T0);
	if (state == SVC_UNHEALTHY)
		step(&svc, SVC_HEALTH_ILL, T0);
	if (state == SVC_STOPPING)
		step(&svc, SVC_WANT_DOWN, T0);
	if (state == SVC_FAILED || state == SVC_COMPLETED)
		step_exit(&svc, state == SVC_FAILED ? 1 : 0, false, T0);
	if (state == SVC_BACKOFF)
		step_restarting(&svc, 1, T0);
	return svc;
}

enum does { NOTHING = 1, START = 2, STOP = 4, STOP_PROBE = 8, KILL = 16, OTHER = 32 };

struct cell {
	enum svc_state to;
	int does;
};

/* One row a state, one column an event, in the order of the enumeration; an exit is with code 1 and for good. */
static const struct {
	enum svc_state from;
	struct cell cells[EVENT_COUNT];
} table[SVC_STATE_COUNT] = {
#define CELL(state, what)         \
	{                         \
		SVC_##state, what \
	}
#define STAY(state) CELL(state, NOTHING)
#define ROW(from, up, down, restart, hold, fail, started, start_failed, exited, cleared, well, ill, trouble,       \
	    health_well, health_ill, timer)                                                                        \
	{                                                                                                          \
		SVC_##from,                                                                                        \
		{                                                                                                  \
			up, down, restart, hold, fail, started, start_failed, exited, cleared, well, ill, trouble, \
				health_well, health_ill, timer                                                     \
		}                                                                                                  \
	}
	/* A hand that starts what was stopped, has ended or waits: it is wanted from there on. */
	ROW(STOPPED, CELL(WAITING, NOTHING), STAY(STOPPED), CELL(WAITING, NOTHING), STAY(STOPPED), STAY(STOPPED),
	    CELL(STARTING, STOP_PROBE), STAY(STOPPED), STAY(STOPPED), STAY(STOPPED), STAY(STOPPED), STAY(STOPPED),
	    STAY(STOPPED), STAY(STOPPED), STAY(STOPPED), STAY(STOPPED)),
	ROW(WAITING, STAY(WAITING), CELL(STOPPED, NOTHING), STAY(WAITING), CELL(STARTING, START), CELL(FAILED, NOTHING),
	    CELL(STARTING, STOP_PROBE), STAY(WAITING), STAY(WAITING), STAY(WAITING), STAY(WAITING), STAY(WAITING),
	    STAY(WAITING), STAY(WAITING), STAY(WAITING), STAY(WAITING)),
	ROW(STARTING, STAY(STARTING), CELL(STOPPING, STOP | STOP_PROBE), CELL(STOPPING, STOP | STOP_PROBE),
	    STAY(STARTING), STAY(STARTING), CELL(STARTING, STOP_PROBE), STAY(STARTING), CELL(FAILED, STOP_PROBE),
	    STAY(STARTING), STAY(STARTING), STAY(STARTING), CELL(UNHEALTHY, NOTHING), CELL(READY, NOTHING),
	    CELL(UNHEALTHY, NOTHING), STAY(STARTING)),
	ROW(RUNNING, STAY(RUNNING), CELL(STOPPING, STOP), CELL(STOPPING, STOP), STAY(RUNNING), STAY(RUNNING),
	    STAY(RUNNING), STAY(RUNNING), CELL(FAILED, NOTHING), STAY(RUNNING), STAY(RUNNING), STAY(RUNNING),
	    STAY(RUNNING), STAY(RUNNING), STAY(RUNNING), STAY(RUNNING)),
	ROW(READY, STAY(READY), CELL(STOPPING, STOP | STOP_PROBE), CELL(STOPPING, STOP | STOP_PROBE), STAY(READY),
	    STAY(READY), CELL(STARTING, STOP_PROBE), STAY(READY), CELL(FAILED, STOP_PROBE), STAY(READY), STAY(READY),
	    STAY(READY), CELL(UNHEALTHY, NOTHING), STAY(READY), CELL(UNHEALTHY, NOTHING), STAY(READY)),
	ROW(UNHEALTHY, STAY(UNHEALTHY), CELL(STOPPING, STOP | STOP_PROBE), CELL(STOPPING, STOP | STOP_PROBE),
	    STAY(UNHEALTHY), STAY(UNHEALTHY), CELL(STARTING, STOP_PROBE), STAY(UNHEALTHY), CELL(FAILED, STOP_PROBE),
	    STAY(UNHEALTHY), STAY(UNHEALTHY), STAY(UNHEALTHY), STAY(UNHEALTHY), CELL(READY, NOTHING), STAY(UNHEALTHY),
	    STAY(UNHEALTHY)),
	/* There is something to stop, and no start of ours to wait for. */
	ROW(BACKOFF, CELL(STOPPING, STOP | STOP_PROBE), CELL(STOPPING, STOP | STOP_PROBE),
	    CELL(STOPPING, STOP | STOP_PROBE), STAY(BACKOFF), STAY(BACKOFF), CELL(STARTING, STOP_PROBE), STAY(BACKOFF),
	    CELL(FAILED, STOP_PROBE), STAY(BACKOFF), STAY(BACKOFF), STAY(BACKOFF), STAY(BACKOFF), STAY(BACKOFF),
	    STAY(BACKOFF), STAY(BACKOFF)),
	ROW(STOPPING, STAY(STOPPING), STAY(STOPPING), STAY(STOPPING), STAY(STOPPING), STAY(STOPPING),
	    CELL(STOPPING, STOP), STAY(STOPPING), CELL(STOPPED, STOP_PROBE), STAY(STOPPING), STAY(STOPPING),
	    STAY(STOPPING), STAY(STOPPING), STAY(STOPPING), STAY(STOPPING), CELL(STOPPING, KILL)),
	ROW(COMPLETED, CELL(WAITING, NOTHING), STAY(COMPLETED), CELL(WAITING, NOTHING), STAY(COMPLETED),
	    STAY(COMPLETED), CELL(STARTING, STOP_PROBE), STAY(COMPLETED), STAY(COMPLETED), STAY(COMPLETED),
	    STAY(COMPLETED), STAY(COMPLETED), STAY(COMPLETED), STAY(COMPLETED), STAY(COMPLETED), STAY(COMPLETED)),
	ROW(FAILED, CELL(WAITING, NOTHING), STAY(FAILED), CELL(WAITING, NOTHING), STAY(FAILED), STAY(FAILED),
	    CELL(STARTING, STOP_PROBE), STAY(FAILED), STAY(FAILED), STAY(FAILED), STAY(FAILED), STAY(FAILED),
	    STAY(FAILED), STAY(FAILED), STAY(FAILED), STAY(FAILED)),
#undef ROW
#undef STAY
#undef CELL
};

static int done(const struct svc_effects *effects)
{
	int does = (effects->start ? START : 0) | (effects->stop ? STOP : 0) | (effects->stop_probe ? STOP_PROBE : 0) |
		   (effects->kill ? KILL : 0) |
		   (effects->probe || (effects->signal != 0 && !effects->stop) ? OTHER : 0);

	return does != 0 ? does : NOTHING;
}

static void every_state_with_every_event(void **state)
{
	(void)state;
	for (int row = 0; row < SVC_STATE_COUNT; row++) {
		for (int kind = 0; kind < EVENT_COUNT; kind++) {
			const struct cell *wanted = &table[row].cells[kind];
			struct svc svc = in_state(table[row].from);
			int64_t now = svc_deadline(&svc) != 0 ? svc_deadline(&svc) : T0;
			struct svc_event event = {.kind = (enum svc_event_kind)kind, .exit = {.code = 1}};
			struct svc_effects effects;

			assert_int_equal(svc.state, table[row].from);
			effects = svc_step(&svc, &event, now);
			if (svc.state != wanted->to || done(&effects) != wanted->does)
				fail_msg("'%s' and event %d: to '%s' doing %d", svc_state_name(table[row].from), kind,
					 svc_state_name(svc.state), done(&effects));
			if (svc.state != table[row].from)
				assert_true(effects.changed);
			if (kind == SVC_STARTED && table[row].from != SVC_STOPPING)
				assert_true(svc.wanted);
		}
	}
}

/* ---- Restarts ---- */

static void restarts_are_the_engines(void **state)
{
	struct svc_policy policy = container_policy();
	struct svc svc;
	int64_t now = T0;

	(void)state;
	policy.restart.when = RESTART_ALWAYS;
	svc = started(&policy, now);
	for (int end = 1; end <= 4; end++) {
		struct svc_effects effects = step_restarting(&svc, 3, ++now);

		assert_false(effects.start || effects.stop);
		assert_int_equal(svc.state, SVC_BACKOFF);
		assert_true(svc.has_process && !svc_is_gone(&svc));
		assert_int_equal(svc_deadline(&svc), 0); /* when, is the engine's to know */
		assert_int_equal(svc.restarts, end);
		assert_int_equal(svc.failures_in_row, end);
		assert_int_equal(svc.last_exit.code, 3);
		assert_int_equal(svc_is_crash_loop(&svc), end >= 3);
		assert_false(svc_satisfies(&svc, DEPEND_STARTED));
		assert_false(svc_never_will(&svc, DEPEND_STARTED));
		step_started(&svc, false, ++now);
		assert_int_equal(svc.state, SVC_RUNNING);
		assert_false(svc.has_exited);
		assert_int_equal(svc.started_ms, now);
	}
	/* Stable for long enough: a new row. */
	step_restarting(&svc, 3, now + policy.restart.backoff_reset_ms);
	assert_int_equal(svc.failures_in_row, 1);
}

static void an_end_that_the_engine_leaves_is_one(void **state)
{
	struct svc_policy policy = container_policy();
	struct svc svc;

	(void)state;
	policy.restart.when = RESTART_ALWAYS;
	svc = started(&policy, T0);
	step_exit(&svc, 0, false, T0 + 1);
	assert_int_equal(svc.state, SVC_COMPLETED);
	assert_true(svc_is_gone(&svc));
	policy.restart = (struct restart_policy){.when = RESTART_ON_FAILURE, .limit = 1};
	svc = started(&policy, T0);
	step_restarting(&svc, 1, T0 + 1);
	step_started(&svc, false, T0 + 2);
	assert_false(svc.gave_up);
	step_exit(&svc, 1, false, T0 + 3);
	assert_int_equal(svc.state, SVC_FAILED);
	assert_true(svc.gave_up);
	/* Ended by somebody's hand: nobody gave up. */
	svc = started(&policy, T0);
	step_exit(&svc, 143, false, T0 + 1);
	assert_int_equal(svc.state, SVC_FAILED);
	assert_false(svc.gave_up);
	/* And a start that fails is not tried again. */
	policy.restart.when = RESTART_ALWAYS;
	svc_init(&svc, &policy);
	step(&svc, SVC_WANT_UP, T0);
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	step(&svc, SVC_START_FAILED, T0);
	assert_int_equal(svc.state, SVC_FAILED);
}

static void a_wish_in_its_back_off_begins_anew(void **state)
{
	static const enum svc_event_kind wishes[] = {SVC_WANT_UP, SVC_WANT_RESTART};

	(void)state;
	for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
		struct svc svc = in_state(SVC_BACKOFF);

		assert_true(step(&svc, wishes[i], T0).stop);
		step_exit(&svc, 1, false, T0 + 1);
		assert_int_equal(svc.state, SVC_WAITING);
		assert_int_equal(svc.failures_in_row, 0);
		assert_true(step(&svc, SVC_CONDITIONS_HOLD, T0 + 1).start);
	}
}

/* ---- Stops ---- */

static void a_start_under_way_is_called_back(void **state)
{
	struct svc_policy policy = container_policy();
	struct svc_effects effects;
	struct svc svc;

	(void)state;
	svc_init(&svc, &policy);
	step(&svc, SVC_WANT_UP, T0);
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	effects = step(&svc, SVC_WANT_DOWN, T0);
	assert_true(effects.stop);
	assert_int_equal(effects.grace_ms, 5000);
	assert_int_equal(svc.state, SVC_STOPPING);
	assert_false(svc_is_gone(&svc));
	/* It had started all the same: asked again, and it does not get more time for it. */
	effects = step_started(&svc, false, T0 + 2000);
	assert_true(effects.stop);
	assert_int_equal(effects.grace_ms, 3000);
	assert_int_equal(svc_deadline(&svc), T0 + 5000);
	assert_true(step(&svc, SVC_TIMER, T0 + 5000).kill);
	effects = step_started(&svc, false, T0 + 5001); /* and again, by the engine */
	assert_true(effects.stop && effects.kill);
	assert_int_equal(effects.grace_ms, 0);
	step_exit(&svc, 137, false, T0 + 5002);
	assert_int_equal(svc.state, SVC_STOPPED);
	/* Or it had not. */
	step(&svc, SVC_WANT_UP, T0);
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	step(&svc, SVC_WANT_DOWN, T0);
	step(&svc, SVC_START_FAILED, T0 + 1);
	assert_int_equal(svc.state, SVC_STOPPED);
	assert_int_equal(svc_deadline(&svc), 0);
}

static void an_end_while_stopping_may_be_told_twice(void **state)
{
	struct svc svc = in_state(SVC_STOPPING);

	(void)state;
	step_restarting(&svc, 1, T0 + 1); /* it had ended before it was asked to */
	assert_int_equal(svc.state, SVC_STOPPING);
	assert_false(svc_is_gone(&svc));
	assert_int_equal(svc.restarts, 0);
	step_exit(&svc, 1, false, T0 + 2);
	assert_int_equal(svc.state, SVC_STOPPED);
}

/* ---- Health ---- */

static void health_of_the_image_is_heard_of_at_the_start(void **state)
{
	struct svc_policy policy = container_policy();
	struct svc svc;

	(void)state;
	svc_init(&svc, &policy);
	assert_null(svc_readiness(&svc));
	step(&svc, SVC_WANT_UP, T0);
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	assert_false(step_started(&svc, true, T0).probe); /* never asked by us */
	assert_int_equal(svc.state, SVC_STARTING);
	assert_int_equal(svc_readiness(&svc)->kind, PROBE_ENGINE);
	assert_int_equal(svc_deadline(&svc), 0); /* and never given up by us */
	assert_true(svc_satisfies(&svc, DEPEND_STARTED));
	assert_false(svc_is_settled(&svc));
	step(&svc, SVC_HEALTH_WELL, T0 + 700);
	assert_int_equal(svc.state, SVC_READY);
	assert_int_equal(svc.ready_ms, T0 + 700);
	step(&svc, SVC_HEALTH_ILL, T0 + 800);
	assert_int_equal(svc.state, SVC_UNHEALTHY);
	step(&svc, SVC_HEALTH_WELL, T0 + 900);
	assert_int_equal(svc.state, SVC_READY);
	assert_int_equal(svc_deadline(&svc), 0);
	/* The next run is of another image, without one. */
	step_restarting(&svc, 1, T0 + 1000);
	step_started(&svc, false, T0 + 1001);
	assert_int_equal(svc.state, SVC_RUNNING);
	step(&svc, SVC_HEALTH_ILL, T0 + 1002);
	assert_int_equal(svc.state, SVC_RUNNING);
}

static void a_probe_of_ours_comes_before_the_engines_health(void **state)
{
	struct svc_policy policy = container_policy();
	struct svc svc;

	(void)state;
	policy.readiness = &http_probe;
	policy.has_health = true;
	svc_init(&svc, &policy);
	step(&svc, SVC_WANT_UP, T0);
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	assert_true(step_started(&svc, false, T0).probe);
	step(&svc, SVC_HEALTH_WELL, T0 + 1);
	assert_int_equal(svc.state, SVC_STARTING);
	step(&svc, SVC_PROBE_WELL, T0 + 2);
	assert_int_equal(svc.state, SVC_READY);
	assert_int_equal(svc_probe(&svc)->kind, PROBE_ENGINE);
	assert_int_equal(svc_deadline(&svc), 0); /* ours is asked no more */
	step(&svc, SVC_HEALTH_ILL, T0 + 3);
	assert_int_equal(svc.state, SVC_UNHEALTHY);
	/* What the engine has said before it said only once. */
	step_restarting(&svc, 1, T0 + 4);
	step_started(&svc, false, T0 + 5);
	step(&svc, SVC_HEALTH_ILL, T0 + 6);
	assert_int_equal(svc.state, SVC_STARTING);
	step(&svc, SVC_PROBE_WELL, T0 + 7);
	assert_int_equal(svc.state, SVC_UNHEALTHY);
	assert_true(svc.was_ready);
}

static void ill_health_restarts_where_that_is_asked(void **state)
{
	struct svc_policy policy = container_policy();
	struct svc svc;

	(void)state;
	policy.has_health = true;
	policy.restart.on_unhealthy = true;
	svc = started(&policy, T0);
	step(&svc, SVC_HEALTH_WELL, T0);
	step(&svc, SVC_HEALTH_ILL, T0 + 10);
	assert_int_equal(svc.state, SVC_UNHEALTHY);
	assert_int_equal(svc_deadline(&svc), T0 + 10);
	assert_true(step(&svc, SVC_TIMER, T0 + 10).stop);
	step_exit(&svc, 0, false, T0 + 20);
	assert_int_equal(svc.state, SVC_WAITING);
	assert_int_equal(svc.restarts, 1);
}

static void a_job_is_one_for_a_container_too(void **state)
{
	struct svc_policy policy = container_policy();
	struct svc svc;

	(void)state;
	policy.one_shot = true;
	svc = started(&policy, T0);
	assert_false(svc_is_settled(&svc));
	step_exit(&svc, 0, false, T0);
	assert_int_equal(svc.state, SVC_COMPLETED);
	assert_true(svc_is_settled(&svc));
	/* Run again by the Compose program, as something needs it. */
	step_started(&svc, false, T0 + 1);
	assert_true(svc.wanted);
	assert_int_equal(svc.state, SVC_RUNNING);
	step_exit(&svc, 0, false, T0 + 2);
	assert_true(svc_satisfies(&svc, DEPEND_COMPLETED));
}

static void another_policy_counts_from_the_next_run(void **state)
{
	struct svc_policy policy = container_policy();
	struct svc svc = started(&policy, T0);

	(void)state;
	step_exit(&svc, 0, false, T0);
	policy.has_health = true;
	svc_renew(&svc, &policy);
	step(&svc, SVC_WANT_UP, T0);
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	step_started(&svc, false, T0);
	assert_int_equal(svc.state, SVC_STARTING);
	/* A program of this machine has no engine that would ask. */
	policy.by_engine = false;
	svc_renew(&svc, &policy);
	assert_null(svc_readiness(&svc));
}

/* ---- Random lives ---- */

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* An engine that keeps its word, and that others can tell what to do, too. */
struct world {
	bool asked, there; /* a start is awaited; a container is there that runs, or will again */
};

static void check(const struct world *world, const struct svc *svc, const struct svc_effects *effects)
{
	if (effects->stop || effects->kill)
		assert_true(world->there || world->asked);
	assert_true(effects->stop == (effects->signal != 0));
	assert_false(svc->has_leftovers);
	assert_int_equal(svc->has_process, world->there);
	assert_int_equal(svc->start_pending, world->asked);
	switch (svc->state) {
	case SVC_STOPPED:
	case SVC_WAITING:
	case SVC_COMPLETED:
	case SVC_FAILED:
		assert_true(svc_is_gone(svc));
		break;
	case SVC_STARTING:
	case SVC_STOPPING:
		assert_false(svc_is_gone(svc));
		break;
	case SVC_BACKOFF: /* the engine's, or ours after ill health */
		assert_true(world->there || svc_deadline(svc) != 0);
		break;
	default:
		assert_true(world->there);
		break;
	}
	if (svc->state == SVC_RUNNING || (svc->state == SVC_BACKOFF && world->there))
		assert_int_equal(svc_deadline(svc), 0);
}

static void one_event(struct world *world, struct svc *svc, enum svc_event_kind kind, uint32_t chance, int64_t now_ms)
{
	struct svc_event event = {.kind = kind, .has_health = chance % 2};
	struct svc_effects effects;

	switch (kind) {
	case SVC_STARTED: /* asked for or not */
		world->asked = false;
		world->there = true;
		break;
	case SVC_START_FAILED:
		if (!world->asked)
			return;
		world->asked = false;
		break;
	case SVC_EXITED:
		if (!world->there)
			return;
		event.exit = (struct engine_exit){.code = (int)(chance % 3), .restarting = chance % 4 == 0};
		world->there = event.exit.restarting;
		break;
	case SVC_CLEARED:
		return;
	default:
		break;
	}
	effects = svc_step(svc, &event, now_ms);
	if (effects.start) {
		assert_false(world->asked || world->there);
		world->asked = true;
	}
	check(world, svc, &effects);
}

/* From wherever random events lead: a stop ends it, within its time and a SIGKILL that is obeyed, and a wish brings it back. */
static void check_ways_out(struct world *world, struct svc *svc, int64_t now_ms)
{
	one_event(world, svc, SVC_WANT_DOWN, 1, now_ms);
	for (int i = 0; i < 20 && !svc_is_gone(svc); i++) {
		if (svc_deadline(svc) != 0) {
			now_ms = svc_deadline(svc);
			one_event(world, svc, SVC_TIMER, 1, now_ms);
		}
		one_event(world, svc, world->there ? SVC_EXITED : SVC_START_FAILED, 1, now_ms);
	}
	assert_true(svc_is_gone(svc));
	assert_false(svc->wanted && svc->state == SVC_STOPPED);
	assert_int_equal(svc_deadline(svc), 0);
	one_event(world, svc, SVC_WANT_UP, 1, now_ms);
	one_event(world, svc, SVC_CONDITIONS_HOLD, 1, now_ms);
	one_event(world, svc, SVC_STARTED, 1, now_ms);
	one_event(world, svc, SVC_HEALTH_WELL, 1, now_ms);
	one_event(world, svc, SVC_PROBE_WELL, 1, now_ms);
	assert_true(svc->state == SVC_RUNNING || svc->state == SVC_READY);
}

static void random_lives_keep_the_rules(void **state)
{
	uint32_t seed = 20261121;

	(void)state;
	for (int life = 0; life < 3000; life++) {
		struct svc_policy policy = container_policy();
		struct world world = {0};
		int64_t now = T0;
		struct svc svc;

		policy.readiness = next_random(&seed) % 3 == 0 ? &http_probe : NULL;
		policy.has_health = next_random(&seed) % 2;
		policy.restart.when = (enum restart_when)(next_random(&seed) % 4);
		policy.restart.on_unhealthy = next_random(&seed) % 2;
		policy.one_shot = next_random(&seed) % 4 == 0;
		policy.stop.grace_ms = (int64_t)(next_random(&seed) % 3) * 100;
		svc_init(&svc, &policy);
		for (int i = 0; i < 60; i++) {
			uint32_t chance = next_random(&seed);

			now += next_random(&seed) % 400;
			one_event(&world, &svc, (enum svc_event_kind)(chance % EVENT_COUNT), chance >> 8, now);
		}
		check_ways_out(&world, &svc, now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_with_every_event),
		cmocka_unit_test(restarts_are_the_engines),
		cmocka_unit_test(an_end_that_the_engine_leaves_is_one),
		cmocka_unit_test(a_wish_in_its_back_off_begins_anew),
		cmocka_unit_test(a_start_under_way_is_called_back),
		cmocka_unit_test(an_end_while_stopping_may_be_told_twice),
		cmocka_unit_test(health_of_the_image_is_heard_of_at_the_start),
		cmocka_unit_test(a_probe_of_ours_comes_before_the_engines_health),
		cmocka_unit_test(ill_health_restarts_where_that_is_asked),
		cmocka_unit_test(a_job_is_one_for_a_container_too),
		cmocka_unit_test(another_policy_counts_from_the_next_run),
		cmocka_unit_test(random_lives_keep_the_rules),
	};

	return cmocka_run_group_tests_name("svc, restarted and asked by its engine", tests, NULL, NULL);
}
