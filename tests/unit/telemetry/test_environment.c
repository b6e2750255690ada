/* SPDX-License-Identifier: MIT */
#include "telemetry/optout.h"
#include "tests/unit/telemetry/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_on_fills_the_block_and_says_nothing_else(void **state)
{
	struct shop shop;
	struct strmap out;

	(void)state;
	shop_init(&shop);
	strmap_set(&shop.decl.env_on, "POSTHOG_HOST", "${relay}/x");
	strmap_set(&shop.decl.env_on, "USER_UUID", "${distinct_id}${session_id}");
	strmap_set(&shop.decl.env_on, "PLAIN", "$session_id $$relay $$ ${relay:-https://elsewhere} ${distinct_id:+id}");
	strmap_set(&shop.decl.env_on, "EMPTY", NULL);
	strmap_init(&out);
	assert_int_equal(telemetry_environment(&shop.stack, true, "http://127.0.0.1:1/r/t", "D", "S", &out), 0);
	assert_string_equal(strmap_find(&out, "UPFRONT_TELEMETRY"), "on");
	assert_string_equal(strmap_find(&out, "POSTHOG_HOST"), "http://127.0.0.1:1/r/t/x");
	assert_string_equal(strmap_find(&out, "USER_UUID"), "DS");
	assert_string_equal(strmap_find(&out, "PLAIN"), "S $relay $ http://127.0.0.1:1/r/t id");
	assert_string_equal(strmap_find(&out, "EMPTY"), "");
	/* A DO_NOT_TRACK that somebody set stays as it is: it is not ours to unset or to zero. */
	assert_false(strmap_has(&out, "DO_NOT_TRACK"));
	assert_int_equal(out.count, 5);
	strmap_finish(&out);
	shop_finish(&shop);
}

static void test_ids_that_are_not_there_are_empty(void **state)
{
	struct shop shop;
	struct strmap out;

	(void)state;
	shop_init(&shop);
	strmap_set(&shop.decl.env_on, "USER_UUID", "<${distinct_id}>");
	strmap_init(&out);
	assert_int_equal(telemetry_environment(&shop.stack, true, NULL, NULL, NULL, &out), 0);
	assert_string_equal(strmap_find(&out, "UPFRONT_TELEMETRY"), "on");
	assert_string_equal(strmap_find(&out, "USER_UUID"), "<>");
	strmap_finish(&out);
	shop_finish(&shop);
}

static void test_services_that_need_a_relay_are_told_off_without_one(void **state)
{
	/* However it is asked for; a way around it is none. */
	static const char *const asks[] = {"${relay}", "$relay/x", "${relay:-https://elsewhere}", "a${relay:+b}"};

	(void)state;
	for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++) {
		struct shop shop;
		struct strmap out;

		shop_init(&shop);
		strmap_set(&shop.decl.env_on, "TELEMETRY_ENABLED", "true");
		strmap_set(&shop.decl.env_on, "POSTHOG_HOST", asks[i]);
		strmap_set(&shop.decl.env_off, "TELEMETRY_ENABLED", "false");
		strmap_init(&out);
		assert_int_equal(telemetry_environment(&shop.stack, true, NULL, "D", "S", &out), 0);
		assert_string_equal(strmap_find(&out, "UPFRONT_TELEMETRY"), "off");
		assert_string_equal(strmap_find(&out, "DO_NOT_TRACK"), "1");
		assert_string_equal(strmap_find(&out, "TELEMETRY_ENABLED"), "false");
		assert_false(strmap_has(&out, "POSTHOG_HOST"));
		strmap_finish(&out);
		shop_finish(&shop);
	}
}

/* Whatever the block says: what services are told of the answer is the answer. */
static void test_no_block_changes_the_answer(void **state)
{
	static const char *const truths[] = {"UPFRONT_TELEMETRY", "DO_NOT_TRACK", "SHOP_TELEMETRY_DISABLED"};
	struct shop shop;
	struct strmap out;

	(void)state;
	shop_init(&shop);
	strmap_set(&shop.decl.env_on, "UPFRONT_TELEMETRY", "off");
	for (size_t i = 0; i < sizeof(truths) / sizeof(*truths); i++)
		strmap_set(&shop.decl.env_off, truths[i], i == 0 ? "on" : "0");
	strmap_init(&out);
	assert_int_equal(telemetry_environment(&shop.stack, false, NULL, NULL, NULL, &out), 0);
	assert_string_equal(strmap_find(&out, "UPFRONT_TELEMETRY"), "off");
	assert_string_equal(strmap_find(&out, "DO_NOT_TRACK"), "1");
	assert_string_equal(strmap_find(&out, "SHOP_TELEMETRY_DISABLED"), "true");
	strmap_finish(&out);
	strmap_init(&out);
	assert_int_equal(telemetry_environment(&shop.stack, true, NULL, NULL, NULL, &out), 0);
	assert_string_equal(strmap_find(&out, "UPFRONT_TELEMETRY"), "on");
	strmap_finish(&out);
	shop_finish(&shop);
}

