/* SPDX-License-Identifier: MIT */
/* A unit that says by itself that it is ready, and that it is alive: the timers of its silence, with no clock and no process. */
#include "tests/lib/svc_scene.h"

static const struct probe_spec word = {.kind = PROBE_NOTIFY,
				       .interval_ms = 10000,
				       .start_interval_ms = 100,
				       .timeout_ms = 2000,
				       .start_period_ms = 30000,
				       .retries = 3};
static const struct probe_spec watched = {
	.kind = PROBE_NOTIFY, .interval_ms = 500, .watchdog_ms = 500, .start_period_ms = 30000, .retries = 2};

static struct svc_policy word_policy(const struct probe_spec *probe)
{
	struct svc_policy policy = plain_policy();

	policy.readiness = probe;
	return policy;
}

static void it_is_never_asked_and_one_word_makes_it_ready(void **state)
{
	struct svc_policy policy = word_policy(&word);
	struct svc svc;

	(void)state;
	svc_init(&svc, &policy);
	step(&svc, SVC_WANT_UP, T0);
	step(&svc, SVC_CONDITIONS_HOLD, T0);
	assert_false(step(&svc, SVC_STARTED, T0).probe);
	assert_int_equal(svc_deadline(&svc), T0 + 30000);
	assert_true(step(&svc, SVC_PROBE_WELL, T0 + 7).changed);
	assert_int_equal(svc.state, SVC_READY);
	assert_int_equal(svc.ready_ms, T0 + 7);
	assert_int_equal(svc_deadline(&svc), 0); /* without a watchdog nothing is due any more */
	assert_int_equal(svc.probe_attempts, 0);
}

static void silence_is_given_up_at_the_end_of_the_start_period(void **state)
{
	struct svc_policy policy = word_policy(&word);
	struct svc svc = started(&policy, T0);
	struct svc_effects effects;

	(void)state;
	effects = step(&svc, SVC_TIMER, T0 + 29999);
	assert_false(effects.silent);
	assert_int_equal(svc.state, SVC_STARTING);
	effects = step(&svc, SVC_TIMER, T0 + 30000);
	assert_true(effects.silent);
	assert_int_equal(svc.state, SVC_UNHEALTHY); /* at once: `retries` is about answers */
	assert_int_equal(svc_deadline(&svc), 0);
	/* Late is better than never. */
	step(&svc, SVC_PROBE_WELL, T0 + 40000);
	assert_int_equal(svc.state, SVC_READY);
}

static void without_a_start_period_it_has_one_interval(void **state)
{
	struct probe_spec probe = word;
	struct svc_policy policy = word_policy(&probe);
	struct svc svc;

	(void)state;
	probe.start_period_ms = 0;
	svc = started(&policy, T0);
	assert_int_equal(svc_deadline(&svc), T0 + 10000);
}

static void it_may_ask_for_more_time_but_not_for_less(void **state)
{
	struct svc_policy policy = word_policy(&word);
	struct svc svc = started(&policy, T0);

	(void)state;
	svc_extend(&svc, 1000, T0);
	assert_int_equal(svc_deadline(&svc), T0 + 30000);
	svc_extend(&svc, 25000, T0 + 20000);
	assert_int_equal(svc_deadline(&svc), T0 + 45000);
	assert_false(step(&svc, SVC_TIMER, T0 + 30000).silent);
	svc_extend(&svc, INT64_MAX, T0 + 20000);
	assert_true(svc_deadline(&svc) > T0 + 45000); /* no overflow */
	step(&svc, SVC_PROBE_WELL, T0 + 30000);
	svc_extend(&svc, 1000, T0 + 30000);
	assert_int_equal(svc_deadline(&svc), 0); /* of no meaning once it is ready */
}

static void more_time_is_for_those_who_say_so_themselves(void **state)
{
	struct svc_policy policy = probed_policy();
	struct svc svc = started(&policy, T0);
	int64_t before = svc.probe_count_due_ms;

	(void)state;
	svc_extend(&svc, 100000, T0);
	assert_int_equal(svc.probe_count_due_ms, before);
	policy = plain_policy();
	svc = started(&policy, T0);
	svc_extend(&svc, 100000, T0);
	assert_int_equal(svc_deadline(&svc), 0);
}

