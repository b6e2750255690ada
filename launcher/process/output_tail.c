/* SPDX-License-Identifier: MIT */
#include "launcher/process/output_unit.h"

#include <limits.h>
#include <stdlib.h>

struct found {
	unsigned unit;
	const struct output_ring_line *line;
};

static int compare_order(const void *a, const void *b)
{
	uint64_t x = ((const struct found *)a)->line->order, y = ((const struct found *)b)->line->order;
	return (x > y) - (x < y);
}

/* The last `count` lines of one ring, behind those found before; returns how many. */
static size_t gather(const struct output_unit *unit, size_t count, struct found *found)
{
	struct output_ring_cursor cursor = {0};
	const struct output_ring_line *line;
	size_t skip = unit->ring.lines > count ? unit->ring.lines - count : 0, kept = 0;
	while ((line = output_ring_next(&unit->ring, &cursor)) != NULL) {
		if (cursor.seen > skip)
			found[kept++] = (struct found){unit->id, line};
	}
	return kept;
}

void output_tail(const struct output *self, unsigned id, size_t count, output_visit *visit, void *context)
{
	size_t total = 0, kept = 0;
	for (unsigned i = 0; i < self->unit_limit; i++) {
		if (self->units[i] && (id == UINT_MAX || id == i))
			total += self->units[i]->ring.lines < count ? self->units[i]->ring.lines : count;
	}
	struct found *found = total ? reallocarray(NULL, total, sizeof *found) : NULL;
	if (!found)
		return;
	for (unsigned i = 0; i < self->unit_limit; i++) {
		if (self->units[i] && (id == UINT_MAX || id == i))
			kept += gather(self->units[i], count, found + kept);
	}
	qsort(found, kept, sizeof *found, compare_order);
	for (size_t i = kept > count ? kept - count : 0; i < kept; i++) {
		const struct output_ring_line *stored = found[i].line;
		struct output_line line = {
			.unit = found[i].unit,
			.run = stored->run,
			.stream = stored->stream,
			.time_ms = stored->time_ms,
			.bytes = (const char *)(stored + 1),
			.size_bytes = stored->size_bytes,
			.partial = stored->partial,
		};
		visit(context, &line);
	}
	free(found);
}
