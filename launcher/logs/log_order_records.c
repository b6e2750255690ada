/* SPDX-License-Identifier: MIT */
#include "launcher/logs/log_order_records.h"

#include "config/figure.h"
#include "launcher/process/output_index.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_BYTES_MAX (UINT64_C(1) << 40)
#define TEXT_BYTES_MAX (4u * OUTPUT_INDEX_SIZE_MAX) /* not gone through; beyond that the oldest half is not */
#define PART_BYTES_MAX 65536 /* of a line without an end that others are held back for */
#define SLICE_RECORDS 64

/* ---- Arrays that grow ---- */

/* Room for one more, or NULL. */
static void *make_room(void *array, size_t count, size_t *room, size_t size)
{
	size_t wanted = *room > 0 ? *room + *room / 2 : 64;
	void *grown;

	if (count < *room)
		return array;
	grown = realloc(array, wanted * size);
	if (grown != NULL)
		*room = wanted;
	return grown;
}

static void note_change(struct log_order *self, int64_t v)
{
	if (v < self->changed)
		self->changed = v;
}

static void add_break(struct log_order *self, int64_t v)
{
	int64_t *grown;

	if (self->break_count > 0 && self->breaks[self->break_count - 1] >= v)
		return;
	grown = make_room(self->breaks, self->break_count, &self->break_room, sizeof(*grown));
	if (grown == NULL)
		return;
	self->breaks = grown;
	self->breaks[self->break_count++] = v;
	note_change(self, v);
}

static void forget_old_breaks(struct log_order *self)
{
	size_t gone = 0;

	while (gone < self->break_count && self->breaks[gone] < self->start)
		gone++;
	self->break_count -= gone;
	if (gone > 0)
		memmove(self->breaks, self->breaks + gone, self->break_count * sizeof(self->breaks[0]));
}

static void forget_old_notes(struct log_order *self, size_t gone)
{
	const int64_t start = self->start * LOG_ORDER_PLACES;

	while (gone < self->note_count && self->notes[gone].place < start)
		gone++;
	self->note_count -= gone;
	if (gone > 0)
		memmove(self->notes, self->notes + gone, self->note_count * sizeof(self->notes[0]));
}

/* Those that are passed are still needed to tell whose bytes come first: of several units the stream begins behind them. */
static void forget_old_spans(struct log_order *self, size_t gone)
{
	while (gone + 1 < self->span_count && self->spans[gone + 1].v <= self->start)
		gone++;
	self->span_count -= gone;
	if (gone > 0)
		memmove(self->spans, self->spans + gone, self->span_count * sizeof(self->spans[0]));
	if (self->merged && !self->building && self->span_count > 0 && self->start < self->spans[0].v)
		self->start = self->spans[0].v;
}

static bool push_span(struct log_order *self, const struct log_span *span)
{
	struct log_span *grown;

	if (self->span_count == LOG_ORDER_SPANS_MAX)
		forget_old_spans(self, LOG_ORDER_SPANS_MAX / 4);
	grown = make_room(self->spans, self->span_count, &self->span_room, sizeof(*grown));
	if (grown == NULL)
		return false;
	self->spans = grown;
	self->spans[self->span_count++] = *span;
	return true;
}

/* ---- Several units: whole lines in the order of the records ---- */

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
	if (goes_on || push_span(self, &span))
		self->end += to - unit->taken;
	unit->taken = to;
}

/* Behind the last line end in [from, to), which is looked for from behind; -1: there is none. */
static int64_t find_last_end(struct log_order *self, struct log_order_unit *unit, int64_t from, int64_t to)
{
	while (to > from) {
		int64_t chunk = to - from < 512 ? from : to - 512;
		size_t got = text_file_read(&unit->file, chunk, self->buffer, (size_t)(to - chunk));
		const char *end = memrchr(self->buffer, '\n', got);

		if (end != NULL)
			return chunk + (end - self->buffer) + 1;
		to = chunk;
	}
	return -1;
}

