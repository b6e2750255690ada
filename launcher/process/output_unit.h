/* SPDX-License-Identifier: MIT */
/* Inside output: one unit's state, and the whole of it. */
#ifndef UPFRONT_LAUNCHER_PROCESS_OUTPUT_UNIT_H
#define UPFRONT_LAUNCHER_PROCESS_OUTPUT_UNIT_H

#include "launcher/process/output.h"
#include "launcher/process/output_file.h"
#include "launcher/process/output_ring.h"
#include "launcher/process/output_split.h"

struct output_unit {
	unsigned id;
	char *name;
	char *service; /* whose replica it is; NULL: its own name */
	unsigned run;
	bool running; /* begun, not ended */
	struct output_file file;
	struct output_ring ring;
	struct output_held held[OUTPUT_STREAMS]; /* for the observer only: without one nothing is split */
	bool open[OUTPUT_STREAMS]; /* a line has begun and has no end yet */
	unsigned rotations_unrecorded;
	ino_t stated_file, stated_index; /* what the last f record said, and in which index */
	int64_t base_bytes; /* written since output_create before the file at hand began */
	bool losing, told; /* bytes are being lost; it has been said */
	int error; /* why */
	int64_t told_ms;
	uint64_t lost_bytes; /* since it was said */
	uint64_t lost_total_bytes;
};

struct output {
	char *dir;
	int dir_fd;
	struct output_file index;
	struct output_unit **units; /* by id; NULL where there is none */
	unsigned unit_limit;
	uint64_t order;
	uint64_t lost_bytes;
	output_visit *observer;
	void *observer_context;
	output_notice *writing, *trouble;
	void *writing_context, *trouble_context;
};

/* Puts into each unit's `held` the beginning of a line that is remembered, for an observer that comes late. */
void output_hold_again(struct output *self);

#endif
