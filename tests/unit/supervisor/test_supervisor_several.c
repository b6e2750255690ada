/* SPDX-License-Identifier: MIT */
/* Acting on several services, and on their number: what is asked through the control API, done by a real supervisor. */
#include "config/err.h"
#include "config/stack.h"
#include "tests/lib/children.h"
#include "tests/lib/ctl_ask.h"
#include "tests/lib/play.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void post(const struct play *play, const char *target, const char *body, const char *wanted)
{
	ctl_ask_post(play->socket_path, target, body, wanted);
}

static void await_services(const struct play *play, const char *text, bool there)
{
	ctl_ask_services(play->socket_path, text, there);
}

static void three_in_a_chain(struct play *play)
{
	play_serve(play, "db", "api", "web", NULL);
	play_depends(play, 1, 0, DEPEND_STARTED);
	play_depends(play, 2, 1, DEPEND_STARTED);
	play->dependencies[1][0].restart = true;
	play_begin(play);
	play_await(play, "runs", 3);
}

static void it_is_said_what_will_be_done_before_it_is(void **state)
{
	struct play *play = *state;

	three_in_a_chain(play);
	post(play, "/v1/stack/stop", "{\"services\":[\"db\"],\"dry_run\":true}",
	     "\"services\":[\"web\",\"api\",\"db\"]");
	post(play, "/v1/stack/stop", "{\"services\":[\"db\"],\"dry_run\":true,\"no_deps\":true}",
	     "\"services\":[\"db\"]");
	post(play, "/v1/stack/restart", "{\"services\":[\"db\"],\"dry_run\":true}", "\"services\":[\"api\",\"db\"]");
	post(play, "/v1/stack/start", "{\"dry_run\":true}", "\"services\":[]");
	post(play, "/v1/stack/kill", "{\"services\":[\"api\"],\"dry_run\":true}", "\"services\":[\"api\"]");
	post(play, "/v1/stack/stop", "{\"services\":[\"dbb\"]}", "did you mean 'db'?");
	assert_false(play_traced(play, "ends", 1));
	post(play, "/v1/stack/stop", "", "HTTP/1.1 202");
	play_await(play, "web ends\napi ends\ndb ends\n", 1);
	play_down(play);
}

static void what_is_named_is_stopped_alone_if_so_asked(void **state)
{
	struct play *play = *state;

	three_in_a_chain(play);
	post(play, "/v1/stack/stop", "{\"services\":[\"db\"],\"no_deps\":true}", "HTTP/1.1 202");
	play_await(play, "db ends", 1);
	assert_false(play_traced(play, "api ends", 1));
	post(play, "/v1/stack/stop", "{\"services\":[\"web\",\"api\"],\"no_deps\":true}", "[\"web\",\"api\"]");
	play_await(play, "web ends\napi ends\n", 1);
	play_down(play);
}

static void start_alone_leaves_what_is_needed_stopped(void **state)
{
	struct play *play = *state;

	play_serve(play, "db", "web", "other", NULL);
	play_depends(play, 1, 0, DEPEND_STARTED);
	play->select = true;
	play->member[2] = true;
	play_begin(play);
	play_await(play, "other runs", 1);
	post(play, "/v1/stack/start", "{\"services\":[\"web\"],\"no_deps\":true}", "\"services\":[\"web\"]");
	play_await(play, "web runs", 1);
	assert_false(play_traced(play, "db runs", 1));
	post(play, "/v1/stack/start", "{\"services\":[\"web\"]}", "\"services\":[\"db\"]");
	play_await(play, "db runs", 1);
	play_down(play);
}

static void a_stop_can_be_made_shorter_once(void **state)
{
	struct play *play = *state;
	int64_t before;

	play_listen(play);
	play_add(play, "web", "trap '' TERM; say runs; while :; do sleep 0.05; done");
	play->services[0].stop.grace_ms = 60000;
	play_add(play, "other", PLAY_SERVER("other"));
	play_begin(play);
	play_await(play, "runs", 2);
	before = children_now_ms();
	post(play, "/v1/stack/restart", "{\"services\":[\"web\"],\"timeout_ms\":100}", "HTTP/1.1 202");
	play_await(play, "runs", 3);
	assert_true(children_now_ms() - before < 30000);
	post(play, "/v1/services/web/stop", "{\"timeout_ms\":0}", "HTTP/1.1 202");
	await_services(play, "\"state\":\"stopped\"", true);
	play_down(play);
}

