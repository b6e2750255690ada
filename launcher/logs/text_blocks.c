/* SPDX-License-Identifier: MIT */
#include "launcher/logs/text_blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void text_blocks_init(struct text_blocks *self)
{
	*self = (struct text_blocks){.block_bytes = TEXT_BLOCK_BYTES};
}

void text_blocks_finish(struct text_blocks *self)
{
	free(self->blocks);
	text_blocks_init(self);
}

static void forget_block(struct text_blocks *self, struct text_block *block, unsigned bits)
{
	for (unsigned i = 0; i < TEXT_COUNTS; i++) {
		if ((block->known & bits & TEXT_COUNT_BIT(i)) == 0)
			continue;
		self->sums[i] -= block->counts[i];
		self->known[i]--;
	}
	block->known &= ~bits;
}

static void drop_front(struct text_blocks *self, size_t count)
{
	for (size_t i = 0; i < count; i++)
		forget_block(self, &self->blocks[i], ~0u);
	self->count -= count;
	self->first += (int64_t)count;
	memmove(self->blocks, self->blocks + count, self->count * sizeof(self->blocks[0]));
}

static int grow(struct text_blocks *self, size_t count)
{
	struct text_block *grown;
	size_t room = self->room;

	if (count > room) {
		room = count + count / 8 + 16;
		grown = realloc(self->blocks, room * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		self->blocks = grown;
		self->room = room;
	}
	memset(self->blocks + self->count, 0, (count - self->count) * sizeof(self->blocks[0]));
	self->count = count;
	return 0;
}

int text_blocks_span(struct text_blocks *self, int64_t start, int64_t end)
{
	int64_t first, last;

	while ((end - start) / self->block_bytes >= TEXT_BLOCKS_MAX) {
		int64_t larger = self->block_bytes * 4;

		text_blocks_finish(self);
		self->block_bytes = larger;
	}
	first = start / self->block_bytes;
	last = end > start ? (end - 1) / self->block_bytes + 1 : first;
	if (first > self->first) {
		int64_t gone = first - self->first;

		drop_front(self, gone < (int64_t)self->count ? (size_t)gone : self->count);
		self->first = first;
	}
	if (last - self->first > (int64_t)self->count && grow(self, (size_t)(last - self->first)) < 0) {
		text_blocks_finish(self);
		return -ENOMEM;
	}
	return 0;
}

const struct text_block *text_blocks_at(const struct text_blocks *self, int64_t number)
{
	if (number < self->first || number - self->first >= (int64_t)self->count)
		return NULL;
	return &self->blocks[number - self->first];
}

void text_blocks_set(struct text_blocks *self, int64_t number, enum text_count count, uint32_t value)
{
	struct text_block *block;

	if (text_blocks_at(self, number) == NULL)
		return;
	block = &self->blocks[number - self->first];
	forget_block(self, block, TEXT_COUNT_BIT(count));
	block->counts[count] = value;
	block->known |= TEXT_COUNT_BIT(count);
	self->sums[count] += value;
	self->known[count]++;
}

void text_blocks_forget(struct text_blocks *self, int64_t first, int64_t last, unsigned bits)
{
	size_t from = first > self->first ? (size_t)(first - self->first) : 0;

	for (size_t i = from; i < self->count && self->first + (int64_t)i <= last; i++)
		forget_block(self, &self->blocks[i], bits);
}

bool text_blocks_complete(const struct text_blocks *self, enum text_count count)
{
	return self->known[count] == self->count;
}

int64_t text_blocks_before(const struct text_blocks *self, int64_t number, enum text_count count)
{
	size_t before = number > self->first ? (size_t)(number - self->first) : 0;
	int64_t sum = 0;

	for (size_t i = 0; i < before && i < self->count; i++) {
		if ((self->blocks[i].known & TEXT_COUNT_BIT(count)) == 0)
			return -1;
		sum += self->blocks[i].counts[count];
	}
	return sum;
}

int64_t text_blocks_find(const struct text_blocks *self, int64_t n, enum text_count count, int64_t *before)
{
	int64_t sum = 0;

	for (size_t i = 0; i < self->count; i++) {
		const struct text_block *block = &self->blocks[i];

		if ((block->known & TEXT_COUNT_BIT(count)) == 0)
			return -1;
		if (sum + block->counts[count] >= n) {
			*before = sum;
			return self->first + (int64_t)i;
		}
		sum += block->counts[count];
	}
	return -2;
}
