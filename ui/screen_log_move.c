/* SPDX-License-Identifier: MIT */
/* Where one is in a log: the first line shown and the line of the cursor, as places of the text, and rows between them. */
#include "ui/log_row.h"
#include "ui/screen_log_parts.h"

#include <stdio.h>

static enum log_text_found line_at(const struct log_view *self, int64_t at, struct log_text_line *line)
{
	return self->text->ops->line(self->text, at, line);
}

static enum log_text_found line_behind(const struct log_view *self, int64_t at, struct log_text_line *line)
{
	return self->text->ops->find_next(self->text, at, LOG_TEXT_ANY, line);
}

static enum log_text_found line_before(const struct log_view *self, int64_t at, struct log_text_line *line)
{
	return self->text->ops->find_before(self->text, at, LOG_TEXT_ANY, line);
}

unsigned log_view_line_rows(const struct log_view *self, const struct log_text_line *line)
{
	return self->wrap ? log_row_count(line->bytes, line->size_bytes, self->columns, self->utf8) : 1;
}

/* The top from which `rows` rows lead to `at`, or less when the text begins in between. */
static void top_above(struct log_view *self, int64_t at, unsigned rows)
{
	struct log_text_line line;

	self->at.top = at;
	self->at.top_skip = 0;
	while (rows > 0 && line_before(self, self->at.top, &line) == LOG_TEXT_THERE) {
		unsigned own = log_view_line_rows(self, &line);
		self->at.top = line.at;
		if (own > rows) {
			self->at.top_skip = own - rows;
			return;
		}
		rows -= own;
	}
}

/* The last screenful. */
static void top_at_end(struct log_view *self)
{
	top_above(self, self->text->ops->end(self->text), self->rows);
}

/* The cursor to the last line; false when there is none, or none known. */
static bool cursor_to_last(struct log_view *self)
{
	struct log_text_line line;

	if (line_before(self, self->text->ops->end(self->text), &line) != LOG_TEXT_THERE)
		return false;
	self->at.cursor = line.at;
	return true;
}

static bool is_last(const struct log_view *self, int64_t at)
{
	struct log_text_line line;

	return line_behind(self, at, &line) == LOG_TEXT_NONE;
}

void log_view_pause(struct log_view *self)
{
	self->at.follow = false;
	self->flooding = false;
}

void log_view_follow(struct log_view *self)
{
	self->at.follow = true;
	self->marking = self->dragging = false;
	cursor_to_last(self);
	top_at_end(self);
}

/* Nobody who marks lines wants them to run away. */
static void follow_at_end(struct log_view *self)
{
	if (!self->marking && !self->dragging && is_last(self, self->at.cursor))
		log_view_follow(self);
}

unsigned log_view_cursor_row(const struct log_view *self)
{
	struct log_text_line line;
	unsigned row = 0;

	for (enum log_text_found found = line_at(self, self->at.top, &line);
	     found == LOG_TEXT_THERE && row < self->rows + self->at.top_skip && line.at < self->at.cursor;
	     found = line_behind(self, line.at, &line))
		row += log_view_line_rows(self, &line);
	return row > self->at.top_skip ? row - self->at.top_skip : 0;
}

bool log_view_line_in_row(const struct log_view *self, unsigned row, struct log_text_line *line)
{
	enum log_text_found found = self->text != NULL ? line_at(self, self->at.top, line) : LOG_TEXT_NONE;

	for (row += self->at.top_skip; found == LOG_TEXT_THERE; found = line_behind(self, line->at, line)) {
		unsigned own = log_view_line_rows(self, line);
		if (row < own)
			return true;
		row -= own;
	}
	return false;
}

/* The rows in sight that are left below the cursor's line; < 0: so many of its own are not in sight. */
static int rows_below_cursor(const struct log_view *self)
{
	struct log_text_line line;
	unsigned row = log_view_cursor_row(self);

	if (line_at(self, self->at.cursor, &line) != LOG_TEXT_THERE)
		return 0;
	unsigned own = log_view_line_rows(self, &line);
	if (line.at == self->at.top)
		own -= self->at.top_skip < own ? self->at.top_skip : own - 1;
	return (int)self->rows - (int)(row + own);
}