static int64_t find_first_end(struct log_order *self, struct log_order_unit *unit, int64_t from, int64_t to)
{
	while (from < to) {
		size_t wanted = to - from < 4096 ? (size_t)(to - from) : 4096;
		size_t got = text_file_read(&unit->file, from, self->buffer, wanted);
		const char *end = memchr(self->buffer, '\n', got);

		if (end != NULL)
			return from + (end - self->buffer) + 1;
		if (got < wanted)
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

static void take_lines(struct log_order *self, struct log_order_unit *unit, int64_t at, int64_t to,
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
		add_break(self, self->end);
	}
}

/* Nothing comes to the line any more that has no end. */
static void end_line(struct log_order *self, struct log_order_unit *unit)
{
	if (!unit->told || unit->taken == unit->told_to)
		return;
	emit(self, unit, unit->told_to, unit->pending_ms, unit->pending_error);
	add_break(self, self->end);
}

/* Puts in front what the index does not tell of, and gives all their offsets. */
static void finish_building(struct log_order *self)
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
	forget_old_notes(self, 0);
	forget_old_breaks(self);
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
	note_change(self, 0);
}

/* ---- Notes ---- */

/* There are too many: the oldest go, and the breaks that they made. */
static void drop_notes(struct log_order *self)
{
	int64_t first;
	size_t gone = 0;

	forget_old_notes(self, LOG_ORDER_NOTES_MAX / 4);
	first = self->note_count > 0 ? self->notes[0].place / LOG_ORDER_PLACES : INT64_MAX;
	if (self->merged)
		return;
	while (gone < self->break_count && self->breaks[gone] < first)
		gone++;
	if (gone == 0)
		return;
	self->break_count -= gone;
	memmove(self->breaks, self->breaks + gone, self->break_count * sizeof(self->breaks[0]));
	note_change(self, self->start);
}

static void add_note(struct log_order *self, struct log_order_unit *unit, const struct log_record *record, int64_t v)
{
	struct log_note note = {
		.place = v * LOG_ORDER_PLACES,
		.time_ms = record->time_ms,
		.lasted_ms = -1,
		.unit = (unsigned)(unit - self->units),
		.kind = record->kind,
		.earlier = record->time_ms < self->run_ms,
	};
	const struct log_note *last;
	struct log_note *grown;
	char before;

	snprintf(note.how, sizeof(note.how), "%.*s", (int)sizeof(note.how) - 1, record->word);
	if (record->kind == OUTPUT_KIND_END && unit->begun_ms >= 0 && record->time_ms >= unit->begun_ms)
		note.lasted_ms = record->time_ms - unit->begun_ms;
	if (self->note_count == LOG_ORDER_NOTES_MAX)
		drop_notes(self);
	last = self->note_count > 0 ? &self->notes[self->note_count - 1] : NULL;
	if (last != NULL && last->place >= note.place)
		note.place = last->place + 1;
	/* More than have room in front of one byte: the last one gives way. */
	if (note.place % LOG_ORDER_PLACES == LOG_ORDER_PLACES - 1) {
		note.place--;
		self->note_count--;
	}
	grown = make_room(self->notes, self->note_count, &self->note_room, sizeof(*grown));
	if (grown == NULL)
		return;
	self->notes = grown;
	self->notes[self->note_count++] = note;
	v = note.place / LOG_ORDER_PLACES;
	if (!self->merged && v > self->start && log_order_read(self, v - 1, &before, 1) == 1 && before != '\n')
		add_break(self, v);
}

/* "code:3", "signal:9". */
static bool read_how(const char *how, const char *what, long *value)
{
	size_t length = strlen(what);
	char *end;

	if (strncmp(how, what, length) != 0 || how[length] < '0' || how[length] > '9')
		return false;
	*value = strtol(how + length, &end, 10);
	return *end == '\0';
}

static void put_end(const struct log_note *note, char *text, size_t size_bytes)
{
	long value;

	if (read_how(note->how, "code:", &value)) {
		snprintf(text, size_bytes, "exited with code %ld", value);
	} else if (read_how(note->how, "signal:", &value)) {
		const char *name = value < NSIG ? sigabbrev_np((int)value) : NULL;

		if (name != NULL)
			snprintf(text, size_bytes, "killed by SIG%s", name);
		else
			snprintf(text, size_bytes, "killed by signal %ld", value);
	} else {
		snprintf(text, size_bytes, "ended");
	}
}

