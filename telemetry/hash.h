/* SPDX-License-Identifier: MIT */
/* SHA-256 by libmd; hash.c is the only file that sees that library. */
#ifndef UPFRONT_TELEMETRY_HASH_H
#define UPFRONT_TELEMETRY_HASH_H

#include <stddef.h>

#define HASH_TEXT_BYTES 65

/* 64 lower-case hexadecimal digits and a NUL into `text`. */
void hash_text(const void *bytes, size_t size_bytes, char text[HASH_TEXT_BYTES]);

#endif
