/* SPDX-License-Identifier: MIT */
#include "launcher/process/output_unit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* How far the beginning of a line is looked for. */
#define SOON_BYTES 2048u

struct found {
	const struct output_unit *unit;
	const struct output_ring_piece *piece;
	struct output_held *held; /* of the unit, one a stream */
	bool cut; /* begins within a line whose beginning has given way */
};

/* One way through what was found. */
struct walk {
	struct found *found;
	size_t found_count;
	struct output_held *held; /* OUTPUT_STREAMS for each unit */
	const struct found *at;
	int stream;
	size_t lines, skip;
	output_visit *visit; /* NULL: counting */
	void *context;
};

static int compare_order(const void *a, const void *b)
{
	const struct output_ring_piece *x = ((const struct found *)a)->piece, *y = ((const struct found *)b)->piece;
	return (x->order > y->order) - (x->order < y->order);
}

static void take_line(void *context, const char *bytes, size_t size_bytes, bool partial)
{
	struct walk *self = context;
	const struct output_line line = {
		.unit = self->at->unit->id,
		.run = self->at->piece->run,
		.stream = self->stream,
		.time_ms = self->at->piece->time_ms,
		.bytes = bytes,
		.size_bytes = size_bytes,
		.partial = partial,
	};
	if (self->lines++ >= self->skip && self->visit)
		self->visit(self->context, &line);
}

static void take_piece(struct walk *self, const struct found *found)
{
	const struct output_ring_piece *piece = found->piece;
	const char *bytes = (const char *)(piece + 1);
	size_t size_bytes = piece->size_bytes;
	self->at = found;
	self->stream = piece->stream;
	if (piece->kind == OUTPUT_RING_NOTE) {
		take_line(self, bytes, size_bytes, false);
		return;
	}
	if (piece->kind == OUTPUT_RING_END) {
		for (self->stream = 0; self->stream < OUTPUT_STREAMS; self->stream++)
			output_split_end(&found->held[self->stream], take_line, self);
		return;
	}
	const char *end = found->cut ? memchr(bytes, '\n', size_bytes) : NULL;
	if (end) {
		size_bytes -= (size_t)(end + 1 - bytes);
		bytes = end + 1;
	}
	output_split(&found->held[piece->stream], bytes, size_bytes, take_line, self);
}

static void walk(struct walk *self, output_visit *visit, size_t skip)
{
	self->visit = visit;
	self->skip = skip;
	self->lines = 0;
	for (size_t i = 0; i < self->found_count; i++)
		take_piece(self, &self->found[i]);
}

static void drop_held(struct walk *self, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(self->held[i].bytes);
		self->held[i] = (struct output_held){0};
	}
}

static void gather(struct walk *self, const struct output_unit *unit)
{
	struct output_ring_cursor cursor = {0};
	const struct output_ring_piece *piece;
	bool cut[OUTPUT_STREAMS] = {unit->ring.cut[0], unit->ring.cut[1]};
	while ((piece = output_ring_next(&unit->ring, &cursor)) != NULL) {
		struct found *found = &self->found[self->found_count++];
		*found = (struct found){.unit = unit, .piece = piece, .held = self->held + unit->id * OUTPUT_STREAMS};
		if (piece->kind == OUTPUT_RING_BYTES_READ) {
			found->cut = cut[piece->stream];
			cut[piece->stream] = false;
		}
	}
}

/* False without memory, or when there is nothing. */
static bool find(struct walk *self, const struct output *output, unsigned id)
{
	size_t total = 0;
	for (unsigned i = 0; i < output->unit_limit; i++)
		total += output->units[i] && (id == UINT_MAX || id == i) ? output->units[i]->ring.pieces : 0;
	if (total == 0)
		return false;
	self->found = reallocarray(NULL, total, sizeof *self->found);
	self->held = calloc(output->unit_limit, OUTPUT_STREAMS * sizeof *self->held);
	if (!self->found || !self->held)
		return false;
	for (unsigned i = 0; i < output->unit_limit; i++) {
		if (output->units[i] && (id == UINT_MAX || id == i))
			gather(self, output->units[i]);
	}
	qsort(self->found, total, sizeof *self->found, compare_order);
	return true;
}

void output_tail(const struct output *self, unsigned id, size_t count, output_visit *visit, void *context)
{
	struct walk all = {.context = context};
	size_t held_count = (size_t)self->unit_limit * OUTPUT_STREAMS, skip = 0;
	if (find(&all, self, id)) {
		if (count < SIZE_MAX) {
			walk(&all, NULL, 0);
			drop_held(&all, held_count);
			skip = all.lines > count ? all.lines - count : 0;
		}
		walk(&all, visit, skip);
		drop_held(&all, held_count);
	}
	free(all.found);
	free(all.held);
}

void output_hold_again(struct output *self)
{
	struct walk all = {0};
	if (find(&all, self, UINT_MAX)) {
		walk(&all, NULL, 0);
		for (unsigned i = 0; i < self->unit_limit; i++) {
			for (size_t j = 0; self->units[i] && j < OUTPUT_STREAMS; j++) {
				free(self->units[i]->held[j].bytes);
				self->units[i]->held[j] = all.held[i * OUTPUT_STREAMS + j];
			}
		}
	}
	free(all.found);
	free(all.held);
}

/* Both streams count as one: whoever asks looks at a terminal, which has no other. */
static size_t recent_bytes(const struct output_unit *unit)
{
	struct output_ring_cursor cursor = {0};
	const struct output_ring_piece *piece;
	size_t total = 0;
	while ((piece = output_ring_next(&unit->ring, &cursor)) != NULL)
		total += piece->kind == OUTPUT_RING_BYTES_READ && piece->run == unit->run ? piece->size_bytes : 0;
	return total;
}

void output_recent(const struct output *self, unsigned id, size_t limit_bytes, output_take *take, void *context)
{
	const struct output_unit *unit = id < self->unit_limit ? self->units[id] : NULL;
	struct output_ring_cursor cursor = {0};
	const struct output_ring_piece *piece;
	if (!unit)
		return;
	size_t total = recent_bytes(unit), skip = total > limit_bytes ? total - limit_bytes : 0;
	bool cut = skip > 0 || unit->ring.cut[0];
	while ((piece = output_ring_next(&unit->ring, &cursor)) != NULL) {
		const char *bytes = (const char *)(piece + 1);
		size_t size_bytes = piece->size_bytes;
		if (piece->kind != OUTPUT_RING_BYTES_READ || piece->run != unit->run)
			continue;
		size_t skipped = skip < size_bytes ? skip : size_bytes;
		skip -= skipped;
		bytes += skipped;
		size_bytes -= skipped;
		if (size_bytes == 0)
			continue;
		const char *end = cut ? memchr(bytes, '\n', size_bytes < SOON_BYTES ? size_bytes : SOON_BYTES) : NULL;
		if (end) {
			size_bytes -= (size_t)(end + 1 - bytes);
			bytes = end + 1;
		}
		cut = false;
		if (size_bytes > 0)
			take(context, id, bytes, size_bytes);
	}
}
