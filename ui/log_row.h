/* SPDX-License-Identifier: MIT */
/*
 * log_row - how a service's text lies on rows of cells: where a wrapped line breaks, and in which columns a piece of it stands. It counts as
 * frame_source draws: SGR sequences take no room, a tab goes to the next multiple of 8 from the row's beginning.
 */
#ifndef UPFRONT_UI_LOG_ROW_H
#define UPFRONT_UI_LOG_ROW_H

#include <stdbool.h>
#include <stddef.h>

/* How many bytes fit into a row of so many columns, at least one character; a sequence behind the last one goes along. 0: none are left. */
size_t log_row_bytes(const char *text, size_t size_bytes, unsigned columns, bool utf8);
/* How many rows it takes, at least 1. */
unsigned log_row_count(const char *text, size_t size_bytes, unsigned columns, bool utf8);

/* Goes along a row and tells where its characters stand. */
struct log_row_walk {
	const char *at, *end;
	unsigned column;
	bool utf8;
};

void log_row_walk_init(struct log_row_walk *self, const char *text, size_t size_bytes, bool utf8);
/* Moves on to the first character that ends behind `to`, which must not be behind `end`; its column. */
unsigned log_row_walk_to(struct log_row_walk *self, const char *to);

#endif
