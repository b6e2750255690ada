/* SPDX-License-Identifier: MIT */
/*
 * Inside log_archive: the units that the index speaks of, and the file of each that the next record stands in. Files move up the row
 * (UNIT.log, .1, .2 ...) while they are looked for; who is meant is told by its inode number and by how many moves are known, so each
 * time one has been opened the index is read again.
 */
#ifndef UPFRONT_LAUNCHER_LOGS_LOG_UNIT_H
#define UPFRONT_LAUNCHER_LOGS_LOG_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX_BYTES 16384u
#define LOG_STREAMS 2
#define LOG_AHEAD_MAX 16u /* files of a unit that are kept open for later */

/* A line of one stream that is being put together. */
struct log_part {
	char *bytes; /* LOG_LINE_MAX_BYTES once there is one */
	size_t size_bytes;
	int64_t time_ms;
};

/* A file that records ahead speak of. */
struct log_ahead {
	uint64_t inode;
	size_t rotations; /* of it since, as far as is known: where in the row it stands */
	int fd; /* -1: not open */
	bool tried;
};

struct log_unit {
	char *name, *service;
	bool wanted;
	size_t rotations; /* r records not yet passed: the place in the row of the file that the next record speaks of */
	uint64_t file; /* its inode number; 0: not said */
	int fd; /* of that file; -1: not open */
	bool has_base, has_position;
	int64_t base_bytes; /* went to earlier files */
	int64_t position_bytes; /* of what the next record should speak of, earlier files counted */
	bool under_way; /* as its last record has it: its file may go on behind what is told of */
	int64_t told_ms, told_bytes; /* the last record's time, and how far the file at hand is told of */
	int told_stream; /* of the last output */
	struct log_ahead *ahead; /* room for LOG_AHEAD_MAX; NULL while there are none */
	size_t ahead_count;
	size_t lines; /* counted, then counted down: the reader's business, as the parts are */
	struct log_part parts[LOG_STREAMS];
};

struct log_units {
	const char *dir; /* borrowed */
	const char *const *services; /* wanted ones, borrowed; NULL: all */
	struct log_unit **units;
	size_t count, last; /* the unit of the last record is mostly that of the next, too */
	size_t open_files;
	bool has_ahead; /* there are files to be opened */
	void (*refresh)(void *context); /* puts what is new in the index into `rotations` and `ahead` */
	void *context;
};

void log_units_finish(struct log_units *self);

/* The unit of that name, made if there was none; NULL out of memory, or when there are too many. */
struct log_unit *log_units_of(struct log_units *self, const char *name, size_t *index);
/* By its own name or its service's. */
bool log_unit_is_named(const struct log_unit *unit, const char *name);
void log_units_learn_service(struct log_units *self, struct log_unit *unit, const char *service);

/* Opens the file that the next record speaks of. False when it has gone. */
bool log_units_open(struct log_units *self, struct log_unit *unit);
void log_units_close(struct log_units *self, struct log_unit *unit);
/* The next records speak of the file with this number. */
void log_units_turn_to(struct log_units *self, struct log_unit *unit, uint64_t inode);
/* Records ahead speak of this file, so it is opened before it can be rotated away: by log_units_open_ahead(). */
void log_units_hear_of_file(struct log_units *self, struct log_unit *unit, uint64_t inode);
void log_units_open_ahead(struct log_units *self);

#endif
