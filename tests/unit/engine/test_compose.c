/* SPDX-License-Identifier: MIT */
/* The compose engine while its container engine is there: starts, ends, health, and what people do to containers by hand. */
#include "config/stack_source.h"
#include "tests/unit/engine/compose_scene.h"

/* ---- Starts ---- */

static void starts_of_one_turn_are_one_call(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, 0, "db", 1);
	scene_start(scene, 1, "web", 1);
	scene_until_called(scene, 1);
	assert_non_null(strstr(scene->calls, " up -d db web\n"));
	scene_run(scene, 0, "db", 1);
	scene_until(scene, 0, "started");
	assert_string_equal(scene->seen[1].told, "");
	scene_run(scene, 1, "web", 1);
	scene_until(scene, 1, "started");
	/* What it comes to in the end is nothing to those that run. */
	scene_let(scene, 1, "ERROR: something else\n");
	docker_play_await(scene->play, "GET", "/containers/json*", 2);
	assert_string_equal(scene->seen[0].told, "started");
	assert_string_equal(scene->seen[0].id, "000000000000");
	assert_int_equal(scene->call_count, 1);
}

static void what_nobody_wants_is_not_started_for_others(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, 1, "web", 1);
	scene_until_called(scene, 1);
	assert_non_null(strstr(scene->calls, " up -d --no-deps web\n"));
	scene_run(scene, 1, "web", 1);
	scene_let(scene, 0, "");
	scene_until(scene, 1, "started");
	scene_start(scene, 0, "db", 1);
	scene_until_called(scene, 2);
	assert_non_null(strstr(scene->calls, " up -d db\n"));
	scene_run(scene, 0, "db", 1);
	scene_let(scene, 0, "");
	scene_until(scene, 0, "started");
	/* Once it is there the Compose program is to see that it is well. */
	assert_int_equal(scene_stop(scene, 1, 1000), 0);
	scene_until(scene, 1, "killed(15)");
	scene_start(scene, 1, "web", 1);
	scene_until_called(scene, 3);
	assert_non_null(strstr(scene->calls, " up -d web\n"));
	scene_run(scene, 1, "web", 1);
	scene_let(scene, 0, "");
	scene_until(scene, 1, "started");
	/* One that was stopped stays so. */
	assert_int_equal(scene_stop(scene, 0, 1000), 0);
	assert_int_equal(scene_stop(scene, 1, 1000), 0);
	scene_until(scene, 0, "killed(15)");
	scene_until(scene, 1, "killed(15)");
	scene_start(scene, 1, "web", 1);
	scene_until_called(scene, 4);
	assert_non_null(strstr(strstr(scene->calls, " up -d web\n"), " up -d --no-deps web\n"));
	scene_run(scene, 1, "web", 1);
	scene_let(scene, 0, "");
}

static void a_start_during_a_call_waits_for_the_next(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, 0, "db", 1);
	scene_until_called(scene, 1);
	scene_start(scene, 1, "web", 1);
	scene_run(scene, 0, "db", 1);
	scene_until(scene, 0, "started");
	assert_int_equal(scene->call_count, 1);
	scene_let(scene, 0, "");
	scene_until_called(scene, 2);
	assert_non_null(strstr(scene->calls, " up -d web\n"));
	scene_run(scene, 1, "web", 1);
	scene_until(scene, 1, "started");
	scene_let(scene, 0, "");
}

static void what_ran_before_is_ours_once_the_call_has_named_it(void **state)
{
	struct scene *scene = *state;
	struct scene_container *container = scene_run(scene, 0, "db", 1);

	scene_start(scene, 0, "db", 1);
	scene_until_called(scene, 1);
	/* Until then it may be about to be made anew. */
	scene_event(scene, container, "health_status: healthy");
	docker_play_await(scene->play, "GET", "/containers/json*", 1);
	assert_string_equal(scene->seen[0].told, "");
	scene_let(scene, 0, "");
	scene_until(scene, 0, "started");
}

static void one_that_is_made_anew_is_told_as_the_new_one_only(void **state)
{
	struct scene *scene = *state;
	struct scene_container *old = scene_run(scene, 0, "db", 1);

	scene_start(scene, 0, "db", 1);
	scene_until_called(scene, 1);
	scene_end(scene, old, 0);
	scene_run(scene, 1, "db", 1);
	scene_remove(scene, old);
	scene_until(scene, 0, "started");
	scene_let(scene, 0, "");
	docker_play_await(scene->play, "GET", "/containers/json*", 2);
	scene_end(scene, &scene->containers[1], 0);
	scene_until(scene, 0, "started exited(0)");
}

