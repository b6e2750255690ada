/* SPDX-License-Identifier: MIT */
/*
 * Wren AI's way of shipping - its own Compose file and .env, and config/examples/wrenai/upfront.yaml beside them - with stand-ins under its
 * images' names: the answer reaches every container, the event of the start has the names of its published notice and no other, and nothing
 * is left. With WRENAI_DIR naming a folder that holds Wren AI's own docker-compose.yaml, .env.example and config.example.yaml those are taken.
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
#include <strings.h>

#include <cmocka.h>

#define LIMIT_MS 20000
#define HOST "host: https://app.posthog.com"

struct scene {
	struct world world;
	struct engine_run engine;
	bool images;
};
static struct scene scene;

/* ---- The product ---- */

static char *read_variable(const char *name)
{
	char *text = world_read(&scene.world, ".env"), *at, *value;
	char line[64];

	assert_non_null(text);
	snprintf(line, sizeof line, "%s=", name);
	for (at = strstr(text, line); at != NULL && at > text && at[-1] != '\n';)
		at = strstr(at + 1, line);
	if (at == NULL)
		fail_msg("no %s in .env", name);
	at += strlen(line);
	value = strndup(at, strcspn(at, "\n"));
	free(text);
	return value;
}

/* One busybox under each name, of the version that .env says; they answer where theirs would and end when they are asked to. */
static void make_images(void)
{
	static const struct {
		const char *name, *version, *port;
	} images[] = {
		{"ghcr.io/canner/wren-bootstrap", "WREN_BOOTSTRAP_VERSION", "1"},
		{"ghcr.io/canner/wren-engine", "WREN_ENGINE_VERSION", "8080"},
		{"ghcr.io/canner/wren-engine-ibis", "IBIS_SERVER_VERSION", "8000"},
		{"ghcr.io/canner/wren-ai-service", "WREN_AI_SERVICE_VERSION", "5555"},
		{"ghcr.io/canner/wren-ui", "WREN_UI_VERSION", "3000"},
		{"qdrant/qdrant", NULL, "6333"},
	};
	engine_run_image(&scene.engine, "parcel/box:1.4", NULL);
	for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
		char *version = images[i].version != NULL ? read_variable(images[i].version) : strdup("v1.15.0");
		char *text = NULL;

		assert_true(asprintf(&text,
				     "FROM parcel/box:1.4\n"
				     "RUN mkdir -p /www /app && echo ok >/www/health && echo page >/www/index.html && "
				     "echo 'echo prepared' | tee /app/init.sh >/app/prepare.sh\n"
				     "CMD [\"sh\", \"-c\", \"echo listens; trap 'exit 0' TERM; httpd -p %s -h /www; "
				     "while :; do sleep 0.2; done\"]\n",
				     images[i].port) > 0);
		world_write(&scene.world, "images/Dockerfile", text);
		free(text);
		free(engine_run_docker(&scene.engine, "build -q -t %s:%s %s", images[i].name, version,
				       world_path(&scene.world, "images")));
		free(version);
	}
	scene.images = true;
}

static void begin(void)
{
	const char *real = getenv("WRENAI_DIR");
	char *text, *at, *whole = NULL;

	if (scene.engine.pid == 0)
		engine_run_begin(&scene.engine);
	world_begin(&scene.world);
	engine_run_lend(&scene.engine, &scene.world);
	world_copy(&scene.world, real != NULL ? real : "tests/data/wrenlike");
	text = world_read(&scene.world, real != NULL ? ".env.example" : "env.example");
	assert_non_null(text);
	world_write(&scene.world, ".env", text);
	free(text);
	world_copy(&scene.world, "config/examples/wrenai");
	/* What is sent goes into a file; all else is as it is shipped. */
	text = world_read(&scene.world, "upfront.yaml");
	assert_non_null(text);
	at = strstr(text, HOST);
	assert_non_null(at);
	*at = '\0';
	assert_true(asprintf(&whole, "%shost: file:%s%s", text, world_path(&scene.world, "sent.jsonl"),
			     at + strlen(HOST)) > 0);
	world_write(&scene.world, "upfront.yaml", whole);
	free(text);
	free(whole);
	if (!scene.images)
		make_images();
}

