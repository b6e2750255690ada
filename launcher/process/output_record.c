/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <event2/event.h>

#include "launcher/process/output_index.h"
#include "launcher/process/output_unit.h"

/* Says which file the unit's records speak of, unless this index has said so already. */
static void state_file(struct output *self, struct output_unit *unit, int64_t time_ms)
{
	const struct output_record entry = {
		.time_ms = time_ms,
		.kind = OUTPUT_KIND_FILE,
		.unit = unit->name,
		.offset_bytes = unit->base_bytes,
		.size_bytes = unit->file.inode,
		.word = unit->service ? unit->service : unit->name,
	};
	if (unit->stated_file == unit->file.inode && unit->stated_index == self->index.inode)
		return;
	if (!output_index_write(&self->index, &entry))
		return;
	unit->stated_file = unit->file.inode;
	unit->stated_index = self->index.inode;
}

bool output_record_rotations(struct output *self, struct output_unit *unit, int64_t time_ms)
{
	const struct output_record entry = {.time_ms = time_ms, .kind = OUTPUT_KIND_ROTATED, .unit = unit->name};
	while (unit->rotations_unrecorded > 0) {
		if (!output_index_write(&self->index, &entry))
			return false;
		unit->rotations_unrecorded--;
	}
	return true;
}

void output_flush(struct output *self)
{
	const struct output_gathered gathered = self->gathered;
	struct output_unit *unit = gathered.unit;
	if (!unit)
		return;
	const struct output_record entry = {gathered.time_ms,      gathered.kind,       unit->name,
					    gathered.offset_bytes, gathered.size_bytes, NULL};
	self->gathered.unit = NULL;
	output_index_write(&self->index, &entry);
	if (self->writing)
		self->writing(self->writing_context, unit->id);
}

static void on_flush(evutil_socket_t fd, short what, void *context)
{
	struct output *self = context;
	(void)fd;
	(void)what;
	self->flush_due = false;
	output_flush(self);
}

int output_gather(struct output *self, struct event_base *base)
{
	self->flush = evtimer_new(base, on_flush, self);
	return self->flush ? 0 : -ENOMEM;
}

/* A clock that was set back ends it, too. */
bool output_is_gathering(const struct output *self, int64_t then_ms, int64_t time_ms)
{
	return self->flush && time_ms >= then_ms && time_ms - then_ms < OUTPUT_GATHER_MS;
}

static bool grow(struct output *self, const struct output_unit *unit, enum output_kind kind, int64_t offset_bytes,
		 size_t size_bytes, int64_t time_ms)
{
	struct output_gathered *gathered = &self->gathered;
	if (gathered->unit != unit || gathered->kind != kind || gathered->file != unit->file.inode ||
	    gathered->offset_bytes + (int64_t)gathered->size_bytes != offset_bytes ||
	    gathered->size_bytes + size_bytes > OUTPUT_GATHER_BYTES ||
	    !output_is_gathering(self, gathered->time_ms, time_ms))
		return false;
	gathered->size_bytes += size_bytes;
	return true;
}

/* False when nothing would write it later. */
static bool begin_gathering(struct output *self, struct output_unit *unit, const struct output_record *entry)
{
	const struct timeval later = {.tv_usec = OUTPUT_GATHER_MS * 1000};
	if (!self->flush_due && event_add(self->flush, &later) < 0)
		return false;
	self->flush_due = true;
	self->gathered = (struct output_gathered){
		unit, entry->kind, entry->offset_bytes, entry->size_bytes, entry->time_ms, unit->file.inode};
	return true;
}

void output_record(struct output *self, struct output_unit *unit, enum output_kind kind, int64_t offset_bytes,
		   size_t size_bytes, int64_t time_ms)
{
	const char *word = kind == OUTPUT_KIND_END && unit->end[0] != '\0' ? unit->end : NULL;
	const struct output_record entry = {time_ms, kind, unit->name, offset_bytes, size_bytes, word};
	if (grow(self, unit, kind, offset_bytes, size_bytes, time_ms))
		return;
	output_flush(self);
	if (!output_record_rotations(self, unit, time_ms))
		return;
	state_file(self, unit, time_ms);
	bool bytes = kind == OUTPUT_KIND_STDOUT || kind == OUTPUT_KIND_STDERR;
	if (bytes && output_is_gathering(self, unit->recorded_ms, time_ms) && begin_gathering(self, unit, &entry))
		return;
	output_index_write(&self->index, &entry);
	unit->recorded_ms = time_ms;
}
