/* SPDX-License-Identifier: MIT */
#include "ui/event_bytes.h"

#include "ui/text.h"

#include <string.h>

#define INDENT_COLUMNS 2u

void event_bytes_init(struct event_bytes *self, const char *bytes, bool exact, unsigned columns, bool utf8)
{
	*self = (struct event_bytes){.columns = columns > 0 ? columns : 1, .exact = exact, .utf8 = utf8};
	json_lines_init(&self->lines, bytes);
	if (!exact)
		return;
	self->at = bytes;
	self->end = self->lines.end;
}

/* The next line begins. */
static bool take_line(struct event_bytes *self)
{
	struct json_line line;

	if (self->exact || !json_lines_next(&self->lines, &line))
		return false;
	self->at = line.start;
	self->end = line.start + line.bytes;
	self->indent = line.depth * INDENT_COLUMNS;
	if (self->indent > self->columns / 2)
		self->indent = self->columns / 2;
	return true;
}

bool event_bytes_next(struct event_bytes *self, struct event_row *row)
{
	unsigned used = 0;
	const char *at;
	struct text_char c;

	if (self->at >= self->end && !take_line(self))
		return false;
	for (at = self->at; text_next(at, self->end, self->utf8, &c); at += c.bytes) {
		/* At least one character a row, however narrow it is; a line's end among the bytes ends the row. */
		if (used > 0 && used + c.columns > self->columns - self->indent)
			break;
		used += c.columns;
		if (c.columns == 0) {
			at += c.bytes;
			break;
		}
	}
	/* What shows nothing goes with what stands before it. */
	if (!text_next(at, self->end, self->utf8, &c))
		at = self->end;
	*row = (struct event_row){.start = self->at, .bytes = (size_t)(at - self->at), .indent = self->indent};
	self->at = at;
	return true;
}

size_t event_bytes_rows(const char *bytes, bool exact, unsigned columns, bool utf8)
{
	struct event_bytes walk;
	struct event_row row;
	size_t count = 0;

	event_bytes_init(&walk, bytes, exact, columns, utf8);
	while (event_bytes_next(&walk, &row))
		count++;
	return count;
}
