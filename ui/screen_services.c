/* SPDX-License-Identifier: MIT */
#include "ui/screen_services_private.h"

#include <string.h>

void services_init(struct services_view *self)
{
	*self = (struct services_view){0};
	line_edit_init(&self->narrow);
}

void services_finish(struct services_view *self)
{
	line_edit_finish(&self->narrow);
}

/* ---- The selection, which is context->unit ---- */

/* The row of context->unit is the selected one; when it is not there, the row that was stays it. */
static bool follow_unit(struct services_view *self, const struct services_rows *rows, const struct stack_model *model,
			unsigned id)
{
	size_t at = services_rows_find(rows, model, id);

	if (at < rows->count)
		self->list.selected = at;
	screen_list_fit(&self->list, rows->count, self->rows);
	return at < rows->count;
}

void services_select_row(const struct services_view *self, struct screen_context *context,
			 const struct services_rows *rows)
{
	if (self->list.selected < rows->count)
		context->unit = context->model->units[rows->at[self->list.selected]].id;
}

void services_make_rows(struct services_view *self, struct screen_context *context, struct services_rows *rows)
{
	services_sort(self, context->model);
	services_rows_make(self, context->model, context->unit, rows);
	if (!follow_unit(self, rows, context->model, context->unit) &&
	    screen_unit(context->model, context->unit) == NULL)
		services_select_row(self, context, rows);
}

void services_take_model(struct services_view *self, struct screen_context *context)
{
	struct services_rows rows;
	size_t kept = 0;

	for (size_t i = 0; i < self->mark_count; i++)
		if (screen_unit(context->model, self->marks[i]) != NULL)
			self->marks[kept++] = self->marks[i];
	self->mark_count = kept;
	services_make_rows(self, context, &rows);
}

void services_draw(struct services_view *self, const struct screen_context *context, struct frame *frame,
		   struct frame_area area)
{
	struct services_layout layout;
	struct services_rows rows;

	services_layout_make(self, context, area, &layout);
	services_sort(self, context->model);
	services_rows_make(self, context->model, context->unit, &rows);
	self->rows = layout.table.rows;
	follow_unit(self, &rows, context->model, context->unit);
	if (self->zoomed && layout.log.rows > 0)
		return;
	services_draw_header(context, frame, layout.header);
	services_draw_table(self, context, &layout, &rows, frame);
	frame_cursor(frame, layout.table.row + (unsigned)(self->list.selected - self->list.top),
		     layout.table.column + layout.pointer);
	services_draw_field(self, context, &layout, &rows, frame);
}

/* ---- What a key does ---- */

static void toggle_mark(struct services_view *self, const struct screen_context *context)
{
	const struct unit_model *unit = screen_unit(context->model, context->unit);

	if (unit == NULL)
		return;
	for (size_t i = 0; i < self->mark_count; i++) {
		if (self->marks[i] == unit->id) {
			memmove(&self->marks[i], &self->marks[i + 1],
				(self->mark_count - i - 1) * sizeof(self->marks[0]));
			self->mark_count--;
			return;
		}
	}
	if (self->mark_count < SERVICES_MARKS_MAX)
		self->marks[self->mark_count++] = unit->id;
}

static void say_sort(const struct services_view *self, struct screen_context *context)
{
	bool figures = self->sort == COLUMN_RESTARTS || self->sort == COLUMN_UPTIME || self->sort == COLUMN_CPU ||
		       self->sort == COLUMN_MEMORY;

	if (self->sort == COLUMN_NONE)
		screen_say(context, "in %s%s", services_column_word(self->sort), self->turned ? ", turned round" : "");
	else
		screen_say(context, "sorted by %s%s", services_column_word(self->sort),
			   figures && self->turned ? ", the least first"
			   : figures               ? ", the most first"
			   : self->turned          ? ", turned round"
						   : "");
}

/* The unit is kept as long as it is seen at the beginning: else the list would go to where nobody asked to be. */
void services_sort_by(struct services_view *self, struct screen_context *context, enum services_column column,
		      bool turned)
{
	struct services_rows rows;

	self->sort = column;
	self->turned = turned;
	say_sort(self, context);
	services_sort(self, context->model);
	services_rows_make(self, context->model, context->unit, &rows);
	if (services_rows_find(&rows, context->model, context->unit) >= self->rows) {
		self->list.selected = 0;
		services_select_row(self, context, &rows);
	}
	self->list.top = 0;
}

/* The same column again: back to the file's order. */
static void sort_or_not(struct services_view *self, struct screen_context *context, enum services_column column)
{
	services_sort_by(self, context, self->sort == column ? COLUMN_NONE : column, false);
}

static void sort_beside(struct services_view *self, struct screen_context *context, bool right)
{
	unsigned step = right ? 1 : COLUMN_COUNT - 1;

	services_sort_by(self, context, (enum services_column)((self->sort + step) % COLUMN_COUNT), false);
}

static bool sort_step(struct services_view *self, struct screen_context *context, enum key_action action)
{
	switch (action) {
	case ACTION_LEFT:
	case ACTION_SORT_LEFT:
		sort_beside(self, context, false);
		return true;
	case ACTION_RIGHT:
	case ACTION_SORT_RIGHT:
		sort_beside(self, context, true);
		return true;
	case ACTION_SORT_TURN:
		services_sort_by(self, context, self->sort, !self->turned);
		return true;
	case ACTION_SORT_CPU:
		sort_or_not(self, context, COLUMN_CPU);
		return true;
	case ACTION_SORT_MEMORY:
		sort_or_not(self, context, COLUMN_MEMORY);
		return true;
	default:
		return false;
	}
}

