/* SPDX-License-Identifier: MIT */
/* Output of containers against a played engine: followed, held, cut off anywhere, read to its end, and what cannot be read. */
#include "tests/unit/engine/parts_scene.h"

#define LOGS "/containers/*/logs*"
#define FOLLOW "/containers/*/logs?follow=1*"
#define REST "/containers/*/logs?follow=0*"
#define T0 "2026-11-21T10:00:00.000000001Z "
#define T1 "2026-11-21T10:00:01.500000000Z "
#define T2 "2026-11-21T10:00:02.250000000Z "
#define T0_S 1795255200

static struct docker_play_call *open_stream(struct scene *scene, const char *pattern, size_t count)
{
	struct docker_play_call *call = docker_play_await(scene->play, "GET", pattern, count);

	docker_play_stream(call);
	return call;
}

static void leave_open(void *context, struct docker_play_call *call)
{
	(void)context;
	(void)call;
}

static void logs_open(struct scene *scene)
{
	scene_open(scene, 2);
	docker_play_handler(scene->play, "GET", LOGS, leave_open, NULL);
}

static void test_is_followed_with_its_times(void **state)
{
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	logs_open(&scene);
	compose_logs_follow(scene_run(&scene, 0, ID_A));
	compose_logs_follow(&scene.part[0]); /* somebody does already */
	call = open_stream(&scene, FOLLOW, 1);
	assert_string_equal(docker_play_path(call),
			    "/containers/" ID_A "/logs?follow=1&stdout=1&stderr=1&timestamps=1&since=0");
	docker_play_send_frame(call, 1, T0 "one\n");
	docker_play_send_frame(call, 2, T1 "two\n");
	scene_await_text(&scene, 0, "two\n");
	assert_string_equal(scene.told[0].text, "one\ntwo\n");
	assert_string_equal(scene.told[0].streams, "oe");
	assert_int_equal(scene.told[0].time_ms, T0_S * INT64_C(1000) + 1500);
	assert_int_equal(docker_play_count(scene.play, "GET", LOGS), 1);
	scene_close(&scene);
}

static void test_of_a_terminal(void **state)
{
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	logs_open(&scene);
	scene.part[0].tty = true;
	docker_play_route(scene.play, "POST", "/containers/*/resize*", 200, NULL);
	compose_logs_follow(scene_run(&scene, 0, ID_A));
	call = open_stream(&scene, FOLLOW, 1);
	docker_play_send_text(call, T0 "/ # ls\r\n" T1 "bin\r\n");
	scene_await_text(&scene, 0, "bin\r\n");
	assert_string_equal(scene.told[0].text, "/ # ls\r\nbin\r\n");
	/* Nobody said a size: as that of other programs. */
	assert_non_null(docker_play_await(scene.play, "POST", "/containers/" ID_A "/resize?h=24&w=80", 1));
	scene_close(&scene);
}

/* What is left is read by a request of its own, and only then the output has ended. */
static void test_end(void **state)
{
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	logs_open(&scene);
	compose_logs_follow(scene_run(&scene, 0, ID_A));
	call = open_stream(&scene, FOLLOW, 1);
	docker_play_send_frame(call, 1, T1 "one\n");
	scene_await_text(&scene, 0, "one\n");
	scene.part[0].state = PART_NONE;
	compose_logs_finish(&scene.part[0]);
	compose_logs_finish(&scene.part[0]);
	call = open_stream(&scene, REST, 1);
	assert_string_equal(docker_play_path(call),
			    "/containers/" ID_A
			    "/logs?follow=0&stdout=1&stderr=1&timestamps=1&since=1795255199"); /* a little before */
	docker_play_send_frame(call, 1, T1 "one\n");
	docker_play_send_frame(call, 1, T2 "last words");
	assert_int_equal(scene.told[0].ended, 0);
	docker_play_end(call);
	scene_await_ended(&scene, 0, 1);
	assert_string_equal(scene.told[0].text, "one\nlast words");
	assert_int_equal(docker_play_count(scene.play, "GET", LOGS), 2);
	scene_close(&scene);
}

/* It runs again before all of its last run was read: nothing twice, nothing missing, and the run's end in between. */
static void test_restart_while_the_rest_is_read(void **state)
{
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	logs_open(&scene);
	compose_logs_finish(scene_run(&scene, 0, ID_A)); /* it had ended before anybody followed */
	call = open_stream(&scene, REST, 1);
	docker_play_send_frame(call, 1, T0 "first run\n");
	compose_logs_follow(&scene.part[0]);
	assert_int_equal(docker_play_count(scene.play, "GET", FOLLOW), 0);
	docker_play_end(call);
	call = open_stream(&scene, FOLLOW, 1);
	assert_int_equal(scene.told[0].ended, 1);
	docker_play_send_frame(call, 1, T0 "first run\n");
	docker_play_send_frame(call, 1, T1 "second run\n");
	scene_await_text(&scene, 0, "second");
	assert_string_equal(scene.told[0].text, "first run\nsecond run\n");
	scene_close(&scene);
}

