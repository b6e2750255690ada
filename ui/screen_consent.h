/* SPDX-License-Identifier: MIT */
/*
 * screen_consent - the consent dialog: a pure draw and a pure key step.
 *
 * The rules it keeps: no answer has focus at the start and Enter on nothing answers nothing; both answers take one key, are
 * equally wide and look the same; the answers stay in sight at every size the dialog is used at, when the text does not fit it
 * is the text that scrolls. The words come from the model; controls, key hints and messages are the screen's own.
 */
#ifndef UPFRONT_UI_SCREEN_CONSENT_H
#define UPFRONT_UI_SCREEN_CONSENT_H

#include "config/decide.h"
#include "ui/theme.h"

#include <stdbool.h>
#include <stdint.h>

struct consent_model;
struct frame;

/* Below this the dialog is held in line mode. */
#define CONSENT_ROWS_MIN 12u
#define CONSENT_COLUMNS_MIN 40u

/* In the order in which Tab goes through them. */
enum consent_focus { FOCUS_NONE, FOCUS_YES, FOCUS_NO, FOCUS_PREVIEW, FOCUS_NOTICE, FOCUS_NO_FOR_GOOD, FOCUS_COUNT };

enum consent_say {
	SAY_NOT_YET, /* painted, but keys are not read yet: the line that asks for one is empty */
	SAY_HOW, /* what can be done now */
	SAY_NOTHING_CHOSEN, /* after Enter on nothing */
	SAY_UNKNOWN_KEY
};

struct consent_view {
	unsigned rows, columns; /* of the terminal */
	unsigned scroll; /* lines of the text that are above its area */
	enum consent_focus focus;
	enum consent_say say;
};

enum consent_move {
	CONSENT_STAY,
	CONSENT_ANSWERED,
	CONSENT_SHOW_PREVIEW,
	CONSENT_SHOW_NOTICE,
	CONSENT_SUSPEND,
	CONSENT_REPAINT
};

/* Draws into a frame of the view's size. Pure. */
void consent_draw(const struct consent_model *model, const struct consent_view *view, const struct theme *theme,
		  struct frame *frame);
/* What a key does: changes the view, or says what the caller has to do; *answer is set with CONSENT_ANSWERED only. Pure. */
enum consent_move consent_step(const struct consent_model *model, struct consent_view *view, const struct theme *theme,
			       uint32_t key, enum consent_answer *answer);

#endif
