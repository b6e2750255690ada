/* SPDX-License-Identifier: MIT */
#include "launcher/command/log_archive.h"

#include "launcher/command/log_index.h"
#include "launcher/process/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 16384u
#define UNITS_MAX 10000u
#define STREAMS 2

/* A line of one stream that is being put together. */
struct part {
	char *bytes; /* LINE_MAX_BYTES once there is one */
	size_t size_bytes;
	int64_t time_ms;
};

struct unit {
	char *name, *service;
	bool wanted;
	size_t rotations; /* r records not yet passed: the place in the row of the file that the next record speaks of */
	uint64_t file; /* its inode number; 0: not said */
	int fd; /* of that file; -1: not open */
	size_t lines; /* counted, then counted down */
	struct part parts[STREAMS];
};

struct log_archive {
	const struct log_archive_query *query;
	struct log_index index;
	char *first; /* what the index held at the beginning; NULL once it has been given */
	struct unit **units;
	size_t count;
	bool counting; /* nothing is given yet */
	bool counted; /* only the last lines of each unit are given */
	log_archive_visit *visit;
	void *context;
};

/* ---- Units ---- */

static bool is_named(const struct unit *unit, const char *name)
{
	return strcmp(unit->name, name) == 0 || (unit->service != NULL && strcmp(unit->service, name) == 0);
}

static void decide_wanted(const struct log_archive *self, struct unit *unit)
{
	const char *const *services = self->query->services;

	unit->wanted = services == NULL || services[0] == NULL;
	for (; !unit->wanted && *services != NULL; services++)
		unit->wanted = is_named(unit, *services);
}

static void close_unit(struct unit *unit)
{
	if (unit->fd >= 0)
		close(unit->fd);
	unit->fd = -1;
}

static void destroy_unit(struct unit *unit)
{
	if (unit == NULL)
		return;
	close_unit(unit);
	for (size_t i = 0; i < STREAMS; i++)
		free(unit->parts[i].bytes);
	free(unit->name);
	free(unit->service);
	free(unit);
}

static struct unit *unit_of(struct log_archive *self, const char *name, size_t *index)
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
	if (unit != NULL)
		unit->name = strdup(name);
	if (unit == NULL || unit->name == NULL) {
		free(unit);
		return NULL;
	}
	unit->fd = -1;
	decide_wanted(self, unit);
	self->units[self->count++] = unit;
	return unit;
}

static bool is_file(int fd, uint64_t inode)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (inode == 0 || status.st_ino == inode);
}

/* Files move up the row while we look, never down: whoever looks upwards meets the one that is meant, if it is still there. */
static bool open_unit(const struct log_archive *self, struct unit *unit)
{
	for (size_t place = unit->rotations; unit->fd < 0 && place <= OUTPUT_FILES_MAX; place++) {
		char *path = NULL;
		int length = place == 0 ? asprintf(&path, "%s/%s.log", self->query->dir, unit->name)
					: asprintf(&path, "%s/%s.log.%zu", self->query->dir, unit->name, place);

		if (length < 0)
			return false;
		unit->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		free(path);
		if (unit->fd < 0 && place > unit->rotations)
			break;
		if (unit->fd >= 0 && !is_file(unit->fd, unit->file))
			close_unit(unit);
		if (unit->file == 0)
			break;
	}
	return unit->fd >= 0;
}

/* ---- Lines ---- */

static void give_line(struct log_archive *self, struct unit *unit, size_t index, int stream, bool partial)
{
	struct part *part = &unit->parts[stream];
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
	if (part->time_ms < self->query->since_ms)
		return;
	if (self->counting)
		unit->lines++;
	else if (!self->counted || unit->lines <= self->query->tail)
		self->visit(self->context, &line);
	if (!self->counting && unit->lines > 0)
		unit->lines--;
}

static void take_bytes(struct log_archive *self, struct unit *unit, size_t index, const struct log_record *record,
		       const char *bytes, size_t size_bytes)
{
	const int stream = record->kind == 'e';
	struct part *part = &unit->parts[stream];

	if (part->bytes == NULL)
		part->bytes = malloc(LINE_MAX_BYTES);
	for (size_t i = 0; part->bytes != NULL && i < size_bytes; i++) {
		if (part->size_bytes == 0)
			part->time_ms = record->time_ms;
		if (bytes[i] == '\n') {
			give_line(self, unit, index, stream, false);
			continue;
		}
		if (part->size_bytes == LINE_MAX_BYTES) {
			give_line(self, unit, index, stream, true);
			part->time_ms = record->time_ms;
		}
		part->bytes[part->size_bytes++] = bytes[i];
	}
}

