/* SPDX-License-Identifier: MIT */
/* The compose engine when its container engine goes away and comes back: nothing is ended by that, and nothing goes unanswered. */
#include "tests/unit/engine/compose_scene.h"

static void an_engine_that_goes_is_told_at_once_and_looked_for(void **state)
{
	struct scene *scene = *state;
	struct scene_container *container = scene_up(scene, 0, "db");

	docker_play_away(scene->play, true);
	scene_until_world(scene, "away");
	assert_non_null(strstr(scene->away, "unix://"));
	assert_string_equal(scene->seen[0].told, "started");
	/* Meanwhile one ends, and nobody hears of it. */
	container->state = "exited";
	container->code = 3;
	docker_play_back(scene->play);
	scene_until_world(scene, "away back");
	scene_until(scene, 0, "started exited(3)");
	assert_int_equal(docker_play_count(scene->play, "GET", "/events?since=17952*"), 1);
	scene_begin(scene, container);
	scene_until(scene, 0, "exited(3) started");
}

static void a_container_that_was_made_anew_meanwhile_is_found(void **state)
{
	struct scene *scene = *state;

	scene_up(scene, 0, "db");
	docker_play_away(scene->play, false);
	scene_until_world(scene, "away");
	scene->containers[0].id[0] = '\0';
	scene->mute = true;
	scene_run(scene, 1, "db", 1);
	scene->mute = false;
	docker_play_back(scene->play);
	scene_until(scene, 0, "started exited(255)+ started");
}

static void one_that_is_not_there_at_first_is_waited_for(void **state)
{
	struct scene *scene = *state;

	docker_play_away(scene->play, true);
	scene_start(scene, 0, "db", 1);
	scene_until_world(scene, "away");
	assert_int_equal(scene->call_count, 0);
	docker_play_back(scene->play);
	scene_until_called(scene, 1);
	scene_run(scene, 0, "db", 1);
	scene_until(scene, 0, "started");
	scene_let(scene, 0, "");
	assert_string_equal(scene->world, "away back");
}

static void a_call_that_failed_because_of_it_is_made_again(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, 0, "db", 1);
	scene_start(scene, 2, "job", 1);
	scene_until_called(scene, 1);
	scene_run(scene, 0, "db", 1);
	scene_until(scene, 0, "started");
	docker_play_away(scene->play, true);
	scene_let(scene, 1, "Cannot connect to the Docker daemon\n");
	scene_until_world(scene, "away");
	docker_play_back(scene->play);
	scene_until_called(scene, 2);
	assert_non_null(strstr(scene->calls, " up -d job\n"));
	scene_run(scene, 1, "job", 1);
	scene_until(scene, 2, "started");
	scene_let(scene, 0, "");
	assert_string_equal(scene->seen[0].told, "started");
}

static void the_same_when_it_is_back_before_the_call_ends(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, 0, "db", 1);
	scene_until_called(scene, 1);
	docker_play_away(scene->play, true);
	scene_until_world(scene, "away");
	docker_play_back(scene->play);
	scene_until_world(scene, "back");
	scene_let(scene, 1, "Error response from daemon: connection reset\n");
	scene_until_called(scene, 2);
	scene_run(scene, 0, "db", 1);
	scene_until(scene, 0, "started");
	scene_let(scene, 0, "");
}

static void a_container_that_the_engine_cannot_start_any_more_is_made_anew(void **state)
{
	struct scene *scene = *state;
	struct scene_container *stuck;
	char says[256];

	scene_start(scene, 0, "db", 1);
	scene_start(scene, 1, "web", 1);
	scene_until_called(scene, 1);
	stuck = scene_create(scene, 0, "db", 1);
	snprintf(says, sizeof says, "Cannot start service db: task %s: already exists\n", stuck->id);
	scene_let(scene, 1, says);
	scene_until_called(scene, 2);
	assert_int_equal(stuck->id[0], '\0');
	scene_run(scene, 1, "db", 1);
	scene_run(scene, 2, "web", 1); /* that had only waited for it */
	scene_until(scene, 0, "started");
	scene_until(scene, 1, "started");
	scene_let(scene, 0, "");
	assert_string_equal(scene->seen[0].told, "started");
	assert_string_equal(scene->seen[1].told, "started");
}

