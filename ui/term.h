/* SPDX-License-Identifier: MIT */
/*
 * term - the terminal as screens need it: open, size, show a frame, read a key, close. Keys are read from standard input and
 * screens drawn on standard error, which must be the same terminal; standard output is not touched.
 *
 * While it is open the terminal is on its alternate screen and takes keys one by one; term_close, and term_suspend until
 * term_resume, give it back exactly as it was. When the process crashes in between, it is given back as well (crash.h).
 */
#ifndef UPFRONT_UI_TERM_H
#define UPFRONT_UI_TERM_H

#include <stdbool.h>
#include <stdint.h>

struct frame;
struct term;
struct theme;

struct term_size {
	unsigned rows, columns;
};

/* The size as the terminal says it; what it doesn't say is taken from LINES and COLUMNS, then 24x80. */
struct term_size term_size_now(void);

/*
 * Takes the terminal over. -ENOTTY: not both descriptors are the same terminal; -ENOTSUP: `type` (TERM) is not known to terminfo or can't
 * place the cursor and clear; -ENOMEM. The terminal is as before then, and nothing was written to it.
 */
int term_open(const char *type, struct term **term);
/* Gives it back; NULL is taken. */
void term_close(struct term *self);

/* The terminal can draw lines. */
bool term_has_lines(const struct term *self);
/* Takes the new size in; what is on the screen is drawn again by the next term_show. */
void term_resize(struct term *self, struct term_size size);
/* Sends what differs from the last frame. */
void term_show(struct term *self, const struct frame *frame);
/* The next term_show draws everything. */
void term_repaint(struct term *self);
/* Throws away what was typed and not read. */
void term_flush_input(struct term *self);
/* Takes one key that is there (enum ui_key or ASCII). Returns 1, 0 when there is none, -EPIPE when the terminal is gone. */
int term_read_key(struct term *self, uint32_t *key);
void term_suspend(struct term *self);
void term_resume(struct term *self);

#endif
