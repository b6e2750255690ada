/* SPDX-License-Identifier: MIT */
/* The life of one unit as a pure state machine: every state meets every event; starting, probing, and what dependents see. */
#include "launcher/supervisor/svc.h"
#include "tests/lib/svc_scene.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- Every state meets every event ---- */

/* Situations a unit can be in: the ten states, some of them in two shapes. */
enum situation {
	IN_STOPPED,
	IN_WAITING,
	IN_STARTING_ASKED, /* no answer of the engine yet */
	IN_STARTING_PROBED,
	IN_RUNNING,
	IN_READY,
	IN_UNHEALTHY,
	IN_BACKOFF,
	IN_STOPPING,
	IN_STOPPING_LEFTOVERS,
	IN_COMPLETED,
	IN_FAILED,
	SITUATION_COUNT
};

static const char *const situation_names[SITUATION_COUNT] = {
	"stopped",   "waiting",  "starting, asked", "starting, probed",    "running",   "ready",
	"unhealthy", "back-off", "stopping",        "stopping, leftovers", "completed", "failed"};

static struct svc bring_to(enum situation situation)
{
	struct svc_policy policy = probed_policy();
	struct svc svc;

	if (situation == IN_RUNNING || situation == IN_COMPLETED || situation == IN_FAILED)
		policy = plain_policy();
	if (situation == IN_BACKOFF)
		policy.restart.when = RESTART_ALWAYS;
	svc_init(&svc, &policy);
	if (situation == IN_STOPPED)
		return svc;
	step(&svc, SVC_WANT_UP, T0);
	if (situation == IN_WAITING)
		return svc;
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	if (situation == IN_STARTING_ASKED)
		return svc;
	step(&svc, SVC_STARTED, T0);
	switch (situation) {
	case IN_READY:
		step(&svc, SVC_PROBE_WELL, T0);
		break;
	case IN_UNHEALTHY:
		step(&svc, SVC_PROBE_WELL, T0);
		for (int i = 0; i < 3; i++)
			step(&svc, SVC_PROBE_ILL, T0);
		break;
	case IN_BACKOFF:
		step_exit(&svc, 1, false, T0);
		step(&svc, SVC_CONDITIONS_HOLD, T0);
		step(&svc, SVC_STARTED, T0);
		step_exit(&svc, 1, false, T0);
		break;
	case IN_STOPPING:
		step(&svc, SVC_WANT_DOWN, T0);
		break;
	case IN_STOPPING_LEFTOVERS:
		step_exit(&svc, 0, true, T0);
		break;
	case IN_COMPLETED:
		step_exit(&svc, 0, false, T0);
		break;
	case IN_FAILED:
		step_exit(&svc, 7, false, T0);
		break;
	default:
		break;
	}
	return svc;
}

#define EVENT_COUNT (SVC_TIMER + 1)

