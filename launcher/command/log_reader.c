/* SPDX-License-Identifier: MIT */
#include "launcher/command/log_reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void log_reader_init(struct log_reader *self)
{
	self->header_bytes = 0;
	self->in_body = false;
	self->body_bytes = 0;
}

static bool take_header(struct log_reader *self)
{
	struct log_frame *frame = &self->frame;
	long long time_ms;
	int used = 0;
	char flag;

	self->header[self->header_bytes] = '\0';
	*frame = (struct log_frame){0};
	if (strspn(self->header, "0123456789 -pd") != self->header_bytes)
		return false;
	if (sscanf(self->header, "%9u %2d %16lld %6zu %c%n", &frame->unit, &frame->stream, &time_ms, &frame->size_bytes,
		   &flag, &used) != 5) {
		/* The unit of frames that belong to none is the largest number, which has ten digits. */
		if (sscanf(self->header, "4294967295 %2d %16lld %6zu %c%n", &frame->stream, &time_ms,
			   &frame->size_bytes, &flag, &used) != 4)
			return false;
		frame->unit = UINT32_MAX;
	}
	frame->time_ms = time_ms;
	frame->partial = flag == 'p';
	frame->dropped = flag == 'd';
	self->header_bytes = 0;
	self->body_bytes = 0;
	self->in_body = true;
	return self->header[used] == '\0' && frame->size_bytes <= LOG_FRAME_MAX;
}

static int take_header_bytes(struct log_reader *self, const char *bytes, size_t size_bytes, size_t *used)
{
	const char *end = memchr(bytes, '\n', size_bytes);
	size_t count = end != NULL ? (size_t)(end - bytes) : size_bytes;

	if (self->header_bytes + count >= sizeof(self->header))
		return -EPROTO;
	memcpy(self->header + self->header_bytes, bytes, count);
	self->header_bytes += count;
	*used = count + (end != NULL);
	if (end != NULL && !take_header(self))
		return -EPROTO;
	return 0;
}

static int take_body_bytes(struct log_reader *self, const char *bytes, size_t size_bytes, size_t *used,
			   log_frame_visit *visit, void *context)
{
	size_t wanted = self->frame.size_bytes - self->body_bytes;
	size_t count = size_bytes < wanted ? size_bytes : wanted;

	memcpy(self->body + self->body_bytes, bytes, count);
	self->body_bytes += count;
	*used = count;
	if (count == size_bytes)
		return 0;
	if (bytes[count] != '\n')
		return -EPROTO;
	(*used)++;
	self->in_body = false;
	self->frame.bytes = self->body;
	visit(context, &self->frame);
	return 0;
}

int log_reader_feed(struct log_reader *self, const char *bytes, size_t size_bytes, log_frame_visit *visit,
		    void *context)
{
	while (size_bytes > 0) {
		size_t used = 0;
		int result = self->in_body
				     ? take_body_bytes(self, bytes, size_bytes, &used, visit, context)
				     : take_header_bytes(self, bytes, size_bytes, &used);

		if (result < 0)
			return result;
		bytes += used;
		size_bytes -= used;
	}
	return 0;
}
