/* SPDX-License-Identifier: MIT */
/* What is typed into a container's terminal, and its size, against a played engine. */
#include "tests/unit/engine/parts_scene.h"

#include <errno.h>

#define ATTACH "/containers/*/attach*"
#define RESIZE "/containers/*/resize*"

static void upgrade(void *context, struct docker_play_call *call)
{
	(void)context;
	docker_play_upgrade(call);
}

static void terminal_open(struct scene *scene)
{
	scene_open(scene, 1);
	scene->part[0].tty = scene->part[0].stdin_open = true;
	docker_play_handler(scene->play, "POST", ATTACH, upgrade, NULL);
	docker_play_route(scene->play, "POST", RESIZE, 200, NULL);
}

struct typed {
	const struct docker_play_call *call;
	const char *text;
};

static bool was_typed(void *context)
{
	const struct typed *typed = context;

	return strcmp(docker_play_typed(typed->call), typed->text) == 0;
}

static void await_typed(struct scene *scene, size_t connections, const char *text)
{
	struct typed typed = {docker_play_await(scene->play, "POST", ATTACH, connections), text};

	docker_play_until_so(scene->play, was_typed, &typed);
}

static void test_typing(void **state)
{
	struct scene scene;

	(void)state;
	terminal_open(&scene);
	scene_run(&scene, 0, ID_A);
	assert_int_equal(compose_type(&scene.engine, 0, "l", 1), 0);
	assert_int_equal(compose_type(&scene.engine, 0, "s\n", 2), 0);
	await_typed(&scene, 1, "ls\n");
	assert_string_equal(docker_play_path(docker_play_last(scene.play, "POST", ATTACH)),
			    "/containers/" ID_A "/attach?stream=1&stdin=1");
	/* What the terminal shows comes by the log, not twice. */
	docker_play_send_text(docker_play_last(scene.play, "POST", ATTACH), "bin etc\r\n");
	assert_int_equal(compose_type(&scene.engine, 0, "x", 1), 0);
	await_typed(&scene, 1, "ls\nx");
	assert_string_equal(scene.told[0].text, "");
	/* Its next run is another terminal. */
	compose_terminal_end(&scene.part[0]);
	assert_int_equal(compose_type(&scene.engine, 0, "y", 1), 0);
	await_typed(&scene, 2, "y");
	scene_close(&scene);
}

static void test_who_takes_nothing(void **state)
{
	struct scene scene;

	(void)state;
	terminal_open(&scene);
	assert_int_equal(compose_type(&scene.engine, 7, "x", 1), -ESRCH);
	assert_int_equal(compose_resize(&scene.engine, 7, 1, 1), -ESRCH);
	assert_int_equal(compose_type(&scene.engine, 0, "x", 1), -ESRCH); /* no container */
	scene_run(&scene, 0, ID_A)->state = PART_RESTARTING;
	assert_int_equal(compose_type(&scene.engine, 0, "x", 1), -ESRCH);
	assert_int_equal(compose_resize(&scene.engine, 0, 1, 1), -ESRCH);
	scene.part[0].state = PART_RUNS;
	scene.part[0].stdin_open = false;
	assert_int_equal(compose_type(&scene.engine, 0, "x", 1), -EACCES);
	scene.part[0].tty = false;
	assert_int_equal(compose_type(&scene.engine, 0, "x", 1), -ENOTTY);
	assert_int_equal(compose_resize(&scene.engine, 0, 1, 1), -ENOTTY);
	assert_int_equal(docker_play_count(scene.play, "POST", "*"), 0);
	scene_close(&scene);
}

static bool is_settled(void *context)
{
	const struct scene *scene = context;

	return scene->part[0].resize == NULL;
}

/* A size holds for later runs, too; the same once more is told by way of another, or the program would not hear of it. */
static void test_sizes(void **state)
{
	struct scene scene;

	(void)state;
	terminal_open(&scene);
	scene_run(&scene, 0, ID_A);
	assert_int_equal(compose_resize(&scene.engine, 0, 40, 120), 0);
	docker_play_await(scene.play, "POST", "/containers/" ID_A "/resize?h=40&w=120", 1);
	docker_play_until_so(scene.play, is_settled, &scene);
	assert_int_equal(compose_resize(&scene.engine, 0, 40, 120), 0);
	docker_play_await(scene.play, "POST", "/containers/" ID_A "/resize?h=40&w=121", 1);
	docker_play_await(scene.play, "POST", "/containers/" ID_A "/resize?h=40&w=120", 2);
	compose_terminal_end(&scene.part[0]);
	compose_terminal_begin(&scene.part[0]);
	docker_play_await(scene.play, "POST", "/containers/" ID_A "/resize?h=40&w=120", 3);
	assert_int_equal(docker_play_count(scene.play, "POST", RESIZE), 4);
	scene_close(&scene);
}

/* A person drags a window: only the last of the sizes counts. */
static void test_many_sizes(void **state)
{
	struct scene scene;

	(void)state;
	terminal_open(&scene);
	scene_run(&scene, 0, ID_A);
	for (unsigned columns = 81; columns < 120; columns++)
		assert_int_equal(compose_resize(&scene.engine, 0, 24, columns), 0);
	docker_play_await(scene.play, "POST", RESIZE, 2);
	assert_string_equal(docker_play_path(docker_play_last(scene.play, "POST", RESIZE)),
			    "/containers/" ID_A "/resize?h=24&w=119");
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_typing),
		cmocka_unit_test(test_who_takes_nothing),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_many_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
