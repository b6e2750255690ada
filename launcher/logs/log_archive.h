/* SPDX-License-Identifier: MIT */
/*
 * Output from the state folder: logs/index (process/output_index.h) replayed over the log files, so that lines come in the order in
 * which they were written, with their times, from the last run as from the running one. A reader that goes on (log_archive_next,
 * log_archive_step) gets every line once, at its own pace, as long as the files still hold it; files it has heard of stay open, so
 * that they may be rotated away before they are read. How much is gone for good is told unit by unit. Nothing on disk is trusted: torn
 * records, files that have gone and offsets beyond the end are passed over.
 */
#ifndef UPFRONT_LAUNCHER_LOGS_LOG_ARCHIVE_H
#define UPFRONT_LAUNCHER_LOGS_LOG_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/logs/log_index.h"

struct log_archive;

struct log_archive_line {
	const char *unit; /* name */
	size_t index; /* number of the unit, in order of appearance */
	int stream;
	int64_t time_ms; /* when its first byte was read */
	const char *bytes;
	size_t size_bytes;
	bool partial;
};

typedef void log_archive_visit(void *context, const struct log_archive_line *line);
/* So many bytes of a unit were gone before they could be read. */
typedef void log_archive_gap(void *context, const char *unit, uint64_t size_bytes);

struct log_archive_query {
	const char *dir; /* <state>/logs */
	int64_t run_ms; /* wall clock: records before it belong to earlier runs */
	int64_t since_ms; /* wall clock: lines before it are left out */
	const char *const *services; /* NULL: all; by a service's name, or by a replica's ("web-2") */
	const struct log_index_mark *from; /* only what was written behind it; NULL: all */
	log_archive_gap *gap; /* with the context of the visitor; may be NULL */
	bool over; /* nobody writes any more: what no record tells of belongs to the rest (log_archive_rest) */
	bool has_tail;
	size_t tail; /* lines of each unit that is there at the beginning */
};

/* Borrows the query and reads what is there now. NULL with -ENOENT in *result when there are no logs at all, else -ENOMEM. */
struct log_archive *log_archive_open(const struct log_archive_query *query, int *result);
void log_archive_close(struct log_archive *self);

/* True when the index speaks of a service, or a replica, of this name. */
bool log_archive_knows(const struct log_archive *self, const char *name);

/* Calls `visit` for each line that has come since the last call; the first gives those that were there at the beginning. */
void log_archive_next(struct log_archive *self, log_archive_visit *visit, void *context);
/* The same, but stops once about `size_bytes` have been read. Returns false when there was no more. */
bool log_archive_step(struct log_archive *self, size_t size_bytes, log_archive_visit *visit, void *context);
/*
 * Nothing more comes: what lines have no end yet are given as partial ones. A supervisor that was killed has told of its last reads no
 * more; when the query says that all is over, a unit's file is read on to its end, with the time and stream of its last record.
 */
void log_archive_rest(struct log_archive *self, log_archive_visit *visit, void *context);

#endif
