/* SPDX-License-Identifier: MIT */
#include "launcher/process/output_ring.h"

#include <stdlib.h>
#include <string.h>

static size_t space_of(size_t size_bytes)
{
	size_t align = _Alignof(struct output_ring_line);
	return (sizeof(struct output_ring_line) + size_bytes + align - 1) / align * align;
}

static const struct output_ring_line *line_at(const struct output_ring *self, size_t at)
{
	return (const struct output_ring_line *)(const void *)(self->memory + at);
}

void output_ring_finish(struct output_ring *self)
{
	free(self->memory);
	*self = (struct output_ring){0};
}

static void drop_oldest(struct output_ring *self)
{
	self->head += space_of(line_at(self, self->head)->size_bytes);
	self->lines--;
	if (self->wrapped && self->head == self->end) {
		self->head = 0;
		self->wrapped = false;
	}
}

static void make_room(struct output_ring *self, size_t need)
{
	for (;;) {
		if (self->lines == 0) {
			self->head = self->tail = 0;
			self->wrapped = false;
		}
		if (self->wrapped) {
			if (self->head - self->tail >= need)
				return;
			drop_oldest(self);
		} else {
			if (OUTPUT_RING_BYTES - self->tail >= need)
				return;
			self->end = self->tail;
			self->tail = 0;
			self->wrapped = true;
		}
	}
}

void output_ring_push(struct output_ring *self, const struct output_line *line, uint64_t order)
{
	if (!self->memory)
		self->memory = malloc(OUTPUT_RING_BYTES);
	if (!self->memory)
		return;
	size_t need = space_of(line->size_bytes);
	make_room(self, need);
	struct output_ring_line head = {
		.time_ms = line->time_ms,
		.order = order,
		.size_bytes = (uint32_t)line->size_bytes,
		.run = line->run,
		.stream = (uint8_t)line->stream,
		.partial = line->partial,
	};
	unsigned char *place = self->memory + self->tail;
	memcpy(place, &head, sizeof head);
	memcpy(place + sizeof head, line->bytes, line->size_bytes);
	self->tail += need;
	self->lines++;
}

const struct output_ring_line *output_ring_next(const struct output_ring *self, struct output_ring_cursor *cursor)
{
	if (cursor->seen == self->lines)
		return NULL;
	if (cursor->seen == 0)
		cursor->at = self->head;
	const struct output_ring_line *line = line_at(self, cursor->at);
	cursor->seen++;
	cursor->at += space_of(line->size_bytes);
	if (self->wrapped && cursor->at == self->end)
		cursor->at = 0;
	return line;
}
