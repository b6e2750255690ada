/* SPDX-License-Identifier: MIT */
/* The error object: codes, places, hints, and text that stays harmless on a terminal. */
#include "config/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_rendered(const struct err *err, const char *expected)
{
	char *text = err_render(err, "upfront");

	assert_string_equal(text, expected);
	free(text);
}

static void test_codes_become_errno(void **state)
{
	static const struct {
		enum err_code code;
		int result;
	} cases[] = {
		{ERR_FAILED, -EIO},        {ERR_USAGE, -EINVAL},         {ERR_CONFIG, -EINVAL}, {ERR_MISSING, -ENOENT},
		{ERR_TIMEOUT, -ETIMEDOUT}, {ERR_NOT_RUNNING, -ENOTCONN}, {ERR_INTERNAL, -EIO},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;

		assert_false(err_is_set(&err));
		assert_int_equal(err_set(&err, cases[i].code, "x"), cases[i].result);
		assert_int_equal(err.code, cases[i].code);
		assert_true(err_is_set(&err));
		/* Nobody listening changes nothing about the result. */
		assert_int_equal(err_set(NULL, cases[i].code, "x"), cases[i].result);
		assert_int_equal(err_at(NULL, cases[i].code, (struct err_place){0}, "x"), cases[i].result);
		err_finish(&err);
		assert_false(err_is_set(&err));
	}
	assert_false(err_is_set(NULL));
}

static void test_one_line_a_message(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err_at(&err, ERR_CONFIG, (struct err_place){"compose.yaml", 12, 15}, "unknown restart policy '%s'", "alwyas");
	err_hint(&err, "no such hint");
	err_hint(&err, "did you mean '%s'?", "always");
	err_at(&err, ERR_MISSING, (struct err_place){"compose.yaml", 3, 0}, "second");
	err_at(&err, ERR_CONFIG, (struct err_place){"compose.yaml", 0, 7}, "third");
	err_set(&err, ERR_CONFIG, "fourth");
	err_context(&err, "cannot start %s", "shop");
	assert_int_equal(err.code, ERR_CONFIG);
	assert_rendered(&err, "upfront: compose.yaml:12:15: cannot start shop: unknown restart policy 'alwyas'\n"
			      "  hint: did you mean 'always'?\n"
			      "upfront: compose.yaml:3: second\n"
			      "upfront: compose.yaml: third\n"
			      "upfront: fourth\n");
	err_finish(&err);
}

static void test_nothing_to_say(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err_hint(&err, "lost");
	err_context(&err, "lost");
	err_hint(NULL, "lost");
	err_context(NULL, "lost");
	err_finish(NULL);
	assert_rendered(&err, "");
	err_finish(&err);
}

static void test_only_so_many_are_kept(void **state)
{
	struct err err = ERR_INIT;
	char *text;

	(void)state;
	for (int i = 0; i < ERR_ITEMS_MAX + 3; i++) {
		err_set(&err, ERR_CONFIG, "message %d", i);
		err_hint(&err, "hint %d", i);
	}
	assert_int_equal(err.count, ERR_ITEMS_MAX);
	assert_int_equal(err.dropped, 3);
	/* The hint of a message that was dropped must not end up with another one. */
	assert_string_equal(err.items[ERR_ITEMS_MAX - 1].hint, "hint 19");
	text = err_render(&err, "upfront");
	assert_non_null(strstr(text, "upfront: message 19\n  hint: hint 19\nupfront: ... and 3 more\n"));
	free(text);
	err_finish(&err);
}

static void test_control_characters_are_shown(void **state)
{
	static const struct {
		const char *message, *shown;
	} cases[] = {
		{"plain text", "plain text"},
		{"\x1b[2Jgone", "\\x1B[2Jgone"},
		{"two\nlines\r", "two\\x0Alines\\x0D"},
		{"tab\tdel\x7f", "tab\\x09del\\x7F"},
		{"Größe 日本 😀", "Größe 日本 😀"},
		{"c1 \xc2\x9b"
		 "31m",
		 "c1 \\xC2\\x9B31m"},
		{"latin1 \xe9t\xe9", "latin1 \\xE9t\\xE9"},
		{"cut \xe6\x97", "cut \\xE6\\x97"},
		{"overlong \xc0\xaf", "overlong \\xC0\\xAF"},
		{"surrogate \xed\xa0\x80", "surrogate \\xED\\xA0\\x80"},
		{"too big \xf4\x90\x80\x80", "too big \\xF4\\x90\\x80\\x80"},
		{"turned \xe2\x80\xae"
		 "txt",
		 "turned \\xE2\\x80\\xAEtxt"},
		{"isolated \xe2\x81\xa6", "isolated \\xE2\\x81\\xA6"},
		{"separator \xe2\x80\xa8", "separator \\xE2\\x80\\xA8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		char expected[200];

		err_at(&err, ERR_CONFIG, (struct err_place){cases[i].message, 1, 1}, "%s", cases[i].message);
		err_hint(&err, "%s", cases[i].message);
		snprintf(expected, sizeof(expected), "upfront: %s:1:1: %s\n  hint: %s\n", cases[i].shown,
			 cases[i].shown, cases[i].shown);
		assert_rendered(&err, expected);
		err_finish(&err);
	}
}

static void test_messages_move(void **state)
{
	struct err all = ERR_INIT;
	struct err part = ERR_INIT;

	(void)state;
	err_set(&part, ERR_TIMEOUT, "first");
	err_hint(&part, "hint");
	err_move(&all, &part);
	assert_int_equal(all.code, ERR_TIMEOUT);
	assert_false(err_is_set(&part));
	for (int i = 0; i < ERR_ITEMS_MAX + 2; i++)
		err_set(&part, ERR_CONFIG, "more");
	err_move(&all, &part);
	assert_int_equal(all.code, ERR_TIMEOUT);
	assert_int_equal(all.count, ERR_ITEMS_MAX);
	assert_int_equal(all.dropped, 3);
	err_move(&all, &part);
	assert_int_equal(all.dropped, 3);
	err_set(&part, ERR_CONFIG, "to nobody");
	err_move(NULL, &part);
	assert_false(err_is_set(&part));
	err_finish(&all);
}

static void test_nearest_name(void **state)
{
	static const char *const names[] = {"no", "always", "on-failure", "unless-stopped", NULL};
	static const struct {
		const char *word, *nearest;
	} cases[] = {
		{"alwyas", "always"},
		{"Always", "always"},
		{"on_failure", "on-failure"},
		{"onfailure", "on-failure"},
		{"unless-stoped", "unless-stopped"},
		{"sometimes", NULL},
		{"", NULL},
		{"yes", NULL},
		{"alw", NULL},
	};
	char endless[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *nearest = err_nearest(cases[i].word, names);

		if (cases[i].nearest)
			assert_string_equal(nearest, cases[i].nearest);
		else
			assert_null(nearest);
	}
	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_null(err_nearest(endless, names));
	assert_null(err_nearest("always", (const char *const[]){endless, NULL}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes_become_errno),
		cmocka_unit_test(test_one_line_a_message),
		cmocka_unit_test(test_nothing_to_say),
		cmocka_unit_test(test_only_so_many_are_kept),
		cmocka_unit_test(test_control_characters_are_shown),
		cmocka_unit_test(test_messages_move),
		cmocka_unit_test(test_nearest_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
