/* SPDX-License-Identifier: MIT */
/* Text from a stack file or from this machine, cleaned before it is shown. */
#ifndef UPFRONT_TELEMETRY_TEXT_H
#define UPFRONT_TELEMETRY_TEXT_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes `text` to `out` with every invalid byte and every control character replaced by '?', cut to `limit`
 * characters (the last three then are "..."). NULL writes nothing.
 */
void text_write_clean(FILE *out, const char *text, size_t limit);

#endif
