/* SPDX-License-Identifier: MIT */
/*
 * An engine of containers that is only played, inside the supervisor of a play. What it is asked for are lines of the play's trace:
 *
 *   start NAME REPLICA (and with telemetry declared: told on|off)   stop NAME SIGNAL GRACE_MS   signal NAME SIGNAL   kill NAME   forget NAME   ending   renew VARIABLES   close [volumes]
 *
 * and what has happened to its containers a test tells it in lines (play_engine_tell). Unless it was told otherwise a container starts when it
 * is asked to, and ends when it is asked to.
 *
 *   hold, deaf, stuck    from here on: starts, stops and kills, closes are not answered by itself
 *   started NAME PID [health]          exited NAME CODE [restarting]       start_failed NAME WHY...
 *   health NAME well|ill               output NAME TIME_MS TEXT...         progress NAME WORK DONE TOTAL TEXT...; progress NAME
 *   rest NAME            the last of what its run before has written
 *   away WHY...; back                  closed [WHY...]                     child: starts one of its own, "child PID" in the trace
 */
#ifndef UPFRONT_TESTS_LIB_PLAY_ENGINE_H
#define UPFRONT_TESTS_LIB_PLAY_ENGINE_H

#include "tests/lib/play.h"

/* Before play_begin. */
void play_engine_join(struct play *play);
/* A container of the play's stack. */
struct service *play_add_container(struct play *play, const char *name);
void play_engine_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* After play_end, or at a teardown. */
void play_engine_leave(void);

#endif
