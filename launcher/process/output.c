/* SPDX-License-Identifier: MIT */
#include "launcher/process/output.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/err.h"
#include "config/paths.h"
#include "launcher/process/output_index.h"
#include "launcher/process/output_unit.h"

#define UNITS_MAX 65536u
#define NAME_BYTES_MAX 200u
#define NOTE_STREAM 1 /* our own words come as if from stderr */
#define NOTE_PAUSE_MS 60000 /* between two notes on the same trouble */

static struct output_unit *find_unit(const struct output *self, unsigned id)
{
	return id < self->unit_limit ? self->units[id] : NULL;
}

static void destroy_unit(struct output_unit *unit)
{
	if (!unit)
		return;
	output_file_finish(&unit->file);
	output_ring_finish(&unit->ring);
	for (int i = 0; i < OUTPUT_STREAMS; i++)
		free(unit->held[i].bytes);
	free(unit->name);
	free(unit->service);
	free(unit);
}

static int refuse(const struct output_file *file, const char *dir, int error, const char *flaw, struct err *err)
{
	err_set(err, ERR_MISSING, "cannot write log file '%s/%s': %s", dir, file->name, flaw ? flaw : strerror(-error));
	err_hint(err, "move it away, or correct the permissions of its folder");
	return error;
}

/* Trouble that may pass by itself: logging begins when it has. */
static bool is_passing(int error)
{
	return error == -ENOSPC || error == -EDQUOT || error == -EIO || error == -EMFILE || error == -ENFILE ||
	       error == -ENOMEM;
}

struct output *output_create(const char *dir, struct err *err)
{
	const char *flaw = NULL;
	struct output *self = calloc(1, sizeof *self);
	if (!self)
		goto no_memory;
	self->dir_fd = -1;
	self->index.fd = -1;
	self->dir = strdup(dir);
	if (!self->dir)
		goto no_memory;
	if (paths_make_private(dir, err) < 0)
		goto failed;
	self->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (self->dir_fd < 0) {
		err_set(err, ERR_MISSING, "cannot open log folder '%s': %s", dir, strerror(errno));
		goto failed;
	}
	if (output_file_init(&self->index, self->dir_fd, "index", OUTPUT_INDEX_SIZE_MAX, OUTPUT_INDEX_FILES) < 0)
		goto no_memory;
	int result = output_file_ready(&self->index, &flaw);
	if (result < 0 && !is_passing(result)) {
		refuse(&self->index, dir, result, flaw, err);
		goto failed;
	}
	return self;
no_memory:
	err_set(err, ERR_FAILED, "cannot keep output: out of memory");
failed:
	output_destroy(self);
	return NULL;
}

void output_destroy(struct output *self)
{
	if (!self)
		return;
	self->writing = NULL;
	output_flush(self);
	if (self->flush)
		event_free(self->flush);
	for (unsigned i = 0; i < self->unit_limit; i++)
		destroy_unit(self->units[i]);
	free(self->units);
	output_file_finish(&self->index);
	if (self->dir_fd >= 0)
		close(self->dir_fd);
	free(self->dir);
	free(self);
}

/* A name that stays in its folder, is one word in the index and no hidden file. */
static bool is_file_name(const char *name)
{
	size_t length = strlen(name);
	if (length == 0 || length > NAME_BYTES_MAX || name[0] == '.')
		return false;
	for (const char *p = name; *p; p++) {
		if (*p <= ' ' || *p == '/' || *p == 0x7f)
			return false;
	}
	return true;
}

static bool is_taken(const struct output *self, unsigned id, const char *name)
{
	for (unsigned i = 0; i < self->unit_limit; i++) {
		if (self->units[i] && (i == id || strcmp(self->units[i]->name, name) == 0))
			return true;
	}
	return false;
}

