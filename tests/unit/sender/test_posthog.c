/* SPDX-License-Identifier: MIT */
/* The test receiver's own strictness: each fault that the real service refuses is refused here, in the same words. */
#include "tests/lib/posthog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UUID "01a1fd31-915c-7e0f-a4f7-b0619689e744"
#define TIME "2026-11-21T08:20:46.555Z"
#define FLAGS "\"$geoip_disable\":true,\"$process_person_profile\":false,\"$ip\":\"0.0.0.0\""
#define EVENT_OF(fields, properties) "{\"event\":\"e\"," fields ",\"properties\":{" properties "}}"
#define IDS "\"uuid\":\"" UUID "\",\"distinct_id\":\"d1\",\"timestamp\":\"" TIME "\""
#define GOOD EVENT_OF(IDS, FLAGS)
#define BODY_OF(events) "{\"api_key\":\"phc_x\",\"batch\":[" events "],\"sent_at\":\"" TIME "\"}"

#define BODY_START "{\"api_key\":\"phc_x\",\"batch\":[{\"event\":\"e\",\"distinct_id\":\""

static void check(struct posthog *posthog, const char *body, struct posthog_verdict *verdict)
{
	posthog_check(posthog, &(struct posthog_request){"application/json", NULL, body, strlen(body)}, verdict);
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *body;
		int status;
		const char *text;
	} rows[] = {
		{BODY_OF(GOOD), 200, "Ok"},
		{"", 400, "missing data payload"},
		{"{", 400, "failed to parse"},
		{BODY_OF(GOOD) "x", 400, "trailing characters"},
		{BODY_OF(""), 400, "holds no event"},
		{"{\"batch\":[" GOOD "]}", 401, "without an api_key"},
		{"{\"api_key\":\"\",\"batch\":[" GOOD "]}", 401, "empty"},
		{"{\"api_key\":\"phx_secret\",\"batch\":[" GOOD "]}", 401, "personal_api_key"},
		{"{\"api_key\":\"caf\xc3\xa9\",\"batch\":[" GOOD "]}", 401, "not_ascii"},
		{"{\"api_key\":5,\"batch\":[" GOOD "]}", 400, "hydrate"},
		{"{\"api_key\":\"a\",\"token\":\"a\",\"batch\":[" GOOD "]}", 400, "hydrate"},
		{"{\"api_key\":\"a\",\"api_key\":\"a\",\"batch\":[" GOOD "]}", 400, "hydrate"},
		{"{\"api_key\":\"a\",\"batch\":[" GOOD "],\"sent_at\":5}", 400, "hydrate"},
		{BODY_OF(GOOD ",5"), 400, "hydrate"},
		{BODY_OF("{\"distinct_id\":\"d\"}"), 400, "hydrate"},
		{BODY_OF("{\"event\":null,\"distinct_id\":\"d\"}"), 400, "hydrate"},
		{BODY_OF("{\"event\":\"\",\"distinct_id\":\"d\"}"), 400, "empty event name"},
		{BODY_OF("{\"event\":\"e\"}"), 400, "without a distinct_id"},
		{BODY_OF("{\"event\":\"e\",\"distinct_id\":\"\"}"), 400, "without a distinct_id"},
		{BODY_OF("{\"event\":\"e\",\"distinct_id\":null}"), 400, "without a distinct_id"},
		{BODY_OF("{\"event\":\"e\",\"distinct_id\":\"d\",\"uuid\":\"junk\"}"), 400, "hydrate"},
		{BODY_OF("{\"event\":\"e\",\"distinct_id\":\"d\",\"timestamp\":1795249246}"), 400, "hydrate"},
		{BODY_OF("{\"event\":\"e\",\"distinct_id\":\"d\",\"properties\":null}"), 400, "hydrate"},
		{BODY_OF("{\"event\":\"e\",\"distinct_id\":\"d\",\"offset\":1.5}"), 400, "hydrate"},
		{BODY_OF(EVENT_OF(IDS, "\"$cookieless_mode\":1")), 400, "cookieless"},
		{BODY_OF(EVENT_OF(IDS, "\"a\":NaN")), 400, "failed to parse"},
		{BODY_OF(EVENT_OF(IDS, "\"a\":01")), 400, "failed to parse"},
		{BODY_OF(EVENT_OF(IDS, "\"a\":1e999")), 400, "out of range"},
		{BODY_OF(EVENT_OF(IDS, "\"a\":\"\\ud800\"")), 400, "surrogate"},
		{BODY_OF(EVENT_OF(IDS, "\"a\":\"\t\"")), 400, "control character"},
		{BODY_OF(EVENT_OF(IDS, "\"a\":\"caf\xe9\"")), 400, "invalid UTF8"},
		{BODY_OF(EVENT_OF(IDS, "\"a\":\"\xed\xa0\x80\"")), 400, "invalid UTF8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct posthog *posthog = posthog_create(NULL);
		struct posthog_verdict verdict;

		check(posthog, rows[i].body, &verdict);
		if (verdict.status != rows[i].status || !strstr(verdict.text, rows[i].text))
			fail_msg("%d %s\n%s", verdict.status, verdict.text, rows[i].body);
		posthog_verdict_finish(&verdict);
		posthog_destroy(posthog);
	}
}

