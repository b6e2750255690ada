/* SPDX-License-Identifier: MIT */
/*
 * text_blocks - what is known of a long text, block by block: how many lines begin in each, how many of them pass a filter, have a hit, look
 * like a problem. It is learnt in any order, and kept as sums, so that "line 8,412,077" and "match 41 of 1,906" are additions and
 * one look into one block. 16,384 blocks (320 kB) tell of 1 GB, however short its lines are. Pure.
 */
#ifndef UPFRONT_LAUNCHER_LOGS_TEXT_BLOCKS_H
#define UPFRONT_LAUNCHER_LOGS_TEXT_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_BLOCK_BYTES 65536 /* the smallest */
#define TEXT_BLOCKS_MAX 65536u

enum text_count {
	TEXT_LINES, /* that begin here */
	TEXT_PASSED, /* pieces of lines (as they are shown) that pass the filter; without one all */
	TEXT_HITS, /* of those with the search pattern */
	TEXT_PROBLEMS, /* of those that look like problems */
	TEXT_COUNTS
};

#define TEXT_COUNT_BIT(count) (1u << (count))

struct text_block {
	uint32_t counts[TEXT_COUNTS];
	uint32_t known; /* a bit each */
};

struct text_blocks {
	int64_t block_bytes;
	struct text_block *blocks;
	int64_t first; /* number of blocks[0]: its place / block_bytes */
	size_t count, room;
	int64_t sums[TEXT_COUNTS]; /* of what is known */
	size_t known[TEXT_COUNTS]; /* in so many blocks */
};

void text_blocks_init(struct text_blocks *self);
void text_blocks_finish(struct text_blocks *self);

/*
 * Tells of [start, end) from now on; what is known of blocks that are still in it stays. Blocks become larger, and forget, where there
 * would be too many. Returns 0 or -ENOMEM: then it tells of nothing.
 */
int text_blocks_span(struct text_blocks *self, int64_t start, int64_t end);

/* NULL outside. */
const struct text_block *text_blocks_at(const struct text_blocks *self, int64_t number);
void text_blocks_set(struct text_blocks *self, int64_t number, enum text_count count, uint32_t value);
/* Forgets the counts of these bits of the blocks from `first` to `last`. */
void text_blocks_forget(struct text_blocks *self, int64_t first, int64_t last, unsigned bits);
bool text_blocks_complete(const struct text_blocks *self, enum text_count count);

/* The sum of all blocks before; -1 while one of them is not known. */
int64_t text_blocks_before(const struct text_blocks *self, int64_t number, enum text_count count);
/* The block in which the n-th stands (from 1 on), with how many are before it; -1: not known. -2: there are not so many. */
int64_t text_blocks_find(const struct text_blocks *self, int64_t n, enum text_count count, int64_t *before);

#endif
