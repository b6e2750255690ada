/* SPDX-License-Identifier: MIT */
/*
 * block - live progress without the dashboard: ui/progress.h on the terminal of standard error, fed from a view. Lines that are written while it
 * stands go through it, so that they scroll by above.
 *
 * It is drawn when something of it has changed, at most ten times a second; seconds are counted while something is under way, by one beat. A
 * resize that is too narrow for what stands there, and a return from Ctrl-Z, begin a new block below: where the old one has gone to nobody can know.
 */
#ifndef UPFRONT_LAUNCHER_SCREEN_BLOCK_H
#define UPFRONT_LAUNCHER_SCREEN_BLOCK_H

#include "ui/ui.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block;
struct settings_screen;
struct view;
struct view_unit;

/* What is known of a unit so far, kept from one look to the next; monotonic. All zero but the times, which are -1, before the first. */
struct block_unit {
	unsigned unit;
	bool looked; /* not the first time */
	bool meant; /* it has a line */
	bool done;
	int64_t since_ms, took_ms;
};

/* Looks at a unit: whether it has a line, and how far it is. */
typedef void block_judge(const void *context, const struct view_unit *unit, int64_t now_ms, struct block_unit *judged);

struct block_options {
	const struct ui_options *ui;
	const struct settings_screen *settings; /* the person's colours; NULL: none */
	const struct view *view; /* fed by the caller */
	const char *project;
};

/* NULL: standard error is no terminal that can show it, or it is not wanted there (--plain, NO_COLOR); then lines are written. */
struct block *block_open(const struct block_options *options);
/* What stands there stays. NULL is taken. */
void block_close(struct block *self);

/*
 * One that is to be drawn from now on: "Stopping wren  1 of 4 stopped  3s", counted from since_ms. One that stood there before stays as it is.
 * `title` NULL: what the product is called.
 */
void block_begin(struct block *self, const char *title, const char *reached, int64_t since_ms, block_judge *judge,
		 const void *context);
/* When the stack began, by the monotonic clock; now, where that is not known. */
int64_t block_begin_ms(const struct view *view);
/* It is over: the next block_take is its last. NULL is taken. */
void block_end(struct block *self);
bool block_is_on(const struct block *self);

/* A unit gets ready, or cannot any more; the context is the view. It stops; needs no context. */
void block_judge_ready(const void *context, const struct view_unit *unit, int64_t now_ms, struct block_unit *judged);
void block_judge_stopped(const void *context, const struct view_unit *unit, int64_t now_ms, struct block_unit *judged);

/* Something of the view has changed. NULL is taken. */
void block_change(struct block *self);
/* To be polled: SIGWINCH and SIGCONT. */
int block_fd(const struct block *self);
/* Monotonic: when it wants to be written again though nothing came; 0: not at all. */
int64_t block_due_ms(const struct block *self);

/*
 * The bytes that bring the terminal up to date, with `above` (whole lines) scrolled in above it; *size_bytes 0 when there is nothing to write. Good
 * until the next call.
 */
const char *block_take(struct block *self, const char *above, size_t above_bytes, size_t *size_bytes);

#endif
