/* SPDX-License-Identifier: MIT */
/*
 * term - a program on a real pseudo terminal, its screen read through libvterm. Standard input and error are the terminal,
 * standard output is a pipe that is read apart. The program runs as a foreground job of a small shell-like keeper, so stopping and
 * continuing work as they do at a prompt.
 *
 * Every wait ends at one deadline, counted from vt_start or vt_wait_anew; a wait that fails prints the screen and fails the test.
 */
#ifndef UPFRONT_TESTS_TERM_H
#define UPFRONT_TESTS_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

#define VT_DEADLINE_MS 20000

struct vt;

struct vt_options {
	unsigned rows, columns; /* 0: 24x80 */
	const char *const
		*environment; /* "NAME=VALUE" in addition to PATH, TERM=xterm and LANG=C.UTF-8; NULL: nothing */
	bool stdout_terminal; /* standard output is the terminal as well, as for a program typed at a prompt */
	const char *typed_ahead; /* is in the terminal's queue before the program starts */
};

struct vt *vt_start(const char *const *argv, const struct vt_options *options);
/* Ends what still runs, by its pid. */
void vt_finish(struct vt *self);

/* Of the program, not of its keeper. */
pid_t vt_pid(const struct vt *self);
void vt_send(struct vt *self, const char *bytes);
void vt_send_bytes(struct vt *self, const char *bytes, size_t size);
/* Writes to the terminal as another program on it would. */
void vt_scribble(struct vt *self, const char *text);
void vt_resize(struct vt *self, unsigned rows, unsigned columns);
/* The program alone is told: libvterm does not survive every size. What is on the screen means nothing until vt_resize. */
void vt_resize_unseen(const struct vt *self, unsigned rows, unsigned columns);
/* The terminal goes away. */
void vt_hang_up(struct vt *self);

/* From now on the deadline counts from now. */
void vt_wait_anew(struct vt *self);
/* Reads what is there. */
void vt_catch_up(struct vt *self);
bool vt_shows(const struct vt *self, const char *text);
void vt_wait_text(struct vt *self, const char *text);
void vt_wait_gone(struct vt *self, const char *text);
/* False when it was waited for in vain; says nothing. */
bool vt_wait_quietly(struct vt *self, bool (*seen)(const struct vt *self, const void *argument), const void *argument);
void vt_wait(struct vt *self, bool (*seen)(const struct vt *self, const void *argument), const void *argument);

/* Something has been written, or it has ended. */
void vt_wait_change(struct vt *self);
/* Takes in what is there, or comes within so long; true when the program has ended. */
bool vt_take(struct vt *self, int limit_ms);

/* The wait status when the program has ended. */
int vt_wait_exit(struct vt *self);
/* Waits until the program has been stopped by a signal. */
void vt_wait_stopped(struct vt *self);
/* Brings it to the foreground and continues it, as fg does. */
void vt_continue(struct vt *self);

/* One row without spaces at its end; the caller frees. */
char *vt_row(const struct vt *self, unsigned row);
/* All rows, without what they look like; the caller frees. */
char *vt_text(const struct vt *self);
/* The whole screen as shot.h has it; the caller frees. */
char *vt_shot(const struct vt *self);
#define VT_POINTS_MAX 6u
struct vt_cell {
	uint32_t points[VT_POINTS_MAX + 1]; /* ends with 0; none: blank, or the right half of a wide one */
	bool wide, bold, reverse, underline, italic;
	int foreground, background; /* in the 256-colour palette; -1: the terminal's own */
};
void vt_cell(const struct vt *self, unsigned row, unsigned column, struct vt_cell *cell);
/* The colour of a cell's character in the 256-colour palette; -1: the terminal's own. */
int vt_foreground(const struct vt *self, unsigned row, unsigned column);
/* How a cell looks; colours as above. */
struct vt_look {
	int foreground, background;
	bool bold, reverse, underline;
};
void vt_look(const struct vt *self, unsigned row, unsigned column, struct vt_look *look);
bool vt_alternate_screen(const struct vt *self);
bool vt_cursor_visible(const struct vt *self);
unsigned vt_cursor_row(const struct vt *self);
unsigned vt_cursor_column(const struct vt *self);
/* Modes of the terminal as they are now; -1 when it is gone. */
int vt_modes(const struct vt *self, struct termios *modes);
const struct termios *vt_modes_before(const struct vt *self);
/* All that was written to standard output, and to the terminal, so far. */
const char *vt_stdout(const struct vt *self);
const char *vt_bytes(const struct vt *self, size_t *size);
/* Forgets what was written to the terminal so far: only so much of it is kept. */
void vt_forget_bytes(struct vt *self);

#endif
