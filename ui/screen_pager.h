/* SPDX-License-Identifier: MIT */
/* screen_pager - pages a text: the exact first event, the full notice. Nothing can be answered here. */
#ifndef UPFRONT_UI_SCREEN_PAGER_H
#define UPFRONT_UI_SCREEN_PAGER_H

#include "ui/theme.h"

#include <stdbool.h>
#include <stdint.h>

struct frame;

struct pager_text {
	const char *title;
	const char *text; /* UTF-8; leading spaces of a line are kept in the lines that continue it */
};

struct pager_view {
	unsigned rows, columns; /* of the terminal */
	unsigned top; /* first line shown */
	bool hint; /* a key was pressed that does nothing here */
};

enum pager_move { PAGER_STAY, PAGER_BACK, PAGER_QUIT, PAGER_SUSPEND, PAGER_REPAINT };

/* Draws into a frame of the view's size. Pure. */
void pager_draw(const struct pager_text *text, const struct pager_view *view, const struct theme *theme,
		struct frame *frame);
/* What a key does: changes the view, or says what the caller has to do. Pure. */
enum pager_move pager_step(const struct pager_text *text, struct pager_view *view, const struct theme *theme,
			   uint32_t key);
/* Brings the view to a new size; the first line shown stays in sight. */
void pager_resize(const struct pager_text *text, struct pager_view *view, const struct theme *theme, unsigned rows,
		  unsigned columns);

#endif
