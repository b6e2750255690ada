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
	uint64_t event; /* stands for the bytes of the selected one, which stays it when others come; 0: the newest */
	bool opened; /* Enter: the bytes of the selected event */
	bool indented; /* Enter again: laid out for reading */
	size_t top; /* first row of them */
	unsigned rows, columns; /* of the events or the bytes, as last drawn */
};

void telemetry_draw(struct telemetry_view *self, const struct screen_context *context, struct frame *frame,
		    struct frame_area area);
enum screen_go telemetry_step(struct telemetry_view *self, struct screen_context *context, enum key_action action);
void telemetry_footer(const struct telemetry_view *self, const struct screen_context *context,
		      struct screen_footer *footer);

#endif
