/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay_event.h"

#include "telemetry/sender/relay_rules.h"
#include "tests/unit/sender/relay_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NOW INT64_C(1795249246555) /* 2026-11-21T08:20:46.555Z */
#define V7 "01a1fd30-0000-7abc-8def-0123456789ab" /* 2026-11-21T08:19:03.808Z */

static struct relay_rules *rules_of(const char *events)
{
	char *text;
	cJSON *config;
	struct relay_rules *rules;

	assert_true(asprintf(&text,
			     "{\"token\":\"" SCENE_TOKEN "\",\"distinct_id\":\"" SCENE_ID "\",\"common\":{" SCENE_COMMON
			     "},\"events\":%s,\"routes\":[\"/api/charts/{id}\",\"/api/health\"]}",
			     events) > 0);
	config = cJSON_Parse(text);
	rules = relay_rules_create(config);
	cJSON_Delete(config);
	free(text);
	return rules;
}

static int setup(void **state)
{
	*state = rules_of(SCENE_EVENTS);
	assert_non_null(*state);
	return 0;
}

static int teardown(void **state)
{
	relay_rules_destroy(*state);
	return 0;
}

/* Behind the common properties; NULL: dropped. */
static const struct {
	const char *event;
	const char *properties;
	bool lost;
} rows[] = {
	{"{\"event\":\"started\"}", "", false},
	{"{\"event\":\"started\",\"properties\":{}}", "", false},
	{"{\"event\":\"page_opened\",\"properties\":{\"dark\":false,\"count\":3,\"page\":\"home\",\"ratio\":0.1}}",
	 ",\"page\":\"home\",\"count\":3,\"ratio\":0.1,\"dark\":false", false},
	{"{\"event\":\"page_opened\",\"properties\":{\"page\":\"a \\\"b\\\"\"}}", ",\"page\":\"a \\\"b\\\"\"", false},
	{"{\"event\":\"page_\\u006fpened\",\"properties\":{\"p\\u0061ge\":\"h\\u006fme\"}}", ",\"page\":\"home\"",
	 false},
	/* what is not declared stays */
	{"{\"event\":\"canary\"}", NULL, false},
	{"{\"event\":\"started\",\"canary\":\"canary\",\"distinct_id\":\"canary\",\"$set\":{\"a\":\"canary\"}}", "",
	 false},
	{"{\"event\":\"started\",\"properties\":{\"canary\":1,\"$current_url\":\"canary\"}}", "", true},
	{"{\"event\":\"started\",\"properties\":{\"$ip\":\"canary\",\"$lib\":\"canary\",\"token\":\"canary\","
	 "\"distinct_id\":\"canary\",\"$geoip_disable\":false}}",
	 "", false},
	{"{\"event\":\"started\",\"properties\":{\"app_version\":\"canary\"}}", "", true},
	/* a value of another kind drops the event */
	{"{\"event\":\"page_opened\",\"properties\":{\"page\":\"canary\"}}", NULL, false},
	{"{\"event\":\"page_opened\",\"properties\":{\"page\":\"Home\"}}", NULL, false},
	{"{\"event\":\"page_opened\",\"properties\":{\"page\":[\"home\"]}}", NULL, false},
	{"{\"event\":\"page_opened\",\"properties\":{\"page\":null}}", NULL, false},
	{"{\"event\":\"page_opened\",\"properties\":{\"count\":1.5}}", NULL, false},
	{"{\"event\":\"page_opened\",\"properties\":{\"count\":\"3\"}}", NULL, false},
	{"{\"event\":\"page_opened\",\"properties\":{\"count\":1e300}}", NULL, false},
	{"{\"event\":\"page_opened\",\"properties\":{\"ratio\":1e999}}", NULL, false},
	{"{\"event\":\"page_opened\",\"properties\":{\"dark\":1}}", NULL, false},
	{"{\"event\":\"page_opened\",\"properties\":{\"dark\":\"true\"}}", NULL, false},
	/* numbers */
	{"{\"event\":\"page_opened\",\"properties\":{\"count\":-0,\"ratio\":1e300}}", ",\"count\":0,\"ratio\":1e+300",
	 false},
	{"{\"event\":\"page_opened\",\"properties\":{\"count\":9007199254740992,\"ratio\":0.30000000000000004}}",
	 ",\"count\":9007199254740992,\"ratio\":0.30000000000000004", false},
	{"{\"event\":\"page_opened\",\"properties\":{\"count\":1e3}}", ",\"count\":1000", false},
	/* shapes */
	{"{\"event\":\"started\",\"properties\":null}", NULL, false},
	{"{\"event\":\"started\",\"properties\":[]}", NULL, false},
	{"{\"event\":\"started\",\"event\":\"started\"}", NULL, false},
	{"{\"event\":\"started\",\"uuid\":\"a\",\"uuid\":\"b\"}", NULL, false},
	{"{\"event\":\"page_opened\",\"properties\":{\"count\":1,\"count\":2}}", NULL, false},
	/* requests */
	{"{\"event\":\"api_request\",\"properties\":{\"duration_ms\":12.6,\"endpoint\":\"/api/charts/canary?q=canary\","
	 "\"method\":\"GET\",\"status_code\":200}}",
	 ",\"endpoint\":\"/api/charts/{id}\",\"method\":\"GET\",\"status_code\":200,\"duration_ms\":13", false},
	{"{\"event\":\"api_request\",\"properties\":{\"duration_ms\":0,\"endpoint\":\"/canary\",\"method\":\"CANARY\","
	 "\"status_code\":404,\"canary\":\"canary\"}}",
	 ",\"endpoint\":\"<unmatched>\",\"method\":\"OTHER\",\"status_code\":404,\"duration_ms\":0", true},
	{"{\"event\":\"api_request\",\"properties\":{\"endpoint\":\"/api/"
	 "health\",\"method\":\"GET\",\"status_code\":200}}",
	 NULL, false},
	{"{\"event\":\"api_request\",\"properties\":{\"duration_ms\":1,\"endpoint\":\"/api/health\",\"method\":\"GET\","
	 "\"status_code\":20}}",
	 NULL, false},
	{"{\"event\":\"api_request\",\"properties\":{\"duration_ms\":-1,\"endpoint\":\"/api/"
	 "health\",\"method\":\"GET\","
	 "\"status_code\":200}}",
	 NULL, false},
};