/* ---- Scale ---- */

static void replicas_come_and_go(void **state)
{
	struct play *play = *state;

	play_serve(play, "web", "other", NULL);
	play_begin(play);
	play_await(play, "web runs", 1);
	post(play, "/v1/services/web/scale", "{\"replicas\":3}", "HTTP/1.1 202");
	play_await(play, "web runs", 3);
	await_services(play, "\"name\":\"web-3\"", true);
	post(play, "/v1/services/web/scale", "{\"replicas\":1}", "HTTP/1.1 202");
	play_await(play, "web ends", 2);
	await_services(play, "\"name\":\"web-3\"", false);
	await_services(play, "\"name\":\"web-2\"", false);
	await_services(play, "\"name\":\"web\"", true);
	post(play, "/v1/services/web/scale", "{\"replicas\":2}", "HTTP/1.1 202");
	play_await(play, "web runs", 4);
	/* The id it had before; log readers and clients know it. */
	await_services(play, "\"id\":2,\"name\":\"web-2\"", true);
	post(play, "/v1/services/web-2/restart", "", "HTTP/1.1 202");
	play_await(play, "web runs", 5);
	play_down(play);
}

static void a_replica_that_is_wanted_again_while_it_stops_starts_again(void **state)
{
	struct play *play = *state;

	play_listen(play);
	play_add(play, "web", "trap 'say ends; sleep 0.2; exit' TERM; say runs; while :; do sleep 0.02; done");
	play_begin(play);
	play_await(play, "runs", 1);
	post(play, "/v1/services/web/scale", "{\"replicas\":2}", "HTTP/1.1 202");
	play_await(play, "runs", 2);
	post(play, "/v1/services/web/scale", "{\"replicas\":1}", "HTTP/1.1 202");
	play_await(play, "ends", 1);
	post(play, "/v1/services/web/scale", "{\"replicas\":2}", "HTTP/1.1 202");
	play_await(play, "runs", 3);
	await_services(play, "\"id\":1,\"name\":\"web-2\"", true);
	play_down(play);
}

static void none_at_all_is_a_number_too(void **state)
{
	struct play *play = *state;

	play_serve(play, "web", "other", NULL);
	play_depends(play, 1, 0, DEPEND_STARTED);
	play_begin(play);
	play_await(play, "runs", 2);
	post(play, "/v1/services/web/scale", "{\"replicas\":0}", "HTTP/1.1 202");
	play_await(play, "web ends", 1);
	await_services(play, "\"name\":\"web\"", false);
	assert_false(play_traced(play, "other ends", 1)); /* who depends on it goes on */
	post(play, "/v1/services/web/scale", "{\"replicas\":1}", "HTTP/1.1 202");
	play_await(play, "web runs", 2);
	play_down(play);
}

static void what_cannot_be_scaled_is_said(void **state)
{
	struct play *play = *state;

	play_serve(play, "web", "box", "web-2", NULL);
	play->services[1].kind = SERVICE_CONTAINER;
	play->select = true;
	play->member[0] = true;
	play_begin(play);
	play_await(play, "web runs", 1);
	post(play, "/v1/services/wep/scale", "{\"replicas\":2}", "did you mean 'web'?");
	post(play, "/v1/services/web/scale", "{\"replicas\":5000}",
	     "cannot run 5000 replicas of 'web': a stack has at most 4096 processes");
	post(play, "/v1/services/web/scale", "{\"replicas\":4095}", "HTTP/1.1 400");
	post(play, "/v1/services/web/scale", "{\"replicas\":2}",
	     "replica 2 of 'web' would be named as service 'web-2' is");
	post(play, "/v1/services/box/scale", "{\"replicas\":2}", "needs a container engine");
	await_services(play, "\"name\":\"web-3\"", false);
	play_down(play);
}

