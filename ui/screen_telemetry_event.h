/* SPDX-License-Identifier: MIT */
/* screen_telemetry_event - one event of the telemetry view: what became of it, and its bytes, opened. */
#ifndef UPFRONT_UI_SCREEN_TELEMETRY_EVENT_H
#define UPFRONT_UI_SCREEN_TELEMETRY_EVENT_H

#include "ui/screen_telemetry.h"

uint32_t telemetry_result_sign(enum telemetry_result result);
enum theme_role telemetry_result_role(enum telemetry_result result);
/* "refused, 400" */
void telemetry_result_words(const struct sent_event *event, char *out, size_t size_bytes);

/* The bytes, in the whole window: exactly, or indented. */
void telemetry_event_draw(struct telemetry_view *self, const struct screen_context *context,
			  const struct sent_event *event, struct frame *window);
/* Scrolls them; false: the action does not. */
bool telemetry_event_step(struct telemetry_view *self, const struct screen_context *context,
			  const struct sent_event *event, enum key_action action);

#endif
