/* SPDX-License-Identifier: MIT */
/* A log view as cells: heading, times, names, lines with their own colours, marks and hits, and the line below. */
#include "config/figure.h"
#include "ui/log_level.h"
#include "ui/log_row.h"
#include "ui/screen_log_parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

/* Narrower areas show no times; from the wider one on they have milliseconds. */
#define TIMES_COLUMNS 50u
#define FINE_COLUMNS 100u
#define NAMES_COLUMNS 30u
/* Narrower ones have shorter words. */
#define BRIEF_COLUMNS 60u
#define NAME_COLUMNS_MAX 16u
#define DASHES 4u
#define TITLE_COLUMNS_MIN 4u
#define PARTS_MAX 4u
#define PART_BYTES 160

/* Columns of what stands in front of a line. */
struct gutter {
	unsigned margin, time, name;
	unsigned all; /* with the gaps in between */
	bool fine;
};

struct drawing {
	const struct log_view *view;
	const struct screen_context *context;
	struct frame *frame;
	struct frame_area area; /* of the lines */
	struct gutter gutter;
	int64_t begin_ms;
	bool utf8, searching;
};

static struct gutter gutter_make(const struct log_view *self, unsigned columns, bool whole)
{
	static const unsigned time_columns[LOG_TIMES_COUNT][2] = {
		[LOG_TIMES_CLOCK] = {8, 12}, [LOG_TIMES_SINCE_START] = {9, 13}, [LOG_TIMES_BETWEEN] = {8, 8}};
	struct gutter gutter = {.fine = columns >= FINE_COLUMNS};

	if (columns >= TIMES_COLUMNS)
		gutter.time = time_columns[self->times][gutter.fine];
	if (self->text->merged && columns >= NAMES_COLUMNS)
		gutter.name = self->name_columns < columns / 4 ? self->name_columns : columns / 4;
	gutter.all = gutter.name > 0 ? gutter.name + 2 : 0;
	if (gutter.time > 0)
		gutter.all += gutter.time + (gutter.name > 0 ? 1 : 2);
	gutter.margin = (whole && gutter.all > 0) || columns < 3 ? 0 : 1;
	gutter.all += gutter.margin;
	return gutter;
}

/* ---- Lines ---- */

/* Signs that are put beside and over what services write. */
static void draw_sign(const struct drawing *self, unsigned row, unsigned column, uint32_t sign)
{
	frame_put(self->frame, row, self->area.column + column, sign, ROLE_FRAME);
}

/* Where the sign of a line stands that goes on from the one above. */
static unsigned sign_column(const struct gutter *gutter)
{
	if (gutter->name > 0)
		return gutter->all - gutter->name - 2;
	return gutter->time > 0 ? gutter->all - 2 : 0;
}

static void draw_gutter(const struct drawing *self, const struct log_text_line *line, unsigned row, bool goes_on,
			int64_t previous_ms)
{
	const struct gutter *gutter = &self->gutter;
	const struct log_moment moment = {line->time_wall_ms, self->begin_ms, previous_ms};
	bool selected = !self->view->at.follow && line->at == self->view->at.cursor;
	unsigned column = self->area.column + gutter->margin;
	char time[32];

	if (goes_on) {
		if (gutter->all > 0)
			draw_sign(self, row, sign_column(gutter), self->context->theme->continues);
		return;
	}
	if (gutter->time > 0) {
		log_time_text(self->view->times, &moment, gutter->fine, time, sizeof(time));
		frame_text(self->frame, row, column, gutter->time, time, strlen(time),
			   selected ? ROLE_SELECTED : ROLE_PLAIN, self->utf8);
		column += gutter->time + 1;
	}
	if (gutter->name > 0)
		frame_label(self->frame, row, column, gutter->name, line->service,
			    selected ? ROLE_SELECTED : theme_name_role(line->service_number), self->utf8);
}

/* One row of a line: which of its bytes stand there. */
struct piece {
	const char *bytes;
	size_t size_bytes, offset; /* in the line */
	unsigned row, skip, used;
};

