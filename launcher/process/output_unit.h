/* SPDX-License-Identifier: MIT */
/* Inside output: one unit's state, and the whole of it. */
#ifndef UPFRONT_LAUNCHER_PROCESS_OUTPUT_UNIT_H
#define UPFRONT_LAUNCHER_PROCESS_OUTPUT_UNIT_H

#include "launcher/process/output.h"
#include "launcher/process/output_file.h"
#include "launcher/process/output_ring.h"

#define OUTPUT_STREAMS 2

/* The beginning of a line whose end has not come yet. */
struct output_held {
	char *bytes; /* OUTPUT_LINE_MAX once there is one */
	size_t size_bytes;
};

struct output_unit {
	unsigned id;
	char *name;
	char *service; /* whose replica it is; NULL: its own name */
	unsigned run;
	bool running; /* begun, not ended */
	struct output_file file;
	struct output_ring ring;
	struct output_held held[OUTPUT_STREAMS];
	unsigned rotations_unrecorded;
	ino_t stated_file, stated_index; /* what the last f record said, and in which index */
	bool losing, told; /* bytes are being lost; it has been said */
	int64_t told_ms;
	uint64_t lost_bytes; /* since it was said */
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
};

#endif
