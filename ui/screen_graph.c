/* SPDX-License-Identifier: MIT */
#include "ui/screen_graph.h"

#include "ui/graph_rows.h"
#include "ui/screen_parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

#define WIDE_COLUMNS 60u
#define INDENT_COLUMNS 2u
#define STATE_COLUMNS 11u /* the longest word and a blank */
/* Deeper than this nothing is indented further. */
#define DEPTH_MAX 20u

/* Where the columns stand. */
struct graph_layout {
	unsigned tree; /* columns of marker, indent, sign and name */
	unsigned state, relation; /* where they begin; at the window's edge: left out */
};

static bool shows(const struct graph_row *row, unsigned unit, const struct stack_model *model)
{
	const struct unit_model *wanted = screen_unit(model, unit);

	return wanted != NULL && strcmp(row->service, wanted->service) == 0;
}

/* The selection stays where it is unless another unit is looked at: one that many need stands in several rows. */
static void follow_unit(struct graph_view *self, const struct graph_rows *rows, const struct screen_context *context)
{
	struct screen_list *list = &self->list;

	if (list->selected < rows->count && shows(&rows->rows[list->selected], context->unit, context->model))
		return;
	/* A row of what is not there can be stood on, too. */
	if (list->selected < rows->count && rows->rows[list->selected].unit == NULL && context->unit == self->unit)
		return;
	self->unit = context->unit;
	for (size_t i = 0; i < rows->count; i++) {
		if (shows(&rows->rows[i], context->unit, context->model)) {
			list->selected = i;
			return;
		}
	}
}

static unsigned indent_of(const struct graph_row *row, unsigned columns)
{
	unsigned depth = row->depth < DEPTH_MAX ? row->depth : DEPTH_MAX, indent = depth * INDENT_COLUMNS;

	return indent < columns / 4 ? indent : columns / 4;
}

static void row_name(const struct graph_row *row, char *text, size_t size_bytes)
{
	const struct unit_model *unit = row->unit;

	snprintf(text, size_bytes, "%s%s", row->service, row->above ? " (above)" : "");
	if (unit != NULL && unit->replicas > 1)
		snprintf(text, size_bytes, "%s x%d%s", row->service, unit->replicas, row->above ? " (above)" : "");
}

static struct graph_layout lay_out(const struct graph_view *self, const struct graph_rows *rows, unsigned columns,
				   bool utf8)
{
	struct graph_layout layout = {0};
	unsigned most = columns >= WIDE_COLUMNS ? columns / 2 : columns * 3 / 5;
	char name[512];

	for (size_t i = self->list.top; i < rows->count && i - self->list.top < self->rows; i++) {
		row_name(&rows->rows[i], name, sizeof(name));
		unsigned own = 4 + indent_of(&rows->rows[i], columns) + text_columns(name, strlen(name), utf8);
		layout.tree = own > layout.tree ? own : layout.tree;
	}
	if (columns >= 20 && layout.tree > most)
		layout.tree = most;
	if (layout.tree > columns)
		layout.tree = columns;
	layout.state = layout.tree + 1;
	/* A narrow window has no room for the state's word: its sign stands in front. */
	layout.relation = layout.state + (columns >= WIDE_COLUMNS ? STATE_COLUMNS + 1 : 0);
	return layout;
}

static void draw_relation(const struct graph_view *self, const struct graph_row *row, const struct theme *theme,
			  struct frame *window, unsigned at_row, unsigned at)
{
	bool wide = window->columns >= WIDE_COLUMNS;
	char text[128];

	if (row->condition == NULL || at >= parts_columns(window))
		return;
	snprintf(text, sizeof(text), "%s%s: %s",
		 !wide          ? ""
		 : self->turned ? "needs it "
				: "has to be ",
		 row->condition, row->met ? "yes" : "not yet");
	frame_label(window, at_row, at, parts_columns(window) - at, text, row->met ? ROLE_PLAIN : ROLE_WARN,
		    theme->utf8);
}

static void draw_row(const struct graph_view *self, const struct graph_row *row, const struct graph_layout *layout,
		     const struct theme *theme, struct frame *window, unsigned at_row, bool selected)
{
	unsigned at = window->columns < 12 ? 1 : 2;
	char name[512];

	if (selected)
		frame_put(window, at_row, 0, '>', ROLE_SELECTED);
	at += indent_of(row, window->columns);
	frame_put(window, at_row, at, row->unit != NULL ? unit_state_sign(row->unit->state, theme) : '?',
		  row->unit != NULL ? unit_state_role(row->unit->state) : ROLE_PLAIN);
	at += 2;
	row_name(row, name, sizeof(name));
	if (at < layout->tree)
		frame_label(window, at_row, at, layout->tree - at, name, selected ? ROLE_SELECTED : ROLE_PLAIN,
			    theme->utf8);
	if (layout->relation > layout->state && layout->state < window->columns) {
		const char *word = row->unit != NULL ? unit_state_word(row->unit->state) : "not there";
		frame_text(window, at_row, layout->state, STATE_COLUMNS, word, strlen(word),
			   row->unit != NULL ? unit_state_role(row->unit->state) : ROLE_PLAIN, theme->utf8);
	}
	draw_relation(self, row, theme, window, at_row, layout->relation);
}

