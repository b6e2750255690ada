/* SPDX-License-Identifier: MIT */
/*
 * The supervisor as the process it is, with everything below it real: order, failures, restarts, and who else may die. Nothing
 * may be left when it has ended.
 */
#include "config/err.h"
#include "config/stack.h"
#include "tests/lib/children.h"
#include "tests/lib/play.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct probe_spec file_probe(const char *const *argv)
{
	return (struct probe_spec){.kind = PROBE_EXEC,
				   .argv = argv,
				   .interval_ms = 100,
				   .start_interval_ms = 50,
				   .timeout_ms = 5000,
				   .retries = 3};
}

/* ---- Order ---- */

static void jobs_come_before_those_who_wait_for_them(void **state)
{
	struct play *play = *state;

	play_add(play, "web", "say web");
	play_add(play, "migrate", "say migrate");
	play_add(play, "init", "sleep 0.1; say init");
	play_depends(play, 0, 1, DEPEND_COMPLETED);
	play_depends(play, 1, 2, DEPEND_COMPLETED);
	play_begin(play);
	assert_int_equal(play_end(play), 0); /* all jobs, all well: over by itself */
	play_assert_trace(play, "init\nmigrate\nweb\n");
}

static void independent_services_start_side_by_side(void **state)
{
	struct play *play = *state;

	/* Each waits for the other's word: started one after the other they would wait for ever. */
	play_add(play, "a", "say a; until grep -q b \"$TRACE\"; do sleep 0.01; done");
	play_add(play, "b", "until grep -q a \"$TRACE\"; do sleep 0.01; done; say b");
	play_begin(play);
	assert_int_equal(play_end(play), 0);
}

static void health_is_waited_for(void **state)
{
	static const char *const check[] = {"test", "-e", "healthy", NULL};
	struct play *play = *state;

	play_add(play, "db", "say db; sleep 0.15; say db healthy; : >healthy; exec sleep 1000");
	play_add(play, "web", "say web; exec sleep 1000");
	play->services[0].healthcheck = file_probe(check);
	play_depends(play, 1, 0, DEPEND_HEALTHY);
	play_begin(play);
	play_await(play, "web", 1);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
	play_assert_trace(play, "db\ndb healthy\nweb\n");
}

static void a_log_line_makes_ready(void **state)
{
	struct play *play = *state;

	play_add(play, "db", "say db; echo starting; echo 'now ready to serve'; exec sleep 1000");
	play_add(play, "web", "say web; exec sleep 1000");
	play->services[0].ready = (struct probe_spec){
		.kind = PROBE_LOG, .regex = "ready to [a-z]+", .interval_ms = 10000, .timeout_ms = 10000, .retries = 3};
	play_depends(play, 1, 0, DEPEND_HEALTHY);
	play_begin(play);
	play_await(play, "web", 1);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
}

static void stop_goes_in_reverse(void **state)
{
	struct play *play = *state;

	play_add(play, "web", PLAY_SERVER("web"));
	play_add(play, "api", PLAY_SERVER("api"));
	play_add(play, "db", PLAY_SERVER("db"));
	play_depends(play, 0, 1, DEPEND_STARTED);
	play_depends(play, 1, 2, DEPEND_STARTED);
	play_begin(play);
	play_await(play, "runs", 3);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
	assert_true(play_traced(play, "web ends\napi ends\ndb ends\n", 1));
}

static void dependencies_wait_for_what_a_dependent_left_behind(void **state)
{
	struct play *play = *state;

	/* The shell of "web" ends at once, its child takes its time to say good-bye. */
	play_add(play, "web",
		 "(trap 'sleep 0.2; say web ends; exit' TERM; say web runs; while :; do sleep 0.02; done) & wait");
	play_add(play, "db", PLAY_SERVER("db"));
	play_depends(play, 0, 1, DEPEND_STARTED);
	play_begin(play);
	play_await(play, "runs", 2);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
	assert_true(play_traced(play, "web ends\ndb ends\n", 1));
}

