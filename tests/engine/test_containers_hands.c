/* SPDX-License-Identifier: MIT */
/*
 * What happens to containers while they run: they get ill and well, somebody has a hand on them behind upfront's back, consent is withdrawn, they
 * report through the relay, the terminal goes away, their engine stands still.
 */
#include "tests/lib/container_scene.h"
#include "tests/lib/run.h"
#include "tests/lib/skip.h"
#include "tests/lib/stack_run.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct container_scene scene;

static int end_group(void **state)
{
	(void)state;
	engine_run_end(&scene.engine);
	return 0;
}

#define OF(service) "$(docker ps -aq --filter label=com.docker.compose.service=" service ")"

/* ---- Ill and well ---- */

static const char health_text[] = "name: health\n"
				  "services:\n"
				  "  patient:\n"
				  "    image: parcel/box:1.4\n"
				  "    init: true\n"
				  "    stop_grace_period: 1s\n"
				  "    command: sleep 1000\n"
				  "    volumes: ['./ward:/ward']\n"
				  "    healthcheck:\n"
				  "      test: [CMD-SHELL, 'test -e /ward/well || { echo has a fever; exit 1; }']\n"
				  "      interval: 100ms\n"
				  "      retries: 2\n";

static void test_unhealthy(void **state)
{
	struct run run;

	(void)state;
	container_scene_begin(&scene, health_text);
	world_write(&scene.world, "ward/README", "");
	run_upfront(&run, &scene.world, "up", "-d", "--wait", NULL);
	run_assert_code(&run, 1);
	run_assert_says(&run, "patient");
	run_assert_says(&run, "has a fever");
	run_finish(&run);
	world_wait_gone(&scene.world, "", 3000);
	container_scene_end(&scene, "health");
}

static void test_ill_and_well(void **state)
{
	(void)state;
	container_scene_begin(&scene, health_text);
	world_write(&scene.world, "ward/well", "");
	stack_begin_ready(&scene.world, NULL);
	container_scene_wait(&scene, "patient", "state", "ready");
	assert_int_equal(remove(world_path(&scene.world, "ward/well")), 0);
	container_scene_wait(&scene, "patient", "state", "unhealthy");
	container_scene_wait_for(&scene, "ps", "has a fever");
	world_write(&scene.world, "ward/well", "");
	container_scene_wait(&scene, "patient", "state", "ready");
	stack_end(&scene.world, 1);
	container_scene_end(&scene, "health");
}

/* ---- By hand ---- */

static const char hand_text[] = "name: hand\n"
				"services:\n"
				"  desk:\n"
				"    image: parcel/box:1.4\n"
				"    init: true\n"
				"    stop_grace_period: 1s\n"
				"    command: sleep 1000\n"
				"  stays: {image: 'parcel/box:1.4', init: true, command: sleep 1000}\n";

static void test_by_hand(void **state)
{
	(void)state;
	container_scene_begin(&scene, hand_text);
	stack_begin_ready(&scene.world, NULL);
	free(engine_run_docker(&scene.engine, "pause " OF("desk")));
	container_scene_wait_for(&scene, "ps", "paused");
	free(engine_run_docker(&scene.engine, "unpause " OF("desk")));
	container_scene_wait(&scene, "desk", "state", "running");
	free(engine_run_docker(&scene.engine, "stop -t 1 " OF("desk")));
	container_scene_wait(&scene, "desk", "state", "failed");
	container_scene_says(&scene, 0, "ps", "killed by SIGTERM");
	free(container_scene_upfront(&scene, 0, "start desk"));
	container_scene_wait(&scene, "desk", "state", "running");
	free(engine_run_docker(&scene.engine, "rm -f " OF("desk")));
	container_scene_wait(&scene, "desk", "state", "failed");
	container_scene_says(&scene, 0, "ps", "killed by SIGKILL");
	free(container_scene_upfront(&scene, 0, "start desk"));
	container_scene_wait(&scene, "desk", "state", "running");
	stack_end(&scene.world, 1);
	container_scene_end(&scene, "hand");
}

