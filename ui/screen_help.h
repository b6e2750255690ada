/* SPDX-License-Identifier: MIT */
/*
 * screen_help - the keys of the place one comes from, and the palette: every action by name with its key, narrowed as one types. Both are made
 * from the table of keys; Enter does what is selected.
 */
#ifndef UPFRONT_UI_SCREEN_HELP_H
#define UPFRONT_UI_SCREEN_HELP_H

#include "ui/line_edit.h"
#include "ui/screen.h"

struct help_view {
	enum key_screen of; /* whose keys */
	bool palette; /* names of actions, and the line is being typed at once */
	bool typing;
	struct line_edit narrow;
	struct screen_list list;
	unsigned rows; /* as last drawn */
};

void help_init(struct help_view *self);
void help_finish(struct help_view *self);
void help_begin(struct help_view *self, enum key_screen of, bool palette);
void help_draw(struct help_view *self, const struct screen_context *context, struct frame *frame,
	       struct frame_area area);
/* What is selected, in full, when its row of so many columns cuts it; else "". For the line above the footer. */
void help_outlook(const struct help_view *self, const struct screen_context *context, unsigned columns, char *text,
		  size_t size_bytes);
/* *chosen is what is to be done once the view is left (GO_BACK), or ACTION_NOTHING. */
enum screen_go help_step(struct help_view *self, struct screen_context *context, enum key_action action,
			 enum key_action *chosen);
/* A key while `typing`. */
enum screen_go help_type(struct help_view *self, struct screen_context *context, uint32_t key, enum key_action *chosen);
void help_footer(const struct help_view *self, const struct screen_context *context, struct screen_footer *footer);

#endif