static void more_than_a_machine_runs_is_refused_at_the_start(void **state)
{
	struct play *play = *state;

	play_add(play, "web", "say web");
	play_add(play, "many", "say many");
	play->services[1].replicas = 4096;
	play_begin(play);
	assert_int_equal(play_end(play), ERR_CONFIG);
	play_assert_said(play, "too many processes: with service 'many' the stack has more than 4096");
	play_assert_trace(play, "");
}

/* ---- Ill health, crash loops ---- */

static void fall_ill(const struct play *play)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/ill", play->folder);
	file = fopen(path, "we");
	assert_non_null(file);
	fclose(file);
}

static void who_declares_it_goes_along_with_a_restart_for_ill_health(void **state)
{
	static const char *const check[] = {"test", "!", "-e", "ill", NULL};
	struct play *play = *state;

	play_listen(play);
	play_add(play, "db", "rm -f ill; " PLAY_SERVER("db"));
	play->services[0].healthcheck = (struct probe_spec){.kind = PROBE_EXEC,
							    .argv = check,
							    .interval_ms = 50,
							    .start_interval_ms = 50,
							    .timeout_ms = 5000,
							    .retries = 2};
	play->services[0].restart.on_unhealthy = true;
	play_add(play, "web", PLAY_SERVER("web"));
	play_add(play, "other", PLAY_SERVER("other"));
	play_depends(play, 1, 0, DEPEND_HEALTHY);
	play_depends(play, 2, 0, DEPEND_HEALTHY);
	play->dependencies[1][0].restart = true;
	play_begin(play);
	play_await(play, "runs", 3);
	fall_ill(play);
	play_await(play, "db runs", 2);
	play_await(play, "web runs", 2);
	assert_false(play_traced(play, "other ends", 1));
	play_down(play);
}

static void a_crash_loop_is_seen_and_its_reason_too(void **state)
{
	struct play *play = *state;

	play_listen(play);
	play_add(play, "web", "exit 7");
	play_add(play, "other", PLAY_SERVER("other"));
	play->services[0].restart = (struct restart_policy){RESTART_ALWAYS, 0, 10, 60000, 60000, false};
	play_begin(play);
	await_services(play, "\"crash_loop\":{\"exits\":", true);
	await_services(play, "\"why\":\"exited with code 7\"", true);
	play_down(play);
}

static void giving_up_is_said_with_the_number(void **state)
{
	struct play *play = *state;

	play_listen(play);
	play_add(play, "web", "say try; exit 1");
	play_add(play, "other", PLAY_SERVER("other"));
	play->services[0].restart = (struct restart_policy){RESTART_ON_FAILURE, 3, 10, 20, 60000, false};
	play_begin(play);
	await_services(play, "gave up after 3 restarts: exited with code 1", true);
	assert_int_equal(play_count(play, "trace", "try"), 4);
	post(play, "/v1/stack/down", "", "HTTP/1.1 202");
	(void)play_end(play);
}

int main(void)
{
#define PLAY_TEST(function) cmocka_unit_test_setup_teardown(function, play_setup, play_teardown)
	const struct CMUnitTest tests[] = {
		PLAY_TEST(it_is_said_what_will_be_done_before_it_is),
		PLAY_TEST(what_is_named_is_stopped_alone_if_so_asked),
		PLAY_TEST(start_alone_leaves_what_is_needed_stopped),
		PLAY_TEST(a_stop_can_be_made_shorter_once),
		PLAY_TEST(replicas_come_and_go),
		PLAY_TEST(a_replica_that_is_wanted_again_while_it_stops_starts_again),
		PLAY_TEST(none_at_all_is_a_number_too),
		PLAY_TEST(what_cannot_be_scaled_is_said),
		PLAY_TEST(more_than_a_machine_runs_is_refused_at_the_start),
		PLAY_TEST(who_declares_it_goes_along_with_a_restart_for_ill_health),
		PLAY_TEST(a_crash_loop_is_seen_and_its_reason_too),
		PLAY_TEST(giving_up_is_said_with_the_number),
	};

	return cmocka_run_group_tests_name("supervisor, several at once", tests, NULL, NULL);
}
