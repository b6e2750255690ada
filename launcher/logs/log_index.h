/* SPDX-License-Identifier: MIT */
/*
 * Reads logs/index (process/output_index.h) as it grows: all there is of index.1 and index at first, then what has come since, also
 * across its rotation. Nothing on disk is trusted.
 */
#ifndef UPFRONT_LAUNCHER_LOGS_LOG_INDEX_H
#define UPFRONT_LAUNCHER_LOGS_LOG_INDEX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LOG_INDEX_NAME_BYTES 256

struct log_record {
	int64_t time_ms;
	char kind;
	char unit[LOG_INDEX_NAME_BYTES];
	int64_t offset;
	uint64_t size;
	char word[LOG_INDEX_NAME_BYTES]; /* the sixth: f a service, x how it ended; "" where there is none */
};

/* A place in the index: how far it had come at a moment. */
struct log_index_mark {
	ino_t inode; /* 0: there was none */
	int64_t offset;
};

struct log_index {
	const char *dir; /* borrowed */
	int fd; /* of the file being read; -1: none yet */
	int64_t offset; /* what of it has been read */
	struct log_index_mark skip;
};

void log_index_init(struct log_index *self, const char *dir);
void log_index_finish(struct log_index *self);

/* Where the index ends now; what comes later begins there. */
struct log_index_mark log_index_end(const char *dir);
/* Begins behind `mark`, as long as that is still there, instead of at the very beginning. Before the first read. */
void log_index_skip(struct log_index *self, const struct log_index_mark *mark);

/* The whole lines that have come since the last call, zero-terminated; NULL when there are none. The caller frees. */
char *log_index_read(struct log_index *self);

/* One line without its end. False for what is no record. */
bool log_record_parse(const char *line, struct log_record *record);

#endif
