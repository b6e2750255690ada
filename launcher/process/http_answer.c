/* SPDX-License-Identifier: MIT */
#include "launcher/process/http_answer.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

void http_answer_init(struct http_answer *self)
{
	memset(self, 0, sizeof(*self));
}

bool http_answer_is_done(const struct http_answer *self)
{
	return self->state == HTTP_DONE;
}

bool http_answer_has_head(const struct http_answer *self)
{
	return self->state > HTTP_HEADER && self->state != HTTP_BROKEN;
}

static bool digits_only(const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	return true;
}

/* "HTTP/1.1 200 OK"; the reason may be missing. Interim answers (1xx) are refused unless an upgrade was asked for. */
static bool status_line(struct http_answer *self)
{
	const char *line = self->line;

	if (strncmp(line, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)line[7]) || line[8] != ' ' ||
	    !digits_only(line + 9, 3) || (line[12] != ' ' && line[12] != '\0'))
		return false;
	self->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
	self->state = HTTP_HEADER;
	self->closes = line[7] == '0';
	return self->status >= 200 || (self->status == 101 && self->may_upgrade);
}

static bool content_length(struct http_answer *self, const char *value)
{
	uint64_t length = 0;
	size_t count = strlen(value);

	if (count == 0 || count > 15 || !digits_only(value, count))
		return false;
	for (size_t i = 0; i < count; i++)
		length = length * 10 + (uint64_t)(value[i] - '0');
	if (self->has_length && self->left != length)
		return false;
	self->has_length = true;
	self->left = length;
	return true;
}

static bool header_line(struct http_answer *self)
{
	char *line = self->line;
	char *colon = strchr(line, ':');
	char *value, *end;

	if (colon == NULL || colon == line)
		return false;
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	if (strcasecmp(line, "content-length") == 0)
		return content_length(self, value);
	if (strcasecmp(line, "transfer-encoding") == 0) {
		if (self->chunked || strcasecmp(value, "chunked") != 0)
			return false;
		self->chunked = true;
	}
	if (strcasecmp(line, "connection") == 0 && strcasecmp(value, "close") == 0)
		self->closes = true;
	if (self->header != NULL)
		self->header(self->context, line, value);
	return true;
}

static bool headers_end(struct http_answer *self)
{
	if (self->chunked && self->has_length)
		return false;
	if (self->status == 101)
		self->state = HTTP_BODY_CLOSE;
	else if (self->status == 204 || self->status == 304)
		self->state = HTTP_DONE;
	else if (self->chunked)
		self->state = HTTP_CHUNK_SIZE;
	else if (self->has_length)
		self->state = self->left > 0 ? HTTP_BODY_LENGTH : HTTP_DONE;
	else
		self->state = HTTP_BODY_CLOSE;
	self->closes = self->closes || self->state == HTTP_BODY_CLOSE;
	return true;
}

/* Hex digits, then possibly extensions that nobody uses. */
static bool chunk_size(struct http_answer *self)
{
	size_t count = strspn(self->line, "0123456789abcdefABCDEF");
	uint64_t size = 0;

	if (count == 0 || count > 12 || (self->line[count] != '\0' && self->line[count] != ';'))
		return false;
	for (size_t i = 0; i < count; i++) {
		int c = tolower((unsigned char)self->line[i]);

		size = size * 16 + (uint64_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	self->left = size;
	/* Bounded per answer part, not over a stream's whole life: chunk headers are no headers. */
	self->head_bytes = 0;
	self->state = size > 0 ? HTTP_CHUNK_DATA : HTTP_TRAILER;
	return true;
}

static bool complete_line(struct http_answer *self)
{
	size_t size = self->line_bytes;

	self->line_bytes = 0;
	if (size > 0 && self->line[size - 1] == '\r')
		size--;
	self->line[size] = '\0';
	if (memchr(self->line, '\0', size) != NULL)
		return false;
	switch (self->state) {
	case HTTP_STATUS_LINE:
		return status_line(self);
	case HTTP_HEADER:
		return size == 0 ? headers_end(self) : header_line(self);
	case HTTP_CHUNK_SIZE:
		return chunk_size(self);
	case HTTP_CHUNK_END:
		self->state = HTTP_CHUNK_SIZE;
		return size == 0;
	case HTTP_TRAILER:
		if (size == 0)
			self->state = HTTP_DONE;
		return true;
	default:
		return false;
	}
}

static bool take_line_byte(struct http_answer *self, char byte)
{
	if (++self->head_bytes > HTTP_ANSWER_HEADERS_MAX)
		return false;
	if (byte == '\n')
		return complete_line(self);
	if (self->line_bytes + 1 >= sizeof(self->line))
		return false;
	self->line[self->line_bytes++] = byte;
	return true;
}

static bool in_body(const struct http_answer *self)
{
	return self->state == HTTP_BODY_LENGTH || self->state == HTTP_BODY_CLOSE || self->state == HTTP_CHUNK_DATA;
}

static size_t take_body(struct http_answer *self, const char *in, size_t in_bytes, char *out, size_t out_bytes)
{
	size_t count = in_bytes < out_bytes ? in_bytes : out_bytes;

	if (self->state != HTTP_BODY_CLOSE && count > self->left)
		count = (size_t)self->left;
	memcpy(out, in, count);
	if (self->state == HTTP_BODY_CLOSE)
		return count;
	self->left -= count;
	if (self->left == 0)
		self->state = self->state == HTTP_CHUNK_DATA ? HTTP_CHUNK_END : HTTP_DONE;
	return count;
}

ssize_t http_answer_feed(struct http_answer *self, const char *in, size_t in_bytes, size_t *used, char *out,
			 size_t out_bytes)
{
	size_t taken = 0, placed = 0;

	while (taken < in_bytes && self->state != HTTP_DONE && self->state != HTTP_BROKEN) {
		if (in_body(self)) {
			size_t count = take_body(self, in + taken, in_bytes - taken, out + placed, out_bytes - placed);

			if (count == 0)
				break;
			taken += count;
			placed += count;
		} else if (!take_line_byte(self, in[taken++])) {
			self->state = HTTP_BROKEN;
		}
	}
	*used = taken;
	/* Body that stood before the nonsense is still handed out; the next call reports. */
	if (self->state == HTTP_BROKEN && placed == 0)
		return -EPROTO;
	return (ssize_t)placed;
}

int http_answer_end(struct http_answer *self)
{
	if (self->state == HTTP_BODY_CLOSE)
		self->state = HTTP_DONE;
	if (self->state == HTTP_DONE)
		return 0;
	self->state = HTTP_BROKEN;
	return -EPROTO;
}
