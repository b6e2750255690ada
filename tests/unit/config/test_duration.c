/* SPDX-License-Identifier: MIT */
/* Durations and sizes as Compose files write them. */
#include "config/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NONE (-1)

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{"0", 0},
		{"0s", 0},
		{"10s", 10000},
		{"100ms", 100},
		{"1m30s", 90000},
		{"1h5m", 3900000},
		{"1.5s", 1500},
		{".5s", 500},
		{"2.s", 2000},
		{"1d", 86400000},
		{"1w", 604800000},
		{"1h1h", 7200000},
		{"5000us", 5},
		{"1.0005s", 1000},
		{"0.000s", 0},
		/* Above zero stays above zero. */
		{"1us", 1},
		{"1ns", 1},
		{"0.5ns", 1},
		{"\xc2\xb5s", NONE},
		{"7\xc2\xb5s", 1},
		/* No unit, no number, other rubbish. */
		{"10", NONE},
		{"", NONE},
		{"s", NONE},
		{".s", NONE},
		{"1x", NONE},
		{"1 s", NONE},
		{" 1s", NONE},
		{"1s ", NONE},
		{"-1s", NONE},
		{"+1s", NONE},
		{"1e3s", NONE},
		{"0x1s", NONE},
		{"infs", NONE},
		{"1m30", NONE},
		{"1..5s", NONE},
		{"1S", NONE},
		/* Limits. */
		{"366d", DURATION_MS_MAX},
		{"367d", NONE},
		{"366d1s", NONE},
		{"99999999999999999999999s", NONE},
		{"9223372036854775807ns", NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t ms = NONE;
		bool good = duration_parse(cases[i].text, &ms);

		if (good != (cases[i].ms != NONE) || ms != cases[i].ms)
			fail_msg("'%s' gives %lld", cases[i].text, (long long)ms);
	}
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = {
		{"0", 0},
		{"512", 512},
		{"512b", 512},
		{"1k", 1024},
		{"10m", 10485760},
		{"10M", 10485760},
		{"10mb", 10485760},
		{"10MiB", 10485760},
		{"1.5g", 1610612736},
		{"1 gb", 1073741824},
		{"1t", (int64_t)1 << 40},
		{"1024t", SIZE_BYTES_MAX},
		{"", NONE},
		{"m", NONE},
		{"-1m", NONE},
		{"10x", NONE},
		{"10mm", NONE},
		{"10ib", NONE},
		{"1m ", NONE},
		{"1025t", NONE},
		{"99999999999999999999", NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t bytes = NONE;
		bool good = size_parse(cases[i].text, &bytes);

		if (good != (cases[i].bytes != NONE) || bytes != cases[i].bytes)
			fail_msg("'%s' gives %lld", cases[i].text, (long long)bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
