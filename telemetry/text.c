/* SPDX-License-Identifier: MIT */
#include "telemetry/text.h"

#include "config/utf8.h"

#include <stdint.h>
#include <string.h>

/* The code point of a well-formed sequence. */
static uint32_t decode(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t point = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);

	for (size_t i = 1; i < length; i++)
		point = point << 6 | (bytes[i] & 0x3fu);
	return point;
}

static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c || point == 0x200e ||
	       point == 0x200f || (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
	       point == 0xfeff;
}

/* Length of the character at `text`; a stray byte counts as one. */
static size_t step(const char *text, size_t size_bytes, bool *plain)
{
	size_t length = utf8_length(text, size_bytes);

	*plain = length > 0 && !is_control(decode(text, length));
	return length > 0 ? length : 1;
}

bool text_is_plain(const char *text, size_t limit_bytes)
{
	size_t size_bytes = strnlen(text, limit_bytes + 1);
	bool plain = size_bytes <= limit_bytes;

	for (size_t at = 0; plain && at < size_bytes;)
		at += step(text + at, size_bytes - at, &plain);
	return plain;
}

void text_write_clean(FILE *out, const char *text, size_t limit)
{
	size_t size_bytes = text ? strlen(text) : 0;
	bool cut = size_bytes > limit && utf8_count(text, size_bytes) > limit;
	size_t room = cut ? limit - 3 : limit;

	for (size_t at = 0; at < size_bytes && room > 0; room--) {
		bool plain;
		size_t length = step(text + at, size_bytes - at, &plain);

		if (plain)
			fwrite(text + at, 1, length, out);
		else
			fputc('?', out);
		at += length;
	}
	if (cut)
		fputs("...", out);
}
