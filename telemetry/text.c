/* SPDX-License-Identifier: MIT */
#include "telemetry/text.h"

#include "config/utf8.h"

#include <stdbool.h>
#include <string.h>

/* Length of the character at `text`; a stray byte counts as one. */
static size_t step(const char *text, size_t size_bytes, bool *plain)
{
	size_t length = utf8_length(text, size_bytes);

	*plain = length > 0 && !utf8_is_control(utf8_point(text, length));
	return length > 0 ? length : 1;
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
