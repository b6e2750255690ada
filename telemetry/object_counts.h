/* SPDX-License-Identifier: MIT */
/* How many things of which kind a command worked on, as it hands them over: whole numbers by short lower-case names, {"charts": 3}. */
#ifndef UPFRONT_TELEMETRY_OBJECT_COUNTS_H
#define UPFRONT_TELEMETRY_OBJECT_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;

#define OBJECT_COUNTS_MAX 32u
#define OBJECT_COUNT_NAME_BYTES_MAX 40u

struct telemetry_count {
	const char *name; /* a lower-case letter, then those, digits and '_' */
	int64_t count;
};

/* A whole number from 0 on, of those that a double holds exactly. */
bool object_count_is_valid(const struct cJSON *number);

/* Names point into `object`. False: it is no such object - one wrong member is enough - and nothing of it is to be told. */
bool object_counts_read(const struct cJSON *object, struct telemetry_count counts[OBJECT_COUNTS_MAX], size_t *count);

#endif
