/* SPDX-License-Identifier: MIT */
/*
 * The last output of one unit, in OUTPUT_RING_BYTES of memory that is taken with the first byte. Kept as it was read, for whoever floods
 * must not pay for lines that nobody asks for: output_tail() takes them apart. The oldest pieces give way; what was read in one go that is
 * longer than 64 KB leaves its end alone.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_OUTPUT_RING_H
#define UPFRONT_LAUNCHER_PROCESS_OUTPUT_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/process/output.h"

#define OUTPUT_STREAMS 2

enum output_ring_kind {
	OUTPUT_RING_BYTES_READ, /* any bytes of a stream, any cut */
	OUTPUT_RING_NOTE, /* one whole line of our own */
	OUTPUT_RING_END /* of a run: what had no line end gets none any more */
};

/* Stands before each piece's bytes. */
struct output_ring_piece {
	int64_t time_ms;
	uint64_t order; /* rises over all units: what came first */
	uint32_t size_bytes;
	uint32_t run;
	uint8_t stream;
	uint8_t kind; /* enum output_ring_kind */
};

/*
 * Pieces lie one behind the other from `head` on and are never split: once one does not fit before the end of the memory, `end`
 * is where they stop, and they go on at 0 up to `tail`.
 */
struct output_ring {
	unsigned char *memory;
	size_t head, tail, end;
	bool wrapped;
	size_t pieces;
	bool cut[OUTPUT_STREAMS]; /* what gave way last was the beginning of a line that goes on in here */
};

void output_ring_finish(struct output_ring *self);
/* Without memory nothing is kept. What is long is laid down in several pieces; each takes the next number of *order. */
void output_ring_push(struct output_ring *self, const struct output_ring_piece *head, const char *bytes,
		      size_t size_bytes, uint64_t *order);

/* Walks from the oldest: *at is 0-initialised by the caller; NULL after the newest. Bytes stand behind what is returned. */
struct output_ring_cursor {
	size_t at, seen;
};
const struct output_ring_piece *output_ring_next(const struct output_ring *self, struct output_ring_cursor *cursor);

#endif
