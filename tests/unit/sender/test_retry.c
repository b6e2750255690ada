/* SPDX-License-Identifier: MIT */
/* The rules of trying again, as tables, and the jitter as a crowd of ten thousand machines would show it. */
#include "telemetry/sender/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void test_what_an_answer_means(void **state)
{
	static const struct {
		int status;
		size_t count;
		enum retry_verdict verdict;
	} rows[] = {
		{200, 1, RETRY_DELIVERED}, {204, 1, RETRY_DELIVERED}, {299, 9, RETRY_DELIVERED}, {0, 1, RETRY_AGAIN},
		{408, 1, RETRY_AGAIN},     {429, 1, RETRY_AGAIN},     {500, 1, RETRY_AGAIN},     {502, 1, RETRY_AGAIN},
		{503, 1, RETRY_AGAIN},     {504, 1, RETRY_AGAIN},     {413, 2, RETRY_HALVE},     {413, 1, RETRY_DROP},
		{400, 5, RETRY_DROP},      {401, 1, RETRY_DROP},      {403, 1, RETRY_DROP},      {404, 1, RETRY_DROP},
		{301, 1, RETRY_DROP},      {302, 1, RETRY_DROP},      {307, 1, RETRY_DROP},      {308, 1, RETRY_DROP},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (retry_classify(rows[i].status, rows[i].count) != rows[i].verdict)
			fail_msg("status %d with %zu events", rows[i].status, rows[i].count);
	}
}

static void test_why_it_was_not_taken(void **state)
{
	static const struct {
		int status;
		size_t count;
		const char *reason;
	} rows[] = {
		{200, 1, NULL},           {204, 5, NULL},           {0, 1, "unreachable"},    {408, 1, "busy"},
		{429, 3, "busy"},         {500, 1, "server_error"}, {503, 9, "server_error"}, {599, 1, "server_error"},
		{999, 1, "server_error"}, {413, 2, "too_many"},     {413, 1, "too_large"},    {301, 1, "redirected"},
		{302, 1, "redirected"},   {307, 1, "redirected"},   {401, 1, "key_refused"},  {403, 1, "key_refused"},
		{400, 1, "not_accepted"}, {404, 1, "not_accepted"}, {418, 1, "not_accepted"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *reason = retry_reason(rows[i].status, rows[i].count);

		if (!rows[i].reason != !reason || (reason && strcmp(reason, rows[i].reason) != 0))
			fail_msg("status %d: %s", rows[i].status, reason ? reason : "taken");
		/* No reason exactly when it was delivered: the two functions agree. */
		assert_int_equal(!reason, retry_classify(rows[i].status, rows[i].count) == RETRY_DELIVERED);
	}
}

static void test_how_long_to_wait(void **state)
{
	static const struct {
		unsigned failures;
		int64_t retry_after_s;
		uint32_t random;
		int64_t delay_ms;
	} rows[] = {
		/* Full jitter: from (nearly) nothing to the whole span... */
		{1, 0, 0, RETRY_LEAST_MS},
		{1, 0, UINT32_MAX, 499},
		{1, 0, UINT32_MAX / 2 + 1, 250},
		/* ...which doubles... */
		{2, 0, UINT32_MAX, 999},
		{4, 0, UINT32_MAX / 2 + 1, 2000},
		{6, 0, UINT32_MAX, 15999},
		/* ...up to its cap, however long it goes on. */
		{7, 0, UINT32_MAX, 29999},
		{4000000000u, 0, UINT32_MAX, 29999},
		/* Retry-After is a minimum, capped as well. */
		{1, 5, 0, 5000},
		{1, 5, UINT32_MAX, 5000},
		{6, 5, UINT32_MAX, 15999},
		{1, 86400, 0, RETRY_MOST_MS},
		{1, INT64_MAX, 0, RETRY_MOST_MS},
		{1, -7, 0, RETRY_LEAST_MS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(retry_delay_ms(rows[i].failures, rows[i].retry_after_s, rows[i].random),
				 rows[i].delay_ms);
}

/* ---- full jitter ---- */

#define SEEDS 10000
#define ATTEMPTS 12
#define BUCKETS 20

/* Pairwise different streams of a splitmix64, so that a failure here can be seen again. */
static uint32_t draw(uint64_t *state)
{
	uint64_t mixed = *state += 0x9e3779b97f4a7c15u;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(mixed >> 32 ^ mixed);
}

struct course {
	int64_t delays_ms[ATTEMPTS];
};

static int compare_courses(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct course));
}

static struct course *make_courses(void)
{
	struct course *courses = calloc(SEEDS, sizeof(*courses));

	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		uint64_t state = seed * 0xd1342543de82ef95u + 1;

		for (unsigned i = 0; i < ATTEMPTS; i++)
			courses[seed].delays_ms[i] = retry_delay_ms(i + 1, 0, draw(&state));
	}
	return courses;
}