static int reserve(struct output *self, unsigned id)
{
	if (id < self->unit_limit)
		return 0;
	unsigned limit = self->unit_limit ? self->unit_limit : 16;
	while (limit <= id)
		limit *= 2;
	struct output_unit **units = reallocarray(self->units, limit, sizeof *units);
	if (!units)
		return -ENOMEM;
	memset(units + self->unit_limit, 0, (limit - self->unit_limit) * sizeof *units);
	self->units = units;
	self->unit_limit = limit;
	return 0;
}

int output_add(struct output *self, unsigned id, const char *name, int64_t max_size_bytes, int max_files,
	       struct err *err)
{
	char file_name[NAME_BYTES_MAX + 8];
	const char *flaw = NULL;
	int result = -ENOMEM;
	if (!is_file_name(name))
		return err_set(err, ERR_CONFIG, "'%s' cannot be the name of a log file", name);
	if (id >= UNITS_MAX || is_taken(self, id, name))
		return err_set(err, ERR_INTERNAL, "log of unit %u, '%s': there is one already", id, name);
	struct output_unit *unit = calloc(1, sizeof *unit);
	if (!unit)
		goto out;
	unit->id = id;
	unit->file.fd = -1;
	unit->name = strdup(name);
	snprintf(file_name, sizeof file_name, "%s.log", name);
	if (!unit->name || reserve(self, id) < 0 ||
	    output_file_init(&unit->file, self->dir_fd, file_name, max_size_bytes, max_files) < 0)
		goto out;
	result = output_file_ready(&unit->file, &flaw);
	if (result < 0 && !is_passing(result)) {
		refuse(&unit->file, self->dir, result, flaw, err);
		destroy_unit(unit);
		return result;
	}
	self->units[id] = unit;
	return 0;
out:
	destroy_unit(unit);
	err_set(err, ERR_FAILED, "cannot keep output of '%s': out of memory", name);
	return result;
}

void output_set_service(struct output *self, unsigned id, const char *service)
{
	struct output_unit *unit = find_unit(self, id);
	if (!unit || !is_file_name(service))
		return;
	free(unit->service);
	unit->service = strdup(service);
}

/* ---- Lines: ring and observer ---- */

struct delivery {
	const struct output *output;
	const struct output_unit *unit;
	int stream;
	int64_t time_ms;
};

static void deliver(void *context, const char *bytes, size_t size_bytes, bool partial)
{
	const struct delivery *self = context;
	const struct output_line line = {
		.unit = self->unit->id,
		.run = self->unit->run,
		.stream = self->stream,
		.time_ms = self->time_ms,
		.bytes = bytes,
		.size_bytes = size_bytes,
		.partial = partial,
	};
	if (self->output->observer)
		self->output->observer(self->output->observer_context, &line);
}

static void remember(struct output *self, struct output_unit *unit, enum output_ring_kind kind, int stream,
		     const char *bytes, size_t size_bytes, int64_t time_ms)
{
	const struct output_ring_piece head = {
		.time_ms = time_ms, .run = unit->run, .stream = (uint8_t)stream, .kind = (uint8_t)kind};
	output_ring_push(&unit->ring, &head, bytes, size_bytes, &self->order);
}

/* Ring and observer. */
static void show(struct output *self, struct output_unit *unit, int stream, const char *bytes, size_t size_bytes,
		 int64_t time_ms)
{
	struct delivery delivery = {self, unit, stream, time_ms};
	remember(self, unit, OUTPUT_RING_BYTES_READ, stream, bytes, size_bytes, time_ms);
	unit->open[stream] = bytes[size_bytes - 1] != '\n';
	if (self->observer)
		output_split(&unit->held[stream], bytes, size_bytes, deliver, &delivery);
}

__attribute__((format(printf, 4, 5))) static void note(struct output *self, struct output_unit *unit, int64_t time_ms,
						       const char *format, ...)
{
	char text[PATH_MAX + 256];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (length <= 0)
		return;
	size_t size = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
	struct delivery delivery = {self, unit, NOTE_STREAM, time_ms};
	remember(self, unit, OUTPUT_RING_NOTE, NOTE_STREAM, text, size, time_ms);
	deliver(&delivery, text, size, false);
}

/* ---- Files ---- */

