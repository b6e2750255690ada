/* SPDX-License-Identifier: MIT */
#include "telemetry/catalog.h"

#include "tests/unit/telemetry/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdlib.h>

static void test_every_row_says_what_it_is_and_what_for(void **state)
{
	size_t count;
	const struct catalog_property *rows = catalog_properties(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(strlen(rows[i].purpose) > 5);
		assert_non_null(rows[i].since);
		assert_true((rows[i].kind == CATALOG_WORD || rows[i].kind == CATALOG_CONSTANT) ==
			    (rows[i].values != NULL));
		for (size_t j = i + 1; j < count; j++)
			assert_false((rows[i].scope & rows[j].scope) && strcmp(rows[i].name, rows[j].name) == 0);
	}
}

static void test_every_declared_source_has_a_row(void **state)
{
	(void)state;
	for (int source = SOURCE_VERSION; source <= SOURCE_EXEC; source++)
		assert_non_null(catalog_of_source(source));
}

static void test_only_what_is_sent_is_listed(void **state)
{
	size_t count;
	const struct catalog_event *events = catalog_events(&count);

	(void)state;
	assert_int_equal(count, 2);
	assert_string_equal(events[0].name, "server_start");
	assert_string_equal(events[1].name, "server_start_failed");
	assert_null(catalog_find_event("cli_command"));
}

static void test_values_inside_and_outside_their_rows(void **state)
{
	static const struct {
		const char *name, *value;
		bool allowed;
	} rows[] = {
		{"$ip", "\"0.0.0.0\"", true},
		{"$ip", "\"10.0.0.1\"", false},
		{"$ip", "null", false},
		{"$geoip_disable", "true", true},
		{"$geoip_disable", "\"true\"", false},
		{"$process_person_profile", "false", true},
		{"$process_person_profile", "0", false},
		{"app_version", "null", true},
		{"app_version", "\"1.0\"", true},
		{"app_version", "\"a\\u0007b\"", false},
		{"app_version", "\"a\\u202eb\"", false},
		{"app_version", "5", false},
		{"platform", "\"linux\"", true},
		{"platform", "\"Linux\"", false},
		{"arch", "\"x86_64\"", true},
		{"arch", "\"x86 64\"", false},
		{"arch", "\"\"", false},
		{"is_ci", "true", true},
		{"is_ci", "1", false},
		{"session_id", "\"8c2c65a4-3d2b-4f6e-9a51-0c1d2e3f4a5b\"", true},
		{"session_id", "\"8c2c65a4-3d2b-7f6e-9a51-0c1d2e3f4a5b\"", false},
		{"session_id", "\"8C2C65A4-3D2B-4F6E-9A51-0C1D2E3F4A5B\"", false},
		{"uuid", "\"01a1fd31-915c-7e0f-a4f7-b0619689e744\"", true},
		{"uuid", "\"01a1fd31-915c-4e0f-a4f7-b0619689e744\"", false},
		{"timestamp", "\"2026-11-21T08:20:46.555Z\"", true},
		{"timestamp", "\"2026-11-21T08:20:46Z\"", false},
		{"timestamp", "1795249246", false},
		{"services_ready", "3", true},
		{"services_ready", "-1", false},
		{"services_ready", "1.5", false},
		{"services_ready", "1e300", false},
		{"error_type", "\"start_timeout\"", true},
		{"error_type", "\"working_dir_unusable\"", true},
		/* Words that nothing here can find out are no words. */
		{"error_type", "\"port_in_use\"", false},
		{"error_type", "\"engine_missing\"", false},
		{"error_type", "\"no such file: /home/me\"", false},
		{"cpu_usage", "{\"user\":1,\"system\":2}", true},
		{"cpu_usage", "{\"user\":1}", false},
		{"cpu_usage", "{\"user\":1,\"system\":2,\"more\":3}", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cJSON *value = cJSON_Parse(rows[i].value);

		if (catalog_allows(catalog_find(~0u, rows[i].name), value) != rows[i].allowed)
			fail_msg("%s = %s should be %s", rows[i].name, rows[i].value,
				 rows[i].allowed ? "allowed" : "refused");
		cJSON_Delete(value);
	}
}

static void test_a_text_ends_at_200_bytes(void **state)
{
	char text[202];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[200] = '\0';
	assert_true(catalog_allows_text(catalog_of_source(SOURCE_VALUE), text));
	text[200] = 'a';
	text[201] = '\0';
	assert_false(catalog_allows_text(catalog_of_source(SOURCE_VALUE), text));
}

static bool lists(const struct catalog_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->entries[i].name, name) == 0)
			return true;
	}
	return false;
}

static void test_a_declaration_stands_beside_or_instead_of_the_default(void **state)
{
	struct shop shop;
	struct catalog_list list;

	(void)state;
	shop_init(&shop);
	assert_int_equal(catalog_list_make(&shop.stack, CATALOG_SERVER_START, &list), 0);
	/* {version: web} and `memory` under other names replace these two... */
	assert_true(lists(&list, "front_version"));
	assert_false(lists(&list, "web-version"));
	assert_true(lists(&list, "mem"));
	assert_false(lists(&list, "memory_usage"));
	/* ...and leave the rest. */
	assert_true(lists(&list, "api-version"));
	assert_true(lists(&list, "worker-version"));
	assert_true(lists(&list, "cpu_usage"));
	assert_true(lists(&list, "arch"));
	assert_true(lists(&list, "node_arch"));
	assert_true(lists(&list, "model"));
	assert_false(lists(&list, "error_type"));
	catalog_list_finish(&list);
	shop_finish(&shop);
}

static void test_a_declaration_cannot_touch_what_protects_people(void **state)
{
	struct shop shop;
	struct catalog_list list;

	(void)state;
	shop_init(&shop);
	shop.common[0] = (struct telemetry_property){.name = "$ip", .source = SOURCE_VALUE, .text = "1.2.3.4"};
	shop.server_start[1] = (struct telemetry_property){.name = "$set", .source = SOURCE_VALUE, .text = "x"};
	shop.server_start[2] = (struct telemetry_property){.name = "session_id", .source = SOURCE_VALUE, .text = "me"};
	assert_int_equal(catalog_list_make(&shop.stack, CATALOG_SERVER_START, &list), 0);
	assert_false(lists(&list, "$set"));
	for (size_t i = 0; i < list.count; i++) {
		if (strcmp(list.entries[i].name, "$ip") == 0 || strcmp(list.entries[i].name, "session_id") == 0)
			assert_null(list.entries[i].declared);
		for (size_t j = i + 1; j < list.count; j++)
			assert_string_not_equal(list.entries[i].name, list.entries[j].name);
	}
	catalog_list_finish(&list);
	shop_finish(&shop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_says_what_it_is_and_what_for),
		cmocka_unit_test(test_every_declared_source_has_a_row),
		cmocka_unit_test(test_only_what_is_sent_is_listed),
		cmocka_unit_test(test_values_inside_and_outside_their_rows),
		cmocka_unit_test(test_a_text_ends_at_200_bytes),
		cmocka_unit_test(test_a_declaration_stands_beside_or_instead_of_the_default),
		cmocka_unit_test(test_a_declaration_cannot_touch_what_protects_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
