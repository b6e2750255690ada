/* SPDX-License-Identifier: MIT */
/*
 * screen_startup - how the stack came up, and why it took that long: a bar a unit, the slowest chain named, what the selected unit waited
 * for in words, and the last starts beside each other. The bars stay for the life of the stack.
 */
#ifndef UPFRONT_UI_SCREEN_STARTUP_H
#define UPFRONT_UI_SCREEN_STARTUP_H

#include "ui/screen.h"

#define STARTUP_CHAIN_MAX 64u

struct startup_view {
	struct screen_list list;
	unsigned rows; /* of the bars, as last drawn */
};

/*
 * The chain of units that made the start as long as it was: the one ready last, what it waited for, what that waited for; the first to
 * start comes first. Returns its length; cycles and gaps end it.
 */
size_t startup_chain(const struct stack_model *model, const struct unit_model *chain[STARTUP_CHAIN_MAX]);
/* "ui: 4.2s from start to ready, 9 probes of ...; before that it waited 5.2s for migrate, which waited 2.0s for db." */
void startup_story(const struct stack_model *model, const struct unit_model *unit, char *text, size_t size_bytes);

void startup_draw(struct startup_view *self, const struct screen_context *context, struct frame *frame,
		  struct frame_area area);
enum screen_go startup_step(struct startup_view *self, struct screen_context *context, enum key_action action);
void startup_footer(const struct startup_view *self, const struct screen_context *context,
		    struct screen_footer *footer);

#endif
