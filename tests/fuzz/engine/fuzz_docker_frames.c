/* SPDX-License-Identifier: MIT */
/* A container's stream cut anywhere: the same bytes come out for each stream, no more than went in, whatever it holds. */
#include "launcher/engine/docker_frames.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	int result;
	uint32_t sum[2]; /* by stream, of its bytes */
	size_t bytes[2];
	int64_t time_sum, last_ns;
};

static bool add(void *context, enum engine_stream stream, const char *bytes, size_t size, int64_t time_ms)
{
	struct outcome *outcome = context;

	if (size == 0 || time_ms < 0 || (stream != ENGINE_STDOUT && stream != ENGINE_STDERR))
		abort();
	for (size_t i = 0; i < size; i++) {
		outcome->sum[stream] = outcome->sum[stream] * 31 + (uint8_t)bytes[i];
		outcome->time_sum += time_ms % 100000;
	}
	outcome->bytes[stream] += size;
	return false;
}

static struct outcome feed(const char *bytes, size_t size, size_t step, uint8_t flags)
{
	struct outcome outcome;
	struct docker_frames frames;

	memset(&outcome, 0, sizeof(outcome));
	docker_frames_init(&frames, flags & 2, flags & 1, (flags & 4) ? 1763719200000000000 : 0);
	for (size_t at = 0; at < size && outcome.result == 0; at += step) {
		size_t count = size - at < step ? size - at : step;
		size_t before = outcome.bytes[0] + outcome.bytes[1];
		bool held;

		outcome.result = docker_frames_feed(&frames, bytes + at, count, add, &outcome, &held);
		if (held != (outcome.bytes[0] + outcome.bytes[1] > before))
			abort();
	}
	outcome.last_ns = frames.last_ns;
	if (outcome.bytes[0] + outcome.bytes[1] > size)
		abort();
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;

	if (size == 0)
		return 0;
	whole = feed((const char *)data + 1, size - 1, size, data[0]);
	pieces = feed((const char *)data + 1, size - 1, 1 + data[0] / 8 % 16, data[0]);
	if (memcmp(&whole, &pieces, sizeof(whole)) != 0)
		abort();
	return 0;
}
