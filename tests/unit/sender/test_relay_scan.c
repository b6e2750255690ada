/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was found, one a line; a wrong one is "-". */
struct found {
	char text[4096];
	int stop; /* what to return */
};

static int on_found(void *context, const char *text, size_t size_bytes)
{
	struct found *self = context;
	size_t used = strlen(self->text);

	if (text)
		assert_int_equal(strlen(text), size_bytes);
	snprintf(self->text + used, sizeof(self->text) - used, "%s\n", text ? text : "-");
	return self->stop;
}

static int scan(const char *text, size_t size_bytes, size_t step, struct found *found)
{
	struct relay_scan *scan = relay_scan_create(on_found, found);
	int result = 0;

	assert_non_null(scan);
	for (size_t at = 0; at < size_bytes && result == 0; at += step) {
		/* A copy of its own, so that a step beyond its end is seen. */
		size_t count = size_bytes - at < step ? size_bytes - at : step;
		char *piece = malloc(count);

		memcpy(piece, text + at, count);
		result = relay_scan_feed(scan, piece, count);
		free(piece);
	}
	if (result == 0)
		result = relay_scan_end(scan);
	relay_scan_destroy(scan);
	return result;
}

static const struct {
	const char *text;
	int result;
	const char *found;
} rows[] = {
	/* the three shapes */
	{"{\"event\":\"a\"}", 0, "{\"event\":\"a\"}\n"},
	{" [ {\"event\":\"a\"} , {\"b\":[1,{}]} ] ", 0, "{\"event\":\"a\"}\n{\"b\":[1,{}]}\n"},
	{"{\"batch\":[{\"a\":1},{\"b\":{\"c\":[]}}],\"api_key\":\"k\"}", 0, "{\"a\":1}\n{\"b\":{\"c\":[]}}\n"},
	{"{\"api_key\":\"k\",\"x\":[{}],\"batch\" : [ { } ] }", 0, "{ }\n"},
	{"{\"batch\":[]}", 0, ""},
	{"[]", 0, ""},
	{"{}", 0, "{}\n"},
	/* what looks like a batch and is none */
	{"{\"batch\":5}", 0, "{\"batch\":5}\n"},
	{"{\"batch\":{\"a\":[1]}}", 0, "{\"batch\":{\"a\":[1]}}\n"},
	{"{\"batches\":[{}]}", 0, "{\"batches\":[{}]}\n"},
	{"{\"b\\u0061tch\":[{}]}", 0, "{\"b\\u0061tch\":[{}]}\n"},
	{"{\"b\xc3\xa9"
	 "atch\":[{}]}",
	 0,
	 "{\"b\xc3\xa9"
	 "atch\":[{}]}\n"},
	{"{\"p\":{\"batch\":[{}]}}", 0, "{\"p\":{\"batch\":[{}]}}\n"},
	{"{\"batch\":[{}],\"batch\":[{}]}", -EBADMSG, "{}\n"},
	/* wrong ones among others */
	{"[1,{\"a\":1},\"x\",null,[{\"b\":2}],true,{\"c\":3}]", 0, "-\n{\"a\":1}\n-\n-\n-\n-\n{\"c\":3}\n"},
	{"[{\"a\":\"x\\u0000y\"},{\"b\":1}]", 0, "-\n{\"b\":1}\n"},
	/* strings */
	{"{\"a\":\"]}\\\"\\\\\"}", 0, "{\"a\":\"]}\\\"\\\\\"}\n"},
	{"{\"a\":\"\\ud83d\\ude00\\u00e9\"}", 0, "{\"a\":\"\\ud83d\\ude00\\u00e9\"}\n"},
	{"{\"a\":\"\xf0\x9f\x98\x80\xc3\xa9\"}", 0, "{\"a\":\"\xf0\x9f\x98\x80\xc3\xa9\"}\n"},
	{"{\"a\":\"\\ud83d\"}", -EBADMSG, ""},
	{"{\"a\":\"\\ud83dx\"}", -EBADMSG, ""},
	{"{\"a\":\"\\ud83d\\n\"}", -EBADMSG, ""},
	{"{\"a\":\"\\ude00\"}", -EBADMSG, ""},
	{"{\"a\":\"\\ud83d\\ud83d\"}", -EBADMSG, ""},
	{"{\"a\":\"\\u12g4\"}", -EBADMSG, ""},
	{"{\"a\":\"\\x\"}", -EBADMSG, ""},
	{"{\"a\":\"\xff\"}", -EBADMSG, ""},
	{"{\"a\":\"\xc0\x80\"}", -EBADMSG, ""},
	{"{\"a\":\"\xed\xa0\x80\"}", -EBADMSG, ""},
	{"{\"a\":\"\xf4\x90\x80\x80\"}", -EBADMSG, ""},
	{"{\"a\":\"\xc3\"}", -EBADMSG, ""},
	{"{\"a\":\"\n\"}", -EBADMSG, ""},
	/* numbers and words */
	{"{\"a\":[0,-0,1.5,-2e3,1E+10,10.25e-7]}", 0, "{\"a\":[0,-0,1.5,-2e3,1E+10,10.25e-7]}\n"},
	{"{\"a\":01}", -EBADMSG, ""},
	{"{\"a\":1.}", -EBADMSG, ""},
	{"{\"a\":.5}", -EBADMSG, ""},
	{"{\"a\":+1}", -EBADMSG, ""},
	{"{\"a\":-}", -EBADMSG, ""},
	{"{\"a\":1e}", -EBADMSG, ""},
	{"{\"a\":NaN}", -EBADMSG, ""},
	{"{\"a\":nul}", -EBADMSG, ""},
	{"{\"a\":Infinity}", -EBADMSG, ""},
	/* structure */
	{"{\"a\":1,}", -EBADMSG, ""},
	{"[1,]", -EBADMSG, "-\n"},
	{"{\"a\" 1}", -EBADMSG, ""},
	{"{a:1}", -EBADMSG, ""},
	{"{\"a\":1]", -EBADMSG, ""},
	{"[{}} ", -EBADMSG, "{}\n"},
	{"{\"a\":1", -EBADMSG, ""},
	{"{} x", -EBADMSG, "{}\n"},
	{"{}{}", -EBADMSG, "{}\n"},
	{"", -EBADMSG, ""},
	{"5", -EBADMSG, ""},
	{"\"batch\"", -EBADMSG, ""},
	{"null", -EBADMSG, ""},
};

