/* SPDX-License-Identifier: MIT */
#include "ui/screen_services_private.h"

#include "ui/term.h"

#define WHEEL_ROWS 3u

static void click_heading(struct services_view *self, struct screen_context *context,
			  const struct services_layout *layout, unsigned column)
{
	for (size_t i = 0; i < layout->count; i++) {
		const struct services_slot *slot = &layout->slots[i];
		unsigned end = slot->at + slot->columns + (slot->spark_cells > 0 ? 1 + slot->spark_cells : 0);
		if (column < slot->at || column >= end)
			continue;
		services_sort_by(self, context, slot->column, self->sort == slot->column && !self->turned);
		return;
	}
}

static enum screen_go click_row(struct services_view *self, struct screen_context *context,
				const struct services_rows *rows, size_t at)
{
	if (at >= rows->count)
		return GO_NOWHERE;
	self->list.selected = at;
	services_select_row(self, context, rows);
	enum screen_go go = self->clicked == context->unit ? GO_LOG : GO_NOWHERE;
	self->clicked = go == GO_LOG ? 0 : context->unit;
	return go;
}

/* The list goes by, and takes the selection along only at its edge. */
static void turn_wheel(struct services_view *self, struct screen_context *context, const struct services_rows *rows,
		       bool up)
{
	size_t seen = self->rows > 0 ? self->rows : 1, last = rows->count > seen ? rows->count - seen : 0;
	size_t top = self->list.top;

	top = up ? (top > WHEEL_ROWS ? top - WHEEL_ROWS : 0) : top + WHEEL_ROWS;
	self->list.top = top < last ? top : last;
	if (self->list.selected < self->list.top)
		self->list.selected = self->list.top;
	if (self->list.selected >= self->list.top + seen)
		self->list.selected = self->list.top + seen - 1;
	services_select_row(self, context, rows);
}

static bool is_within(struct frame_area area, const struct term_mouse *mouse)
{
	return mouse->row >= area.row && mouse->row < area.row + area.rows && mouse->column >= area.column &&
	       mouse->column < area.column + area.columns;
}

enum screen_go services_mouse(struct services_view *self, struct screen_context *context,
			      const struct term_mouse *mouse, struct frame_area area)
{
	struct services_layout layout;
	struct services_rows rows;
	enum screen_go go = GO_NOWHERE;

	services_layout_make(self, context, area, &layout);
	self->rows = layout.table.rows;
	services_make_rows(self, context, &rows);
	if (self->zoomed && layout.log.rows > 0)
		return GO_UNTAKEN;
	if (mouse->kind == TERM_MOUSE_WHEEL_UP || mouse->kind == TERM_MOUSE_WHEEL_DOWN) {
		turn_wheel(self, context, &rows, mouse->kind == TERM_MOUSE_WHEEL_UP);
	} else if (mouse->kind == TERM_MOUSE_PRESS) {
		self->log_focus = false;
		if (is_within(layout.headings, mouse))
			click_heading(self, context, &layout, mouse->column - area.column);
		else if (is_within(layout.table, mouse))
			go = click_row(self, context, &rows, self->list.top + mouse->row - layout.table.row);
	}
	services_make_rows(self, context, &rows);
	return go;
}