/* These bytes of the line, as far as they stand in the piece. */
static void mark_bytes(const struct drawing *self, const struct piece *piece, struct log_row_walk *walk, size_t offset,
		       size_t size, enum theme_role role)
{
	unsigned room = self->view->columns, left = self->area.column + self->gutter.all;
	size_t from = offset > piece->offset ? offset - piece->offset : 0;
	size_t to = offset + size > piece->offset ? offset + size - piece->offset : 0;

	if (from >= piece->size_bytes || to == 0)
		return;
	to = to < piece->size_bytes ? to : piece->size_bytes;
	unsigned first = log_row_walk_to(walk, piece->bytes + from);
	unsigned behind = log_row_walk_to(walk, piece->bytes + to);
	if (first >= piece->skip + room)
		return;
	first = first > piece->skip ? first - piece->skip : 0;
	behind = behind > piece->skip ? behind - piece->skip : 0;
	behind = behind < room ? behind : room;
	if (behind > first)
		frame_mark(self->frame, piece->row, left + first, behind - first, role);
}

static void mark_level(const struct drawing *self, const struct piece *piece)
{
	struct log_row_walk walk;
	size_t offset, length;
	enum theme_role role = log_level_find(piece->bytes, piece->size_bytes, &offset, &length);

	if (role == ROLE_PLAIN)
		return;
	log_row_walk_init(&walk, piece->bytes, piece->size_bytes, self->utf8);
	mark_bytes(self, piece, &walk, offset, length, role);
}

static void mark_hits(const struct drawing *self, const struct piece *piece, const size_t *offsets, const size_t *sizes,
		      size_t count)
{
	struct log_row_walk walk;

	log_row_walk_init(&walk, piece->bytes, piece->size_bytes, self->utf8);
	for (size_t i = 0; i < count; i++)
		mark_bytes(self, piece, &walk, offsets[i], sizes[i], ROLE_HIT);
}

static bool is_marked(const struct log_view *view, int64_t at)
{
	int64_t low = view->mark < view->at.cursor ? view->mark : view->at.cursor;
	int64_t high = view->mark < view->at.cursor ? view->at.cursor : view->mark;

	return view->marking && at >= low && at <= high;
}

static void draw_piece(const struct drawing *self, struct piece *piece, const struct log_text_line *line,
		       struct theme_style *style, bool *more)
{
	unsigned left = self->area.column + self->gutter.all;

	piece->used = frame_source(self->frame, piece->row, left, self->view->columns, piece->skip, piece->bytes,
				   piece->size_bytes, style, more, self->utf8);
	if (line->kind == LOG_TEXT_NOTE)
		frame_mark(self->frame, piece->row, left, piece->used, ROLE_NOTE);
	else if (piece->offset == 0 && !line->continues)
		mark_level(self, piece);
	if (is_marked(self->view, line->at))
		frame_mark(self->frame, piece->row, self->area.column,
			   self->gutter.all + piece->used + (piece->used == 0), ROLE_MARKED);
}

/* A line that is cut at both edges, in one row. */
static bool draw_cut(const struct drawing *self, const struct log_text_line *line, unsigned row)
{
	struct piece piece = {
		.bytes = line->bytes, .size_bytes = line->size_bytes, .row = row, .skip = self->view->left};
	size_t offsets[LOG_TEXT_HITS_MAX], sizes[LOG_TEXT_HITS_MAX], count = 0;
	struct theme_style style = {0};
	bool more = false;

	draw_piece(self, &piece, line, &style, &more);
	if (self->searching)
		count = self->view->text->ops->hits(self->view->text, line, offsets, sizes, LOG_TEXT_HITS_MAX);
	mark_hits(self, &piece, offsets, sizes, count);
	if (more && self->view->columns > 1)
		draw_sign(self, row, self->gutter.all + self->view->columns - 1, self->context->theme->more_right);
	if (piece.skip > 0 && line->size_bytes > 0)
		draw_sign(self, row, self->gutter.all, '<');
	return more;
}

/* All rows of a line but the first `skip`; returns how many there was room for. */
static unsigned draw_wrapped(const struct drawing *self, const struct log_text_line *line, unsigned row, unsigned skip)
{
	size_t offsets[LOG_TEXT_HITS_MAX], sizes[LOG_TEXT_HITS_MAX], count = 0, size;
	unsigned end = self->area.row + self->area.rows, first = row;
	struct frame nowhere = {0};
	struct theme_style style = {0};

	if (self->searching)
		count = self->view->text->ops->hits(self->view->text, line, offsets, sizes, LOG_TEXT_HITS_MAX);
	for (size_t at = 0, i = 0; row < end && (at < line->size_bytes || i == 0); at += size, i++) {
		struct piece piece = {.bytes = line->bytes + at, .offset = at, .row = row};
		size = log_row_bytes(piece.bytes, line->size_bytes - at, self->view->columns, self->utf8);
		piece.size_bytes = size;
		if (i < skip) { /* its colours last */
			frame_source(&nowhere, 0, 0, self->view->columns, 0, piece.bytes, size, &style, NULL,
				     self->utf8);
			continue;
		}
		if (i > 0)
			draw_gutter(self, line, row, true, -1);
		draw_piece(self, &piece, line, &style, NULL);
		mark_hits(self, &piece, offsets, sizes, count);
		row++;
	}
	return row - first;
}

