/* SPDX-License-Identifier: MIT */
/* What one life of a unit hands on to its next, and what it must not. */
#include "launcher/supervisor/svc.h"
#include "tests/lib/svc_scene.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct probe_spec log_probe = {.kind = PROBE_LOG, .interval_ms = 1000, .retries = 3};

static void start_again(struct svc *svc, int64_t now_ms)
{
	step(svc, SVC_TIMER, now_ms);
	assert_int_equal(svc->state, SVC_WAITING);
	assert_true(step(svc, SVC_CONDITIONS_HOLD, now_ms).start);
}

/* A program that has become impossible to execute: how long the one before it ran says nothing of these. */
static void starts_that_fail_are_not_stable_for_a_long_run_before(void **state)
{
	static const int64_t delays[] = {100, 200, 400};
	struct svc_policy policy = plain_policy();
	struct svc svc;
	int64_t now = T0;

	(void)state;
	policy.restart.when = RESTART_ALWAYS;
	svc = started(&policy, now);
	now += 100000;
	step_exit(&svc, 1, false, now);
	for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
		start_again(&svc, now);
		step(&svc, SVC_START_FAILED, now);
		assert_int_equal(svc.state, SVC_BACKOFF);
		assert_int_equal(svc.backoff_ms, delays[i]);
		now += delays[i];
	}
}

static void the_next_start_knows_nothing_of_the_last(void **state)
{
	struct svc_policy policy = probed_policy();
	struct svc svc;

	(void)state;
	policy.restart.when = RESTART_ALWAYS;
	policy.liveness = &log_probe;
	svc = started(&policy, T0);
	ill_until_unhealthy(&svc, T0);
	step(&svc, SVC_PROBE_WELL, T0 + 10000);
	assert_ptr_equal(svc_probe(&svc), &log_probe);
	step(&svc, SVC_PROBE_ILL, T0 + 11000);
	step_exit(&svc, 1, false, T0 + 12000);
	assert_true(svc.has_exited);
	start_again(&svc, T0 + 12000);
	assert_false(svc.has_exited || svc.was_ready || svc.start_failed || svc.gave_up);
	assert_ptr_equal(svc_probe(&svc), &http_probe);
	assert_int_equal(svc.probe_failures, 0);
	assert_int_equal(svc.probe_attempts, 0);
	assert_int_equal(svc.ready_ms, 0);
}

static void a_restart_that_was_asked_for_begins_a_new_row(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc;

	(void)state;
	policy.restart.when = RESTART_ALWAYS;
	svc = started(&policy, T0);
	for (int i = 0; i < 3; i++) {
		step_exit(&svc, 1, false, T0);
		start_again(&svc, T0 + 1000);
		step(&svc, SVC_STARTED, T0);
	}
	step(&svc, SVC_WANT_RESTART, T0);
	step_exit(&svc, 0, false, T0);
	assert_int_equal(svc.state, SVC_WAITING);
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	step(&svc, SVC_STARTED, T0);
	step_exit(&svc, 1, false, T0);
	assert_int_equal(svc.failures_in_row, 1);
	assert_int_equal(svc.backoff_ms, 0);
}

static struct svc stopped_for_ill_health(const struct svc_policy *policy, int64_t now_ms)
{
	struct svc svc = started(policy, now_ms);

	now_ms = ill_until_unhealthy(&svc, now_ms);
	step(&svc, SVC_TIMER, now_ms);
	assert_int_equal(svc.state, SVC_STOPPING);
	return svc;
}

/* It ended with 0 because it was told to, not because its work was done. */
static void a_job_that_was_ill_has_not_completed(void **state)
{
	struct svc_policy policy = probed_policy();
	struct svc svc;

	(void)state;
	policy.one_shot = true;
	policy.restart.on_unhealthy = true;
	svc = stopped_for_ill_health(&policy, T0);
	step_exit(&svc, 0, false, T0 + 20000);
	assert_int_equal(svc.state, SVC_WAITING);
}

static void the_limit_holds_for_ill_health_too(void **state)
{
	struct svc_policy policy = probed_policy();
	struct svc svc;

	(void)state;
	policy.restart.when = RESTART_ON_FAILURE;
	policy.restart.limit = 1;
	policy.restart.on_unhealthy = true;
	svc = stopped_for_ill_health(&policy, T0);
	step_exit(&svc, 1, false, T0 + 20000);
	assert_int_equal(svc.state, SVC_WAITING);
	step(&svc, SVC_CONDITIONS_HOLD, T0 + 20000);
	step(&svc, SVC_STARTED, T0 + 20000);
	step(&svc, SVC_TIMER, ill_until_unhealthy(&svc, T0 + 20000));
	step_exit(&svc, 1, false, T0 + 40000);
	assert_int_equal(svc.state, SVC_FAILED);
	assert_true(svc.gave_up);
}

static void only_who_tried_again_has_given_up(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc svc = started(&policy, T0);

	(void)state;
	step_exit(&svc, 1, false, T0);
	assert_int_equal(svc.state, SVC_FAILED);
	assert_false(svc.gave_up);
}

/* Who waits for `service_started` has to hear of it, although a probed unit keeps the name of its state. */
static void a_start_is_told_of(void **state)
{
	struct svc_policy policy = probed_policy();
	struct svc svc;

	(void)state;
	svc_init(&svc, &policy);
	step(&svc, SVC_WANT_UP, T0);
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	assert_false(svc_satisfies(&svc, DEPEND_STARTED));
	assert_true(step(&svc, SVC_STARTED, T0).changed);
	assert_int_equal(svc.state, SVC_STARTING);
	assert_true(svc_satisfies(&svc, DEPEND_STARTED));
}

/* Told to stop before the start was answered, and all that is heard of it is its end: what it left gets the signal, and its time. */
static void leftovers_of_a_start_that_was_not_answered_are_stopped(void **state)
{
	struct svc_policy policy = plain_policy();
	struct svc_effects effects;
	struct svc svc;

	(void)state;
	svc_init(&svc, &policy);
	step(&svc, SVC_WANT_UP, T0);
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	step(&svc, SVC_WANT_DOWN, T0);
	effects = step_exit(&svc, 0, true, T0);
	assert_int_equal(effects.signal, SIGTERM);
	assert_int_equal(svc_deadline(&svc), T0 + 5000);
	assert_true(step(&svc, SVC_TIMER, T0 + 5000).kill);
	step(&svc, SVC_CLEARED, T0 + 5001);
	assert_int_equal(svc.state, SVC_STOPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_that_fail_are_not_stable_for_a_long_run_before),
		cmocka_unit_test(the_next_start_knows_nothing_of_the_last),
		cmocka_unit_test(a_restart_that_was_asked_for_begins_a_new_row),
		cmocka_unit_test(a_job_that_was_ill_has_not_completed),
		cmocka_unit_test(the_limit_holds_for_ill_health_too),
		cmocka_unit_test(only_who_tried_again_has_given_up),
		cmocka_unit_test(a_start_is_told_of),
		cmocka_unit_test(leftovers_of_a_start_that_was_not_answered_are_stopped),
	};

	return cmocka_run_group_tests_name("svc, one life and the next", tests, NULL, NULL);
}
