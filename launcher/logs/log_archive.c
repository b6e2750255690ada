/* SPDX-License-Identifier: MIT */
#include "launcher/logs/log_archive.h"

#include "launcher/logs/log_index.h"
#include "launcher/logs/log_unit.h"
#include "launcher/process/output_index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES 65536u
#define RECORD_BYTES_MAX (UINT64_C(1) << 60) /* positions cannot overflow */
#define STEP_BYTES (1024u * 1024u)
#define UNTOLD_BYTES_MAX (INT64_C(64) << 20) /* far more than a supervisor owes the index */
/* Records beyond this are passed over unread: who lags so far is told how much was left out. */
#define TEXT_BYTES_MAX (2u * OUTPUT_INDEX_SIZE_MAX + 65536u)

struct log_archive {
	const struct log_archive_query *query;
	struct log_index index;
	char *text; /* records, zero-terminated */
	size_t text_at, text_bytes; /* passed, all */
	struct log_units units;
	bool begun; /* what was there at the beginning has been counted */
	bool keeping; /* what is passed is needed once more */
	bool counting; /* nothing is given yet */
	bool counted; /* only the last lines of each unit are given */
	char *buffer;
	uint64_t budget_bytes; /* what may still be read in this step */
	uint64_t taken_bytes; /* of the record at hand */
	bool again; /* the record at hand has not been taken to its end */
	log_archive_visit *visit;
	void *context;
};

/* ---- Lines ---- */

static void give(struct log_archive *self, struct log_unit *unit, const struct log_archive_line *line)
{
	if (line->time_ms < self->query->since_ms)
		return;
	if (self->counting)
		unit->lines++;
	else if (!self->counted || unit->lines <= self->query->tail)
		self->visit(self->context, line);
	if (!self->counting && unit->lines > 0)
		unit->lines--;
}

static void give_part(struct log_archive *self, struct log_unit *unit, size_t index, int stream, bool partial)
{
	struct log_part *part = &unit->parts[stream];
	const struct log_archive_line line = {
		.unit = unit->name,
		.index = index,
		.stream = stream + 1,
		.time_ms = part->time_ms,
		.bytes = part->bytes,
		.size_bytes = part->size_bytes,
		.partial = partial,
	};

	part->size_bytes = 0;
	give(self, unit, &line);
}

/* Keeps what fits of a line that has no end yet; returns how much that was. */
static size_t keep(struct log_part *part, const char *bytes, size_t size_bytes, int64_t time_ms)
{
	size_t room = LOG_LINE_MAX_BYTES - part->size_bytes, count = size_bytes < room ? size_bytes : room;

	if (part->bytes == NULL)
		part->bytes = malloc(LOG_LINE_MAX_BYTES);
	if (part->bytes == NULL)
		return size_bytes;
	if (part->size_bytes == 0)
		part->time_ms = time_ms;
	memcpy(part->bytes + part->size_bytes, bytes, count);
	part->size_bytes += count;
	return count;
}

static void take_bytes(struct log_archive *self, struct log_unit *unit, size_t index, const struct log_record *record,
		       const char *bytes, size_t size_bytes)
{
	const int stream = record->kind == 'e';
	const char *const end = bytes + size_bytes;
	struct log_part *part = &unit->parts[stream];
	struct log_archive_line line = {
		.unit = unit->name, .index = index, .stream = stream + 1, .time_ms = record->time_ms};

	while (bytes < end) {
		const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *last = stop != NULL ? stop : end;

		if (part->size_bytes == 0 && stop != NULL && last - bytes <= (ptrdiff_t)LOG_LINE_MAX_BYTES) {
			line.bytes = bytes;
			line.size_bytes = (size_t)(last - bytes);
			give(self, unit, &line);
			bytes = stop + 1;
			continue;
		}
		while (bytes < last) {
			if (part->size_bytes == LOG_LINE_MAX_BYTES)
				give_part(self, unit, index, stream, true);
			bytes += keep(part, bytes, (size_t)(last - bytes), record->time_ms);
		}
		if (stop != NULL) {
			give_part(self, unit, index, stream, false);
			bytes = stop + 1;
		}
	}
}

