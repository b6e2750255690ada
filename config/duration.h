/* SPDX-License-Identifier: MIT */
/*
 * Durations and sizes as Compose files write them: "1m30s", "100ms", "1.5s", "10m", "1.5gb".
 */
#ifndef UPFRONT_CONFIG_DURATION_H
#define UPFRONT_CONFIG_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* Nothing a service waits for takes longer than this. */
#define DURATION_MS_MAX ((int64_t)366 * 24 * 3600 * 1000)
#define SIZE_BYTES_MAX ((int64_t)1 << 50)

/*
 * Numbers with a unit each (us, ms, s, m, h, d, w), added up; "0" alone needs none. What is above zero and below a millisecond
 * counts as one. False for anything else, for negative durations and for those beyond DURATION_MS_MAX.
 */
bool duration_parse(const char *text, int64_t *duration_ms);

/* A number with an optional unit (b, k, m, g, t, each also with b), steps of 1024. False beyond SIZE_BYTES_MAX. */
bool size_parse(const char *text, int64_t *size_bytes);

#endif
