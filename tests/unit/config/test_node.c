/* SPDX-License-Identifier: MIT */
/* The tree of nodes, and the pool it lives in. */
#include "config/node.h"
#include "config/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct err_place here = {"f.yaml", 1, 1};

static void test_pool_gives_zeroed_aligned_memory(void **state)
{
	struct pool *pool = pool_create();

	(void)state;
	for (size_t size = 1; size < 100000; size = size * 3 + 1) {
		unsigned char *memory = pool_alloc(pool, size);

		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(memory[i], 0);
		memset(memory, 0xff, size);
	}
	assert_string_equal(pool_strdup(pool, "text"), "text");
	assert_string_equal(pool_strndup(pool, "text", 2), "te");
	assert_string_equal(pool_strndup(pool, "te\0xt", 5), "te");
	assert_string_equal(pool_printf(pool, "%d-%s", 7, "x"), "7-x");
	pool_destroy(pool);
	pool_destroy(NULL);
}

static void test_list_keeps_order(void **state)
{
	struct pool *pool = pool_create();
	struct node *list = node_create(pool, NODE_LIST, here);

	(void)state;
	for (int i = 0; i < 1000; i++)
		node_append(pool, list, node_scalar(pool, pool_printf(pool, "%d", i), here));
	assert_int_equal(list->count, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(atoi(list->items[i]->text), i);
	pool_destroy(pool);
}

static void test_map_sets_finds_removes(void **state)
{
	enum { COUNT = 50000 };
	struct pool *pool = pool_create();
	struct node *map = node_create(pool, NODE_MAP, here);
	char key[32];

	(void)state;
	assert_null(node_find(map, "a"));
	assert_null(node_find(NULL, "a"));
	assert_null(node_find(node_scalar(pool, "a", here), "a"));
	/* Small maps are searched, large ones hashed: each size in turn must work, also when it shrinks again. */
	for (int i = 0; i < COUNT; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		node_set(pool, map, key, here, node_scalar(pool, key, here));
		assert_string_equal(node_find(map, "k0")->text, "k0");
		assert_string_equal(node_find(map, key)->text, key);
		assert_null(node_find(map, "k"));
	}
	assert_int_equal(map->count, COUNT);
	node_set(pool, map, "k7", (struct err_place){"g.yaml", 2, 3}, node_scalar(pool, "new", here));
	assert_int_equal(map->count, COUNT);
	assert_string_equal(map->pairs[7].value->text, "new");
	assert_string_equal(node_find_pair(map, "k7")->key_place.file, "g.yaml");
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		node_remove(map, key);
		assert_null(node_find(map, key));
		assert_string_equal(map->pairs[0].key, pool_printf(pool, "k%d", i + 1));
	}
	node_remove(map, "k0");
	node_set(pool, map, "k0", here, node_scalar(pool, "back", here));
	assert_string_equal(map->pairs[COUNT - 100].value->text, "back");
	assert_string_equal(node_find(map, "k49999")->text, "k49999");
	pool_destroy(pool);
}

static void test_copy_is_independent(void **state)
{
	struct pool *pool = pool_create();
	struct node *map = node_create(pool, NODE_MAP, here);
	struct node *list = node_create(pool, NODE_LIST, here);
	struct node *copy;

	(void)state;
	list->tag = NODE_TAG_OVERRIDE;
	node_append(pool, list, node_scalar(pool, "item", here));
	node_append(pool, list, node_create(pool, NODE_NULL, here));
	list->items[0]->style = NODE_QUOTED;
	node_set(pool, map, "list", (struct err_place){"f.yaml", 4, 2}, list);
	copy = node_copy(pool, map);
	node_append(pool, list, node_scalar(pool, "later", here));
	node_set(pool, map, "other", here, list);
	assert_int_equal(copy->count, 1);
	assert_int_equal(copy->pairs[0].key_place.line, 4);
	assert_int_equal(copy->pairs[0].value->count, 2);
	assert_int_equal(copy->pairs[0].value->tag, NODE_TAG_OVERRIDE);
	assert_int_equal(copy->pairs[0].value->items[0]->style, NODE_QUOTED);
	assert_int_equal(copy->pairs[0].value->items[1]->kind, NODE_NULL);
	/* A copy has room for as much as was added one by one, and grows like it. */
	copy = node_copy(pool, list);
	assert_int_equal(copy->count, 3);
	for (int i = 0; i < 6; i++)
		node_append(pool, copy, node_scalar(pool, i < 5 ? "more" : "last", here));
	assert_string_equal(copy->items[2]->text, "later");
	assert_string_equal(copy->items[8]->text, "last");
	pool_destroy(pool);
}

static void test_kind_names(void **state)
{
	struct pool *pool = pool_create();

	(void)state;
	assert_string_equal(node_kind_name(NULL), "nothing");
	assert_string_equal(node_kind_name(node_create(pool, NODE_NULL, here)), "nothing");
	assert_string_equal(node_kind_name(node_scalar(pool, "", here)), "text");
	assert_string_equal(node_kind_name(node_create(pool, NODE_LIST, here)), "a list");
	assert_string_equal(node_kind_name(node_create(pool, NODE_MAP, here)), "a map");
	pool_destroy(pool);
}