/* A second run has ended before all of the first was read: what it wrote since is read as well, and its end told. */
static void test_two_short_runs(void **state)
{
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	logs_open(&scene);
	compose_logs_finish(scene_run(&scene, 0, ID_A));
	call = open_stream(&scene, REST, 1);
	compose_logs_follow(&scene.part[0]);
	compose_logs_finish(&scene.part[0]);
	compose_logs_finish(&scene.part[0]);
	docker_play_send_frame(call, 1, T0 "first run\n");
	docker_play_end(call);
	call = open_stream(&scene, REST, 2);
	assert_int_equal(scene.told[0].ended, 1);
	docker_play_send_frame(call, 1, T0 "first run\n");
	docker_play_send_frame(call, 1, T1 "second run\n");
	docker_play_end(call);
	scene_await_ended(&scene, 0, 2);
	assert_string_equal(scene.told[0].text, "first run\nsecond run\n");
	assert_int_equal(docker_play_count(scene.play, "GET", LOGS), 2);
	scene_close(&scene);
}

/* In the middle of a line, in the middle of what the engine packs: it is followed again, without anybody asking for it. */
static void test_connection_breaks(void **state)
{
	static const char half[] = {1, 0, 0, 0, 0, 0, 0, 40};
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	logs_open(&scene);
	compose_logs_follow(scene_run(&scene, 0, ID_A));
	call = open_stream(&scene, FOLLOW, 1);
	docker_play_send(call, half, sizeof(half));
	docker_play_send_text(call, T1 "half");
	scene_await_text(&scene, 0, "half");
	docker_play_hang_up(call);
	call = open_stream(&scene, FOLLOW, 2);
	docker_play_send_frame(call, 1, T1 "half one\n");
	docker_play_send_frame(call, 2, T1 "other\n");
	scene_await_text(&scene, 0, "other");
	assert_string_equal(scene.told[0].text, "half one\nother\n");
	scene_close(&scene);
}

/* It ends while the engine is away: what is left is read once that is back. */
static void test_engine_goes_away(void **state)
{
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	logs_open(&scene);
	compose_logs_follow(scene_run(&scene, 0, ID_A));
	call = open_stream(&scene, FOLLOW, 1);
	docker_play_send_frame(call, 1, T0 "one\n");
	scene_await_text(&scene, 0, "one\n");
	docker_play_away(scene.play, true);
	scene.engine.reachable = false;
	compose_logs_finish(&scene.part[0]);
	docker_play_back(scene.play);
	assert_int_equal(event_base_loop(scene.base, EVLOOP_NONBLOCK), 0);
	assert_int_equal(docker_play_count(scene.play, "GET", LOGS), 1);
	scene.engine.reachable = true;
	call = open_stream(&scene, REST, 1);
	docker_play_send_frame(call, 1, T0 "one\n");
	docker_play_send_frame(call, 1, T2 "two\n");
	docker_play_end(call);
	scene_await_ended(&scene, 0, 1);
	assert_string_equal(scene.told[0].text, "one\ntwo\n");
	scene_close(&scene);
}

static void test_hold_and_resume(void **state)
{
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	logs_open(&scene);
	scene.hold = true;
	compose_logs_follow(scene_run(&scene, 0, ID_A));
	call = open_stream(&scene, FOLLOW, 1);
	docker_play_send_frame(call, 1, T0 "one\n");
	scene_await_text(&scene, 0, "one\n");
	docker_play_send_frame(call, 1, T1 "two\n");
	for (int i = 0; i < 20; i++)
		event_base_loop(scene.base, EVLOOP_NONBLOCK);
	assert_string_equal(scene.told[0].text, "one\n");
	compose_resume_output(&scene.engine, 0);
	scene_await_text(&scene, 0, "two\n");
	/* It ends while it is held: the rest is read when somebody takes it. */
	compose_logs_finish(&scene.part[0]);
	event_base_loop(scene.base, EVLOOP_NONBLOCK);
	assert_int_equal(docker_play_count(scene.play, "GET", REST), 0);
	scene.hold = false;
	compose_resume_output(&scene.engine, 0);
	call = open_stream(&scene, REST, 1);
	docker_play_send_frame(call, 1, T1 "two\n");
	docker_play_send_frame(call, 1, T2 "three\n");
	docker_play_end(call);
	scene_await_ended(&scene, 0, 1);
	assert_string_equal(scene.told[0].text, "one\ntwo\nthree\n");
	compose_resume_output(&scene.engine, 0); /* is not held */
	compose_resume_output(&scene.engine, 99);
	scene_close(&scene);
}

