/* SPDX-License-Identifier: MIT */
/*
 * The two clocks, in milliseconds. Deadlines and durations go by the monotonic one, which no change of the machine's time moves;
 * what a person or another program reads as a time of day is of the wall clock.
 */
#ifndef UPFRONT_CONFIG_CLOCK_H
#define UPFRONT_CONFIG_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_read_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int64_t clock_monotonic_ms(void)
{
	return clock_read_ms(CLOCK_MONOTONIC);
}

/* Since the epoch of 1970. */
static inline int64_t clock_wall_ms(void)
{
	return clock_read_ms(CLOCK_REALTIME);
}

#endif
