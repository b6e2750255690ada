/* SPDX-License-Identifier: MIT */
/* The native engine with real processes: what is reported and when, output, signals, and what a service leaves behind. */
#include "tests/unit/engine/native_scene.h"

/* ---- Life ---- */

static void reports_come_in_order_with_all_output_before_the_end(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "echo out; echo err >&2; printf 'part'; exit 3");
	assert_string_equal(bench->seen[0].events, "");
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "out\npart");
	assert_string_equal(bench->seen[0].text[ENGINE_STDERR], "err\n");
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started exited(3) output_ended");
	assert_true(bench->seen[0].pid > 0);
}

static void an_end_by_a_signal_is_told_as_one(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "kill -SEGV $$");
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started killed(11) output_ended");
}

static void last_words_are_never_lost(void **state)
{
	struct bench *bench = *state;

	for (int i = 0; i < 100; i++) {
		bench->seen[0] = (struct seen){0};
		START_SCRIPT(bench, 0, "printf 'line\nlast words'; kill -KILL $$");
		run_loop_until(bench, has_ended);
		assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "line\nlast words");
	}
}

static void what_cannot_start_is_told_as_what_it_is(void **state)
{
	static const struct {
		const char *argv[2];
		const char *working_dir, *user;
		const char *message;
	} cases[] = {
		{{"no-such-program", NULL}, NULL, NULL, "no-such-program"},
		{{"/etc/passwd", NULL}, NULL, NULL, "/etc/passwd"},
		{{"true", NULL}, "/no/such/folder", NULL, "/no/such/folder"},
		{{"true", NULL}, NULL, "no-such-user", "no-such-user"},
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bench->seen[0] = (struct seen){0};
		bench->service[0].working_dir = cases[i].working_dir;
		bench->service[0].user = cases[i].user;
		start(bench, 0, cases[i].argv);
		run_loop_until(bench, has_ended);
		assert_string_equal(bench->seen[0].events, "failed");
		assert_int_equal(bench->seen[0].failure_code, ERR_MISSING);
		if (strstr(bench->seen[0].failure, cases[i].message) == NULL)
			fail_msg("\"%s\" does not name %s", bench->seen[0].failure, cases[i].message);
	}
}

static void nothing_to_run_is_no_crash(void **state)
{
	struct bench *bench = *state;

	start(bench, 0, NULL);
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].events, "failed");

	bench->seen[0] = (struct seen){0};
	bench->service[0].kind = SERVICE_CONTAINER;
	start(bench, 0, NULL);
	run_loop_until(bench, has_ended);
	assert_int_equal(bench->seen[0].failure_code, ERR_MISSING);
	assert_non_null(strstr(bench->seen[0].failure, "container engine"));
}

static void environment_is_laid_in_order(void **state)
{
	static const char script[] = "echo \"$SHARED|$OWN|$UPFRONT_TELEMETRY|$UPFRONT_STACK|${UPFRONT_UNIT:+set}\"";
	struct bench *bench = *state;

	strmap_set(&bench->service[0].environment, "SHARED", "of service");
	strmap_set(&bench->service[0].environment, "OWN", "own");
	strmap_set(&bench->service[0].environment, "UPFRONT_TELEMETRY", "on"); /* cannot be turned by a service */
	START_SCRIPT(bench, 0, script);
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "of service|own|off|test|set\n");
}

static void units_get_the_file_limit_we_had(void **state)
{
	struct bench *bench = *state;
	struct rlimit limit;

	/* Creating the engine raised ours to the hard limit; units still get the soft one of before. */
	engine_native.destroy(bench->engine);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 333;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	bench->engine = engine_native.create(&(struct engine_options){.base = bench->base,
								      .stack = &bench->stack,
								      .environment = &bench->environment,
								      .telemetry = &bench->telemetry,
								      .events = &events,
								      .context = bench},
					     NULL);
	START_SCRIPT(bench, 0, "ulimit -Sn");
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "333\n");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(limit.rlim_cur == limit.rlim_max);
}

