/* SPDX-License-Identifier: MIT */
/* A stream of JSON values cut anywhere: the same values come out, each whole, until the first that is none. */
#include "launcher/engine/docker_parts.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	int result;
	uint32_t sum;
	size_t count;
};

static bool add(void *context, const cJSON *value)
{
	struct outcome *outcome = context;
	char *text = cJSON_PrintUnformatted(value);

	if (!cJSON_IsObject(value) || text == NULL)
		abort();
	for (const char *at = text; *at != '\0'; at++)
		outcome->sum = outcome->sum * 31 + (uint8_t)*at;
	outcome->count++;
	free(text);
	return true;
}

static struct outcome feed(const char *bytes, size_t size, size_t step)
{
	struct outcome outcome;
	struct docker_values values = {0};

	memset(&outcome, 0, sizeof(outcome));
	for (size_t at = 0; at < size && outcome.result == 0; at += step)
		outcome.result =
			docker_values_feed(&values, bytes + at, size - at < step ? size - at : step, add, &outcome);
	if (values.capacity > DOCKER_LINE_MAX || outcome.count > size / 2)
		abort();
	docker_values_finish(&values);
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;

	if (size == 0)
		return 0;
	whole = feed((const char *)data + 1, size - 1, size);
	pieces = feed((const char *)data + 1, size - 1, 1 + data[0] % 16);
	if (memcmp(&whole, &pieces, sizeof(whole)) != 0)
		abort();
	return 0;
}
