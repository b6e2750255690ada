/* SPDX-License-Identifier: MIT */
#include "launcher/process/output_ring.h"

#include <stdlib.h>
#include <string.h>

/* So much gives way at once. */
#define PIECE_BYTES_MAX 16384u
/* Of more than this at once only the end is kept: whoever floods pays for no copy of all of it. */
#define FLOOD_BYTES 65536u

static size_t space_of(size_t size_bytes)
{
	size_t align = _Alignof(struct output_ring_piece);
	return (sizeof(struct output_ring_piece) + size_bytes + align - 1) / align * align;
}

static const struct output_ring_piece *piece_at(const struct output_ring *self, size_t at)
{
	return (const struct output_ring_piece *)(const void *)(self->memory + at);
}

void output_ring_finish(struct output_ring *self)
{
	free(self->memory);
	*self = (struct output_ring){0};
}

static void drop_oldest(struct output_ring *self)
{
	const struct output_ring_piece *piece = piece_at(self, self->head);
	if (piece->kind == OUTPUT_RING_BYTES_READ)
		self->cut[piece->stream] = ((const char *)(piece + 1))[piece->size_bytes - 1] != '\n';
	else if (piece->kind == OUTPUT_RING_END)
		self->cut[0] = self->cut[1] = false;
	self->head += space_of(piece->size_bytes);
	self->pieces--;
	if (self->wrapped && self->head == self->end) {
		self->head = 0;
		self->wrapped = false;
	}
}

static void make_room(struct output_ring *self, size_t need)
{
	for (;;) {
		if (self->pieces == 0) {
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

void output_ring_push(struct output_ring *self, const struct output_ring_piece *head, const char *bytes,
		      size_t size_bytes, uint64_t *order)
{
	if (!self->memory)
		self->memory = malloc(OUTPUT_RING_BYTES);
	if (!self->memory)
		return;
	if (size_bytes > FLOOD_BYTES) {
		while (self->pieces > 0)
			drop_oldest(self);
		bytes += size_bytes - FLOOD_BYTES;
		size_bytes = FLOOD_BYTES;
		self->cut[head->stream] = bytes[-1] != '\n';
	}
	do {
		struct output_ring_piece piece = *head;
		piece.size_bytes = (uint32_t)(size_bytes < PIECE_BYTES_MAX ? size_bytes : PIECE_BYTES_MAX);
		piece.order = (*order)++;
		make_room(self, space_of(piece.size_bytes));
		unsigned char *place = self->memory + self->tail;
		memcpy(place, &piece, sizeof piece);
		if (piece.size_bytes > 0)
			memcpy(place + sizeof piece, bytes, piece.size_bytes);
		self->tail += space_of(piece.size_bytes);
		self->pieces++;
		bytes += piece.size_bytes;
		size_bytes -= piece.size_bytes;
	} while (size_bytes > 0);
}

const struct output_ring_piece *output_ring_next(const struct output_ring *self, struct output_ring_cursor *cursor)
{
	if (cursor->seen == self->pieces)
		return NULL;
	if (cursor->seen == 0)
		cursor->at = self->head;
	const struct output_ring_piece *piece = piece_at(self, cursor->at);
	cursor->seen++;
	cursor->at += space_of(piece->size_bytes);
	if (self->wrapped && cursor->at == self->end)
		cursor->at = 0;
	return piece;
}
