/* SPDX-License-Identifier: MIT */
/* Sums over blocks, learnt in any order. */
#include "launcher/logs/text_blocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define B ((int64_t)TEXT_BLOCK_BYTES)

static void test_sums(void **state)
{
	struct text_blocks blocks;
	int64_t before;

	(void)state;
	text_blocks_init(&blocks);
	assert_true(text_blocks_complete(&blocks, TEXT_LINES));
	assert_int_equal(text_blocks_span(&blocks, 0, 3 * B + 1), 0);
	assert_int_equal(blocks.count, 4);
	assert_false(text_blocks_complete(&blocks, TEXT_LINES));
	text_blocks_set(&blocks, 3, TEXT_LINES, 5);
	text_blocks_set(&blocks, 0, TEXT_LINES, 7);
	assert_int_equal(text_blocks_before(&blocks, 0, TEXT_LINES), 0);
	assert_int_equal(text_blocks_before(&blocks, 1, TEXT_LINES), 7);
	assert_int_equal(text_blocks_before(&blocks, 2, TEXT_LINES), -1);
	assert_int_equal(text_blocks_find(&blocks, 7, TEXT_LINES, &before), 0);
	assert_int_equal(text_blocks_find(&blocks, 8, TEXT_LINES, &before), -1);
	text_blocks_set(&blocks, 1, TEXT_LINES, 0);
	text_blocks_set(&blocks, 2, TEXT_LINES, 2);
	assert_true(text_blocks_complete(&blocks, TEXT_LINES));
	assert_int_equal(blocks.sums[TEXT_LINES], 14);
	assert_int_equal(text_blocks_find(&blocks, 8, TEXT_LINES, &before), 2);
	assert_int_equal(before, 7);
	assert_int_equal(text_blocks_find(&blocks, 15, TEXT_LINES, &before), -2);
	/* Learnt again. */
	text_blocks_set(&blocks, 2, TEXT_LINES, 4);
	assert_int_equal(blocks.sums[TEXT_LINES], 16);
	text_blocks_forget(&blocks, 2, 2, TEXT_COUNT_BIT(TEXT_LINES));
	assert_int_equal(blocks.sums[TEXT_LINES], 12);
	assert_int_equal(text_blocks_before(&blocks, 3, TEXT_LINES), -1);
	text_blocks_set(&blocks, 9, TEXT_LINES, 1);
	assert_null(text_blocks_at(&blocks, 9));
	text_blocks_finish(&blocks);
}

static void test_moves_on(void **state)
{
	struct text_blocks blocks;

	(void)state;
	text_blocks_init(&blocks);
	assert_int_equal(text_blocks_span(&blocks, 0, 4 * B), 0);
	for (int64_t i = 0; i < 4; i++)
		text_blocks_set(&blocks, i, TEXT_HITS, 1u << i);
	assert_int_equal(text_blocks_span(&blocks, 2 * B + 5, 6 * B), 0);
	assert_int_equal(blocks.first, 2);
	assert_int_equal(blocks.count, 4);
	assert_int_equal(blocks.sums[TEXT_HITS], 4 + 8);
	assert_int_equal(text_blocks_before(&blocks, 4, TEXT_HITS), 12);
	assert_null(text_blocks_at(&blocks, 1));
	/* All of it has gone. */
	assert_int_equal(text_blocks_span(&blocks, 100 * B, 101 * B), 0);
	assert_int_equal(blocks.first, 100);
	assert_int_equal(blocks.sums[TEXT_HITS], 0);
	text_blocks_finish(&blocks);
}

/* However large a text is, what is known of it is not. */
static void test_bounded(void **state)
{
	struct text_blocks blocks;

	(void)state;
	text_blocks_init(&blocks);
	assert_int_equal(text_blocks_span(&blocks, 0, INT64_C(1) << 40), 0);
	assert_true(blocks.count <= TEXT_BLOCKS_MAX);
	assert_true(blocks.block_bytes % B == 0 && blocks.block_bytes > B);
	text_blocks_finish(&blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_moves_on),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
