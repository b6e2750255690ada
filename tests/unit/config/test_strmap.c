/* SPDX-License-Identifier: MIT */
/* The ordered map from text to text. */
#include "config/strmap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_keeps_order_and_replaces_in_place(void **state)
{
	struct strmap map;

	(void)state;
	strmap_init(&map);
	assert_null(strmap_find(&map, "A"));
	assert_false(strmap_has(&map, "A"));
	assert_int_equal(strmap_set(&map, "A", "1"), 0);
	assert_int_equal(strmap_set(&map, "B", NULL), 0);
	assert_int_equal(strmap_set(&map, "C", "3"), 0);
	assert_int_equal(strmap_set(&map, "A", "one"), 0);
	assert_int_equal(map.count, 3);
	assert_string_equal(map.entries[0].key, "A");
	assert_string_equal(map.entries[0].value, "one");
	assert_true(strmap_has(&map, "B"));
	assert_null(strmap_find(&map, "B"));
	assert_string_equal(strmap_find(&map, "C"), "3");
	strmap_finish(&map);
	assert_int_equal(map.count, 0);
}

static void test_a_value_may_be_set_from_itself(void **state)
{
	struct strmap map;

	(void)state;
	strmap_init(&map);
	strmap_set(&map, "A", "value");
	assert_int_equal(strmap_set(&map, "A", strmap_find(&map, "A")), 0);
	assert_string_equal(strmap_find(&map, "A"), "value");
	assert_int_equal(strmap_merge(&map, &map), 0);
	assert_int_equal(map.count, 1);
	strmap_finish(&map);
}

static void test_pairs(void **state)
{
	static const struct {
		const char *pair, *key, *value;
		int result;
	} cases[] = {
		{"A=1", "A", "1", 0}, {"A=", "A", "", 0},          {"A=b=c", "A", "b=c", 0},
		{"A", "A", NULL, 0},  {"=1", NULL, NULL, -EINVAL}, {"", NULL, NULL, -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct strmap map;

		strmap_init(&map);
		assert_int_equal(strmap_set_pair(&map, cases[i].pair), cases[i].result);
		assert_int_equal(map.count, cases[i].key ? 1 : 0);
		if (cases[i].key)
			assert_string_equal(map.entries[0].key, cases[i].key);
		if (cases[i].value)
			assert_string_equal(map.entries[0].value, cases[i].value);
		else if (cases[i].key)
			assert_null(map.entries[0].value);
		strmap_finish(&map);
	}
}

static void test_merge_sets_over(void **state)
{
	struct strmap base, over;

	(void)state;
	strmap_init(&base);
	strmap_init(&over);
	strmap_set_pair(&base, "A=1");
	strmap_set_pair(&base, "B=2");
	strmap_set_pair(&over, "C=3");
	strmap_set_pair(&over, "A");
	assert_int_equal(strmap_merge(&base, &over), 0);
	assert_int_equal(base.count, 3);
	assert_null(strmap_find(&base, "A"));
	assert_string_equal(base.entries[2].key, "C");
	strmap_finish(&base);
	strmap_finish(&over);
}

static void test_environ_leaves_out_what_has_no_value(void **state)
{
	struct strmap map;
	char **environment;

	(void)state;
	strmap_init(&map);
	environment = strmap_to_environ(&map);
	assert_null(environment[0]);
	free(environment);
	strmap_set_pair(&map, "A=1");
	strmap_set_pair(&map, "NOTHING");
	strmap_set_pair(&map, "EMPTY=");
	environment = strmap_to_environ(&map);
	assert_string_equal(environment[0], "A=1");
	assert_string_equal(environment[1], "EMPTY=");
	assert_null(environment[2]);
	free(environment);
	strmap_finish(&map);
}

static void test_thousands_of_entries(void **state)
{
	enum { COUNT = 20000 };
	struct strmap map;
	char key[32];

	(void)state;
	strmap_init(&map);
	for (int i = 0; i < COUNT; i++) {
		snprintf(key, sizeof(key), "KEY_%d", i);
		assert_int_equal(strmap_set(&map, key, key), 0);
	}
	assert_int_equal(map.count, COUNT);
	for (int i = COUNT - 1; i >= COUNT - 100; i--) {
		snprintf(key, sizeof(key), "KEY_%d", i);
		strmap_remove(&map, key);
		assert_false(strmap_has(&map, key));
	}
	strmap_remove(&map, "KEY_0");
	strmap_remove(&map, "never there");
	assert_int_equal(map.count, COUNT - 101);
	assert_string_equal(map.entries[0].key, "KEY_1");
	for (int i = 1; i < COUNT - 100; i++) {
		snprintf(key, sizeof(key), "KEY_%d", i);
		assert_string_equal(strmap_find(&map, key), key);
	}
	strmap_finish(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_order_and_replaces_in_place),
		cmocka_unit_test(test_a_value_may_be_set_from_itself),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_merge_sets_over),
		cmocka_unit_test(test_environ_leaves_out_what_has_no_value),
		cmocka_unit_test(test_thousands_of_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