/* It belongs to what the line above it says: a stack trace, a table. */
static bool goes_on(const struct log_text_line *line, const char *service_above)
{
	if (line->continues)
		return true;
	return service_above != NULL && line->size_bytes > 0 && (line->bytes[0] == ' ' || line->bytes[0] == '\t') &&
	       strcmp(line->service, service_above) == 0;
}

/* False: there are none. */
static bool draw_lines(struct log_view *view, const struct drawing *self)
{
	const struct log_text_ops *ops = view->text->ops;
	unsigned row = self->area.row, end = self->area.row + self->area.rows, skip = view->at.top_skip;
	const char *service = NULL;
	int64_t previous_ms = -1;
	struct log_text_line line;

	view->cut = false;
	if (view->times == LOG_TIMES_BETWEEN &&
	    ops->find_before(view->text, view->at.top, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE)
		previous_ms = line.time_wall_ms;
	for (enum log_text_found found = ops->line(view->text, view->at.top, &line);
	     found == LOG_TEXT_THERE && row < end; found = ops->find_next(view->text, line.at, LOG_TEXT_ANY, &line)) {
		if (line.at == view->at.cursor)
			view->cursor_row = row - self->area.row;
		if (skip == 0)
			draw_gutter(self, &line, row, goes_on(&line, self->gutter.name > 0 ? service : NULL),
				    previous_ms);
		if (!view->wrap) {
			view->cut = draw_cut(self, &line, row) || view->cut;
			row++;
		} else {
			row += draw_wrapped(self, &line, row, skip);
		}
		skip = 0;
		service = line.service;
		previous_ms = line.time_wall_ms;
		if (line.next > view->seen_end)
			view->seen_end = line.next;
	}
	return row > self->area.row;
}

/* The longest name in sight; true when it is longer than what there was room for. */
static bool widen_names(struct log_view *self, unsigned rows, bool utf8)
{
	const struct log_text_ops *ops = self->text->ops;
	unsigned before = self->name_columns;
	struct log_text_line line;

	if (!self->text->merged)
		return false;
	for (enum log_text_found found = ops->line(self->text, self->at.top, &line);
	     found == LOG_TEXT_THERE && rows > 0 && self->name_columns < NAME_COLUMNS_MAX;
	     found = ops->find_next(self->text, line.at, LOG_TEXT_ANY, &line), rows--) {
		unsigned columns = text_columns(line.service, strlen(line.service), utf8);
		if (columns > self->name_columns)
			self->name_columns = columns < NAME_COLUMNS_MAX ? columns : NAME_COLUMNS_MAX;
	}
	return self->name_columns > before;
}

static void settle(struct log_view *self, struct drawing *drawing, bool whole)
{
	unsigned columns = drawing->area.columns;

	do {
		drawing->gutter = gutter_make(self, columns, whole);
		unsigned gutter = drawing->gutter.all;
		log_view_settle(self, drawing->area.rows, columns > gutter ? columns - gutter : 1);
	} while (widen_names(self, drawing->area.rows, drawing->utf8));
}

/* ---- Headings ---- */

/* Parts of a line of words behind `column`, as many whole ones as there is room for. */
static void draw_parts(struct frame *frame, struct frame_area area, unsigned column, char parts[][PART_BYTES],
		       size_t count, bool utf8)
{
	for (size_t i = 0; i < count; i++) {
		unsigned columns = text_columns(parts[i], strlen(parts[i]), utf8);
		unsigned gap = column > 0 ? 2 : 1;
		if (columns == 0 || column + gap + columns > area.columns)
			continue;
		column += gap;
		column += frame_text(frame, area.row, area.column + column, columns, parts[i], strlen(parts[i]),
				     ROLE_PLAIN, utf8);
	}
}

static void draw_heading(const struct log_view *self, const struct log_text_status *status, const struct theme *theme,
			 struct frame *frame, struct frame_area area)
{
	char state[PART_BYTES] = "", parts[PARTS_MAX][PART_BYTES] = {{0}};
	unsigned left = area.columns > 40 ? 1 : 0, used;

	log_view_state_text(self, state, sizeof(state));
	unsigned columns = text_columns(state, strlen(state), theme->utf8);
	if (columns + left > area.columns)
		columns = area.columns > left ? area.columns - left : 0;
	unsigned right = area.columns - columns - left;
	frame_text(frame, area.row, area.column + right, columns, state, strlen(state), ROLE_PLAIN, theme->utf8);
	struct frame_area rest = {area.row, area.column, 1, right > 2 ? right - 2 : 0};
	unsigned room = rest.columns > left ? rest.columns - left : 0;
	used = left;
	if (room >= TITLE_COLUMNS_MIN)
		used += frame_label(frame, area.row, area.column + left, room, self->text->title, ROLE_TITLE,
				    theme->utf8);
	log_view_position_text(self, status, parts[0], sizeof(parts[0]));
	if (status->size_bytes > 0)
		figure_bytes(status->size_bytes, parts[1], sizeof(parts[1]));
	draw_parts(frame, rest, used, parts, 2, theme->utf8);
}

/* Words in a line of dashes, `behind` of them behind it; returns the column where they begin. */
static unsigned draw_in_dashes(struct frame *frame, struct frame_area area, unsigned end, unsigned behind,
			       const char *text, bool utf8)
{
	unsigned columns = text_columns(text, strlen(text), utf8);

	if (columns == 0 || end < columns + 2 + behind)
		return end;
	unsigned column = end - behind - columns - 2;
	frame_put(frame, area.row, area.column + column, ' ', ROLE_FRAME);
	frame_text(frame, area.row, area.column + column + 1, columns, text, strlen(text), ROLE_PLAIN, utf8);
	frame_put(frame, area.row, area.column + column + 1 + columns, ' ', ROLE_FRAME);
	return column;
}

/* "-- log: api ------ follow ---- 1,204 lines, 3 error ----" */
static void draw_divider(const struct log_view *self, const struct log_text_status *status, const struct theme *theme,
			 struct frame *frame, struct frame_area area)
{
	unsigned dashes = area.columns < BRIEF_COLUMNS ? 1 : DASHES, end = area.columns;
	char title[PART_BYTES], text[PART_BYTES] = "";

	for (unsigned column = 0; column < area.columns; column++)
		frame_put(frame, area.row, area.column + column, theme->horizontal, ROLE_FRAME);
	if (self->text == NULL)
		return;
	if (area.columns >= BRIEF_COLUMNS) {
		log_view_counts_text(status, text, sizeof(text));
		end = draw_in_dashes(frame, area, end, dashes, text, theme->utf8);
	}
	log_view_state_text(self, text, sizeof(text));
	end = draw_in_dashes(frame, area, end, dashes, text, theme->utf8);
	if (end < 8)
		return;
	snprintf(title, sizeof(title), area.columns < 50 ? "%s" : "log: %s", self->text->title);
	frame_put(frame, area.row, area.column + 2, ' ', ROLE_FRAME);
	unsigned used = frame_label(frame, area.row, area.column + 3, end - 5, title, ROLE_TITLE, theme->utf8);
	frame_put(frame, area.row, area.column + 3 + used, ' ', ROLE_FRAME);
}

static void draw_words(struct frame *frame, struct frame_area area, const char *text, enum theme_role role, bool utf8)
{
	if (area.rows > 0 && area.columns > 1)
		frame_label(frame, area.row, area.column + 1, area.columns - 1, text, role, utf8);
}

void log_view_draw(struct log_view *self, const struct screen_context *context, struct frame *frame,
		   struct frame_area area, bool whole)
{
	struct log_text_status status = {.lines = -1, .problems = -1};
	struct drawing drawing = {.view = self, .context = context, .frame = frame, .area = area};
	char text[PART_BYTES];

	if (area.rows == 0 || area.columns == 0)
		return;
	self->utf8 = drawing.utf8 = context->theme->utf8;
	if (self->text != NULL)
		self->text->ops->status(self->text, &status);
	if (status.lines >= 0)
		self->lines = status.lines;
	status.lines = self->lines;
	self->first_row = status.trouble != NULL && area.rows > 2 ? 2 : 1;
	drawing.area.row += self->first_row;
	drawing.area.rows = area.rows > self->first_row ? area.rows - self->first_row : 0;
	if (self->text != NULL)
		settle(self, &drawing, whole);
	if (self->first_row == 2)
		draw_words(frame, (struct frame_area){area.row + 1, area.column, 1, area.columns}, status.trouble,
			   ROLE_WARN, context->theme->utf8);
	self->cursor_row = 0;
	drawing.searching = self->searched[0] != '\0' || self->typing == LOG_TYPING_SEARCH;
	if (self->text != NULL)
		drawing.begin_ms = log_view_begin_ms(self, context);
	if (self->text == NULL || !draw_lines(self, &drawing)) {
		log_view_empty_text(self, context, &status, text, sizeof(text));
		draw_words(frame, drawing.area, text, ROLE_PLAIN, context->theme->utf8);
	}
	/* What is in sight now is not new any more. */
	if (whole && self->text != NULL)
		draw_heading(self, &status, context->theme, frame, area);
	else
		draw_divider(self, &status, context->theme, frame, area);
	self->cursor_row += self->first_row;
	if (self->cursor_row >= area.rows)
		self->cursor_row = area.rows - 1;
	if (whole)
		frame_cursor(frame, area.row + self->cursor_row, area.column);
}

/* ---- The line below ---- */

static const char *prompt_of(enum log_typing typing)
{
	switch (typing) {
	case LOG_TYPING_SEARCH:
		return "/";
	case LOG_TYPING_FILTER:
		return "&";
	case LOG_TYPING_PATH:
		return "save to: ";
	case LOG_TYPING_PLACE:
		return "go to: ";
	case LOG_TYPING_NOTHING:
		break;
	}
	return "";
}

/* The field, and at its right what is wrong with it or how far a search is. */
static void draw_typing(const struct log_view *self, const struct log_text_status *status, const struct theme *theme,
			struct frame *frame, struct frame_area area)
{
	const char *prompt = prompt_of(self->typing);
	unsigned at = area.columns > 20 ? 1 : 0, room = area.columns;
	char text[PART_BYTES] = "";

	if (self->problem[0] != '\0')
		snprintf(text, sizeof(text), "%s", self->problem);
	else if (self->seeking)
		snprintf(text, sizeof(text), "searching %u%%", status->percent);
	else if (self->typing == LOG_TYPING_SEARCH && self->search.size_bytes > 0)
		log_view_hits_text(self, status, area.columns < BRIEF_COLUMNS, text, sizeof(text));
	unsigned columns = text_columns(text, strlen(text), theme->utf8);
	if (columns > 0 && columns + 12 < area.columns) {
		room = area.columns - columns - 2;
		frame_text(frame, area.row, area.column + area.columns - columns - 1, columns, text, strlen(text),
			   self->problem[0] != '\0' ? ROLE_WARN : ROLE_PLAIN, theme->utf8);
	}
	at += frame_text(frame, area.row, area.column + at, room > at ? room - at : 0, prompt, strlen(prompt), ROLE_KEY,
			 theme->utf8);
	line_edit_draw(log_view_field(self), theme, frame, area.row, area.column + at, room > at ? room - at : 1);
}

bool log_view_draw_line(const struct log_view *self, const struct screen_context *context, struct frame *frame,
			struct frame_area area)
{
	char parts[PARTS_MAX][PART_BYTES] = {{0}};
	bool brief = area.columns < BRIEF_COLUMNS;
	struct log_text_status status;
	size_t count = 0;

	if (self->text == NULL || area.rows == 0 || area.columns == 0)
		return false;
	self->text->ops->status(self->text, &status);
	if (status.lines < 0)
		status.lines = self->lines;
	if (self->typing != LOG_TYPING_NOTHING) {
		draw_typing(self, &status, context->theme, frame, area);
		return true;
	}
	if (self->searched[0] != '\0') {
		parts[count][0] = '/';
		text_elide(self->searched, area.columns / 2, context->theme->utf8, parts[count++] + 1, PART_BYTES - 1);
		if (!self->seeking)
			log_view_hits_text(self, &status, brief, parts[count++], PART_BYTES);
	}
	if (self->seeking)
		snprintf(parts[count++], PART_BYTES, "searching %u%%", status.percent);
	else if (self->said[0] != '\0')
		snprintf(parts[count++], PART_BYTES, "%s", self->said);
	if (self->filtered[0] != '\0')
		log_view_filter_text(&status, brief, parts[count++], PART_BYTES);
	draw_parts(frame, area, 0, parts, count, context->theme->utf8);
	return count > 0;
}
