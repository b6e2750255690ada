/* SPDX-License-Identifier: MIT */
/*
 * What a program writes, cut anywhere: the same lines come out, none of them empty, too long or with a control character in it, and what is
 * complained of stays within its limit.
 */
#include "launcher/engine/compose_complaint.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

struct seen {
	uint32_t sum;
	struct compose_complaint complaint;
};

static void take(void *context, const char *line)
{
	struct seen *seen = context;
	size_t length = strlen(line);

	if (length == 0 || length > COMPOSE_LINE_BYTES_MAX)
		abort();
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)line[i];

		if (byte < 0x20 || byte == 0x7f ||
		    (byte == 0xc2 && (unsigned char)line[i + 1] >= 0x80 && (unsigned char)line[i + 1] < 0xa0))
			abort();
		seen->sum = seen->sum * 31 + byte;
	}
	seen->sum = seen->sum * 31 + '\n';
	compose_complaint_line(&seen->complaint, line);
}

static struct seen *feed(const char *bytes, size_t size_bytes, size_t step)
{
	struct compose_lines *lines = calloc(1, sizeof(*lines));
	struct seen *seen = calloc(1, sizeof(*seen));

	if (lines == NULL || seen == NULL)
		abort();
	for (size_t at = 0; at < size_bytes; at += step)
		compose_lines_take(lines, bytes + at, size_bytes - at < step ? size_bytes - at : step, take, seen);
	compose_lines_end(lines, take, seen);
	free(lines);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct seen *whole = feed((const char *)bytes, size_bytes, size_bytes + 1);
	struct seen *cut = feed((const char *)bytes, size_bytes, 1);

	if (whole->sum != cut->sum ||
	    strlen(compose_complaint_text(&whole->complaint, true)) >= COMPOSE_COMPLAINT_BYTES_MAX)
		abort();
	free(whole);
	free(cut);
	return 0;
}