static void end(const char *project)
{
	static const char *const down[] = {"upfront", "down", "--volumes", NULL};
	const struct run_options options = {.argv = down};
	char args[160];
	struct run run;

	run_command(&run, &scene.world, &options);
	run_assert_code(&run, 0);
	run_finish(&run);
	snprintf(args, sizeof args, "ps -aq --filter label=com.docker.compose.project=%s", project);
	assert_int_equal(engine_run_count(&scene.engine, args), 0);
	snprintf(args, sizeof args, "network ls -q --filter label=com.docker.compose.project=%s", project);
	assert_int_equal(engine_run_count(&scene.engine, args), 0);
	snprintf(args, sizeof args, "volume ls -q --filter label=com.docker.compose.project=%s", project);
	assert_int_equal(engine_run_count(&scene.engine, args), 0);
	world_end(&scene.world);
}

static int end_group(void **state)
{
	(void)state;
	engine_run_end(&scene.engine);
	return 0;
}

static void up(const char *answer)
{
	const char *const argv[] = {"upfront", "-q",
				    "up",      "-d",
				    "--wait",  "--wait-timeout",
				    "60",      answer,
				    "--set",   "LLM_PROVIDER=openai",
				    "--set",   "OPENAI_API_KEY=-",
				    "--set",   "GENERATION_MODEL=gpt-4.1-mini",
				    NULL};
	const struct run_options options = {
		.argv = argv, .input_kind = RUN_STDIN_TEXT, .input = "sk-not-a-real-one\n", .deadline_ms = 90000};
	struct run run;

	run_command(&run, &scene.world, &options);
	run_assert_code(&run, 0);
	run_assert_silent(&run, "sk-not-a-real-one");
	run_finish(&run);
}

/* What a program in each running container finds in its environment; the caller frees. */
static char *environments(const char *filter)
{
	return engine_run_docker(
		&scene.engine, "ps -q --filter label=com.docker.compose.project%s | xargs -n 1 -I @ docker exec @ env",
		filter);
}

static const char *project(void)
{
	static char name[64];
	char *value = read_variable("COMPOSE_PROJECT_NAME");

	snprintf(name, sizeof name, "%s", value);
	free(value);
	return name;
}

/* ---- Yes ---- */

static void assert_names(const cJSON *properties)
{
	static const char *const names[] = {
		/* Of the product's published notice. */
		"wren-ui-version", "wren-engine_version", "wren-ai-service-version", "node_version", "node_platform",
		"node_arch", "memory_usage", "cpu_usage", "time",
		/* Of every event. */
		"$geoip_disable", "$process_person_profile", "$ip", "$lib", "$lib_version", "app_version",
		"launcher_version", "platform", "platform_version", "arch", "is_ci", "session_id"};
	const cJSON *item;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!cJSON_HasObjectItem(properties, names[i]))
			fail_msg("no property '%s'", names[i]);
	cJSON_ArrayForEach(item, properties)
	{
		bool known = false;

		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			known = known || strcmp(names[i], item->string) == 0;
		if (!known)
			fail_msg("a property that nobody was told of: '%s'", item->string);
	}
}

static void wait_for_event(void)
{
	const int64_t since_ms = world_now_ms();
	const cJSON *event, *properties;
	cJSON *body;
	char *text, *value;

	while (!world_has(&scene.world, "sent.jsonl"))
		world_pause(since_ms, LIMIT_MS, "the event of the start");
	text = world_read(&scene.world, "sent.jsonl");
	body = cJSON_Parse(text);
	event = cJSON_GetArrayItem(cJSON_GetObjectItem(body, "batch"), 0);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(event, "event")), "server_start");
	properties = cJSON_GetObjectItem(event, "properties");
	assert_names(properties);
	value = read_variable("WREN_UI_VERSION");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(properties, "wren-ui-version")), value);
	free(value);
	cJSON_Delete(body);
	free(text);
}