static void give_parts(struct log_archive *self, struct log_unit *unit, size_t index)
{
	for (int stream = 0; stream < LOG_STREAMS; stream++)
		if (unit->parts[stream].size_bytes > 0)
			give_part(self, unit, index, stream, true);
}

/*
 * Every byte has a number of its own, so what is missing between two records is known. Bytes of the same file whose record a full disk
 * has swallowed are put in front of these; others are gone.
 */
static void close_gap(struct log_archive *self, struct log_unit *unit, size_t index, int64_t *offset, uint64_t *size)
{
	int64_t position = unit->base_bytes + *offset, missing = position - unit->position_bytes;

	if (!unit->has_base || !unit->has_position || missing <= 0)
		return;
	if (unit->position_bytes >= unit->base_bytes) {
		*offset -= missing;
		*size += (uint64_t)missing;
		return;
	}
	give_parts(self, unit, index);
	if (self->query->gap != NULL && !self->counting)
		self->query->gap(self->context, unit->name, (uint64_t)missing);
}

static void take_output(struct log_archive *self, struct log_unit *unit, size_t index, const struct log_record *record)
{
	int64_t offset = record->offset;
	uint64_t left = record->size, taken = self->taken_bytes;

	self->taken_bytes = 0;
	if (!unit->wanted || record->size > RECORD_BYTES_MAX)
		return;
	if (record->time_ms < self->query->run_ms)
		goto out;
	/* Without a place to count from there is no gap yet, whatever can be read. */
	if (!unit->has_position)
		unit->position_bytes = unit->base_bytes + offset;
	unit->has_position = true;
	if (self->text_bytes - self->text_at > TEXT_BYTES_MAX || !log_units_open(&self->units, unit))
		return;
	if (taken == 0)
		close_gap(self, unit, index, &offset, &left);
	offset += (int64_t)taken;
	left -= taken;
	while (left > 0) {
		size_t wanted = left < BUFFER_BYTES ? (size_t)left : BUFFER_BYTES;
		ssize_t count = pread(unit->fd, self->buffer, wanted, offset);

		if (count <= 0)
			break;
		take_bytes(self, unit, index, record, self->buffer, (size_t)count);
		offset += count;
		left -= (uint64_t)count;
		self->budget_bytes -= (uint64_t)count < self->budget_bytes ? (uint64_t)count : self->budget_bytes;
		if (left > 0 && left < record->size && self->budget_bytes == 0) {
			self->taken_bytes = record->size - left;
			self->again = true;
			unit->position_bytes = unit->base_bytes + offset;
			return;
		}
	}
	if (left > 0)
		return;
out:
	unit->position_bytes = unit->base_bytes + record->offset + (int64_t)record->size;
	unit->has_position = true;
}

static void take_file(struct log_archive *self, struct log_unit *unit, const struct log_record *record)
{
	log_units_turn_to(&self->units, unit, record->size);
	/* Less than before: another supervisor has begun to count. */
	if (unit->has_base && record->offset < unit->base_bytes)
		unit->has_position = false;
	unit->base_bytes = record->offset;
	unit->has_base = true;
}

/* How far the index tells of the file at hand, and whether the unit was under way then. */
static void note_told(const struct log_archive *self, struct log_unit *unit, const struct log_record *record)
{
	/* What no record of an earlier run tells of is not this run's. */
	if (unit->told_ms < self->query->run_ms && record->time_ms >= self->query->run_ms)
		unit->has_position = unit->under_way = false;
	unit->told_ms = record->time_ms;
	switch (record->kind) {
	case 'o':
	case 'e':
		if (record->size > RECORD_BYTES_MAX)
			return;
		unit->told_bytes = record->offset + (int64_t)record->size;
		unit->told_stream = record->kind == 'e';
		unit->under_way = true;
		break;
	case 'b':
		unit->told_bytes = record->offset;
		unit->under_way = true;
		break;
	case 'x':
		unit->under_way = false;
		break;
	case 'r':
		unit->told_bytes = 0;
		break;
	case 'f':
		if (record->size != unit->file)
			unit->told_bytes = 0;
		break;
	default:
		break;
	}
}