static void a_unit_runs_again_and_again_without_losing_descriptors(void **state)
{
	struct bench *bench = *state;
	int before = 0;

	for (int i = 0; i < 60; i++) {
		if (i == 2)
			before = children_count_fds();
		bench->seen[0] = (struct seen){0};
		if (i % 3 == 0)
			start(bench, 0, (const char *const[]){"no-such-program", NULL});
		else
			START_SCRIPT(bench, 0, "exit 0");
		run_loop_until(bench, has_ended);
	}
	bench->seen[0] = (struct seen){0};
	START_SCRIPT(bench, 0, "echo ready; exec sleep 1000");
	run_loop_until(bench, has_said_ready);
	assert_true(children_count_fds() <= before + 2); /* the pipes of the one that runs */
}

static void a_second_start_of_a_running_unit_is_ignored(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "echo ready; exec sleep 1000");
	run_loop_until(bench, has_said_ready);
	START_SCRIPT(bench, 0, "echo second");
	assert_int_equal(engine_native.signal(bench->engine, 0, SIGTERM), 0);
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "ready\n");
	assert_string_equal(bench->seen[0].events, "started killed(15) output_ended");
}

/* ---- Streams ---- */

static void stdin_is_empty_unless_held_open(void **state)
{
	struct bench *bench = *state;

	start(bench, 0, (const char *const[]){"cat", NULL});
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started exited(0) output_ended");

	bench->seen[0] = (struct seen){0};
	bench->service[0].stdin_open = true;
	START_SCRIPT(bench, 0, "echo ready; read line || exit 9; echo got");
	run_loop_until(bench, has_said_ready);
	assert_int_equal(engine_native.signal(bench->engine, 0, SIGKILL), 0);
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started killed(9) output_ended");
}

static void a_tty_service_gets_a_terminal(void **state)
{
	struct bench *bench = *state;

	bench->service[0].tty = true;
	START_SCRIPT(bench, 0, "test -t 0 && test -t 1 && test -t 2 && stty size && : </dev/tty && echo ready");
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "24 80\r\nready\r\n");
	assert_string_equal(bench->seen[0].events, "started exited(0) output_ended");
}

static bool other_has_said_hello(const struct bench *bench)
{
	return strstr(bench->seen[1].text[ENGINE_STDOUT], "hello") != NULL;
}

static void a_flood_does_not_drown_the_others(void **state)
{
	struct bench *bench = *state;

	start(bench, 0, (const char *const[]){"yes", NULL});
	START_SCRIPT(bench, 1, "echo hello; exec sleep 1000");
	run_loop_until(bench, other_has_said_hello);
	engine_native.kill(bench->engine, 0);
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started killed(9) output_ended");
}

static bool nothing(const struct bench *bench)
{
	static int turns;

	(void)bench;
	return ++turns % 5 == 0;
}

static void held_output_waits_in_the_pipe(void **state)
{
	struct bench *bench = *state;
	size_t held;

	bench->hold = true;
	START_SCRIPT(bench, 0, "head -c 1000000 /dev/zero | tr '\\0' x; echo ready");
	while (bench->seen[0].bytes[ENGINE_STDOUT] == 0)
		run_loop_until(bench, nothing);
	held = bench->seen[0].bytes[ENGINE_STDOUT];
	run_loop_until(bench, nothing);
	assert_int_equal(bench->seen[0].bytes[ENGINE_STDOUT], held);
	bench->hold = false;
	engine_native.resume_output(bench->engine, 0);
	run_loop_until(bench, output_has_ended);
	assert_int_equal(bench->seen[0].bytes[ENGINE_STDOUT], 1000000 + strlen("ready\n"));
}

static void who_holds_the_pipe_does_not_delay_the_end(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "sleep 1000 & echo ready; exit 5");
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].events, "started exited(5)+");
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "ready\n");
	engine_native.kill(bench->engine, 0);
	run_loop_until(bench, output_has_ended);
	run_loop_until(bench, is_cleared);
}

