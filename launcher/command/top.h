/* SPDX-License-Identifier: MIT */
/* What `top` makes of two answers of GET /v1/stats. Pure, but for the clock of the supervisor that stands in them. */
#ifndef UPFRONT_LAUNCHER_COMMAND_TOP_H
#define UPFRONT_LAUNCHER_COMMAND_TOP_H

#include <stdint.h>
#include <stdio.h>

struct cJSON;

/*
 * One table of `after`; processor time since `before`, over the time between the two. Named services only, in the supervisor's order;
 * then their sum, and upfront's own line. `names` ends with NULL; none: all.
 */
void top_print(const struct cJSON *before, const struct cJSON *after, const char *const *names, FILE *out);

/* The same as an object, which the caller deletes: the units of `after` with "cpu_percent" added, the sum, and the supervisor. */
struct cJSON *top_json(const struct cJSON *before, const struct cJSON *after, const char *const *names);

/* "512 B", "3.4 MiB", "1.2 GiB". */
void top_bytes(int64_t bytes, char *text, size_t size_bytes);

#endif
