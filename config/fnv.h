/* SPDX-License-Identifier: MIT */
/* FNV-1a, 64 bits: for hash tables of text and for short names of long things; no protection against anybody. */
#ifndef UPFRONT_CONFIG_FNV_H
#define UPFRONT_CONFIG_FNV_H

#include <stdint.h>

static inline uint64_t fnv_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (const unsigned char *at = (const unsigned char *)text; *at; at++)
		hash = (hash ^ *at) * 0x100000001b3u;
	return hash;
}

#endif