static void test_an_event_is_made_of_what_is_declared_and_nothing_else(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct relay_event event = {.rules = *state, .now_ms = NOW};
		struct relay_text out = {0};
		enum relay_verdict verdict = relay_event_make(&event, rows[i].event, strlen(rows[i].event), &out);
		char *name, *wanted;

		print_message("%s\n", rows[i].event);
		assert_int_equal(verdict, rows[i].properties ? RELAY_MADE : RELAY_DROPPED);
		if (!rows[i].properties) {
			assert_int_equal(out.size_bytes, 0);
			relay_text_finish(&out);
			continue;
		}
		assert_int_equal(event.lost, rows[i].lost);
		assert_true(id_is_valid(event.uuid, 7));
		name = strstr(rows[i].event, "started")
			       ? strdup("started")
			       : strdup(strstr(rows[i].event, "api_") ? "api_request" : "page_opened");
		assert_true(asprintf(&wanted,
				     "{\"uuid\":\"%s\",\"event\":\"%s\",\"distinct_id\":\"" SCENE_ID
				     "\",\"timestamp\":\"2026-11-21T08:20:46.555Z\",\"properties\":{" SCENE_COMMON
				     "%s}}",
				     event.uuid, name, rows[i].properties) > 0);
		assert_string_equal(out.bytes, wanted);
		assert_int_equal(out.size_bytes, strlen(wanted) + 1);
		assert_string_equal(event.name, name);
		free(name);
		free(wanted);
		relay_text_finish(&out);
	}
}

static void test_without_a_name_it_is_no_event(void **state)
{
	static const char *const texts[] = {"{}", "{\"event\":\"\"}", "{\"event\":null}", "{\"event\":5}",
					    "{\"properties\":{\"event\":\"started\"}}"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct relay_event event = {.rules = *state, .now_ms = NOW};
		struct relay_text out = {0};

		assert_int_equal(relay_event_make(&event, texts[i], strlen(texts[i]), &out), RELAY_NAMELESS);
		relay_text_finish(&out);
	}
}

/* uuid and time of a started event with these members in front. */
static void make(const struct relay_rules *rules, const char *members, char uuid[ID_BYTES], char *time)
{
	struct relay_event event = {.rules = rules, .now_ms = NOW};
	struct relay_text out = {0};
	char text[512];
	const char *at;

	snprintf(text, sizeof(text), "{%s\"event\":\"started\"}", members);
	assert_int_equal(relay_event_make(&event, text, strlen(text), &out), RELAY_MADE);
	memcpy(uuid, event.uuid, ID_BYTES);
	at = strstr(out.bytes, "\"timestamp\":\"") + 13;
	memcpy(time, at, TIME_BYTES - 1);
	time[TIME_BYTES - 1] = '\0';
	relay_text_finish(&out);
}

