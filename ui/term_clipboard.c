/* SPDX-License-Identifier: MIT */
#include "ui/term_clipboard.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char *put(char *at, const char *text)
{
	return stpcpy(at, text);
}

static char *put_base64(char *at, const char *bytes, size_t size)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t group = (uint32_t)(unsigned char)bytes[i] << 16;
		if (left > 1)
			group |= (uint32_t)(unsigned char)bytes[i + 1] << 8;
		if (left > 2)
			group |= (unsigned char)bytes[i + 2];
		*at++ = letters[group >> 18];
		*at++ = letters[group >> 12 & 63];
		*at++ = left > 1 ? letters[group >> 6 & 63] : '=';
		*at++ = left > 2 ? letters[group & 63] : '=';
	}
	return at;
}

char *term_clipboard_sequence(const char *bytes, size_t size_bytes, bool tmux, size_t *size)
{
	size_t encoded = (size_bytes + 2) / 3 * 4;
	char *sequence = malloc(2 * (encoded + 32)), *at = sequence;

	if (sequence == NULL)
		return NULL;
	at = put(at, "\033]52;c;");
	at = put_base64(at, bytes, size_bytes);
	at = put(at, "\007");
	if (tmux) {
		/* Within the wrapper each Esc stands twice. */
		at = put(at, "\033Ptmux;\033\033]52;c;");
		at = put_base64(at, bytes, size_bytes);
		at = put(at, "\007\033\\");
	}
	*size = (size_t)(at - sequence);
	return sequence;
}
