/* SPDX-License-Identifier: MIT */
#include "telemetry/catalog.h"

#include "config/command_table.h"
#include "telemetry/object_counts.h"
#include "telemetry/route.h"
#include "telemetry/sanitize.h"
#include "tests/unit/telemetry/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

static void test_every_row_says_what_it_is_and_what_for(void **state)
{
	size_t count;
	const struct catalog_property *rows = catalog_properties(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(strlen(rows[i].purpose) > 5);
		assert_non_null(rows[i].since);
		/* Lists of words that services may say stand in the stack file. */
		if (!(rows[i].scope & CATALOG_REPORTED))
			assert_true((rows[i].kind == CATALOG_WORD || rows[i].kind == CATALOG_WORD_OR_NULL ||
				     rows[i].kind == CATALOG_CONSTANT) == (rows[i].values != NULL));
		for (size_t j = i + 1; j < count; j++)
			assert_false((rows[i].scope & rows[j].scope) && strcmp(rows[i].name, rows[j].name) == 0);
	}
}

static void test_every_declared_source_has_a_row(void **state)
{
	(void)state;
	for (int source = SOURCE_VERSION; source <= SOURCE_EXEC; source++)
		assert_non_null(catalog_of_source(source));
	for (int kind = KIND_BOOL; kind <= KIND_WORD; kind++)
		assert_true(catalog_of_source(CATALOG_FROM_SERVICE + kind)->scope == CATALOG_REPORTED);
}

static void test_only_what_is_sent_is_listed(void **state)
{
	size_t count;
	const struct catalog_event *events = catalog_events(&count);

	(void)state;
	assert_int_equal(count, 4);
	assert_string_equal(events[TELEMETRY_SERVER_START].name, "server_start");
	assert_string_equal(events[TELEMETRY_SERVER_START_FAILED].name, "server_start_failed");
	assert_string_equal(events[TELEMETRY_CLI_COMMAND].name, "cli_command");
	assert_string_equal(events[TELEMETRY_API_REQUEST].name, "api_request");
	assert_null(catalog_find_event("home_ask_candidate"));
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(catalog_find_event(events[i].name), &events[i]);
}

struct value_row {
	const char *name, *value;
	bool allowed;
};

static void check_values(unsigned scope, const struct value_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cJSON *value = cJSON_Parse(rows[i].value);

		assert_non_null(value);
		if (catalog_allows(catalog_find(scope, rows[i].name), value) != rows[i].allowed)
			fail_msg("%s = %s should be %s", rows[i].name, rows[i].value,
				 rows[i].allowed ? "allowed" : "refused");
		cJSON_Delete(value);
	}
}

#define CHECK_VALUES(scope, rows) check_values(scope, rows, sizeof(rows) / sizeof(*(rows)))

