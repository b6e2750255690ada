/* SPDX-License-Identifier: MIT */
/*
 * frame - a grid of cells: drawing without a terminal. Everything that is drawn outside the grid is cut off, so a
 * screen need not ask at every step whether there is room. A wide character fills its cell and the one to the right; it is
 * drawn whole or not at all.
 */
#ifndef UPFRONT_UI_FRAME_H
#define UPFRONT_UI_FRAME_H

#include "ui/theme.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_ROWS_MAX 500u
#define FRAME_COLUMNS_MAX 1000u
#define FRAME_POINTS_MAX 4

struct frame_cell {
	uint32_t points[FRAME_POINTS_MAX]; /* the character and its combining ones */
	uint8_t count;
	uint8_t columns; /* 1 or 2; 0: the right half of the wide character to the left */
	uint8_t role; /* enum theme_role */
	struct theme_style style; /* ROLE_SOURCE: as the text itself says; otherwise unused and zero */
};

struct frame {
	unsigned rows, columns;
	unsigned stride; /* cells from one row to the next: `columns`, or more in a window */
	struct frame_cell *cells; /* row by row */
	unsigned cursor_row, cursor_column; /* where the hardware cursor stands */
};

/* A rectangle of the grid. */
struct frame_area {
	unsigned row, column, rows, columns;
};

/* Blank; sizes above the maximum are cut to it, 0 counts as 1. -ENOMEM. */
int frame_init(struct frame *self, unsigned rows, unsigned columns);
void frame_finish(struct frame *self);

/* NULL outside the grid. */
const struct frame_cell *frame_at(const struct frame *self, unsigned row, unsigned column);
/* Whether both look the same on a terminal. */
bool frame_same_cell(const struct frame_cell *a, const struct frame_cell *b);

/* One character of one column. */
void frame_put(struct frame *self, unsigned row, unsigned column, uint32_t point, enum theme_role role);
/* Text without line breaks, at most `room` columns of it; returns the columns used. */
unsigned frame_text(struct frame *self, unsigned row, unsigned column, unsigned room, const char *text, size_t size,
		    enum theme_role role, bool utf8);
/* The same for a whole string, which ends with an ellipsis when it does not fit. */
unsigned frame_label(struct frame *self, unsigned row, unsigned column, unsigned room, const char *text,
		     enum theme_role role, bool utf8);
/*
 * Text of a service: as frame_text, with the style in force at its beginning; SGR sequences (ECMA-48 8.3.117) set *style for what follows and
 * take no room, every other control byte is made visible, a tab goes to the next multiple of 8. `skip` columns are left out in front.
 * A right-to-left run stays within its cells. Returns the columns used; *more (may be NULL) tells whether something was cut off.
 */
unsigned frame_source(struct frame *self, unsigned row, unsigned column, unsigned room, unsigned skip, const char *text,
		      size_t size, struct theme_style *style, bool *more, bool utf8);
/* Gives cells another role, their text stays. */
void frame_mark(struct frame *self, unsigned row, unsigned column, unsigned columns, enum theme_role role);
/* A border around `area`, with a title (may be NULL) in its upper line. */
void frame_box(struct frame *self, struct frame_area area, const char *title, const struct theme *theme);
/* A short text in the lower line of a box, at its right. */
void frame_legend(struct frame *self, struct frame_area area, const char *text, const struct theme *theme);
void frame_cursor(struct frame *self, unsigned row, unsigned column);
/* Everything blank, the cursor at the top left. */
void frame_clear(struct frame *self);
/* A window on another frame's cells: drawing at 0,0 draws at the area's corner, and what leaves it is cut. Needs no finish. */
struct frame frame_window(struct frame *self, struct frame_area area);

#endif