static void a_run_too_short_to_be_seen_is_told_whole(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, 2, "job", 1);
	scene_until_called(scene, 1);
	scene->mute = true;
	scene_end(scene, scene_run(scene, 0, "job", 1), 3);
	scene_let(scene, 0, "");
	scene_until(scene, 2, "started exited(3)");
}

static void replicas_beyond_those_declared_are_asked_for(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, 0, "job", 1);
	scene_start(scene, 1, "job", 2);
	scene_until_called(scene, 1);
	assert_non_null(strstr(scene->calls, " up -d --scale job=2 job\n"));
	/* A Compose program counts on from the highest number that there was. */
	scene_run(scene, 0, "job", 1);
	scene_until(scene, 0, "started");
	scene_run(scene, 1, "job", 7);
	scene_until(scene, 1, "started");
	scene_end(scene, &scene->containers[1], 2);
	scene_until(scene, 1, "started exited(2)");
	scene_let(scene, 0, "");
}

static void a_one_off_container_is_nobodys(void **state)
{
	struct scene *scene = *state;
	char text[1024];

	scene_up(scene, 0, "db");
	snprintf(text, sizeof text,
		 "{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"abcdef\",\"Attributes\":{"
		 "\"com.docker.compose.project\":\"" SCENE_PROJECT "\",\"com.docker.compose.service\":\"db\","
		 "\"com.docker.compose.container-number\":\"1\",\"com.docker.compose.oneoff\":\"True\"}}}\n");
	docker_play_send_text(scene->events, text);
	scene_end(scene, &scene->containers[0], 0);
	scene_until(scene, 0, "started exited(0)");
	assert_int_equal(docker_play_count(scene->play, "GET", "/containers/abcdef/*"), 0);
}

/* ---- Calls that fail ---- */

static void what_did_not_start_fails_with_what_was_said_of_it(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, 0, "db", 1);
	scene_start(scene, 1, "web", 1);
	scene_start(scene, 2, "job", 1);
	scene_until_called(scene, 1);
	scene_run(scene, 0, "db", 1);
	scene_let(scene, 1,
		  "ERROR: for shop_web_1  Cannot start service web: driver failed programming external connectivity on "
		  "endpoint shop_web_1 (6850): Bind for 127.0.0.1:8080 failed: port is already allocated\n"
		  "ERROR: for job  Cannot create container for service job: bad thing with sesame-open in it\n"
		  "Encountered errors while bringing up the project.\n");
	scene_until(scene, 1, "failed");
	scene_until(scene, 2, "failed");
	assert_string_equal(scene->seen[0].told, "started");
	assert_string_equal(scene->seen[1].failure, "cannot start its container: port 127.0.0.1:8080 is taken");
	assert_int_equal(scene->seen[1].failure_code, ERR_MISSING);
	assert_string_equal(scene->seen[2].failure,
			    "cannot start its container: bad thing with " SECRETS_MASK " in it");
	assert_int_equal(scene->seen[2].failure_code, ERR_FAILED);
}

static void what_the_engine_keeps_with_a_container_says_whose_trouble_it_is(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, 0, "db", 1);
	scene_until_called(scene, 1);
	scene_create(scene, 0, "db", 1)->error = "OCI runtime create failed: exec: \\\"nosuch\\\": executable file not "
						 "found in $PATH: unknown";
	scene_let(scene, 1, "Error response from daemon: something said of another\n");
	scene_until(scene, 0, "failed");
	assert_string_equal(scene->seen[0].failure,
			    "cannot start its container: command not found in its image: 'nosuch'");
	assert_int_equal(scene->seen[0].failure_cause, ERR_CAUSE_COMMAND);
}

static void an_image_that_cannot_be_had_is_its_services_trouble(void **state)
{
	static const char *const says[] = {
		"Pulling job (job:)...\npull access denied for somewhere, repository does not exist\n",
		" job Pulling \n job Error pull access denied for somewhere\nError response from daemon: pull access "
		"denied "
		"for somewhere\n",
	};
	struct scene *scene = *state;

	for (int i = 0; i < 2; i++) {
		scene_start(scene, 0, "db", 1);
		scene_start(scene, 2, "job", 1);
		scene_until_called(scene, i + 1);
		scene_let(scene, 1, says[i]);
		scene_until(scene, 0, i == 0 ? "failed" : "failed failed");
		scene_until(scene, 2, i == 0 ? "failed" : "failed failed");
		assert_non_null(strstr(scene->seen[2].failure, "its image 'job' is not to be had"));
		assert_non_null(strstr(scene->seen[0].failure, "because of another one"));
	}
}

