/* SPDX-License-Identifier: MIT */
/*
 * The container engine is killed (SIGKILL) while upfront brings a stack up, while it runs, while it is taken down; and the processes of upfront
 * are. It is said within two seconds, nothing hangs, and what can go on does once the engine is there again.
 */
#include "tests/lib/engine_run.h"
#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIMIT_MS 30000
/* Of the promise, and how much later a test may look. */
#define TOLD_MS 2000

struct scene {
	struct world world;
	struct engine_run engine;
};
static struct scene scene;

static const char stack_text[] =
	"name: lost\n"
	"services:\n"
	"  store:\n"
	"    image: parcel/box:1.4\n"
	"    init: true\n"
	"    restart: always\n"
	"    command: [sh, -c, 'while [ ! -e /goods/open ]; do sleep 0.1; done; touch /tmp/open; exec sleep 1000']\n"
	"    healthcheck: {test: [CMD, test, -e, /tmp/open], interval: 100ms, retries: 1000}\n"
	"    volumes: ['./goods:/goods']\n"
	"    stop_grace_period: 1s\n"
	"  desk:\n"
	"    image: parcel/box:1.4\n"
	"    init: true\n"
	"    restart: always\n"
	"    command: [sleep, '1000']\n"
	"    depends_on: {store: {condition: service_healthy}}\n"
	"    stop_grace_period: 1s\n";

static void begin(bool open)
{
	if (scene.engine.pid == 0) {
		engine_run_begin(&scene.engine);
		engine_run_image(&scene.engine, "parcel/box:1.4", NULL);
	}
	world_begin(&scene.world);
	engine_run_lend(&scene.engine, &scene.world);
	world_write(&scene.world, "compose.yaml", stack_text);
	world_write(&scene.world, open ? "goods/open" : "goods/README", "");
}

static size_t left(void)
{
	return engine_run_count(&scene.engine, "ps -aq --filter label=com.docker.compose.project=lost");
}

static size_t running(void)
{
	return engine_run_count(&scene.engine, "ps -q --filter label=com.docker.compose.project=lost");
}

static void end(void)
{
	world_wait_gone(&scene.world, "", 3000);
	assert_int_equal(left(), 0);
	assert_int_equal(
		engine_run_count(&scene.engine, "network ls -q --filter label=com.docker.compose.project=lost"), 0);
	world_end(&scene.world);
}

static int end_group(void **state)
{
	(void)state;
	engine_run_end(&scene.engine);
	return 0;
}

static bool engine_is_reachable(void)
{
	const cJSON *item;
	struct run run;
	cJSON *answer;
	bool reachable;

	run_upfront(&run, &scene.world, "ps", "--json", NULL);
	run_assert_code(&run, 0);
	answer = cJSON_Parse(run.out.bytes);
	item = cJSON_GetObjectItem(cJSON_GetObjectItem(answer, "engine"), "reachable");
	assert_true(cJSON_IsBool(item));
	reachable = cJSON_IsTrue(item);
	cJSON_Delete(answer);
	run_finish(&run);
	return reachable;
}

static void wait_for_reachable(bool wanted, int limit_ms)
{
	const int64_t since_ms = world_now_ms();

	while (engine_is_reachable() != wanted)
		world_pause(since_ms, limit_ms, wanted ? "the engine to be reachable" : "the engine to be told lost");
}

static void wait_for_state(const char *unit, const char *state)
{
	const int64_t since_ms = world_now_ms();

	for (;;) {
		cJSON *found = stack_unit(&scene.world, unit);
		const bool well = strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(found, "state")), state) == 0;

		cJSON_Delete(found);
		if (well)
			return;
		world_pause(since_ms, LIMIT_MS, state);
	}
}

static void down(int code)
{
	struct run run;

	run_upfront(&run, &scene.world, "down", "-t", "1", NULL);
	run_assert_code(&run, code);
	run_finish(&run);
}

