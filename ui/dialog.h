/* SPDX-License-Identifier: MIT */
/*
 * dialog - what every dialog on the full screen does alike: takes the terminal over, throws away what was typed before it could be seen,
 * turns keys and signals into steps, follows the size, gives the terminal back while it is suspended and on every way out. What is
 * drawn and what keys mean is the caller's.
 */
#ifndef UPFRONT_UI_DIALOG_H
#define UPFRONT_UI_DIALOG_H

#include <stdbool.h>
#include <stdint.h>

struct frame;
struct signals;
struct theme;

/* What a key has done. */
enum dialog_move {
	DIALOG_STAYS, /* nothing that is seen */
	DIALOG_CHANGED,
	DIALOG_DONE,
	DIALOG_SUSPENDS,
	DIALOG_REPAINTS
};

enum dialog_end {
	DIALOG_GOES_ON, /* inside a dialog only */
	DIALOG_OVER, /* by a key: DIALOG_DONE */
	DIALOG_INTERRUPTED, /* SIGINT */
	DIALOG_GONE, /* a fatal signal, or the terminal went away */
	DIALOG_TOO_SMALL, /* these two: the same can still be asked in line mode */
	DIALOG_FAILED
};

struct dialog_screen {
	unsigned rows_min, columns_min; /* below this it ends: DIALOG_TOO_SMALL */
	bool takes_text; /* characters beyond ASCII are keys too, and pastes are told from typing */
	void *context;
	void (*resize)(void *context, const struct theme *theme, unsigned rows, unsigned columns);
	void (*draw)(void *context, const struct theme *theme, struct frame *frame);
	enum dialog_move (*key)(void *context, const struct theme *theme, uint32_t key);
	/* It stands on the screen, and what was typed before is gone: from now on keys count. NULL: nothing changes by that. */
	void (*ready)(void *context);
	/* What is waited for beside keys: a descriptor to be read, -1: nothing now; and what follows once it can be. NULL: never anything. */
	int (*watch)(void *context);
	enum dialog_move (*watched)(void *context);
};

/* `type` is TERM. *fatal_signal is set with DIALOG_GONE by a signal, and left alone otherwise. */
enum dialog_end dialog_run(const struct dialog_screen *screen, const struct signals *signals, const char *type,
			   bool utf8, int *fatal_signal);

#endif