/* As little as possible moves; of a line higher than the view its beginning is shown. */
static void show_cursor(struct log_view *self)
{
	struct log_text_line line;

	if (self->at.cursor <= self->at.top) {
		self->at.top = self->at.cursor;
		self->at.top_skip = 0;
	} else if (rows_below_cursor(self) < 0 && line_at(self, self->at.cursor, &line) == LOG_TEXT_THERE) {
		unsigned own = log_view_line_rows(self, &line);
		top_above(self, self->at.cursor, own < self->rows ? self->rows - own : 0);
	}
}

/* The cursor to the nearest line in sight. */
static void cursor_into_sight(struct log_view *self)
{
	struct log_text_line line;

	if (self->at.cursor < self->at.top) {
		if (line_at(self, self->at.top, &line) == LOG_TEXT_THERE)
			self->at.cursor = line.at;
	} else if (log_view_cursor_row(self) >= self->rows) {
		if (log_view_line_in_row(self, self->rows - 1, &line))
			self->at.cursor = line.at;
	}
}

static void scroll_up(struct log_view *self, unsigned rows)
{
	if (self->at.top_skip >= rows)
		self->at.top_skip -= rows;
	else
		top_above(self, self->at.top, rows - self->at.top_skip);
}

/* No empty rows below while there is something above; true when it stands at the end. */
static bool hold_end(struct log_view *self)
{
	struct log_text_line line;
	enum log_text_found found = line_at(self, self->at.top, &line);
	unsigned rows = 0;

	for (; found == LOG_TEXT_THERE; found = line_behind(self, line.at, &line)) {
		rows += log_view_line_rows(self, &line);
		if (rows - self->at.top_skip > self->rows)
			return false;
		if (rows - self->at.top_skip == self->rows)
			return is_last(self, line.at);
	}
	if (found == LOG_TEXT_LATER)
		return false;
	top_at_end(self);
	return true;
}

static bool scroll_down(struct log_view *self, unsigned rows)
{
	struct log_text_line line;
	enum log_text_found found = line_at(self, self->at.top, &line);

	while (found == LOG_TEXT_THERE && rows > 0) {
		unsigned own = log_view_line_rows(self, &line) - self->at.top_skip;
		if (rows < own) {
			self->at.top_skip += rows;
			break;
		}
		rows -= own;
		found = line_behind(self, line.at, &line);
		if (found != LOG_TEXT_THERE)
			break;
		self->at.top = line.at;
		self->at.top_skip = 0;
	}
	return hold_end(self);
}

void log_view_scroll(struct log_view *self, int rows)
{
	log_view_pause(self);
	if (rows < 0) {
		scroll_up(self, (unsigned)-rows);
	} else if (scroll_down(self, (unsigned)rows) && !self->marking && !self->dragging) {
		log_view_follow(self);
		return;
	}
	cursor_into_sight(self);
}

void log_view_page(struct log_view *self, int rows)
{
	int64_t top = self->at.top;
	unsigned skip = self->at.top_skip, row = log_view_cursor_row(self);
	struct log_text_line line;

	log_view_pause(self);
	if (rows < 0)
		scroll_up(self, (unsigned)-rows);
	else
		scroll_down(self, (unsigned)rows);
	if (self->at.top == top && self->at.top_skip == skip) {
		if (rows > 0)
			cursor_to_last(self);
		else if (line_at(self, self->text->ops->start(self->text), &line) == LOG_TEXT_THERE)
			self->at.cursor = line.at;
	} else if (log_view_line_in_row(self, row < self->rows ? row : self->rows - 1, &line)) {
		self->at.cursor = line.at;
	}
	if (rows > 0)
		follow_at_end(self);
}

