/* SPDX-License-Identifier: MIT */
#include "config/utf8.h"

#include <string.h>

static const struct utf8_row {
	unsigned char first_low, first_high;
	unsigned char second_low, second_high;
	unsigned char length;
} utf8_rows[] = {
	{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_length(const char *text, size_t size_bytes)
{
	const unsigned char *at = (const unsigned char *)text;

	if (size_bytes == 0)
		return 0;
	if (at[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(utf8_rows) / sizeof(utf8_rows[0]); i++) {
		const struct utf8_row *row = &utf8_rows[i];

		if (at[0] < row->first_low || at[0] > row->first_high)
			continue;
		if (size_bytes < row->length || at[1] < row->second_low || at[1] > row->second_high)
			return 0;
		for (size_t j = 2; j < row->length; j++) {
			if ((at[j] & 0xc0) != 0x80)
				return 0;
		}
		return row->length;
	}
	return 0;
}

size_t utf8_valid(const char *text, size_t size_bytes)
{
	size_t at = 0;

	while (at < size_bytes) {
		size_t length = utf8_length(text + at, size_bytes - at);

		if (!length)
			break;
		at += length;
	}
	return at;
}

size_t utf8_count(const char *text, size_t size_bytes)
{
	size_t count = 0;

	for (size_t at = 0; at < size_bytes; count++) {
		size_t length = utf8_length(text + at, size_bytes - at);

		at += length ? length : 1;
	}
	return count;
}

uint32_t utf8_point(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t point = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);

	for (size_t i = 1; i < length; i++)
		point = point << 6 | (bytes[i] & 0x3fu);
	return point;
}

bool utf8_is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c || point == 0x200e ||
	       point == 0x200f || (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
	       point == 0xfeff;
}

bool utf8_is_plain(const char *text, size_t limit_bytes)
{
	size_t size_bytes = strnlen(text, limit_bytes + 1);

	for (size_t at = 0, length; at < size_bytes; at += length) {
		length = utf8_length(text + at, size_bytes - at);
		if (length == 0 || utf8_is_control(utf8_point(text + at, length)))
			return false;
	}
	return size_bytes <= limit_bytes;
}