/* A crowd that failed together does not come back together: no two machines wait the same times. */
static void test_no_two_of_ten_thousand_are_in_step(void **state)
{
	struct course *courses = make_courses();

	(void)state;
	qsort(courses, SEEDS, sizeof(*courses), compare_courses);
	for (size_t i = 1; i < SEEDS; i++) {
		if (memcmp(&courses[i - 1], &courses[i], sizeof(*courses)) == 0)
			fail_msg("two wait the same times, %lld ms first", (long long)courses[i].delays_ms[0]);
	}
	free(courses);
}

/*
 * At each attempt the delays fill the whole window evenly. What would be shorter than the least delay waits for that: its buckets are
 * counted as one. Chi-square over the rest: with 19 degrees of freedom it passes 43.8 once in a thousand times, and the draw is fixed.
 */
static void test_the_delays_fill_the_whole_window(void **state)
{
	struct course *courses = make_courses();

	(void)state;
	for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
		int64_t window_ms = attempt < 6 ? RETRY_FIRST_MS << attempt : RETRY_MOST_MS;
		double least = (double)RETRY_LEAST_MS / (double)window_ms, chi = 0;
		int counts[BUCKETS] = {0}, at_least = 0;

		for (size_t i = 0; i < SEEDS; i++) {
			int64_t delay_ms = courses[i].delays_ms[attempt];

			assert_in_range(delay_ms, RETRY_LEAST_MS, window_ms - 1);
			if (delay_ms == RETRY_LEAST_MS)
				at_least++;
			else
				counts[(delay_ms - RETRY_LEAST_MS) * BUCKETS / (window_ms - RETRY_LEAST_MS)]++;
		}
		/* As many as fall below it, within four standard deviations. */
		assert_true(at_least > least * SEEDS - 4 * 50 && at_least < least * SEEDS + 4 * 50);
		for (int i = 0; i < BUCKETS; i++) {
			double expected = (double)(SEEDS - at_least) / BUCKETS, off = counts[i] - expected;

			chi += off * off / expected;
		}
		if (chi > 43.8)
			fail_msg("attempt %u: unevenly spread (chi-square %.1f)", attempt + 1, chi);
	}
	free(courses);
}

/* Being asked to wait is no reason to come back in step: nobody sooner, and those who would have waited longer still do. */
static void test_retry_after_is_only_a_minimum(void **state)
{
	uint64_t random = 7;
	int longer = 0;

	(void)state;
	for (int i = 0; i < SEEDS; i++) {
		int64_t delay_ms = retry_delay_ms(7, 10, draw(&random));

		assert_in_range(delay_ms, 10000, RETRY_MOST_MS);
		longer += delay_ms > 10000;
	}
	assert_in_range(longer, SEEDS * 6 / 10, SEEDS * 73 / 100);
}

static void test_too_many_are_halved_down_to_one_which_is_refused(void **state)
{
	(void)state;
	for (size_t all = 1; all <= 100; all++) {
		size_t count = all;
		int halvings = 0;

		for (; retry_classify(413, count) == RETRY_HALVE; halvings++)
			count /= 2;
		assert_int_equal(count, 1);
		assert_int_equal(retry_classify(413, count), RETRY_DROP);
		assert_in_range(halvings, 0, 6);
	}
}

/* Every status there can be has one meaning, and only those that may change by themselves are tried again. */
static void test_only_what_may_pass_is_tried_again(void **state)
{
	(void)state;
	for (int status = 100; status < 1000; status++) {
		enum retry_verdict verdict = retry_classify(status, 2);
		bool again = status == 408 || status == 429 || status >= 500;

		if ((verdict == RETRY_AGAIN) != again || (verdict == RETRY_HALVE) != (status == 413) ||
		    (verdict == RETRY_DELIVERED) != (status / 100 == 2))
			fail_msg("status %d", status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_an_answer_means),
		cmocka_unit_test(test_why_it_was_not_taken),
		cmocka_unit_test(test_how_long_to_wait),
		cmocka_unit_test(test_no_two_of_ten_thousand_are_in_step),
		cmocka_unit_test(test_the_delays_fill_the_whole_window),
		cmocka_unit_test(test_retry_after_is_only_a_minimum),
		cmocka_unit_test(test_too_many_are_halved_down_to_one_which_is_refused),
		cmocka_unit_test(test_only_what_may_pass_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