static void a_compose_program_that_is_not_there_fails_the_start(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(unlink(scene->program), 0);
	scene_start(scene, 0, "db", 1);
	scene_until(scene, 0, "failed");
	assert_non_null(strstr(scene->seen[0].failure, "compose"));
	assert_string_equal(scene->seen[1].told, "");
}

/* ---- Ends ---- */

static void the_engines_restarts_are_told_as_such(void **state)
{
	struct scene *scene = *state;
	struct scene_container *container = scene_up(scene, 0, "db");

	scene_end(scene, container, 4);
	container->state = "restarting";
	scene_until(scene, 0, "started exited(4)+");
	scene_begin(scene, container);
	scene_until(scene, 0, "started exited(4)+ started");
	/* The engine gives it up: nothing follows any more. */
	scene_end(scene, container, 5);
	container->state = "restarting";
	scene_until(scene, 0, "exited(5)+");
	container->state = "exited";
	scene_event(scene, container, "die");
	scene_until(scene, 0, "exited(5)+ exited(5)");
}

/* Its events have other names for an end, for a code and for a removal. */
static void podman_is_understood(void **state)
{
	struct scene *scene = *state;
	struct scene_container *container;

	scene->podman = true;
	container = scene_up(scene, 0, "db");
	/* Begun again before anybody looked: the event alone knows how it ended. */
	container->code = 9;
	scene->now++;
	scene_event(scene, container, "died");
	scene_begin(scene, container);
	scene_until(scene, 0, "started exited(9)+ started");
	scene_end(scene, container, 3);
	scene_until(scene, 0, "started exited(3)");
	container = scene_up(scene, 1, "web");
	scene_remove(scene, container);
	scene_until(scene, 1, "started exited(137)");
}

static void each_run_is_told_once_however_often_it_is_heard_of(void **state)
{
	struct scene *scene = *state;
	struct scene_container *container = scene_up(scene, 0, "db");
	size_t looks = docker_play_count(scene->play, "GET", "/containers/0*/json");

	scene_event(scene, container, "start");
	scene_event(scene, container, "start");
	docker_play_await(scene->play, "GET", "/containers/0*/json", looks + 2);
	/* Ended and begun again before anybody looked: the event alone knows how it ended. */
	container->code = 9;
	scene->now++;
	scene_event(scene, container, "die");
	scene_begin(scene, container);
	scene_until(scene, 0, "started exited(9)+ started");
	/* The same without an event. */
	scene->mute = true;
	scene_begin(scene, container);
	scene->mute = false;
	scene_event(scene, container, "unpause");
	scene_until(scene, 0, "started exited(9)+ started exited(255)+ started");
	scene_end(scene, container, 0);
	scene_event(scene, container, "die");
	scene_until(scene, 0, "started exited(0)");
}

static void a_stop_is_told_as_the_signal_it_was(void **state)
{
	struct scene *scene = *state;

	scene_up(scene, 0, "db");
	scene->mute = true; /* the answer alone is enough */
	assert_int_equal(scene_stop(scene, 0, 1500), 0);
	scene_until(scene, 0, "started killed(15)");
	assert_int_equal(docker_play_count(scene->play, "POST", "/containers/*/stop?t=2"), 1);
	assert_int_equal(scene_stop(scene, 0, 1500), -ESRCH);
}

static void one_that_does_not_stop_is_killed(void **state)
{
	struct scene *scene = *state;

	scene_up(scene, 0, "db");
	scene->hold_stops = true;
	assert_int_equal(scene_stop(scene, 0, 60000), 0);
	docker_play_await(scene->play, "POST", "/containers/*/stop?t=60", 1);
	engine_compose.kill(scene->engine, 0);
	scene_until(scene, 0, "started killed(9)");
}

static void a_signal_goes_to_its_main_process(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(engine_compose.signal(scene->engine, 0, SIGHUP), -ESRCH);
	scene_up(scene, 0, "db");
	assert_int_equal(engine_compose.signal(scene->engine, 0, SIGUSR1), 0);
	scene_until(scene, 0, "started killed(10)");
	assert_int_equal(engine_compose.signal(scene->engine, 0, SIGHUP), -ESRCH);
}