bool log_view_cursor(struct log_view *self, bool back)
{
	struct log_text_line line;

	log_view_pause(self);
	if (!back && rows_below_cursor(self) < 0) { /* a line higher than the view is read row by row */
		if (scroll_down(self, 1))
			follow_at_end(self);
		return true;
	}
	if (back && self->at.cursor == self->at.top && self->at.top_skip > 0) {
		self->at.top_skip--;
		return true;
	}
	enum log_text_found found =
		back ? line_before(self, self->at.cursor, &line) : line_behind(self, self->at.cursor, &line);
	if (found == LOG_TEXT_THERE) {
		self->at.cursor = line.at;
		if (back && line.at < self->at.top) /* its last row first */
			top_above(self, self->at.top, 1);
		else
			show_cursor(self);
	}
	if (!back)
		follow_at_end(self);
	return found != LOG_TEXT_LATER;
}

void log_view_gather(struct log_view *self, unsigned row)
{
	top_above(self, self->at.cursor, row < self->rows ? row : 0);
	hold_end(self);
}

void log_view_jump(struct log_view *self, int64_t at)
{
	log_view_pause(self);
	self->at.cursor = at;
	if (at < self->at.top || log_view_cursor_row(self) >= self->rows || rows_below_cursor(self) < 0)
		log_view_gather(self, self->rows / 3);
}

void log_view_marked(const struct log_view *self, int64_t *from, int64_t *to)
{
	int64_t last = self->mark > self->at.cursor ? self->mark : self->at.cursor;
	struct log_text_line line;

	*from = self->mark < self->at.cursor ? self->mark : self->at.cursor;
	*to = line_at(self, last, &line) == LOG_TEXT_THERE ? line.next : self->text->ops->end(self->text);
}

/* The row of a wrapped line that holds the same byte when rows have other columns. */
static void carry_skip(struct log_view *self, unsigned columns)
{
	struct log_text_line line;
	size_t at = 0, to = 0;

	if (self->at.top_skip == 0 || self->columns == columns ||
	    line_at(self, self->at.top, &line) != LOG_TEXT_THERE || line.at != self->at.top)
		return;
	for (unsigned i = 0; i < self->at.top_skip && to < line.size_bytes; i++)
		to += log_row_bytes(line.bytes + to, line.size_bytes - to, self->columns, self->utf8);
	self->at.top_skip = 0;
	for (size_t size; at < line.size_bytes; at += size, self->at.top_skip++) {
		size = log_row_bytes(line.bytes + at, line.size_bytes - at, columns, self->utf8);
		if (at + size > to)
			break;
	}
}

/* Places that the text no longer has become those next to them. */
static void hold_places(struct log_view *self)
{
	struct log_text_line line;
	enum log_text_found found = line_at(self, self->at.cursor, &line);

	if (found == LOG_TEXT_THERE)
		self->at.cursor = line.at;
	else if (found == LOG_TEXT_NONE)
		cursor_to_last(self);
	found = line_at(self, self->at.top, &line);
	if (found == LOG_TEXT_NONE) {
		top_at_end(self);
	} else if (found == LOG_TEXT_THERE) {
		if (line.at != self->at.top)
			self->at.top_skip = 0;
		self->at.top = line.at;
		unsigned own = log_view_line_rows(self, &line);
		if (self->at.top_skip >= own)
			self->at.top_skip = own - 1;
	}
}

void log_view_settle(struct log_view *self, unsigned rows, unsigned columns)
{
	/* Keys may come even where there is no room. */
	rows = rows > 0 ? rows : 1;
	columns = columns > 0 ? columns : 1;
	bool resized = self->rows != rows || self->columns != columns;

	if (self->wrap && self->text != NULL)
		carry_skip(self, columns);
	self->rows = rows;
	self->columns = columns;
	if (self->text == NULL)
		return;
	if (self->at.follow) {
		log_view_follow(self);
		return;
	}
	hold_places(self);
	hold_end(self);
	if (resized)
		show_cursor(self);
}