/* Another container takes the unit's place: nothing of its output was had, whatever its times. */
static void test_another_container(void **state)
{
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	logs_open(&scene);
	compose_logs_follow(scene_run(&scene, 0, ID_A));
	call = open_stream(&scene, FOLLOW, 1);
	docker_play_send_frame(call, 1, T2 "old\n");
	scene_await_text(&scene, 0, "old\n");
	compose_logs_finish(&scene.part[0]);
	compose_logs_follow(scene_run(&scene, 0, ID_B));
	assert_int_equal(scene.told[0].ended, 1);
	call = open_stream(&scene, "/containers/" ID_B "/logs?follow=1*since=0", 1);
	docker_play_send_frame(call, 1, T1 "new\n");
	scene_await_text(&scene, 0, "new\n");
	scene_close(&scene);
}

static void test_removed(void **state)
{
	static const struct {
		int status;
		const char *body;
	} cases[] = {
		{404, "{\"message\":\"No such container\"}"},
		{409, "{\"message\":\"can not get logs from container which is dead or marked for removal\"}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene scene;

		logs_open(&scene);
		docker_play_route(scene.play, "GET", LOGS, cases[i].status, cases[i].body);
		compose_logs_finish(scene_run(&scene, 0, ID_A));
		scene_await_ended(&scene, 0, 1);
		assert_string_equal(scene.told[0].text, "");
		scene_close(&scene);
	}
}

static void test_drivers_that_give_nothing_back(void **state)
{
	static const struct {
		const char *inspected, *said;
	} cases[] = {
		{"{\"HostConfig\":{\"LogConfig\":{\"Type\":\"none\"}}}",
		 "upfront: its output cannot be shown: its log driver is 'none', which keeps nothing\n"},
		{"{\"HostConfig\":{\"LogConfig\":{\"Type\":\"syslog\"}}}",
		 "upfront: its output cannot be shown: its log driver 'syslog' takes it elsewhere, and it is read "
		 "there\n"},
		{"{\"HostConfig\":[]}",
		 "upfront: its output cannot be shown: the engine's log driver does not give it back\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene scene;

		logs_open(&scene);
		docker_play_route(scene.play, "GET", LOGS, 501,
				  "{\"message\":\"configured logging driver does not support reading\"}");
		docker_play_route(scene.play, "GET", "/containers/*/json", 200, cases[i].inspected);
		compose_logs_follow(scene_run(&scene, 0, ID_A));
		scene_await_text(&scene, 0, "\n");
		assert_string_equal(scene.told[0].text, cases[i].said);
		assert_string_equal(scene.told[0].streams, "e");
		/* Its end is told all the same, and why not a second time. */
		compose_logs_finish(&scene.part[0]);
		scene_await_ended(&scene, 0, 1);
		assert_string_equal(scene.told[0].text, cases[i].said);
		scene_close(&scene);
	}
}

static void test_engine_that_cannot(void **state)
{
	struct scene scene;

	(void)state;
	logs_open(&scene);
	docker_play_route(scene.play, "GET", LOGS, 500, "{\"message\":\"the disk is broken\"}");
	compose_logs_follow(scene_run(&scene, 0, ID_A));
	scene_await_text(&scene, 0, "the disk is broken\n");
	/* Perhaps later it can. */
	docker_play_await(scene.play, "GET", FOLLOW, 2);
	compose_logs_finish(&scene.part[0]);
	scene_await_ended(&scene, 0, 1);
	assert_string_equal(scene.told[0].text, "upfront: its output cannot be shown: the disk is broken\n");
	scene_close(&scene);
}

static void test_no_such_stream(void **state)
{
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	logs_open(&scene);
	compose_logs_follow(scene_run(&scene, 0, ID_A));
	call = open_stream(&scene, FOLLOW, 1);
	docker_play_send_text(call, "what is this? it is no frame");
	docker_play_send_text(call, "and neither is this");
	scene_await_text(&scene, 0, "\n");
	assert_string_equal(
		scene.told[0].text,
		"upfront: its output cannot be shown: the engine sends it in a way that is not understood\n");
	scene_close(&scene);
}

/* One unit's output does not wait for another's. */
static void test_two_at_once(void **state)
{
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	logs_open(&scene);
	compose_logs_follow(scene_run(&scene, 0, ID_A));
	docker_play_await(scene.play, "GET", FOLLOW, 1);
	compose_logs_follow(scene_run(&scene, 1, ID_B));
	call = open_stream(&scene, "/containers/" ID_B "/logs*", 1);
	docker_play_send_frame(call, 1, T0 "b\n");
	scene_await_text(&scene, 1, "b\n");
	assert_string_equal(scene.told[0].text, "");
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_followed_with_its_times),
		cmocka_unit_test(test_of_a_terminal),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_restart_while_the_rest_is_read),
		cmocka_unit_test(test_two_short_runs),
		cmocka_unit_test(test_connection_breaks),
		cmocka_unit_test(test_engine_goes_away),
		cmocka_unit_test(test_hold_and_resume),
		cmocka_unit_test(test_another_container),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_drivers_that_give_nothing_back),
		cmocka_unit_test(test_engine_that_cannot),
		cmocka_unit_test(test_no_such_stream),
		cmocka_unit_test(test_two_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