static void test_headers_decide_too(void **state)
{
	static const struct {
		const char *type, *encoding;
		int status, findings;
	} rows[] = {{"application/json", NULL, 200, 0},
		    {"application/x-www-form-urlencoded", NULL, 400, 0},
		    {NULL, NULL, 200, 1},
		    {"application/json", "gzip", 400, 0},
		    {"application/json", "br", 400, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct posthog *posthog = posthog_create("phc_x");
		struct posthog_verdict verdict;

		posthog_check(
			posthog,
			&(struct posthog_request){rows[i].type, rows[i].encoding, BODY_OF(GOOD), strlen(BODY_OF(GOOD))},
			&verdict);
		assert_int_equal(verdict.status, rows[i].status);
		assert_int_equal(cJSON_GetArraySize(verdict.findings), rows[i].findings);
		posthog_verdict_finish(&verdict);
		posthog_destroy(posthog);
	}
}

static void test_what_is_taken_and_should_not_be_sent(void **state)
{
	static const struct {
		const char *body, *finding;
	} rows[] = {
		{BODY_OF(EVENT_OF(IDS, "\"$geoip_disable\":true,\"$process_person_profile\":false")), "$ip"},
		{BODY_OF(EVENT_OF(IDS, "\"$geoip_disable\":true,\"$process_person_profile\":false,\"$ip\":null")),
		 "$ip"},
		{BODY_OF(EVENT_OF(IDS,
				  "\"$geoip_disable\":true,\"$process_person_profile\":false,\"$ip\":\"10.1.1.1\"")),
		 "is an address"},
		{BODY_OF(EVENT_OF(IDS, "\"$process_person_profile\":false,\"$ip\":\"0.0.0.0\"")), "$geoip_disable"},
		{BODY_OF(EVENT_OF(IDS,
				  "\"$geoip_disable\":true,\"$process_person_profile\":\"false\",\"$ip\":\"0.0.0.0\"")),
		 "$process_person_profile"},
		{BODY_OF(EVENT_OF(IDS, FLAGS ",\"$set\":{}")), "$set"},
		{BODY_OF(EVENT_OF(IDS ",\"library\":\"x\"", FLAGS)), "library"},
		{BODY_OF(EVENT_OF(
			 "\"uuid\":\"01a1fd31-915c-4e0f-a4f7-b0619689e744\",\"distinct_id\":\"d\",\"timestamp\":\"" TIME
			 "\"",
			 FLAGS)),
		 "version 7"},
		{BODY_OF(EVENT_OF("\"uuid\":\"" UUID
				  "\",\"distinct_id\":\"d\",\"timestamp\":\"2026-12-21T08:20:46.555Z\"",
				  FLAGS)),
		 "days apart"},
		{BODY_OF(EVENT_OF("\"uuid\":\"" UUID "\",\"distinct_id\":\"anonymous\",\"timestamp\":\"" TIME "\"",
				  FLAGS)),
		 "anonymous"},
		{BODY_OF(EVENT_OF("\"uuid\":\"" UUID "\",\"distinct_id\":\"d\",\"timestamp\":\"2026-11-21 08:20\"",
				  FLAGS)),
		 "timestamp"},
		{"{\"api_key\":\"phc_x\",\"batch\":[" GOOD "]}", "sent_at"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct posthog *posthog = posthog_create(NULL);
		struct posthog_verdict verdict;
		const cJSON *finding;
		bool found = false;

		check(posthog, rows[i].body, &verdict);
		assert_int_equal(verdict.status, 200);
		cJSON_ArrayForEach(finding, verdict.findings) found =
			found || strstr(finding->valuestring, rows[i].finding);
		if (!found)
			fail_msg("no finding '%s' in %s", rows[i].finding, rows[i].body);
		posthog_verdict_finish(&verdict);
		posthog_destroy(posthog);
	}
}

static void test_a_retry_must_be_the_same_event(void **state)
{
	struct posthog *posthog = posthog_create(NULL);
	struct posthog_verdict verdict;

	(void)state;
	for (int i = 0; i < 2; i++) {
		check(posthog, BODY_OF(GOOD), &verdict);
		assert_int_equal(cJSON_GetArraySize(verdict.findings), 0);
		posthog_verdict_finish(&verdict);
	}
	check(posthog, BODY_OF(EVENT_OF(IDS, FLAGS ",\"more\":1")), &verdict);
	assert_int_equal(cJSON_GetArraySize(verdict.findings), 1);
	posthog_verdict_finish(&verdict);
	posthog_destroy(posthog);
}

static void test_nesting_and_size_have_limits(void **state)
{
	char deep[300];
	char *large = malloc(POSTHOG_EVENT_MAX + 1000);
	struct posthog *posthog = posthog_create(NULL);
	struct posthog_verdict verdict;

	(void)state;
	memset(deep, '[', 150);
	memset(deep + 150, ']', 150);
	assert_null(posthog_json_error(deep + 23, 254));
	assert_non_null(posthog_json_error(deep + 22, 256));
	sprintf(large, "%s%0*d%s", BODY_START, (int)POSTHOG_EVENT_MAX, 1, "\"}]}");
	check(posthog, large, &verdict);
	assert_int_equal(verdict.status, 413);
	posthog_verdict_finish(&verdict);
	posthog_destroy(posthog);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_headers_decide_too),
		cmocka_unit_test(test_what_is_taken_and_should_not_be_sent),
		cmocka_unit_test(test_a_retry_must_be_the_same_event),
		cmocka_unit_test(test_nesting_and_size_have_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
