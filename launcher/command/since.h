/* SPDX-License-Identifier: MIT */
/* What --since takes: a time as RFC 3339 writes it (without a time of day midnight, without a zone local time), or how long ago. */
#ifndef UPFRONT_LAUNCHER_COMMAND_SINCE_H
#define UPFRONT_LAUNCHER_COMMAND_SINCE_H

#include <stdbool.h>
#include <stdint.h>

/* `now_ms` and *since_ms are wall clock. False for anything else. */
bool since_parse(const char *text, int64_t now_ms, int64_t *since_ms);

#endif
