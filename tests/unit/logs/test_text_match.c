/* SPDX-License-Identifier: MIT */
/* Patterns against lines: what is said of a pattern without running it is true, and many lines at once give what line after line gives. */
#include "launcher/logs/text_literal.h"
#include "launcher/logs/text_match.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct text_match *compile(const char *pattern)
{
	struct text_match *match = NULL;
	char problem[128] = "";

	if (text_match_create(pattern, strlen(pattern), &match, problem, sizeof(problem)) < 0)
		fail_msg("%s: %s", pattern, problem);
	return match;
}

static void test_literals(void **state)
{
	static const struct {
		const char *pattern, *literal;
		bool whole, within_lines;
	} rows[] = {
		{"needle", "needle", true, true},
		{"needle-[0-9]+", "needle-", false, true},
		{"status=5\\d\\d", "status=5", false, true},
		{"a\\.b\\.c", "a.b.c", true, true},
		{"colou?r", "colo", false, true},
		{"colou*r", "colo", false, true},
		{"colo+r", "colo", false, true},
		{"abc{2}de", "ab", false, true},
		{"x{ab", "x{ab", true, true},
		{"(foo)?barbar", "barbar", false, true},
		{"(foo|bar)x", "x", false, true},
		{"foo|bar", "", false, true},
		{"foo(?i)bar", "", false, false},
		{"foo(?=bar)", "", false, false},
		{"[^a]bcd", "bcd", false, false},
		{"a\\sbc", "bc", false, false},
		{"ab$", "ab", false, false},
		{"^ab", "ab", false, true},
		{"a.*bc", "bc", false, true},
		{"ab*+cd", "cd", false, false},
		{"\\Qa.b\\E", "", false, false},
		{"\\x41bc", "", false, false},
		{"[]x]yy", "yy", false, true},
		{"[[:space:]]yy", "", false, false},
		{"(*UTF)abc", "", false, false},
		{"", "", false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct text_pattern found;

		text_pattern_read(rows[i].pattern, strlen(rows[i].pattern), true, false, &found);
		if (found.literal.size != strlen(rows[i].literal) ||
		    memcmp(found.literal.bytes, rows[i].literal, found.literal.size) != 0 ||
		    found.whole != rows[i].whole || found.within_lines != rows[i].within_lines)
			fail_msg("%s: '%.*s'%s%s", rows[i].pattern, (int)found.literal.size, found.literal.bytes,
				 found.whole ? ", whole" : "", found.within_lines ? ", within lines" : "");
	}
}

static void test_scan(void **state)
{
	char bytes[700];
	unsigned random = 1;

	(void)state;
	for (int turn = 0; turn < 3000; turn++) {
		static const char *const needles[] = {"ab", "a", "aab", "AbA", "bbbbbbbbbbbb", "abaabab"};
		const char *needle = needles[turn % 6], *wanted = NULL;
		struct text_pattern found;
		size_t size;

		random = random * 1103515245u + 12345u;
		size = random / 65536 % sizeof(bytes);
		for (size_t i = 0; i < size; i++) {
			random = random * 1103515245u + 12345u;
			bytes[i] = "aabbbbbA"[random / 65536 % (turn % 2 ? 8 : 5)];
		}
		text_pattern_read(needle, strlen(needle), turn % 3 == 0, false, &found);
		for (size_t i = 0; wanted == NULL && i + strlen(needle) <= size; i++)
			if ((turn % 3 == 0 ? strncasecmp(bytes + i, needle, strlen(needle))
					   : memcmp(bytes + i, needle, strlen(needle))) == 0)
				wanted = bytes + i;
		assert_ptr_equal(text_literal_find(&found.literal, bytes, bytes + size), wanted);
	}
}

static void test_smart_case(void **state)
{
	static const struct {
		const char *pattern, *line;
		bool matches;
	} rows[] = {
		{"needle", "a NEEDLE", true},
		{"Needle", "a NEEDLE", false},
		{"Needle", "Needle", true},
		{"\\Sx", "-X", true},
		{"[A]x", "ax", false},
		{"caf\xc3\xa9", "CAF\xc3\x89", true},
		{"k", "\xe2\x84\xaa", false},
		{"caf.$", "caf\xc3\xa9", true},
		{"\xff", "a\xff", true},
		{"a.b",
		 "a\xff"
		 "b",
		 false},
		{"a\\b", "a", true},
		{"x{2,3}y", "xxxy", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct text_match *match = compile(rows[i].pattern);

		if (text_match_line(match, rows[i].line, strlen(rows[i].line)) != rows[i].matches)
			fail_msg("%s in %s", rows[i].pattern, rows[i].line);
		text_match_destroy(match);
	}
}

static void test_places(void **state)
{
	struct text_match *match = compile("o+");
	size_t offsets[3], sizes[3];

	(void)state;
	assert_int_equal(text_match_each(match, "foo o\0oooo", 10, offsets, sizes, 3), 3);
	assert_int_equal(offsets[0], 1);
	assert_int_equal(sizes[0], 2);
	assert_int_equal(offsets[2], 6);
	assert_int_equal(sizes[2], 4);
	assert_int_equal(text_match_each(match, "foo o", 5, offsets, sizes, 1), 1);
	text_match_destroy(match);
	match = compile("x*");
	assert_int_equal(text_match_each(match, "axxb\xc3\xa9x", 7, offsets, sizes, 3), 2);
	text_match_destroy(match);
}

static bool stands_in_line(const char *line, const char *at, const char *next)
{
	return at >= line && at < next;
}

/* Every line that has it is come to, from wherever one begins; what is sure is so. */
static void check_many(struct text_match *match, const char *bytes, size_t size)
{
	const char *end = bytes + size, *hit, *from = bytes;

	for (const char *line = bytes; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		const char *next = stop != NULL ? stop + 1 : end;
		enum text_match_found found;

		stop = stop != NULL ? stop : end;
		found = text_match_next(match, from, end, &hit);
		if (text_match_line(match, line, (size_t)(stop - line)))
			assert_true(found != TEXT_MATCH_NONE && hit < next);
		else if (found == TEXT_MATCH_SURE && hit < end)
			assert_false(stands_in_line(line, hit, next));
		from = line = next;
	}
}

static void test_many_at_once(void **state)
{
	static const char *const patterns[] = {
		"ab",    "a|bb",    "a[0-9]+",   "^b",     "b$", "[^a]b",   "\\bab\\b", "a.b",          "a\\sb",
		"(ab)+", "a{2,}",   "(a|b){3}1", "\\d\\d", "^$", "a++b",    "(?<=a)b",  "[[:digit:]]a", "a.*1",
		"\\w+1", "\\S\\Sa", "[ab]{4}",   "\\D1",   "a?", "(?!b)a1", "\xc3\xa9", "[\xc3\xa9]a",  "\\Bb"};
	unsigned random = 3;
	char bytes[900];

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		struct text_match *match = compile(patterns[i]);

		for (int turn = 0; turn < 40; turn++) {
			size_t size;

			random = random * 1103515245u + 12345u;
			size = random / 65536 % sizeof(bytes);
			for (size_t j = 0; j < size; j++) {
				random = random * 1103515245u + 12345u;
				bytes[j] = "aaabbb11 \n\n\n\xc3\xa9\xff\0"[random / 65536 % 16];
			}
			check_many(match, bytes, size);
		}
		text_match_destroy(match);
	}
}

/* One that goes back and forth without end is given up, soon. */
static void test_bounded(void **state)
{
	struct text_match *match = compile("(a+)+$");
	char line[16384];

	(void)state;
	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = 'b';
	for (int i = 0; i < 20; i++)
		assert_false(text_match_line(match, line, sizeof(line)));
	text_match_destroy(match);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *pattern, *problem;
	} rows[] = {{"(foo", "missing ) at 4"},
		    {"foo)", "no ( for ) at 3"},
		    {"[a", "missing ] at 2"},
		    {"*", "quantifier does not follow a repeatable item at 0"}};
	struct text_match *match = NULL;
	char problem[128], *large = malloc(TEXT_MATCH_PATTERN_MAX + 1);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
			text_match_create(rows[i].pattern, strlen(rows[i].pattern), &match, problem, sizeof(problem)),
			-EINVAL);
		assert_string_equal(problem, rows[i].problem);
	}
	assert_non_null(large);
	memset(large, 'a', TEXT_MATCH_PATTERN_MAX + 1);
	assert_int_equal(text_match_create(large, TEXT_MATCH_PATTERN_MAX + 1, &match, problem, sizeof(problem)),
			 -EINVAL);
	assert_int_equal(text_match_create(large, TEXT_MATCH_PATTERN_MAX, &match, problem, sizeof(problem)), 0);
	text_match_destroy(match);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals),     cmocka_unit_test(test_scan),    cmocka_unit_test(test_smart_case),
		cmocka_unit_test(test_places),       cmocka_unit_test(test_bounded), cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
