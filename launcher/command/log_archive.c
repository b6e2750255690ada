/* SPDX-License-Identifier: MIT */
#include "launcher/command/log_archive.h"

#include "launcher/command/log_index.h"
#include "launcher/process/output_index.h"

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
#define BUFFER_BYTES 65536u
#define RECORD_BYTES_MAX (UINT64_C(1) << 60) /* positions cannot overflow */
#define STEP_BYTES (1024u * 1024u)
/* Files kept open for later, of each unit and of all. */
#define AHEAD_MAX 16u
#define OPEN_FILES_MAX 400u
#define OPEN_TRIES 4
/* Records beyond this are passed over unread: who lags so far is told how much was left out. */
#define TEXT_BYTES_MAX (2u * OUTPUT_INDEX_SIZE_MAX + 65536u)

/* A line of one stream that is being put together. */
struct part {
	char *bytes; /* LINE_MAX_BYTES once there is one */
	size_t size_bytes;
	int64_t time_ms;
};

/* A file that records ahead speak of. */
struct ahead {
	uint64_t inode;
	size_t rotations; /* of it since, as far as is known: where in the row it stands */
	int fd; /* -1: not open */
	bool tried;
};

struct unit {
	char *name, *service;
	bool wanted;
	size_t rotations; /* r records not yet passed: the place in the row of the file that the next record speaks of */
	uint64_t file; /* its inode number; 0: not said */
	int fd; /* of that file; -1: not open */
	bool has_base, has_position;
	int64_t base_bytes; /* went to earlier files */
	int64_t position_bytes; /* of what the next record should speak of, earlier files counted */
	struct ahead *ahead; /* room for AHEAD_MAX; NULL while there are none */
	size_t ahead_count;
	size_t lines; /* counted, then counted down */
	struct part parts[STREAMS];
};

struct log_archive {
	const struct log_archive_query *query;
	struct log_index index;
	char *text; /* records, zero-terminated */
	size_t text_at, text_bytes; /* passed, all */
	struct unit **units;
	size_t count, last; /* the unit of the last record is mostly that of the next, too */
	size_t open_files;
	bool begun; /* what was there at the beginning has been counted */
	bool has_ahead; /* there are files to be opened */
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

static void close_file(struct log_archive *self, int *fd)
{
	if (*fd < 0)
		return;
	close(*fd);
	*fd = -1;
	self->open_files--;
}

static void close_unit(struct log_archive *self, struct unit *unit)
{
	close_file(self, &unit->fd);
}

static void drop_ahead(struct log_archive *self, struct unit *unit, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close_file(self, &unit->ahead[i].fd);
	unit->ahead_count -= count;
	if (unit->ahead_count == 0) {
		free(unit->ahead);
		unit->ahead = NULL;
		return;
	}
	memmove(unit->ahead, unit->ahead + count, unit->ahead_count * sizeof(unit->ahead[0]));
}

static void destroy_unit(struct log_archive *self, struct unit *unit)
{
	if (unit == NULL)
		return;
	close_unit(self, unit);
	drop_ahead(self, unit, unit->ahead_count);
	for (size_t i = 0; i < STREAMS; i++)
		free(unit->parts[i].bytes);
	free(unit->name);
	free(unit->service);
	free(unit);
}

static struct unit *unit_of(struct log_archive *self, const char *name, size_t *index)
{
	struct unit **grown, *unit;

	if (self->last < self->count && strcmp(self->units[self->last]->name, name) == 0) {
		*index = self->last;
		return self->units[*index];
	}
	/* Where many are started or stopped, theirs come in the order in which they are known. */
	for (size_t i = 1; i <= self->count; i++) {
		*index = (self->last + i) % self->count;
		if (strcmp(self->units[*index]->name, name) == 0) {
			self->last = *index;
			return self->units[*index];
		}
	}
	*index = self->count;
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
static int find_file(const struct log_archive *self, const struct unit *unit, uint64_t inode, size_t rotations)
{
	/* While files are moved there is one hole in the row. */
	for (size_t place = rotations, holes = 0; place <= OUTPUT_FILES_MAX && holes < 2; place++) {
		char *path = NULL;
		int fd, length = place == 0 ? asprintf(&path, "%s/%s.log", self->query->dir, unit->name)
					    : asprintf(&path, "%s/%s.log.%zu", self->query->dir, unit->name, place);

		if (length < 0)
			return -1;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		free(path);
		if (fd >= 0 && is_file(fd, inode))
			return fd;
		if (fd >= 0)
			close(fd);
		if (inode == 0)
			break;
		holes = fd < 0 ? holes + 1 : 0;
	}
	return -1;
}

static void refresh(struct log_archive *self);

/* There are more units than files may be open: the others open theirs anew when their turn comes. */
static void close_others(struct log_archive *self, const struct unit *but)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->units[i] != but)
			close_unit(self, self->units[i]);
}

