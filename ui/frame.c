/* SPDX-License-Identifier: MIT */
#include "ui/frame.h"

#include "ui/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct frame_cell blank = {.points = {' '}, .count = 1, .columns = 1, .role = ROLE_PLAIN};

static unsigned clamp(unsigned value, unsigned max)
{
	return value == 0 ? 1 : value > max ? max : value;
}

int frame_init(struct frame *self, unsigned rows, unsigned columns)
{
	*self = (struct frame){.rows = clamp(rows, FRAME_ROWS_MAX), .columns = clamp(columns, FRAME_COLUMNS_MAX)};
	self->stride = self->columns;
	size_t count = (size_t)self->rows * self->columns;
	self->cells = malloc(count * sizeof(*self->cells));
	if (self->cells == NULL)
		return -ENOMEM;
	frame_clear(self);
	return 0;
}

void frame_clear(struct frame *self)
{
	for (unsigned row = 0; row < self->rows; row++)
		for (unsigned column = 0; column < self->columns; column++)
			self->cells[(size_t)row * self->stride + column] = blank;
	self->cursor_row = self->cursor_column = 0;
}

struct frame frame_window(struct frame *self, struct frame_area area)
{
	struct frame window = {.stride = self->stride};

	if (area.row >= self->rows || area.column >= self->columns)
		return window;
	window.rows = area.rows < self->rows - area.row ? area.rows : self->rows - area.row;
	window.columns = area.columns < self->columns - area.column ? area.columns : self->columns - area.column;
	window.cells = &self->cells[(size_t)area.row * self->stride + area.column];
	return window;
}

void frame_finish(struct frame *self)
{
	free(self->cells);
	self->cells = NULL;
}

static struct frame_cell *cell(const struct frame *self, unsigned row, unsigned column)
{
	if (row >= self->rows || column >= self->columns)
		return NULL;
	return &self->cells[(size_t)row * self->stride + column];
}

const struct frame_cell *frame_at(const struct frame *self, unsigned row, unsigned column)
{
	return cell(self, row, column);
}

/* Half a wide character can't stay when its other half is drawn over. */
static void clear_halves(struct frame *self, unsigned row, unsigned column)
{
	struct frame_cell *here = cell(self, row, column), *right = cell(self, row, column + 1);

	if (here->columns == 0 && column > 0)
		*cell(self, row, column - 1) = blank;
	if (here->columns == 2 && right != NULL)
		*right = blank;
}

static void put(struct frame *self, unsigned row, unsigned column, const uint32_t *points, unsigned count,
		unsigned columns, enum theme_role role)
{
	if (row >= self->rows || column >= self->columns || self->columns - column < columns)
		return;
	for (unsigned i = 0; i < columns; i++) {
		clear_halves(self, row, column + i);
		*cell(self, row, column + i) = (struct frame_cell){.role = (uint8_t)role};
	}
	struct frame_cell *target = cell(self, row, column);
	target->count = (uint8_t)(count < FRAME_POINTS_MAX ? count : FRAME_POINTS_MAX);
	target->columns = (uint8_t)columns;
	memcpy(target->points, points, target->count * sizeof(*points));
}

void frame_put(struct frame *self, unsigned row, unsigned column, uint32_t point, enum theme_role role)
{
	put(self, row, column, &point, 1, 1, role);
}

unsigned frame_text(struct frame *self, unsigned row, unsigned column, unsigned room, const char *text, size_t size,
		    enum theme_role role, bool utf8)
{
	const char *end = text + size;
	unsigned used = 0;
	struct text_char c;

	for (; text_next(text, end, utf8, &c) && c.columns > 0 && used + c.columns <= room; text += c.bytes) {
		if (c.spread)
			for (unsigned i = 0; i < c.count; i++)
				frame_put(self, row, column + used + i, c.points[i], role);
		else
			put(self, row, column + used, c.points, c.count, c.columns, role);
		used += c.columns;
	}
	return used;
}

unsigned frame_label(struct frame *self, unsigned row, unsigned column, unsigned room, const char *text,
		     enum theme_role role, bool utf8)
{
	const char *ellipsis = utf8 ? "\xe2\x80\xa6" : "...";
	unsigned mark = utf8 ? 1 : 3;
	size_t size = strlen(text);

	if (text_columns(text, size, utf8) <= room)
		return frame_text(self, row, column, room, text, size, role, utf8);
	unsigned used = frame_text(self, row, column, room > mark ? room - mark : 0, text, size, role, utf8);
	return used + frame_text(self, row, column + used, room - used, ellipsis, strlen(ellipsis), role, utf8);
}

void frame_mark(struct frame *self, unsigned row, unsigned column, unsigned columns, enum theme_role role)
{
	for (unsigned i = 0; i < columns && cell(self, row, column + i) != NULL; i++)
		cell(self, row, column + i)->role = (uint8_t)role;
}

void frame_box(struct frame *self, struct frame_area area, const char *title, const struct theme *theme)
{
	if (area.rows < 2 || area.columns < 2)
		return;
	unsigned bottom = area.row + area.rows - 1, right = area.column + area.columns - 1;
	for (unsigned column = area.column + 1; column < right; column++) {
		frame_put(self, area.row, column, theme->horizontal, ROLE_FRAME);
		frame_put(self, bottom, column, theme->horizontal, ROLE_FRAME);
	}
	for (unsigned row = area.row + 1; row < bottom; row++) {
		frame_put(self, row, area.column, theme->vertical, ROLE_FRAME);
		frame_put(self, row, right, theme->vertical, ROLE_FRAME);
	}
	frame_put(self, area.row, area.column, theme->top_left, ROLE_FRAME);
	frame_put(self, area.row, right, theme->top_right, ROLE_FRAME);
	frame_put(self, bottom, area.column, theme->bottom_left, ROLE_FRAME);
	frame_put(self, bottom, right, theme->bottom_right, ROLE_FRAME);
	if (title == NULL || area.columns < 8)
		return;
	unsigned used = frame_label(self, area.row, area.column + 3, area.columns - 6, title, ROLE_TITLE, theme->utf8);
	frame_put(self, area.row, area.column + 2, ' ', ROLE_FRAME);
	frame_put(self, area.row, area.column + 3 + used, ' ', ROLE_FRAME);
}

void frame_legend(struct frame *self, struct frame_area area, const char *text, const struct theme *theme)
{
	unsigned columns = text_columns(text, strlen(text), theme->utf8);

	if (area.rows < 2 || area.columns < columns + 6)
		return;
	unsigned row = area.row + area.rows - 1, column = area.column + area.columns - columns - 3;
	frame_put(self, row, column - 1, ' ', ROLE_FRAME);
	frame_label(self, row, column, columns, text, ROLE_TITLE, theme->utf8);
	frame_put(self, row, column + columns, ' ', ROLE_FRAME);
}

void frame_cursor(struct frame *self, unsigned row, unsigned column)
{
	if (self->rows == 0 || self->columns == 0)
		return;
	self->cursor_row = row < self->rows ? row : self->rows - 1;
	self->cursor_column = column < self->columns ? column : self->columns - 1;
}