/* What a supervisor that was killed had written, but not yet told of. */
static void take_untold(struct log_archive *self, struct log_unit *unit, size_t index)
{
	const struct log_record record = {.time_ms = unit->told_ms, .kind = unit->told_stream == 1 ? 'e' : 'o'};
	const bool begun = unit->under_way;
	struct stat status;
	int64_t left;

	unit->under_way = false;
	if (!self->query->over || !begun || !unit->wanted || unit->told_ms < self->query->run_ms ||
	    !log_units_open(&self->units, unit) || fstat(unit->fd, &status) < 0)
		return;
	left = status.st_size - unit->told_bytes;
	if (left > UNTOLD_BYTES_MAX)
		left = UNTOLD_BYTES_MAX;
	while (left > 0) {
		size_t wanted = left < BUFFER_BYTES ? (size_t)left : BUFFER_BYTES;
		ssize_t count = pread(unit->fd, self->buffer, wanted, unit->told_bytes);

		if (count <= 0)
			return;
		take_bytes(self, unit, index, &record, self->buffer, (size_t)count);
		unit->told_bytes += count;
		left -= count;
	}
}

static void give_rest(struct log_archive *self)
{
	for (size_t i = 0; i < self->units.count; i++) {
		take_untold(self, self->units.units[i], i);
		give_parts(self, self->units.units[i], i);
	}
}

static void take_record(struct log_archive *self, const struct log_record *record)
{
	size_t index;
	struct log_unit *unit = log_units_of(&self->units, record->unit, &index);

	if (unit == NULL)
		return;
	note_told(self, unit, record);
	switch (record->kind) {
	case 'o':
	case 'e':
		take_output(self, unit, index, record);
		break;
	case 'b':
	case 'x':
		give_parts(self, unit, index);
		break;
	case 'r':
		log_units_close(&self->units, unit);
		unit->file = 0;
		if (unit->rotations > 0)
			unit->rotations--;
		break;
	case 'f':
		take_file(self, unit, record);
		break;
	default:
		break;
	}
}

/* ---- The index ---- */

/* Takes the records from *at on; those of output only while the budget lasts. */
static void each_record(struct log_archive *self, size_t *at,
			void (*take)(struct log_archive *, const struct log_record *))
{
	struct log_record record;

	/* The text may grow, and move, while a record is taken. */
	while (*at < self->text_bytes && self->budget_bytes > 0) {
		char *line = self->text + *at, *end = strchr(line, '\n');
		size_t length = end != NULL ? (size_t)(end + 1 - line) : 0;
		bool well;

		if (end == NULL)
			break;
		*end = '\0';
		well = log_record_parse(line, &record);
		*end = '\n';
		*at += length;
		if (well)
			take(self, &record);
		if (self->again)
			*at -= length;
		self->again = false;
	}
}

/* Which unit is whose is learnt beforehand too, so that those who ask for a service get its first lines. */
static void look_ahead(struct log_archive *self, const struct log_record *record)
{
	size_t index;
	struct log_unit *unit = log_units_of(&self->units, record->unit, &index);

	if (unit == NULL)
		return;
	if (record->kind == 'r') {
		unit->rotations++;
		for (size_t i = 0; i < unit->ahead_count; i++)
			unit->ahead[i].rotations++;
	} else if (record->kind == 'f') {
		log_units_learn_service(&self->units, unit, record->word);
		if (self->begun)
			log_units_hear_of_file(&self->units, unit, record->size);
	}
}

