/* SPDX-License-Identifier: MIT */
/*
 * screen_detail - the whole story of one unit: why, last words, command, probe history, restarts, what it needs and holds up, its processes,
 * its environment with secrets masked. Scrolls; Enter unfolds the environment.
 */
#ifndef UPFRONT_UI_SCREEN_DETAIL_H
#define UPFRONT_UI_SCREEN_DETAIL_H

#include "ui/screen.h"

struct detail_view {
	size_t top; /* first row of the text shown */
	size_t line; /* row where the cursor is: y copies what stands there, however many rows it takes */
	bool unfolded; /* all of the environment and of the histories */
	unsigned unit; /* whose story it is: another one's begins at its top */
	unsigned rows, columns; /* as last drawn */
};

void detail_draw(struct detail_view *self, const struct screen_context *context, struct frame *frame,
		 struct frame_area area);
enum screen_go detail_step(struct detail_view *self, struct screen_context *context, enum key_action action);
void detail_footer(const struct detail_view *self, const struct screen_context *context, struct screen_footer *footer);

#endif