static void test_values_of_commands_and_requests(void **state)
{
	static const struct value_row commands[] = {
		{"command", "\"ps\"", true},
		{"command", "\"visivo dbt run\"", true},
		{"command", "\"visivo <unknown-command>\"", true},
		{"command", "\"<none>\"", true},
		{"command", "\"gr\u00f6\u00dfe messen\"", true},
		{"command", "\"<unknown-command> rm\"", false},
		{"command", "\"a\\nb\"", false},
		{"command", "\"/bin/ls\"", false},
		{"command", "\"\"", false},
		{"command", "\"ps \"", false},
		{"command", "null", false},
		{"command_args", "[]", true},
		{"command_args", "[\"-t\",\"--threads\",\"<value>\",\"json\",\"--\",\"<args>\"]", true},
		{"command_args", "[\"/home/me\"]", false},
		{"command_args", "[\"--token=hunter2\"]", false},
		{"command_args", "[\"me@example.org\"]", false},
		{"command_args", "[\"<secret>\"]", false},
		{"command_args", "[5]", false},
		{"command_args", "\"--threads\"", false},
		{"command_args", "null", false},
		{"success", "null", false},
		{"error_type", "null", true},
		{"error_type", "\"not_running\"", true},
		{"error_type", "\"exited\"", true},
		{"error_type", "\"start_timeout\"", false},
		{"job_count", "null", true},
		{"job_count", "12", true},
		{"job_count", "-1", false},
		{"job_count", "1.5", false},
		{"object_counts", "null", true},
		{"object_counts", "{}", true},
		{"object_counts", "{\"charts\":3,\"data_models2\":0}", true},
		{"object_counts", "{\"Charts\":3}", false},
		{"object_counts", "{\"a b\":3}", false},
		{"object_counts", "{\"2a\":3}", false},
		{"object_counts", "{\"\":3}", false},
		{"object_counts", "{\"a\":-3}", false},
		{"object_counts", "{\"a\":1.5}", false},
		{"object_counts", "{\"a\":\"3\"}", false},
		{"object_counts", "{\"a\":1,\"a\":2}", false},
		{"object_counts", "[1]", false},
		{"object_counts", "{\"a123456789a123456789a123456789a123456789\":1}", true},
		{"object_counts", "{\"a123456789a123456789a123456789a123456789b\":1}", false},
	};
	static const struct value_row requests[] = {
		{"endpoint", "\"/\"", true},
		{"endpoint", "\"/api/charts/{id}\"", true},
		{"endpoint", "\"/assets/{path...}\"", true},
		{"endpoint", "\"" ROUTE_UNMATCHED "\"", true},
		{"endpoint", "\"/api?token=1\"", false},
		{"endpoint", "\"/api#x\"", false},
		{"endpoint", "\"http://x/api\"", false},
		{"endpoint", "\"\"", false},
		{"method", "\"PATCH\"", true},
		{"method", "\"OTHER\"", true},
		{"method", "\"BREW\"", false},
		{"status_code", "100", true},
		{"status_code", "599", true},
		{"status_code", "600", false},
		{"status_code", "99", false},
		{"status_code", "200.5", false},
		{"duration_ms", "0", true},
		{"duration_ms", "-1", false},
	};
	static const struct value_row told[] = {
		{"bool", "true", true},     {"bool", "1", false}, {"number", "-1.5", true}, {"number", "\"1\"", false},
		{"number", "1e999", false}, {"int", "-3", true},  {"int", "1.5", false},    {"int", "null", false},
	};

	(void)state;
	CHECK_VALUES(CATALOG_CLI_COMMAND, commands);
	CHECK_VALUES(CATALOG_API_REQUEST, requests);
	CHECK_VALUES(CATALOG_REPORTED, told);
}

/* Choices that a stack file lists may be written in other letters than names are; what it does not list may not. */
static void test_declared_choices_are_tokens(void **state)
{
	static const char *const regions[] = {"eu/west", "the moon", NULL}, *const units[] = {"m\xc2\xb2", NULL};
	static const struct command_option option = {.name = "--region", .kind = COMMAND_ENUM, .words = regions};
	static const struct command_operand operand = {COMMAND_ENUM, units};
	static const struct command_entry entry = {
		.name = "run", .options = &option, .option_count = 1, .operands = &operand, .operand_count = 1};
	static const struct command_table table = {.program = "visivo", .entries = &entry, .entry_count = 1};
	static const struct {
		const char *tokens;
		bool allowed;
	} rows[] = {{"[\"--region\",\"eu/west\"]", true},
		    {"[\"--region\",\"the moon\",\"m\xc2\xb2\"]", true},
		    {"[\"--region\",\"eu/east\"]", false},
		    {"[\"eu/west \"]", false}};
	struct shop shop;

	(void)state;
	shop_init(&shop);
	shop.decl.commands = &table;
	shop.decl.command_count = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cJSON *value = cJSON_Parse(rows[i].tokens);

		assert_non_null(value);
		assert_int_equal(catalog_allows_tokens(&shop.stack, value), rows[i].allowed);
		assert_false(catalog_allows_tokens(NULL, value));
		cJSON_Delete(value);
	}
	shop_finish(&shop);
}

/* As many tokens as the sanitiser makes, and no more counts than a person would read. */
static void test_lists_have_an_end(void **state)
{
	const struct catalog_property *args = catalog_find(CATALOG_CLI_COMMAND, "command_args"),
				      *counts = catalog_find(CATALOG_CLI_COMMAND, "object_counts");
	cJSON *list = cJSON_CreateArray(), *object = cJSON_CreateObject();
	char name[8];

	(void)state;
	for (unsigned i = 0; i < SANITIZE_TOKENS_MAX + 1; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString("<value>"));
	assert_true(catalog_allows(args, list));
	cJSON_AddItemToArray(list, cJSON_CreateString("<more>"));
	assert_false(catalog_allows(args, list));
	for (int i = 0; i < (int)OBJECT_COUNTS_MAX; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		cJSON_AddNumberToObject(object, name, i);
	}
	assert_true(catalog_allows(counts, object));
	cJSON_AddNumberToObject(object, "more", 1);
	assert_false(catalog_allows(counts, object));
	cJSON_Delete(list);
	cJSON_Delete(object);
}

