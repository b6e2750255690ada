/* SPDX-License-Identifier: MIT */
#include "launcher/engine/docker_frames.h"

#include "launcher/engine/docker_api.h"

#include <errno.h>
#include <string.h>

/* The engine cuts lines that are longer. */
#define PIECE_BYTES 16384u
/* How much later a line of one stream may come than one of the other that is younger. */
#define SLACK_S 2

struct feeding {
	struct docker_frames *self;
	docker_frames_take *take;
	void *context;
	bool *held;
};

void docker_frames_init(struct docker_frames *self, bool raw, bool stamped, int64_t since_ns)
{
	*self = (struct docker_frames){.raw = raw, .stamped = stamped};
	for (size_t i = 0; i < 2 && since_ns > 0; i++) {
		self->lines[i].had_ns = since_ns;
		self->lines[i].had_bytes = UINT64_MAX;
		self->lines[i].again = true;
	}
}

void docker_frames_again(struct docker_frames *self)
{
	self->header_bytes = self->left = 0;
	for (size_t i = 0; i < 2; i++) {
		struct docker_frames_line *line = &self->lines[i];

		line->stamp_bytes = line->piece_bytes = 0;
		line->in_line = line->open = false;
		line->again = self->stamped && line->had_ns > 0;
		line->again_bytes = 0;
	}
}

int64_t docker_frames_since(const struct docker_frames *self)
{
	int64_t had_ns = self->lines[0].had_ns;

	if (self->lines[1].had_ns > had_ns)
		had_ns = self->lines[1].had_ns;
	had_ns = had_ns / 1000000000 - SLACK_S;
	return had_ns > 0 ? had_ns : 0;
}

/* How many of the next bytes had been given before. */
static size_t had_before(struct docker_frames_line *line, size_t size)
{
	uint64_t left;

	if (!line->again || line->time_ns == 0)
		return 0;
	if (line->time_ns < line->had_ns)
		return size;
	left = line->had_bytes - line->again_bytes;
	if (line->time_ns == line->had_ns && left > size) {
		line->again_bytes += size;
		return size;
	}
	line->again = false;
	return line->time_ns == line->had_ns ? (size_t)left : 0;
}

static void note_given(struct docker_frames_line *line, size_t size)
{
	if (line->time_ns == 0)
		return;
	if (line->had_ns != line->time_ns)
		line->had_bytes = 0;
	line->had_ns = line->time_ns;
	line->had_bytes += size;
}

static void give(const struct feeding *feeding, const char *bytes, size_t size)
{
	struct docker_frames *self = feeding->self;
	struct docker_frames_line *line = &self->lines[self->stream];
	int64_t time_ns = line->time_ns;
	size_t had = had_before(line, size);

	bytes += had;
	size -= had;
	if (size == 0)
		return;
	note_given(line, size);
	if (time_ns > self->last_ns)
		self->last_ns = time_ns;
	if (!feeding->take(feeding->context, self->stream, bytes, size, time_ns / 1000000) && feeding->held != NULL)
		*feeding->held = true;
}

/* What was taken for a stamp is none: it belongs to the line. */
static void give_back_stamp(const struct feeding *feeding)
{
	struct docker_frames *self = feeding->self;
	size_t size = self->lines[self->stream].stamp_bytes;

	self->lines[self->stream].in_line = true;
	self->lines[self->stream].piece_bytes = size;
	self->lines[self->stream].stamp_bytes = 0;
	if (!self->lines[self->stream].open)
		self->lines[self->stream].time_ns = 0;
	give(feeding, self->lines[self->stream].stamp, size);
	self->lines[self->stream].open = self->lines[self->stream].open || size > 0;
}

/* Takes one byte of what may be a stamp; false: it is not, and was not taken. */
static bool take_stamp_byte(const struct feeding *feeding, char byte)
{
	struct docker_frames *self = feeding->self;
	size_t *size = &self->lines[self->stream].stamp_bytes;
	char *stamp = self->lines[self->stream].stamp;

	if (byte == ' ') {
		int64_t time_ns = docker_time_ns(stamp, *size);

		if (time_ns < 0) {
			give_back_stamp(feeding);
			return false;
		}
		*size = 0;
		self->lines[self->stream].in_line = true;
		self->lines[self->stream].piece_bytes = 0;
		self->lines[self->stream].time_ns = time_ns;
		return true;
	}
	if (*size == DOCKER_STAMP_BYTES_MAX || memchr("0123456789-:.+TZ", byte, 16) == NULL) {
		give_back_stamp(feeding);
		return false;
	}
	stamp[(*size)++] = byte;
	return true;
}

/* As much of these bytes as belongs to the same piece of a line. */
static size_t take_line(const struct feeding *feeding, const char *bytes, size_t size)
{
	struct docker_frames *self = feeding->self;
	size_t *piece_bytes = &self->lines[self->stream].piece_bytes;
	const char *end;

	if (!self->stamped) {
		give(feeding, bytes, size);
		return size;
	}
	/* Where headers tell of pieces, nobody needs to guess. */
	if (self->raw && size > PIECE_BYTES - *piece_bytes)
		size = PIECE_BYTES - *piece_bytes;
	end = memchr(bytes, '\n', size);
	if (end != NULL)
		size = (size_t)(end - bytes) + 1;
	give(feeding, bytes, size);
	self->lines[self->stream].open = end == NULL;
	*piece_bytes += self->raw ? size : 0;
	if (end != NULL || *piece_bytes == PIECE_BYTES) {
		self->lines[self->stream].in_line = false;
		*piece_bytes = 0;
	}
	return size;
}

static void take_bytes(const struct feeding *feeding, const char *bytes, size_t size)
{
	struct docker_frames *self = feeding->self;
	size_t at = 0;

	while (at < size) {
		if (!self->stamped || self->lines[self->stream].in_line)
			at += take_line(feeding, bytes + at, size - at);
		else
			at += take_stamp_byte(feeding, bytes[at]);
	}
}

/* Eight bytes are there: whose the next ones are, and how many. */
static int take_header(struct docker_frames *self)
{
	const unsigned char *header = self->header;

	self->header_bytes = 0;
	if (header[0] > 3 || header[1] != 0 || header[2] != 0 || header[3] != 0)
		return -EPROTO;
	/* 3 is the engine's own trouble. */
	self->stream = header[0] >= 2 ? ENGINE_STDERR : ENGINE_STDOUT;
	self->left = (size_t)header[4] << 24 | (size_t)header[5] << 16 | (size_t)header[6] << 8 | header[7];
	if (self->left > 0)
		self->lines[self->stream].in_line = false;
	return 0;
}

int docker_frames_feed(struct docker_frames *self, const char *bytes, size_t size_bytes, docker_frames_take *take,
		       void *context, bool *held)
{
	const struct feeding feeding = {self, take, context, held};
	size_t at = 0;

	if (held != NULL)
		*held = false;
	if (self->raw)
		take_bytes(&feeding, bytes, size_bytes);
	while (!self->raw && at < size_bytes) {
		size_t count = size_bytes - at;

		if (self->left == 0) {
			self->header[self->header_bytes++] = (unsigned char)bytes[at++];
			if (self->header_bytes == sizeof(self->header) && take_header(self) < 0)
				return -EPROTO;
			continue;
		}
		if (count > self->left)
			count = self->left;
		take_bytes(&feeding, bytes + at, count);
		at += count;
		self->left -= count;
		/* What began as a stamp, and ended with its piece. */
		if (self->left == 0 && self->stamped && !self->lines[self->stream].in_line)
			give_back_stamp(&feeding);
	}
	return 0;
}
