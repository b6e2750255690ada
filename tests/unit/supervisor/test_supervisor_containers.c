/* SPDX-License-Identifier: MIT */
/* A stack of which some services are containers: two engines side by side, of which one is played. */
#include "config/err.h"
#include "launcher/supervisor/supervisor.h"
#include "tests/lib/children.h"
#include "tests/lib/ctl_ask.h"
#include "tests/lib/play_engine.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int begin_test(void **state)
{
	play_setup(state);
	play_engine_join(*state);
	play_listen(*state);
	((struct play *)*state)->linger_ms = 1;
	return 0;
}

static int end_test(void **state)
{
	play_engine_leave();
	return play_teardown(state);
}

static void post(const struct play *play, const char *target, const char *body, const char *wanted)
{
	ctl_ask_post(play->socket_path, target, body, wanted);
}

/* What stands in the list of services, or does not any more. */
static void await(const struct play *play, const char *text, bool there)
{
	ctl_ask_services(play->socket_path, text, there);
}

static void await_stack(const struct play *play, const char *text)
{
	const int64_t deadline_ms = children_now_ms() + CHILDREN_DEADLINE_MS;

	for (;;) {
		char *answer = ctl_ask(play->socket_path, "GET", "/v1/stack", "");
		const bool there = answer != NULL && strstr(answer, text) != NULL;

		if (!there && children_now_ms() > deadline_ms)
			fail_msg("'%s' never stood in: %s", text, answer != NULL ? answer : "nothing");
		free(answer);
		if (there)
			return;
	}
}

static void assert_detail(const struct play *play, const char *name, const char *text, bool there)
{
	char target[128], *answer;

	snprintf(target, sizeof target, "/v1/services/%s/detail", name);
	answer = ctl_ask(play->socket_path, "GET", target, "");
	if ((strstr(answer, text) != NULL) != there)
		fail_msg("'%s' %s: %s", text, there ? "is missing" : "is there", answer);
	free(answer);
}

static void containers_come_up_in_one_go(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_add_container(play, "api");
	play_add_container(play, "db");
	play_depends(play, 0, 1, DEPEND_HEALTHY);
	play_depends(play, 1, 2, DEPEND_COMPLETED);
	play_engine_tell("hold");
	play_begin(play);
	/* Who waits for whom among them is the Compose program's to know. */
	play_await(play, "start db 1\nstart api 1\nstart web 1\n", 1);
	await(play, "\"state\":\"waiting\"", false);
	play_engine_tell("started db 0");
	play_engine_tell("started api 4711 health");
	play_engine_tell("started web 0");
	await(play, "\"container\":\"id-web-1\"", true);
	await(play, "\"pid\":4711", true);
	await(play, "\"image\":\"shop/web:1.2\"", true);
	await(play, "\"kind\":\"engine\"", true);
	play_engine_tell("health api well");
	await(play, "\"state\":\"ready\"", true);
	play_engine_tell("exited db 0"); /* a job that is done */
	await_stack(play, "\"phase\":\"up\"");
	await_stack(play, "\"engine\":{\"name\":\"docker\",\"version\":\"20.10.24\",\"address\":\"unix:///nowhere\","
			  "\"compose\":\"docker compose 2.29.7\",\"reachable\":true,\"why\":null,\"untold_why\":null}");
	play_down(play);
	play_await(play, "ending\nstop web 15 10000\n", 1);
	play_await(play, "stop api 15 10000\nclose\n", 1);
}

static void containers_and_programs_wait_for_each_other(void **state)
{
	struct play *play = *state;

	play_add(play, "db", PLAY_SERVER("db"));
	play_add_container(play, "api");
	play_add(play, "web", PLAY_SERVER("web"));
	play_depends(play, 1, 0, DEPEND_STARTED);
	play_depends(play, 2, 1, DEPEND_HEALTHY);
	play_engine_tell("hold");
	play_begin(play);
	play_await(play, "start api 1", 1);
	play_engine_tell("started api 0 health");
	await(play, "\"waits_for\":{\"service\":\"api\",\"condition\":\"service_healthy\"}", true);
	assert_false(play_traced(play, "web runs", 1));
	play_engine_tell("health api well");
	play_await(play, "web runs", 1);
	await_stack(play, "\"phase\":\"up\"");
	play_down(play);
	play_await(play, "web ends\nstop api 15 10000\ndb ends\nclose\n", 1);
}

