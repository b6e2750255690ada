/* SPDX-License-Identifier: MIT */
#include "ui/log_row.h"

#include "ui/sgr.h"
#include "ui/text.h"

#define TAB_COLUMNS 8u

static bool is_letter(const char *at, const char *end)
{
	return at < end && *at >= 0x20 && *at < 0x7f;
}

/* The next character or sequence: its bytes, and its columns when it begins in `column`. 0: there is none. */
static size_t next_char(const char *at, const char *end, unsigned column, bool utf8, unsigned *columns)
{
	struct theme_style style = {0};
	struct text_char c;

	*columns = 0;
	if (at >= end)
		return 0;
	/* What logs are mostly made of; a combining character may follow the last of them. */
	if (is_letter(at, end) && (at + 1 == end || is_letter(at + 1, end))) {
		*columns = 1;
		return 1;
	}
	if (*at == '\t') {
		*columns = TAB_COLUMNS - column % TAB_COLUMNS;
		return 1;
	}
	size_t length = *at == '\033' ? sgr_read(at, end, &style) : 0;
	if (length > 0)
		return length;
	if (!text_next(at, end, utf8, &c))
		return (size_t)(end - at);
	*columns = c.columns > 0 ? c.columns : 2; /* an end of line that is none here: ^J */
	return c.bytes;
}

size_t log_row_bytes(const char *text, size_t size_bytes, unsigned columns, bool utf8)
{
	const char *at = text, *end = text + size_bytes;
	unsigned used = 0, own;
	size_t length;

	while ((length = next_char(at, end, used, utf8, &own)) > 0) {
		/* What does not fit even into an empty row is cut there. */
		if (used + own > columns && used > 0)
			break;
		at += length;
		used += own;
	}
	return (size_t)(at - text);
}

unsigned log_row_count(const char *text, size_t size_bytes, unsigned columns, bool utf8)
{
	unsigned rows = 0;

	for (size_t at = 0; at < size_bytes; rows++)
		at += log_row_bytes(text + at, size_bytes - at, columns, utf8);
	return rows > 0 ? rows : 1;
}

void log_row_walk_init(struct log_row_walk *self, const char *text, size_t size_bytes, bool utf8)
{
	*self = (struct log_row_walk){.at = text, .end = text + size_bytes, .utf8 = utf8};
}

unsigned log_row_walk_to(struct log_row_walk *self, const char *to)
{
	unsigned columns;
	size_t length;

	while (self->at < to && (length = next_char(self->at, self->end, self->column, self->utf8, &columns)) > 0 &&
	       self->at + length <= to) {
		self->at += length;
		self->column += columns;
	}
	return self->column;
}
