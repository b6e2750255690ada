/* SPDX-License-Identifier: MIT */
/*
 * Line mode of a running stack: service output with its name in front, and one line per change, written to a stdio
 * stream. On a terminal SGR colours of the services pass and every other control sequence is made visible; into
 * files and pipes the bytes pass unchanged.
 */
#ifndef UPFRONT_UI_PLAIN_H
#define UPFRONT_UI_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct plain_line;

struct plain {
	FILE *out;
	bool color; /* names in colour */
	bool terminal; /* make control sequences harmless */
	bool timestamps; /* ISO 8601 UTC with milliseconds in front */
	bool prefix; /* the name in front */
	size_t name_width; /* columns the names are padded to */
};

/* Learns the widest name, at most 24 columns. */
void plain_fit(struct plain *self, const char *const *names);
/* True when a terminal shows these bytes as what they are, one column each: nothing has to be made harmless. */
bool plain_is_clean(const char *bytes, size_t size_bytes);
/* Writes one line, newline included. Write errors stay in the stream (ferror). */
void plain_write(struct plain *self, const struct plain_line *line);

#endif
