/* SPDX-License-Identifier: MIT */
/* How a unit ends and begins again: restart policies, back-off, stopping. */
#include "launcher/supervisor/svc.h"
#include "tests/lib/svc_scene.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- Restarting ---- */

static void delays_double_up_to_the_maximum(void **state)
{
	static const int64_t delays[] = {0, 100, 200, 400, 800, 1000, 1000};
	struct svc_policy policy = plain_policy();
	struct svc svc;
	int64_t now = T0;

	(void)state;
	policy.restart.when = RESTART_ALWAYS;
	svc = started(&policy, now);
	for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
		step_exit(&svc, 1, false, now);
		assert_int_equal(svc.backoff_ms, delays[i]);
		assert_int_equal(svc.state, delays[i] == 0 ? SVC_WAITING : SVC_BACKOFF);
		assert_int_equal(svc_deadline(&svc), delays[i] == 0 ? 0 : now + delays[i]);
		now += delays[i];
		step(&svc, SVC_TIMER, now);
		assert_int_equal(svc.state, SVC_WAITING);
		assert_true(step(&svc, SVC_CONDITIONS_HOLD, now).start);
		step(&svc, SVC_STARTED, now);
	}
	assert_int_equal(svc.restarts, 7);
	now += 60000; /* stable for backoff_reset_ms: the next failure is a first one again */
	step_exit(&svc, 1, false, now);
	assert_int_equal(svc.backoff_ms, 0);
	assert_int_equal(svc.failures_in_row, 1);
}

static void a_careless_back_off_is_no_busy_loop(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc;

	(void)state;
	policy.restart = (struct restart_policy){.when = RESTART_ALWAYS};
	svc = started(&policy, T0);
	for (int i = 0; i < 3; i++) {
		step_exit(&svc, 0, false, T0);
		step(&svc, SVC_TIMER, T0 + 1000);
		step(&svc, SVC_CONDITIONS_HOLD, T0);
		step(&svc, SVC_STARTED, T0);
	}
	assert_true(svc.backoff_ms >= 10);
}