static void missing_signs_of_life_are_counted_one_an_interval(void **state)
{
	struct svc_policy policy = word_policy(&watched);
	struct svc svc = started(&policy, T0);

	(void)state;
	step(&svc, SVC_PROBE_WELL, T0);
	assert_int_equal(svc_deadline(&svc), T0 + 500);
	step(&svc, SVC_PROBE_WELL, T0 + 400); /* each sign of life moves it */
	assert_int_equal(svc_deadline(&svc), T0 + 900);
	assert_true(step(&svc, SVC_TIMER, T0 + 900).silent);
	assert_int_equal(svc.state, SVC_READY);
	assert_int_equal(svc.probe_failures, 1);
	assert_int_equal(svc_deadline(&svc), T0 + 1400);
	step(&svc, SVC_PROBE_WELL, T0 + 1000);
	assert_int_equal(svc.probe_failures, 0); /* only those in a row count */
	assert_true(step(&svc, SVC_TIMER, T0 + 1500).silent);
	assert_int_equal(svc.state, SVC_READY);
	assert_true(step(&svc, SVC_TIMER, T0 + 2000).silent);
	assert_int_equal(svc.state, SVC_UNHEALTHY);
	step(&svc, SVC_PROBE_WELL, T0 + 2100);
	assert_int_equal(svc.state, SVC_READY); /* well again */
}

static void silence_restarts_where_that_is_wanted(void **state)
{
	struct svc_policy policy = word_policy(&watched);
	struct svc svc;
	struct svc_effects effects;

	(void)state;
	policy.restart.on_unhealthy = true;
	svc = started(&policy, T0);
	step(&svc, SVC_PROBE_WELL, T0);
	step(&svc, SVC_TIMER, T0 + 500);
	step(&svc, SVC_TIMER, T0 + 1000);
	assert_int_equal(svc.state, SVC_UNHEALTHY);
	step(&svc, SVC_PROBE_WELL, T0 + 1000); /* decided is decided */
	assert_int_equal(svc.state, SVC_UNHEALTHY);
	effects = step(&svc, SVC_TIMER, T0 + 1000);
	assert_int_equal(effects.signal, SIGTERM);
	assert_int_equal(svc.state, SVC_STOPPING);
	step_exit(&svc, 0, false, T0 + 1100);
	assert_int_equal(svc.state, SVC_WAITING);
	step(&svc, SVC_CONDITIONS_HOLD, T0 + 1100);
	step(&svc, SVC_STARTED, T0 + 1100);
	assert_int_equal(svc_deadline(&svc), T0 + 1100 + 30000); /* the watchdog begins with ready */
}

static void trouble_makes_unhealthy_at_once(void **state)
{
	struct svc_policy policy = word_policy(&word);
	struct svc svc = started(&policy, T0);

	(void)state;
	step(&svc, SVC_PROBE_WELL, T0);
	assert_true(step(&svc, SVC_TROUBLE, T0 + 1).changed);
	assert_int_equal(svc.state, SVC_UNHEALTHY);
	assert_false(step(&svc, SVC_TROUBLE, T0 + 2).changed);
	step(&svc, SVC_PROBE_WELL, T0 + 3);
	assert_int_equal(svc.state, SVC_READY);

	policy.restart.on_unhealthy = true;
	svc = started(&policy, T0);
	step(&svc, SVC_TROUBLE, T0);
	assert_int_equal(step(&svc, SVC_TIMER, T0).signal, SIGTERM);
}

static void a_health_check_takes_over_once_it_is_ready(void **state)
{
	struct svc_policy policy = word_policy(&watched);
	struct svc svc;

	(void)state;
	policy.liveness = &http_probe;
	svc = started(&policy, T0);
	step(&svc, SVC_PROBE_WELL, T0);
	assert_ptr_equal(svc_probe(&svc), &http_probe);
	assert_int_equal(svc_deadline(&svc), T0 + 1000);
	assert_true(step(&svc, SVC_TIMER, T0 + 1000).probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_never_asked_and_one_word_makes_it_ready),
		cmocka_unit_test(silence_is_given_up_at_the_end_of_the_start_period),
		cmocka_unit_test(without_a_start_period_it_has_one_interval),
		cmocka_unit_test(it_may_ask_for_more_time_but_not_for_less),
		cmocka_unit_test(more_time_is_for_those_who_say_so_themselves),
		cmocka_unit_test(missing_signs_of_life_are_counted_one_an_interval),
		cmocka_unit_test(silence_restarts_where_that_is_wanted),
		cmocka_unit_test(trouble_makes_unhealthy_at_once),
		cmocka_unit_test(a_health_check_takes_over_once_it_is_ready),
	};

	return cmocka_run_group_tests_name("svc: its own word", tests, NULL, NULL);
}