static void test_off_is_said_in_every_way_there_is(void **state)
{
	struct shop shop;
	struct strmap out;
	size_t count;
	const struct optout *rows = optout_table(&count);

	(void)state;
	shop_init(&shop);
	strmap_set(&shop.decl.env_off, "TELEMETRY_ENABLED", "false");
	strmap_set(&shop.decl.env_off, "ANONYMIZED_TELEMETRY", "0");
	strmap_init(&out);
	assert_int_equal(telemetry_environment(&shop.stack, false, NULL, NULL, NULL, &out), 0);
	assert_string_equal(strmap_find(&out, "UPFRONT_TELEMETRY"), "off");
	assert_string_equal(strmap_find(&out, "DO_NOT_TRACK"), "1");
	assert_string_equal(strmap_find(&out, "SHOP_TELEMETRY_DISABLED"), "true");
	assert_string_equal(strmap_find(&out, "TELEMETRY_ENABLED"), "false");
	for (size_t i = 0; i < count; i++)
		assert_true(strmap_has(&out, rows[i].variable));
	/* Whoever wrote the stack file knows its services better than a general table. */
	assert_string_equal(strmap_find(&out, "ANONYMIZED_TELEMETRY"), "0");
	strmap_finish(&out);
	shop_finish(&shop);
}

static void test_a_stack_without_telemetry_tells_its_services_off_too(void **state)
{
	struct shop shop;
	struct strmap out;

	(void)state;
	shop_init(&shop);
	shop.stack.telemetry = NULL;
	strmap_init(&out);
	assert_int_equal(telemetry_environment(&shop.stack, false, NULL, NULL, NULL, &out), 0);
	assert_string_equal(strmap_find(&out, "NEXT_TELEMETRY_DISABLED"), "1");
	strmap_finish(&out);
	shop_finish(&shop);
}

static void test_what_fills_files_in_is_the_block_alone(void **state)
{
	struct shop shop;

	(void)state;
	shop_init(&shop);
	strmap_set(&shop.decl.env_on, "POSTHOG_HOST", "${relay}");
	strmap_set(&shop.decl.env_on, "ENABLED", "true");
	strmap_set(&shop.decl.env_off, "ENABLED", "false");
	strmap_set(&shop.decl.env_off, "DO_NOT_TRACK", "0"); /* the answer itself is told as it is */
	for (int on = 0; on < 2; on++) {
		struct strmap told, block;

		strmap_init(&told);
		strmap_init(&block);
		assert_int_equal(telemetry_environment(&shop.stack, on, "http://127.0.0.1:1/r/t", "D", "S", &told), 0);
		assert_int_equal(telemetry_block(&shop.stack, &told, &block), 0);
		assert_int_equal(block.count, 2);
		assert_string_equal(strmap_find(&block, "ENABLED"), on ? "true" : "false");
		if (on)
			assert_string_equal(strmap_find(&block, "POSTHOG_HOST"), "http://127.0.0.1:1/r/t");
		else
			assert_string_equal(strmap_find(&block, "DO_NOT_TRACK"), "1");
		strmap_finish(&told);
		strmap_finish(&block);
	}
	shop_finish(&shop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_fills_the_block_and_says_nothing_else),
		cmocka_unit_test(test_ids_that_are_not_there_are_empty),
		cmocka_unit_test(test_what_fills_files_in_is_the_block_alone),
		cmocka_unit_test(test_services_that_need_a_relay_are_told_off_without_one),
		cmocka_unit_test(test_no_block_changes_the_answer),
		cmocka_unit_test(test_off_is_said_in_every_way_there_is),
		cmocka_unit_test(test_a_stack_without_telemetry_tells_its_services_off_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
