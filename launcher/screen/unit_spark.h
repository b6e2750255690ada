/* SPDX-License-Identifier: MIT */
/*
 * unit_spark - the last two minutes of each unit's figures, in cells of 7.5 s. Figures come only when they change (GET /v1/events?usage),
 * so a cell without news is like the one before. What was before the first figure is taken to be flat: a line at rest must stay at rest.
 */
#ifndef UPFRONT_LAUNCHER_SCREEN_UNIT_SPARK_H
#define UPFRONT_LAUNCHER_SCREEN_UNIT_SPARK_H

#include "ui/model.h"

#include <stddef.h>
#include <stdint.h>

#define UNIT_SPARK_CELL_MS 7500

struct unit_history {
	unsigned id;
	int64_t cell_ms; /* when the newest cell began */
	float cpu[SPARK_CELLS]; /* percent, newest last */
	float rss[SPARK_CELLS]; /* MiB */
};

/* By id; bounded by the units of a view. */
struct unit_sparks {
	struct unit_history *units;
	size_t count;
};

void unit_sparks_init(struct unit_sparks *self);
void unit_sparks_finish(struct unit_sparks *self);
/* Negative figures: it does not run. Without memory it has no history. */
void unit_sparks_take(struct unit_sparks *self, unsigned id, double cpu_percent, int64_t rss_bytes, int64_t now_ms);
/* It has ended for good: what it used is no line that goes on. */
void unit_sparks_forget(struct unit_sparks *self, unsigned id);
/* Levels as they are to be drawn now; SPARK_NONE all over when nothing is known. */
void unit_sparks_fill(struct unit_sparks *self, unsigned id, int64_t now_ms, struct spark *cpu, struct spark *memory);

#endif
