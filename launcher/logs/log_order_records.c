/* SPDX-License-Identifier: MIT */
#include "launcher/logs/log_order_records.h"

#include "launcher/process/output_index.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX (4u * OUTPUT_INDEX_SIZE_MAX) /* not gone through; beyond that what is new waits */
#define SLICE_RECORDS 64

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

	if (record->size > LOG_ORDER_OFFSET_MAX || record->offset > LOG_ORDER_OFFSET_MAX || !has_file(unit))
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
		log_order_take_lines(self, unit, at, to, record);
	} else if (self->span_count == 0 || at >= self->told_end) {
		const struct log_span *last = self->span_count > 0 ? &self->spans[self->span_count - 1] : NULL;
		const struct log_span span = {at, at, record->time_ms, 0, record->kind == OUTPUT_KIND_STDERR};

		if (last == NULL || last->time_ms != span.time_ms || last->error_stream != span.error_stream)
			log_order_push_span(self, &span);
		self->told_end = to;
	}
}

static void take_mark(struct log_order *self, struct log_order_unit *unit, const struct log_record *record)
{
	int64_t v;

	if (record->offset > LOG_ORDER_OFFSET_MAX || !has_file(unit))
		return;
	if (self->merged)
		log_order_end_line(self, unit);
	v = self->merged ? self->end : unit->file_at + record->offset;
	if (v <= self->end)
		log_order_add_note(self, unit, record, v);
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
		unit->ahead_bytes = 0;
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
		log_order_finish_building(self);
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
	log_order_forget_old(self);
}
