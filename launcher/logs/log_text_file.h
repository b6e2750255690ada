/* SPDX-License-Identifier: MIT */
/*
 * log_text_file - the log files of one unit, or of several, as a text to look around in (ui/log_text.h).
 *
 *     text_file     UNIT.log.N ... UNIT.log as one run of bytes
 *     log_order     one run, or the lines of several in the order of logs/index; times; upfront's notes
 *     log_window    a part of it in memory, and where its lines begin and end
 *     text_blocks   what is known of it, block by block: lines, hits, lines that pass
 *     text_match    a regular expression (PCRE2); text_literal finds most of what it finds without it
 *     log_scan      goes through stretches of it, and counts
 *     log_text_file steps through it and divides the work into slices
 *
 * Nothing is kept of the text itself but two windows. Opening it looks at names and sizes, and a line is read when it is asked for, so a text
 * of 1 GB is there as soon as one of 1 kB. Where something must be found, blocks are counted from the reader's place on until
 * one has it; what was counted is not counted again. Exact numbers are there once the blocks before have been counted.
 *
 * A place is the offset of a line's first byte, spread so far apart that upfront's notes have places in between.
 */
#ifndef UPFRONT_LAUNCHER_LOGS_LOG_TEXT_FILE_H
#define UPFRONT_LAUNCHER_LOGS_LOG_TEXT_FILE_H

#include "ui/log_text.h"

struct err;
struct log_order_source;

#define LOG_TEXT_UNITS_MAX 400u

struct log_text_options {
	const char *dir; /* <state>/logs */
	const struct log_order_source *units; /* launcher/logs/log_order.h */
	size_t unit_count; /* 1: a text of one unit; otherwise lines are shown with who wrote them */
	const char *title; /* NULL: the unit's label */
	int64_t run_ms; /* wall clock: what began before belongs to earlier runs of the stack */
};

/* Files that are not there (yet) are no error. ERR_FAILED: out of memory, or too many units. */
int log_text_open(const struct log_text_options *options, struct log_text **text, struct err *err);
void log_text_close(struct log_text *text);

/*
 * Writes what services wrote from *from up to `to`, byte for byte, of a filtered text only what passes; upfront's notes are left out. For about
 * `budget_us`, then *from is where to go on: 1 while there is more, 0 when all is written, or -errno. `fd` may block: it is a file, or a pager's pipe.
 */
int log_text_print(struct log_text *text, int64_t *from, int64_t to, int fd, int64_t budget_us);
/* The same into memory: returns how many bytes were put there, at most `max`; *whole is false when there were more. */
size_t log_text_copy(struct log_text *text, int64_t from, int64_t to, char *bytes, size_t max, bool *whole);

#endif