size_t log_order_note_text(const struct log_note *note, char text[LOG_ORDER_NOTE_BYTES])
{
	char what[64], lasted[FIGURE_BYTES + 16] = "", duration[FIGURE_BYTES];
	int length;

	if (note->kind == OUTPUT_KIND_END)
		put_end(note, what, sizeof(what));
	else
		snprintf(what, sizeof(what), "started");
	if (note->lasted_ms >= 0) {
		figure_duration(note->lasted_ms, duration, sizeof(duration));
		snprintf(lasted, sizeof(lasted), " after %s", duration);
	}
	length = snprintf(text, LOG_ORDER_NOTE_BYTES, "= %s%s%s", what, lasted,
			  note->earlier ? " (an earlier run of the stack)" : "");
	return length > 0 ? (size_t)length : 0;
}

/* ---- Records ---- */

static struct log_order_unit *find_unit(const struct log_order *self, const char *name)
{
	size_t low = 0, high = self->unit_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct log_order_unit *unit = &self->units[self->by_name[middle]];
		int order = strcmp(unit->name, name);

		if (order == 0)
			return unit;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Finds the file that the next record speaks of, if it has not been found yet. */
static bool has_file(struct log_order_unit *unit)
{
	if (unit->file_at < 0)
		unit->file_at = text_file_find(&unit->file, (ino_t)unit->inode, unit->behind, &unit->file_bytes);
	return unit->file_at >= 0;
}

static void take_output(struct log_order *self, struct log_order_unit *unit, const struct log_record *record)
{
	int64_t at, to, limit;

	if (record->size > RECORD_BYTES_MAX || record->offset > (int64_t)RECORD_BYTES_MAX || !has_file(unit))
		return;
	at = unit->file_at + record->offset;
	to = at + (int64_t)record->size;
	/* The file may have grown since it was found. */
	limit = text_file_end(&unit->file);
	if (unit->behind > 0 && unit->file_at + unit->file_bytes < limit)
		limit = unit->file_at + unit->file_bytes;
	if (to > limit)
		to = limit;
	if (at >= to)
		return;
	if (self->merged) {
		take_lines(self, unit, at, to, record);
	} else if (self->span_count == 0 || at >= self->told_end) {
		const struct log_span *last = self->span_count > 0 ? &self->spans[self->span_count - 1] : NULL;
		const struct log_span span = {at, at, record->time_ms, 0, record->kind == OUTPUT_KIND_STDERR};

		if (last == NULL || last->time_ms != span.time_ms || last->error_stream != span.error_stream)
			push_span(self, &span);
		self->told_end = to;
	}
}

static void take_mark(struct log_order *self, struct log_order_unit *unit, const struct log_record *record)
{
	int64_t v;

	if (record->offset > (int64_t)RECORD_BYTES_MAX || !has_file(unit))
		return;
	if (self->merged)
		end_line(self, unit);
	v = self->merged ? self->end : unit->file_at + record->offset;
	if (v <= self->end)
		add_note(self, unit, record, v);
	unit->begun_ms = record->kind == OUTPUT_KIND_BEGIN ? record->time_ms : -1;
}

static void take_record(struct log_order *self, const struct log_record *record)
{
	struct log_order_unit *unit = find_unit(self, record->unit);

	if (unit == NULL)
		return;
	switch (record->kind) {
	case OUTPUT_KIND_STDOUT:
	case OUTPUT_KIND_STDERR:
		take_output(self, unit, record);
		break;
	case OUTPUT_KIND_BEGIN:
	case OUTPUT_KIND_END:
		take_mark(self, unit, record);
		break;
	case OUTPUT_KIND_ROTATED:
		unit->behind -= unit->behind > 0;
		unit->inode = 0;
		unit->file_at = -1;
		break;
	case OUTPUT_KIND_FILE:
		if (unit->inode != record->size)
			unit->file_at = -1;
		unit->inode = record->size;
		break;
	default:
		break;
	}
}

/* ---- The index ---- */

/* Rotations that lie behind what has not been gone through yet. */
static void count_rotations(struct log_order *self, const char *text)
{
	struct log_record record;
	const char *at = text;

	while ((at = strstr(at, " r ")) != NULL) {
		const char *begin = memrchr(text, '\n', (size_t)(at - text)), *end = strchr(at, '\n');
		char line[LOG_INDEX_NAME_BYTES + 128];
		struct log_order_unit *unit;
		size_t length;

		begin = begin != NULL ? begin + 1 : text;
		if (end == NULL)
			break;
		at = end;
		length = (size_t)(end - begin);
		if (length >= sizeof(line))
			continue;
		memcpy(line, begin, length);
		line[length] = '\0';
		if (log_record_parse(line, &record) && record.kind == OUTPUT_KIND_ROTATED &&
		    (unit = find_unit(self, record.unit)) != NULL)
			unit->behind++;
	}
}

static void read_index(struct log_order *self)
{
	char *more, *grown;
	size_t left = self->text_bytes - self->text_at, size;

	/* Whoever lags so far takes what he has first. */
	if (left > TEXT_BYTES_MAX)
		return;
	more = log_index_read(&self->index);
	if (more == NULL)
		return;
	size = strlen(more);
	count_rotations(self, more);
	if (left > 0) {
		memmove(self->text, self->text + self->text_at, left);
		grown = realloc(self->text, left + size + 1);
		if (grown == NULL) {
			self->no_memory = true;
			free(more);
			return;
		}
		memcpy(grown + left, more, size + 1);
		free(more);
		more = grown;
	} else {
		free(self->text);
	}
	self->text = more;
	self->text_at = 0;
	self->text_bytes = left + size;
}

void log_order_hear(struct log_order *self)
{
	/* The index before the files: what it tells of can be found then (output_index.h). */
	self->heard = true;
	read_index(self);
	for (size_t i = 0; i < self->unit_count; i++) {
		struct log_order_unit *unit = &self->units[i];

		if (text_file_refresh(&unit->file) != TEXT_FILE_ANEW)
			continue;
		unit->file_at = -1;
		unit->told = false;
		unit->taken = unit->told_to = text_file_start(&unit->file);
	}
	log_order_measure(self);
}

bool log_order_work(struct log_order *self, int64_t deadline_us)
{
	struct log_record record;

	if (!self->heard)
		log_order_hear(self);
	for (size_t i = 1; self->text_at < self->text_bytes; i++) {
		char *line = self->text + self->text_at, *end = strchr(line, '\n');

		if (end == NULL)
			break;
		*end = '\0';
		self->text_at = (size_t)(end + 1 - self->text);
		if (log_record_parse(line, &record))
			take_record(self, &record);
		if (i % SLICE_RECORDS == 0 && log_order_clock_us() >= deadline_us)
			return true;
	}
	free(self->text);
	self->text = NULL;
	self->text_at = self->text_bytes = 0;
	if (self->building)
		finish_building(self);
	return false;
}

void log_order_measure(struct log_order *self)
{
	const int64_t start = self->start;
	int64_t starts = 0;

	for (size_t i = 0; i < self->unit_count; i++)
		starts += text_file_start(&self->units[i].file);
	if (!self->merged) {
		self->start = text_file_start(&self->units[0].file);
		self->end = text_file_end(&self->units[0].file);
	} else if (!self->building && starts != self->starts) {
		/* Of what is not there any more the last piece says where the text begins. */
		for (size_t i = 0; i < self->span_count; i++)
			if (self->spans[i].from < text_file_start(&self->units[self->spans[i].unit].file))
				self->start = i + 1 < self->span_count ? self->spans[i + 1].v : self->end;
	}
	self->starts = starts;
	if (self->start == start)
		return;
	forget_old_spans(self, 0);
	forget_old_notes(self, 0);
	forget_old_breaks(self);
}