/* The whole of what its engine does with a container, seen from outside. */
static void restarts_and_hands_are_followed(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web")->restart.when = RESTART_ALWAYS;
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	for (int i = 0; i < 3; i++) {
		play_engine_tell("exited web 3 restarting");
		await(play, "\"state\":\"back-off\"", true);
		await(play, "\"uptime_ms\":null", true);
		if (i < 2)
			play_engine_tell("started web 0");
		if (i < 2)
			await(play, "\"state\":\"running\"", true);
	}
	await(play, "\"restarts\":3", true);
	await(play, "\"crash_loop\":{\"exits\":3", true);
	await(play, "\"next_try_in_ms\":null", true);
	play_engine_tell("started web 0");
	await(play, "\"state\":\"running\"", true);
	assert_int_equal(play_count(play, "trace", "start web"), 1); /* never by us */
	/* Stopped by us, started by a hand: wanted again. */
	play_engine_tell("output web 1700000000000 hello");
	post(play, "/v1/services/web/stop", "", "HTTP/1.1 202");
	await(play, "\"state\":\"stopped\"", true);
	play_engine_tell("started web 0 health");
	await(play, "\"state\":\"starting\"", true);
	await(play, "\"wanted\":true", true);
	play_engine_tell("health web ill");
	await(play, "\"state\":\"unhealthy\"", true);
	await(play, "\"why\":\"the check says so\"", true);
	play_down(play);
	assert_int_equal(play_count(play, "logs/web.log", "hello"), 1);
}

/* `docker pause`: it is not well, and there is nobody who asks. */
static void what_nobody_asks_for_is_told_beside_the_state(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_add_container(play, "stays");
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	play_engine_tell("health web ill");
	await(play, "\"status\":\"the check says so\"", true);
	await(play, "\"state\":\"running\"", true);
	play_engine_tell("health web well");
	await(play, "\"the check says so\"", false);
	/* With its end that is over, too, and it is no word of its own about why. */
	play_engine_tell("health web ill");
	await(play, "\"status\":\"the check says so\"", true);
	play_engine_tell("exited web 9");
	await(play, "\"why\":\"exited with code 9\"", true);
	await(play, "\"status\":null", true);
	play_down(play);
}

static void what_it_is_busy_with_is_shown(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_engine_tell("hold");
	play_begin(play);
	play_await(play, "start web", 1);
	play_engine_tell("progress web pulling 10 100 shop/web:1.2");
	await(play, "\"progress\":{\"work\":\"pulling\",\"done\":10,\"total\":100,\"text\":\"shop/web:1.2\"}", true);
	play_engine_tell("progress web creating 0 0 web");
	await(play, "\"work\":\"creating\"", true);
	play_engine_tell("progress web");
	await(play, "\"progress\":null", true);
	play_engine_tell("progress web building 1 3 step");
	play_engine_tell("started web 0");
	await(play, "\"progress\":null", true);
	play_down(play);
}

static void a_start_that_fails_is_the_stacks_failure(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_add_container(play, "db");
	play->linger_ms = 400;
	play_engine_tell("hold");
	play_begin(play);
	play_await(play, "start db", 1);
	play_engine_tell("started db 0");
	play_engine_tell("start_failed web no such image: shop/web:1.2");
	await_stack(play, "service 'web': no such image: shop/web:1.2");
	assert_int_equal(play_end(play), ERR_FAILED);
	play_await(play, "stop db 15 10000\nclose\n", 1);
}

static void what_a_probe_said_is_no_reason_to_stop(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_engine_tell("hold");
	play_begin(play);
	play_await(play, "start web 1", 1);
	play_engine_tell("started web 0 health");
	play_engine_tell("health web well");
	await(play, "\"why\":\"the check says so\"", true);
	await(play, "\"state\":\"ready\"", true);
	play_engine_tell("deaf");
	post(play, "/v1/services/web/stop", "", "HTTP/1.1 202");
	await(play, "\"state\":\"stopping\"", true);
	await(play, "\"why\":null", true);
	play_engine_tell("exited web 0");
	await(play, "\"state\":\"stopped\"", true);
	play_down(play);
}

/* What is left of the output of one run is read while the next begins. */
static void a_late_rest_does_not_end_the_next_run(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	post(play, "/v1/services/web/restart", "", "HTTP/1.1 202");
	play_await(play, "start web 1\n", 2);
	await(play, "\"state\":\"running\"", true);
	play_engine_tell("rest web");
	play_engine_tell("exited web 3");
	assert_int_equal(play_end(play), ERR_FAILED);
	assert_int_equal(play_count(play, "logs/index", "code:3"), 1);
}

