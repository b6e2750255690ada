/* SPDX-License-Identifier: MIT */
#include "telemetry/event.h"

#include "telemetry/id.h"
#include "telemetry/machine.h"
#include "tests/lib/posthog.h"
#include "tests/unit/telemetry/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DISTINCT_ID "0d0e7a52-6d9c-4c8e-8f10-aabbccddeeff"
#define SESSION_ID "8c2c65a4-3d2b-4f6e-9a51-0c1d2e3f4a5b"

static cJSON *build(const struct shop *shop, const char *name, const struct telemetry_facts *facts)
{
	char uuid[ID_BYTES];
	struct event_context context = {.stack = &shop->stack,
					.uuid = uuid,
					.distinct_id = DISTINCT_ID,
					.session_id = SESSION_ID,
					.time_ms = time_now_ms(),
					.facts = facts};
	cJSON *event;

	id_event(context.time_ms, uuid);
	event = event_build(&context, name);
	assert_non_null(event);
	return event;
}

static const cJSON *property(const cJSON *event, const char *name)
{
	const cJSON *found =
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(event, "properties"), name);

	if (!found)
		fail_msg("no property %s", name);
	return found;
}

static double member(const cJSON *event, const char *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(property(event, object), name)->valuedouble;
}

static void test_an_event_says_what_is_true(void **state)
{
	struct shop shop;
	struct machine machine;
	cJSON *event;

	(void)state;
	shop_init(&shop);
	machine_init(&machine);
	event = build(&shop, "server_start", shop_facts());
	assert_string_equal(property(event, "$ip")->valuestring, "0.0.0.0");
	assert_true(cJSON_IsTrue(property(event, "$geoip_disable")));
	assert_true(cJSON_IsFalse(property(event, "$process_person_profile")));
	assert_string_equal(property(event, "$lib")->valuestring, "upfront");
	assert_string_equal(property(event, "$lib_version")->valuestring, UPFRONT_VERSION);
	assert_string_equal(property(event, "app_version")->valuestring, "0.29.2");
	assert_string_equal(property(event, "platform")->valuestring, "linux");
	assert_string_equal(property(event, "platform_version")->valuestring, machine.platform_version);
	assert_string_equal(property(event, "arch")->valuestring, machine.arch);
	assert_string_equal(property(event, "node_arch")->valuestring, machine.node_arch);
	assert_string_equal(property(event, "session_id")->valuestring, SESSION_ID);
	/*
	 * Declared versions are the declared ones, whatever was found; a printed one is what was printed;
	 * unknown is null.
	 */
	assert_string_equal(property(event, "front_version")->valuestring, "1.27.0");
	assert_string_equal(property(event, "api-version")->valuestring, "v2.0.1");
	assert_string_equal(property(event, "cache-version")->valuestring, "7.2");
	assert_true(cJSON_IsNull(property(event, "worker-version")));
	assert_string_equal(property(event, "tool")->valuestring, "9.9");
	assert_true(cJSON_IsNull(property(event, "build")));
	assert_string_equal(property(event, "model")->valuestring, "small \"one\"");
	/* This process, not nothing. */
	assert_true(member(event, "mem", "rss") > 100000);
	assert_true(member(event, "mem", "arrayBuffers") == 0);
	assert_true(member(event, "cpu_usage", "user") + member(event, "cpu_usage", "system") > 0);
	assert_int_equal(member(event, "services", "count"), 4);
	assert_int_equal(member(event, "services", "native"), 3);
	assert_int_equal(member(event, "services", "container"), 1);
	assert_int_equal(member(event, "services", "ready_ms"), 1234);
	assert_int_equal(member(event, "services", "rss"), 50000000);
	assert_int_equal(member(event, "services", "cpu_user"), 200);
	assert_int_equal(member(event, "services", "cpu_system"), 100);
	assert_string_equal(property(event, "time")->valuestring,
			    cJSON_GetObjectItemCaseSensitive(event, "timestamp")->valuestring);
	cJSON_Delete(event);
	shop_finish(&shop);
}

static void test_a_failed_start_says_why_in_one_word(void **state)
{
	struct shop shop;
	struct telemetry_facts facts = *shop_facts();
	cJSON *event;

	(void)state;
	shop_init(&shop);
	facts.error_type = "start_timeout";
	event = build(&shop, "server_start_failed", &facts);
	assert_string_equal(property(event, "error_type")->valuestring, "start_timeout");
	assert_int_equal(property(event, "services_ready")->valueint, 3);
	assert_string_equal(property(event, "front_version")->valuestring, "1.27.0");
	assert_int_equal(event_check(&shop.stack, event, NULL), 0);
	cJSON_Delete(event);
	facts.error_type = "/home/me/start.sh: no such file";
	event = build(&shop, "server_start_failed", &facts);
	assert_null(event_print(&shop.stack, event));
	cJSON_Delete(event);
	shop_finish(&shop);
}

