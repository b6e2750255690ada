/* SPDX-License-Identifier: MIT */
/* What is kept of the order: spans, breaks and notes, none of them without a limit. */
#include "launcher/logs/log_order_records.h"

#include "config/figure.h"
#include "launcher/process/output_index.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void log_order_change(struct log_order *self, int64_t v)
{
	if (v < self->changed)
		self->changed = v;
}

void log_order_add_break(struct log_order *self, int64_t v)
{
	int64_t *grown;

	if (self->break_count > 0 && self->breaks[self->break_count - 1] >= v)
		return;
	grown = make_room(self->breaks, self->break_count, &self->break_room, sizeof(*grown));
	if (grown == NULL)
		return;
	self->breaks = grown;
	self->breaks[self->break_count++] = v;
	log_order_change(self, v);
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

bool log_order_push_span(struct log_order *self, const struct log_span *span)
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

void log_order_forget_old(struct log_order *self)
{
	forget_old_spans(self, 0);
	forget_old_notes(self, 0);
	forget_old_breaks(self);
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
	log_order_change(self, self->start);
}

void log_order_add_note(struct log_order *self, struct log_order_unit *unit, const struct log_record *record, int64_t v)
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
		log_order_add_break(self, v);
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
