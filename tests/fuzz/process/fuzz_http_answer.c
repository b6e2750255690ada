/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a hostile peer as an HTTP answer, cut anywhere: no more body than was sent and than there was room for, what is over stays over,
 * and the cuts change nothing.
 */
#include "launcher/process/http_answer.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	int result, status;
	uint32_t sum; /* of the body */
	size_t body_bytes, headers;
};

static void count_header(void *context, const char *name, const char *value)
{
	struct outcome *outcome = context;

	if (name[0] == '\0' || strlen(name) + strlen(value) >= HTTP_ANSWER_LINE_MAX)
		abort();
	outcome->headers++;
}

static struct outcome take(const char *bytes, size_t size, bool may_upgrade, size_t step, size_t room)
{
	static struct http_answer http;
	struct outcome outcome = {0};
	char body[256];
	size_t at = 0;

	http_answer_init(&http);
	http.may_upgrade = may_upgrade;
	http.header = count_header;
	http.context = &outcome;
	while (at < size && !http_answer_is_done(&http)) {
		size_t used = 0, count = size - at < step ? size - at : step;
		ssize_t placed = http_answer_feed(&http, bytes + at, count, &used, body, room);

		if (placed < 0)
			break;
		if (used > count || (size_t)placed > room || (size_t)placed > used || used == 0)
			abort();
		for (ssize_t i = 0; i < placed; i++)
			outcome.sum = outcome.sum * 31 + (uint8_t)body[i];
		outcome.body_bytes += (size_t)placed;
		at += used;
	}
	outcome.result = http_answer_end(&http);
	outcome.status = http.status;
	if ((outcome.result == 0) != http_answer_is_done(&http))
		abort();
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;
	bool may_upgrade = size > 0 && data[0] == 'u';

	if (size == 0)
		return 0;
	whole = take((const char *)data + 1, size - 1, may_upgrade, size, 256);
	pieces = take((const char *)data + 1, size - 1, may_upgrade, 1 + data[0] % 7, 1 + data[0] % 5);
	if (whole.result != pieces.result || whole.status != pieces.status || whole.sum != pieces.sum ||
	    whole.body_bytes != pieces.body_bytes || whole.headers != pieces.headers)
		abort();
	return 0;
}