static void stubborn_services_are_killed_in_one_grace_period_not_in_many(void **state)
{
	struct play *play = *state;
	int64_t before;

	for (int i = 0; i < 4; i++) {
		static const char *const names[] = {"a", "b", "c", "d"};

		play_add(play, names[i], "trap '' TERM; say runs; while :; do sleep 0.05; done");
		play->services[i].stop.grace_ms = 300;
	}
	play_begin(play);
	play_await(play, "runs", 4);
	before = children_now_ms();
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
	assert_in_range(children_now_ms() - before, 300, 1100);
}

static void only_what_was_selected_runs(void **state)
{
	struct play *play = *state;

	play_add(play, "db", "say db");
	play_add(play, "web", "say web");
	play_add(play, "other", "say other");
	play_depends(play, 1, 0, DEPEND_COMPLETED);
	play->select = true;
	play->member[1] = true; /* alone, as with --no-deps: nobody waits for what is not there */
	play_begin(play);
	assert_int_equal(play_end(play), 0);
	play_assert_trace(play, "web\n");
}

static void replicas_are_units_of_their_own(void **state)
{
	struct play *play = *state;

	play_add(play, "worker", "say worker");
	play->services[0].replicas = 3;
	play_add(play, "after", "say after");
	play_depends(play, 1, 0, DEPEND_COMPLETED);
	play_begin(play);
	assert_int_equal(play_end(play), 0);
	play_assert_trace(play, "worker\nworker\nworker\nafter\n");
}

static void services_know_neither_our_variables_nor_more_than_they_are_told(void **state)
{
	struct play *play = *state;

	strmap_set(&play->environment, "UPFRONT_METRICS", "/of/another");
	strmap_set(&play->environment, "UPFRONT_STACK", "another");
	play_add(play, "web", "say \"${UPFRONT_METRICS:-none} $UPFRONT_STACK $UPFRONT_TELEMETRY $DO_NOT_TRACK\"");
	play_begin(play);
	assert_int_equal(play_end(play), 0);
	assert_true(play_traced(play, "none /tmp/", 1));
	assert_true(play_traced(play, " off 1\n", 1));
}

static void output_is_kept_to_the_last_byte(void **state)
{
	struct play *play = *state;
	char *log;

	play_add(play, "web", "echo out; echo err >&2; printf last");
	play_begin(play);
	assert_int_equal(play_end(play), 0);
	log = children_slurp(play->folder, "logs/web.log", NULL);
	assert_non_null(log);
	assert_non_null(strstr(log, "out\n"));
	assert_non_null(strstr(log, "err\n"));
	assert_int_equal(strlen(log), strlen("out\nerr\nlast"));
	free(log);
}

/* ---- Failure ---- */

static void a_service_that_fails_at_once_takes_the_start_down(void **state)
{
	struct play *play = *state;

	play_add(play, "db", PLAY_SERVER("db"));
	play_add(play, "web", "until grep -q 'db runs' \"$TRACE\"; do sleep 0.01; done; exit 3");
	play_depends(play, 1, 0, DEPEND_STARTED);
	play_add(play, "job", "sleep 1000"); /* keeps the stack from being up */
	play_add(play, "late", "say late");
	play_depends(play, 3, 2, DEPEND_COMPLETED);
	play_begin(play);
	assert_int_equal(play_end(play), 1);
	play_assert_said(play, "service 'web' failed: exited with code 3");
	play_assert_trace(play, "db runs\ndb ends\n");
}

static void a_missing_command_is_told_as_missing_whatever_the_restart_policy(void **state)
{
	struct play *play = *state;

	play_add(play, "web", "");
	play->argv[0][0] = "no-such-command";
	play->services[0].restart.when = RESTART_ALWAYS;
	play_begin(play);
	assert_int_equal(play_end(play), ERR_MISSING);
	play_assert_said(play, "compose.yaml:1:1: service 'web': ");
	play_assert_said(play, "no-such-command");
	play_assert_said(play, "PATH is"); /* the hint */
}

