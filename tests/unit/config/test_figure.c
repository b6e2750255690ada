/* SPDX-License-Identifier: MIT */
/* Figures that move: how they read, and when they change. */
#include "config/figure.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define K INT64_C(1024)
#define M (1024 * K)
#define G (1024 * M)

static void test_cpu(void **state)
{
	static const struct {
		double percent;
		const char *text;
	} cases[] = {
		{-1, "-"},     {0, "0"},      {0.49, "0"},    {0.5, "0.5"},   {1.44, "1.4"},    {8.9, "8.9"},
		{9.94, "9.9"}, {9.96, "10"},  {31.4, "31"},   {99.4, "99"},   {99.6, "100"},    {104, "100"},
		{243, "240"},  {995, "1000"}, {1234, "1230"}, {6400, "6400"}, {12800, "12800"}, {1e300, "99000"},
	};
	char text[FIGURE_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		figure_cpu(cases[i].percent, text, sizeof text);
		assert_string_equal(text, cases[i].text);
	}
	figure_cpu((double)NAN, text, sizeof text);
	assert_string_equal(text, "-");
}

static void test_cpu_moves(void **state)
{
	static const struct {
		double shown, percent;
		bool moves;
	} cases[] = {
		/* Known or not is a difference in any case. */
		{-1, 0, true},
		{0, -1, true},
		{-1, -1, false},
		/* At rest: one tick more or less of an idle service. */
		{0, 0.3, false},
		{0, 0.45, false},
		{0.45, 0.6, false},
		{0.5, 0.25, false},
		/* Left by more than 0.3 points... */
		{0, 0.5, true},
		{0.6, 0, true},
		{1.4, 1.6, false},
		{1.4, 1.75, true},
		/* ...and by more than 12 %. */
		{50, 55, false},
		{50, 45, false},
		{50, 57, true},
		{50, 43, true},
		{240, 260, false},
		{240, 280, true},
		/* What reads the same is not told again. */
		{0, 0.4999, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(figure_cpu_moves(cases[i].shown, cases[i].percent), cases[i].moves);
	assert_false(figure_cpu_moves((double)NAN, -1));
	assert_true(figure_cpu_moves(1, (double)NAN));
}

static void test_bytes(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
		{-1, "-"},
		{0, "0"},
		{1, "1B"},
		{999, "999B"},
		{1000, "1.0K"},
		{1023, "1.0K"},
		{640 * K, "640K"},
		{999 * K, "999K"},
		{1000 * K, "1.0M"},
		{88 * M, "88M"},
		{212 * M, "212M"},
		{999 * M + 600 * K, "1.0G"},
		{1126 * M, "1.1G"},
		{10 * G, "10G"},
		{9 * G + 1000 * M, "10G"},
		{2000 * G, "2.0T"},
		{INT64_MAX, "8.0E"},
	};
	char text[FIGURE_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		figure_bytes(cases[i].bytes, text, sizeof text);
		assert_string_equal(text, cases[i].text);
		assert_in_range(strlen(text), 1, 4);
	}
}

static void test_bytes_move(void **state)
{
	static const struct {
		int64_t shown, bytes;
		bool moves;
	} cases[] = {
		{-1, 0, true},
		{0, -1, true},
		{-1, -1, false},
		{0, 0, false},
		{0, 4 * K, true},
		{4 * K, 0, true},
		{640 * K, 700 * K, true},
		{640 * K, 645 * K, false},
		{3300 * K, 3500 * K, false},
		{3300 * K, 3000 * K, true},
		{900 * K, 1100 * K, true},
		{212 * M, 216 * M, false},
		{212 * M, 208 * M, false},
		{212 * M, 217 * M, true},
		{212 * M, 207 * M, true},
		/* Left by 4 %, and still "1.1G". */
		{1100 * M, 1140 * M, false},
		{1100 * M, 1190 * M, true},
		{INT64_MAX, INT64_MAX - 1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(figure_bytes_moves(cases[i].shown, cases[i].bytes), cases[i].moves);
}

static void test_uptime(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
		int64_t lasts_ms;
	} cases[] = {
		{-1, "", MINUTE},
		{0, "<1m", MINUTE},
		{MINUTE - 1, "<1m", 1},
		{MINUTE, "1m", MINUTE},
		{12 * MINUTE + 59 * SECOND, "12m", SECOND},
		{HOUR - 1, "59m", 1},
		{HOUR, "1h", HOUR},
		{3 * HOUR + 20 * MINUTE, "3h", 40 * MINUTE},
		{DAY - 1, "23h", 1},
		{DAY, "1d", DAY},
		{2 * DAY + HOUR, "2d", 23 * HOUR},
		{400 * DAY, "400d", DAY},
	};
	char text[FIGURE_BYTES], later[FIGURE_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		figure_uptime(cases[i].ms, text, sizeof text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(figure_uptime_lasts_ms(cases[i].ms), cases[i].lasts_ms);
		if (cases[i].ms < 0)
			continue;
		figure_uptime(cases[i].ms + cases[i].lasts_ms - 1, later, sizeof later);
		assert_string_equal(later, text);
		figure_uptime(cases[i].ms + cases[i].lasts_ms, later, sizeof later);
		assert_string_not_equal(later, text);
	}
}

static void test_duration(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{-1, ""},
		{0, "0ms"},
		{49, "49ms"},
		{99, "99ms"},
		{100, "0.1s"},
		{200, "0.2s"},
		{949, "0.9s"},
		{950, "1.0s"},
		{9400, "9.4s"},
		{9949, "9.9s"},
		{9950, "10s"},
		{10 * SECOND, "10s"},
		{31 * SECOND + 900, "31s"},
		{MINUTE - 1, "59s"},
		{65 * SECOND, "1m05s"},
		{HOUR - 1, "59m59s"},
		{2 * HOUR + 7 * MINUTE, "2h07m"},
		{3 * DAY + 4 * HOUR, "3d04h"},
	};
	char text[FIGURE_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		figure_duration(cases[i].ms, text, sizeof text);
		assert_string_equal(text, cases[i].text);
	}
}

/* Whatever is measured: the room that is promised is enough, and a small one is not overrun. */
static void test_room(void **state)
{
	static const int64_t values[] = {INT64_MIN, -1, 0, 1, 999, 1 << 20, INT64_C(1) << 40, INT64_MAX - 1, INT64_MAX};
	char text[FIGURE_BYTES + 8], small[4];

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		figure_cpu((double)values[i], text, sizeof text);
		assert_true(strlen(text) < FIGURE_BYTES);
		figure_bytes(values[i], text, sizeof text);
		assert_true(strlen(text) < FIGURE_BYTES);
		figure_uptime(values[i], text, sizeof text);
		assert_true(strlen(text) < FIGURE_BYTES);
		figure_duration(values[i], text, sizeof text);
		assert_true(strlen(text) < FIGURE_BYTES);
		figure_duration(values[i], small, sizeof small);
		assert_true(strlen(small) < sizeof small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpu),        cmocka_unit_test(test_cpu_moves), cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_bytes_move), cmocka_unit_test(test_uptime),    cmocka_unit_test(test_duration),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
