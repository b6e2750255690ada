/* SPDX-License-Identifier: MIT */
/*
 * The last run's output from the state folder, for `logs` when nothing runs: logs/index (process/output_index.h) replayed over the
 * log files, so that lines come in the order in which they were written, with their times. Nothing on disk is trusted: torn
 * records, files that have gone and offsets beyond the end are passed over.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_LOG_ARCHIVE_H
#define UPFRONT_LAUNCHER_COMMAND_LOG_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_archive_line {
	const char *unit; /* name */
	size_t index; /* number of the unit, in order of appearance */
	int stream;
	int64_t time_ms;
	const char *bytes;
	size_t size_bytes;
	bool partial;
};

typedef void log_archive_visit(void *context, const struct log_archive_line *line);

struct log_archive_query {
	const char *dir; /* <state>/logs */
	int64_t since_ms; /* wall clock: records before it belong to earlier runs */
	const char *const *services; /* NULL: all; a service's replicas ("web-2") belong to it */
	bool has_tail;
	size_t tail; /* lines of each unit */
};

/* Calls `visit` for each line. 0, or -ENOENT when there are no logs at all. */
int log_archive_read(const struct log_archive_query *query, log_archive_visit *visit, void *context);

/* True when `unit` is `service` or one of its replicas. */
bool log_unit_is_of(const char *unit, const char *service);

#endif
