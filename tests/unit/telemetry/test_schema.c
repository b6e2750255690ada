/* SPDX-License-Identifier: MIT */
#include "telemetry/notice.h"
#include "tests/unit/telemetry/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdlib.h>

static const cJSON *find_named(const cJSON *array, const char *name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array)
	{
		if (strcmp(cJSON_GetObjectItemCaseSensitive(item, "name")->valuestring, name) == 0)
			return item;
	}
	return NULL;
}

static void test_the_catalogue_alone(void **state)
{
	char *text = telemetry_schema_json(NULL);
	cJSON *schema = cJSON_Parse(text);
	const cJSON *events = cJSON_GetObjectItemCaseSensitive(schema, "events"), *start, *row;

	(void)state;
	assert_int_equal(cJSON_GetArraySize(events), 4);
	start = cJSON_GetObjectItemCaseSensitive(find_named(events, "server_start"), "properties");
	assert_non_null(find_named(start, "<service>-version"));
	assert_non_null(find_named(start, "memory_usage.heapUsed"));
	/* Common properties stand once, not under every event. */
	assert_null(find_named(start, "$ip"));
	row = find_named(cJSON_GetObjectItemCaseSensitive(schema, "common"), "$ip");
	assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(row, "values"), 0)->valuestring,
			    "0.0.0.0");
	assert_non_null(find_named(cJSON_GetObjectItemCaseSensitive(schema, "envelope"), "distinct_id"));
	row = find_named(cJSON_GetObjectItemCaseSensitive(find_named(events, "cli_command"), "properties"),
			 "error_type");
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(row, "type")->valuestring,
			    "one of a closed list, or null");
	row = find_named(cJSON_GetObjectItemCaseSensitive(find_named(events, "api_request"), "properties"), "endpoint");
	assert_null(cJSON_GetObjectItemCaseSensitive(row, "declared_routes"));
	cJSON_Delete(schema);
	free(text);
}

static void test_with_the_declarations_of_a_stack(void **state)
{
	struct shop shop;
	char *text;
	cJSON *schema;
	const cJSON *start, *row;

	(void)state;
	shop_init(&shop);
	text = telemetry_schema_json(&shop.stack);
	schema = cJSON_Parse(text);
	row = find_named(cJSON_GetObjectItemCaseSensitive(schema, "common"), "model");
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(row, "declared_source")->valuestring, "value");
	/* The name is part of the schema; the value is the stack's own business. */
	assert_null(strstr(text, "small"));
	start = cJSON_GetObjectItemCaseSensitive(
		find_named(cJSON_GetObjectItemCaseSensitive(schema, "events"), "server_start"), "properties");
	assert_non_null(find_named(start, "front_version"));
	assert_non_null(find_named(start, "worker-version"));
	assert_non_null(find_named(start, "mem.rss"));
	assert_null(find_named(start, "memory_usage"));
	assert_null(find_named(start, "<service>-version"));
	cJSON_Delete(schema);
	free(text);
	shop_finish(&shop);
}

static void test_with_what_services_may_send(void **state)
{
	struct shop shop;
	char *text;
	cJSON *schema;
	const cJSON *events, *event, *row;

	(void)state;
	shop_init(&shop);
	shop_declare_events(&shop);
	text = telemetry_schema_json(&shop.stack);
	schema = cJSON_Parse(text);
	events = cJSON_GetObjectItemCaseSensitive(schema, "events");
	event = find_named(events, "home_ask_candidate");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(event, "of_services")));
	assert_null(find_named(cJSON_GetObjectItemCaseSensitive(event, "properties"), "$ip"));
	row = find_named(cJSON_GetObjectItemCaseSensitive(event, "properties"), "mode");
	assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(row, "values"), 1)->valuestring,
			    "thorough");
	assert_int_equal(
		cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(find_named(events, "page_opened"), "properties")),
		0);
	row = find_named(cJSON_GetObjectItemCaseSensitive(find_named(events, "api_request"), "properties"), "endpoint");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(row, "declared_routes")), 2);
	cJSON_Delete(schema);
	free(text);
	text = telemetry_schema_markdown(&shop.stack);
	assert_non_null(strstr(text, "### `home_ask_candidate`: when a service reports it\n"));
	assert_non_null(strstr(text, "| `mode` | one of a closed list: `fast`, `thorough` | told by a service | "));
	assert_non_null(strstr(text, "; of services: `/api/v1/charts`, `/api/v1/charts/{id}` |"));
	free(text);
	shop_finish(&shop);
}

static void test_the_same_as_markdown_tables(void **state)
{
	struct shop shop;
	char *text;

	(void)state;
	shop_init(&shop);
	shop.common[0].name = "a|b";
	text = telemetry_schema_markdown(&shop.stack);
	assert_non_null(strstr(text, "### `server_start`: once per `up`, when all services it named are ready\n"));
	assert_non_null(strstr(text, "| `$ip` | always the same text: `0.0.0.0` | "));
	assert_non_null(strstr(text, "| `a\\|b` | "));
	assert_non_null(strstr(text, "`start_timeout`"));
	free(text);
	shop_finish(&shop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_catalogue_alone),
		cmocka_unit_test(test_with_the_declarations_of_a_stack),
		cmocka_unit_test(test_with_what_services_may_send),
		cmocka_unit_test(test_the_same_as_markdown_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
