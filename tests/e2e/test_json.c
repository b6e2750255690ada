/* SPDX-License-Identifier: MIT */
/* What commands print for programs: one object with its version, and nothing else on stdout. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char stack_text[] =
	"name: shop\n"
	"x-upfront: {app: Shop, telemetry: {notice: 3, host: 'file:/dev/null', key: phc_x}}\n"
	"services:\n"
	"  web:\n"
	"    command: serve\n"
	"    depends_on: {db: {condition: service_healthy}, cache: {condition: service_started, required: false}}\n"
	"  db: {image: 'postgres:16', healthcheck: {test: [CMD, ok]}}\n";

static cJSON *ask(const struct world *world, const char *command, const char *argument)
{
	struct run run;
	cJSON *json;

	run_upfront(&run, world, command, "--json", argument, NULL);
	run_assert_code(&run, 0);
	json = cJSON_Parse(run.out.bytes);
	assert_non_null(json);
	/* In front, so that a reader may stop at one it does not know. */
	assert_string_equal(json->child->string, "version");
	assert_int_equal(json->child->valueint, 1);
	run_finish(&run);
	return json;
}

static const cJSON *at(const cJSON *json, const char *name)
{
	const cJSON *value = cJSON_GetObjectItem(json, name);

	if (value == NULL)
		fail_msg("no member '%s'", name);
	return value;
}

static void assert_text(const cJSON *json, const char *name, const char *wanted)
{
	assert_true(cJSON_IsString(at(json, name)));
	assert_string_equal(at(json, name)->valuestring, wanted);
}

static void test_services(void **state)
{
	cJSON *json = ask(*state, "config", "--services");
	const cJSON *services = at(json, "services");

	assert_text(json, "project", "shop");
	assert_int_equal(cJSON_GetArraySize(services), 2);
	assert_text(cJSON_GetArrayItem(services, 0), "name", "web");
	assert_text(cJSON_GetArrayItem(services, 0), "kind", "native");
	assert_text(cJSON_GetArrayItem(services, 1), "kind", "container");
	cJSON_Delete(json);
}

static void test_graph(void **state)
{
	cJSON *json = ask(*state, "graph", NULL);
	const cJSON *services = at(json, "services"), *web = cJSON_GetArrayItem(services, 1);
	const cJSON *after = at(web, "depends_on");
	struct run run;

	assert_text(json, "project", "shop");
	assert_text(cJSON_GetArrayItem(services, 0), "name", "db");
	assert_int_equal(at(cJSON_GetArrayItem(services, 0), "wave")->valueint, 1);
	assert_text(web, "name", "web");
	assert_int_equal(at(web, "wave")->valueint, 2);
	assert_int_equal(cJSON_GetArraySize(after), 2);
	assert_text(cJSON_GetArrayItem(after, 0), "service", "db");
	assert_text(cJSON_GetArrayItem(after, 0), "condition", "service_healthy");
	assert_true(cJSON_IsTrue(at(cJSON_GetArrayItem(after, 0), "required")));
	assert_true(cJSON_IsFalse(at(cJSON_GetArrayItem(after, 1), "there")));
	cJSON_Delete(json);
	run_upfront(&run, *state, "graph", "--json", "--dot", NULL);
	run_assert_code(&run, 2);
	run_finish(&run);
}

static void test_telemetry(void **state)
{
	cJSON *json = ask(*state, "telemetry", "env");
	const cJSON *first = cJSON_GetArrayItem(at(json, "variables"), 0);

	assert_true(cJSON_GetArraySize(at(json, "variables")) > 20);
	assert_text(first, "name", "AGNO_TELEMETRY");
	assert_text(first, "value", "false");
	assert_true(strlen(at(first, "product")->valuestring) > 0);
	assert_text(first, "source", "agno-agi/agno README.md");
	cJSON_Delete(json);
	json = ask(*state, "telemetry", "notice");
	assert_text(json, "app", "Shop");
	assert_int_equal(at(json, "notice")->valueint, 3);
	assert_text(json, "title", "Usage statistics - notice 3");
	assert_true(strlen(at(json, "full")->valuestring) > strlen(at(json, "brief")->valuestring));
	assert_int_equal(strlen(at(json, "hash")->valuestring), 64);
	assert_int_equal(strlen(at(json, "schema_hash")->valuestring), 64);
	cJSON_Delete(json);
}

static int json_setup(void **state)
{
	world_setup(state);
	world_write(*state, "compose.yaml", stack_text);
	return 0;
}

#define JSON_TEST(function) cmocka_unit_test_setup_teardown(function, json_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JSON_TEST(test_services),
		JSON_TEST(test_graph),
		JSON_TEST(test_telemetry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