static void never_ready_fails_after_its_retries(void **state)
{
	static const char *const check[] = {"false", NULL};
	struct play *play = *state;

	play_add(play, "web", PLAY_SERVER("web"));
	play->services[0].healthcheck = file_probe(check);
	play_begin(play);
	assert_int_equal(play_end(play), 1);
	assert_in_range(children_now_ms() - play->begin_ms, 300, 5000);
	play_assert_said(play, "compose.yaml:1:1: service 'web' did not get ready: 'false': asked ");
	play_assert_said(play, "last answer: exit");
	play_assert_trace(play, "web runs\nweb ends\n");
}

/* A healthcheck that is a line for the shell is named as it was written, not by the shell. */
static void a_shell_that_asks_is_named_by_its_line(void **state)
{
	static const char *const check[] = {"/bin/sh", "-c", "false && true", NULL};
	struct play *play = *state;

	play_add(play, "web", PLAY_SERVER("web"));
	play->services[0].healthcheck = file_probe(check);
	play_begin(play);
	assert_int_equal(play_end(play), 1);
	play_assert_said(play, "service 'web' did not get ready: 'false && true': asked ");
}

static void a_failed_job_fails_those_who_wait_for_it(void **state)
{
	struct play *play = *state;

	play_add(play, "migrate", "exit 1");
	play_add(play, "web", "say web");
	play_depends(play, 1, 0, DEPEND_COMPLETED);
	play_begin(play);
	assert_int_equal(play_end(play), 1);
	play_assert_said(play, "compose.yaml:1:1: service 'migrate' failed: exited with code 1");
	play_assert_trace(play, "");
}

static void an_optional_dependency_may_fail_later_but_stops_nobody(void **state)
{
	struct play *play = *state;

	play_add(play, "web", "say web");
	play->dependencies[0][0] = (struct dependency){.service = "gone", .index = SIZE_MAX};
	play->services[0].depends_on_count = 1;
	play_begin(play);
	assert_int_equal(play_end(play), 0);
	play_assert_trace(play, "web\n");
}

/* A job that fails, a program that is not there, a server that never gets ready: whoever can do without them starts. */
static void what_nobody_requires_does_not_end_the_start(void **state)
{
	static const char *const check[] = {"false", NULL};
	struct play *play = *state;

	play_add(play, "web", "sleep 0.2; " PLAY_SERVER("web"));
	play_add(play, "job", "exit 1");
	play_add(play, "absent", "");
	play->argv[2][0] = "no-such-command";
	play->services[2].restart.when = RESTART_ALWAYS;
	play_add(play, "ill", "exec sleep 1000");
	play->services[3].healthcheck = file_probe(check);
	play_depends(play, 0, 1, DEPEND_COMPLETED);
	play_depends(play, 0, 2, DEPEND_STARTED);
	play_depends(play, 0, 3, DEPEND_HEALTHY);
	for (size_t i = 0; i < 3; i++)
		play->dependencies[0][i].required = false;
	play_begin(play);
	play_await(play, "web runs", 1);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0); /* 143 if it had not been up */
}

static void what_somebody_requires_ends_the_start(void **state)
{
	struct play *play = *state;

	play_add(play, "web", "say web");
	play_add(play, "job", "exit 1");
	play_add(play, "api", "say api");
	play_depends(play, 0, 1, DEPEND_COMPLETED);
	play_depends(play, 2, 1, DEPEND_COMPLETED);
	play->dependencies[0][0].required = false;
	play_begin(play);
	assert_int_equal(play_end(play), 1);
	play_assert_said(play, "service 'job' failed: exited with code 1");
	assert_false(play_traced(play, "api", 1));
}

