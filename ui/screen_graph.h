/* SPDX-License-Identifier: MIT */
/* screen_graph - who needs whom, as indented text: below each unit what it needs, with the condition and whether it is met. */
#ifndef UPFRONT_UI_SCREEN_GRAPH_H
#define UPFRONT_UI_SCREEN_GRAPH_H

#include "ui/screen.h"

struct graph_view {
	struct screen_list list;
	unsigned unit; /* that the selection was last brought to */
	unsigned rows; /* as last drawn */
	bool turned; /* below each unit who needs it */
};

void graph_draw(struct graph_view *self, const struct screen_context *context, struct frame *frame,
		struct frame_area area);
enum screen_go graph_step(struct graph_view *self, struct screen_context *context, enum key_action action);
void graph_footer(const struct graph_view *self, const struct screen_context *context, struct screen_footer *footer);

#endif
