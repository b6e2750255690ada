/* SPDX-License-Identifier: MIT */
/* The last lines of one unit, in OUTPUT_RING_BYTES of memory that is taken with the first line. The oldest give way. */
#ifndef UPFRONT_LAUNCHER_PROCESS_OUTPUT_RING_H
#define UPFRONT_LAUNCHER_PROCESS_OUTPUT_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/process/output.h"

/* Stands before each line's bytes. */
struct output_ring_line {
	int64_t time_ms;
	uint64_t order; /* rises over all units: what came first */
	uint32_t size_bytes;
	uint32_t run;
	uint8_t stream;
	bool partial;
};

/*
 * Lines lie one behind the other from `head` on and are never split: once one does not fit before the end of the memory, `end`
 * is where the lines stop, and they go on at 0 up to `tail`.
 */
struct output_ring {
	unsigned char *memory;
	size_t head, tail, end;
	bool wrapped;
	size_t lines;
};

void output_ring_finish(struct output_ring *self);
/* Without memory the line is not kept. `line->size_bytes` is at most OUTPUT_LINE_MAX. */
void output_ring_push(struct output_ring *self, const struct output_line *line, uint64_t order);

/* Walks from the oldest: *at is 0-initialised by the caller; NULL after the newest. Bytes stand behind what is returned. */
struct output_ring_cursor {
	size_t at, seen;
};
const struct output_ring_line *output_ring_next(const struct output_ring *self, struct output_ring_cursor *cursor);

#endif
