/* SPDX-License-Identifier: MIT */
/* log_end - the last lines of one unit's log file, for whoever wants no more than that. Bounded: LOG_END_BYTES are looked at. */
#ifndef UPFRONT_LAUNCHER_LOGS_LOG_END_H
#define UPFRONT_LAUNCHER_LOGS_LOG_END_H

#include <stddef.h>

#define LOG_END_BYTES 8192
#define LOG_END_LINES_MAX 32u

/*
 * Calls `visit` for each of at most `lines` last lines of DIR/UNIT.log, oldest first, without their ends; a line of which the beginning is too
 * far back is left out, unless it is the only one. Without a file, or one that is no plain file, nobody is called.
 */
void log_end_each(const char *dir, const char *unit, size_t lines,
		  void (*visit)(void *context, const char *bytes, size_t size_bytes), void *context);

#endif
