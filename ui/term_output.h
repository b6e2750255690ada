/* SPDX-License-Identifier: MIT */
/*
 * term_output - what the screen library writes, gathered and sent as one piece: so a frame arrives whole, its bytes are known, and a
 * synchronised update (mode 2026) stands around it only when there is something to be shown. The library writes to `descriptor`, which is the
 * terminal, and between begin and end a file in memory.
 *
 * A terminal that takes nothing (a link that stands still, a window that is stopped) is waited for, unless never_wait is set: then what it has not
 * taken is kept, at most OUTPUT_WAITING_MAX of it, and goes out with term_output_flush.
 */
#ifndef UPFRONT_UI_TERM_OUTPUT_H
#define UPFRONT_UI_TERM_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define OUTPUT_WAITING_MAX (1u << 20)

struct term_output {
	int terminal; /* not owned */
	int own; /* the same, opened anew so that it never blocks: others share the mode of theirs; -1: that could not be */
	bool never_wait;
	char *waiting;
	size_t waiting_bytes, waiting_capacity;
	FILE *stream; /* for the library; its descriptor is one of ours */
	int memory; /* -1: there is none, the library writes to the terminal itself */
	char *buffer;
	size_t capacity;
};

/* -errno; finish it in any case. */
int term_output_init(struct term_output *self, int terminal);
void term_output_finish(struct term_output *self);
void term_output_begin(struct term_output *self);
/* Sends what was gathered; returns how many bytes that was, marks of a synchronised update counted. */
size_t term_output_end(struct term_output *self, bool synchronised);
/* Sends these bytes, or keeps them, all of them unless the terminal is gone. Returns how many. */
size_t term_output_send(struct term_output *self, const char *bytes, size_t size);
/* Sends what waits, as far as the terminal takes it; true when nothing does any more. */
bool term_output_flush(struct term_output *self);
/* The same for so long; what waits still is thrown away then, and false returned. */
bool term_output_drain(struct term_output *self, int limit_ms);
/* To be polled for POLLOUT while something waits; -1: nothing does. */
int term_output_fd(const struct term_output *self);

#endif