/* The state after each event; events in the order of their enumeration, an exit is with code 1, all at T0 (no timer due). */
static const struct {
	enum svc_state before;
	enum svc_state after[EVENT_COUNT];
} matrix[SITUATION_COUNT] = {
#define ROW(situation, before, up, down, restart, hold, fail, started, start_failed, exited, cleared, well, ill, \
	    trouble, timer)                                                                                      \
	[situation] = {SVC_##before,                                                                             \
		       {SVC_##up, SVC_##down, SVC_##restart, SVC_##hold, SVC_##fail, SVC_##started,              \
			SVC_##start_failed, SVC_##exited, SVC_##cleared, SVC_##well, SVC_##ill, SVC_##trouble,   \
			SVC_##before, SVC_##before, /* nobody's engine asks for these */                         \
			SVC_##timer}}
	ROW(IN_STOPPED, STOPPED, WAITING, STOPPED, WAITING, STOPPED, STOPPED, STOPPED, STOPPED, STOPPED, STOPPED,
	    STOPPED, STOPPED, STOPPED, STOPPED),
	ROW(IN_WAITING, WAITING, WAITING, STOPPED, WAITING, STARTING, FAILED, WAITING, WAITING, WAITING, WAITING,
	    WAITING, WAITING, WAITING, WAITING),
	ROW(IN_STARTING_ASKED, STARTING, STARTING, STOPPING, STOPPING, STARTING, STARTING, STARTING, FAILED, FAILED,
	    STARTING, STARTING, STARTING, STARTING, STARTING),
	ROW(IN_STARTING_PROBED, STARTING, STARTING, STOPPING, STOPPING, STARTING, STARTING, STARTING, STARTING, FAILED,
	    STARTING, READY, STARTING, UNHEALTHY, STARTING),
	ROW(IN_RUNNING, RUNNING, RUNNING, STOPPING, STOPPING, RUNNING, RUNNING, RUNNING, RUNNING, FAILED, RUNNING,
	    RUNNING, RUNNING, RUNNING, RUNNING),
	ROW(IN_READY, READY, READY, STOPPING, STOPPING, READY, READY, READY, READY, FAILED, READY, READY, READY,
	    UNHEALTHY, READY),
	ROW(IN_UNHEALTHY, UNHEALTHY, UNHEALTHY, STOPPING, STOPPING, UNHEALTHY, UNHEALTHY, UNHEALTHY, UNHEALTHY, FAILED,
	    UNHEALTHY, READY, UNHEALTHY, UNHEALTHY, UNHEALTHY),
	ROW(IN_BACKOFF, BACKOFF, WAITING, STOPPED, WAITING, BACKOFF, BACKOFF, BACKOFF, BACKOFF, BACKOFF, BACKOFF,
	    BACKOFF, BACKOFF, BACKOFF, BACKOFF),
	ROW(IN_STOPPING, STOPPING, STOPPING, STOPPING, STOPPING, STOPPING, STOPPING, STOPPING, STOPPING, STOPPED,
	    STOPPING, STOPPING, STOPPING, STOPPING, STOPPING),
	ROW(IN_STOPPING_LEFTOVERS, STOPPING, STOPPING, STOPPING, STOPPING, STOPPING, STOPPING, STOPPING, STOPPING,
	    STOPPING, COMPLETED, STOPPING, STOPPING, STOPPING, STOPPING),
	ROW(IN_COMPLETED, COMPLETED, WAITING, COMPLETED, WAITING, COMPLETED, COMPLETED, COMPLETED, COMPLETED, COMPLETED,
	    COMPLETED, COMPLETED, COMPLETED, COMPLETED, COMPLETED),
	ROW(IN_FAILED, FAILED, WAITING, FAILED, WAITING, FAILED, FAILED, FAILED, FAILED, FAILED, FAILED, FAILED, FAILED,
	    FAILED, FAILED),
#undef ROW
};

static void every_state_meets_every_event(void **state)
{
	(void)state;
	for (int situation = 0; situation < SITUATION_COUNT; situation++) {
		for (int kind = 0; kind < EVENT_COUNT; kind++) {
			struct svc svc = bring_to((enum situation)situation);
			struct svc_effects effects;

			assert_int_equal(svc.state, matrix[situation].before);
			effects = kind == SVC_EXITED ? step_exit(&svc, 1, false, T0)
						     : step(&svc, (enum svc_event_kind)kind, T0);
			if (svc.state != matrix[situation].after[kind])
				fail_msg("%s, event %d: became %s, wanted %s", situation_names[situation], kind,
					 svc_state_name(svc.state), svc_state_name(matrix[situation].after[kind]));
			if (svc.state != matrix[situation].before)
				assert_true(effects.changed);
			assert_false(effects.start && svc.state != SVC_STARTING);
		}
	}
}

static void names_are_those_of_the_api(void **state)
{
	(void)state;
	assert_string_equal(svc_state_name(SVC_BACKOFF), "back-off");
	assert_string_equal(svc_state_name(SVC_COMPLETED), "completed");
	assert_string_equal(svc_state_name((enum svc_state)99), "unknown");
}

/* ---- Starting ---- */

static void without_probe_it_runs_and_needs_no_timer(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc;
	struct svc_effects effects;

	(void)state;
	svc_init(&svc, &policy);
	effects = step(&svc, SVC_WANT_UP, T0);
	assert_true(effects.changed && !effects.start);
	effects = step(&svc, SVC_CONDITIONS_HOLD, T0);
	assert_true(effects.start);
	assert_false(svc_satisfies(&svc, DEPEND_STARTED));
	effects = step(&svc, SVC_STARTED, T0 + 5);
	assert_false(effects.probe);
	assert_int_equal(svc.state, SVC_RUNNING);
	assert_int_equal(svc.ready_ms, T0 + 5);
	assert_true(svc_is_settled(&svc));
	assert_int_equal(svc_deadline(&svc), 0);
}

static void a_probe_declared_as_none_is_no_probe(void **state)
{
	static const struct probe_spec none = {.kind = PROBE_NONE};
	struct svc_policy policy = plain_policy();
	struct svc svc;

	(void)state;
	policy.readiness = &none;
	svc = started(&policy, T0);
	assert_int_equal(svc.state, SVC_RUNNING);
}

static void first_attempt_is_made_at_once_and_the_next_ones_slow_down(void **state)
{
	static const int64_t pauses[] = {25, 50, 100, 200, 200, 200};
	struct svc_policy policy = probed_policy();
	struct svc svc;
	int64_t now = T0;

	(void)state;
	svc_init(&svc, &policy);
	step(&svc, SVC_WANT_UP, now);
	step(&svc, SVC_CONDITIONS_HOLD, now);
	assert_true(step(&svc, SVC_STARTED, now).probe);
	assert_int_equal(svc_deadline(&svc), 0); /* the attempt itself has a timeout, not the unit */
	for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
		step(&svc, SVC_PROBE_ILL, now);
		assert_int_equal(svc_deadline(&svc), now + pauses[i]);
		assert_false(step(&svc, SVC_TIMER, now + pauses[i] - 1).probe);
		now += pauses[i];
		assert_true(step(&svc, SVC_TIMER, now).probe);
		assert_false(step(&svc, SVC_TIMER, now).probe); /* one at a time */
	}
	assert_int_equal(svc.state, SVC_STARTING);
	assert_true(step(&svc, SVC_PROBE_WELL, now + 3).changed);
	assert_int_equal(svc.state, SVC_READY);
	assert_int_equal(svc.ready_ms, now + 3);
}

