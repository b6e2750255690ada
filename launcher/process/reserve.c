/* SPDX-License-Identifier: MIT */
#include "launcher/process/reserve.h"

#include <event2/event.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One for the process: libevent gives its allocators nothing by which they could be told another. */
static struct {
	_Alignas(16) unsigned char blocks[RESERVE_BLOCKS][RESERVE_BLOCK_BYTES];
	bool taken[RESERVE_BLOCKS];
} reserve;

static void *take(size_t size_bytes)
{
	if (size_bytes > RESERVE_BLOCK_BYTES)
		return NULL;
	for (size_t i = 0; i < RESERVE_BLOCKS; i++) {
		if (reserve.taken[i])
			continue;
		reserve.taken[i] = true;
		return reserve.blocks[i];
	}
	return NULL;
}

static bool is_from_reserve(const void *block)
{
	uintptr_t at = (uintptr_t)block, first = (uintptr_t)reserve.blocks;

	return at >= first && at < first + sizeof reserve.blocks;
}

void *reserve_malloc(size_t size_bytes)
{
	void *block = malloc(size_bytes);

	return block != NULL ? block : take(size_bytes);
}

void *reserve_realloc(void *old, size_t size_bytes)
{
	bool ours = is_from_reserve(old);
	size_t kept;
	void *block;

	if (old == NULL)
		return reserve_malloc(size_bytes);
	if (ours && size_bytes <= RESERVE_BLOCK_BYTES)
		return old;
	block = ours ? malloc(size_bytes) : realloc(old, size_bytes);
	if (block == NULL && !ours)
		block = take(size_bytes);
	else if (!ours)
		return block;
	if (block == NULL)
		return NULL;
	kept = ours ? RESERVE_BLOCK_BYTES : malloc_usable_size(old);
	memcpy(block, old, kept < size_bytes ? kept : size_bytes);
	reserve_free(old);
	return block;
}

void reserve_free(void *block)
{
	if (is_from_reserve(block))
		reserve.taken[((uintptr_t)block - (uintptr_t)reserve.blocks) / RESERVE_BLOCK_BYTES] = false;
	else
		free(block);
}

void reserve_for_libevent(void)
{
	event_set_mem_functions(reserve_malloc, reserve_realloc, reserve_free);
}
