/* SPDX-License-Identifier: MIT */
#include "launcher/logs/log_reader.h"

#include <errno.h>
#include <string.h>

void log_reader_init(struct log_reader *self)
{
	self->header_bytes = 0;
	self->in_body = false;
	self->body_bytes = 0;
}

/* A number of digits alone and the blank behind it; false when there is none, or one above `limit`. */
static bool take_number(const char **text, uint64_t limit, uint64_t *number)
{
	const char *at = *text;

	*number = 0;
	while (*at >= '0' && *at <= '9' && *number <= limit)
		*number = *number * 10 + (uint64_t)(*at++ - '0');
	if (at == *text || *at != ' ' || *number > limit)
		return false;
	*text = at + 1;
	return true;
}

static bool take_header(struct log_reader *self)
{
	const char *at = self->header;
	uint64_t unit, stream, time_ms, size;
	bool well;

	self->header[self->header_bytes] = '\0';
	well = take_number(&at, UINT32_MAX, &unit) && take_number(&at, 9, &stream) &&
	       take_number(&at, INT64_MAX / 10, &time_ms) && take_number(&at, LOG_FRAME_MAX, &size) &&
	       strlen(at) == 1 && strchr("-pdw", *at) != NULL && strlen(self->header) == self->header_bytes;
	if (!well)
		return false;
	self->frame = (struct log_frame){
		.unit = (unsigned)unit,
		.stream = (int)stream,
		.time_ms = (int64_t)time_ms,
		.size_bytes = (size_t)size,
		.partial = *at == 'p',
		.dropped = *at == 'd',
	};
	self->header_bytes = 0;
	self->body_bytes = 0;
	self->in_body = true;
	return true;
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
		int result = self->in_body ? take_body_bytes(self, bytes, size_bytes, &used, visit, context)
					   : take_header_bytes(self, bytes, size_bytes, &used);

		if (result < 0)
			return result;
		bytes += used;
		size_bytes -= used;
	}
	return 0;
}
