/* SPDX-License-Identifier: MIT */
/*
 * The file in which a command under `run` may hand over what it did: {"job_count": 12, "object_counts": {"charts": 3}}, both optional. It
 * lies in a folder that is made for one run and goes with it. Whatever it holds beside whole numbers under such names, it counts for
 * nothing as a whole: nothing of it is told, and nobody hears of it.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_RUN_METRICS_H
#define UPFRONT_LAUNCHER_COMMAND_RUN_METRICS_H

#include "telemetry/object_counts.h"

#include <stddef.h>
#include <stdint.h>

struct cJSON;

#define RUN_METRICS_VARIABLE "UPFRONT_METRICS"
#define RUN_METRICS_BYTES_MAX 65536u

struct run_metrics {
	char *folder, *path;
	int lock_fd; /* of the folder, held as long as the run lasts; -1: none */
	struct cJSON *object; /* what the counts point into */
	int64_t job_count; /* -1: not told */
	struct telemetry_count counts[OBJECT_COUNTS_MAX];
	size_t count;
};

/*
 * Makes folder (0700) and file (0600) in `parent`, which only we may write to, and removes those whose run was killed before it could. 0 or
 * -errno; `self` can be finished either way.
 */
int run_metrics_make(struct run_metrics *self, const char *parent);
/* Takes what was handed over, if it was. */
void run_metrics_read(struct run_metrics *self);
/* Removes the folder with all files in it. */
void run_metrics_finish(struct run_metrics *self);

#endif