/* Puts what is new in the index behind what has not been passed yet. */
static void refresh(void *context)
{
	struct log_archive *self = context;
	char *more = log_index_read(&self->index), *grown;
	uint64_t budget_bytes;
	size_t passed = self->keeping ? 0 : self->text_at, left = self->text_bytes - passed, size, at;

	if (more == NULL)
		return;
	size = strlen(more);
	if (left == 0) {
		free(self->text);
		self->text = more;
	} else {
		grown = realloc(self->text, self->text_bytes + size + 1);
		if (grown == NULL) {
			free(more);
			return;
		}
		self->text = grown;
		memmove(grown, grown + passed, left);
		memcpy(grown + left, more, size + 1);
		free(more);
	}
	self->text_at -= passed;
	self->text_bytes = left + size;
	at = left;
	budget_bytes = self->budget_bytes;
	self->budget_bytes = UINT64_MAX;
	each_record(self, &at, look_ahead);
	self->budget_bytes = budget_bytes;
}

static void forget(struct log_archive *self)
{
	for (size_t i = 0; i < self->units.count; i++) {
		struct log_unit *unit = self->units.units[i];

		log_units_close(&self->units, unit);
		unit->file = 0;
		unit->has_base = unit->has_position = unit->under_way = false;
		unit->told_ms = unit->told_bytes = 0;
		for (size_t stream = 0; stream < LOG_STREAMS; stream++)
			unit->parts[stream].size_bytes = 0;
	}
}

/* How many lines there are decides which are the last. What comes meanwhile counts as well. */
static void count_lines(struct log_archive *self)
{
	size_t at = 0;

	self->counting = true;
	self->keeping = true;
	self->budget_bytes = UINT64_MAX;
	each_record(self, &self->text_at, take_record);
	give_rest(self);
	self->counting = false;
	self->counted = true;
	self->keeping = false;
	forget(self);
	self->text_at = 0;
	for (size_t i = 0; i < self->units.count; i++)
		self->units.units[i]->rotations = 0;
	each_record(self, &at, look_ahead);
}

struct log_archive *log_archive_open(const struct log_archive_query *query, int *result)
{
	struct log_archive *self = calloc(1, sizeof(*self));

	*result = -ENOMEM;
	if (self == NULL)
		return NULL;
	self->query = query;
	self->units =
		(struct log_units){.dir = query->dir, .services = query->services, .refresh = refresh, .context = self};
	log_index_init(&self->index, query->dir);
	if (query->from != NULL)
		log_index_skip(&self->index, query->from);
	self->buffer = malloc(BUFFER_BYTES);
	if (self->buffer == NULL)
		goto failed;
	refresh(self);
	if (self->text == NULL && self->index.fd < 0 && query->from == NULL) {
		*result = -ENOENT;
		goto failed;
	}
	*result = 0;
	return self;
failed:
	log_archive_close(self);
	return NULL;
}

void log_archive_close(struct log_archive *self)
{
	if (self == NULL)
		return;
	log_units_finish(&self->units);
	free(self->text);
	free(self->buffer);
	log_index_finish(&self->index);
	free(self);
}

bool log_archive_knows(const struct log_archive *self, const char *name)
{
	for (size_t i = 0; i < self->units.count; i++)
		if (log_unit_is_named(self->units.units[i], name))
			return true;
	return false;
}

bool log_archive_step(struct log_archive *self, size_t size_bytes, log_archive_visit *visit, void *context)
{
	self->visit = visit;
	self->context = context;
	if (!self->begun && self->query->has_tail) {
		count_lines(self);
	} else {
		/* The last lines were asked of what was there at the beginning. */
		if (self->text_at == self->text_bytes)
			self->counted = false;
		refresh(self);
		if (self->units.has_ahead)
			log_units_open_ahead(&self->units);
	}
	self->begun = true;
	self->budget_bytes = size_bytes;
	each_record(self, &self->text_at, take_record);
	if (self->text_at < self->text_bytes)
		return true;
	free(self->text);
	self->text = NULL;
	self->text_at = self->text_bytes = 0;
	return false;
}

void log_archive_next(struct log_archive *self, log_archive_visit *visit, void *context)
{
	while (log_archive_step(self, STEP_BYTES, visit, context))
		;
}

void log_archive_rest(struct log_archive *self, log_archive_visit *visit, void *context)
{
	self->visit = visit;
	self->context = context;
	give_rest(self);
}
