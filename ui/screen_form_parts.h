/* SPDX-License-Identifier: MIT */
/* What the form's drawing and its keys agree on: which rows there are, and which of them are seen. Private to screen_form*.c. */
#ifndef UPFRONT_UI_SCREEN_FORM_PARTS_H
#define UPFRONT_UI_SCREEN_FORM_PARTS_H

#include "ui/frame.h"
#include "ui/screen_form.h"

/* The question, its answer, a word on it. */
#define FORM_BLOCK_ROWS 3u

struct form_layout {
	struct frame_area box;
	struct frame_area list; /* whole blocks */
	unsigned column, columns; /* of text */
	unsigned save_row, words_row, footer_row;
	bool wide; /* there is room for whole sentences */
	bool about; /* there is a row above the questions */
};

struct form_layout form_layout_make(const struct setup_form *form, const struct form_view *view);
/* The first question in the area: the one that has focus is in sight, and as little as possible moves. */
size_t form_fitted_top(const struct setup_form *form, const struct form_view *view, const struct form_layout *layout);

#endif
