/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/retry.h"

enum retry_verdict retry_classify(int status, size_t count)
{
	if (status >= 200 && status < 300)
		return RETRY_DELIVERED;
	if (status == 413)
		return count > 1 ? RETRY_HALVE : RETRY_DROP;
	if (status == 0 || status == 408 || status == 429 || status >= 500)
		return RETRY_AGAIN;
	/* 3xx too: following one would take the events to somebody nobody agreed to. */
	return RETRY_DROP;
}

const char *retry_reason(int status, size_t count)
{
	if (status == 0)
		return "unreachable";
	if (status == 413)
		return count > 1 ? "too_many" : "too_large";
	if (status == 408 || status == 429)
		return "busy";
	if (status == 401 || status == 403)
		return "key_refused";
	if (status >= 500)
		return "server_error";
	if (status >= 300 && status < 400)
		return "redirected";
	return status >= 200 && status < 300 ? NULL : "not_accepted";
}

int64_t retry_delay_ms(unsigned failures, int64_t retry_after_s, uint32_t random)
{
	unsigned doublings = failures > 0 ? failures - 1 : 0;
	int64_t span = doublings < 16 ? (int64_t)RETRY_FIRST_MS << doublings : RETRY_MOST_MS;
	int64_t delay, least = RETRY_LEAST_MS;

	if (span > RETRY_MOST_MS)
		span = RETRY_MOST_MS;
	delay = (int64_t)((uint64_t)span * random >> 32);
	if (retry_after_s > 0)
		least = retry_after_s < RETRY_MOST_MS / 1000 ? retry_after_s * 1000 : RETRY_MOST_MS;
	return delay > least ? delay : least;
}