static void test_truth_values(void **state)
{
	static const struct {
		const char *text;
		int value; /* -1: none */
	} cases[] = {
		{"true", 1}, {"True", 1}, {"TRUE", 1}, {"yes", 1}, {"on", 1}, {"false", 0},  {"No", 0},
		{"OFF", 0},  {"1", -1},   {"0", -1},   {"y", -1},  {"", -1},  {"truee", -1}, {" true", -1},
	};
	struct pool *pool = pool_create();
	bool value;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct node *node = node_scalar(pool, cases[i].text, here);

		assert_int_equal(node_is_bool(node, &value), cases[i].value >= 0);
		if (cases[i].value >= 0)
			assert_int_equal(value, cases[i].value);
		node->style = NODE_QUOTED;
		assert_false(node_is_bool(node, &value));
	}
	assert_false(node_is_bool(NULL, &value));
	assert_false(node_is_bool(node_create(pool, NODE_MAP, here), &value));
	pool_destroy(pool);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool is_int;
		int64_t value;
	} cases[] = {
		{"0", true, 0},
		{"42", true, 42},
		{"-7", true, -7},
		{"+7", true, 7},
		{"007", true, 7},
		{"0x1F", true, 31},
		{"0o17", true, 15},
		{"9223372036854775807", true, INT64_MAX},
		{"-9223372036854775808", true, INT64_MIN},
		{"9223372036854775808", false, 0},
		{"", false, 0},
		{"-", false, 0},
		{"--1", false, 0},
		{"+-1", false, 0},
		{" 1", false, 0},
		{"1 ", false, 0},
		{"1.0", false, 0},
		{"1_000", false, 0},
		{"0x", false, 0},
		{"-0x1", false, 0},
		{"0x0x1", false, 0},
		{"0o8", false, 0},
		{"1e3", false, 0},
	};
	struct pool *pool = pool_create();
	int64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct node *node = node_scalar(pool, cases[i].text, here);

		assert_int_equal(node_is_int(node, &value), cases[i].is_int);
		if (cases[i].is_int)
			assert_true(value == cases[i].value);
		node->style = NODE_QUOTED;
		assert_false(node_is_int(node, &value));
	}
	pool_destroy(pool);
}

static void test_text(void **state)
{
	static const struct {
		const char *text, *becomes;
	} cases[] = {
		/* Whole numbers of any base. */
		{"12", "12"},
		{"+12", "12"},
		{"-0", "0"},
		{"007", "7"},
		{"010", "8"},
		{"-010", "-8"},
		{"0o10", "8"},
		{"0x1F", "31"},
		{"-0x1f", "-31"},
		{"0b11", "3"},
		{"1_000", "1000"},
		{"1_", "1"},
		{"18446744073709551615", "18446744073709551615"},
		{"-9223372036854775808", "-9223372036854775808"},
		/* Others. */
		{"1.10", "1.1"},
		{"1.0", "1"},
		{"-0.0", "-0"},
		{".5", "0.5"},
		{"5.", "5"},
		{"08.5", "8.5"},
		{"09", "9"},
		{"1.5e3", "1500"},
		{"1e5", "100000"},
		{"1E6", "1e+06"},
		{"123456.789e3", "1.23456789e+08"},
		{"0.1e-2", "0.001"},
		{"1e-7", "1e-07"},
		{"0.30000000000000004", "0.30000000000000004"},
		{"123456789012345678901234567890", "1.2345678901234568e+29"},
		{"-9223372036854775809", "-9.223372036854776e+18"},
		/* Truth values. */
		{"True", "true"},
		{"FALSE", "false"},
		/* What only looks like one. */
		{"yes", "yes"},
		{"1.2.3", "1.2.3"},
		{"12:30:45", "12:30:45"},
		{"2024-01-01", "2024-01-01"},
		{"_1", "_1"},
		{"0x", "0x"},
		{"0xg", "0xg"},
		{"0b12", "0b12"},
		{"1e", "1e"},
		{"1e400", "1e400"},
		{".", "."},
		{"-", "-"},
		{"+-1", "+-1"},
		{".inf", ".inf"},
		{"", ""},
	};
	struct pool *pool = pool_create();
	char digits[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct node *node = node_scalar(pool, cases[i].text, here);

		assert_string_equal(node_text(pool, node), cases[i].becomes);
		node->style = NODE_QUOTED;
		assert_string_equal(node_text(pool, node), cases[i].text);
	}
	/* Longer than any number that means one: as it stands. */
	memset(digits, '1', sizeof(digits) - 1);
	digits[sizeof(digits) - 1] = '\0';
	assert_string_equal(node_text(pool, node_scalar(pool, digits, here)), digits);
	pool_destroy(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool_gives_zeroed_aligned_memory),
		cmocka_unit_test(test_list_keeps_order),
		cmocka_unit_test(test_map_sets_finds_removes),
		cmocka_unit_test(test_copy_is_independent),
		cmocka_unit_test(test_kind_names),
		cmocka_unit_test(test_truth_values),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
