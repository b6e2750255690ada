/* SPDX-License-Identifier: MIT */
/* The pure parts of the client: JSON values in a stream, times, what is escaped. */
#include "launcher/engine/docker_parts.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct taken {
	char text[512];
	size_t count, stop_at;
};

static bool take(void *context, const cJSON *value)
{
	struct taken *taken = context;
	char *text = cJSON_PrintUnformatted(value);

	strcat(strcat(taken->text, text), "|");
	free(text);
	return ++taken->count != taken->stop_at;
}

static void test_values(void **state)
{
	static const struct {
		const char *bytes;
		int result;
		const char *taken;
	} cases[] = {
		{"{\"a\":1}\n{\"b\":2}\r\n", 0, "{\"a\":1}|{\"b\":2}|"},
		{"{\"a\":1}{\"b\":[1,{}]} \t{}", 0, "{\"a\":1}|{\"b\":[1,{}]}|{}|"},
		/* Brackets inside of texts are text. */
		{"{\"a\":\"}{\\\"]\\\\\"}{\"b\":\"\\\\\"}", 0, "{\"a\":\"}{\\\"]\\\\\"}|{\"b\":\"\\\\\"}|"},
		{"{\"a\":", 0, ""},
		{"", 0, ""},
		/* No such stream. */
		{"{\"a\":1}[1]", -EPROTO, "{\"a\":1}|"},
		{"{\"a\":1},{\"b\":1}", -EPROTO, "{\"a\":1}|"},
		{"{\"a\"]", -EPROTO, ""},
		{"{a}", -EPROTO, ""},
		{"null", -EPROTO, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t size = strlen(cases[i].bytes);

		for (size_t step = 1; step < 30; step += 4) {
			struct docker_values values = {0};
			struct taken taken = {0};
			int result = 0;

			for (size_t at = 0; at < size && result == 0; at += step)
				result = docker_values_feed(&values, cases[i].bytes + at,
							    size - at < step ? size - at : step, take, &taken);
			docker_values_finish(&values);
			if (result != cases[i].result || strcmp(taken.text, cases[i].taken) != 0)
				fail_msg("case %zu, step %zu: %d '%s'", i, step, result, taken.text);
		}
	}
}

static void test_values_are_bounded(void **state)
{
	struct docker_values values = {0};
	struct taken taken = {0};
	char *bytes = malloc(DOCKER_LINE_MAX + 1);

	(void)state;
	memset(bytes, 'x', DOCKER_LINE_MAX + 1);
	memcpy(bytes, "{\"", 2);
	assert_int_equal(docker_values_feed(&values, bytes, DOCKER_LINE_MAX, take, &taken), 0);
	assert_int_equal(docker_values_feed(&values, "x", 1, take, &taken), -EFBIG);
	docker_values_finish(&values);
	/* Depth costs nothing to count, and the parser has its own limit. */
	memcpy(bytes, "{\"a\":", 5);
	memset(bytes + 5, '[', 5000);
	memset(bytes + 5005, ']', 5000);
	bytes[10005] = '}';
	assert_int_equal(docker_values_feed(&values, bytes, 10006, take, &taken), -EPROTO);
	assert_int_equal(taken.count, 0);
	docker_values_finish(&values);
	free(bytes);
}

/* Whoever takes them has had enough, and has perhaps gone with all of it. */
static void test_values_stop(void **state)
{
	struct docker_values values = {0};
	struct taken taken = {.stop_at = 2};

	(void)state;
	assert_int_equal(docker_values_feed(&values, "{}{}{}", 6, take, &taken), 0);
	assert_int_equal(taken.count, 2);
	docker_values_finish(&values);
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t time_ns;
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-21T10:00:00Z", INT64_C(1795255200000000000)},
		{"2026-11-21T10:00:00.123456789Z", INT64_C(1795255200123456789)},
		{"2026-11-21T10:00:00.12Z", INT64_C(1795255200120000000)},
		{"2026-11-21T10:00:00.1234567899999Z", INT64_C(1795255200123456789)},
		{"2026-11-21T11:30:00.5+01:30", INT64_C(1795255200500000000)},
		{"2026-11-21T05:00:00-05:00", INT64_C(1795255200000000000)},
		{"2024-02-29T00:00:00Z", INT64_C(1709164800000000000)},
		{"0001-01-01T00:00:00Z", -1}, /* the engine's word for never */
		{"", -1},
		{"2026-11-21", -1},
		{"2026-11-21T10:00:00", -1},
		{"2026-11-21T10:00:00.Z", -1},
		{"2026-11-21T10:00:00Zx", -1},
		{"2026-11-21 10:00:00Z", -1},
		{"2026-13-21T10:00:00Z", -1},
		{"2026-11-21T24:00:00Z", -1},
		{"2026-11-21T10:00:00+1:00", -1},
		{"2026-11-21T10:00:00+01:00:00", -1},
		{"9999-11-21T10:00:00Z", -1},
		{"-026-11-21T10:00:00Z", -1},
		{"2026-11-21T10:00:00.00000000000000000000000000000000000000000000000000000000000Z", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (docker_time_ns(cases[i].text, strlen(cases[i].text)) != cases[i].time_ns)
			fail_msg("%s: %lld", cases[i].text,
				 (long long)docker_time_ns(cases[i].text, strlen(cases[i].text)));
	assert_int_equal(docker_time_ns("2026-11-21T10:00:00Z more", 20), INT64_C(1795255200000000000));
	assert_int_equal(docker_time_ns("1970-01-01T00:00:00Z\0", 21), -1);
}

static void test_escape(void **state)
{
	char *text = docker_escape("{\"label\":[\"a=b c\"]}/~x-1._\xc3\xa9\n");

	(void)state;
	assert_string_equal(text, "%7B%22label%22%3A%5B%22a%3Db%20c%22%5D%7D%2F~x-1._%C3%A9%0A");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),      cmocka_unit_test(test_values_are_bounded),
		cmocka_unit_test(test_values_stop), cmocka_unit_test(test_times),
		cmocka_unit_test(test_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
