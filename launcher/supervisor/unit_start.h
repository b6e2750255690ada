/* SPDX-License-Identifier: MIT */
/*
 * A unit's first start in this run of the stack, for who wants to see why the start took as long as it did. Pure: times are
 * milliseconds since the stack began, and what has been once stays.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_UNIT_START_H
#define UPFRONT_LAUNCHER_SUPERVISOR_UNIT_START_H

#include <stdint.h>

struct svc;

/* -1: not yet. The largest stands for all that is larger, which is more than three weeks. */
struct unit_start {
	int32_t launched_ms; /* what it needs was there */
	int32_t probed_ms; /* the first answer to its probe */
	int32_t ready_ms; /* ready, or running where nothing is asked */
	int32_t ended_ms; /* one that others wait for has ended, or it has before it was ready */
};

#define UNIT_START_INIT ((struct unit_start){-1, -1, -1, -1})

void unit_start_launched(struct unit_start *self, int64_t since_ms);
void unit_start_probed(struct unit_start *self, int64_t since_ms);
/* Its state is another than before. */
void unit_start_changed(struct unit_start *self, const struct svc *svc, int64_t since_ms);

#endif
