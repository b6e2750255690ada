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
#include <stddef.h>
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
/*
 * True when a terminal of this type, which is not taken over, moves its cursor up and down and clears lines as ECMA-48 says; then also how many
 * colours it has (term_colors) and whether it can draw lines.
 */
bool term_can_move(const char *type, unsigned *colors, bool *lines);
/* Gives it back; NULL is taken. */
void term_close(struct term *self);

/* The terminal can draw lines. */
bool term_has_lines(const struct term *self);
/* Takes the new size in; what is on the screen is drawn again by the next term_show. */
void term_resize(struct term *self, struct term_size size);
/*
 * Sends what differs from the last frame, nothing when nothing does; in one synchronised update (mode 2026) where the terminal is known to have
 * it. Returns how many bytes went out.
 */
size_t term_show(struct term *self, const struct frame *frame);
/* The next term_show draws everything. */
void term_repaint(struct term *self);
/*
 * From now on nothing waits for a terminal that takes nothing: what it has not taken is kept, and sent by term_takes_output, which is false until
 * then; nothing is to be shown meanwhile. term_output_poll is to be polled for POLLOUT; -1: nothing is kept.
 */
void term_never_wait(struct term *self);
bool term_takes_output(struct term *self);
int term_output_poll(const struct term *self);
/* Throws away what was typed and not read. */
void term_flush_input(struct term *self);
/*
 * Takes one key that is there (enum ui_key or a character; only ASCII until term_take_text). Returns 1, 0 when there is none, -EPIPE when
 * the terminal is gone.
 */
int term_read_key(struct term *self, uint32_t *key);
void term_suspend(struct term *self);
void term_resume(struct term *self);

/* ---- What only the dashboard asks for; all off after term_open, and again after term_close and while suspended ---- */

/* How many colours there are to draw with: 0, 8, 16 or 256, by terminfo and COLORTERM. */
unsigned term_colors(const struct term *self);
/* From now on frames are drawn in the theme's colours; without it in attributes alone. `theme` must outlive the screen. */
void term_use_theme(struct term *self, const struct theme *theme);
/* Characters beyond ASCII are keys too, and bracketed pastes are told from typing. */
void term_take_text(struct term *self, bool on);

enum term_mouse_kind {
	TERM_MOUSE_PRESS, /* left button */
	TERM_MOUSE_DRAG,
	TERM_MOUSE_RELEASE,
	TERM_MOUSE_WHEEL_UP,
	TERM_MOUSE_WHEEL_DOWN
};
struct term_mouse {
	enum term_mouse_kind kind;
	unsigned row, column; /* from 0 */
};
/*
 * On: clicks, drags and the wheel come as UI_KEY_MOUSE (SGR coordinates, mode 1006). Off: the terminal selects as ever, and its wheel
 * comes as arrow keys (mode 1007).
 */
void term_take_mouse(struct term *self, bool on);
/* What UI_KEY_MOUSE stood for. */
struct term_mouse term_mouse(const struct term *self);

/*
 * Puts bytes on the terminal's clipboard by OSC 52, wrapped for tmux where it runs inside one. -EMSGSIZE beyond TERM_COPY_MAX: nothing was
 * sent. Whether the terminal takes it nobody can tell.
 */
#define TERM_COPY_MAX 74000u
int term_copy(struct term *self, const char *bytes, size_t size_bytes);

#endif
