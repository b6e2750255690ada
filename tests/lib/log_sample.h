/* SPDX-License-Identifier: MIT */
/*
 * A log to look around in (ui/log_text.h) made of lines in memory: it grows, loses its beginning, gets shorter, and knows at once what is
 * asked for, or only slice by slice, so that tests can stand between two of them. Patterns are POSIX ones. What is added is seen by
 * whoever looks after the next `refresh`, as with files.
 */
#ifndef UPFRONT_TESTS_LIB_LOG_SAMPLE_H
#define UPFRONT_TESTS_LIB_LOG_SAMPLE_H

#include "ui/log_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 14:18:00 UTC, when the stack of dash_sample.h began. */
#define LOG_SAMPLE_BEGIN_WALL_MS INT64_C(1763734680000)

struct log_sample;

/* Empty. It fails the test when there is no memory. */
struct log_sample *log_sample_create(const char *title, bool merged);
void log_sample_destroy(struct log_sample *self);
struct log_text *log_sample_text(struct log_sample *self);
struct log_sample *log_sample_of(struct log_text *text);

/*
 * Logs that scenes show: "api" (it fails, as in dash_sample.h), "merged" (api and engine, with a stack trace), "colors" (SGR, control bytes,
 * wide characters, tabs), "long" (lines of up to 40,000 bytes), "many" (11,000 lines, every 50th with status=5..), "empty". NULL: no such.
 */
struct log_sample *log_sample_scene(const char *name);

/* The next line was written so long after the stack's begin; each line after it one millisecond later. < 0: its time is not known. */
void log_sample_time(struct log_sample *self, int64_t since_begin_ms);
/* A line of a service (its number is that of its name's first use); longer than LOG_TEXT_LINE_MAX: in pieces. */
void log_sample_add(struct log_sample *self, const char *service, const char *line);
void log_sample_add_bytes(struct log_sample *self, const char *service, const char *bytes, size_t size_bytes);
void log_sample_error(struct log_sample *self, const char *service, const char *line); /* on its error stream */
void log_sample_note(struct log_sample *self, const char *service, const char *line);
/* `count` lines "GET /v1/items/N status=S took=Tms"; every 50th has status=5.. */
void log_sample_flood(struct log_sample *self, const char *service, size_t count);
/* The last line has no end (yet). */
void log_sample_partial(struct log_sample *self);

/* The first lines are gone, the last ones (for a text that became shorter): seen at once. */
void log_sample_drop_first(struct log_sample *self, size_t count);
void log_sample_drop_last(struct log_sample *self, size_t count);
/* What stands in its way; NULL: nothing. Must outlive the sample. */
void log_sample_trouble(struct log_sample *self, const char *trouble);

/*
 * From now on each call of `work` looks at so many lines for the search, for the filter and for counting, and what it has not come to is
 * answered with LOG_TEXT_LATER. 0: everything is known at once, as at first.
 */
void log_sample_slices(struct log_sample *self, size_t lines);

/* Nothing of it is known until the next call of `work`, as while a text of several services is put in order. */
void log_sample_reading(struct log_sample *self);

/* How many lines there are that can be seen; the place of the one at `index`. */
size_t log_sample_count(const struct log_sample *self);
int64_t log_sample_place(const struct log_sample *self, size_t index);
/* Calls of `line`, `find_next` and `find_before` so far: what a draw costs. */
size_t log_sample_calls(const struct log_sample *self);
/* Calls of `refresh` so far. */
size_t log_sample_refreshes(const struct log_sample *self);

#endif
