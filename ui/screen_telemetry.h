/* SPDX-License-Identifier: MIT */
/*
 * screen_telemetry - what holds for usage statistics now and why, source by source; each event that was sent, exactly as it was; and the key
 * that ends it. Nothing can be granted here.
 */
#ifndef UPFRONT_UI_SCREEN_TELEMETRY_H
#define UPFRONT_UI_SCREEN_TELEMETRY_H

#include "ui/screen.h"

struct telemetry_view {
	struct screen_list list; /* of the events */
	bool opened; /* Enter: the bytes of the selected event */
	size_t top; /* first line of them */
	unsigned rows; /* as last drawn */
};

void telemetry_draw(struct telemetry_view *self, const struct screen_context *context, struct frame *frame,
		    struct frame_area area);
enum screen_go telemetry_step(struct telemetry_view *self, struct screen_context *context, enum key_action action);
void telemetry_footer(const struct telemetry_view *self, const struct screen_context *context,
		      struct screen_footer *footer);

#endif