static void test_killed_while_it_runs(void **state)
{
	(void)state;
	begin(true);
	stack_begin_ready(&scene.world, NULL);
	assert_true(engine_is_reachable());
	engine_run_kill(&scene.engine);
	wait_for_reachable(false, TOLD_MS + 1000);
	engine_run_start(&scene.engine);
	wait_for_reachable(true, LIMIT_MS);
	wait_for_state("store", "ready");
	wait_for_state("desk", "running");
	assert_int_equal(running(), 2);
	down(0);
	end();
}

static bool store_runs(void *context)
{
	(void)context;
	return running() == 1;
}

static void test_killed_while_it_comes_up(void **state)
{
	static const char *const up[] = {"upfront", "up", "-d", "--wait", NULL};
	const struct run_options options = {.argv = up, .deadline_ms = 2 * LIMIT_MS};
	struct run run;

	(void)state;
	begin(false);
	run_begin(&run, &scene.world, &options);
	run_until(&run, store_runs, NULL, "store to run");
	engine_run_kill(&scene.engine);
	engine_run_start(&scene.engine);
	world_write(&scene.world, "goods/open", "");
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	wait_for_state("store", "ready");
	wait_for_state("desk", "running");
	down(0);
	end();
}

/* What an engine that is not there keeps is told, and ended by the next command that finds it. */
static void test_killed_while_it_goes_down(void **state)
{
	static const char *const argv[] = {"upfront", "down", "-t", "3", NULL};
	const struct run_options options = {.argv = argv, .deadline_ms = LIMIT_MS};
	struct run run;

	(void)state;
	begin(true);
	stack_begin_ready(&scene.world, NULL);
	engine_run_kill(&scene.engine);
	run_command(&run, &scene.world, &options);
	run_assert_code(&run, 1);
	run_assert_says(&run, "container");
	run_finish(&run);
	world_wait_gone(&scene.world, "", 3000);
	engine_run_start(&scene.engine);
	run_upfront(&run, &scene.world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	end();
}

/* ---- upfront's own processes ---- */

/* Guard and supervisor: a Compose program that is about to end is none of them. */
static size_t find_upfront(pid_t *pids, size_t max)
{
	pid_t all[32];
	size_t count = world_processes(&scene.world, "up -d", all, 32), found = 0;

	for (size_t i = 0; i < count && i < 32 && found < max; i++) {
		char path[64], name[32] = "";
		FILE *file;

		snprintf(path, sizeof path, "/proc/%d/comm", all[i]);
		file = fopen(path, "r");
		if (file != NULL && fgets(name, sizeof name, file) != NULL && strncmp(name, "upfront", 7) == 0)
			pids[found++] = all[i];
		if (file != NULL)
			fclose(file);
	}
	return found;
}

/* The supervisor is the younger of the two. */
static void test_supervisor_killed(void **state)
{
	int64_t since_ms;
	pid_t pids[8];

	(void)state;
	begin(true);
	stack_begin_ready(&scene.world, NULL);
	since_ms = world_now_ms();
	assert_int_equal(find_upfront(pids, 8), 2);
	kill(pids[0] > pids[1] ? pids[0] : pids[1], SIGKILL);
	while (left() > 0)
		world_pause(since_ms, LIMIT_MS, "the containers to go");
	end();
}

/* With nobody left the next command sees to them. */
static void test_all_killed(void **state)
{
	struct run run;
	pid_t pids[8];

	(void)state;
	begin(true);
	stack_begin_ready(&scene.world, NULL);
	assert_int_equal(find_upfront(pids, 8), 2);
	kill(pids[0], SIGKILL);
	kill(pids[1], SIGKILL);
	world_wait_gone(&scene.world, "", 2000);
	assert_int_equal(running(), 2);
	run_upfront(&run, &scene.world, "ps", NULL);
	run_assert_says(&run, "2 containers");
	run_finish(&run);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_while_it_runs),
		cmocka_unit_test(test_killed_while_it_comes_up),
		cmocka_unit_test(test_killed_while_it_goes_down),
		cmocka_unit_test(test_supervisor_killed),
		cmocka_unit_test(test_all_killed),
	};

	return cmocka_run_group_tests_name("a lost engine", tests, NULL, end_group);
}
