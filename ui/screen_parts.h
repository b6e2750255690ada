/* SPDX-License-Identifier: MIT */
/* screen_parts - what several views draw alike: the heading, a paragraph, signs of what lies above and below, the time of day. */
#ifndef UPFRONT_UI_SCREEN_PARTS_H
#define UPFRONT_UI_SCREEN_PARTS_H

#include "ui/screen.h"

/* The window's first row: a title, what is to be said beside it, and at the right the key that shows this view. */
void parts_heading(const struct screen_context *context, struct frame *window, const char *title, const char *rest,
		   enum key_screen screen, enum key_action shown_by);
/* The key that does it on that screen; "" when none does. */
const char *parts_key(const struct screen_context *context, enum key_screen screen, enum key_action action,
		      char name[KEY_NAME_MAX]);
/* Text that wraps, from `row` on, `indent` columns in; at most `rows` of it. Returns how many it took. */
unsigned parts_paragraph(const struct theme *theme, struct frame *window, unsigned row, unsigned rows, unsigned indent,
			 const char *text, enum theme_role role);
/* The columns of rows that leave the last one to parts_more. */
unsigned parts_columns(const struct frame *window);
/* At the right edge of rows that show a part of something. */
void parts_more(const struct theme *theme, struct frame *window, unsigned row, unsigned rows, bool above, bool below);

/* The selection is where the unit that is looked at stands; it stays when that has gone. */
void parts_follow_unit(struct screen_list *list, const struct stack_model *model, unsigned unit);
/* A step in a list of all units, which takes context->unit along; false: the action is not one. */
bool parts_step_units(struct screen_list *list, struct screen_context *context, unsigned rows, enum key_action action);

/* Onto the clipboard, or words why not. */
void parts_copy(struct screen_context *context, const char *text);

/* The last part of a path; "the stack file" when there is none. */
const char *parts_file_name(const char *path);

/* "14:02:11", by the local clock. */
#define PARTS_CLOCK_BYTES 16u
void parts_clock(int64_t wall_ms, char text[PARTS_CLOCK_BYTES]);

/* A text that grows to its limit; what does not fit is cut. */
struct parts_text {
	char *text;
	size_t size_bytes, used;
};
__attribute__((format(printf, 2, 3))) void parts_add(struct parts_text *self, const char *format, ...);

#endif
