/* SPDX-License-Identifier: MIT */
/*
 * progress - how far a stack has come, as a block of lines at the bottom of a terminal: one that counts, and one for each unit. Pure.
 *
 *   wren  2 of 4 ready  5s
 *   + ready     db        2.0s
 *   ~ starting  ui          3s  probe 4: connection refused
 *   . waiting   worker          for ui to be ready
 *
 * The cursor stands below the block, at the beginning of an empty line: a program that ends in between, however it does, leaves the terminal as a
 * finished one would. What stands there already is not written again.
 */
#ifndef UPFRONT_UI_PROGRESS_H
#define UPFRONT_UI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct stack_model;
struct theme;

/* How far one unit is, by the clock of the model. */
struct progress_unit {
	size_t unit; /* its place in model.units */
	bool done; /* it is where it was to be, or will not get there any more */
	int64_t since_ms; /* when its own part began; -1: not yet */
	int64_t took_ms; /* of one that is done; -1: not known */
};

struct progress_look {
	const struct theme *theme;
	unsigned rows, columns; /* of the terminal */
	const char *title; /* "wren", "Stopping wren" */
	const char *reached; /* what is counted: "ready", "stopped" */
	int64_t since_ms;
	int64_t took_ms; /* once it is over; -1: it goes on */
	const struct progress_unit *units; /* those it is about, in the order they are shown */
	size_t unit_count;
};

/*
 * The block, every line with its end; at most rows - 1 lines, none as wide as the terminal. Where there is room for some units only, those that
 * are not done come first. The caller frees; NULL when out of memory.
 */
char *progress_text(const struct stack_model *model, const struct progress_look *look);

/*
 * Makes `now` of the block `before` ("": none stands there), with the cursor below it before and after. Nothing is written when nothing
 * differs. `above` is scrolled in above the block: whole lines, with their ends; size 0: none.
 */
void progress_put(const char *before, const char *now, const char *above, size_t above_bytes, FILE *out);
/* Columns of its widest line. */
unsigned progress_columns(const char *text, bool utf8);

#endif
