/* SPDX-License-Identifier: MIT */
/* Containers as people have them: up, looked at, killed, asked, taken down; alone and beside services of this machine. */
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

#define LIMIT_MS 20000

struct scene {
	struct world world;
	struct engine_run engine;
};
static struct scene scene;

static void begin(const char *stack)
{
	/* One engine for all cases; where none can run, each says so. */
	if (scene.engine.pid == 0) {
		engine_run_begin(&scene.engine);
		engine_run_image(&scene.engine, "parcel/box:1.4", NULL);
	}
	world_begin(&scene.world);
	engine_run_lend(&scene.engine, &scene.world);
	world_write(&scene.world, "compose.yaml", stack);
}

/* Nothing of the project is left in the engine. */
static void end(const char *project)
{
	char args[160];

	snprintf(args, sizeof args, "ps -aq --filter label=com.docker.compose.project=%s", project);
	assert_int_equal(engine_run_count(&scene.engine, args), 0);
	snprintf(args, sizeof args, "network ls -q --filter label=com.docker.compose.project=%s", project);
	assert_int_equal(engine_run_count(&scene.engine, args), 0);
	world_end(&scene.world);
}

static int end_group(void **state)
{
	(void)state;
	engine_run_end(&scene.engine);
	return 0;
}

static void upfront_says(const char *text, const char *const *argv)
{
	const struct run_options options = {.argv = argv};
	struct run run;

	run_command(&run, &scene.world, &options);
	run_assert_code(&run, 0);
	if (strstr(run.out.bytes, text) == NULL)
		fail_msg("no '%s' in: %s%s", text, run.out.bytes, run.err.bytes);
	run_finish(&run);
}

