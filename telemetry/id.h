/* SPDX-License-Identifier: MIT */
/* Identifiers and times as events carry them. Randomness is libuuid's and the kernel's; nothing of this machine goes in. */
#ifndef UPFRONT_TELEMETRY_ID_H
#define UPFRONT_TELEMETRY_ID_H

#include <stdbool.h>
#include <stdint.h>

#define ID_BYTES 37 /* 36 characters and a NUL */
#define TIME_BYTES 25 /* "2026-11-21T08:20:46.555Z" and a NUL */

/* A random UUID (version 4), lower case: distinct_id and session_id. */
void id_random(char id[ID_BYTES]);

/* A UUID of version 7 (RFC 9562 section 5.7): the time in milliseconds since 1970, then random bits. */
void id_event(int64_t time_ms, char id[ID_BYTES]);

/* True for a lower-case hyphenated UUID of that version. */
bool id_is_valid(const char *id, int version);

/* Wall clock in milliseconds since 1970. */
int64_t time_now_ms(void);

/* RFC 3339, UTC, milliseconds, "Z". Times outside the years 0-9999 come out as 1970. */
void time_text(int64_t time_ms, char text[TIME_BYTES]);
bool time_is_valid(const char *text);

#endif
