/* SPDX-License-Identifier: MIT */
/* RFC 4648: to base64url, padded, as container engines want it in a header; and from what their client's configuration holds. */
#ifndef UPFRONT_LAUNCHER_ENGINE_BASE64_H
#define UPFRONT_LAUNCHER_ENGINE_BASE64_H

#include <stddef.h>

/* The caller frees; NULL: out of memory. */
char *base64url_encode(const char *bytes, size_t size_bytes);
/* Zero-terminated behind *size_bytes, the caller frees; NULL: not base64 (either alphabet, padded or not), or out of memory. */
char *base64_decode(const char *text, size_t *size_bytes);

#endif