/*
 * A number is used again once its file has gone, but only after the index has said that files moved: whoever finds a file and hears of
 * no move since has found the right one.
 */
static bool open_unit(struct log_archive *self, struct unit *unit)
{
	size_t rotations;

	if (unit->fd >= 0)
		return true;
	if (self->open_files >= OPEN_FILES_MAX)
		close_others(self, unit);
	for (int i = 0; i < OPEN_TRIES && unit->fd < 0; i++) {
		rotations = unit->rotations;
		unit->fd = find_file(self, unit, unit->file, rotations);
		if (unit->fd < 0)
			return false;
		self->open_files++;
		refresh(self);
		if (unit->rotations != rotations)
			close_unit(self, unit);
	}
	return unit->fd >= 0;
}

static void open_one_ahead(struct log_archive *self, struct unit *unit, struct ahead *ahead)
{
	size_t rotations = ahead->rotations;

	ahead->tried = true;
	ahead->fd = find_file(self, unit, ahead->inode, rotations);
	if (ahead->fd < 0)
		return;
	self->open_files++;
	refresh(self);
	if (ahead->rotations != rotations)
		close_file(self, &ahead->fd);
}

/* What is kept open can be rotated away before it is read. */
static void open_ahead(struct log_archive *self)
{
	self->has_ahead = false;
	for (size_t i = 0; i < self->count; i++) {
		struct unit *unit = self->units[i];

		/* The one at hand is not open while nothing of it has been asked for. */
		for (size_t j = 0; unit->wanted && j < unit->ahead_count; j++)
			if (!unit->ahead[j].tried && self->open_files < OPEN_FILES_MAX)
				open_one_ahead(self, unit, &unit->ahead[j]);
	}
}

/* ---- Lines ---- */

static void give(struct log_archive *self, struct unit *unit, const struct log_archive_line *line)
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

static void give_part(struct log_archive *self, struct unit *unit, size_t index, int stream, bool partial)
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
	give(self, unit, &line);
}

/* Keeps what fits of a line that has no end yet; returns how much that was. */
static size_t keep(struct part *part, const char *bytes, size_t size_bytes, int64_t time_ms)
{
	size_t room = LINE_MAX_BYTES - part->size_bytes, count = size_bytes < room ? size_bytes : room;

	if (part->bytes == NULL)
		part->bytes = malloc(LINE_MAX_BYTES);
	if (part->bytes == NULL)
		return size_bytes;
	if (part->size_bytes == 0)
		part->time_ms = time_ms;
	memcpy(part->bytes + part->size_bytes, bytes, count);
	part->size_bytes += count;
	return count;
}

static void take_bytes(struct log_archive *self, struct unit *unit, size_t index, const struct log_record *record,
		       const char *bytes, size_t size_bytes)
{
	const int stream = record->kind == 'e';
	const char *const end = bytes + size_bytes;
	struct part *part = &unit->parts[stream];
	struct log_archive_line line = {
		.unit = unit->name, .index = index, .stream = stream + 1, .time_ms = record->time_ms};

	while (bytes < end) {
		const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *last = stop != NULL ? stop : end;

		if (part->size_bytes == 0 && stop != NULL && last - bytes <= (ptrdiff_t)LINE_MAX_BYTES) {
			line.bytes = bytes;
			line.size_bytes = (size_t)(last - bytes);
			give(self, unit, &line);
			bytes = stop + 1;
			continue;
		}
		while (bytes < last) {
			if (part->size_bytes == LINE_MAX_BYTES)
				give_part(self, unit, index, stream, true);
			bytes += keep(part, bytes, (size_t)(last - bytes), record->time_ms);
		}
		if (stop != NULL) {
			give_part(self, unit, index, stream, false);
			bytes = stop + 1;
		}
	}
}

static void give_parts(struct log_archive *self, struct unit *unit, size_t index)
{
	for (int stream = 0; stream < STREAMS; stream++)
		if (unit->parts[stream].size_bytes > 0)
			give_part(self, unit, index, stream, true);
}

/*
 * Every byte has a number of its own, so what is missing between two records is known. Bytes of the same file whose record a full disk
 * has swallowed are put in front of these; others are gone.
 */