static double number_of(const char *unit, const char *name)
{
	cJSON *found = stack_unit(&scene.world, unit);
	const cJSON *item = cJSON_GetObjectItem(found, name);
	const double value = cJSON_IsNumber(item) ? item->valuedouble : -1;

	cJSON_Delete(found);
	return value;
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

static const char alone_text[] = "name: alone\n"
				 "services:\n"
				 "  store:\n"
				 "    image: parcel/box:1.4\n"
				 "    init: true\n"
				 "    command: [sh, -c, 'echo store opens; touch /tmp/open; exec sleep 1000']\n"
				 "    healthcheck: {test: [CMD, test, -e, /tmp/open], interval: 100ms}\n"
				 "    restart: always\n"
				 "    volumes: ['goods:/goods']\n"
				 "  desk:\n"
				 "    image: parcel/box:1.4\n"
				 "    init: true\n"
				 "    command: [sh, -c, 'echo desk sees $$GREETING; exec sleep 1000']\n"
				 "    environment: {GREETING: 'good morning'}\n"
				 "    depends_on: {store: {condition: service_healthy}}\n"
				 "  once:\n"
				 "    image: parcel/box:1.4\n"
				 "    command: ['true']\n"
				 "volumes: {goods: {}}\n";

/* Up in one call, ready by the engine's health check, restarted by the engine, logs from the start and across the restart, down. */
static void test_alone(void **state)
{
	static const char *const logs[] = {"upfront", "logs", "--timestamps", "store", NULL};
	static const char *const desk[] = {"upfront", "logs", "--no-log-prefix", "desk", NULL};
	const int64_t since_ms = world_now_ms();
	char *text;
	size_t opened = 0;

	(void)state;
	begin(alone_text);
	stack_begin_ready(&scene.world, NULL);
	wait_for_state("store", "ready");
	wait_for_state("desk", "running");
	wait_for_state("once", "completed");
	upfront_says("store opens", logs);
	upfront_says("desk sees good morning", desk);
	/* By nobody's wish: `docker kill` would be one, and nothing that is restarted. */
	text = engine_run_docker(
		&scene.engine,
		"inspect -f '{{.State.Pid}}' $(docker ps -q --filter label=com.docker.compose.service=store)");
	assert_int_equal(kill((pid_t)strtol(text, NULL, 10), SIGKILL), 0);
	free(text);
	while (opened < 2) {
		struct run run;

		run_upfront(&run, &scene.world, "logs", "--no-log-prefix", "store", NULL);
		opened = 0;
		for (const char *at = run.out.bytes; (at = strstr(at, "store opens\n")) != NULL; at++)
			opened++;
		run_finish(&run);
		world_pause(since_ms, LIMIT_MS, "the second run's log");
	}
	assert_int_equal(opened, 2);
	wait_for_state("store", "ready");
	assert_true(number_of("store", "restarts") >= 1);
	text = engine_run_docker(&scene.engine, "volume ls -q --filter label=com.docker.compose.project=alone");
	assert_string_equal(text, "alone_goods\n");
	free(text);
	stack_end(&scene.world, 2);
	assert_int_equal(
		engine_run_count(&scene.engine, "volume ls -q --filter label=com.docker.compose.project=alone"), 1);
	stack_begin_ready(&scene.world, NULL);
	upfront_says("", (const char *const[]){"upfront", "down", "--volumes", "-t", "2", NULL});
	assert_int_equal(
		engine_run_count(&scene.engine, "volume ls -q --filter label=com.docker.compose.project=alone"), 0);
	end("alone");
}

static const char mixed_text[] = "name: mixed\n"
				 "services:\n"
				 "  base:\n"
				 "    image: parcel/box:1.4\n"
				 "    init: true\n"
				 "    command: httpd -f -p 8000 -h /bin\n"
				 "    ports: ['127.0.0.1:%d:8000']\n"
				 "  local:\n"
				 "    command: [sh, -c, 'echo local has what it needs; exec sleep 1000']\n"
				 "    depends_on: {base: {condition: service_started}}\n"
				 "    x-upfront: {ready: {tcp: 'localhost:%d', interval: 100ms}}\n"
				 "  after:\n"
				 "    image: parcel/box:1.4\n"
				 "    init: true\n"
				 "    command: [sh, -c, 'grep -c host.docker.internal /etc/hosts; exec sleep 1000']\n"
				 "    depends_on: {local: {condition: service_healthy}}\n";

/* A container, a service of this machine that waits for it, and a container that waits for that: started and stopped in order. */
static void test_mixed(void **state)
{
	static const char *const logs[] = {"upfront", "logs", "--no-log-prefix", "after", NULL};
	char *text = NULL, *times[2];
	int port;

	(void)state;
	begin("services: {}\n");
	port = world_free_port();
	assert_true(asprintf(&text, mixed_text, port, port) > 0);
	stack_begin_ready(&scene.world, text);
	free(text);
	wait_for_state("local", "ready");
	wait_for_state("after", "running");
	upfront_says("1\n", logs);
	times[0] = engine_run_docker(
		&scene.engine,
		"inspect -f '{{.State.StartedAt}}' $(docker ps -q --filter label=com.docker.compose.service=base)");
	times[1] = engine_run_docker(
		&scene.engine,
		"inspect -f '{{.State.StartedAt}}' $(docker ps -q --filter label=com.docker.compose.service=after)");
	assert_true(strcmp(times[0], times[1]) < 0);
	free(times[0]);
	free(times[1]);
	stack_end(&scene.world, 2);
	end("mixed");
}

/* What changed is made anew, the rest goes on; more and fewer of one. */
static void test_changed(void **state)
{
	static const char *const more[] = {"upfront", "scale", "desk=3", NULL};
	static const char *const fewer[] = {"upfront", "scale", "desk=1", NULL};
	char *before, *after, *text = strdup(alone_text);
	int64_t since_ms;

	(void)state;
	begin(alone_text);
	stack_begin_ready(&scene.world, NULL);
	before = engine_run_docker(&scene.engine, "ps -q --no-trunc --filter label=com.docker.compose.service=store");
	assert_non_null(text);
	memcpy(strstr(text, "good morning"), "good evening", strlen("good evening"));
	world_write(&scene.world, "compose.yaml", text);
	free(text);
	upfront_says("", (const char *const[]){"upfront", "up", "-d", "--wait", NULL});
	after = engine_run_docker(&scene.engine, "ps -q --no-trunc --filter label=com.docker.compose.service=store");
	assert_string_equal(before, after);
	free(before);
	free(after);
	after = engine_run_docker(&scene.engine,
				  "exec $(docker ps -q --filter label=com.docker.compose.service=desk) env");
	assert_non_null(strstr(after, "GREETING=good evening"));
	free(after);
	upfront_says("", more);
	since_ms = world_now_ms();
	while (engine_run_count(&scene.engine, "ps -q --filter label=com.docker.compose.service=desk") != 3)
		world_pause(since_ms, LIMIT_MS, "three of desk");
	upfront_says("", fewer);
	since_ms = world_now_ms();
	while (engine_run_count(&scene.engine, "ps -aq --filter label=com.docker.compose.service=desk") != 1)
		world_pause(since_ms, LIMIT_MS, "one of desk");
	stack_end(&scene.world, 2);
	end("alone");
}

/* What cannot be had is said in words, and nothing is left. */
static void test_image_that_nobody_has(void **state)
{
	struct run run;

	(void)state;
	begin("name: lost\n"
	      "services:\n"
	      "  first: {image: 'parcel/box:1.4', init: true, command: sleep 1000}\n"
	      "  ghost: {image: 'localhost:1/nobody/has:this'}\n"
	      "  box: {image: 'parcel/box:1.4', init: true, command: sleep 1000}\n");
	run_upfront(&run, &scene.world, "up", "-d", "--wait", NULL);
	run_assert_code(&run, 4);
	run_assert_says(&run, "service 'ghost': cannot start its container");
	run_assert_says(&run, "localhost:1/nobody/has:this");
	run_finish(&run);
	world_wait_gone(&scene.world, "", 3000);
	end("lost");
}

/* Exit code 4 and the mend, before anybody is asked. */
static void test_no_engine(void **state)
{
	struct run run;

	(void)state;
	begin(alone_text);
	world_setenv(&scene.world, "DOCKER_HOST", "unix:///nowhere/docker.sock");
	run_upfront(&run, &scene.world, "up", "-d", NULL);
	run_assert_code(&run, 4);
	run_assert_says(&run, "/nowhere/docker.sock");
	run_assert_says(&run, "hint: ");
	run_finish(&run);
	end("alone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),     cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_changed),   cmocka_unit_test(test_image_that_nobody_has),
		cmocka_unit_test(test_no_engine),
	};

	return cmocka_run_group_tests_name("containers", tests, NULL, end_group);
}
