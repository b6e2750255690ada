/* SPDX-License-Identifier: MIT */
#include "ui/screen_detail.h"

#include "ui/actions.h"
#include "ui/detail_lines.h"
#include "ui/screen_parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

#define HEADING_BYTES 512u

/* ---- Lines to rows ---- */

/* Where a line's value begins, and whether its label has a row of its own. */
struct place {
	unsigned at;
	bool label_alone;
	size_t rows;
};

static struct place place_of(const struct detail_line *line, unsigned columns, bool utf8)
{
	struct place self = {.at = 1 + line->indent + line->label_columns};
	unsigned label = text_columns(line->label, strlen(line->label), utf8);

	if (self.at > columns / 2)
		self.at = columns / 2 < 14 ? 1 + line->indent : 14;
	if (self.at >= columns)
		self.at = 0;
	self.label_alone = label > 0 && 1 + line->indent + label >= self.at;
	self.rows = text_wrap_count(line->value, columns - self.at, 0, utf8);
	if (self.rows == 0)
		self.rows = self.label_alone ? 0 : 1;
	self.rows += self.label_alone;
	return self;
}

/* ---- Drawing ---- */

struct drawing {
	const struct detail_view *view;
	const struct theme *theme;
	struct frame *window; /* NULL: the rows are only counted */
	size_t rows; /* so far */
};

static unsigned window_row(const struct drawing *self, size_t row)
{
	return (unsigned)(row - self->view->top);
}

static bool is_seen(const struct drawing *self, size_t row)
{
	return self->window != NULL && row >= self->view->top && row - self->view->top < self->view->rows;
}

static void draw_line(void *context, const struct detail_line *line)
{
	struct drawing *self = context;
	unsigned columns = self->view->columns;
	struct place place = place_of(line, columns, self->theme->utf8);
	size_t row = self->rows;
	struct text_wrap wrap;
	struct text_line text;

	self->rows += place.rows;
	if (self->window == NULL || self->rows <= self->view->top || row >= self->view->top + self->view->rows)
		return;
	if (is_seen(self, row) && columns > 1 + line->indent)
		frame_label(self->window, window_row(self, row), 1 + line->indent, columns - 1 - line->indent,
			    line->label, line->indent == 0 ? ROLE_TITLE : ROLE_PLAIN, self->theme->utf8);
	row += place.label_alone;
	text_wrap_init(&wrap, line->value, columns - place.at, 0, self->theme->utf8);
	for (; text_wrap_next(&wrap, &text); row++)
		if (is_seen(self, row))
			frame_text(self->window, window_row(self, row), place.at + text.indent,
				   columns - place.at - text.indent, text.start, text.bytes, line->role,
				   self->theme->utf8);
}

/* The unit's detail when it has come. */
static const struct detail_model *detail_of(const struct stack_model *model, const struct unit_model *unit)
{
	return model->detail != NULL && model->detail->unit == unit->id ? model->detail : NULL;
}

static void draw_heading(const struct screen_context *context, const struct unit_model *unit, struct frame *window)
{
	const bool utf8 = context->theme->utf8;
	struct parts_text rest = {.text = (char[HEADING_BYTES]){""}, .size_bytes = HEADING_BYTES};
	char sign[5] = "";
	unsigned name = text_columns(unit->name, strlen(unit->name), utf8) + 1;

	sign[text_encode(unit_state_sign(unit->state, context->theme), sign)] = '\0';
	parts_add(&rest, "%s %s", sign, unit_state_word(unit->state));
	if (unit->why != NULL && unit->why[0] != '\0')
		parts_add(&rest, "   %s", unit->why);
	parts_heading(context, window, unit->name, rest.text, KEY_SCREEN_DETAIL, ACTION_SHOW_DETAIL);
	/* Sign and word in their colour. */
	name += window->columns >= 60 ? 3 : 1;
	if (name < window->columns)
		frame_mark(window, 0, name, (unsigned)strlen(unit_state_word(unit->state)) + 2,
			   unit_state_role(unit->state));
}

static size_t count_rows(const struct detail_view *self, const struct screen_context *context,
			 const struct unit_model *unit)
{
	struct drawing drawing = {.view = self, .theme = context->theme};

	detail_lines_walk(context, unit, detail_of(context->model, unit), self->unfolded, draw_line, &drawing);
	return drawing.rows;
}

/* Another unit's story begins at its top; the cursor stays within the text. */
static void settle(struct detail_view *self, const struct screen_context *context, size_t count)
{
	struct screen_list list;

	if (self->unit != context->unit)
		self->top = self->line = 0;
	self->unit = context->unit;
	list = (struct screen_list){.selected = self->line, .top = self->top};
	screen_list_fit(&list, count, self->rows);
	self->line = list.selected;
	self->top = list.top;
}