static void close_gap(struct log_archive *self, struct unit *unit, size_t index, int64_t *offset, uint64_t *size)
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

static void take_output(struct log_archive *self, struct unit *unit, size_t index, const struct log_record *record)
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
	if (self->text_bytes - self->text_at > TEXT_BYTES_MAX || !open_unit(self, unit))
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

static void learn_service(struct log_archive *self, struct unit *unit, const struct log_record *record)
{
	if (record->service[0] == '\0' || (unit->service != NULL && strcmp(unit->service, record->service) == 0))
		return;
	free(unit->service);
	unit->service = strdup(record->service);
	decide_wanted(self, unit);
}

/* The file of this number that was opened when it was heard of; -1 when there is none. Those before it are passed. */
static int take_ahead(struct log_archive *self, struct unit *unit, uint64_t inode)
{
	for (size_t i = 0; i < unit->ahead_count; i++) {
		int fd = unit->ahead[i].fd;

		/* As many moves lie behind it as behind this record: not a later file of the same number. */
		if (unit->ahead[i].inode != inode || unit->ahead[i].rotations != unit->rotations)
			continue;
		unit->ahead[i].fd = -1;
		drop_ahead(self, unit, i + 1);
		return fd;
	}
	return -1;
}

static void take_file(struct log_archive *self, struct unit *unit, const struct log_record *record)
{
	int fd = take_ahead(self, unit, record->size);

	if (unit->file != record->size || unit->fd < 0) {
		close_unit(self, unit);
		unit->fd = fd;
	} else {
		close_file(self, &fd);
	}
	unit->file = record->size;
	/* Less than before: another supervisor has begun to count. */
	if (unit->has_base && record->offset < unit->base_bytes)
		unit->has_position = false;
	unit->base_bytes = record->offset;
	unit->has_base = true;
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
		close_unit(self, unit);
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

static void hear_of_file(struct log_archive *self, struct unit *unit, uint64_t inode)
{
	const struct ahead *last = unit->ahead_count > 0 ? &unit->ahead[unit->ahead_count - 1] : NULL;

	if (!unit->wanted || unit->ahead_count == AHEAD_MAX ||
	    (last != NULL && last->inode == inode && last->rotations == 0))
		return;
	if (unit->ahead == NULL && (unit->ahead = calloc(AHEAD_MAX, sizeof(*unit->ahead))) == NULL)
		return;
	unit->ahead[unit->ahead_count++] = (struct ahead){.inode = inode, .fd = -1};
	self->has_ahead = true;
}

/* Which unit is whose is learnt beforehand too, so that those who ask for a service get its first lines. */
static void look_ahead(struct log_archive *self, const struct log_record *record)
{
	size_t index;
	struct unit *unit = unit_of(self, record->unit, &index);

	if (unit == NULL)
		return;
	if (record->kind == 'r') {
		unit->rotations++;
		for (size_t i = 0; i < unit->ahead_count; i++)
			unit->ahead[i].rotations++;
	} else if (record->kind == 'f') {
		learn_service(self, unit, record);
		if (self->begun)
			hear_of_file(self, unit, record->size);
	}
}

/* Puts what is new in the index behind what has not been passed yet. */
static void refresh(struct log_archive *self)
{
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
	for (size_t i = 0; i < self->count; i++) {
		struct unit *unit = self->units[i];

		close_unit(self, unit);
		unit->file = 0;
		unit->has_base = unit->has_position = false;
		for (size_t stream = 0; stream < STREAMS; stream++)
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
	for (size_t i = 0; i < self->count; i++)
		give_parts(self, self->units[i], i);
	self->counting = false;
	self->counted = true;
	self->keeping = false;
	forget(self);
	self->text_at = 0;
	for (size_t i = 0; i < self->count; i++)
		self->units[i]->rotations = 0;
	each_record(self, &at, look_ahead);
}

struct log_archive *log_archive_open(const struct log_archive_query *query, int *result)
{
	struct log_archive *self = calloc(1, sizeof(*self));

	*result = -ENOMEM;
	if (self == NULL)
		return NULL;
	self->query = query;
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
	for (size_t i = 0; i < self->count; i++)
		destroy_unit(self, self->units[i]);
	free(self->units);
	free(self->text);
	free(self->buffer);
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
		if (self->has_ahead)
			open_ahead(self);
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
	for (size_t i = 0; i < self->count; i++)
		give_parts(self, self->units[i], i);
}
