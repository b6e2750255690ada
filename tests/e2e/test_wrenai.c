/* SPDX-License-Identifier: MIT */
/*
 * The example for Wren AI beside files of the same shape as its own: all that needs no engine. What a script answers, what is made of it, what the
 * stack comes to, and the names that leave this machine after a yes.
 */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
	struct world *world;
	char *env;

	world_setup(state);
	world = *state;
	world_copy(world, "config/examples/wrenai");
	world_copy(world, "tests/data/wrenlike");
	env = world_read(world, "env.example");
	assert_non_null(env);
	world_write(world, ".env", env);
	free(env);
	return 0;
}

static bool holds(const struct world *world, const char *name, const char *text)
{
	char *found = world_read(world, name);
	bool there = found != NULL && strstr(found, text) != NULL;

	free(found);
	return there;
}

static void set_up(const struct world *world)
{
	struct run run;

	run_upfront(&run, world, "setup", "--set", "LLM_PROVIDER=openai", "--set", "OPENAI_API_KEY=sk-s3cret", "--set",
		    "GENERATION_MODEL=gpt-5-mini", NULL);
	run_assert_code(&run, 0);
	run_assert_says(&run, "made config.yaml from config.example.yaml");
	run_assert_silent(&run, "s3cret");
	run_finish(&run);
}

static void test_what_a_script_answers(void **state)
{
	const struct world *world = *state;
	struct run run;

	run_upfront(&run, world, "setup", NULL);
	run_assert_code(&run, 3);
	run_assert_says(&run, "LLM_PROVIDER has no value yet: LLM provider\n  hint: --set LLM_PROVIDER=VALUE");
	run_finish(&run);
	set_up(world);
	/* Its lines are where they were, and no other has changed. */
	assert_true(holds(world, ".env", "# keys\nOPENAI_API_KEY=sk-s3cret\n\n# versions\n"));
	assert_true(holds(world, ".env", "\nGENERATION_MODEL=gpt-5-mini\n"));
	assert_true(holds(world, ".env", "\nHOST_PORT=3000\nAI_SERVICE_FORWARD_PORT=5555\nLLM_PROVIDER=openai\n"));
	assert_true(holds(world, "config.yaml", "{alias: default, model: small}"));
	/* Now it is a stack, in the file's own order of starting. */
	run_upfront(&run, world, "config", "--quiet", NULL);
	run_assert_code(&run, 0);
	assert_string_equal(run.err.bytes, "");
	run_finish(&run);
	run_upfront(&run, world, "config", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "name: wrenlike"));
	assert_non_null(strstr(run.out.bytes, "ghcr.io/canner/wren-ui:0.5"));
	assert_non_null(strstr(run.out.bytes, "http://127.0.0.1:5555/health"));
	run_assert_silent(&run, "s3cret");
	run_finish(&run);
	run_upfront(&run, world, "graph", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "wren-ui  after wren-ai-service (started), wren-engine (started)"));
	run_finish(&run);
}

/* Wren AI's published names, and what every event carries. */
static void test_what_is_reported(void **state)
{
	static const char *const names[] = {
		"$geoip_disable",
		"$process_person_profile",
		"$ip",
		"$lib",
		"$lib_version",
		"app_version",
		"launcher_version",
		"platform",
		"platform_version",
		"arch",
		"is_ci",
		"session_id",
		"wren-ui-version",
		"wren-engine_version",
		"wren-ai-service-version",
		"node_version",
		"node_platform",
		"node_arch",
		"memory_usage",
		"cpu_usage",
		"time",
	};
	struct world *world = *state;
	const cJSON *properties;
	struct run run;
	cJSON *event;
	int count = 0;

	set_up(world);
	/* By another name, from another folder: found by the variable. */
	assert_int_equal(rename(world_path(world, "docker-compose.yaml"), world_path(world, "product.yaml")), 0);
	world_setenv(world, "WRENAI_COMPOSE", world_path(world, "product.yaml"));
	run_upfront(&run, world, "telemetry", "show", NULL);
	run_assert_code(&run, 0);
	event = cJSON_Parse(run.out.bytes);
	run_finish(&run);
	properties = cJSON_GetObjectItem(event, "properties");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!cJSON_HasObjectItem(properties, names[i]))
			fail_msg("no %s", names[i]);
	count = cJSON_GetArraySize(properties);
	assert_int_equal(count, sizeof(names) / sizeof(names[0]));
	assert_string_equal(cJSON_GetObjectItem(properties, "wren-ui-version")->valuestring, "0.5");
	assert_string_equal(cJSON_GetObjectItem(properties, "app_version")->valuestring, "1.2.3");
	cJSON_Delete(event);
	run_upfront(&run, world, "telemetry", "status", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "Would go to https://app.posthog.com (Canner Inc.)"));
	run_finish(&run);
	run_upfront(&run, world, "telemetry", "schema", "--json", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "wren-engine_version"));
	run_finish(&run);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_what_a_script_answers),
		IN_WORLD(test_what_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
