/* SPDX-License-Identifier: MIT */
#include "config/utf8.h"

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