/* A row to the log or from it, as long as that changes anything. */
static void move_split(struct services_view *self, const struct screen_context *context, int rows)
{
	unsigned before = services_log_area(self, context->model, self->area).rows;

	self->split += rows;
	if (services_log_area(self, context->model, self->area).rows == before)
		self->split -= rows;
}

static bool has_log(const struct services_view *self, const struct screen_context *context)
{
	return services_log_area(self, context->model, self->area).rows > 0;
}

static bool pane_step(struct services_view *self, struct screen_context *context, enum key_action action)
{
	if (action != ACTION_GROW && action != ACTION_SHRINK && action != ACTION_ZOOM && action != ACTION_OTHER_PANE)
		return false;
	if (!has_log(self, context))
		screen_say(context, "there is no room for a log below the list: Enter opens it");
	else if (action == ACTION_ZOOM)
		self->zoomed = !self->zoomed;
	else if (action == ACTION_OTHER_PANE)
		self->log_focus = !self->log_focus;
	else
		move_split(self, context, action == ACTION_GROW ? 1 : -1);
	return true;
}

/* One thing at a time, the latest first; false when there is nothing left to end. */
static bool cancel(struct services_view *self, const struct screen_context *context)
{
	if (self->zoomed && has_log(self, context))
		self->zoomed = false;
	else if (self->log_focus && has_log(self, context))
		self->log_focus = false;
	else if (self->narrow.text[0] != '\0')
		line_edit_begin(&self->narrow, "");
	else if (self->mark_count > 0)
		self->mark_count = 0;
	else
		return false;
	return true;
}

static enum screen_go go_step(struct services_view *self, struct screen_context *context, enum key_action action)
{
	bool has_unit = screen_unit(context->model, context->unit) != NULL;

	switch (action) {
	case ACTION_CHOOSE:
		return has_unit ? GO_LOG : GO_NOWHERE;
	case ACTION_SHOW_DETAIL:
		return has_unit ? GO_DETAIL : GO_NOWHERE;
	case ACTION_ALL_LOGS:
		return GO_ALL_LOGS;
	case ACTION_SHOW_GRAPH:
		return GO_GRAPH;
	case ACTION_SEARCH:
		self->narrowing = true;
		self->before_narrowing = context->unit;
		line_edit_begin(&self->narrow, self->narrow.text);
		return GO_NOWHERE;
	case ACTION_UNMARK_ALL:
		self->mark_count = 0;
		return GO_NOWHERE;
	case ACTION_CANCEL:
		return cancel(self, context) ? GO_NOWHERE : GO_UNTAKEN;
	default:
		return GO_UNTAKEN;
	}
}

enum screen_go services_step(struct services_view *self, struct screen_context *context, enum key_action action)
{
	struct services_rows rows;
	enum screen_go go = GO_NOWHERE;

	self->clicked = 0;
	services_make_rows(self, context, &rows);
	if (action == ACTION_NEXT_SERVICE || action == ACTION_PREVIOUS_SERVICE)
		action = action == ACTION_NEXT_SERVICE ? ACTION_DOWN : ACTION_UP;
	if (action == ACTION_MARK) {
		toggle_mark(self, context);
		action = ACTION_DOWN;
	}
	if (screen_list_step(&self->list, rows.count, self->rows, action))
		services_select_row(self, context, &rows);
	else if (!sort_step(self, context, action) && !pane_step(self, context, action))
		go = go_step(self, context, action);
	services_make_rows(self, context, &rows);
	return go;
}

/* ---- Narrowing ---- */

/* Where one was, if it is still shown; else where one is; else the first that is shown. */
static void select_match(struct services_view *self, struct screen_context *context)
{
	const struct unit_model *before = screen_unit(context->model, self->before_narrowing);
	const struct unit_model *here = screen_unit(context->model, context->unit);
	struct services_rows rows;

	if (before != NULL && services_matches(self, before)) {
		context->unit = before->id;
	} else if (here == NULL || !services_matches(self, here)) {
		services_rows_make(self, context->model, 0, &rows);
		self->list.selected = 0;
		services_select_row(self, context, &rows);
	}
}

void services_type(struct services_view *self, struct screen_context *context, uint32_t key)
{
	struct services_rows rows;
	bool changed = false;
	enum line_edit_end end = line_edit_key(&self->narrow, context->keys, key, &changed);

	services_sort(self, context->model);
	if (end == LINE_EDIT_LEFT) {
		line_edit_begin(&self->narrow, "");
		changed = true;
	}
	if (end == LINE_EDIT_DONE)
		line_edit_keep(&self->narrow);
	if (end != LINE_EDIT_ON)
		self->narrowing = false;
	if (changed)
		select_match(self, context);
	services_make_rows(self, context, &rows);
}

/* ---- What an action is for ---- */

size_t services_chosen(const struct services_view *self, const struct screen_context *context,
		       const char *names[SERVICES_MARKS_MAX + 1])
{
	const struct stack_model *model = context->model;
	const struct unit_model *unit = screen_unit(model, context->unit);
	struct services_rows rows;
	size_t count = 0;

	for (size_t i = 0; self->mark_count > 0 && i < model->unit_count && count < SERVICES_MARKS_MAX; i++)
		if (services_is_marked(self, model->units[i].id))
			names[count++] = model->units[i].name;
	/* When nothing matches what was typed nothing is selected: what is not seen is not acted on. */
	services_rows_make(self, model, context->unit, &rows);
	if (self->mark_count == 0 && unit != NULL && (rows.count > 0 || self->narrow.text[0] == '\0'))
		names[count++] = unit->name;
	names[count] = NULL;
	return count;
}
