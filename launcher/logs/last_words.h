/* SPDX-License-Identifier: MIT */
/* The last lines each unit wrote, kept by `up -d` so that they can be shown when the unit fails. Bounded per unit. */
#ifndef UPFRONT_LAUNCHER_LOGS_LAST_WORDS_H
#define UPFRONT_LAUNCHER_LOGS_LAST_WORDS_H

#include <stddef.h>

#define LAST_WORDS_LINES 20u
#define LAST_WORDS_LINE_MAX 1000u
#define LAST_WORDS_UNITS_MAX 10000u

struct last_words_unit;

struct last_words {
	struct last_words_unit *units; /* by unit id */
	size_t count;
};

void last_words_init(struct last_words *self);
void last_words_finish(struct last_words *self);
/* Out of memory costs the line. */
void last_words_add(struct last_words *self, unsigned unit, const char *bytes, size_t size_bytes);
size_t last_words_count(const struct last_words *self, unsigned unit);
/* Calls `visit` for each kept line, oldest first. */
void last_words_each(const struct last_words *self, unsigned unit,
		     void (*visit)(void *context, const char *bytes, size_t size_bytes), void *context);

#endif
