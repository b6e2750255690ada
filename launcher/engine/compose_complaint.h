/* SPDX-License-Identifier: MIT */
/*
 * What a Compose program writes, made into lines, and what it complains of among them.
 *
 * Version 1 and version 2 tell errors in words of their own and without a sign that would hold for all: what reads like one is kept, with
 * the lines that belong to it; of a run that failed without one, the last thing it said that is no progress.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_COMPOSE_COMPLAINT_H
#define UPFRONT_LAUNCHER_ENGINE_COMPOSE_COMPLAINT_H

#include <stdbool.h>
#include <stddef.h>

#define COMPOSE_LINE_BYTES_MAX 4096u
#define COMPOSE_COMPLAINT_BYTES_MAX 2048u

/* All zero is a beginning. */
struct compose_lines {
	char line[COMPOSE_LINE_BYTES_MAX + 1];
	size_t size;
	int state; /* of an escape sequence: see compose_complaint.c */
	bool c1; /* the first byte of what may be a control character of two */
};

typedef void compose_line_said(void *context, const char *line);
/*
 * Bytes as they come. Escape sequences and control characters are left out; a carriage return ends a line as well, so that progress that
 * overwrites itself comes line by line. Empty lines are not told; of a longer one the beginning is.
 */
void compose_lines_take(struct compose_lines *self, const char *bytes, size_t size_bytes, compose_line_said *said,
			void *context);
/* What stands there without an end. */
void compose_lines_end(struct compose_lines *self, compose_line_said *said, void *context);

/* All zero is a beginning. */
struct compose_complaint {
	char text[COMPOSE_COMPLAINT_BYTES_MAX];
	char last[COMPOSE_COMPLAINT_BYTES_MAX]; /* line that is neither progress nor an error */
	bool open; /* what follows belongs to it */
};

void compose_complaint_line(struct compose_complaint *self, const char *line);
/* One text; "" when there was none. `failed`: the run did. Borrowed. */
const char *compose_complaint_text(const struct compose_complaint *self, bool failed);

#endif
