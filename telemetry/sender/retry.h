/* SPDX-License-Identifier: MIT */
/* What an answer means, and when to try again: pure functions. The rules are those PostHog holds its own SDKs to. */
#ifndef UPFRONT_TELEMETRY_SENDER_RETRY_H
#define UPFRONT_TELEMETRY_SENDER_RETRY_H

#include <stddef.h>
#include <stdint.h>

#define RETRY_FIRST_MS 500 /* upper bound of the first delay; doubled each time */
#define RETRY_LEAST_MS 100
#define RETRY_MOST_MS 30000 /* also the cap of Retry-After */

enum retry_verdict {
	RETRY_DELIVERED,
	RETRY_AGAIN, /* the same batch, later */
	RETRY_HALVE, /* too large together: at once, half as many */
	RETRY_DROP /* will never be taken */
};

/* `status` 0: no answer (transport failure). `count`: events in the batch. */
enum retry_verdict retry_classify(int status, size_t count);

/*
 * Why a batch was not taken, in one word of a closed list (the ledger's "reason"); NULL: it was.
 *
 *   unreachable   no answer: no network, no such name, no trust in the certificate, no time left
 *   busy          408, 429: asked to come again later
 *   server_error  5xx and what is above it
 *   too_many      413 for several events together
 *   too_large     413 for a single one
 *   redirected    3xx: somebody nobody agreed to would have got the events
 *   key_refused   401, 403
 *   not_accepted  any other answer
 */
const char *retry_reason(int status, size_t count);

/*
 * Milliseconds to wait after `failures` (1: the first) in a row: full jitter over an exponentially growing span,
 * never less than what the receiver asked for (`retry_after_s`, 0: nothing), capped. `random` is uniform over its
 * range.
 */
int64_t retry_delay_ms(unsigned failures, int64_t retry_after_s, uint32_t random);

#endif