/* Looked up before anything starts; a service that is not to be started may name anybody. */
static void an_unknown_user_starts_nothing(void **state)
{
	struct play *play = *state;

	play_add(play, "other", "say other");
	play_add(play, "web", "say web");
	play->services[1].user = "no-such-user";
	play_begin(play);
	assert_int_equal(play_end(play), ERR_MISSING);
	play_assert_said(play, "compose.yaml:2:1: service 'web': there is no user 'no-such-user'");
	play_assert_said(play, "create the account");
	play_assert_trace(play, "");

	play->select = true;
	play->member[0] = true;
	play_begin(play);
	assert_int_equal(play_end(play), 0);
	play_assert_trace(play, "other\n");
}

static void a_cycle_starts_nothing(void **state)
{
	struct play *play = *state;

	play_add(play, "a", "say a");
	play_add(play, "b", "say b");
	play_depends(play, 0, 1, DEPEND_STARTED);
	play_depends(play, 1, 0, DEPEND_STARTED);
	play_begin(play);
	assert_int_equal(play_end(play), ERR_CONFIG);
	play_assert_said(play, "a -> b -> a");
	play_assert_trace(play, "");
}

static void a_failure_after_the_start_counts_when_the_stack_ends_by_itself(void **state)
{
	struct play *play = *state;

	/* Both run (and so the stack is up) before either ends. */
	play_add(play, "bad", "say up; until grep -q go \"$TRACE\"; do sleep 0.01; done; exit 7");
	play_add(play, "good", "say up; sleep 0.2; say go; sleep 0.2; say good ends");
	play_begin(play);
	assert_int_equal(play_end(play), 1);
	play_assert_said(play, "service 'bad' failed: exited with code 7");
	assert_true(play_traced(play, "good ends", 1)); /* the failure of one did not end the other */
}

/* ---- Restart ---- */

static void a_crash_is_mended_at_once_and_a_loop_slows_down(void **state)
{
	struct play *play = *state;
	int64_t took;

	play_add(play, "web", "say web; exit 1");
	play->services[0].restart.when = RESTART_ON_FAILURE;
	play->services[0].restart.limit = 4;
	play_begin(play);
	assert_int_equal(play_end(play), 1);
	took = children_now_ms() - play->begin_ms;
	assert_true(play_traced(play, "web\n", 5));
	assert_false(play_traced(play, "web\n", 6));
	assert_in_range(took, 0 + 50 + 100 + 200, 3000); /* the delays of four restarts */
}

static void a_killed_service_comes_back(void **state)
{
	struct play *play = *state;

	play_add(play, "web", "say $$; exec sleep 1000");
	play->services[0].restart.when = RESTART_ALWAYS;
	play_begin(play);
	play_await(play, "\n", 1);
	char *first = children_slurp(play->folder, "trace", NULL);
	kill((pid_t)atoi(first), SIGKILL);
	free(first);
	play_await(play, "\n", 2);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
}

static void ill_health_restarts_where_that_is_asked_for(void **state)
{
	static const char *const check[] = {"sh", "-c", "test ! -e ill && echo well >>\"$TRACE\"", NULL};
	struct play *play = *state;
	char path[160];

	play_add(play, "web", "rm -f ill; " PLAY_SERVER("web"));
	play->services[0].healthcheck = file_probe(check);
	play->services[0].restart.on_unhealthy = true;
	play_begin(play);
	/* The second "well" comes from a unit that is ready: before that ill health would fail the start. */
	play_await(play, "well", 2);
	snprintf(path, sizeof path, "%s/ill", play->folder);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	play_await(play, "web runs", 2);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
	assert_true(play_traced(play, "web ends", 2));
}

/* ---- Who else may die ---- */

static void when_the_terminal_dies_all_is_gone_within_two_seconds(void **state)
{
	struct play *play = *state;
	int64_t before;

	assert_int_equal(pipe2(play->leash, O_CLOEXEC), 0);
	/* Three stubborn ones in a chain, and one that left its session. */
	for (int i = 0; i < 3; i++) {
		play_add(play,
			 i == 0   ? "a"
			 : i == 1 ? "b"
				  : "c",
			 "trap '' TERM; setsid sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' & say runs;"
			 " while :; do sleep 0.1; done");
		if (i > 0)
			play_depends(play, (size_t)i, (size_t)i - 1, DEPEND_STARTED);
	}
	play_begin(play);
	play_await(play, "runs", 3);
	before = children_now_ms();
	close(play->leash[1]);
	play->leash[1] = -1;
	assert_int_equal(play_end(play), 0);
	assert_true(children_now_ms() - before < 2000);
}