static void what_others_do_by_hand_is_told_as_what_it_is(void **state)
{
	struct scene *scene = *state;
	struct scene_container *container = scene_up(scene, 0, "db");

	scene_end(scene, container, 137); /* docker kill */
	scene_until(scene, 0, "started exited(137)");
	scene_begin(scene, container); /* docker start */
	scene_until(scene, 0, "exited(137) started");
	scene_end(scene, container, 137); /* docker rm -f */
	scene_remove(scene, container);
	scene_until(scene, 0, "exited(137) started exited(137)");
	container = scene_run(scene, 0, "db", 1);
	scene_until(scene, 0, "exited(137) started");
	scene->mute = true;
	scene_end(scene, container, 1);
	container->id[0] = '\0';
	scene->mute = false;
	assert_int_equal(scene_stop(scene, 0, 1000), 0); /* gone, and nobody has said so */
	scene_until(scene, 0, "started killed(9)");
}

/* A signal by the engine is known by it; a code that only looks like another, or comes in a later run, is a code. */
static void who_is_killed_by_hand_is_told_by_the_signal(void **state)
{
	struct scene *scene = *state;
	struct scene_container *container = scene_up(scene, 0, "db");

	scene_event(scene, container, "kill"); /* by SIGTERM */
	scene_end(scene, container, 143);
	scene_until(scene, 0, "started killed(15)");
	scene_begin(scene, container);
	scene_until(scene, 0, "killed(15) started");
	scene_end(scene, container, 143);
	scene_until(scene, 0, "started exited(143)");
	scene_begin(scene, container);
	scene_until(scene, 0, "exited(143) started");
	scene_event(scene, container, "kill");
	scene_end(scene, container, 137);
	scene_until(scene, 0, "started exited(137)");
}

static void want_of_memory_is_told(void **state)
{
	struct scene *scene = *state;
	struct scene_container *container = scene_up(scene, 0, "db");

	scene_event(scene, container, "oom");
	scene_end(scene, container, 137);
	scene_until(scene, 0, "started killed(9)!");
	scene_begin(scene, container);
	scene_until(scene, 0, "started");
	container->oom = true;
	scene_end(scene, container, 1);
	scene_until(scene, 0, "started exited(1)!");
}

/* ---- Health ---- */

static void health_is_told_when_it_changes(void **state)
{
	struct scene *scene = *state;
	struct scene_container *container;

	scene_start(scene, 0, "db", 1);
	scene_until_called(scene, 1);
	container = scene_create(scene, 0, "db", 1);
	container->health = "starting";
	scene_begin(scene, container);
	scene_until(scene, 0, "started");
	assert_true(scene->seen[0].has_health);
	container->health = "unhealthy";
	container->output = "\\nno route\\nto host";
	scene_event(scene, container, "health_status: unhealthy");
	scene_until(scene, 0, "started ill");
	assert_string_equal(scene->seen[0].detail, "no route");
	scene_event(scene, container, "health_status: unhealthy");
	container->health = "healthy";
	scene_event(scene, container, "health_status");
	scene_until(scene, 0, "started ill well");
	container->state = "paused";
	scene_event(scene, container, "pause");
	scene_until(scene, 0, "started ill well ill");
	assert_string_equal(scene->seen[0].detail, "paused");
	container->state = "running";
	scene_event(scene, container, "unpause");
	scene_until(scene, 0, "started ill well ill well");
	scene_let(scene, 0, "");
}

static void without_a_health_check_only_a_pause_is_ill(void **state)
{
	struct scene *scene = *state;
	struct scene_container *container = scene_up(scene, 0, "db");

	assert_false(scene->seen[0].has_health);
	container->state = "paused";
	scene_event(scene, container, "pause");
	scene_until(scene, 0, "started ill");
	container->state = "running";
	scene_event(scene, container, "unpause");
	scene_until(scene, 0, "started ill well");
}

/* ---- Stops of what is about to start ---- */

static void a_call_that_nobody_needs_any_more_is_ended(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, 0, "db", 1);
	scene_until_called(scene, 1);
	assert_int_equal(scene_stop(scene, 0, 1000), 0);
	scene_until(scene, 0, "failed");
	assert_string_equal(scene->seen[0].failure, "it was stopped before it had started");
}

