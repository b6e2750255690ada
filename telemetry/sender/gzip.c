/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* the largest window, in gzip's own wrapping */

void *gzip_pack(const void *bytes, size_t size_bytes, size_t *packed_bytes)
{
	z_stream stream = {0};
	size_t bound;
	void *packed = NULL;

	if (size_bytes < GZIP_LEAST_BYTES || size_bytes > UINT_MAX / 2)
		return NULL;
	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	bound = deflateBound(&stream, size_bytes);
	packed = malloc(bound);
	stream.next_in = (Bytef *)bytes;
	stream.avail_in = (uInt)size_bytes;
	stream.next_out = packed;
	stream.avail_out = (uInt)bound;
	if (packed && deflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out < size_bytes - size_bytes / 10) {
		*packed_bytes = stream.total_out;
	} else {
		free(packed);
		packed = NULL;
	}
	deflateEnd(&stream);
	return packed;
}