static void draw_rows(const struct graph_view *self, const struct graph_rows *rows, const struct theme *theme,
		      struct frame *window, unsigned heading)
{
	struct graph_layout layout = lay_out(self, rows, window->columns, theme->utf8);

	for (unsigned i = 0; i < self->rows && self->list.top + i < rows->count; i++)
		draw_row(self, &rows->rows[self->list.top + i], &layout, theme, window, heading + i,
			 self->list.top + i == self->list.selected);
	parts_more(theme, window, heading, self->rows, self->list.top > 0, self->list.top + self->rows < rows->count);
}

static void draw_heading(const struct graph_view *self, const struct screen_context *context, struct frame *window)
{
	const char *what = self->turned ? "below each service who needs it" : "below each service what it needs";

	if (window->columns < WIDE_COLUMNS)
		what = self->turned ? "who needs it" : "what it needs";
	parts_heading(context, window, "Dependencies", what, KEY_SCREEN_GRAPH, ACTION_SHOW_GRAPH);
}

void graph_draw(struct graph_view *self, const struct screen_context *context, struct frame *frame,
		struct frame_area area)
{
	struct frame window = frame_window(frame, area);
	struct graph_rows rows;
	unsigned heading;

	if (window.rows == 0 || window.columns == 0)
		return;
	heading = window.rows >= 4;
	self->rows = window.rows - heading;
	if (heading > 0)
		draw_heading(self, context, &window);
	frame_cursor(frame, area.row + heading, area.column);
	if (graph_rows_make(&rows, context->model, self->turned) != 0) {
		parts_paragraph(context->theme, &window, heading, self->rows, 1,
				"There is not enough memory to draw it.", ROLE_PLAIN);
		return;
	}
	follow_unit(self, &rows, context);
	screen_list_fit(&self->list, rows.count, self->rows);
	draw_rows(self, &rows, context->theme, &window, heading);
	frame_cursor(frame, area.row + heading + (unsigned)(self->list.selected - self->list.top), area.column);
	graph_rows_finish(&rows);
}

/* The row that is selected, when something of it is there, becomes the unit that is looked at. */
static bool step_rows(struct graph_view *self, struct screen_context *context, enum key_action action)
{
	struct graph_rows rows;
	bool taken;

	if (action == ACTION_NEXT_SERVICE)
		action = ACTION_DOWN;
	if (action == ACTION_PREVIOUS_SERVICE)
		action = ACTION_UP;
	if (graph_rows_make(&rows, context->model, self->turned) != 0)
		return false;
	follow_unit(self, &rows, context);
	taken = screen_list_step(&self->list, rows.count, self->rows, action);
	if (taken && self->list.selected < rows.count && rows.rows[self->list.selected].unit != NULL)
		context->unit = rows.rows[self->list.selected].unit->id;
	self->unit = context->unit;
	graph_rows_finish(&rows);
	return taken;
}

/* False, with words, when nothing of what is selected is there. */
static bool is_there(struct graph_view *self, struct screen_context *context)
{
	struct graph_rows rows;
	bool there = true;

	if (graph_rows_make(&rows, context->model, self->turned) != 0)
		return true;
	follow_unit(self, &rows, context);
	if (self->list.selected < rows.count && rows.rows[self->list.selected].unit == NULL) {
		screen_say(context, "%s is not in this stack", rows.rows[self->list.selected].service);
		there = false;
	}
	graph_rows_finish(&rows);
	return there;
}

enum screen_go graph_step(struct graph_view *self, struct screen_context *context, enum key_action action)
{
	if (step_rows(self, context, action))
		return GO_NOWHERE;
	switch (action) {
	case ACTION_SHOW_GRAPH:
	case ACTION_SORT_TURN:
	case ACTION_OTHER_PANE:
	case ACTION_NEXT:
	case ACTION_PREVIOUS:
		self->turned = !self->turned;
		self->list = (struct screen_list){0};
		return GO_NOWHERE;
	case ACTION_CHOOSE:
		return is_there(self, context) ? GO_LOG : GO_NOWHERE;
	case ACTION_SHOW_DETAIL:
		return is_there(self, context) ? GO_DETAIL : GO_NOWHERE;
	case ACTION_BACK:
	case ACTION_CANCEL:
		return GO_BACK;
	default:
		return GO_UNTAKEN;
	}
}

void graph_footer(const struct graph_view *self, const struct screen_context *context, struct screen_footer *footer)
{
	(void)self;
	(void)context;
	*footer = (struct screen_footer){
		.actions = {ACTION_CHOOSE, ACTION_SHOW_DETAIL, ACTION_SORT_TURN, ACTION_RESTART, ACTION_NEXT_PROBLEM},
		.count = 5,
	};
}
