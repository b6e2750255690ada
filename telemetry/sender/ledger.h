/* SPDX-License-Identifier: MIT */
/*
 * What left this machine: every event exactly as it was sent, when, and what came of it. Written before the
 * attempt and completed after it, so that an event whose fate is unknown stands there too. A person reads it with
 * `upfront telemetry log`.
 *
 * Table `sent`: uuid, name, event (JSON text), endpoint, first_sent and last_sent (RFC 3339), attempts, result:
 *   sending      an attempt was begun and its end was not seen
 *   delivered    taken by the receiver
 *   waiting      not taken yet, will be tried again
 *   refused      will never be taken; not tried again
 * and status: the HTTP status of the last answer, 0 when there was none.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_LEDGER_H
#define UPFRONT_TELEMETRY_SENDER_LEDGER_H

#include <stdint.h>

struct ledger;
struct outbox_batch;

#define LEDGER_EVENTS_MAX 10000
#define LEDGER_AGE_MAX_MS (INT64_C(30) * 24 * 3600 * 1000)

/* `path` NULL: in memory. Old entries go now. */
struct ledger *ledger_open(const char *path, const char *endpoint, int64_t now_ms);
void ledger_close(struct ledger *self);

/* An attempt with these events begins. `time` is its sent_at. */
void ledger_begin(struct ledger *self, const struct outbox_batch *batch, const char *time, int64_t now_ms);
/* It is over. */
void ledger_end(struct ledger *self, const struct outbox_batch *batch, const char *result, int status);

#endif