/* ---- Signals and what is left behind ---- */

static void a_signal_reaches_the_whole_group(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "sleep 1000 & sleep 1001 & echo ready; wait");
	run_loop_until(bench, has_said_ready);
	assert_int_equal(engine_native.signal(bench->engine, 0, SIGTERM), 0);
	run_loop_until(bench, output_has_ended); /* all three have let go of the pipe */
	if (bench->seen[0].exit.leftovers)
		run_loop_until(bench, is_cleared);
	assert_int_equal(engine_native.signal(bench->engine, 0, SIGTERM), -ESRCH);
	assert_int_equal(engine_native.signal(bench->engine, 99, SIGTERM), -ESRCH);
}

static void a_stopped_process_still_hears_that_it_should_end(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "trap 'exit 4' TERM; echo ready; kill -STOP $$; while :; do sleep 0.01; done");
	run_loop_until(bench, has_said_ready);
	assert_int_equal(engine_native.signal(bench->engine, 0, SIGTERM), 0);
	run_loop_until(bench, has_ended);
	assert_int_equal(bench->seen[0].exit.code, 4);
}

static void what_is_left_behind_is_signalled_once(void **state)
{
	struct bench *bench = *state;

	/* The shell ends at TERM; its child counts how often it hears it and goes at the first, a little later. */
	START_SCRIPT(bench, 0,
		     "sh -c 'n=0; trap \"n=\\$((n+1))\" TERM; echo ready;"
		     " while [ $n -eq 0 ]; do sleep 0.05; done; sleep 0.2; echo heard $n' & wait");
	run_loop_until(bench, has_said_ready);
	engine_native.signal(bench->engine, 0, SIGTERM);
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].events, "started killed(15)+");
	engine_native.signal(bench->engine, 0, SIGTERM);
	run_loop_until(bench, is_cleared);
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].text[ENGINE_STDOUT], "ready\nheard 1\n");
}

static void those_that_left_the_group_are_found_and_killed(void **state)
{
	static const char *const scripts[] = {
		/* in a session of its own, the parent between ended */
		"setsid sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.05; done' & wait",
		"sh -c 'setsid sh -c \"trap : TERM; echo ready; while :; do sleep 0.05; done\" &'; exec sleep 1000",
		/* without the environment that would name it */
		"env -i setsid sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.05; done' & wait",
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		bench->seen[0] = (struct seen){0};
		bench->service[0].name = "test";
		START_SCRIPT(bench, 0, scripts[i]);
		run_loop_until(bench, has_said_ready);
		engine_native.signal(bench->engine, 0, SIGTERM);
		run_loop_until(bench, has_ended);
		assert_string_equal(bench->seen[0].events, "started killed(15)+");
		engine_native.kill(bench->engine, 0);
		run_loop_until(bench, is_cleared);
		run_loop_until(bench, output_has_ended);
	}
}

static void who_hides_is_found_when_all_end(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "env -i setsid sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.05; done' & wait");
	run_loop_until(bench, has_said_ready);
	engine_native.ending(bench->engine);
	engine_native.signal(bench->engine, 0, SIGTERM);
	run_loop_until(bench, has_ended);
	assert_string_equal(bench->seen[0].events, "started killed(15)+");
	engine_native.kill(bench->engine, 0);
	run_loop_until(bench, is_cleared);
	run_loop_until(bench, output_has_ended);
}

static pid_t start_other(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		execle("/bin/sleep", "sleep", "1000", (char *)NULL, (char *const[]){NULL});
		_exit(127);
	}
	return pid;
}

/* Neither what was there when the end began, nor what is started on purpose later. */
static void children_that_are_no_units_are_left_when_all_end(void **state)
{
	struct bench *bench = *state;
	pid_t before = start_other();

	START_SCRIPT(bench, 0, "echo ready; exec sleep 1000");
	run_loop_until(bench, has_said_ready);
	engine_native.ending(bench->engine);
	bench->other = start_other();
	engine_native.signal(bench->engine, 0, SIGTERM);
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started killed(15) output_ended");
	assert_int_equal(kill(before, SIGKILL), 0);
	assert_int_equal(kill(bench->other, SIGKILL), 0);
}