/* Its engine knows no signals. */
static void a_code_that_stands_for_a_signal_says_so(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_add_container(play, "db");
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	play_engine_tell("exited web 137");
	await(play, "\"why\":\"exited with code 137 (SIGKILL)\"", true);
	play_down(play);
}

static void a_start_under_way_is_called_back(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_engine_tell("hold");
	play_begin(play);
	play_await(play, "start web", 1);
	post(play, "/v1/stack/down", "", "HTTP/1.1 202");
	play_await(play, "stop web 15 10000", 1);
	assert_int_equal(play_end(play), 0);
	play_await(play, "close", 1);
}

/* ---- The engine goes, and comes back ---- */

static void an_engine_that_is_away_is_told_and_waited_for(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	play_engine_tell("away connection refused");
	await_stack(play, "\"reachable\":false,\"why\":\"connection refused\"");
	await(play, "\"state\":\"running\"", true); /* as it was last heard of */
	play_engine_tell("back");
	await_stack(play, "\"reachable\":true");
	play_down(play);
}

/* ---- The end ---- */

static void the_end_waits_for_what_is_left_of_containers(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_engine_tell("stuck");
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	post(play, "/v1/stack/down", "{\"volumes\": true}", "HTTP/1.1 202");
	play_await(play, "close volumes", 1);
	await_stack(play, "\"phase\":\"stopping\"");
	play_engine_tell("closed network shop_default is in use");
	assert_int_equal(play_end(play), ERR_FAILED);
	/* Detached, and nobody there to be told: it is kept for who asks. */
	assert_int_equal(play_count(play, SUPERVISOR_LAST_END, "network shop_default is in use"), 1);
}

static void volumes_are_true_or_false(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	post(play, "/v1/stack/down", "{\"volumes\": 1}", "volumes: true or false is wanted");
	post(play, "/v1/stack/down", "{\"volumes\": false}", "HTTP/1.1 202");
	assert_int_equal(play_end(play), 0);
	play_await(play, "close\n", 1);
}

static void what_does_not_end_is_killed(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web")->stop.grace_ms = 50;
	play_engine_tell("deaf");
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	post(play, "/v1/stack/down", "", "HTTP/1.1 202");
	play_await(play, "stop web 15 50\nkill web\n", 1);
	play_engine_tell("exited web 137");
	assert_int_equal(play_end(play), 0);
}

/* Somebody starts it while the stack goes down: it is to end all the same. */
static void a_hand_that_starts_it_at_the_end_starts_it_in_vain(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_add(play, "db", "trap '' TERM; say runs; while :; do sleep 0.02; done")->stop.grace_ms = 300;
	play_depends(play, 0, 1, DEPEND_STARTED);
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	play_await(play, "runs", 1);
	post(play, "/v1/stack/down", "", "HTTP/1.1 202");
	play_await(play, "stop web", 1);
	await(play, "\"state\":\"stopped\"", true);
	play_engine_tell("started web 0");
	play_await(play, "stop web", 2);
	assert_int_equal(play_end(play), 0);
}

static void the_death_of_the_terminal_ends_containers_too(void **state)
{
	struct play *play = *state;
	int64_t begin_ms;

	play_add_container(play, "web");
	assert_int_equal(pipe(play->leash), 0);
	play_engine_tell("deaf");
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	begin_ms = children_now_ms();
	close(play->leash[1]);
	play->leash[1] = -1;
	play_await(play, "stop web 15 1000", 1);
	play_await(play, "kill web", 1);
	/* Its engine does not hear: whoever comes after sees to it, by the note that is left. */
	assert_int_equal(play_end(play), 0);
	assert_in_range(children_now_ms() - begin_ms, 0, 3000);
	assert_int_equal(play_count(play, "trace", "close"), 0);
}

/* ---- What is asked of them ---- */

static void actions_work_on_containers(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_add(play, "db", PLAY_SERVER("db"));
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	post(play, "/v1/services/web/kill", "{\"signal\":\"SIGHUP\"}", "HTTP/1.1 202");
	play_await(play, "signal web 1\n", 1);
	post(play, "/v1/services/web/scale", "{\"replicas\":3}", "HTTP/1.1 202");
	play_await(play, "start web 2\nstart web 3\n", 1);
	await(play, "\"container\":\"id-web-3\"", true);
	post(play, "/v1/services/web/scale", "{\"replicas\":1}", "HTTP/1.1 202");
	play_await(play, "forget web", 2);
	await(play, "\"name\":\"web-2\"", false);
	post(play, "/v1/services/web/restart", "", "HTTP/1.1 202");
	play_await(play, "stop web 15 10000\nstart web 1\n", 1);
	await(play, "\"state\":\"stopped\"", false);
	play_down(play);
}

