/* SPDX-License-Identifier: MIT */
#include "ui/screen_pager.h"

#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/text.h"

#include <stdio.h>

/* Longer lines are hard to read. */
#define BOX_COLUMNS_MAX 100u
/* From here on the long hints fit. */
#define WIDE_COLUMNS 73u

struct pager_layout {
	struct frame_area box;
	unsigned columns; /* of the text */
	unsigned rows;
	unsigned lines; /* of the whole text */
	unsigned top_max;
};

static struct pager_layout layout_make(const struct pager_text *text, unsigned rows, unsigned columns,
				       const struct theme *theme)
{
	struct pager_layout self = {.box = {.rows = rows, .columns = columns}};

	if (self.box.columns > BOX_COLUMNS_MAX)
		self.box.columns = BOX_COLUMNS_MAX;
	self.box.column = (columns - self.box.columns) / 2;
	self.columns = self.box.columns > 5 ? self.box.columns - 4 : 1;
	self.rows = self.box.rows > 4 ? self.box.rows - 3 : 1;
	self.lines = text_wrap_count(text->text, self.columns, 0, theme->utf8);
	self.top_max = self.lines > self.rows ? self.lines - self.rows : 0;
	return self;
}

static void draw_text(const struct pager_text *text, unsigned top, const struct pager_layout *layout,
		      const struct theme *theme, struct frame *frame)
{
	struct text_wrap wrap;
	struct text_line line;

	text_wrap_init(&wrap, text->text, layout->columns, 0, theme->utf8);
	for (unsigned i = 0; i < top + layout->rows && text_wrap_next(&wrap, &line); i++)
		if (i >= top)
			frame_text(frame, layout->box.row + 1 + i - top, layout->box.column + 2 + line.indent,
				   layout->columns - line.indent, line.start, line.bytes, ROLE_PLAIN, theme->utf8);
}

static const char *hint_text(bool wide, bool hint)
{
	if (hint)
		return wide ? "Nothing is answered here. q or Esc goes back to the question."
			    : "No answer here. q: to the question";
	return wide ? "Arrows, Page Up, Page Down, Home, End: scroll   q or Esc: to the question"
		    : "Arrows, PgDn: scroll   q: question";
}

void pager_draw(const struct pager_text *text, const struct pager_view *view, const struct theme *theme,
		struct frame *frame)
{
	struct pager_layout layout = layout_make(text, view->rows, view->columns, theme);
	unsigned top = view->top < layout.top_max ? view->top : layout.top_max;
	unsigned last = top + layout.rows < layout.lines ? top + layout.rows : layout.lines;
	unsigned hint_row = layout.box.row + layout.box.rows - 2;
	const char *hint = hint_text(layout.columns >= WIDE_COLUMNS, view->hint);
	char position[64];

	if (layout.box.rows < 4 || layout.box.columns < 4) {
		draw_text(text, top, &layout, theme, frame);
		return;
	}
	frame_box(frame, layout.box, text->title, theme);
	draw_text(text, top, &layout, theme, frame);
	frame_label(frame, hint_row, layout.box.column + 2, layout.columns, hint, view->hint ? ROLE_ALERT : ROLE_PLAIN,
		    theme->utf8);
	snprintf(position, sizeof(position), "lines %u-%u of %u", layout.lines > 0 ? top + 1 : 0, last, layout.lines);
	frame_legend(frame, layout.box, position, theme);
	if (top > 0)
		frame_put(frame, layout.box.row + 1, layout.box.column + layout.box.columns - 1, theme->more_above,
			  ROLE_TITLE);
	if (top < layout.top_max)
		frame_put(frame, hint_row - 1, layout.box.column + layout.box.columns - 1, theme->more_below,
			  ROLE_TITLE);
	frame_cursor(frame, layout.box.row + 1, layout.box.column + 2);
}

/* `top` moved by `step`, kept within the text. */
static unsigned moved(unsigned top, long step, unsigned max)
{
	long to = (long)(top < max ? top : max) + step;

	return to < 0 ? 0 : to > (long)max ? max : (unsigned)to;
}

enum pager_move pager_step(const struct pager_text *text, struct pager_view *view, const struct theme *theme,
			   uint32_t key)
{
	struct pager_layout layout = layout_make(text, view->rows, view->columns, theme);
	/* One line of the last page stays, so that the eye finds its place. */
	long page = layout.rows > 1 ? (long)layout.rows - 1 : 1;
	enum key_action action = key_action(KEY_SCREEN_PAGER, key);

	view->hint = action == ACTION_NOTHING || action == ACTION_ANSWER_ELSEWHERE;
	switch (action) {
	case ACTION_UP:
		view->top = moved(view->top, -1, layout.top_max);
		return PAGER_STAY;
	case ACTION_DOWN:
		view->top = moved(view->top, 1, layout.top_max);
		return PAGER_STAY;
	case ACTION_PAGE_UP:
		view->top = moved(view->top, -page, layout.top_max);
		return PAGER_STAY;
	case ACTION_PAGE_DOWN:
		view->top = moved(view->top, page, layout.top_max);
		return PAGER_STAY;
	case ACTION_FIRST:
		view->top = 0;
		return PAGER_STAY;
	case ACTION_LAST:
		view->top = layout.top_max;
		return PAGER_STAY;
	case ACTION_BACK:
		return PAGER_BACK;
	case ACTION_QUIT:
		return PAGER_QUIT;
	case ACTION_SUSPEND:
		return PAGER_SUSPEND;
	case ACTION_REPAINT:
		return PAGER_REPAINT;
	default:
		return PAGER_STAY;
	}
}

/* The text's offset of the first line shown is what stays: line numbers change with the width. */
void pager_resize(const struct pager_text *text, struct pager_view *view, const struct theme *theme, unsigned rows,
		  unsigned columns)
{
	struct pager_layout before = layout_make(text, view->rows, view->columns, theme);
	struct pager_layout after = layout_make(text, rows, columns, theme);
	const char *shown = text->text;
	struct text_wrap wrap;
	struct text_line line;

	text_wrap_init(&wrap, text->text, before.columns, 0, theme->utf8);
	for (unsigned i = 0; i <= view->top && text_wrap_next(&wrap, &line); i++)
		shown = line.start;
	text_wrap_init(&wrap, text->text, after.columns, 0, theme->utf8);
	unsigned top = 0;
	for (unsigned i = 0; text_wrap_next(&wrap, &line) && line.start <= shown; i++)
		top = i;
	view->top = top < after.top_max ? top : after.top_max;
	view->rows = rows;
	view->columns = columns;
}
