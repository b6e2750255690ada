/* SPDX-License-Identifier: MIT */
/*
 * Service output. Files first: <service>.log holds the bytes unchanged, rotated by size (<service>.log.1 ...); logs/index holds
 * what was read when (unit, stream, offset, size, wall time), and marks where a run begins (format: output_index.h). Who follows
 * reads the files, and is only told that there is more: what a reader does not take costs nobody else anything. A bounded ring of
 * what was read last serves `tail`; lines are made of bytes only for those who ask for lines. A full disk drops, counts and says
 * so; logging resumes by itself.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_OUTPUT_H
#define UPFRONT_LAUNCHER_PROCESS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct event_base;
struct output;

#define OUTPUT_LINE_MAX 16384u /* longer lines reach screens in pieces, marked partial */
#define OUTPUT_RING_BYTES 262144u /* per unit */
#define OUTPUT_GATHER_MS 5
#define OUTPUT_GATHER_BYTES 1048576u

struct output_line {
	unsigned unit;
	unsigned
		run; /* 1 for the first run since output_create, 0 before any: tells this run's lines from the last one's */
	int stream; /* enum engine_stream */
	int64_t time_ms; /* wall clock */
	const char *bytes; /* without the newline */
	size_t size_bytes;
	bool partial;
};

/* `dir` is made if missing (0700). */
struct output *output_create(const char *dir, struct err *err);
void output_destroy(struct output *self);
/*
 * Lets a service that floods cost less: reads of one stream without anything between them share one index record of at most
 * OUTPUT_GATHER_BYTES, written OUTPUT_GATHER_MS late at most, and its file is looked up by name as seldom. Not called, or out of
 * memory (-ENOMEM): one record each, at once. `base` must outlive the output.
 */
int output_gather(struct output *self, struct event_base *base);
/* Writes the record that is being gathered: what was read until now can be found by whoever reads the files. */
void output_flush(struct output *self);

/*
 * Declares a unit before its first write; `name` becomes the file name. Sizes and numbers of files that are not positive take the
 * default. A log file that is no regular file of ours with one name is ERR_MISSING; a full disk is no error.
 */
int output_add(struct output *self, unsigned unit, const char *name, int64_t max_size_bytes, int max_files,
	       struct err *err);
/* Says which service the unit is a replica of, for the index; without it the unit counts as its own. Out of memory: likewise. */
void output_set_service(struct output *self, unsigned unit, const char *service);
/* Other limits of its files from now on, as output_add takes them. */
void output_set_limits(struct output *self, unsigned unit, int64_t max_size_bytes, int max_files);
/* The unit is no more: its last run ends, its remembered lines go, its files stay. Id and name are free again. */
void output_remove(struct output *self, unsigned unit, int64_t time_ms);
/* A new run of the unit begins. */
void output_begin(struct output *self, unsigned unit, int64_t time_ms);
void output_write(struct output *self, unsigned unit, int stream, const char *bytes, size_t size_bytes,
		  int64_t time_ms);
/* How its main process ended: by a signal of that number, or with that exit code. Goes with the end of the run, for the index. */
void output_set_end(struct output *self, unsigned unit, bool signaled, int number);
/* It was told of the run that goes on, or of the last one. */
bool output_knows_end(const struct output *self, unsigned unit);
/* The run ended: a part-line that is held becomes a (partial) line. */
void output_end(struct output *self, unsigned unit, int64_t time_ms);

/*
 * The last `count` lines of one unit (or of all, in the order in which they came: unit UINT_MAX), oldest first. What the
 * visitor is given is borrowed until it returns; it must not write to this output.
 */
typedef void output_visit(void *context, const struct output_line *line);
void output_tail(const struct output *self, unsigned unit, size_t count, output_visit *visit, void *context);

/* Every later line of all units; NULL: nobody wants lines. One observer (the control API fans out). */
void output_observe(struct output *self, output_visit *visit, void *context);

typedef void output_take(void *context, unsigned unit, const char *bytes, size_t size_bytes);
/* Every later byte of all units, as it was read. One observer; NULL: none. */
void output_on_bytes(struct output *self, output_take *take, void *context);
/*
 * What is remembered of the unit's last run, at most its last `limit_bytes`, in one or more pieces. What cannot begin where the run
 * began does so at a line, if one begins soon.
 */
void output_recent(const struct output *self, unsigned unit, size_t limit_bytes, output_take *take, void *context);

typedef void output_notice(void *context, unsigned unit);
/* Called whenever there is more in a unit's files and the index; mostly once per read, so it must be cheap. */
void output_on_writing(struct output *self, output_notice *notice, void *context);
/* Called when output of a unit begins to be lost, and when it is written again (output_loss tells which); at most once a minute. */
void output_on_trouble(struct output *self, output_notice *notice, void *context);

/* The unit's log file, as its path (the caller frees) and its size as far as it is known. False when there is none, or no memory. */
bool output_where(const struct output *self, unsigned unit, char **path, int64_t *size_bytes);
/* Bytes that could not be written to disk since the start. */
uint64_t output_lost_bytes(const struct output *self);
/* The same of one unit. Returns the errno that stands in the way now, 0 when output is being written. */
int output_loss(const struct output *self, unsigned unit, uint64_t *lost_bytes);

#endif
