/* SPDX-License-Identifier: MIT */
/*
 * What the files of the main view share:
 *
 *   screen_services.c          steps: keys, typing, what an action is for
 *   screen_services_mouse.c    clicks and the wheel
 *   screen_services_rows.c     which units are shown, and in which order
 *   screen_services_layout.c   where header, table, field and log stand; which columns there are
 *   screen_services_table.c    the rows
 *   screen_services_header.c   the line that answers "is all well?"
 *   screen_services_words.c    footer and outlook
 */
#ifndef UPFRONT_UI_SCREEN_SERVICES_PRIVATE_H
#define UPFRONT_UI_SCREEN_SERVICES_PRIVATE_H

#include "ui/screen_services.h"

/* ---- Rows ---- */

/* Units that are shown, in the order of the screen, as places in the model. */
struct services_rows {
	uint16_t at[SERVICES_UNITS_MAX];
	size_t count;
	size_t hidden; /* by what was typed */
};

/* Sorts when asked for, or when the order is off by more than anybody would overlook. */
void services_sort(struct services_view *self, const struct stack_model *model);
/* By the order of the last services_sort. The unit `id` is shown in any case, but for when nothing matches. */
void services_rows_make(const struct services_view *self, const struct stack_model *model, unsigned id,
			struct services_rows *rows);
/* rows->count when it is not among them. */
size_t services_rows_find(const struct services_rows *rows, const struct stack_model *model, unsigned id);
/* Where the first replica of a unit's service stands in the model: replicas stand together behind it. */
size_t services_first_replica(const struct stack_model *model, size_t at);
bool services_matches(const struct services_view *self, const struct unit_model *unit);
bool services_is_marked(const struct services_view *self, unsigned id);
/* "memory", as people call it. */
const char *services_column_word(enum services_column column);

/* ---- The selection ---- */

/* Sorts, and puts the selection on context->unit; when that has gone the unit of the selected row takes its place. */
void services_make_rows(struct services_view *self, struct screen_context *context, struct services_rows *rows);
/* context->unit becomes that of the selected row. */
void services_select_row(const struct services_view *self, struct screen_context *context,
			 const struct services_rows *rows);
/*
 * Another order, and says so. Whoever asks for one wants to see its beginning: the selection goes to the first row when its unit would not be
 * in sight there.
 */
void services_sort_by(struct services_view *self, struct screen_context *context, enum services_column column,
		      bool turned);

/* ---- Layout ---- */

/* How much of a unit there is room for. */
enum services_form {
	FORM_WIDE, /* every column; why and ports apart */
	FORM_MERGED, /* why or else ports, last */
	FORM_FACTS, /* sign, word, name, and why or else cpu and memory; no headings */
	FORM_NAMES, /* sign, name, and what fits of why */
	FORM_SIGN /* the worst sign */
};

struct services_slot {
	enum services_column column;
	unsigned at, columns; /* from the area's left */
	unsigned spark_cells; /* behind it, after a blank */
	bool right; /* figures end there */
};

struct services_layout {
	enum services_form form;
	struct frame_area header; /* rows: 0 to 2, the second a rule */
	struct frame_area headings, table, field, log; /* rows 0: not there */
	struct services_slot slots[COLUMN_COUNT];
	size_t count;
	unsigned pointer; /* column of the `>`; a mark stands in front of the name */
};

/* Of the areas alone. */
void services_layout_areas(const struct services_view *self, const struct stack_model *model, struct frame_area area,
			   struct services_layout *layout);
/* Of the areas and the columns. */
void services_layout_of(const struct services_view *self, const struct stack_model *model, struct frame_area area,
			struct services_layout *layout);
/* The same, after it has taken in what the columns want. */
void services_layout_make(struct services_view *self, const struct screen_context *context, struct frame_area area,
			  struct services_layout *layout);
/* NULL: there is no such column. */
const struct services_slot *services_slot_of(const struct services_layout *layout, enum services_column column);
/* Columns of a text, by a short way for ASCII. */
unsigned services_columns_of(const char *text, bool utf8);

/* ---- Drawing ---- */

void services_draw_header(const struct screen_context *context, struct frame *frame, struct frame_area area);
void services_draw_table(const struct services_view *self, const struct screen_context *context,
			 const struct services_layout *layout, const struct services_rows *rows, struct frame *frame);
/* The line at the end of the list: what is typed, what is hidden, what is marked. */
void services_draw_field(const struct services_view *self, const struct screen_context *context,
			 const struct services_layout *layout, const struct services_rows *rows, struct frame *frame);
/* The seconds of the start stand in the header, and so change by time. */
bool services_header_counts(const struct stack_model *model);

#endif