static void ill_answers_count_once_an_interval_after_the_start_period(void **state)
{
	static const struct {
		int64_t start_period_ms, interval_ms;
		int retries;
		int64_t at_least_ms, at_most_ms;
	} cases[] = {
		{0, 1000, 3, 3000, 3600},   {10000, 1000, 3, 12000, 12600}, {0, 1000, 1, 1000, 1200},
		{500, 2000, 2, 4000, 4400}, {0, 1000, 0, 1000, 1200}, /* no retries: the first counted one decides */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct probe_spec probe = http_probe;
		struct svc_policy policy = plain_policy();
		struct svc svc;
		int64_t given_up;

		probe.start_period_ms = cases[i].start_period_ms;
		probe.interval_ms = cases[i].interval_ms;
		probe.retries = cases[i].retries;
		policy.readiness = &probe;
		svc = started(&policy, T0);
		given_up = ill_until_unhealthy(&svc, T0) - T0;
		assert_in_range(given_up, cases[i].at_least_ms, cases[i].at_most_ms);
		assert_false(svc.was_ready);
		assert_false(svc_is_settled(&svc));
	}
}

static void a_slow_healthcheck_is_asked_at_least_every_second_while_starting(void **state)
{
	const struct probe_spec slow = {
		.kind = PROBE_EXEC, .interval_ms = 30000, .start_interval_ms = 5000, .retries = 3};
	struct svc_policy policy = plain_policy();
	struct svc svc;
	int64_t now = T0;

	(void)state;
	policy.readiness = &slow;
	svc = started(&policy, now);
	for (int i = 0; i < 20; i++) {
		int64_t before = now;

		step(&svc, SVC_PROBE_ILL, now);
		now = svc_deadline(&svc);
		assert_in_range(now - before, 1, 1000);
		step(&svc, SVC_TIMER, now);
	}
	step(&svc, SVC_PROBE_WELL, now);
	assert_int_equal(svc_deadline(&svc), now + 30000);
}

static void liveness_after_ready(void **state)
{
	struct svc_policy policy = probed_policy();
	struct svc svc = started(&policy, T0);
	int64_t now = T0;

	(void)state;
	step(&svc, SVC_PROBE_WELL, now);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(svc.state, SVC_READY);
		assert_int_equal(svc_deadline(&svc), now + 1000);
		now += 1000;
		assert_true(step(&svc, SVC_TIMER, now).probe);
		step(&svc, SVC_PROBE_ILL, now);
	}
	assert_int_equal(svc.state, SVC_UNHEALTHY);
	assert_true(svc.was_ready);
	assert_true(svc_satisfies(&svc, DEPEND_STARTED));
	assert_false(svc_satisfies(&svc, DEPEND_HEALTHY));
	assert_false(svc_never_will(&svc, DEPEND_HEALTHY));
	now += 1000;
	assert_true(step(&svc, SVC_TIMER, now).probe);
	step(&svc, SVC_PROBE_WELL, now);
	assert_int_equal(svc.state, SVC_READY);
	assert_int_equal(svc.ready_ms, T0); /* of the first time */
	step(&svc, SVC_PROBE_ILL, now);
	step(&svc, SVC_PROBE_WELL, now);
	assert_int_equal(svc.probe_failures, 0); /* only failures in a row count */
}

