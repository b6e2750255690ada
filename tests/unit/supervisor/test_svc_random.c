/* SPDX-License-Identifier: MIT */
/* Random lives in a world that keeps its promises: whatever happens, a unit keeps the rules. */
#include "launcher/supervisor/svc.h"
#include "tests/lib/svc_scene.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* The world around a unit: an engine that keeps its promises, and nothing else. */
struct world {
	bool asked, process, leftovers;
	bool hold; /* conditions were said to hold with this very event */
};

static void check_effects(struct world *world, const struct svc *svc, const struct svc_effects *effects)
{
	if (effects->start) {
		assert_true(world->hold);
		assert_false(world->asked || world->process || world->leftovers); /* never two */
		world->asked = true;
	}
	if (effects->probe)
		assert_true(world->process);
	if (effects->signal != 0 || effects->kill)
		assert_true(world->process || world->leftovers);
	assert_int_equal(svc->has_process, world->process);
	assert_int_equal(svc->has_leftovers, world->leftovers);
	assert_int_equal(svc->start_pending, world->asked);
	assert_int_equal(svc_is_gone(svc), !world->asked && !world->process && !world->leftovers);
	switch (svc->state) {
	case SVC_RUNNING:
	case SVC_READY:
	case SVC_UNHEALTHY:
		assert_true(world->process);
		break;
	case SVC_STARTING:
		assert_true(world->process || world->asked);
		break;
	case SVC_STOPPING:
		assert_false(svc_is_gone(svc));
		break;
	default:
		assert_true(svc_is_gone(svc));
		break;
	}
}

static void check_deadline(const struct svc *svc, int64_t now_ms)
{
	int64_t deadline = svc_deadline(svc);

	switch (svc->state) {
	case SVC_STOPPED:
	case SVC_WAITING:
	case SVC_RUNNING:
	case SVC_COMPLETED:
	case SVC_FAILED:
		assert_int_equal(deadline, 0);
		break;
	case SVC_BACKOFF:
		assert_true(deadline != 0);
		break;
	default:
		break;
	}
	if (deadline != 0)
		assert_true(deadline <= now_ms + 60000);
}

static bool world_allows(struct world *world, enum svc_event_kind kind)
{
	switch (kind) {
	case SVC_STARTED:
		if (!world->asked)
			return false;
		world->asked = false;
		world->process = true;
		return true;
	case SVC_START_FAILED:
		if (!world->asked)
			return false;
		world->asked = false;
		return true;
	case SVC_EXITED:
		if (!world->process)
			return false;
		world->process = false;
		return true;
	case SVC_CLEARED:
		if (!world->leftovers)
			return false;
		world->leftovers = false;
		return true;
	default:
		return true;
	}
}

static void one_event(struct world *world, struct svc *svc, enum svc_event_kind kind, uint32_t chance, int64_t now_ms)
{
	struct svc_event event = {.kind = kind};
	struct svc_effects effects;

	if (!world_allows(world, kind))
		return;
	if (kind == SVC_EXITED) {
		event.exit.code = (int)(chance % 2);
		event.exit.leftovers = world->leftovers = chance % 3 == 0;
	}
	world->hold = kind == SVC_CONDITIONS_HOLD;
	effects = svc_step(svc, &event, now_ms);
	check_effects(world, svc, &effects);
	check_deadline(svc, now_ms);
}

/* Whatever happened before: a stop ends, within its grace and a well-behaved SIGKILL, with nothing running. */
static void check_stop_ends(struct world *world, struct svc *svc, int64_t now_ms)
{
	one_event(world, svc, SVC_WANT_DOWN, 1, now_ms);
	for (int i = 0; i < 20 && !svc_is_gone(svc); i++) {
		one_event(world, svc, SVC_STARTED, 1, now_ms);
		if (svc_deadline(svc) != 0) {
			now_ms = svc_deadline(svc);
			one_event(world, svc, SVC_TIMER, 1, now_ms);
		}
		one_event(world, svc, SVC_EXITED, 3, now_ms);
		one_event(world, svc, SVC_CLEARED, 1, now_ms);
	}
	assert_true(svc_is_gone(svc));
	assert_true(svc->state == SVC_STOPPED || svc->state == SVC_COMPLETED || svc->state == SVC_FAILED);
	assert_int_equal(svc_deadline(svc), 0);
}

/* No state is for good: from wherever that stop has left it, a person gets it to run. */
static void check_can_begin_again(struct world *world, struct svc *svc, int64_t now_ms)
{
	one_event(world, svc, SVC_WANT_UP, 1, now_ms);
	one_event(world, svc, SVC_CONDITIONS_HOLD, 1, now_ms);
	one_event(world, svc, SVC_STARTED, 1, now_ms);
	one_event(world, svc, SVC_PROBE_WELL, 1, now_ms);
	assert_true(svc->state == SVC_RUNNING || svc->state == SVC_READY);
}

static void random_lives_keep_the_rules(void **state)
{
	uint32_t seed = 20240229;

	(void)state;
	for (int life = 0; life < 3000; life++) {
		struct svc_policy policy = next_random(&seed) % 2 ? probed_policy() : plain_policy();
		struct world world = {0};
		struct svc svc;
		int64_t now = T0;

		policy.restart.when = (enum restart_when)(next_random(&seed) % 4);
		policy.restart.limit = (int)(next_random(&seed) % 3);
		policy.restart.on_unhealthy = next_random(&seed) % 2;
		policy.one_shot = next_random(&seed) % 4 == 0;
		policy.stop.grace_ms = (int64_t)(next_random(&seed) % 3) * 100;
		svc_init(&svc, &policy);
		for (int i = 0; i < 60; i++) {
			uint32_t chance = next_random(&seed);

			now += next_random(&seed) % 400;
			one_event(&world, &svc, (enum svc_event_kind)(chance % (SVC_TIMER + 1)), chance >> 8, now);
		}
		check_stop_ends(&world, &svc, now);
		check_can_begin_again(&world, &svc, now);
	}
}

/* A crash loop costs a bounded number of starts: within a minute no more than first + doublings + minute / maximum. */
static void a_crash_loop_is_bounded(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc;
	int64_t now = T0;
	int starts = 1;

	(void)state;
	policy.restart.when = RESTART_ALWAYS;
	policy.restart.backoff_max_ms = 10000;
	svc = started(&policy, now);
	while (now < T0 + 60000) {
		step_exit(&svc, 1, false, now);
		now = svc_deadline(&svc) != 0 ? svc_deadline(&svc) : now;
		step(&svc, SVC_TIMER, now);
		assert_true(step(&svc, SVC_CONDITIONS_HOLD, now).start);
		step(&svc, SVC_STARTED, now);
		starts++;
	}
	assert_in_range(starts, 10, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_lives_keep_the_rules),
		cmocka_unit_test(a_crash_loop_is_bounded),
	};

	return cmocka_run_group_tests_name("svc, random lives", tests, NULL, NULL);
}
