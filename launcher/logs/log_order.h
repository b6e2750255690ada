/* SPDX-License-Identifier: MIT */
/*
 * log_order - the bytes of one unit, or of several, as one stream: what log_text stands on.
 *
 * Of one unit: its files' bytes as they are. Of several: lines of all, each whole, in the order in which they were completed as logs/index
 * (process/output_index.h) tells it; what is older than the index stands before, without times, unit by unit. Such a text keeps files open that
 * are rotated away, a few of each unit, so that it does not lose its beginning at once; then it begins later.
 *
 * Offsets in the stream never change their meaning. From the index come also the times, and upfront's notes: where a run began, how it
 * ended. A note stands in front of an offset; where that is within a line, the line is broken there ("break").
 *
 * The index is read in slices (log_order_work). Of one unit the stream is there at once, and only times and notes come later; of several it
 * is empty until the index has been read.
 */
#ifndef UPFRONT_LAUNCHER_LOGS_LOG_ORDER_H
#define UPFRONT_LAUNCHER_LOGS_LOG_ORDER_H

#include "launcher/logs/log_index.h"
#include "launcher/logs/text_file.h"

#define LOG_ORDER_SPANS_MAX 131072u
#define LOG_ORDER_NOTES_MAX 4096u
#define LOG_ORDER_NOTE_BYTES 160
/* A note in front of offset v has the place v * this + 0, 1, ...; the byte there the last of them. */
#define LOG_ORDER_PLACES 1024

struct log_order_unit {
	struct text_file file;
	char *name, *label;
	unsigned number;
	size_t behind; /* rotations that the index tells of and that have not been passed */
	uint64_t inode; /* of the file that the next record speaks of; 0: not said */
	int64_t file_at, file_bytes; /* where that begins; -1: not known, or it has gone */
	int64_t begun_ms; /* its run; -1: not known */
	/* Of several units: */
	bool told; /* there was a record */
	int64_t taken,
		told_to; /* what has become part of the stream, what is told of; between them a line without an end */
	int64_t pending_ms;
	bool pending_error;
	char *ahead; /* what was read last, and some of what comes behind it: only while the index is gone through for the first time */
	int64_t ahead_at;
	size_t ahead_bytes;
};

struct log_span {
	int64_t v; /* where it begins in the stream; it ends where the next one begins */
	int64_t from; /* in the unit's run */
	int64_t time_ms; /* -1: not known */
	unsigned unit;
	bool error_stream;
};

struct log_note {
	int64_t place;
	int64_t time_ms;
	int64_t lasted_ms; /* x; -1: not known */
	unsigned unit;
	char kind; /* b or x */
	bool earlier; /* of another run of the stack */
	char how[24]; /* as the index has it */
	unsigned epoch; /* what follows holds of these patterns: see log_scan */
	bool passes, hit, problem;
};

struct log_order {
	char *dir;
	int64_t run_ms;
	struct log_order_unit *units;
	size_t unit_count;
	unsigned *by_name; /* units in the order of their names */
	bool merged, building, no_memory;
	bool heard; /* the index has been read, once at least */
	int64_t start, end;
	int64_t starts; /* of all units' files, added up: when one loses its beginning, it is another */
	struct log_span *spans;
	size_t span_count, span_room;
	int64_t told_end; /* of one unit: behind the last span */
	int64_t *breaks; /* offsets of lines that begin without an end before them */
	size_t break_count, break_room;
	struct log_note *notes;
	size_t note_count, note_room;
	int64_t changed; /* from here on lines may be others than before: for whoever keeps counts; INT64_MAX: nowhere */
	struct log_index index;
	char *text; /* of it, not yet gone through; zero-terminated */
	size_t text_at, text_bytes;
	char *buffer;
};

struct log_order_source {
	const char *unit; /* the log file's name without ".log" */
	const char *label; /* who wrote it, as it is shown; NULL: the unit's name */
	unsigned number;
};

/* Returns 0 or -ENOMEM. Records older than `run_ms` are of earlier runs. */
int log_order_init(struct log_order *self, const char *dir, const struct log_order_source *sources, size_t count,
		   int64_t run_ms);
void log_order_finish(struct log_order *self);

/* Takes in what has been written since; true when there is something new. */
bool log_order_refresh(struct log_order *self);
/* Goes on with the index until `deadline_us` (clock_us); true while there is more. */
bool log_order_work(struct log_order *self, int64_t deadline_us);

/* The bytes from `v` on, as many as there are. */
size_t log_order_read(struct log_order *self, int64_t v, char *bytes, size_t size_bytes);
/* The first break behind `v`, the last at or before it; INT64_MAX, -1: there is none. */
int64_t log_order_break_behind(const struct log_order *self, int64_t v);
int64_t log_order_break_before(const struct log_order *self, int64_t v);
size_t log_order_breaks_in(const struct log_order *self, int64_t from, int64_t to);
/* Who wrote the byte at `v`, and when it came. */
struct log_span log_order_span_at(const struct log_order *self, int64_t v);
/* Offset of the first span at or behind that moment; -1: there is none. */
int64_t log_order_find_time(const struct log_order *self, int64_t time_ms);
/* How many notes have a place below. */
size_t log_order_notes_before(const struct log_order *self, int64_t place);
size_t log_order_note_text(const struct log_note *note, char text[LOG_ORDER_NOTE_BYTES]);

int64_t log_order_clock_us(void);

#endif