static void what_a_killed_leftover_leaves_is_killed_too(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 0, "setsid sh -c 'setsid sleep 1000 & setsid sleep 1001 & echo ready; wait' & sleep 1002");
	run_loop_until(bench, has_said_ready);
	engine_native.kill(bench->engine, 0);
	run_loop_until(bench, has_ended);
	if (bench->seen[0].exit.leftovers)
		run_loop_until(bench, is_cleared);
	run_loop_until(bench, output_has_ended);
}

static void a_running_unit_is_no_leftover_of_another(void **state)
{
	struct bench *bench = *state;

	START_SCRIPT(bench, 1, "echo hello; sleep 1000");
	run_loop_until(bench, other_has_said_hello);
	START_SCRIPT(bench, 0, "exit 0");
	run_loop_until(bench, output_has_ended);
	assert_string_equal(bench->seen[0].events, "started exited(0) output_ended");
	assert_string_equal(bench->seen[1].events, "started");
}

static bool stranger_was_seen(const struct bench *bench)
{
	return bench->strangers > 0;
}

static void strangers_are_not_ours(void **state)
{
	struct bench *bench = *state;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	run_loop_until(bench, stranger_was_seen);
	assert_int_equal(bench->strangers, 1);
}

static void usage_is_that_of_the_whole_tree(void **state)
{
	struct bench *bench = *state;
	const unsigned units[] = {0, 1};
	struct engine_stats stats[2];

	assert_int_equal(engine_native.stats(bench->engine, units, 2, stats), 0);
	assert_int_equal(stats[1].processes, 0);
	START_SCRIPT(bench, 0, "exec 7</dev/null 8</dev/null; sleep 1000 & echo ready; wait");
	run_loop_until(bench, has_said_ready);
	assert_int_equal(engine_native.stats(bench->engine, units, 2, stats), 0);
	assert_int_equal(stats[1].processes, 0);
	assert_int_equal(stats[1].fds, 0);
	assert_int_equal(stats[0].processes, 2);
	assert_int_equal(stats[0].threads, 2);
	/* Three standard streams each, and the two that both hold. */
	assert_int_equal(stats[0].fds, 10);
	assert_true(stats[0].rss_bytes > 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(reports_come_in_order_with_all_output_before_the_end),
		TEST(an_end_by_a_signal_is_told_as_one),
		TEST(last_words_are_never_lost),
		TEST(what_cannot_start_is_told_as_what_it_is),
		TEST(nothing_to_run_is_no_crash),
		TEST(environment_is_laid_in_order),
		TEST(units_get_the_file_limit_we_had),
		TEST(a_unit_runs_again_and_again_without_losing_descriptors),
		TEST(a_second_start_of_a_running_unit_is_ignored),
		TEST(stdin_is_empty_unless_held_open),
		TEST(a_tty_service_gets_a_terminal),
		TEST(a_flood_does_not_drown_the_others),
		TEST(held_output_waits_in_the_pipe),
		TEST(who_holds_the_pipe_does_not_delay_the_end),
		TEST(a_signal_reaches_the_whole_group),
		TEST(a_stopped_process_still_hears_that_it_should_end),
		TEST(what_is_left_behind_is_signalled_once),
		TEST(those_that_left_the_group_are_found_and_killed),
		TEST(who_hides_is_found_when_all_end),
		TEST(children_that_are_no_units_are_left_when_all_end),
		TEST(what_a_killed_leftover_leaves_is_killed_too),
		TEST(a_running_unit_is_no_leftover_of_another),
		TEST(strangers_are_not_ours),
		TEST(usage_is_that_of_the_whole_tree),
	};
#undef TEST

	return cmocka_run_group_tests_name("native", tests, NULL, NULL);
}
