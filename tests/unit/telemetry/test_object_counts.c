/* SPDX-License-Identifier: MIT */
#include "telemetry/object_counts.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NAME40 "a123456789_123456789_123456789_123456789"

/* "charts=3 models=0", or "wrong". */
static void read_as_text(const char *json, char *text, size_t size)
{
	struct telemetry_count counts[OBJECT_COUNTS_MAX];
	cJSON *object = cJSON_Parse(json);
	size_t count = 0, used = 0;

	snprintf(text, size, "%s", "");
	if (!object_counts_read(object, counts, &count))
		snprintf(text, size, "wrong");
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s=%lld", i > 0 ? " " : "", counts[i].name,
					 (long long)counts[i].count);
	cJSON_Delete(object);
}

static void test_whole_numbers_by_short_names(void **state)
{
	static const struct {
		const char *json, *wanted;
	} cases[] = {
		{"{}", ""},
		{"{\"charts\": 3, \"models\": 0}", "charts=3 models=0"},
		{"{\"a_1\": 1e3}", "a_1=1000"},
		{"{\"" NAME40 "\": 1}", NAME40 "=1"},
		{"{\"a\": 9007199254740991}", "a=9007199254740991"},
		{"{\"a\": 9007199254740992}", "wrong"},
		{"{\"a\": 1e400}", "wrong"},
		{"{\"a\": 1.5}", "wrong"},
		{"{\"a\": -1}", "wrong"},
		{"{\"a\": \"1\"}", "wrong"},
		{"{\"a\": null}", "wrong"},
		{"{\"a\": {}}", "wrong"},
		{"{\"a\": 1, \"a\": 2}", "wrong"},
		{"{\"a\": 1, \"B\": 2}", "wrong"},
		{"{\"" NAME40 "x\": 1}", "wrong"},
		{"{\"\": 1}", "wrong"},
		{"{\"1a\": 1}", "wrong"},
		{"{\"_a\": 1}", "wrong"},
		{"{\"a-b\": 1}", "wrong"},
		{"{\"caf\xc3\xa9\": 1}", "wrong"},
		{"[1]", "wrong"},
		{"3", "wrong"},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		read_as_text(cases[i].json, text, sizeof(text));
		if (strcmp(text, cases[i].wanted) != 0)
			fail_msg("%s: %s", cases[i].json, text);
	}
}

static void test_no_more_than_there_is_room_for(void **state)
{
	struct telemetry_count counts[OBJECT_COUNTS_MAX];
	cJSON *object = cJSON_CreateObject();
	char name[8];
	size_t count;

	(void)state;
	for (unsigned i = 0; i < OBJECT_COUNTS_MAX; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		cJSON_AddNumberToObject(object, name, i);
	}
	assert_true(object_counts_read(object, counts, &count));
	assert_int_equal(count, OBJECT_COUNTS_MAX);
	assert_int_equal(counts[31].count, 31);
	cJSON_AddNumberToObject(object, "more", 1);
	assert_false(object_counts_read(object, counts, &count));
	cJSON_Delete(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_numbers_by_short_names),
		cmocka_unit_test(test_no_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
