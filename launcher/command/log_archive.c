/* SPDX-License-Identifier: MIT */
#include "launcher/command/log_archive.h"

#include "config/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INDEX_BYTES_MAX (8u * 1024u * 1024u)
#define LINE_MAX_BYTES 16384u
#define UNITS_MAX 10000u
#define NAME_BYTES 256

struct unit {
	char name[NAME_BYTES];
	bool wanted;
	size_t rotations; /* r records not yet passed: the generation of the file the next record speaks of */
	int fd; /* of that generation; -1: not open */
	size_t lines; /* counted, then counted down */
	int64_t line_time_ms; /* of the line that is being put together */
	int line_stream;
	size_t line_bytes;
	char line[LINE_MAX_BYTES];
};

struct record {
	int64_t time_ms;
	char kind;
	char unit[NAME_BYTES];
	int64_t offset, size;
};

struct archive {
	const struct log_archive_query *query;
	struct unit **units;
	size_t count;
	bool counting;
	log_archive_visit *visit;
	void *context;
};

bool log_unit_is_of(const char *unit, const char *service)
{
	size_t length = strlen(service);

	if (strncmp(unit, service, length) != 0)
		return false;
	if (unit[length] == '\0')
		return true;
	return unit[length] == '-' && unit[length + 1] != '\0' &&
	       strspn(unit + length + 1, "0123456789") == strlen(unit + length + 1);
}

/* ---- Units ---- */

static bool is_wanted(const struct log_archive_query *query, const char *name)
{
	if (query->services == NULL || query->services[0] == NULL)
		return true;
	for (const char *const *service = query->services; *service != NULL; service++)
		if (log_unit_is_of(name, *service))
			return true;
	return false;
}

static struct unit *unit_of(struct archive *self, const char *name, size_t *index)
{
	struct unit **grown, *unit;

	for (*index = 0; *index < self->count; (*index)++)
		if (strcmp(self->units[*index]->name, name) == 0)
			return self->units[*index];
	if (self->count >= UNITS_MAX)
		return NULL;
	grown = realloc(self->units, (self->count + 1) * sizeof(struct unit *));
	if (grown == NULL)
		return NULL;
	self->units = grown;
	unit = calloc(1, sizeof(*unit));
	if (unit == NULL)
		return NULL;
	snprintf(unit->name, sizeof(unit->name), "%s", name);
	unit->wanted = is_wanted(self->query, name);
	unit->fd = -1;
	self->units[self->count++] = unit;
	return unit;
}

static void close_unit(struct unit *unit)
{
	if (unit->fd >= 0)
		close(unit->fd);
	unit->fd = -1;
}

static bool open_unit(const struct archive *self, struct unit *unit)
{
	char *path = NULL;
	int length;

	if (unit->fd >= 0)
		return true;
	if (unit->rotations == 0)
		length = asprintf(&path, "%s/%s.log", self->query->dir, unit->name);
	else
		length = asprintf(&path, "%s/%s.log.%zu", self->query->dir, unit->name, unit->rotations);
	if (length < 0)
		return false;
	unit->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	free(path);
	return unit->fd >= 0;
}

/* ---- Lines ---- */

static void give_line(struct archive *self, struct unit *unit, size_t index, bool partial)
{
	const struct log_archive_line line = {
		.unit = unit->name,
		.index = index,
		.stream = unit->line_stream,
		.time_ms = unit->line_time_ms,
		.bytes = unit->line,
		.size_bytes = unit->line_bytes,
		.partial = partial,
	};

	unit->line_bytes = 0;
	if (self->counting) {
		unit->lines++;
		return;
	}
	if (unit->lines > 0 && (!self->query->has_tail || unit->lines <= self->query->tail))
		self->visit(self->context, &line);
	if (unit->lines > 0)
		unit->lines--;
}

static void take_bytes(struct archive *self, struct unit *unit, size_t index, const struct record *record,
		       const char *bytes, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i++) {
		if (unit->line_bytes == 0) {
			unit->line_time_ms = record->time_ms;
			unit->line_stream = record->kind == 'e' ? 2 : 1;
		}
		if (bytes[i] == '\n') {
			give_line(self, unit, index, false);
			continue;
		}
		unit->line[unit->line_bytes++] = bytes[i];
		if (unit->line_bytes == sizeof(unit->line))
			give_line(self, unit, index, true);
	}
}