static void when_the_guard_dies_all_is_gone_at_once(void **state)
{
	struct play *play = *state;
	int guard[2];
	int64_t before;

	/* A pipe in the place of the pidfd: readable is all it takes. */
	assert_int_equal(pipe2(guard, O_CLOEXEC), 0);
	play->guard_fd = guard[0];
	play_add(play, "a", "trap '' TERM; say runs; while :; do sleep 0.1; done");
	play_begin(play);
	play_await(play, "runs", 1);
	before = children_now_ms();
	assert_int_equal(write(guard[1], "x", 1), 1);
	assert_int_equal(play_end(play), 1);
	assert_true(children_now_ms() - before < 1500);
	close(guard[0]);
	close(guard[1]);
	play->guard_fd = -1;
}

static void term_before_the_stack_is_up_is_told(void **state)
{
	struct play *play = *state;

	play_add(play, "job", "say job; exec sleep 1000");
	play_add(play, "web", "say web");
	play_depends(play, 1, 0, DEPEND_COMPLETED);
	play_begin(play);
	play_await(play, "job", 1);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 143);
	play_assert_trace(play, "job\n");
}

static void hang_up_interrupt_and_broken_pipes_do_not_matter(void **state)
{
	struct play *play = *state;

	play_add(play, "web", PLAY_SERVER("web"));
	play_begin(play);
	play_await(play, "web runs", 1);
	kill(play->pid, SIGHUP);
	kill(play->pid, SIGINT);
	kill(play->pid, SIGPIPE);
	kill(play->pid, SIGTERM);
	assert_int_equal(play_end(play), 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, play_setup, play_teardown)
	const struct CMUnitTest tests[] = {
		TEST(jobs_come_before_those_who_wait_for_them),
		TEST(independent_services_start_side_by_side),
		TEST(health_is_waited_for),
		TEST(a_log_line_makes_ready),
		TEST(stop_goes_in_reverse),
		TEST(dependencies_wait_for_what_a_dependent_left_behind),
		TEST(stubborn_services_are_killed_in_one_grace_period_not_in_many),
		TEST(only_what_was_selected_runs),
		TEST(replicas_are_units_of_their_own),
		TEST(services_know_neither_our_variables_nor_more_than_they_are_told),
		TEST(output_is_kept_to_the_last_byte),
		TEST(a_service_that_fails_at_once_takes_the_start_down),
		TEST(a_missing_command_is_told_as_missing_whatever_the_restart_policy),
		TEST(never_ready_fails_after_its_retries),
		TEST(a_shell_that_asks_is_named_by_its_line),
		TEST(a_failed_job_fails_those_who_wait_for_it),
		TEST(an_optional_dependency_may_fail_later_but_stops_nobody),
		TEST(what_nobody_requires_does_not_end_the_start),
		TEST(what_somebody_requires_ends_the_start),
		TEST(an_unknown_user_starts_nothing),
		TEST(a_cycle_starts_nothing),
		TEST(a_failure_after_the_start_counts_when_the_stack_ends_by_itself),
		TEST(a_crash_is_mended_at_once_and_a_loop_slows_down),
		TEST(a_killed_service_comes_back),
		TEST(ill_health_restarts_where_that_is_asked_for),
		TEST(when_the_terminal_dies_all_is_gone_within_two_seconds),
		TEST(when_the_guard_dies_all_is_gone_at_once),
		TEST(term_before_the_stack_is_up_is_told),
		TEST(hang_up_interrupt_and_broken_pipes_do_not_matter),
	};
#undef TEST

	return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}
