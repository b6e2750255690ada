/* SPDX-License-Identifier: MIT */
/* The JSON schema for editors knows what the reader knows: no key more, no key less. Runs at the top of the source tree. */
#include "config/command_table.h"
#include "config/paths.h"
#include "config/reader.h"
#include "config/stack.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SCHEMA_PATH "config/upfront.schema.json"

static int setup(void **state)
{
	char *bytes = NULL;
	size_t size;

	if (paths_read_file(SCHEMA_PATH, 1u << 20, &bytes, &size) < 0)
		return -1;
	*state = cJSON_Parse(bytes);
	free(bytes);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	cJSON_Delete(*state);
	return 0;
}

static const cJSON *definition(const cJSON *schema, const char *name)
{
	return *name ? cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItem(schema, "$defs"), name) : schema;
}

static bool table_has(const struct key_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->keys[i].name, name) == 0)
			return true;
	}
	return false;
}

static void test_keys(void **state)
{
	size_t wrong = 0;

	for (const struct key_table *const *table = reader_tables(); *table; table++) {
		const cJSON *map = definition(*state, (*table)->definition);
		const cJSON *properties = cJSON_GetObjectItem(map, "properties");
		const cJSON *property;

		assert_non_null(properties);
		for (size_t i = 0; i < (*table)->count; i++) {
			if (!cJSON_GetObjectItemCaseSensitive(properties, (*table)->keys[i].name)) {
				print_error("the reader knows '%s' in %s, the schema does not\n",
					    (*table)->keys[i].name, (*table)->name);
				wrong++;
			}
		}
		cJSON_ArrayForEach(property, properties)
		{
			if (!table_has(*table, property->string)) {
				print_error("the schema knows '%s' in %s, the reader does not\n", property->string,
					    (*table)->name);
				wrong++;
			}
			if (!cJSON_IsString(cJSON_GetObjectItem(property, "description"))) {
				print_error("'%s' in %s has no description\n", property->string, (*table)->name);
				wrong++;
			}
		}
		/* Other keys are errors, but for x- where the reader lets them pass. */
		assert_true(cJSON_IsFalse(cJSON_GetObjectItem(map, "additionalProperties")));
		assert_int_equal(cJSON_HasObjectItem(cJSON_GetObjectItem(map, "patternProperties"), "^x-"),
				 (*table)->extensions);
	}
	assert_int_equal(wrong, 0);
}

/* Every table is in the list that the schema is checked against, or one could be forgotten in both. */
static void test_tables_are_reached(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct key_table *const *table = reader_tables(); *table; table++) {
		count++;
		for (const struct key_table *const *other = table + 1; *other; other++)
			assert_string_not_equal((*table)->definition, (*other)->definition);
	}
	assert_int_equal(count, 21);
}

static bool enum_has(const cJSON *property, const char *word)
{
	const cJSON *item;
	const cJSON *branch;

	cJSON_ArrayForEach(item, cJSON_GetObjectItem(property, "enum"))
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, word) == 0)
			return true;
	}
	cJSON_ArrayForEach(branch, cJSON_GetObjectItem(property, "anyOf"))
	{
		if (enum_has(branch, word))
			return true;
	}
	return false;
}

static void test_words(void **state)
{
	const cJSON *restart =
		cJSON_GetObjectItem(cJSON_GetObjectItem(definition(*state, "service"), "properties"), "restart");
	const cJSON *condition =
		cJSON_GetObjectItem(cJSON_GetObjectItem(definition(*state, "dependency"), "properties"), "condition");
	const cJSON *ready = cJSON_GetObjectItem(definition(*state, "ready"), "properties");
	const cJSON *telemetry = cJSON_GetObjectItem(definition(*state, "telemetry"), "properties");
	const cJSON *start =
		cJSON_GetObjectItem(cJSON_GetObjectItem(telemetry, "server_start"), "additionalProperties");
	const cJSON *property = cJSON_GetObjectItem(definition(*state, "property"), "properties");

	for (int i = RESTART_NO; i <= RESTART_UNLESS_STOPPED; i++)
		assert_true(enum_has(restart, restart_when_name((enum restart_when)i)));
	for (int i = DEPEND_STARTED; i <= DEPEND_COMPLETED; i++)
		assert_true(enum_has(condition, depend_condition_name((enum depend_condition)i)));
	for (int i = PROBE_HTTP; i <= PROBE_NOTIFY; i++)
		assert_non_null(cJSON_GetObjectItem(ready, probe_kind_name((enum probe_kind)i)));
	for (int i = SOURCE_VERSION; i <= SOURCE_EXEC; i++) {
		const char *name = telemetry_source_name((enum telemetry_source)i);

		/* A word by itself, or the key of a map. */
		assert_true(enum_has(start, name) != !!cJSON_GetObjectItem(property, name));
	}
}

#define KIND_TEXT(name, text) text,

/* An enumeration is written as the list of its words, and "enum" is no word for it. */
static void check_kinds(const cJSON *value, const char *const *kinds)
{
	for (; *kinds; kinds++)
		assert_int_equal(enum_has(value, *kinds), strcmp(*kinds, "enum") != 0);
}

static void test_kinds(void **state)
{
	static const char *const of_events[] = {TELEMETRY_KINDS(KIND_TEXT) NULL};
	static const char *const of_commands[] = {COMMAND_KINDS(KIND_TEXT) NULL};
	const cJSON *telemetry = cJSON_GetObjectItem(definition(*state, "telemetry"), "properties");
	const cJSON *event = cJSON_GetObjectItem(cJSON_GetObjectItem(telemetry, "services"), "additionalProperties");
	const cJSON *program = cJSON_GetObjectItem(cJSON_GetObjectItem(telemetry, "commands"), "additionalProperties");
	const cJSON *command = cJSON_GetObjectItem(program, "additionalProperties");
	const cJSON *common = cJSON_GetObjectItem(cJSON_GetObjectItem(program, "properties"), "*");

	check_kinds(cJSON_GetObjectItem(event, "additionalProperties"), of_events);
	check_kinds(cJSON_GetObjectItem(command, "patternProperties")->child, of_commands);
	check_kinds(cJSON_GetObjectItem(common, "patternProperties")->child, of_commands);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_tables_are_reached),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
