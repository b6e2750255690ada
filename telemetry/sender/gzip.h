/* SPDX-License-Identifier: MIT */
/* gzip bodies, by zlib; gzip.c is the only file that sees that library. */
#ifndef UPFRONT_TELEMETRY_SENDER_GZIP_H
#define UPFRONT_TELEMETRY_SENDER_GZIP_H

#include <stddef.h>

#define GZIP_LEAST_BYTES 2048u /* below this a plain body costs no more, and can be read on the wire */

/* Packed bytes (the caller frees), or NULL when packing does not pay or fails: send the plain ones. */
void *gzip_pack(const void *bytes, size_t size_bytes, size_t *packed_bytes);

#endif