/* Length of the JSON value `text` begins with: a string, or anything up to what ends a value. */
static size_t value_length(const char *text)
{
	size_t length = 1;

	if (*text != '"')
		return strcspn(text, ",\n}");
	while (text[length] != '"')
		length += text[length] == '\\' ? 2 : 1;
	return length + 1;
}

/*
 * Both texts are walked together; where the preview has a placeholder, the event may have any one value.
 * Returns how many there were.
 */
static int assert_equal_but_for_placeholders(const char *preview, const char *sent)
{
	static const char *const placeholders[] = {"\"" EVENT_MADE_AFTER_YES "\"", "\"" EVENT_MEASURED_LATER "\""};
	int found = 0;

	while (*preview || *sent) {
		size_t skipped = 0;

		for (int i = 0; i < 2; i++) {
			if (strncmp(preview, placeholders[i], strlen(placeholders[i])) == 0)
				skipped = strlen(placeholders[i]);
		}
		if (skipped > 0) {
			preview += skipped;
			sent += value_length(sent);
			found++;
			continue;
		}
		if (*preview != *sent)
			fail_msg("preview and event part here:\n--- %.60s\n--- %.60s", preview, sent);
		preview++;
		sent++;
	}
	return found;
}

static void test_the_preview_is_the_event_but_for_what_is_not_there_yet(void **state)
{
	static const char *const names[] = {"server_start", "server_start_failed"};
	struct shop shop;

	(void)state;
	shop_init(&shop);
	for (int i = 0; i < 2; i++) {
		cJSON *event = build(&shop, names[i], shop_facts());
		char *preview, *sent = cJSON_Print(event);

		assert_int_equal(setenv("CI", "false", 1), 0);
		preview = telemetry_preview(&shop.stack, names[i]);
		assert_non_null(preview);
		/*
		 * uuid, two ids, two times; memory 4, cpu 2, services 7; one version and two printed values;
		 * then error_type and ready.
		 */
		assert_int_equal(assert_equal_but_for_placeholders(preview, sent), 21 + 2 * i);
		free(preview);
		free(sent);
		cJSON_Delete(event);
	}
	assert_null(telemetry_preview(&shop.stack, "cli_command"));
	shop_finish(&shop);
}

static void test_the_preview_makes_no_file(void **state)
{
	char folder[] = "/tmp/upfront-preview-XXXXXX";
	struct shop shop;
	char *preview;

	(void)state;
	assert_non_null(mkdtemp(folder));
	setenv("XDG_STATE_HOME", folder, 1);
	shop_init(&shop);
	shop.decl.identity = IDENTITY_INSTALL;
	preview = telemetry_preview(&shop.stack, NULL);
	assert_non_null(strstr(preview, "\"distinct_id\":\t\"" EVENT_MADE_AFTER_YES "\""));
	free(preview);
	/* Only an empty folder can be removed. */
	assert_int_equal(rmdir(folder), 0);
	shop_finish(&shop);
}

static void test_events_pass_the_strictest_receiver(void **state)
{
	struct shop shop;
	struct posthog *posthog = posthog_create("phc_shop");
	struct posthog_verdict verdict;
	cJSON *event;
	char *text, *body, time[TIME_BYTES];

	(void)state;
	shop_init(&shop);
	event = build(&shop, "server_start", shop_facts());
	text = event_print(&shop.stack, event);
	assert_non_null(text);
	time_text(time_now_ms(), time);
	assert_true(asprintf(&body, "{\"api_key\":\"phc_shop\",\"batch\":[%s],\"sent_at\":\"%s\"}", text, time) > 0);
	posthog_check(posthog, &(struct posthog_request){"application/json", NULL, body, strlen(body)}, &verdict);
	assert_string_equal(verdict.text, "{\"status\":\"Ok\"}");
	assert_int_equal(verdict.status, 200);
	assert_int_equal(cJSON_GetArraySize(verdict.findings), 0);
	posthog_verdict_finish(&verdict);
	posthog_destroy(posthog);
	free(body);
	free(text);
	cJSON_Delete(event);
	shop_finish(&shop);
}

