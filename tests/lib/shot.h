/* SPDX-License-Identifier: MIT */
/*
 * shot - a screen as text: rows, then a row of attribute letters for each (. plain, B bold, R reverse), then the cursor. Made from a
 * frame or from a terminal by the same code, so that both can be held against one golden file.
 */
#ifndef UPFRONT_TESTS_SHOT_H
#define UPFRONT_TESTS_SHOT_H

#include <stdint.h>

#define SHOT_POINTS_MAX 8

struct shot_cell {
	uint32_t points[SHOT_POINTS_MAX];
	unsigned count; /* 0: the right half of a wide character */
	char letter;
};

struct shot_source {
	unsigned rows, columns;
	unsigned cursor_row, cursor_column;
	void (*cell)(const void *subject, unsigned row, unsigned column, struct shot_cell *cell);
	const void *subject;
};

/* Rows alone, so many from `first` on, each with its end of line. The caller frees. */
char *shot_rows(const struct shot_source *source, unsigned first, unsigned count);
/* The caller frees. */
char *shot_make(const struct shot_source *source);

#endif
