/* SPDX-License-Identifier: MIT */
/*
 * screen - what all views of the dashboard share. A view is a struct of plain state (where one is, what is folded, what is typed), a pure draw
 * into a frame, and a step that takes an action from the table of keys. Draws change nothing but the frame; steps change the view and
 * ask through `actions`. Both run without a terminal.
 *
 * The dashboard (dash.h) owns the views, decides which one is seen, and draws what stands around it: the line of words above the footer
 * and the footer, which is made from the table of keys for what is under the cursor.
 */
#ifndef UPFRONT_UI_SCREEN_H
#define UPFRONT_UI_SCREEN_H

#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct actions;
struct term_mouse;

#define SCREEN_WORDS_MAX 512u

/* Where the person wants to be: what a step answers. */
enum screen_go {
	GO_NOWHERE, /* the key was taken */
	GO_UNTAKEN, /* this view has no use for it: whoever is around it may */
	GO_BACK,
	GO_LOG, /* of `unit` */
	GO_ALL_LOGS,
	GO_DETAIL, /* of `unit` */
	GO_GRAPH
};

struct screen_context {
	const struct stack_model *model;
	const struct theme *theme;
	const struct keymap *keys;
	const struct actions *actions;
	unsigned unit; /* id of the unit that is looked at, in all views: a step may move it */
	char words
		[SCREEN_WORDS_MAX]; /* what a step has to say, for the line above the footer: what was done, or why not. "": nothing */
};

/* NULL when it has gone. */
const struct unit_model *screen_unit(const struct stack_model *model, unsigned id);
const char *unit_state_word(enum unit_state state);
/* The sign as the theme can show it, and its role. */
uint32_t unit_state_sign(enum unit_state state, const struct theme *theme);
enum theme_role unit_state_role(enum unit_state state);
unsigned unit_state_rank(enum unit_state state);
bool unit_state_is_problem(enum unit_state state);
/* Sets context->words. */
__attribute__((format(printf, 2, 3))) void screen_say(struct screen_context *context, const char *format, ...);

/* The next unit behind `id` with a problem, round again from the start; NULL when all is well. */
const struct unit_model *screen_next_problem(const struct stack_model *model, unsigned id);

/* What a footer holds: actions in the order of use; what does not fit is left out as a whole, ? and q never. */
#define SCREEN_FOOTER_MAX 16u
struct screen_footer {
	enum key_action actions[SCREEN_FOOTER_MAX];
	size_t count;
};
void screen_draw_footer(const struct screen_footer *footer, enum key_screen screen, const struct keymap *keys,
			const struct theme *theme, struct frame *frame, struct frame_area area);

/* A list of `count` rows in an area of `rows`: the selected one stays in sight, and as little as possible moves. */
struct screen_list {
	size_t selected, top;
};
void screen_list_fit(struct screen_list *self, size_t count, unsigned rows);
/* Up, down, page up and down, half pages, first, last; true when it was one of these. */
bool screen_list_step(struct screen_list *self, size_t count, unsigned rows, enum key_action action);

#endif
