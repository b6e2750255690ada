/* SPDX-License-Identifier: MIT */
/* A log stream's bytes as readers take them, in pieces: every frame can be looked at, and none is larger than it may be. */
#include "launcher/logs/log_reader.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_frame(void *context, const struct log_frame *frame)
{
	size_t *sum = context;

	if (frame->size_bytes > LOG_FRAME_MAX)
		abort();
	for (size_t i = 0; i < frame->size_bytes; i++)
		*sum += (unsigned char)frame->bytes[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct log_reader reader;
	const char *bytes = (const char *)data;
	const size_t step = size > 0 ? 1 + data[size - 1] % 64 : 1;
	size_t sum = 0;
	int result = 0;

	log_reader_init(&reader);
	for (size_t at = 0; result == 0 && at < size; at += step)
		result = log_reader_feed(&reader, bytes + at, size - at < step ? size - at : step, take_frame, &sum);
	return sum == SIZE_MAX;
}