static void a_call_that_another_needs_goes_on(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, 0, "db", 1);
	scene_start(scene, 2, "job", 1);
	scene_until_called(scene, 1);
	assert_int_equal(scene_stop(scene, 0, 1000), 0);
	scene_run(scene, 0, "db", 1);
	scene_until(scene, 0, "started killed(15)");
	scene_run(scene, 1, "job", 1);
	scene_until(scene, 2, "started");
	scene_let(scene, 0, "");
}

static void a_start_that_waits_is_taken_back(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, 0, "db", 1);
	scene_until_called(scene, 1);
	scene_start(scene, 2, "job", 1);
	assert_int_equal(scene_stop(scene, 2, 1000), 0);
	scene_until(scene, 2, "failed");
	scene_run(scene, 0, "db", 1);
	scene_until(scene, 0, "started");
	scene_let(scene, 0, "");
}

/* ---- The end ---- */

static void a_unit_that_is_forgotten_takes_its_container_along(void **state)
{
	struct scene *scene = *state;

	scene_up(scene, 0, "db");
	assert_int_equal(scene_stop(scene, 0, 0), 0);
	scene_until(scene, 0, "killed(15)");
	engine_compose.forget(scene->engine, 0);
	docker_play_await(scene->play, "DELETE", "/containers/*", 1);
	assert_int_equal(engine_compose.stop(scene->engine, 0, SIGTERM, 0), -ESRCH);
}

static void a_closed_project_leaves_nothing(void **state)
{
	struct scene *scene = *state;
	struct containers_note note;

	scene_up(scene, 0, "db");
	assert_int_equal(containers_note_read(scene->folder, &note), 0);
	assert_string_equal(note.project, SCENE_PROJECT);
	assert_string_equal(note.dir, scene->text.source->dir); /* the folder of its own files */
	containers_note_finish(&note);
	engine_compose.ending(scene->engine);
	assert_int_equal(scene_stop(scene, 0, 1000), 0);
	scene_until(scene, 0, "killed(15)");
	scene_start(scene, 1, "web", 1);
	scene_until(scene, 1, "failed");
	engine_compose.close(scene->engine, false);
	scene_until_world(scene, "closed");
	assert_int_equal(scene->containers[0].id[0], '\0');
	assert_int_equal(containers_note_read(scene->folder, &note), -ENOENT);
}

static void what_no_call_has_named_is_not_ours_to_end(void **state)
{
	struct scene *scene = *state;

	scene_run(scene, 0, "db", 1);
	engine_compose.ending(scene->engine);
	engine_compose.close(scene->engine, true);
	scene_until_world(scene, "closed");
	assert_int_not_equal(scene->containers[0].id[0], '\0');
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(starts_of_one_turn_are_one_call),
		TEST(what_nobody_wants_is_not_started_for_others),
		TEST(a_start_during_a_call_waits_for_the_next),
		TEST(what_ran_before_is_ours_once_the_call_has_named_it),
		TEST(one_that_is_made_anew_is_told_as_the_new_one_only),
		TEST(a_run_too_short_to_be_seen_is_told_whole),
		TEST(replicas_beyond_those_declared_are_asked_for),
		TEST(a_one_off_container_is_nobodys),
		TEST(what_did_not_start_fails_with_what_was_said_of_it),
		TEST(what_the_engine_keeps_with_a_container_says_whose_trouble_it_is),
		TEST(an_image_that_cannot_be_had_is_its_services_trouble),
		TEST(a_compose_program_that_is_not_there_fails_the_start),
		TEST(the_engines_restarts_are_told_as_such),
		TEST(podman_is_understood),
		TEST(each_run_is_told_once_however_often_it_is_heard_of),
		TEST(a_stop_is_told_as_the_signal_it_was),
		TEST(one_that_does_not_stop_is_killed),
		TEST(a_signal_goes_to_its_main_process),
		TEST(what_others_do_by_hand_is_told_as_what_it_is),
		TEST(who_is_killed_by_hand_is_told_by_the_signal),
		TEST(want_of_memory_is_told),
		TEST(health_is_told_when_it_changes),
		TEST(without_a_health_check_only_a_pause_is_ill),
		TEST(a_call_that_nobody_needs_any_more_is_ended),
		TEST(a_call_that_another_needs_goes_on),
		TEST(a_start_that_waits_is_taken_back),
		TEST(a_unit_that_is_forgotten_takes_its_container_along),
		TEST(a_closed_project_leaves_nothing),
		TEST(what_no_call_has_named_is_not_ours_to_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
