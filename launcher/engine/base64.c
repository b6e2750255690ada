/* SPDX-License-Identifier: MIT */
#include "launcher/engine/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

char *base64url_encode(const char *bytes, size_t size_bytes)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char *text = malloc((size_bytes + 2) / 3 * 4 + 1);
	char *at = text;

	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < size_bytes; i += 3) {
		const size_t count = size_bytes - i < 3 ? size_bytes - i : 3;
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < count ? (unsigned char)bytes[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			*at++ = k <= count ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
	}
	*at = '\0';
	return text;
}

static int value_of(char letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return letter - 'A';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 26;
	if (letter >= '0' && letter <= '9')
		return letter - '0' + 52;
	if (letter == '+' || letter == '-')
		return 62;
	return letter == '/' || letter == '_' ? 63 : -1;
}

char *base64_decode(const char *text, size_t *size_bytes)
{
	const size_t length = strcspn(text, "=");
	char *bytes;
	size_t count = 0;
	uint32_t bits = 0;

	if (length % 4 == 1 || strspn(text + length, "=") != strlen(text + length))
		return NULL;
	bytes = malloc(length / 4 * 3 + 4);
	if (bytes == NULL)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		const int value = value_of(text[i]);

		if (value < 0) {
			free(bytes);
			return NULL;
		}
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 0)
			bytes[count++] = (char)(bits >> (6 - 2 * (i % 4)) & 255);
	}
	bytes[count] = '\0';
	*size_bytes = count;
	return bytes;
}
