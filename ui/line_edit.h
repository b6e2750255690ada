/* SPDX-License-Identifier: MIT */
/* line_edit - one line being typed: search, filter, narrowing, file names, fields of a form. UTF-8, whole characters, a pure step. */
#ifndef UPFRONT_UI_LINE_EDIT_H
#define UPFRONT_UI_LINE_EDIT_H

#include "ui/keys.h"
#include "ui/theme.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame;

#define LINE_EDIT_BYTES_MAX 512u
#define LINE_EDIT_KEPT 20u

struct line_edit {
	char text[LINE_EDIT_BYTES_MAX];
	size_t size_bytes, at; /* the cursor, in bytes */
	bool secret; /* drawn as stars */
	char *kept[LINE_EDIT_KEPT]; /* what was typed before, newest last; Up and Down go through them */
	size_t kept_count, kept_at;
	char *draft; /* what was being typed when one went to what was typed before; NULL: nothing */
};

enum line_edit_end {
	LINE_EDIT_ON,
	LINE_EDIT_DONE /* Enter */,
	LINE_EDIT_LEFT /* Esc, Ctrl-C, or erased beyond the start */
};

void line_edit_init(struct line_edit *self);
void line_edit_finish(struct line_edit *self);
/* Begins with `text`, the cursor behind it; what was kept stays. Cut at LINE_EDIT_BYTES_MAX. */
void line_edit_begin(struct line_edit *self, const char *text);
/* Remembers what stands there, once. */
void line_edit_keep(struct line_edit *self);
/* *changed (may be NULL) tells whether the text is another now. */
enum line_edit_end line_edit_key(struct line_edit *self, const struct keymap *keys, uint32_t key, bool *changed);
/* Draws so that the cursor is in sight, and puts the hardware cursor there. */
void line_edit_draw(const struct line_edit *self, const struct theme *theme, struct frame *frame, unsigned row,
		    unsigned column, unsigned columns);

#endif