static void test_values_inside_and_outside_their_rows(void **state)
{
	static const struct value_row rows[] = {
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
		/* Words that nothing here can find out are no words; nor are those of commands. */
		{"error_type", "\"usage\"", false},
		{"error_type", "null", false},
		{"error_type", "\"port_in_use\"", false},
		{"error_type", "\"engine_missing\"", false},
		{"error_type", "\"no such file: /home/me\"", false},
		{"cpu_usage", "{\"user\":1,\"system\":2}", true},
		{"cpu_usage", "{\"user\":1}", false},
		{"cpu_usage", "{\"user\":1,\"system\":2,\"more\":3}", false},
	};

	(void)state;
	CHECK_VALUES(~0u, rows);
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

static void test_defaults_can_be_taken_out(void **state)
{
	static const char *const without[] = {"api-version", "worker-version", "services", "arch", NULL};
	struct shop shop;
	struct catalog_list list;

	(void)state;
	shop_init(&shop);
	shop.decl.server_start_without = without;
	assert_int_equal(catalog_list_make(&shop.stack, CATALOG_SERVER_START, &list), 0);
	assert_false(lists(&list, "api-version"));
	assert_false(lists(&list, "worker-version"));
	assert_false(lists(&list, "services"));
	assert_true(lists(&list, "cache-version"));
	assert_true(lists(&list, "cpu_usage"));
	assert_true(lists(&list, "time"));
	/* What every event carries stays: the parser lets nobody ask for that. */
	assert_true(lists(&list, "arch"));
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

static void test_events_of_services_are_what_is_declared(void **state)
{
	struct shop shop;
	struct catalog_list list;
	const struct telemetry_event_decl *event;

	(void)state;
	shop_init(&shop);
	assert_null(catalog_find_declared(&shop.stack, "home_ask_candidate"));
	shop_declare_events(&shop);
	event = catalog_find_declared(&shop.stack, "home_ask_candidate");
	assert_non_null(event);
	assert_int_equal(catalog_list_make_declared(&shop.stack, event, &list), 0);
	assert_true(lists(&list, "$ip"));
	assert_true(lists(&list, "model"));
	assert_int_equal(list.count - list.common_count, 4);
	assert_string_equal(list.entries[list.common_count].name, "success");
	assert_int_equal(list.entries[list.common_count + 3].row->kind, CATALOG_WORD);
	assert_string_equal(list.entries[list.common_count + 3].field->words[1], "thorough");
	catalog_list_finish(&list);
	/* What is declared of the start is no matter of a command. */
	assert_int_equal(catalog_list_make(&shop.stack, CATALOG_CLI_COMMAND, &list), 0);
	assert_false(lists(&list, "tool"));
	assert_true(lists(&list, "command_args"));
	catalog_list_finish(&list);
	shop.stack.telemetry = NULL;
	assert_null(catalog_find_declared(&shop.stack, "home_ask_candidate"));
	shop_finish(&shop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_says_what_it_is_and_what_for),
		cmocka_unit_test(test_every_declared_source_has_a_row),
		cmocka_unit_test(test_only_what_is_sent_is_listed),
		cmocka_unit_test(test_values_inside_and_outside_their_rows),
		cmocka_unit_test(test_values_of_commands_and_requests),
		cmocka_unit_test(test_declared_choices_are_tokens),
		cmocka_unit_test(test_lists_have_an_end),
		cmocka_unit_test(test_events_of_services_are_what_is_declared),
		cmocka_unit_test(test_a_text_ends_at_200_bytes),
		cmocka_unit_test(test_a_declaration_stands_beside_or_instead_of_the_default),
		cmocka_unit_test(test_defaults_can_be_taken_out),
		cmocka_unit_test(test_a_declaration_cannot_touch_what_protects_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
