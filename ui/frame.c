/* SPDX-License-Identifier: MIT */
#include "ui/frame.h"

#include "ui/sgr.h"
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

bool frame_same_cell(const struct frame_cell *a, const struct frame_cell *b)
{
	return a->count == b->count && a->columns == b->columns && a->role == b->role &&
	       a->style.foreground == b->style.foreground && a->style.background == b->style.background &&
	       a->style.attributes == b->style.attributes &&
	       memcmp(a->points, b->points, a->count * sizeof(a->points[0])) == 0;
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

/* ---- Text of services ---- */

#define TAB_COLUMNS 8u
/* Ends a right-to-left run, so that a terminal that turns runs leaves what stands beside it alone (Unicode Annex 9). */
#define LEFT_TO_RIGHT_MARK 0x200eu

struct source {
	struct frame *frame;
	unsigned row, column, room, skip;
	unsigned at; /* column of the text, what is left out in front counted */
	unsigned used;
	bool cut;
	struct theme_style style;
	struct frame_cell *turned; /* the last cell of a right-to-left run that has not ended */
};

enum direction { NEUTRAL, LEFT_TO_RIGHT, RIGHT_TO_LEFT };

/* As far as it matters here: what a right-to-left run goes on over, and what it must not take along. */
static enum direction direction_of(uint32_t point)
{
	if (point < 0x590)
		return (point >= '0' && point <= '9') || (point >= 'A' && point <= 'Z') ||
				       (point >= 'a' && point <= 'z') || point >= 0xc0
			       ? LEFT_TO_RIGHT
			       : NEUTRAL;
	if (point < 0x900 || (point >= 0xfb1d && point < 0xfe00) || (point >= 0xfe70 && point < 0xff00) ||
	    (point >= 0x10800 && point < 0x11000) || (point >= 0x1e800 && point < 0x1f000))
		return RIGHT_TO_LEFT;
	return point >= 0x2000 && point < 0x2c00 ? NEUTRAL : LEFT_TO_RIGHT;
}

static void end_run(struct source *self)
{
	if (self->turned != NULL && self->turned->count < FRAME_POINTS_MAX)
		self->turned->points[self->turned->count++] = LEFT_TO_RIGHT_MARK;
	self->turned = NULL;
}

/* One character of the text. Of a wide one of which only a half is in sight, a blank is shown. */
static void source_put(struct source *self, const uint32_t *points, unsigned count, unsigned columns)
{
	unsigned from = self->at;

	self->at += columns;
	if (self->at <= self->skip)
		return;
	if (self->cut || self->at - self->skip > self->room) {
		self->cut = true;
		return;
	}
	if (from < self->skip) {
		from = self->skip;
		points = blank.points;
		count = columns = 1;
	}
	unsigned column = self->column + from - self->skip;
	put(self->frame, self->row, column, points, count, columns, ROLE_SOURCE);
	self->used = self->at - self->skip;
	struct frame_cell *here = cell(self->frame, self->row, column);
	if (here == NULL)
		return;
	here->style = self->style;
	if (columns == 2 && cell(self->frame, self->row, column + 1) != NULL)
		cell(self->frame, self->row, column + 1)->style = self->style;
	enum direction direction = direction_of(points[0]);
	if (direction == LEFT_TO_RIGHT)
		end_run(self);
	else if (direction == RIGHT_TO_LEFT)
		self->turned = here;
}

static void source_blanks(struct source *self, unsigned to)
{
	while (self->at < to)
		source_put(self, blank.points, 1, 1);
}

/* What is beyond the edge still sets the style of what follows. */
static void source_rest(struct source *self, const char *at, const char *end)
{
	while (at < end && (at = memchr(at, '\033', (size_t)(end - at))) != NULL) {
		size_t bytes = sgr_read(at, end, &self->style);
		at += bytes > 0 ? bytes : 1;
	}
}

static size_t source_next(struct source *self, const char *at, const char *end, bool utf8)
{
	static const uint32_t line_end[] = {'^', 'J'};
	struct text_char c;
	size_t bytes;

	if (*at == '\033' && (bytes = sgr_read(at, end, &self->style)) > 0)
		return bytes;
	if (*at == '\t') {
		source_blanks(self, (self->at / TAB_COLUMNS + 1) * TAB_COLUMNS);
		return 1;
	}
	/* Most of it is this, and nothing combines with it. */
	if (*at >= ' ' && *at < 0x7f && (at + 1 == end || (unsigned char)at[1] < 0x80)) {
		source_put(self, &(const uint32_t){(unsigned char)*at}, 1, 1);
		return 1;
	}
	if (!text_next(at, end, utf8, &c))
		return (size_t)(end - at);
	if (c.columns == 0) { /* an end of line that is none here */
		c.spread = true;
		c.count = 2;
		memcpy(c.points, line_end, sizeof(line_end));
	}
	if (!c.spread)
		source_put(self, c.points, c.count, c.columns);
	for (unsigned i = 0; c.spread && i < c.count; i++)
		source_put(self, &c.points[i], 1, 1);
	return c.bytes;
}

unsigned frame_source(struct frame *self, unsigned row, unsigned column, unsigned room, unsigned skip, const char *text,
		      size_t size, struct theme_style *style, bool *more, bool utf8)
{
	struct source source = {
		.frame = self, .row = row, .column = column, .room = room, .skip = skip, .style = *style};
	const char *at = text, *end = text + size;

	while (at < end && !source.cut)
		at += source_next(&source, at, end, utf8);
	source_rest(&source, at, end);
	end_run(&source);
	*style = source.style;
	if (more != NULL)
		*more = source.cut;
	return source.used;
}

/* ---- Labels, marks, boxes ---- */

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

static void mark(struct frame_cell *target, enum theme_role role)
{
	target->role = (uint8_t)role;
	if (role != ROLE_SOURCE)
		target->style = (struct theme_style){0};
}

void frame_mark(struct frame *self, unsigned row, unsigned column, unsigned columns, enum theme_role role)
{
	for (unsigned i = 0; i < columns && cell(self, row, column + i) != NULL; i++)
		mark(cell(self, row, column + i), role);
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