static void assert_has(const char *text, const char *wanted)
{
	if (strstr(text, wanted) == NULL)
		fail_msg("no '%s' in: %s", wanted, text);
}

static void test_yes(void **state)
{
	char *text, *pid;
	int64_t since_ms;

	(void)state;
	begin();
	up("--telemetry=on");
	text = environments(" --filter label=com.docker.compose.service=wren-ui");
	assert_has(text, "\nTELEMETRY_ENABLED=true\n");
	assert_has(text, "NEXT_PUBLIC_TELEMETRY_ENABLED=true\n");
	assert_has(text, "GENERATION_MODEL=gpt-4.1-mini\n");
	assert_has(text, "POSTHOG_HOST=http://" ENGINE_BRIDGE ":");
	assert_null(strstr(text, "USER_UUID=\n"));
	free(text);
	text = environments(" --filter label=com.docker.compose.service=qdrant");
	assert_has(text, "QDRANT__TELEMETRY_DISABLED=true\n");
	free(text);
	/* The relay answers from inside: a client asks it first of all for its flags. */
	text = engine_run_docker(&scene.engine,
				 "exec $(docker ps -q --filter label=com.docker.compose.service=wren-ui) sh -c "
				 "'wget -q -O - $POSTHOG_HOST/flags/'");
	assert_has(text, "featureFlags");
	free(text);
	wait_for_event();
	/* One that is killed by nobody's wish is there again. */
	pid = engine_run_docker(
		&scene.engine,
		"inspect -f '{{.State.Pid}}' $(docker ps -q --filter label=com.docker.compose.service=wren-engine)");
	assert_int_equal(kill((pid_t)strtol(pid, NULL, 10), SIGKILL), 0);
	free(pid);
	since_ms = world_now_ms();
	for (bool again = false; !again;) {
		struct run run;

		run_upfront(&run, &scene.world, "logs", "--no-log-prefix", "wren-engine", NULL);
		text = strstr(run.out.bytes, "listens\n");
		again = text != NULL && strstr(text + 1, "listens\n") != NULL;
		run_finish(&run);
		world_pause(since_ms, LIMIT_MS, "wren-engine to be there again");
	}
	end(project());
}

/* ---- No ---- */

static bool says_on(const char *value, size_t length)
{
	static const char *const words[] = {"true", "1", "on", "yes", "enabled"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == length && strncasecmp(value, words[i], length) == 0)
			return true;
	return false;
}

/* A switch that speaks of telemetry says off: it is on, and named for that (..._DISABLED), or it is not on. */
static void assert_off(const char *text)
{
	for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1) {
		const size_t length = strcspn(at, "\n"), name = strcspn(at, "=\n");
		char variable[256];

		snprintf(variable, sizeof variable, "%.*s", (int)name, at);
		if (strstr(variable, "TELEMETRY") == NULL || strstr(variable, "DISABLE") != NULL ||
		    strstr(variable, "OPTOUT") != NULL || strstr(variable, "OPT_OUT") != NULL ||
		    strncmp(variable, "EXPO_NO_", 8) == 0)
			continue;
		if (name < length && says_on(at + name + 1, length - name - 1))
			fail_msg("it says on: %.*s", (int)length, at);
	}
}

static void test_no(void **state)
{
	char *text;

	(void)state;
	begin();
	up("--telemetry=off");
	text = environments(" --filter status=running");
	assert_has(text, "\nTELEMETRY_ENABLED=false\n");
	assert_has(text, "NEXT_PUBLIC_TELEMETRY_ENABLED=false\n");
	assert_off(text);
	free(text);
	assert_false(world_has(&scene.world, "sent.jsonl"));
	end(project());
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_yes), cmocka_unit_test(test_no)};

	return cmocka_run_group_tests_name("Wren AI's way of shipping", tests, NULL, end_group);
}
