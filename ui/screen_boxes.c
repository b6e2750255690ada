/* SPDX-License-Identifier: MIT */
#include "ui/screen_boxes.h"

#include "config/figure.h"
#include "ui/text.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Wider boxes are hard to read; below these there is no room for a border. */
#define BOX_COLUMNS_MAX 72u
#define BORDER_ROWS_MIN 6u
#define BORDER_COLUMNS_MIN 20u
/* Rows of a menu that are passed by a page. */
#define MENU_PAGE 10u
/* Columns in front of a row's text: the sign of the selected one, the key. */
#define ROW_INDENT 6u

void menu_begin(struct menu_view *self, enum menu_kind kind, const char *title, bool has_focus)
{
	*self = (struct menu_view){.kind = kind, .has_focus = has_focus};
	snprintf(self->title, sizeof(self->title), "%s", title);
}

void menu_add(struct menu_view *self, uint32_t key, int value, const char *text)
{
	if (self->count == MENU_ROWS_MAX)
		return;
	struct menu_row *row = &self->rows[self->count++];
	*row = (struct menu_row){.key = key, .value = value};
	snprintf(row->text, sizeof(row->text), "%s", text);
}

void menu_add_signals(struct menu_view *self)
{
	/* Keys are the signals' numbers, where they have one digit. */
	static const struct {
		uint32_t key;
		int number;
		const char *text;
	} signals[] = {
		{0, SIGTERM, "TERM   please end"},
		{'2', SIGINT, "INT    as Ctrl-C does"},
		{'1', SIGHUP, "HUP    many read their settings anew"},
		{'3', SIGQUIT, "QUIT   end, often with a core dump"},
		{0, SIGUSR1, "USR1   whatever the service makes of it"},
		{0, SIGUSR2, "USR2   whatever the service makes of it"},
		{0, SIGSTOP, "STOP   hold still"},
		{0, SIGCONT, "CONT   go on"},
		{'9', SIGKILL, "KILL   end at once; it may lose data"},
	};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		menu_add(self, signals[i].key, signals[i].number, signals[i].text);
}

/* ---- Where a box stands ---- */

struct menu_layout {
	struct frame_area box, inside;
	bool border;
	unsigned text_rows, list_row, list_rows;
};

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* A box of so many rows and columns of content, in the middle. */
static void place_box(struct menu_layout *self, unsigned rows, unsigned columns, unsigned frame_rows,
		      unsigned frame_columns)
{
	self->border = frame_rows >= BORDER_ROWS_MIN && frame_columns >= BORDER_COLUMNS_MIN;
	unsigned edge = self->border ? 1 : 0, margin = self->border ? 2 : 0;
	self->box.rows = smaller(rows + 2 * edge, frame_rows);
	self->box.columns = smaller(columns + 2 * margin, frame_columns);
	self->box.row = (frame_rows - self->box.rows) / 2;
	self->box.column = (frame_columns - self->box.columns) / 2;
	self->inside = (struct frame_area){self->box.row + edge, self->box.column + margin, self->box.rows - 2 * edge,
					   self->box.columns - 2 * margin};
}

static unsigned menu_columns(const struct menu_view *self, unsigned frame_columns, bool utf8)
{
	unsigned margin = frame_columns < BORDER_COLUMNS_MIN ? 0 : frame_columns < 40 ? 4 : 8;
	unsigned room = smaller(BOX_COLUMNS_MAX, frame_columns - margin);
	unsigned wanted = text_columns(self->title, strlen(self->title), utf8) + 4;

	for (size_t i = 0; i < self->count; i++) {
		unsigned columns = ROW_INDENT + text_columns(self->rows[i].text, strlen(self->rows[i].text), utf8);
		wanted = columns > wanted ? columns : wanted;
	}
	/* A text is as wide as it may be. */
	return self->text[0] != '\0' || wanted > room ? room : wanted;
}

static struct menu_layout menu_layout_make(const struct menu_view *self, const struct theme *theme, unsigned rows,
					   unsigned columns)
{
	struct menu_layout layout = {.border = true};
	unsigned wide = menu_columns(self, columns, theme->utf8), count = (unsigned)self->count;
	unsigned text_rows = self->text[0] == '\0' ? 0 : text_wrap_count(self->text, wide, 0, theme->utf8);
	unsigned gap = text_rows > 0 ? 1 : 0;

	place_box(&layout, text_rows + gap + count, wide, rows, columns);
	unsigned room = layout.inside.rows;
	/* The answers stay in sight; it is the text that is cut. */
	unsigned least = smaller(count, room > 4 ? room / 2 : room > 1 ? room - 1 : room);
	layout.text_rows = smaller(text_rows, room - least);
	if (layout.text_rows + gap + least > room)
		gap = 0;
	layout.list_row = layout.inside.row + layout.text_rows + gap;
	layout.list_rows = room - layout.text_rows - gap;
	return layout;
}

static void clear_area(struct frame *frame, struct frame_area area)
{
	for (unsigned row = 0; row < area.rows; row++)
		for (unsigned column = 0; column < area.columns; column++)
			frame_put(frame, area.row + row, area.column + column, ' ', ROLE_PLAIN);
}

