/* SPDX-License-Identifier: MIT */
/* screen_events - what has happened to the stack, a line each, newest last; stays at the end until one goes up. */
#ifndef UPFRONT_UI_SCREEN_EVENTS_H
#define UPFRONT_UI_SCREEN_EVENTS_H

#include "ui/screen.h"

struct events_view {
	struct screen_list list;
	uint64_t event; /* stands for the selected one, which stays it when old ones go; 0: the newest */
	bool away; /* from the end: it does not follow */
	unsigned rows; /* as last drawn */
};

void events_draw(struct events_view *self, const struct screen_context *context, struct frame *frame,
		 struct frame_area area);
enum screen_go events_step(struct events_view *self, struct screen_context *context, enum key_action action);
void events_footer(const struct events_view *self, const struct screen_context *context, struct screen_footer *footer);

#endif