static void take_output(struct log_archive *self, struct unit *unit, size_t index, const struct log_record *record)
{
	int64_t offset = record->offset;
	uint64_t left = record->size;
	char buffer[16384];

	if (!unit->wanted || record->time_ms < self->query->run_ms || !open_unit(self, unit))
		return;
	while (left > 0) {
		size_t wanted = left < sizeof(buffer) ? (size_t)left : sizeof(buffer);
		ssize_t count = pread(unit->fd, buffer, wanted, offset);

		if (count <= 0)
			return;
		take_bytes(self, unit, index, record, buffer, (size_t)count);
		offset += count;
		left -= (uint64_t)count;
	}
}

static void give_parts(struct log_archive *self, struct unit *unit, size_t index)
{
	for (int stream = 0; stream < STREAMS; stream++)
		if (unit->parts[stream].size_bytes > 0)
			give_line(self, unit, index, stream, true);
}

static void learn_service(struct log_archive *self, struct unit *unit, const struct log_record *record)
{
	if (record->service[0] == '\0' || (unit->service != NULL && strcmp(unit->service, record->service) == 0))
		return;
	free(unit->service);
	unit->service = strdup(record->service);
	decide_wanted(self, unit);
}

static void take_record(struct log_archive *self, const struct log_record *record)
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
		give_parts(self, unit, index);
		break;
	case 'r':
		close_unit(unit);
		unit->file = 0;
		if (unit->rotations > 0)
			unit->rotations--;
		break;
	case 'f':
		if (unit->file != record->size)
			close_unit(unit);
		unit->file = record->size;
		break;
	default:
		break;
	}
}

/* ---- The index ---- */

static void each_record(struct log_archive *self, char *text,
			void (*take)(struct log_archive *, const struct log_record *))
{
	struct log_record record;

	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if (log_record_parse(line, &record))
			take(self, &record);
		*end = '\n';
	}
}

/* Which unit is whose is learnt beforehand too, so that those who ask for a service get its first lines. */
static void look_ahead(struct log_archive *self, const struct log_record *record)
{
	size_t index;
	struct unit *unit = unit_of(self, record->unit, &index);

	if (unit != NULL && record->kind == 'r')
		unit->rotations++;
	if (unit != NULL && record->kind == 'f')
		learn_service(self, unit, record);
}

static void replay(struct log_archive *self, char *text)
{
	for (size_t i = 0; i < self->count; i++)
		self->units[i]->rotations = 0;
	each_record(self, text, look_ahead);
	each_record(self, text, take_record);
}

static void forget(struct log_archive *self)
{
	for (size_t i = 0; i < self->count; i++) {
		close_unit(self->units[i]);
		self->units[i]->file = 0;
		for (size_t stream = 0; stream < STREAMS; stream++)
			self->units[i]->parts[stream].size_bytes = 0;
	}
}

/* How many lines there are decides which are the last. */
static void count_lines(struct log_archive *self)
{
	self->counting = true;
	replay(self, self->first);
	for (size_t i = 0; i < self->count; i++)
		give_parts(self, self->units[i], i);
	self->counting = false;
	self->counted = true;
	forget(self);
}

struct log_archive *log_archive_open(const struct log_archive_query *query, int *result)
{
	struct log_archive *self = calloc(1, sizeof(*self));

	*result = self != NULL ? 0 : -ENOMEM;
	if (self == NULL)
		return NULL;
	self->query = query;
	log_index_init(&self->index, query->dir);
	self->first = log_index_read(&self->index);
	if (self->first == NULL && self->index.fd < 0) {
		*result = -ENOENT;
		log_archive_close(self);
		return NULL;
	}
	if (self->first != NULL)
		each_record(self, self->first, look_ahead);
	forget(self);
	return self;
}

void log_archive_close(struct log_archive *self)
{
	if (self == NULL)
		return;
	for (size_t i = 0; i < self->count; i++)
		destroy_unit(self->units[i]);
	free(self->units);
	free(self->first);
	log_index_finish(&self->index);
	free(self);
}

bool log_archive_knows(const struct log_archive *self, const char *name)
{
	for (size_t i = 0; i < self->count; i++)
		if (is_named(self->units[i], name))
			return true;
	return false;
}

void log_archive_next(struct log_archive *self, log_archive_visit *visit, void *context)
{
	char *text = self->first;

	self->visit = visit;
	self->context = context;
	if (text != NULL && self->query->has_tail)
		count_lines(self);
	if (text == NULL) {
		self->counted = false;
		text = log_index_read(&self->index);
	}
	self->first = NULL;
	if (text != NULL)
		replay(self, text);
	free(text);
}

void log_archive_rest(struct log_archive *self, log_archive_visit *visit, void *context)
{
	self->visit = visit;
	self->context = context;
	for (size_t i = 0; i < self->count; i++)
		give_parts(self, self->units[i], i);
}
