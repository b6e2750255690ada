/* SPDX-License-Identifier: MIT */
/*
 * What left this machine: every event exactly as it was sent, when, and what came of it. Written before the attempt and completed after
 * it, so that an event whose fate is unknown stands there too; what cannot be written down is not sent. A person reads it with
 * `upfront telemetry log`, or with any tool: it is JSON, one object a line (telemetry/ledger.c reads it; `upfront` itself knows no database):
 *
 *   {"sent":TIME,"uuid":U,"batch":B,"endpoint":HOST,"event":{...}}  the first attempt with this event; the event byte for byte
 *   {"sent":TIME,"uuid":U,"batch":B}                                another one, together with others than before
 *   {"sent":TIME,"batch":B}                                         another one with the same batch
 *   {"result":R,"batch":B,"status":N,"reason":TEXT}                 what came of the last attempt with the batch
 *   {"result":"refused","uuid":U,"status":0,"reason":TEXT}          gone by itself after it was tried: outbox.h says why
 *   {"result":"deleted"}                                            a no removed all that waited (telemetry/ledger.h)
 *
 * R is delivered (taken by the receiver), waiting (not taken, will be tried again) or refused (will never be taken); after none of them:
 * sending, an attempt whose end was not seen. status: of the last answer, 0: there was none. reason: of anything but a delivery. A
 * network that is away for days costs two short lines an attempt, not a rewriting of what is waiting.
 *
 * Two files, `ledger.jsonl` and the one before it, `ledger.1.jsonl`, each of at most half of LEDGER_EVENTS_MAX and LEDGER_BYTES_MAX; what is
 * older than LEDGER_AGE_MAX_MS goes from both at the start and once a day. 0600. Senders of two stacks of one app share them: each
 * append is one write under flock, and looks again whether the file it has locked is still the one at its path. What was forgotten
 * while an attempt was under way is not begun again by its end.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_LEDGER_H
#define UPFRONT_TELEMETRY_SENDER_LEDGER_H

#include <stdint.h>

struct ledger;
struct outbox_batch;

#define LEDGER_EVENTS_MAX 10000
#define LEDGER_BYTES_MAX (40 * 1000 * 1000)
#define LEDGER_AGE_MAX_MS (INT64_C(30) * 24 * 3600 * 1000)

/* `path` ends in ".jsonl"; NULL: nothing is written. Old entries go now. NULL only when out of memory. */
struct ledger *ledger_open(const char *path, const char *endpoint, int64_t now_ms);
void ledger_close(struct ledger *self);

/* An attempt with these events (at most BATCH_EVENTS_MAX) begins. `time` is its sent_at. 0 or -errno: nothing was written. */
int ledger_begin(struct ledger *self, const struct outbox_batch *batch, const char *time, int64_t now_ms);
/* It is over. `reason` may be NULL. */
void ledger_end(struct ledger *self, const char *result, int status, const char *reason);
/* An event that was tried before has gone from the outbox. */
void ledger_gone(struct ledger *self, const char *uuid, const char *reason);

#endif