static void draw_menu_text(const struct menu_view *self, const struct menu_layout *layout, const struct theme *theme,
			   struct frame *frame)
{
	struct text_wrap wrap;
	struct text_line line;

	text_wrap_init(&wrap, self->text, layout->inside.columns, 0, theme->utf8);
	for (unsigned i = 0; i < layout->text_rows && text_wrap_next(&wrap, &line); i++)
		frame_text(frame, layout->inside.row + i, layout->inside.column + line.indent,
			   layout->inside.columns - smaller(line.indent, layout->inside.columns), line.start,
			   line.bytes, ROLE_PLAIN, theme->utf8);
}

static void draw_menu_row(const struct menu_view *self, size_t index, const struct menu_layout *layout, unsigned row,
			  const struct theme *theme, struct frame *frame)
{
	const struct menu_row *item = &self->rows[index];
	bool selected = self->has_focus && index == self->list.selected;
	unsigned column = layout->inside.column, columns = layout->inside.columns;
	/* Where there is little room the keys stand closer to the text. */
	unsigned indent = columns < 24 ? 4 : ROW_INDENT;
	char name[KEY_NAME_MAX];

	if (selected)
		frame_put(frame, row, column, '>', ROLE_KEY);
	if (item->key != 0) {
		key_spell(item->key, name);
		frame_label(frame, row, column + 2, indent - 2, name, ROLE_KEY, theme->utf8);
	}
	if (columns > indent)
		frame_label(frame, row, column + indent, columns - indent, item->text, ROLE_PLAIN, theme->utf8);
	if (selected) {
		frame_mark(frame, row, column + smaller(indent, columns), columns - smaller(indent, columns),
			   ROLE_FOCUS);
		frame_cursor(frame, row, column);
	}
}

void menu_draw(struct menu_view *self, const struct screen_context *context, struct frame *frame)
{
	const struct theme *theme = context->theme;
	struct menu_layout layout = menu_layout_make(self, theme, frame->rows, frame->columns);

	screen_list_fit(&self->list, self->count, layout.list_rows);
	clear_area(frame, layout.box);
	if (layout.border)
		frame_box(frame, layout.box, self->title, theme);
	frame_cursor(frame, layout.inside.row, layout.inside.column);
	draw_menu_text(self, &layout, theme, frame);
	for (unsigned i = 0; i < layout.list_rows && self->list.top + i < self->count; i++)
		draw_menu_row(self, self->list.top + i, &layout, layout.list_row + i, theme, frame);
	if (!layout.border)
		return;
	if (self->list.top > 0)
		frame_put(frame, layout.list_row, layout.box.column + layout.box.columns - 2, theme->more_above,
			  ROLE_FRAME);
	if (self->list.top + layout.list_rows < self->count)
		frame_put(frame, layout.list_row + layout.list_rows - 1, layout.box.column + layout.box.columns - 2,
			  theme->more_below, ROLE_FRAME);
}

bool menu_row_at(const struct menu_view *self, const struct theme *theme, struct frame_area area, unsigned row,
		 unsigned column, size_t *index)
{
	struct menu_layout layout = menu_layout_make(self, theme, area.rows, area.columns);

	row -= area.row;
	column -= area.column;
	if (row < layout.list_row || row >= layout.list_row + layout.list_rows || column < layout.inside.column ||
	    column >= layout.inside.column + layout.inside.columns)
		return false;
	*index = self->list.top + (row - layout.list_row);
	return *index < self->count;
}

/* ---- A key ---- */

static enum key_action as_move(enum key_action action)
{
	if (action == ACTION_NEXT)
		return ACTION_DOWN;
	return action == ACTION_PREVIOUS ? ACTION_UP : action;
}

enum menu_end menu_step(struct menu_view *self, enum key_action action, uint32_t key, int *value)
{
	for (size_t i = 0; i < self->count; i++) {
		if (self->rows[i].key == 0 || self->rows[i].key != key)
			continue;
		*value = self->rows[i].value;
		return MENU_CHOSEN;
	}
	if (action == ACTION_CANCEL || action == ACTION_BACK || action == ACTION_INTERRUPT)
		return MENU_LEFT;
	if (action == ACTION_CHOOSE) {
		if (!self->has_focus || self->list.selected >= self->count)
			return MENU_ON;
		*value = self->rows[self->list.selected].value;
		return MENU_CHOSEN;
	}
	if (self->has_focus) {
		screen_list_step(&self->list, self->count, MENU_PAGE, as_move(action));
		return MENU_ON;
	}
	struct screen_list list = {.selected = 0};
	if (as_move(action) == ACTION_UP || screen_list_step(&list, self->count, MENU_PAGE, as_move(action))) {
		/* The first move gives focus, and nothing else. */
		self->has_focus = true;
		self->list.selected = as_move(action) == ACTION_UP && self->count > 0 ? self->count - 1 : 0;
	}
	return MENU_ON;
}
