/* SPDX-License-Identifier: MIT */
/*
 * term_output - what the screen library writes, gathered and sent as one piece: so a frame arrives whole, its bytes are known, and a
 * synchronised update (mode 2026) stands around it only when there is something to be shown. The library writes to `descriptor`, which is the
 * terminal, and between begin and end a file in memory.
 */
#ifndef UPFRONT_UI_TERM_OUTPUT_H
#define UPFRONT_UI_TERM_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct term_output {
	int terminal; /* not owned */
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
/* Sends these bytes, all of them unless the terminal is gone. Returns how many. */
size_t term_output_send(const struct term_output *self, const char *bytes, size_t size);

#endif
