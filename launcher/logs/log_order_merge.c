/* SPDX-License-Identifier: MIT */
/* Several units: whole lines in the order of the records that completed them. */
#include "launcher/logs/log_order_records.h"

#include "launcher/process/output_index.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD_BYTES 4096
#define PART_BYTES_MAX 65536 /* of a line without an end that others are held back for */

/* What the unit has written from `taken` up to `to` becomes the end of the stream. */
static void emit(struct log_order *self, struct log_order_unit *unit, int64_t to, int64_t time_ms, bool error_stream)
{
	const unsigned number = (unsigned)(unit - self->units);
	const struct log_span *last = self->span_count > 0 ? &self->spans[self->span_count - 1] : NULL;
	const struct log_span span = {self->end, unit->taken, time_ms, number, error_stream};
	const bool goes_on = last != NULL && last->unit == number && last->time_ms == time_ms &&
			     last->error_stream == error_stream && last->from + (self->end - last->v) == unit->taken;

	if (to <= unit->taken)
		return;
	if (goes_on || log_order_push_span(self, &span))
		self->end += to - unit->taken;
	unit->taken = to;
}

/*
 * [from, to), at most AHEAD_BYTES, as far as it can be read. Where a long index is gone through, what a unit wrote is asked for in small steps, one
 * behind the other: a read for each would be most of the work.
 */
static const char *peek(struct log_order *self, struct log_order_unit *unit, int64_t from, int64_t to, size_t *size)
{
	if (unit->ahead == NULL && self->building)
		unit->ahead = malloc(AHEAD_BYTES);
	if (unit->ahead == NULL) {
		*size = text_file_read(&unit->file, from, self->buffer, (size_t)(to - from));
		return self->buffer;
	}
	if (from < unit->ahead_at || to > unit->ahead_at + (int64_t)unit->ahead_bytes) {
		unit->ahead_at = from;
		unit->ahead_bytes = text_file_read(&unit->file, from, unit->ahead, AHEAD_BYTES);
	}
	*size = to - from < (int64_t)unit->ahead_bytes ? (size_t)(to - from) : unit->ahead_bytes;
	return unit->ahead + (from - unit->ahead_at);
}

/* Behind the last line end in [from, to), which is looked for from behind; -1: there is none. */
static int64_t find_last_end(struct log_order *self, struct log_order_unit *unit, int64_t from, int64_t to)
{
	while (to > from) {
		int64_t chunk = to - from < 512 ? from : to - 512;
		size_t got;
		const char *bytes = peek(self, unit, chunk, to, &got), *end = memrchr(bytes, '\n', got);

		if (end != NULL)
			return chunk + (end - bytes) + 1;
		to = chunk;
	}
	return -1;
}

static int64_t find_first_end(struct log_order *self, struct log_order_unit *unit, int64_t from, int64_t to)
{
	while (from < to) {
		int64_t stop = to - from < AHEAD_BYTES ? to : from + AHEAD_BYTES;
		size_t got;
		const char *bytes = peek(self, unit, from, stop, &got), *end = memchr(bytes, '\n', got);

		if (end != NULL)
			return from + (end - bytes) + 1;
		if (from + (int64_t)got < stop)
			break;
		from += (int64_t)got;
	}
	return to;
}

/* A line that began before the first record belongs to it. */
static void begin_unit(struct log_order *self, struct log_order_unit *unit, int64_t at)
{
	int64_t from = at - PART_BYTES_MAX, end;

	if (from < text_file_start(&unit->file))
		from = text_file_start(&unit->file);
	end = find_last_end(self, unit, from, at);
	unit->told = true;
	unit->taken = end >= 0 ? end : from;
	unit->told_to = unit->taken;
}

void log_order_take_lines(struct log_order *self, struct log_order_unit *unit, int64_t at, int64_t to,
			  const struct log_record *record)
{
	const bool error_stream = record->kind == OUTPUT_KIND_STDERR;
	int64_t end;

	if (!unit->told)
		begin_unit(self, unit, at);
	if (to <= unit->told_to)
		return;
	if (unit->taken == unit->told_to) {
		unit->pending_ms = record->time_ms;
		unit->pending_error = error_stream;
	}
	end = find_last_end(self, unit, unit->told_to, to);
	unit->told_to = to;
	if (end >= 0) {
		/* The first may have begun with an earlier record: its time is that. */
		if (unit->pending_ms != record->time_ms || unit->pending_error != error_stream)
			emit(self, unit, find_first_end(self, unit, unit->taken, end), unit->pending_ms,
			     unit->pending_error);
		emit(self, unit, end, record->time_ms, error_stream);
		unit->pending_ms = record->time_ms;
		unit->pending_error = error_stream;
	}
	if (unit->told_to - unit->taken > PART_BYTES_MAX) {
		emit(self, unit, unit->told_to, unit->pending_ms, unit->pending_error);
		log_order_add_break(self, self->end);
	}
}

/* Nothing comes to the line any more that has no end. */
void log_order_end_line(struct log_order *self, struct log_order_unit *unit)
{
	if (!unit->told || unit->taken == unit->told_to)
		return;
	emit(self, unit, unit->told_to, unit->pending_ms, unit->pending_error);
	log_order_add_break(self, self->end);
}

/* Puts in front what the index does not tell of, and gives all their offsets. */
void log_order_finish_building(struct log_order *self)
{
	int64_t *ends = calloc(self->unit_count + 1, sizeof(*ends)), older = 0;
	const int64_t base = self->span_count > 0 ? self->spans[0].v : self->end;
	struct log_span *spans = malloc((self->span_count + self->unit_count + 1) * sizeof(*spans));
	size_t count = 0;

	self->building = false;
	if (ends == NULL || spans == NULL) {
		self->no_memory = true;
		goto out;
	}
	for (size_t i = 0; i < self->unit_count; i++) {
		struct log_order_unit *unit = &self->units[i];

		if (!unit->told)
			begin_unit(self, unit, text_file_end(&unit->file));
		free(unit->ahead);
		unit->ahead = NULL;
		ends[i] = unit->taken;
	}
	for (size_t i = self->span_count; i > 0; i--)
		ends[self->spans[i - 1].unit] = self->spans[i - 1].from;
	for (size_t i = 0; i < self->unit_count; i++) {
		int64_t from = text_file_start(&self->units[i].file);

		if (ends[i] <= from)
			continue;
		spans[count++] = (struct log_span){older, from, -1, (unsigned)i, false};
		older += ends[i] - from;
	}
	for (size_t i = 0; i < self->span_count; i++) {
		spans[count] = self->spans[i];
		spans[count++].v += older - base;
	}
	/* What had no room in the stream has no notes either. */
	self->start = base;
	log_order_forget_old(self);
	for (size_t i = 0; i < self->break_count; i++)
		self->breaks[i] += older - base;
	for (size_t i = 0; i < self->note_count; i++)
		self->notes[i].place += (older - base) * LOG_ORDER_PLACES;
	free(self->spans);
	self->spans = spans;
	self->span_room = self->span_count + self->unit_count + 1;
	self->span_count = count;
	self->start = 0;
	self->end += older - base;
	spans = NULL;
out:
	free(spans);
	free(ends);
	log_order_change(self, 0);
}