static void policies_decide_by_how_it_ended(void **state)
{
	static const struct {
		enum restart_when when;
		int limit;
		bool one_shot;
		int code;
		enum svc_state after;
	} cases[] = {
		{RESTART_NO, 0, false, 0, SVC_COMPLETED},
		{RESTART_NO, 0, false, 1, SVC_FAILED},
		{RESTART_ALWAYS, 0, false, 0, SVC_WAITING},
		{RESTART_ALWAYS, 0, false, 1, SVC_WAITING},
		{RESTART_UNLESS_STOPPED, 0, false, 0, SVC_WAITING},
		{RESTART_ON_FAILURE, 0, false, 0, SVC_COMPLETED},
		{RESTART_ON_FAILURE, 0, false, 1, SVC_WAITING},
		{RESTART_ON_FAILURE, 3, false, 1, SVC_WAITING},
		{RESTART_ALWAYS, 0, true, 0, SVC_COMPLETED},
		{RESTART_ALWAYS, 0, true, 1, SVC_WAITING},
		{RESTART_NO, 0, true, 1, SVC_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct svc_policy policy = plain_policy();
		struct svc svc;

		policy.restart.when = cases[i].when;
		policy.restart.limit = cases[i].limit;
		policy.one_shot = cases[i].one_shot;
		svc = started(&policy, T0);
		step_exit(&svc, cases[i].code, false, T0 + 1);
		assert_int_equal(svc.state, cases[i].after);
	}
}

static void on_failure_has_its_limit(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc;
	int starts = 1;

	(void)state;
	policy.restart.when = RESTART_ON_FAILURE;
	policy.restart.limit = 3;
	svc = started(&policy, T0);
	while (starts < 100) {
		step_exit(&svc, 1, false, T0);
		step(&svc, SVC_TIMER, T0 + 100000);
		if (!step(&svc, SVC_CONDITIONS_HOLD, T0).start)
			break;
		step(&svc, SVC_STARTED, T0);
		starts++;
	}
	assert_int_equal(starts, 4);
	assert_int_equal(svc.state, SVC_FAILED);
	/* Started again by a person, it has all its chances again. */
	step(&svc, SVC_WANT_UP, T0);
	assert_int_equal(svc.failures_in_row, 0);
}

static void killed_by_a_signal_is_no_good_end(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc = started(&policy, T0);
	struct svc_event event = {.kind = SVC_EXITED, .exit = {.signaled = true, .signal = SIGSEGV}};

	(void)state;
	svc_step(&svc, &event, T0);
	assert_int_equal(svc.state, SVC_FAILED);
	assert_int_equal(svc.last_exit.signal, SIGSEGV);
}

static void a_failed_start_counts_as_an_end(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc;

	(void)state;
	policy.restart.when = RESTART_ALWAYS;
	svc_init(&svc, &policy);
	step(&svc, SVC_WANT_UP, T0);
	for (int i = 1; i <= 2; i++) {
		step(&svc, SVC_CONDITIONS_HOLD, T0);
		step(&svc, SVC_START_FAILED, T0);
		assert_int_equal(svc.failures_in_row, i);
		assert_true(svc.start_failed);
	}
	assert_int_equal(svc.state, SVC_BACKOFF);
}

static void unhealthy_is_seen_before_the_restart_it_asks_for(void **state)
{
	struct svc_policy policy = probed_policy();
	struct svc svc;
	struct svc_effects effects;

	(void)state;
	policy.restart.on_unhealthy = true; /* also under `restart: no` */
	svc = started(&policy, T0);
	step(&svc, SVC_PROBE_WELL, T0);
	for (int i = 0; i < 3; i++)
		effects = step(&svc, SVC_PROBE_ILL, T0);
	assert_int_equal(svc.state, SVC_UNHEALTHY);
	assert_true(effects.changed && effects.signal == 0);
	assert_int_equal(svc_deadline(&svc), T0);
	step(&svc, SVC_PROBE_WELL, T0); /* too late */
	assert_int_equal(svc.state, SVC_UNHEALTHY);
	effects = step(&svc, SVC_TIMER, T0);
	assert_int_equal(svc.state, SVC_STOPPING);
	assert_int_equal(effects.signal, SIGTERM);
	assert_true(effects.stop_probe);
	step_exit(&svc, 0, false, T0 + 10);
	assert_int_equal(svc.state, SVC_WAITING);
	assert_int_equal(svc.restarts, 1);
	step(&svc, SVC_CONDITIONS_HOLD, T0 + 10);
	step(&svc, SVC_STARTED, T0 + 10);
	ill_until_unhealthy(&svc, T0 + 10);
	step(&svc, SVC_TIMER, svc_deadline(&svc));
	step_exit(&svc, 0, false, T0 + 4000);
	assert_int_equal(svc.state, SVC_BACKOFF); /* the second in a row waits */
}

/* ---- Stopping ---- */

static void signal_grace_kill(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc = started(&policy, T0);
	struct svc_effects effects = step(&svc, SVC_WANT_DOWN, T0);

	(void)state;
	assert_int_equal(effects.signal, SIGTERM);
	assert_false(effects.kill);
	assert_int_equal(svc_deadline(&svc), T0 + 5000);
	assert_int_equal(step(&svc, SVC_WANT_DOWN, T0 + 1).signal, 0); /* asked twice, signalled once */
	assert_false(step(&svc, SVC_TIMER, T0 + 4999).kill);
	assert_true(step(&svc, SVC_TIMER, T0 + 5000).kill);
	assert_int_equal(svc_deadline(&svc), 0);
	assert_false(svc_is_gone(&svc));
	step_exit(&svc, 0, false, T0 + 5001);
	assert_int_equal(svc.state, SVC_STOPPED);
	assert_true(svc_is_gone(&svc));
}

static void no_grace_kills_at_once(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc;

	(void)state;
	policy.stop.grace_ms = 0;
	svc = started(&policy, T0);
	assert_true(step(&svc, SVC_WANT_DOWN, T0).kill);
	assert_int_equal(svc_deadline(&svc), 0);
}

static void grace_can_be_shortened_at_any_time(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc stopping = started(&policy, T0), running = started(&policy, T0);

	(void)state;
	step(&stopping, SVC_WANT_DOWN, T0);
	svc_limit_grace(&stopping, -1, T0);
	assert_int_equal(svc_deadline(&stopping), T0 + 5000);
	svc_limit_grace(&stopping, 1000, T0 + 100);
	assert_int_equal(svc_deadline(&stopping), T0 + 1100);
	svc_limit_grace(&stopping, 3000, T0 + 200);
	assert_int_equal(svc_deadline(&stopping), T0 + 1100);
	svc_limit_grace(&running, 1000, T0);
	assert_int_equal(svc_deadline(&running), 0);
	step(&running, SVC_WANT_DOWN, T0 + 50);
	assert_int_equal(svc_deadline(&running), T0 + 1050);
}

static void what_is_left_behind_gets_signal_and_the_rest_of_the_grace(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc = started(&policy, T0);
	struct svc_effects effects;

	(void)state;
	step(&svc, SVC_WANT_DOWN, T0);
	effects = step_exit(&svc, 0, true, T0 + 100);
	assert_int_equal(svc.state, SVC_STOPPING);
	assert_int_equal(effects.signal, SIGTERM);
	assert_false(effects.kill);
	assert_int_equal(svc_deadline(&svc), T0 + 5000);
	assert_false(svc_is_gone(&svc));
	assert_true(step(&svc, SVC_TIMER, T0 + 5000).kill);
	step(&svc, SVC_CLEARED, T0 + 5001);
	assert_int_equal(svc.state, SVC_STOPPED);
}

static void what_outlives_the_kill_of_the_main_process_is_killed_too(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc = started(&policy, T0);

	(void)state;
	step(&svc, SVC_WANT_DOWN, T0);
	step(&svc, SVC_TIMER, T0 + 5000);
	assert_true(step_exit(&svc, 0, true, T0 + 5001).kill);
}

static void a_crash_with_leftovers_restarts_only_when_they_are_gone(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc;
	struct svc_effects effects;

	(void)state;
	policy.restart.when = RESTART_ALWAYS;
	svc = started(&policy, T0);
	effects = step_exit(&svc, 1, true, T0);
	assert_int_equal(svc.state, SVC_STOPPING);
	assert_int_equal(effects.signal, SIGTERM);
	assert_false(step(&svc, SVC_CONDITIONS_HOLD, T0).start);
	step(&svc, SVC_CLEARED, T0 + 20);
	assert_int_equal(svc.state, SVC_WAITING);
	assert_int_equal(svc.restarts, 1);
}

static void a_job_has_completed_only_when_all_of_it_has(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc;

	(void)state;
	policy.one_shot = true;
	svc = started(&policy, T0);
	step_exit(&svc, 0, true, T0);
	assert_false(svc_satisfies(&svc, DEPEND_COMPLETED));
	step(&svc, SVC_CLEARED, T0);
	assert_true(svc_satisfies(&svc, DEPEND_COMPLETED));
}

static void stop_during_a_start_under_way(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc;
	struct svc_effects effects;

	(void)state;
	svc_init(&svc, &policy);
	step(&svc, SVC_WANT_UP, T0);
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	effects = step(&svc, SVC_WANT_DOWN, T0);
	assert_int_equal(effects.signal, 0); /* nobody to signal yet */
	assert_int_equal(svc.state, SVC_STOPPING);
	effects = step(&svc, SVC_STARTED, T0 + 1);
	assert_int_equal(effects.signal, SIGTERM);
	assert_int_equal(svc_deadline(&svc), T0 + 5001);
	step_exit(&svc, 0, false, T0 + 2);
	assert_int_equal(svc.state, SVC_STOPPED);

	step(&svc, SVC_WANT_UP, T0);
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	step(&svc, SVC_WANT_DOWN, T0);
	step(&svc, SVC_START_FAILED, T0);
	assert_int_equal(svc.state, SVC_STOPPED);
}

static void changes_of_mind_while_stopping(void **state)
{
	static const struct {
		enum svc_event_kind first, second;
		enum svc_state after;
	} cases[] = {
		{SVC_WANT_DOWN, SVC_WANT_UP, SVC_WAITING},         {SVC_WANT_DOWN, SVC_WANT_RESTART, SVC_WAITING},
		{SVC_WANT_RESTART, SVC_WANT_DOWN, SVC_STOPPED},    {SVC_WANT_RESTART, SVC_WANT_UP, SVC_WAITING},
		{SVC_WANT_RESTART, SVC_WANT_RESTART, SVC_WAITING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct svc_policy policy = plain_policy();
		struct svc svc = started(&policy, T0);

		step(&svc, cases[i].first, T0);
		step(&svc, cases[i].second, T0);
		assert_int_equal(svc.state, SVC_STOPPING);
		step_exit(&svc, 143, false, T0);
		assert_int_equal(svc.state, cases[i].after);
		assert_int_equal(svc.restarts, 0); /* counted are automatic ones */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_double_up_to_the_maximum),
		cmocka_unit_test(a_careless_back_off_is_no_busy_loop),
		cmocka_unit_test(policies_decide_by_how_it_ended),
		cmocka_unit_test(on_failure_has_its_limit),
		cmocka_unit_test(killed_by_a_signal_is_no_good_end),
		cmocka_unit_test(a_failed_start_counts_as_an_end),
		cmocka_unit_test(unhealthy_is_seen_before_the_restart_it_asks_for),
		cmocka_unit_test(signal_grace_kill),
		cmocka_unit_test(no_grace_kills_at_once),
		cmocka_unit_test(grace_can_be_shortened_at_any_time),
		cmocka_unit_test(what_is_left_behind_gets_signal_and_the_rest_of_the_grace),
		cmocka_unit_test(what_outlives_the_kill_of_the_main_process_is_killed_too),
		cmocka_unit_test(a_crash_with_leftovers_restarts_only_when_they_are_gone),
		cmocka_unit_test(a_job_has_completed_only_when_all_of_it_has),
		cmocka_unit_test(stop_during_a_start_under_way),
		cmocka_unit_test(changes_of_mind_while_stopping),
	};

	return cmocka_run_group_tests_name("svc_end", tests, NULL, NULL);
}
