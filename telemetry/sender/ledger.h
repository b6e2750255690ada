/* SPDX-License-Identifier: MIT */
/*
 * What left this machine: every event exactly as it was sent, when, and what came of it. Written before the attempt and completed after
 * it, so that an event whose fate is unknown stands there too. A person reads it with `upfront telemetry log`, or with any tool: it is
 * JSON, one object a line (telemetry/ledger.c reads it; `upfront` itself knows no database):
 *
 *   {"sent":TIME,"uuid","endpoint","event":{...}}          the first attempt with this event; the event byte for byte
 *   {"sent":TIME,"uuid"}                                   another one: the same bytes again
 *   {"result":R,"uuid","status":N,"reason":TEXT}           what came of the last attempt
 *
 * R is delivered (taken by the receiver), waiting (not taken, will be tried again) or refused (will never be taken; "reason" says why: see
 * outbox.h); after none of them: sending, an attempt whose end was not seen. status: of the last answer, 0: there was none.
 *
 * Two files, `ledger.jsonl` and the one before it, `ledger.1.jsonl`, each of at most half of what is kept: LEDGER_EVENTS_MAX events,
 * LEDGER_BYTES_MAX, LEDGER_AGE_MAX_MS. 0600. Senders of two stacks of one app share them: each append is one write under flock.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_LEDGER_H
#define UPFRONT_TELEMETRY_SENDER_LEDGER_H

#include <stdint.h>

struct ledger;
struct outbox_batch;

#define LEDGER_EVENTS_MAX 10000
#define LEDGER_BYTES_MAX (40 * 1000 * 1000)
#define LEDGER_AGE_MAX_MS (INT64_C(30) * 24 * 3600 * 1000)

/* `path` NULL: nothing is written. Old entries go now. */
struct ledger *ledger_open(const char *path, const char *endpoint, int64_t now_ms);
void ledger_close(struct ledger *self);

/* An attempt with these events begins. `time` is its sent_at. */
void ledger_begin(struct ledger *self, const struct outbox_batch *batch, const char *time, int64_t now_ms);
/* It is over. `reason` may be NULL. */
void ledger_end(struct ledger *self, const struct outbox_batch *batch, const char *result, int status,
		const char *reason);

#endif
