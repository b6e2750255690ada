/* SPDX-License-Identifier: MIT */
/*
 * Inside output: one unit's state, the whole of it, and what output_record.c makes of it for the index.
 *
 * A record of one read costs about as much as the read's file name that is looked up: little, unless a service floods. Whoever has given
 * a loop (output_gather) pays once in OUTPUT_GATHER_MS then: reads of one stream that follow each other without anything between them
 * become one record. The first after a pause is written at once, so whoever says a line now and then is never late, and any other record
 * pushes out what is gathered, so the order stays. A supervisor that is killed leaves at most that one record unwritten; the bytes
 * themselves are never held back.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_OUTPUT_UNIT_H
#define UPFRONT_LAUNCHER_PROCESS_OUTPUT_UNIT_H

#include "launcher/process/output.h"
#include "launcher/process/output_file.h"
#include "launcher/process/output_index.h"
#include "launcher/process/output_ring.h"
#include "launcher/process/output_split.h"

struct output_unit {
	unsigned id;
	char *name;
	char *service; /* whose replica it is; NULL: its own name */
	unsigned run;
	bool running; /* begun, not ended */
	char end[24]; /* how its main process ended, for the x record; "": not said */
	struct output_file file;
	struct output_ring ring;
	struct output_held held[OUTPUT_STREAMS]; /* for the observer only: without one nothing is split */
	bool open[OUTPUT_STREAMS]; /* a line has begun and has no end yet */
	unsigned rotations_unrecorded;
	int64_t looked_ms; /* when its file was last looked up by name */
	int64_t recorded_ms; /* when its last record was written */
	ino_t stated_file, stated_index; /* what the last f record said, and in which index */
	int64_t base_bytes; /* written since output_create before the file at hand began */
	bool losing, told; /* bytes are being lost; it has been said */
	int error; /* why */
	int64_t told_ms;
	uint64_t lost_bytes; /* since it was said */
	uint64_t lost_total_bytes;
};

/* A record that grows. */
struct output_gathered {
	struct output_unit *unit; /* NULL: none */
	enum output_kind kind;
	int64_t offset_bytes;
	uint64_t size_bytes;
	int64_t time_ms; /* of its first byte */
	ino_t file;
};

struct output {
	char *dir;
	int dir_fd;
	struct output_file index;
	struct output_gathered gathered;
	struct event *flush; /* NULL: every record is written at once */
	bool flush_due;
	struct output_unit **units; /* by id; NULL where there is none */
	unsigned unit_limit;
	uint64_t order;
	uint64_t lost_bytes;
	output_visit *observer;
	void *observer_context;
	output_take *take;
	void *take_context;
	output_notice *writing, *trouble;
	void *writing_context, *trouble_context;
};

/* Puts into each unit's `held` the beginning of a line that is remembered, for an observer that comes late. */
void output_hold_again(struct output *self);

/* What the unit's file was called so far has another name now: told first, however late. False when that did not work. */
bool output_record_rotations(struct output *self, struct output_unit *unit, int64_t time_ms);
/* Of the unit's file at hand. */
void output_record(struct output *self, struct output_unit *unit, enum output_kind kind, int64_t offset_bytes,
		   size_t size_bytes, int64_t time_ms);
/* True while what was done at `then_ms` need not be done again for a service that floods. */
bool output_is_gathering(const struct output *self, int64_t then_ms, int64_t time_ms);

#endif
