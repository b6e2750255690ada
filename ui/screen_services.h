/* SPDX-License-Identifier: MIT */
/*
 * screen_services - the main view: a header that answers "is all well?", the table of units, and below it the log of the selected one
 * (drawn by screen_log, placed here). Rows keep the stack file's order unless sorted; nothing jumps under the cursor: the selection stays on
 * its unit. Narrow screens drop sparkline, restarts, up-time, memory, in this order; low ones the log, then the header; 1x1 shows the
 * worst sign. A settled stack draws the same cells again and again.
 */
#ifndef UPFRONT_UI_SCREEN_SERVICES_H
#define UPFRONT_UI_SCREEN_SERVICES_H

#include "ui/line_edit.h"
#include "ui/screen.h"

#define SERVICES_MARKS_MAX 1000u
#define SERVICES_UNITS_MAX 4096u /* more are not shown */

/* X(column, heading) */
#define SERVICES_COLUMNS(X)                   \
	X(COLUMN_NONE, "file") /* unsorted */ \
	X(COLUMN_STATE, "STATE")              \
	X(COLUMN_NAME, "SERVICE")             \
	X(COLUMN_WHY, "WHY")                  \
	X(COLUMN_RESTARTS, "RSTR")            \
	X(COLUMN_UPTIME, "UP")                \
	X(COLUMN_CPU, "CPU%")                 \
	X(COLUMN_MEMORY, "MEM")               \
	X(COLUMN_PORTS, "PORT")
#define COLUMN_ENUMERATOR(column, heading) column,
enum services_column { SERVICES_COLUMNS(COLUMN_ENUMERATOR) COLUMN_COUNT };
#undef COLUMN_ENUMERATOR

/* A unit's place in the sorted order: its id, and where it stood in the model. */
struct services_place {
	unsigned id;
	uint32_t at;
};

struct services_view {
	struct screen_list list; /* over the rows that are shown */
	unsigned marks[SERVICES_MARKS_MAX]; /* ids */
	size_t mark_count;
	enum services_column sort;
	bool turned; /* the other way round */
	bool narrowing; /* the line is being typed */
	struct line_edit narrow; /* what names, states or reasons must hold; "": all are shown */
	int split; /* rows given to (> 0) or taken from (< 0) the log by hand */
	bool zoomed; /* the log has all of it */
	bool log_focus; /* Tab: keys go to the log below */
	unsigned rows; /* of the table, as last drawn: how far a page goes */

	/* As last drawn. */
	struct frame_area area;
	unsigned widths[COLUMN_COUNT]; /* what columns want: they only grow while the area stays as wide as it is */
	/* As last sorted, and by what: figures that move must not move the rows all the time. */
	struct services_place order[SERVICES_UNITS_MAX];
	size_t order_count;
	enum services_column order_sort;
	bool order_turned;
	unsigned before_narrowing; /* id of the unit Esc returns to */
	unsigned clicked; /* id: a second click opens it. 0: none */
};

void services_init(struct services_view *self);
void services_finish(struct services_view *self);

/* There is another model: what has gone loses its mark, and a selection whose unit has gone goes on to the row that is there now. */
void services_take_model(struct services_view *self, struct screen_context *context);
/* Where the log stands in an area of this size: rows 0 when there is no room for it, all rows when zoomed. */
struct frame_area services_log_area(const struct services_view *self, const struct stack_model *model,
				    struct frame_area area);
/* All of `area` but the log. Puts the cursor on the selected row, or into the line that is typed. */
void services_draw(struct services_view *self, const struct screen_context *context, struct frame *frame,
		   struct frame_area area);
/* *context->unit follows the selection and the other way round. */
enum screen_go services_step(struct services_view *self, struct screen_context *context, enum key_action action);
/* A key while `narrowing`. */
void services_type(struct services_view *self, struct screen_context *context, uint32_t key);
/* A click or the wheel within `area`. */
enum screen_go services_mouse(struct services_view *self, struct screen_context *context,
			      const struct term_mouse *mouse, struct frame_area area);
/* The names that an action is for: the marked ones, else the selected; ends with NULL. Returns how many. */
size_t services_chosen(const struct services_view *self, const struct screen_context *context,
		       const char *names[SERVICES_MARKS_MAX + 1]);
void services_footer(const struct services_view *self, const struct screen_context *context,
		     struct screen_footer *footer);
/*
 * The sentence above the footer when nobody has said anything: what happens next to the selected problem, else where one is, else that the
 * stack file has changed; as wide as last drawn. "" when all is well.
 */
void services_outlook(const struct services_view *self, const struct screen_context *context, char *text,
		      size_t size_bytes);
/* When something that was drawn changes by time alone, on the model's clock; -1: never. */
int64_t services_due_ms(const struct services_view *self, const struct screen_context *context);

#endif