static void a_stop_meanwhile_is_done_when_it_is_back(void **state)
{
	struct scene *scene = *state;

	scene_up(scene, 0, "db");
	docker_play_away(scene->play, true);
	scene_until_world(scene, "away");
	assert_int_equal(scene_stop(scene, 0, 3000), 0);
	docker_play_back(scene->play);
	scene_until(scene, 0, "started killed(15)");
	assert_int_equal(docker_play_count(scene->play, "POST", "/containers/*/stop?t=3"), 1);
}

static void a_stop_that_it_took_along_is_asked_again(void **state)
{
	struct scene *scene = *state;

	scene_up(scene, 0, "db");
	scene->hold_stops = true;
	assert_int_equal(scene_stop(scene, 0, 3000), 0);
	docker_play_await(scene->play, "POST", "/containers/*/stop*", 1);
	docker_play_away(scene->play, true);
	scene_until_world(scene, "away");
	scene->hold_stops = false;
	docker_play_back(scene->play);
	scene_until(scene, 0, "started killed(15)");
}

static void a_start_that_nobody_wants_any_more_is_answered_by_what_is_found(void **state)
{
	static const bool runs[] = {true, false};
	struct scene *scene = *state;

	for (size_t i = 0; i < 2; i++) {
		unsigned unit = (unsigned)i * 2;
		const char *service = i == 0 ? "db" : "job";

		scene_start(scene, unit, service, 1);
		scene_until_called(scene, (int)i + 1);
		docker_play_away(scene->play, true);
		scene_until_world(scene, "away");
		scene_let(scene, 1, "");
		scene->mute = true;
		if (runs[i])
			scene_run(scene, i, service, 1);
		scene->mute = false;
		assert_int_equal(scene_stop(scene, unit, 1000), 0);
		assert_string_equal(scene->seen[unit].told, "");
		docker_play_back(scene->play);
		scene_until(scene, unit, runs[i] ? "started killed(15)" : "failed");
	}
	assert_int_equal(scene->call_count, 2);
}

static void the_end_waits_for_it(void **state)
{
	struct scene *scene = *state;
	struct containers_note note;

	scene_up(scene, 0, "db");
	docker_play_away(scene->play, true);
	scene_until_world(scene, "away");
	engine_compose.ending(scene->engine);
	engine_compose.close(scene->engine, false);
	docker_play_back(scene->play);
	scene_until_world(scene, "away back closed");
	assert_int_equal(scene->containers[0].id[0], '\0');
	assert_int_equal(containers_note_read(scene->folder, &note), -ENOENT);
}

static void one_that_hangs_is_noticed_while_something_is_asked_of_it(void **state)
{
	struct scene *scene = *state;

	scene_up(scene, 0, "db");
	docker_play_handler(scene->play, "GET", "/_ping", NULL, NULL);
	scene->hold_stops = true;
	assert_int_equal(scene_stop(scene, 0, 30000), 0);
	scene_until_world(scene, "away");
	/* It goes on where it was. */
	docker_play_route(scene->play, "GET", "/_ping", 200, "{}");
	scene->hold_stops = false;
	scene_until(scene, 0, "started killed(15)");
	assert_string_equal(scene->world, "away back");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_engine_that_goes_is_told_at_once_and_looked_for),
		TEST(a_container_that_was_made_anew_meanwhile_is_found),
		TEST(one_that_is_not_there_at_first_is_waited_for),
		TEST(a_call_that_failed_because_of_it_is_made_again),
		TEST(the_same_when_it_is_back_before_the_call_ends),
		TEST(a_container_that_the_engine_cannot_start_any_more_is_made_anew),
		TEST(a_stop_meanwhile_is_done_when_it_is_back),
		TEST(a_stop_that_it_took_along_is_asked_again),
		TEST(a_start_that_nobody_wants_any_more_is_answered_by_what_is_found),
		TEST(the_end_waits_for_it),
		TEST(one_that_hangs_is_noticed_while_something_is_asked_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