/* One change to a good event each; every one must keep it from being sent. */
static void test_a_value_outside_its_declaration_drops_the_event(void **state)
{
	static const struct {
		const char *name, *value; /* value NULL: taken away */
	} changes[] = {
		{"$ip", "\"192.0.2.1\""},
		{"$ip", NULL},
		{"$geoip_disable", "false"},
		{"platform", "\"plan9\""},
		{"time", "\"yesterday\""},
		{"mem", "{}"},
		{"services", "7"},
		{"session_id", "\"me\""},
		{"arch", "\"\""},
		{"model", "{\"a\":1}"},
		{"more", "1"},
		{"api-version", "\"a\\nb\""},
	};
	struct shop shop;
	const char *reason = NULL;

	(void)state;
	shop_init(&shop);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		cJSON *event = build(&shop, "server_start", shop_facts());
		cJSON *properties = cJSON_GetObjectItemCaseSensitive(event, "properties");

		assert_int_equal(event_check(&shop.stack, event, &reason), 0);
		/* Put in its place, so that the order is not what is found wrong. */
		if (!changes[i].value)
			cJSON_DeleteItemFromObjectCaseSensitive(properties, changes[i].name);
		else if (cJSON_HasObjectItem(properties, changes[i].name))
			cJSON_ReplaceItemInObjectCaseSensitive(properties, changes[i].name,
							       cJSON_Parse(changes[i].value));
		else
			cJSON_AddItemToObject(properties, changes[i].name, cJSON_Parse(changes[i].value));
		if (event_check(&shop.stack, event, &reason) == 0)
			fail_msg("%s = %s was let through", changes[i].name,
				 changes[i].value ? changes[i].value : "nothing");
		assert_null(event_print(&shop.stack, event));
		cJSON_Delete(event);
	}
	shop_finish(&shop);
}

static void test_broken_utf8_in_a_declared_value_drops_the_event(void **state)
{
	struct shop shop;
	cJSON *event;

	(void)state;
	shop_init(&shop);
	shop.common[0].text = "caf\xe9";
	event = build(&shop, "server_start", shop_facts());
	assert_null(event_print(&shop.stack, event));
	cJSON_Delete(event);
	shop_finish(&shop);
}

static void test_found_values_that_do_not_fit_count_as_not_found(void **state)
{
	struct shop shop;
	struct telemetry_service found[] = {{"api", "v1\033[31m", true}};
	const char *const exec_values[] = {"caf\xe9", "fine"};
	struct telemetry_facts facts = {.services = found, .service_count = 1, .exec_values = exec_values};
	cJSON *event;
	char *text;

	(void)state;
	shop_init(&shop);
	event = build(&shop, "server_start", &facts);
	assert_true(cJSON_IsNull(property(event, "api-version")));
	assert_true(cJSON_IsNull(property(event, "tool")));
	assert_string_equal(property(event, "build")->valuestring, "fine");
	text = event_print(&shop.stack, event);
	assert_non_null(text);
	free(text);
	cJSON_Delete(event);
	shop_finish(&shop);
}

static void test_kernel_releases_are_cut_to_two_numbers(void **state)
{
	static const struct {
		const char *release, *version;
	} rows[] = {{"6.1.0-18-amd64", "6.1"},
		    {"6.18.44-fc-me@my-host", "6.18"},
		    {"5.10", "5.10"},
		    {"odd", "0.0"},
		    {"", "0.0"}};
	char version[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		machine_release(rows[i].release, version, sizeof(version));
		assert_string_equal(version, rows[i].version);
	}
	assert_string_equal(machine_node_arch("x86_64"), "x64");
	assert_string_equal(machine_node_arch("aarch64"), "arm64");
	assert_string_equal(machine_node_arch("vax"), "other");
}

static void test_event_ids_carry_their_time(void **state)
{
	char id[ID_BYTES], other[ID_BYTES], time[TIME_BYTES];

	(void)state;
	id_event(INT64_C(0x01a1fd31915c), id);
	id_event(INT64_C(0x01a1fd31915c), other);
	assert_memory_equal(id, "01a1fd31-915c-7", 15);
	assert_true(id_is_valid(id, 7));
	assert_string_not_equal(id, other);
	id_random(id);
	assert_true(id_is_valid(id, 4));
	time_text(INT64_C(1795249246555), time);
	assert_string_equal(time, "2026-11-21T08:20:46.555Z");
	time_text(INT64_MAX, time);
	assert_string_equal(time, "1970-01-01T00:00:00.000Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_event_says_what_is_true),
		cmocka_unit_test(test_a_failed_start_says_why_in_one_word),
		cmocka_unit_test(test_the_preview_is_the_event_but_for_what_is_not_there_yet),
		cmocka_unit_test(test_the_preview_makes_no_file),
		cmocka_unit_test(test_events_pass_the_strictest_receiver),
		cmocka_unit_test(test_a_value_outside_its_declaration_drops_the_event),
		cmocka_unit_test(test_broken_utf8_in_a_declared_value_drops_the_event),
		cmocka_unit_test(test_found_values_that_do_not_fit_count_as_not_found),
		cmocka_unit_test(test_kernel_releases_are_cut_to_two_numbers),
		cmocka_unit_test(test_event_ids_carry_their_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
