/* SPDX-License-Identifier: MIT */
#include "launcher/logs/log_window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MORE_BYTES 4096 /* is read on, when a line goes on */

int log_window_init(struct log_window *self, struct log_order *order)
{
	*self = (struct log_window){.order = order};
	self->bytes = malloc(LOG_WINDOW_BYTES);
	return self->bytes != NULL ? 0 : -ENOMEM;
}

void log_window_finish(struct log_window *self)
{
	free(self->bytes);
	self->bytes = NULL;
}

void log_window_forget(struct log_window *self)
{
	self->from = self->to = 0;
}

static int64_t load(struct log_window *self, int64_t at, int64_t to)
{
	return at + (int64_t)log_order_read(self->order, at, self->bytes + (at - self->from), (size_t)(to - at));
}

const char *log_window_at(struct log_window *self, int64_t from, int64_t to, size_t *size)
{
	from = from > self->order->start ? from : self->order->start;
	to = to < self->order->end ? to : self->order->end;
	if (to - from > (int64_t)LOG_WINDOW_BYTES)
		to = from + (int64_t)LOG_WINDOW_BYTES;
	*size = 0;
	if (to <= from)
		return self->bytes;
	if (from >= self->from && from <= self->to && to > self->to && to - self->from <= (int64_t)LOG_WINDOW_BYTES) {
		self->to = load(self, self->to, to);
	} else if (from < self->from || to > self->to) {
		/* What lies behind is mostly needed again. */
		const int64_t last = from < self->from && to <= self->to && self->to - from <= (int64_t)LOG_WINDOW_BYTES
					     ? self->to
					     : to;

		self->from = from;
		self->to = load(self, from, last);
	}
	to = to < self->to ? to : self->to;
	*size = to > from ? (size_t)(to - from) : 0;
	return self->bytes + (from - self->from);
}

/* The last place at or before `v` at which a line begins; -1: there is none from `from` on. */
static int64_t find_line_start(struct log_window *self, int64_t from, int64_t v)
{
	int64_t start = log_order_break_before(self->order, v), chunk = 256;
	size_t size;

	if (start < self->order->start)
		start = self->order->start;
	if (from <= start)
		from = start;
	else
		start = -1;
	for (int64_t at = v; at > from; chunk *= 4) {
		int64_t begin = at - chunk > from ? at - chunk : from;
		const char *bytes = log_window_at(self, begin, at, &size);
		const char *end = memrchr(bytes, '\n', size);

		if (end != NULL)
			return begin + (end - bytes) + 1;
		at = begin;
	}
	return start;
}

int64_t log_window_piece_start(struct log_window *self, int64_t v)
{
	const int64_t cut = v / LOG_CELL_BYTES * LOG_CELL_BYTES;
	int64_t start = find_line_start(self, cut - LOG_CELL_BYTES, v);

	/* The line began a whole cell before the cut, or earlier. */
	return start < 0 || start <= cut - LOG_CELL_BYTES ? cut : start;
}

int64_t log_window_piece_end(struct log_window *self, int64_t from)
{
	int64_t last = (from + 2 * LOG_CELL_BYTES - 1) / LOG_CELL_BYTES * LOG_CELL_BYTES, at = from, to;
	const int64_t broken = log_order_break_behind(self->order, from);
	size_t size;

	last = last < broken ? last : broken;
	last = last < self->order->end ? last : self->order->end;
	while (at < last) {
		const char *bytes, *end;

		/* What is loaded already first. */
		to = self->to > at && self->from <= at ? self->to : at + MORE_BYTES;
		to = to < last ? to : last;
		bytes = log_window_at(self, at, to, &size);
		end = memchr(bytes, '\n', size);
		if (end != NULL)
			return at + (end - bytes) + 1;
		if (size == 0)
			break;
		at += (int64_t)size;
	}
	return last;
}

void log_window_piece(struct log_window *self, int64_t from, struct log_piece *piece)
{
	const char *bytes;
	size_t size, before;

	piece->from = from;
	piece->next = log_window_piece_end(self, from);
	bytes = log_window_at(self, from - 1, piece->next, &size);
	before = from > self->order->start && size > 0;
	piece->continues = before && bytes[0] != '\n' && log_order_break_before(self->order, from) != from;
	piece->bytes = bytes + before;
	piece->size_bytes = size - before;
	piece->ended = piece->size_bytes > 0 && piece->bytes[piece->size_bytes - 1] == '\n';
	if (!piece->ended)
		return;
	piece->size_bytes--;
	if (piece->size_bytes > 0 && piece->bytes[piece->size_bytes - 1] == '\r')
		piece->size_bytes--;
}

/* ---- Counting ---- */

#define LANES 16u

typedef unsigned char lanes __attribute__((vector_size(LANES)));

static lanes load_lanes(const char *at)
{
	lanes value;

	memcpy(&value, at, sizeof(value));
	return value;
}

size_t log_window_count_ends(const char *bytes, size_t size_bytes)
{
	const char *const end = bytes + size_bytes;
	size_t count = 0;

	while (end - bytes >= (ptrdiff_t)(4 * LANES)) {
		const size_t left = (size_t)(end - bytes) / (4 * LANES);
		lanes a = {0}, b = {0}, c = {0}, d = {0};

		/* A lane counts to 255. */
		for (size_t i = left < 255 ? left : 255; i > 0; i--, bytes += 4 * LANES) {
			a -= (lanes)(load_lanes(bytes) == '\n');
			b -= (lanes)(load_lanes(bytes + LANES) == '\n');
			c -= (lanes)(load_lanes(bytes + 2 * LANES) == '\n');
			d -= (lanes)(load_lanes(bytes + 3 * LANES) == '\n');
		}
		for (size_t k = 0; k < LANES; k++)
			count += (size_t)a[k] + b[k] + c[k] + d[k];
	}
	for (; bytes < end; bytes++)
		count += *bytes == '\n';
	return count;
}
