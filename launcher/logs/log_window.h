/* SPDX-License-Identifier: MIT */
/*
 * log_window - a part of the stream (log_order) in memory, and where its lines begin and end.
 *
 * A line is shown in pieces when it is long. So that a piece can be found from any place without going far, and whole texts without a line end
 * need no more, pieces end at places that are multiples of LOG_CELL_BYTES: at each behind which, for a whole cell backwards, no
 * line begins. A piece is thus shorter than two cells, and a line of one cell is never cut.
 */
#ifndef UPFRONT_LAUNCHER_LOGS_LOG_WINDOW_H
#define UPFRONT_LAUNCHER_LOGS_LOG_WINDOW_H

#include "launcher/logs/log_order.h"

#define LOG_CELL_BYTES 8192
#define LOG_WINDOW_BYTES 131072u

struct log_window {
	struct log_order *order;
	char *bytes; /* LOG_WINDOW_BYTES */
	int64_t from, to; /* what is loaded */
};

struct log_piece {
	int64_t from, next; /* of the stream; the end of the line in between, if it has one */
	const char *bytes; /* valid until the window is asked for something else */
	size_t size_bytes; /* without the line's end */
	bool continues; /* the line began before */
	bool ended; /* with a line end */
};

int log_window_init(struct log_window *self, struct log_order *order);
void log_window_finish(struct log_window *self);
/* What is loaded is read again when it is asked for next. */
void log_window_forget(struct log_window *self);

/* [from, to) as far as it is in the stream, at most LOG_WINDOW_BYTES; *size says how much. What was given before becomes invalid. */
const char *log_window_at(struct log_window *self, int64_t from, int64_t to, size_t *size);

/* Where the piece begins that holds `v`, which must be in the stream. */
int64_t log_window_piece_start(struct log_window *self, int64_t v);
/* Where the one ends that begins at `from`: the next one begins there. */
int64_t log_window_piece_end(struct log_window *self, int64_t from);
void log_window_piece(struct log_window *self, int64_t from, struct log_piece *piece);

/* How many line ends there are. */
size_t log_window_count_ends(const char *bytes, size_t size_bytes);

#endif
