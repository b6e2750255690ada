/* SPDX-License-Identifier: MIT */
/* Hexadecimal digits: what one is worth, and bytes written with them. */
#ifndef UPFRONT_CONFIG_HEX_H
#define UPFRONT_CONFIG_HEX_H

#include <stddef.h>

/* 0 to 15, upper or lower case; -1: it is none. */
static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Lower case; `text` has room for 2 * size_bytes + 1. */
static inline void hex_text(const unsigned char *bytes, size_t size_bytes, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size_bytes; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * size_bytes] = '\0';
}

#endif
