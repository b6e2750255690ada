/* SPDX-License-Identifier: MIT */
/* What the sender tells `upfront` of itself: WIRE_COUNTS, when something changed and at most once in WIRE_COUNTS_MS. */
#ifndef UPFRONT_TELEMETRY_SENDER_REPORT_H
#define UPFRONT_TELEMETRY_SENDER_REPORT_H

#include <stdint.h>

struct event_base;
struct report;

/* As struct telemetry_counts has them. */
struct report_counts {
	uint64_t queued, delivered, refused, evicted;
	uint64_t relayed, relay_dropped, relay_refused;
	uint64_t dropped;
};

typedef void report_collect(void *context, struct report_counts *counts);

/* NULL when out of memory, which every function takes: then nothing is told. `collect` is called from the loop. */
struct report *report_create(struct event_base *base, int fd, report_collect *collect, void *context);
void report_destroy(struct report *self);

/* Something may have changed. */
void report_changed(struct report *self);

#endif
