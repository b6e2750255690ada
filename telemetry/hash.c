/* SPDX-License-Identifier: MIT */
#include "telemetry/hash.h"

#include <sha2.h>
#include <stdint.h>

_Static_assert(SHA256_DIGEST_STRING_LENGTH == HASH_TEXT_BYTES, "a SHA-256 digest is 64 hexadecimal digits");

void hash_text(const void *bytes, size_t size_bytes, char text[HASH_TEXT_BYTES])
{
	SHA256Data(bytes, size_bytes, text);
}
