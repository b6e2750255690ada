/* SPDX-License-Identifier: MIT */
/*
 * dash - the dashboard without a terminal: keys and models in, frames out. It owns the views (screen_*.h), decides which one is seen and what
 * stands in front of it, turns keys into actions by the table, and asks through `actions`. Whoever runs it (launcher/screen/) reads keys,
 * fills the model, draws when dash_is_dirty, and calls dash_work while nothing else is to be done.
 *
 * Views lie on each other: Enter goes in, Esc and q come out, the digits go straight to one. What was typed, marked, searched for and
 * scrolled to stays with its view.
 */
#ifndef UPFRONT_UI_DASH_H
#define UPFRONT_UI_DASH_H

#include "ui/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct actions;
struct dash;
struct frame;
struct keymap;
struct log_text;
struct term_mouse;
struct theme;

struct dash_options {
	const struct theme *theme;
	const struct keymap *keys;
	const struct actions *actions;
	bool mouse; /* the mouse is taken at the beginning */
	bool asks_to_leave; /* q asks (settings: `ask_before_leaving`) */
};

/* The options are copied, what they point at is not. NULL when out of memory. */
struct dash *dash_create(const struct dash_options *options);
/* Closes the logs it has opened. */
void dash_destroy(struct dash *self);

/* The model, which lives until the next one or the end. Dirty when something of it is seen. */
void dash_take_model(struct dash *self, const struct stack_model *model);
void dash_take_size(struct dash *self, unsigned rows, unsigned columns);
void dash_take_key(struct dash *self, uint32_t key);
void dash_take_mouse(struct dash *self, const struct term_mouse *mouse);
/* There may be more in the logs. */
void dash_take_logs(struct dash *self);
/* The answer to actions.ask_along: who would go along, ends with NULL; nobody: what was asked for is done without a question. */
void dash_take_along(struct dash *self, const char *const *names);
/* There will be no answer to it: what was asked for is not done. */
void dash_drop_along(struct dash *self);
/* The stack file differs from what runs: what would be done, a line each; the answer calls actions.reload. */
void dash_ask_reload(struct dash *self, const char *text);
/* A line above the footer, until the next key. `lasting`: until the next line. */
void dash_say(struct dash *self, const char *text, bool lasting);

/* Something seen has changed since the last draw. */
bool dash_is_dirty(const struct dash *self);
/*
 * The log that is seen brings a screenful and more at a time, and nothing else has changed: it need not be drawn more often than anybody
 * reads. Holds from one draw to the next, until the log has calmed down.
 */
bool dash_is_flooding(const struct dash *self);
/* Into a frame of the size taken. Not dirty afterwards. */
void dash_draw(struct dash *self, struct frame *frame);
/* Searches, filters, counts, for about so long. True while there is more to do. */
bool dash_work(struct dash *self, int64_t budget_us);
/*
 * What only the terminal can do, a bit each; told once, so it is asked after each key. A question has opened: keys that were typed before it could
 * be read are thrown away (term_flush_input). Ctrl-L: all is sent again (term_repaint).
 */
enum dash_wish { DASH_WISH_FLUSH = 1, DASH_WISH_REPAINT = 2 };
unsigned dash_take_wishes(struct dash *self);
/* A line is being typed: characters beyond ASCII and pastes are wanted. */
bool dash_is_typing(const struct dash *self);
/* When something seen changes by time alone (an up-time, a sparkline, a second of the start), on the model's clock; -1: never. */
int64_t dash_due_ms(const struct dash *self);

#endif