static void test_the_clients_time_is_believed_when_it_can_be(void **state)
{
	static const struct {
		const char *members, *time;
	} cases[] = {
		{"", "2026-11-21T08:20:46.555Z"},
		{"\"timestamp\":\"2026-11-21T08:00:00.123Z\",", "2026-11-21T08:00:00.123Z"},
		{"\"timestamp\":\"2026-11-21T09:00:00.123456+01:00\",", "2026-11-21T08:00:00.123Z"},
		{"\"timestamp\":\"2026-11-21 03:00:00-05:00\",", "2026-11-21T08:00:00.000Z"},
		{"\"timestamp\":\"2026-11-20T08:20:46.555Z\",", "2026-11-20T08:20:46.555Z"},
		/* too old, ahead, not a time */
		{"\"timestamp\":\"2026-11-20T08:20:46.554Z\",", "2026-11-21T08:20:46.555Z"},
		{"\"timestamp\":\"2026-11-21T08:20:46.556Z\",", "2026-11-21T08:20:46.555Z"},
		{"\"timestamp\":\"2026-11-21T08:00:00\",", "2026-11-21T08:20:46.555Z"},
		{"\"timestamp\":\"2026-13-21T08:00:00Z\",", "2026-11-21T08:20:46.555Z"},
		{"\"timestamp\":\"canary\",", "2026-11-21T08:20:46.555Z"},
		{"\"timestamp\":1795249246555,", "2026-11-21T08:20:46.555Z"},
		/* others of its times */
		{"\"offset\":46555,", "2026-11-21T08:20:00.000Z"},
		{"\"offset\":-1,", "2026-11-21T08:20:46.555Z"},
		{"\"offset\":1e18,", "2026-11-21T08:20:46.555Z"},
		{"\"uuid\":\"" V7 "\",", "2026-11-21T08:19:03.808Z"},
		{"\"uuid\":\"" V7 "\",\"timestamp\":\"2020-01-01T00:00:00Z\",", "2026-11-21T08:19:03.808Z"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char uuid[ID_BYTES], time[TIME_BYTES];

		make(*state, cases[i].members, uuid, time);
		print_message("%s\n", cases[i].members);
		assert_string_equal(time, cases[i].time);
	}
}

static void test_an_event_that_comes_again_is_the_same_and_tells_nothing_of_its_id(void **state)
{
	struct relay_rules *other = rules_of(SCENE_EVENTS);
	char first[ID_BYTES], second[ID_BYTES], time[TIME_BYTES];

	make(*state, "\"uuid\":\"" V7 "\",", first, time);
	make(*state, "\"uuid\":\"" V7 "\",", second, time);
	assert_string_equal(first, second);
	assert_true(id_is_valid(first, 7));
	assert_memory_equal(first, V7, 10); /* the time */
	assert_string_not_equal(first + 15, &V7[15]);
	make(*state, "\"uuid\":\"01a1fd30-0000-7abc-8def-0123456789ac\",", second, time);
	assert_string_not_equal(first, second);
	/* The same id, sent to another stack's relay, is another event. */
	other->token[0] = 'f';
	make(other, "\"uuid\":\"" V7 "\",", second, time);
	assert_string_not_equal(first + 15, second + 15);
	/* Without an id of its own, or a wrong one, it gets one. */
	make(*state, "", first, time);
	make(*state, "", second, time);
	assert_string_not_equal(first, second);
	make(*state, "\"uuid\":null,", first, time);
	assert_true(id_is_valid(first, 7));
	relay_rules_destroy(other);
}

static void test_rules_that_cannot_be_kept_are_none(void **state)
{
	static const char *const wrong[] = {
		"{\"a\":{\"b\":\"text\"}}",  "{\"a\":{\"b\":5}}", "{\"a\":{\"b\":[5]}}", "{\"a\":5}", "{\"\":{}}",
		"{\"a\":{\"$b\":\"bool\"}}", "{\"a\\nb\":{}}",
	};
	static const char *const commons[] = {
		"{}", "[]", "{\"$geoip_disable\":true,\"$process_person_profile\":false}",
		"{\"$geoip_disable\":true,\"$process_person_profile\":true,\"$ip\":\"0.0.0.0\"}",
		"{\"$geoip_disable\":true,\"$process_person_profile\":false,\"$ip\":\"\"}"};
	char *before = strdup(((struct relay_rules *)*state)->common);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_null(rules_of(wrong[i]));
	for (size_t i = 0; i < sizeof(commons) / sizeof(commons[0]); i++) {
		cJSON *common = cJSON_Parse(commons[i]);

		assert_true(relay_rules_common(*state, common) < 0);
		assert_string_equal(((struct relay_rules *)*state)->common, before);
		cJSON_Delete(common);
	}
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_event_is_made_of_what_is_declared_and_nothing_else, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_without_a_name_it_is_no_event, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_clients_time_is_believed_when_it_can_be, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_event_that_comes_again_is_the_same_and_tells_nothing_of_its_id,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_rules_that_cannot_be_kept_are_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