static void without_an_engine_containers_are_refused(void **state)
{
	struct play *play = *state;

	play->compose = NULL;
	play_add(play, "db", PLAY_SERVER("db"));
	play_add_container(play, "web");
	play->select = true;
	play->member[0] = true;
	play_begin(play);
	await_stack(play, "\"engine\":null");
	await_stack(play, "\"phase\":\"up\"");
	post(play, "/v1/services/web/start", "", "needs a container engine, and this stack was started without any");
	post(play, "/v1/services/web/scale", "{\"replicas\":2}", "take it down and start it again: down, then up");
	play_down(play);
}

/* ---- Another stack ---- */

static void write_stack(const struct play *play, const char *text)
{
	char path[160];
	FILE *out;

	snprintf(path, sizeof path, "%s/compose.yaml", play->folder);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

/* Of a stack that is read from a file. */
static struct stack *read_stack(struct play *play, const char *text)
{
	struct stack_options options = {.environment = &play->environment};
	struct err err = ERR_INIT;
	struct stack *shown = NULL;
	char path[160];

	write_stack(play, text);
	snprintf(path, sizeof path, "%s/compose.yaml", play->folder);
	options.files = (const char *const[]){path, NULL};
	if (stack_source_open(&options, &play->source, &err) < 0 ||
	    stack_resolve(play->source, &(struct stack_resolve_options){0}, &shown, &err) < 0)
		fail_msg("%s", err.items[0].message);
	play->stack = *shown;
	return shown;
}

static void forget_stack(struct play *play, struct stack *shown)
{
	play->stack.service_count = 0; /* teardown frees what was made by hand */
	stack_destroy(shown);
	stack_source_destroy(play->source);
}

static void a_reload_starts_and_takes_away_what_differs(void **state)
{
	struct play *play = *state;
	struct stack *shown = read_stack(play, "services:\n"
					       "  web: {image: \"shop/web:1\"}\n"
					       "  db: {image: \"shop/db:1\"}\n"
					       "  old: {image: \"shop/old:1\"}\n");

	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	write_stack(play, "services:\n"
			  "  web: {image: \"shop/web:2\"}\n"
			  "  db: {image: \"shop/db:1\"}\n"
			  "  new: {image: \"shop/new:1\"}\n");
	post(play, "/v1/stack/reload", "",
	     "\"added\":[\"new\"],\"removed\":[\"old\"],\"changed\":[{\"service\":\"web\"");
	/* Its engine hears of the new stack before it is to start anything of it. */
	play_await(play, "renew 3 off\n", 1);
	play_await(play, "start new 1\n", 1);
	play_await(play, "start web 1\n", 2);
	play_await(play, "forget old\n", 1);
	await(play, "\"image\":\"shop/web:2\"", true);
	await(play, "\"name\":\"old\"", false);
	assert_int_equal(play_count(play, "trace", "stop db"), 0);
	play_down(play);
	forget_stack(play, shown);
}

static void the_first_container_of_a_stack_is_not_for_a_reload(void **state)
{
	struct play *play = *state;
	struct stack *shown = read_stack(play, "services:\n  app: {command: sleep 1000, stop_grace_period: 1s}\n");

	play->compose = NULL;
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	write_stack(play, "services:\n"
			  "  app: {command: sleep 1000, stop_grace_period: 1s}\n"
			  "  web: {image: \"shop/web:2\"}\n");
	post(play, "/v1/stack/reload", "",
	     "service 'web' needs a container engine, and this stack was started without any");
	await(play, "\"name\":\"web\"", false);
	play_down(play);
	forget_stack(play, shown);
}

/* ---- A no in the middle of a run ---- */

static const struct withdraw_notice by_signal = {.signal = SIGUSR1};
static const struct telemetry_decl declared = {
	.enabled = true, .notice = 1, .host = "file:/nowhere", .key = "phc_test", .on_withdraw = {.signal = SIGUSR1}};

static void a_no_reaches_containers(void **state)
{
	struct play *play = *state;

	play->stack.telemetry = &declared;
	play->consent = (struct consent_decision){.state = CONSENT_ON, .reason = CONSENT_BY_ANSWER};
	strmap_set(&play->environment, "UPFRONT_TELEMETRY_PRINT", "1");
	strmap_set(&play->environment, "XDG_STATE_HOME", play->folder);
	assert_int_equal(setenv("XDG_STATE_HOME", play->folder, 1), 0);
	play_add_container(play, "web")->on_withdraw = &by_signal;
	play_add_container(play, "job");
	play_begin(play);
	await_stack(play, "\"phase\":\"up\"");
	play_await(play, "told on\n", 2);
	play_engine_tell("exited job 0");
	await(play, "\"state\":\"completed\"", true);
	post(play, "/v1/telemetry/withdraw", "{\"reason\":\"do_not_track\"}", "\"off\"");
	play_await(play, "renew 2 off\nsignal web 10\n", 1);
	assert_int_equal(play_count(play, "trace", "signal job"), 0);
	/* Those of this machine are no variables of a container; what it was told stands there as it was. */
	assert_detail(play, "web", "{\"name\":\"UPFRONT_TELEMETRY\",\"value\":\"on\"", true);
	assert_detail(play, "web", "\"name\":\"PATH\"", false);
	post(play, "/v1/services/web/restart", "", "HTTP/1.1 202");
	play_await(play, "start web 1\ntold off\n", 1);
	await(play, "\"state\":\"running\"", true);
	assert_detail(play, "web", "{\"name\":\"UPFRONT_TELEMETRY\",\"value\":\"off\"", true);
	play_down(play);
}

/* ---- Side by side ---- */

static void what_they_use_is_asked_of_each(void **state)
{
	struct play *play = *state;
	char *answer;

	play_add_container(play, "web");
	play_add(play, "db", PLAY_SERVER("db"));
	play_begin(play);
	play_await(play, "db runs", 1);
	await_stack(play, "\"phase\":\"up\"");
	answer = ctl_ask(play->socket_path, "GET", "/v1/stats", "");
	assert_non_null(strstr(answer, "\"rss_bytes\":7777777"));
	assert_null(strstr(strstr(answer, "\"name\":\"db\""), "7777777"));
	free(answer);
	play_down(play);
}

/* What an engine has started for itself is nothing that a service has left, and its end is not hidden from it. */
static void children_of_an_engine_are_its_own(void **state)
{
	struct play *play = *state;

	play_add_container(play, "web");
	play_add(play, "db", "trap 'sleep 1000 & say db ends; exit 0' TERM; say db runs; while :; do sleep 0.02; done")
		->stop.grace_ms = 200;
	play_engine_tell("stuck");
	play_begin(play);
	play_await(play, "db runs", 1);
	post(play, "/v1/stack/down", "", "HTTP/1.1 202");
	play_await(play, "db ends", 1);
	play_engine_tell("child");
	play_await(play, "child", 1);
	play_await(play, "close", 1);
	assert_false(play_traced(play, "child ended", 1));
	play_engine_tell("closed");
	assert_int_equal(play_end(play), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)
	const struct CMUnitTest tests[] = {
		TEST(containers_come_up_in_one_go),
		TEST(containers_and_programs_wait_for_each_other),
		TEST(restarts_and_hands_are_followed),
		TEST(what_nobody_asks_for_is_told_beside_the_state),
		TEST(what_it_is_busy_with_is_shown),
		TEST(a_start_that_fails_is_the_stacks_failure),
		TEST(what_a_probe_said_is_no_reason_to_stop),
		TEST(a_late_rest_does_not_end_the_next_run),
		TEST(a_code_that_stands_for_a_signal_says_so),
		TEST(a_start_under_way_is_called_back),
		TEST(an_engine_that_is_away_is_told_and_waited_for),
		TEST(the_end_waits_for_what_is_left_of_containers),
		TEST(volumes_are_true_or_false),
		TEST(what_does_not_end_is_killed),
		TEST(a_hand_that_starts_it_at_the_end_starts_it_in_vain),
		TEST(the_death_of_the_terminal_ends_containers_too),
		TEST(actions_work_on_containers),
		TEST(without_an_engine_containers_are_refused),
		TEST(a_reload_starts_and_takes_away_what_differs),
		TEST(the_first_container_of_a_stack_is_not_for_a_reload),
		TEST(a_no_reaches_containers),
		TEST(what_they_use_is_asked_of_each),
		TEST(children_of_an_engine_are_its_own),
	};

	return cmocka_run_group_tests_name("supervisor, two engines", tests, NULL, NULL);
}