static void take_output(struct archive *self, struct unit *unit, size_t index, const struct record *record)
{
	int64_t offset = record->offset, left = record->size;
	char buffer[16384];

	if (!unit->wanted || record->time_ms < self->query->since_ms || !open_unit(self, unit))
		return;
	while (left > 0) {
		size_t wanted = left < (int64_t)sizeof(buffer) ? (size_t)left : sizeof(buffer);
		ssize_t count = pread(unit->fd, buffer, wanted, offset);

		if (count <= 0)
			return;
		take_bytes(self, unit, index, record, buffer, (size_t)count);
		offset += count;
		left -= count;
	}
}

static void take_record(struct archive *self, const struct record *record)
{
	size_t index;
	struct unit *unit = unit_of(self, record->unit, &index);

	if (unit == NULL)
		return;
	switch (record->kind) {
	case 'o':
	case 'e':
		take_output(self, unit, index, record);
		break;
	case 'b':
	case 'x':
		if (unit->line_bytes > 0)
			give_line(self, unit, index, true);
		break;
	case 'r':
		close_unit(unit);
		if (unit->rotations > 0)
			unit->rotations--;
		break;
	default:
		break;
	}
}

/* ---- The index ---- */

static bool parse_record(const char *line, struct record *record)
{
	int used = 0;

	if (sscanf(line, "%15" SCNd64 " %c %255s %18" SCNd64 " %15" SCNd64 "%n", &record->time_ms, &record->kind,
		   record->unit, &record->offset, &record->size, &used) != 5 ||
	    line[used] != '\0')
		return false;
	/* A unit's name becomes part of a path. */
	return strchr(record->unit, '/') == NULL && record->unit[0] != '.' && record->offset >= 0 && record->size >= 0;
}

static void each_record(struct archive *self, char *text, void (*take)(struct archive *, const struct record *))
{
	struct record record;

	for (char *line = text, *next; line != NULL && *line != '\0'; line = next) {
		char *end = strchr(line, '\n');

		next = end != NULL ? end + 1 : NULL;
		if (end == NULL)
			break;
		*end = '\0';
		if (parse_record(line, &record))
			take(self, &record);
		*end = '\n';
	}
}

static void count_rotation(struct archive *self, const struct record *record)
{
	size_t index;
	struct unit *unit = unit_of(self, record->unit, &index);

	if (unit != NULL && record->kind == 'r')
		unit->rotations++;
}

static void rewind_units(struct archive *self)
{
	for (size_t i = 0; i < self->count; i++) {
		close_unit(self->units[i]);
		self->units[i]->rotations = 0;
		self->units[i]->line_bytes = 0;
	}
}

static void replay(struct archive *self, char *older, char *newer, bool counting)
{
	rewind_units(self);
	each_record(self, older, count_rotation);
	each_record(self, newer, count_rotation);
	self->counting = counting;
	each_record(self, older, take_record);
	each_record(self, newer, take_record);
	for (size_t i = 0; i < self->count; i++)
		if (self->units[i]->line_bytes > 0)
			give_line(self, self->units[i], i, true);
}

static char *read_index(const char *dir, const char *name)
{
	char *path = NULL, *text = NULL;
	size_t size;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return NULL;
	if (paths_read_file(path, INDEX_BYTES_MAX, &text, &size) < 0)
		text = NULL;
	free(path);
	return text;
}

int log_archive_read(const struct log_archive_query *query, log_archive_visit *visit, void *context)
{
	struct archive self = {.query = query, .visit = visit, .context = context};
	char *older = read_index(query->dir, "index.1");
	char *newer = read_index(query->dir, "index");
	int result = 0;

	if (older == NULL && newer == NULL) {
		result = -ENOENT;
		goto out;
	}
	/* Twice: how many lines there are decides which are the last. */
	replay(&self, older, newer, true);
	replay(&self, older, newer, false);
out:
	for (size_t i = 0; i < self.count; i++) {
		close_unit(self.units[i]);
		free(self.units[i]);
	}
	free(self.units);
	free(older);
	free(newer);
	return result;
}