static void test_out_of_memory(void **state)
{
	char *text;

	(void)state;
	container_scene_begin(&scene,
			      "name: eats\n"
			      "services:\n"
			      "  eater:\n"
			      "    image: parcel/box:1.4\n"
			      "    mem_limit: 16m\n"
			      "    memswap_limit: 16m\n"
			      "    command: [sh, -c, 'head -c 100000000 /dev/zero | tail -c 100000000 >/dev/null']\n"
			      "  stays: {image: 'parcel/box:1.4', init: true, command: sleep 1000}\n");
	text = engine_run_docker(&scene.engine, "info -f '{{.MemoryLimit}}'");
	if (strcmp(text, "true\n") != 0) {
		free(text);
		container_scene_end(&scene, "eats");
		skip_because("the kernel limits no container's memory here");
	}
	free(text);
	stack_begin(&scene.world, NULL);
	container_scene_wait(&scene, "eater", "state", "failed");
	container_scene_says(&scene, 0, "ps", "memory");
	stack_end(&scene.world, 1);
	container_scene_end(&scene, "eats");
}

/* ---- Consent ---- */

static const char reports_text[] =
	"name: reports\n"
	"x-upfront:\n"
	"  app: Parcel\n"
	"  telemetry:\n"
	"    notice: 1\n"
	"    controller: Parcel Inc.\n"
	"    policy: https://example.org/policy\n"
	"    host: file:%s\n"
	"    key: phc_x\n"
	"    services: {asked: {mode: [far, near]}}\n"
	"    env:\n"
	"      on: {REPORTS: 'on', SINK: '${relay}'}\n"
	"      off: {REPORTS: 'off'}\n"
	"    on_withdraw: {signal: SIGUSR1}\n"
	"services:\n"
	"  far:\n"
	"    image: parcel/box:1.4\n"
	"    stop_grace_period: 1s\n"
	"    ports: ['127.0.0.1:%d:8000']\n"
	"    command:\n"
	"    - sh\n"
	"    - -c\n"
	"    - |\n"
	"      trap 'echo far was told' USR1; trap 'exit 0' TERM\n"
	"      echo \"far reports: $$REPORTS\"\n"
	"      mkdir /www; echo far >/www/who; httpd -p 8000 -h /www\n"
	"      until [ \"$$(wget -q -O - http://host.docker.internal:%d/who)\" = near ]; do sleep 0.1; done\n"
	"      echo far sees near\n"
	"      [ -z \"$$SINK\" ] || wget -q -O - --header 'Content-Type: application/json' --post-data \"$$(cat "
	"/event)\" "
	"$$SINK/capture/\n"
	"      while :; do sleep 0.1; done\n"
	"    volumes: ['./event.far:/event']\n"
	"  near:\n"
	"    x-upfront: {shell: true}\n"
	"    command: |\n"
	"      mkdir -p www; echo near >www/who; busybox httpd -f -p %d -h www &\n"
	"      until [ \"$$(busybox wget -q -O - http://127.0.0.1:%d/who)\" = far ]; do sleep 0.1; done\n"
	"      echo near sees far\n"
	"      busybox wget -q -O - --header 'Content-Type: application/json' --post-data \"$$(cat event.near)\" "
	"$$SINK/capture/\n"
	"      wait\n";

#define EVENT(mode) \
	"{\"api_key\":\"phc_x\",\"event\":\"asked\",\"distinct_id\":\"me\",\"properties\":{\"mode\":\"" mode "\"}}"

static void wait_for_sent(const char *text)
{
	const int64_t since_ms = world_now_ms();

	for (;;) {
		char *sent = world_read(&scene.world, "sent.jsonl");
		const bool well = sent != NULL && strstr(sent, text) != NULL;

		free(sent);
		if (well)
			return;
		world_pause(since_ms, CONTAINER_LIMIT_MS, text);
	}
}

/* Both reach each other and the relay; after the withdrawal both are told, and who starts again is told off. */
static void test_consent(void **state)
{
	char *text = NULL;
	int ports[2];

	(void)state;
	container_scene_begin(&scene, "services: {}\n");
	ports[0] = world_free_port();
	do
		ports[1] = world_free_port();
	while (ports[1] == ports[0]);
	assert_true(asprintf(&text, reports_text, world_path(&scene.world, "sent.jsonl"), ports[0], ports[1], ports[1],
			     ports[0]) > 0);
	world_write(&scene.world, "compose.yaml", text);
	free(text);
	world_write(&scene.world, "event.far", EVENT("far"));
	world_write(&scene.world, "event.near", EVENT("near"));
	free(container_scene_upfront(&scene, 0, "-q up -d --wait --telemetry=on"));
	container_scene_wait_for(&scene, "logs --no-log-prefix far", "far reports: on\n");
	container_scene_wait_for(&scene, "logs --no-log-prefix far", "far sees near\n");
	container_scene_wait_for(&scene, "logs --no-log-prefix near", "near sees far\n");
	wait_for_sent("\"mode\":\"near\"");
	wait_for_sent("\"mode\":\"far\"");
	free(container_scene_upfront(&scene, 0, "telemetry off"));
	container_scene_wait_for(&scene, "logs --no-log-prefix far", "far was told\n");
	free(container_scene_upfront(&scene, 0, "restart far"));
	container_scene_wait_for(&scene, "logs --no-log-prefix far", "far reports: off\n");
	text = engine_run_docker(&scene.engine, "exec " OF("far") " env");
	assert_non_null(strstr(text, "UPFRONT_TELEMETRY=off\n"));
	assert_non_null(strstr(text, "DO_NOT_TRACK=1\n"));
	assert_null(strstr(text, "SINK=http"));
	free(text);
	stack_end(&scene.world, 1);
	container_scene_end(&scene, "reports");
}

