/* SPDX-License-Identifier: MIT */
/* Text from a stack file or from this machine: checked before it is sent, cleaned before it is shown. */
#ifndef UPFRONT_TELEMETRY_TEXT_H
#define UPFRONT_TELEMETRY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* True when `text` is UTF-8 without control characters (below) and at most `limit_bytes` long. */
bool text_is_plain(const char *text, size_t limit_bytes);

/*
 * Writes `text` to `out` with every invalid byte and every control character replaced by '?', cut to `limit`
 * characters (the last three then are "..."). Control characters are C0, DEL, C1, line separators, and what turns
 * the writing direction. NULL writes nothing.
 */
void text_write_clean(FILE *out, const char *text, size_t limit);

#endif
