/* SPDX-License-Identifier: MIT */
/*
 * screen_form - the setup questions in one page: a pure draw and a pure key step, in the language of the consent dialog.
 *
 * Each question takes three rows: a sign and the question, the answer, a word on the answer. The questions scroll when there are more than
 * fit; the last row, [ Save and go on ], stays in sight and says what is still missing. What one types goes into the answer that has
 * focus; a choice is made by the arrows or its first letter.
 */
#ifndef UPFRONT_UI_SCREEN_FORM_H
#define UPFRONT_UI_SCREEN_FORM_H

#include "ui/theme.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame;
struct keymap;
struct setup_form;

/* Below this the questions are asked in line mode. */
#define FORM_ROWS_MIN 12u
#define FORM_COLUMNS_MIN 40u

struct form_view {
	unsigned rows, columns; /* of the terminal */
	size_t focus; /* a field, or the number of fields: the row that saves */
	size_t top; /* questions that are above the area */
	bool ready; /* keys are read: the line that says which is empty before */
	bool shown; /* the secret that has focus is shown */
	bool leaving; /* asked: leave, and lose what was typed? */
	bool refused; /* it was to be saved, and something is missing */
	bool pasting; /* between the marks of a paste */
	bool checking; /* a program looks at the answer of `checked`: only leaving that counts */
	size_t checked;
	bool stopped; /* it was left, and nothing was saved */
};

enum form_move {
	FORM_STAY, /* something may have changed */
	FORM_SAVE, /* every question has an answer that fits: to be checked, and kept */
	FORM_STOP_CHECK, /* what checks is to be ended */
	FORM_LEAVE, /* nothing is saved */
	FORM_QUIT, /* Ctrl-C */
	FORM_SUSPEND,
	FORM_REPAINT
};

/* Focus on the first question that wants an answer, else on the first. */
void form_begin(const struct setup_form *form, struct form_view *view);
/* The new size; what has focus stays in sight. */
void form_resize(const struct setup_form *form, struct form_view *view, unsigned rows, unsigned columns);
/* A check has begun, of this field. */
void form_check(struct form_view *view, size_t index);
/* The checks are over, or were stopped: focus on the first answer that was refused. */
void form_checked(const struct setup_form *form, struct form_view *view, bool stopped);
/* Draws into a frame of the view's size. Pure. */
void form_draw(const struct setup_form *form, const struct form_view *view, const struct theme *theme,
	       const struct keymap *keys, struct frame *frame);
/* What a key does: changes the form and the view, or says what the caller has to do. */
enum form_move form_step(struct setup_form *form, struct form_view *view, const struct keymap *keys, uint32_t key);

#endif