/* ---- The terminal ---- */

static size_t left(void)
{
	return engine_run_count(&scene.engine, "ps -aq --filter label=com.docker.compose.project=hand");
}

static void test_terminal_killed(void **state)
{
	static const char *const up[] = {"upfront", "up", NULL};
	const struct run_options options = {.argv = up};
	struct run run;
	int64_t since_ms;

	(void)state;
	container_scene_begin(&scene, hand_text);
	run_begin(&run, &scene.world, &options);
	run_expect(&run, "hand is up");
	assert_int_equal(left(), 2);
	since_ms = world_now_ms();
	kill(run.pid, SIGKILL);
	while (left() > 0)
		world_pause(since_ms, CONTAINER_LIMIT_MS, "the containers to go");
	run_finish(&run);
	world_wait_gone(&scene.world, "", 3000);
	container_scene_end(&scene, "hand");
}

static bool patient_runs(void *context)
{
	(void)context;
	return engine_run_count(&scene.engine, "ps -q --filter label=com.docker.compose.project=health") == 1;
}

static void test_interrupted(void **state)
{
	static const char *const up[] = {"upfront", "up", NULL};
	const struct run_options options = {.argv = up};
	char *text = strdup(health_text);
	struct run run;

	(void)state;
	assert_non_null(text);
	memcpy(strstr(text, "retries: 2"), "retries: 9", 10);
	container_scene_begin(&scene, text);
	free(text);
	world_write(&scene.world, "ward/README", "");
	run_begin(&run, &scene.world, &options);
	run_until(&run, patient_runs, NULL, "patient to run");
	run_signal(&run, SIGINT);
	run_wait(&run);
	run_assert_code(&run, 130);
	run_finish(&run);
	world_wait_gone(&scene.world, "", 3000);
	container_scene_end(&scene, "health");
}

/* ---- An engine that stands still ---- */

static void wait_for_reachable(const char *wanted, int limit_ms)
{
	const int64_t since_ms = world_now_ms();

	for (;;) {
		char *text = container_scene_upfront(&scene, 0, "ps --json");
		const bool well = strstr(text, wanted) != NULL;

		free(text);
		if (well)
			return;
		world_pause(since_ms, limit_ms, wanted);
	}
}

#define TOLD_MS 2000
#define LATE_MS 1500

/* It is told soon after something was asked of it; once it goes on, what was asked is done: a restart, and the end of all. */
static void test_stands_still(void **state)
{
	static const char *const restart[] = {"upfront", "restart", "desk", NULL};
	static const char *const down[] = {"upfront", "down", "-t", "1", NULL};
	const struct run_options options = {.argv = restart}, ending = {.argv = down};
	struct run run;

	(void)state;
	container_scene_begin(&scene, hand_text);
	stack_begin_ready(&scene.world, NULL);
	kill(scene.engine.pid, SIGSTOP);
	run_begin(&run, &scene.world, &options);
	wait_for_reachable("\"reachable\":false", TOLD_MS + LATE_MS);
	kill(scene.engine.pid, SIGCONT);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	wait_for_reachable("\"reachable\":true", CONTAINER_LIMIT_MS);
	container_scene_wait(&scene, "desk", "state", "running");
	kill(scene.engine.pid, SIGSTOP);
	run_begin(&run, &scene.world, &ending);
	wait_for_reachable("\"reachable\":false", TOLD_MS + LATE_MS);
	kill(scene.engine.pid, SIGCONT);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	world_wait_gone(&scene.world, "", 3000);
	container_scene_end(&scene, "hand");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unhealthy),   cmocka_unit_test(test_ill_and_well),
		cmocka_unit_test(test_by_hand),     cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_consent),     cmocka_unit_test(test_terminal_killed),
		cmocka_unit_test(test_interrupted), cmocka_unit_test(test_stands_still),
	};

	return cmocka_run_group_tests_name("hands on containers", tests, NULL, end_group);
}
