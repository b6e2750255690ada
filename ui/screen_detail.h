/* SPDX-License-Identifier: MIT */
/*
 * screen_detail - the whole story of one unit: why, last words, command, probe history, restarts, what it needs and holds up, its processes,
 * its environment with secrets masked. Scrolls; Enter unfolds the environment.
 */
#ifndef UPFRONT_UI_SCREEN_DETAIL_H
#define UPFRONT_UI_SCREEN_DETAIL_H

#include "ui/screen.h"

struct detail_view {
	size_t top; /* first line of the text shown */
	size_t line; /* where the cursor is: what y copies */
	bool unfolded; /* all of the environment and of the histories */
	unsigned rows; /* as last drawn */
};

void detail_draw(struct detail_view *self, const struct screen_context *context, struct frame *frame,
		 struct frame_area area);
enum screen_go detail_step(struct detail_view *self, struct screen_context *context, enum key_action action);
void detail_footer(const struct detail_view *self, const struct screen_context *context, struct screen_footer *footer);

#endif
