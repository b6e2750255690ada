/* SPDX-License-Identifier: MIT */
/*
 * Whoever waits for services to end is told which of them take their time, and when they are killed: first after SLOW_STOP_MS, then every
 * SLOW_STOP_AGAIN_MS.
 */
#ifndef UPFRONT_LAUNCHER_CLIENT_SLOW_STOP_H
#define UPFRONT_LAUNCHER_CLIENT_SLOW_STOP_H

#include <stdint.h>

struct view;

#define SLOW_STOP_MS 2000
#define SLOW_STOP_AGAIN_MS 30000

/* When slow_stop_line has something to say next, monotonic; 0: nothing is stopping. */
int64_t slow_stop_next_ms(const struct view *view);
/* What is to be said now, which the caller frees; NULL: nothing. */
char *slow_stop_line(struct view *view, int64_t now_ms);

#endif