static void test_texts_are_cut_into_events_however_they_come(void **state)
{
	static const size_t steps[] = {1, 2, 3, 7, 4096};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
			struct found found = {0};

			print_message("%s\n", rows[i].text);
			assert_int_equal(scan(rows[i].text, strlen(rows[i].text), steps[j], &found), rows[i].result);
			assert_string_equal(found.text, rows[i].found);
		}
	}
}

static void test_a_nul_byte_is_no_json(void **state)
{
	struct found found = {0};

	(void)state;
	assert_int_equal(scan("{\"a\":\0}", 7, 7, &found), -EBADMSG);
	assert_int_equal(scan("{\"a\\\0\":1}", 9, 9, &found), -EBADMSG);
	assert_int_equal(scan("{\"a\":\"\\u00\0\"}", 13, 13, &found), -EBADMSG);
}

static int nested(unsigned depth, struct found *found)
{
	char text[1024];

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	return scan(text, 2 * (size_t)depth, 64, found);
}

static void test_depth_has_a_limit(void **state)
{
	struct found found = {0};

	(void)state;
	assert_int_equal(nested(RELAY_DEPTH_MAX, &found), 0);
	assert_int_equal(nested(RELAY_DEPTH_MAX + 1, &found), -EBADMSG);
}

/* `count` times `part` between the two. */
static char *repeat(const char *before, const char *part, size_t count, const char *after, size_t *size_bytes)
{
	size_t length = strlen(part);
	char *text = malloc(strlen(before) + count * length + strlen(after) + 1), *at = stpcpy(text, before);

	for (size_t i = 0; i < count; i++)
		at = stpcpy(at, part);
	*size_bytes = (size_t)(stpcpy(at, after) - text);
	return text;
}

static void test_an_event_that_is_too_large_is_wrong_and_the_next_one_is_read(void **state)
{
	struct found found = {0};
	size_t size_bytes;
	char *text = repeat("[{\"a\":\"", "xxxxxxxxxx", RELAY_EVENT_MAX / 10, "\"},{\"b\":1}]", &size_bytes);

	(void)state;
	assert_int_equal(scan(text, size_bytes, 4096, &found), 0);
	assert_string_equal(found.text, "-\n{\"b\":1}\n");
	free(text);
	found.text[0] = '\0';
	text = repeat("[{\"a\":[", "1,", RELAY_VALUES_MAX, "1]},{\"b\":1}]", &size_bytes);
	assert_int_equal(scan(text, size_bytes, 4096, &found), 0);
	assert_string_equal(found.text, "-\n{\"b\":1}\n");
	free(text);
}

static void test_whoever_is_told_can_end_it(void **state)
{
	struct found found = {.stop = -E2BIG};

	(void)state;
	assert_int_equal(scan("[{},{}]", 7, 7, &found), -E2BIG);
	assert_string_equal(found.text, "{}\n");
	found.text[0] = '\0';
	assert_int_equal(scan("[1,2]", 5, 5, &found), -E2BIG);
	assert_string_equal(found.text, "-\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_cut_into_events_however_they_come),
		cmocka_unit_test(test_a_nul_byte_is_no_json),
		cmocka_unit_test(test_depth_has_a_limit),
		cmocka_unit_test(test_an_event_that_is_too_large_is_wrong_and_the_next_one_is_read),
		cmocka_unit_test(test_whoever_is_told_can_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
