/* SPDX-License-Identifier: MIT */
/* Two clocks in milliseconds, told apart by what they count from. */
#include "config/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void wall_is_the_time_of_day(void **state)
{
	(void)state;
	int64_t before = (int64_t)time(NULL), now = clock_wall_ms(), after;
	after = (int64_t)time(NULL);
	/* time() may lag by a tick of the kernel's. */
	assert_in_range(now, (before - 1) * 1000, (after + 2) * 1000);
}

static void monotonic_goes_on(void **state)
{
	(void)state;
	struct timespec wanted;
	int64_t first = clock_monotonic_ms();
	clock_gettime(CLOCK_MONOTONIC, &wanted);
	int64_t last = clock_monotonic_ms();
	assert_in_range((int64_t)wanted.tv_sec * 1000 + wanted.tv_nsec / 1000000, first, last);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(wall_is_the_time_of_day),
		cmocka_unit_test(monotonic_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