static void lose(struct output *self, struct output_unit *unit, size_t size_bytes, int error, int64_t time_ms)
{
	self->lost_bytes += size_bytes;
	unit->lost_bytes += size_bytes;
	unit->lost_total_bytes += size_bytes;
	unit->losing = true;
	unit->error = error;
	if (unit->told || (unit->told_ms && time_ms - unit->told_ms < NOTE_PAUSE_MS && time_ms >= unit->told_ms))
		return;
	unit->told = true;
	unit->told_ms = time_ms;
	note(self, unit, time_ms, "upfront: output is being lost: cannot write %s/%s: %s", self->dir, unit->file.name,
	     strerror(error));
	if (self->trouble)
		self->trouble(self->trouble_context, unit->id);
}

static void recover(struct output *self, struct output_unit *unit, int64_t time_ms)
{
	bool told = unit->told;
	unit->losing = unit->told = false;
	if (!told)
		return;
	note(self, unit, time_ms, "upfront: output is written again to %s/%s; %llu bytes were lost", self->dir,
	     unit->file.name, (unsigned long long)unit->lost_bytes);
	unit->lost_bytes = 0;
	if (self->trouble)
		self->trouble(self->trouble_context, unit->id);
}

/* Finds out whether the file is another one than before: removed or replaced by somebody, it is behind us all the same. */
static int ready_file(struct output_unit *unit, int64_t time_ms)
{
	ino_t inode = unit->file.inode;
	int64_t size_bytes = unit->file.size_bytes;
	int result = output_file_ready(&unit->file, NULL);
	unit->looked_ms = time_ms;
	if (result == 0 && unit->file.inode != inode)
		unit->base_bytes += size_bytes;
	return result;
}

/* The index hears of it before there is a file that could have the number of one that has gone. */
static int rotate(struct output *self, struct output_unit *unit, int64_t time_ms)
{
	int64_t size_bytes = unit->file.size_bytes;
	ino_t inode = unit->file.inode;
	output_flush(self);
	int result = output_file_rotate(&unit->file);
	if (result < 0)
		return result;
	unit->rotations_unrecorded++;
	output_record_rotations(self, unit, time_ms);
	result = output_file_ready(&unit->file, NULL);
	if (result < 0)
		return result;
	unit->base_bytes += size_bytes;
	/* The next one may have got the same number. */
	if (unit->file.inode == inode)
		unit->stated_file = 0;
	return 0;
}

static void store(struct output *self, struct output_unit *unit, int stream, const char *bytes, size_t size_bytes,
		  int64_t time_ms)
{
	enum output_kind kind = stream == 0 ? OUTPUT_KIND_STDOUT : OUTPUT_KIND_STDERR;
	struct output_file *file = &unit->file;
	bool known = file->fd >= 0 && output_is_gathering(self, unit->looked_ms, time_ms);
	int error = known ? 0 : -ready_file(unit, time_ms);
	while (size_bytes > 0 && error == 0) {
		size_t piece = output_file_fits(file, bytes, size_bytes);
		if (piece == 0) {
			error = -rotate(self, unit, time_ms);
			continue;
		}
		int64_t offset = file->size_bytes;
		size_t done = output_file_append(file, bytes, piece, &error);
		if (done > 0)
			output_record(self, unit, kind, offset, done, time_ms);
		bytes += done;
		size_bytes -= done;
	}
	if (error != 0)
		lose(self, unit, size_bytes, error, time_ms);
	else if (unit->losing)
		recover(self, unit, time_ms);
}

void output_begin(struct output *self, unsigned id, int64_t time_ms)
{
	struct output_unit *unit = find_unit(self, id);
	if (!unit)
		return;
	output_end(self, id, time_ms);
	unit->run++;
	unit->running = true;
	unit->end[0] = '\0';
	if (ready_file(unit, time_ms) == 0)
		output_record(self, unit, OUTPUT_KIND_BEGIN, unit->file.size_bytes, 0, time_ms);
}

