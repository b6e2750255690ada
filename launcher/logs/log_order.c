/* SPDX-License-Identifier: MIT */
#include "launcher/logs/log_order.h"

#include "launcher/logs/log_order_records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FILES_MAX 448u /* of all units together: below the usual limit on open files */
#define INDEX_AT_ONCE_BYTES 65536
#define INDEX_AT_ONCE_US 500
#define HOLD_MAX 4u /* rotated away and still open, of each unit of a merged text */

int64_t log_order_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- Life ---- */

static int by_name(const void *a, const void *b, void *context)
{
	const struct log_order *self = context;

	return strcmp(self->units[*(const unsigned *)a].name, self->units[*(const unsigned *)b].name);
}

static int init_unit(struct log_order *self, struct log_order_unit *unit, const struct log_order_source *source)
{
	size_t share = FILES_MAX / self->unit_count;

	*unit = (struct log_order_unit){.number = source->number, .file_at = -1, .begun_ms = -1};
	unit->name = strdup(source->unit);
	unit->label = strdup(source->label != NULL ? source->label : source->unit);
	if (unit->name == NULL || unit->label == NULL)
		return -ENOMEM;
	return text_file_init(&unit->file, self->dir, unit->name, self->merged && share > 2 * HOLD_MAX ? HOLD_MAX : 0,
			      share);
}

static int64_t index_bytes(const char *dir)
{
	const char *const names[] = {"index", "index.1"};
	int64_t bytes = 0;

	for (size_t i = 0; i < 2; i++) {
		struct stat status;
		char *path = NULL;

		if (asprintf(&path, "%s/%s", dir, names[i]) < 0)
			return INT64_MAX;
		if (stat(path, &status) == 0)
			bytes += status.st_size;
		free(path);
	}
	return bytes;
}

int log_order_init(struct log_order *self, const char *dir, const struct log_order_source *sources, size_t count,
		   int64_t run_ms)
{
	int result = -ENOMEM;

	*self = (struct log_order){.unit_count = count, .merged = count != 1, .run_ms = run_ms, .changed = INT64_MAX};
	self->dir = strdup(dir);
	log_index_init(&self->index, self->dir);
	self->units = calloc(count + 1, sizeof(self->units[0]));
	self->by_name = calloc(count + 1, sizeof(self->by_name[0]));
	self->buffer = malloc(LOG_ORDER_BUFFER_BYTES);
	if (self->dir == NULL || self->units == NULL || self->by_name == NULL || self->buffer == NULL)
		goto out;
	for (size_t i = 0; i < count; i++) {
		self->by_name[i] = (unsigned)i;
		result = init_unit(self, &self->units[i], &sources[i]);
		if (result < 0)
			goto out;
	}
	qsort_r(self->by_name, count, sizeof(self->by_name[0]), by_name, self);
	self->building = self->merged;
	log_order_measure(self);
	/* A long index is read in the first slice of work: the text of one unit need not wait for it. */
	if (index_bytes(dir) <= INDEX_AT_ONCE_BYTES)
		(void)log_order_work(self, log_order_clock_us() + INDEX_AT_ONCE_US);
	return 0;
out:
	log_order_finish(self);
	return result;
}

void log_order_finish(struct log_order *self)
{
	for (size_t i = 0; self->units != NULL && i < self->unit_count; i++) {
		text_file_finish(&self->units[i].file);
		free(self->units[i].name);
		free(self->units[i].label);
		free(self->units[i].ahead);
	}
	log_index_finish(&self->index);
	free(self->units);
	free(self->by_name);
	free(self->spans);
	free(self->breaks);
	free(self->notes);
	free(self->text);
	free(self->buffer);
	free(self->dir);
	*self = (struct log_order){.index = {.fd = -1}};
}

/* ---- Reading ---- */

/* The last span that begins at or before `v`; -1: none does. */
static ptrdiff_t find_span(const struct log_order *self, int64_t v)
{
	size_t low = 0, high = self->span_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (self->spans[middle].v <= v)
			low = middle + 1;
		else
			high = middle;
	}
	return (ptrdiff_t)low - 1;
}

static int64_t span_end(const struct log_order *self, size_t i)
{
	return i + 1 < self->span_count ? self->spans[i + 1].v : self->end;
}

size_t log_order_read(struct log_order *self, int64_t v, char *bytes, size_t size_bytes)
{
	size_t done = 0;
	ptrdiff_t at;

	if (v < self->start || v >= self->end)
		return 0;
	if (!self->merged)
		return text_file_read(&self->units[0].file, v, bytes, size_bytes);
	at = find_span(self, v);
	for (size_t i = at < 0 ? 0 : (size_t)at; i < self->span_count && done < size_bytes; i++) {
		const struct log_span *span = &self->spans[i];
		int64_t skip = v + (int64_t)done - span->v, left = span_end(self, i) - span->v - skip;
		size_t wanted = (int64_t)(size_bytes - done) < left ? size_bytes - done : (size_t)left;
		size_t got = text_file_read(&self->units[span->unit].file, span->from + skip, bytes + done, wanted);

		memset(bytes + done + got, 0, wanted - got);
		done += wanted;
	}
	return done;
}

/* How many breaks lie at or before `v`. */
static size_t count_breaks(const struct log_order *self, int64_t v)
{
	size_t low = 0, high = self->break_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (self->breaks[middle] <= v)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int64_t log_order_break_behind(const struct log_order *self, int64_t v)
{
	size_t i = count_breaks(self, v);

	return i < self->break_count ? self->breaks[i] : INT64_MAX;
}

int64_t log_order_break_before(const struct log_order *self, int64_t v)
{
	size_t i = count_breaks(self, v);

	return i > 0 ? self->breaks[i - 1] : -1;
}

size_t log_order_breaks_in(const struct log_order *self, int64_t from, int64_t to)
{
	return to > from ? count_breaks(self, to - 1) - count_breaks(self, from - 1) : 0;
}

struct log_span log_order_span_at(const struct log_order *self, int64_t v)
{
	ptrdiff_t i = find_span(self, v);

	if (i < 0 || (!self->merged && v >= self->told_end))
		return (struct log_span){.v = v, .from = v, .time_ms = -1};
	return self->spans[i];
}

int64_t log_order_find_time(const struct log_order *self, int64_t time_ms)
{
	size_t low = 0, high = self->span_count;

	/* Those without a time are the oldest. Where the clock was set back any of the places will do. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (self->spans[middle].time_ms < time_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low < self->span_count ? self->spans[low].v : -1;
}

size_t log_order_notes_before(const struct log_order *self, int64_t place)
{
	size_t low = 0, high = self->note_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (self->notes[middle].place < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- What is new ---- */

bool log_order_refresh(struct log_order *self)
{
	const size_t notes = self->note_count, spans = self->span_count;
	const int64_t start = self->start, end = self->end;

	log_order_hear(self);
	(void)log_order_work(self, log_order_clock_us() + 1000);
	return self->start != start || self->end != end || self->note_count != notes || self->span_count != spans;
}
