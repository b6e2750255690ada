/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_an_answer_means),
		cmocka_unit_test(test_why_it_was_not_taken),
		cmocka_unit_test(test_how_long_to_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
