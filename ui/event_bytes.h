/* SPDX-License-Identifier: MIT */
/*
 * event_bytes - the bytes of an event as rows of a screen: exactly as they left, broken only where a row ends, or indented for reading.
 */
#ifndef UPFRONT_UI_EVENT_BYTES_H
#define UPFRONT_UI_EVENT_BYTES_H

#include "ui/json_lines.h"

struct event_bytes {
	struct json_lines lines;
	const char *at, *end; /* what is left of the line at hand */
	unsigned indent, columns;
	bool exact, utf8;
};

struct event_row {
	const char *start;
	size_t bytes;
	unsigned indent;
};

void event_bytes_init(struct event_bytes *self, const char *bytes, bool exact, unsigned columns, bool utf8);
bool event_bytes_next(struct event_bytes *self, struct event_row *row);
size_t event_bytes_rows(const char *bytes, bool exact, unsigned columns, bool utf8);

#endif