void output_write(struct output *self, unsigned id, int stream, const char *bytes, size_t size_bytes, int64_t time_ms)
{
	struct output_unit *unit = find_unit(self, id);
	if (!unit || size_bytes == 0)
		return;
	stream = stream == 0 ? 0 : 1;
	store(self, unit, stream, bytes, size_bytes, time_ms);
	show(self, unit, stream, bytes, size_bytes, time_ms);
	if (self->take)
		self->take(self->take_context, id, bytes, size_bytes);
	/* What is gathered is told of when it can be found. */
	if (self->writing && self->gathered.unit != unit)
		self->writing(self->writing_context, id);
}

void output_set_end(struct output *self, unsigned id, bool signaled, int number)
{
	struct output_unit *unit = find_unit(self, id);
	if (unit)
		snprintf(unit->end, sizeof unit->end, "%s:%d", signaled ? "signal" : "code", number);
}

bool output_knows_end(const struct output *self, unsigned id)
{
	const struct output_unit *unit = find_unit(self, id);

	return unit != NULL && unit->end[0] != '\0';
}

void output_end(struct output *self, unsigned id, int64_t time_ms)
{
	struct output_unit *unit = find_unit(self, id);
	if (!unit)
		return;
	output_flush(self);
	for (int stream = 0; stream < OUTPUT_STREAMS; stream++) {
		struct delivery delivery = {self, unit, stream, time_ms};
		output_split_end(&unit->held[stream], deliver, &delivery);
	}
	if (unit->open[0] || unit->open[1])
		remember(self, unit, OUTPUT_RING_END, 0, "", 0, time_ms);
	unit->open[0] = unit->open[1] = false;
	if (unit->running && ready_file(unit, time_ms) == 0)
		output_record(self, unit, OUTPUT_KIND_END, unit->file.size_bytes, 0, time_ms);
	unit->running = false;
	if (self->writing)
		self->writing(self->writing_context, id);
}

static void forget_held(struct output *self)
{
	for (unsigned i = 0; i < self->unit_limit; i++) {
		for (int stream = 0; self->units[i] && stream < OUTPUT_STREAMS; stream++) {
			free(self->units[i]->held[stream].bytes);
			self->units[i]->held[stream] = (struct output_held){0};
		}
	}
}

void output_set_limits(struct output *self, unsigned id, int64_t max_size_bytes, int max_files)
{
	struct output_unit *unit = find_unit(self, id);
	if (unit)
		output_file_set_limits(&unit->file, max_size_bytes, max_files);
}

void output_remove(struct output *self, unsigned id, int64_t time_ms)
{
	struct output_unit *unit = find_unit(self, id);
	if (!unit)
		return;
	output_end(self, id, time_ms);
	self->units[id] = NULL;
	destroy_unit(unit);
}

void output_observe(struct output *self, output_visit *visit, void *context)
{
	if (!visit)
		forget_held(self);
	else if (!self->observer)
		output_hold_again(self);
	self->observer = visit;
	self->observer_context = context;
}

void output_on_bytes(struct output *self, output_take *take, void *context)
{
	self->take = take;
	self->take_context = context;
}

void output_on_writing(struct output *self, output_notice *notice, void *context)
{
	self->writing = notice;
	self->writing_context = context;
}

void output_on_trouble(struct output *self, output_notice *notice, void *context)
{
	self->trouble = notice;
	self->trouble_context = context;
}

uint64_t output_lost_bytes(const struct output *self)
{
	return self->lost_bytes;
}

bool output_where(const struct output *self, unsigned id, char **path, int64_t *size_bytes)
{
	const struct output_unit *unit = find_unit(self, id);
	if (!unit || asprintf(path, "%s/%s", self->dir, unit->file.name) < 0)
		return false;
	*size_bytes = unit->file.size_bytes;
	return true;
}

int output_loss(const struct output *self, unsigned id, uint64_t *lost_bytes)
{
	const struct output_unit *unit = find_unit(self, id);
	*lost_bytes = unit ? unit->lost_total_bytes : 0;
	return unit && unit->losing ? unit->error : 0;
}