void detail_draw(struct detail_view *self, const struct screen_context *context, struct frame *frame,
		 struct frame_area area)
{
	const struct unit_model *unit = screen_unit(context->model, context->unit);
	struct frame window = frame_window(frame, area), text;
	unsigned heading, cursor;

	if (window.rows == 0 || window.columns == 0)
		return;
	heading = window.rows >= 8 ? 2 : window.rows >= 3;
	self->rows = window.rows - heading;
	self->columns = parts_columns(&window);
	frame_cursor(frame, area.row, area.column);
	if (unit == NULL) {
		parts_paragraph(context->theme, &window, 0, window.rows, window.columns > 1,
				"This service is no longer part of the stack.", ROLE_PLAIN);
		return;
	}
	size_t count = count_rows(self, context, unit);
	settle(self, context, count);
	if (heading > 0)
		draw_heading(context, unit, &window);
	text = frame_window(&window, (struct frame_area){heading, 0, self->rows, window.columns});
	struct drawing drawing = {.view = self, .theme = context->theme, .window = &text};
	detail_lines_walk(context, unit, detail_of(context->model, unit), self->unfolded, draw_line, &drawing);
	cursor = (unsigned)(self->line - self->top);
	if (window.columns > 10)
		frame_put(&text, cursor, 0, '>', ROLE_SELECTED);
	parts_more(context->theme, &text, 0, self->rows, self->top > 0, self->top + self->rows < count);
	frame_cursor(frame, area.row + heading + cursor, area.column);
}

/* ---- Keys ---- */

struct copying {
	const struct detail_view *view;
	struct screen_context *context;
	size_t rows; /* so far */
	bool done;
};

static void copy_line(void *context, const struct detail_line *line)
{
	struct copying *self = context;

	self->rows += place_of(line, self->view->columns, self->context->theme->utf8).rows;
	if (self->done || self->rows <= self->view->line)
		return;
	self->done = true;
	if (line->secret)
		screen_say(self->context, "%s is secret: it is neither shown nor copied", line->label);
	else
		parts_copy(self->context, strcmp(line->copied, " ") == 0 ? "" : line->copied);
}

static void copy_value(const struct detail_view *self, struct screen_context *context, const struct unit_model *unit)
{
	struct copying copying = {.view = self, .context = context};

	detail_lines_walk(context, unit, detail_of(context->model, unit), self->unfolded, copy_line, &copying);
}

static bool scroll(struct detail_view *self, const struct screen_context *context, const struct unit_model *unit,
		   enum key_action action)
{
	struct screen_list list;
	size_t count = count_rows(self, context, unit);
	bool taken;

	settle(self, context, count);
	list = (struct screen_list){.selected = self->line, .top = self->top};
	taken = screen_list_step(&list, count, self->rows, action);
	self->line = list.selected;
	self->top = list.top;
	return taken;
}

static void go_to_next(struct screen_context *context, bool back)
{
	struct screen_list list = {0};

	parts_step_units(&list, context, 1, back ? ACTION_UP : ACTION_DOWN);
}

enum screen_go detail_step(struct detail_view *self, struct screen_context *context, enum key_action action)
{
	const struct unit_model *unit = screen_unit(context->model, context->unit);

	if (self->columns == 0)
		self->columns = 1;
	switch (action) {
	case ACTION_BACK:
	case ACTION_CANCEL:
		return GO_BACK;
	case ACTION_SHOW_GRAPH:
		return GO_GRAPH;
	case ACTION_NEXT_SERVICE:
	case ACTION_PREVIOUS_SERVICE:
		go_to_next(context, action == ACTION_PREVIOUS_SERVICE);
		return GO_NOWHERE;
	case ACTION_CHOOSE:
		self->unfolded = !self->unfolded;
		return GO_NOWHERE;
	case ACTION_COPY:
		if (unit != NULL)
			copy_value(self, context, unit);
		return GO_NOWHERE;
	default:
		return unit != NULL && scroll(self, context, unit, action) ? GO_NOWHERE : GO_UNTAKEN;
	}
}

/* What can be done to it as it is comes first, then what can be done here. */
void detail_footer(const struct detail_view *self, const struct screen_context *context, struct screen_footer *footer)
{
	static const enum key_action here[] = {ACTION_SHOW_LOGS, ACTION_CHOOSE, ACTION_COPY,
					       ACTION_KILL,      ACTION_EDIT,   ACTION_NEXT_SERVICE};
	const struct unit_model *unit = screen_unit(context->model, context->unit);

	(void)self;
	*footer = (struct screen_footer){0};
	if (unit != NULL) {
		bool ended = unit->state == UNIT_STOPPED || unit->state == UNIT_DONE || unit->state == UNIT_FAILED;
		footer->actions[footer->count++] = ACTION_RESTART;
		footer->actions[footer->count++] = ended ? ACTION_START : ACTION_STOP;
	}
	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		if (here[i] != ACTION_KILL || (unit != NULL && unit->pid > 0))
			footer->actions[footer->count++] = here[i];
}