static void a_log_line_is_looked_for_once(void **state)
{
	const struct probe_spec log = {.kind = PROBE_LOG, .interval_ms = 1000, .retries = 3, .regex = "ready"};
	struct svc_policy policy = plain_policy();
	struct svc svc;

	(void)state;
	policy.readiness = &log;
	svc = started(&policy, T0);
	step(&svc, SVC_PROBE_WELL, T0);
	assert_int_equal(svc.state, SVC_READY);
	assert_int_equal(svc_deadline(&svc), 0);
}

static void health_is_watched_by_its_own_probe_once_ready(void **state)
{
	const struct probe_spec log = {.kind = PROBE_LOG, .interval_ms = 1000, .retries = 3, .regex = "ready"};
	const struct probe_spec health = {.kind = PROBE_TCP, .interval_ms = 700, .retries = 2, .port = 1};
	struct svc_policy policy = plain_policy();
	struct svc svc;
	int64_t now = T0;

	(void)state;
	policy.readiness = &log;
	policy.liveness = &health;
	svc = started(&policy, T0);
	assert_ptr_equal(svc_probe(&svc), &log);
	step(&svc, SVC_PROBE_WELL, now);
	assert_ptr_equal(svc_probe(&svc), &health);
	assert_int_equal(svc_deadline(&svc), T0 + 700);
	for (int answer = 0; answer < 2; answer++) {
		assert_int_equal(svc.state, SVC_READY);
		now = svc_deadline(&svc);
		assert_true(step(&svc, SVC_TIMER, now).probe);
		step(&svc, SVC_PROBE_ILL, now);
	}
	assert_int_equal(svc.state, SVC_UNHEALTHY);
}

/* ---- Dependents ---- */

static void conditions(void **state)
{
	static const struct {
		enum situation situation;
		bool started, healthy, completed; /* satisfied */
		bool never_started, never_healthy, never_completed;
	} cases[] = {
		{IN_STOPPED, false, false, false, true, true, true},
		{IN_WAITING, false, false, false, false, false, false},
		{IN_STARTING_ASKED, false, false, false, false, false, false},
		{IN_STARTING_PROBED, true, false, false, false, false, false},
		{IN_RUNNING, true, false, false, false, false, false},
		{IN_READY, true, true, false, false, false, false},
		{IN_UNHEALTHY, true, false, false, false, false, false},
		{IN_BACKOFF, false, false, false, false, false, false},
		{IN_STOPPING, false, false, false, true, true, true},
		{IN_STOPPING_LEFTOVERS, false, false, false, false, false, false},
		{IN_COMPLETED, true, false, true, false, true, false},
		{IN_FAILED, false, false, false, true, true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct svc svc = bring_to(cases[i].situation);

		assert_int_equal(svc_satisfies(&svc, DEPEND_STARTED), cases[i].started);
		assert_int_equal(svc_satisfies(&svc, DEPEND_HEALTHY), cases[i].healthy);
		assert_int_equal(svc_satisfies(&svc, DEPEND_COMPLETED), cases[i].completed);
		assert_int_equal(svc_never_will(&svc, DEPEND_STARTED), cases[i].never_started);
		assert_int_equal(svc_never_will(&svc, DEPEND_HEALTHY), cases[i].never_healthy);
		assert_int_equal(svc_never_will(&svc, DEPEND_COMPLETED), cases[i].never_completed);
	}
}

static void a_job_is_settled_when_it_has_completed(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc;

	(void)state;
	policy.one_shot = true;
	svc = started(&policy, T0);
	assert_false(svc_is_settled(&svc));
	step_exit(&svc, 0, false, T0);
	assert_true(svc_is_settled(&svc));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_meets_every_event),
		cmocka_unit_test(names_are_those_of_the_api),
		cmocka_unit_test(without_probe_it_runs_and_needs_no_timer),
		cmocka_unit_test(a_probe_declared_as_none_is_no_probe),
		cmocka_unit_test(first_attempt_is_made_at_once_and_the_next_ones_slow_down),
		cmocka_unit_test(ill_answers_count_once_an_interval_after_the_start_period),
		cmocka_unit_test(a_slow_healthcheck_is_asked_at_least_every_second_while_starting),
		cmocka_unit_test(liveness_after_ready),
		cmocka_unit_test(a_log_line_is_looked_for_once),
		cmocka_unit_test(health_is_watched_by_its_own_probe_once_ready),
		cmocka_unit_test(conditions),
		cmocka_unit_test(a_job_is_settled_when_it_has_completed),
	};

	return cmocka_run_group_tests_name("svc", tests, NULL, NULL);
}
