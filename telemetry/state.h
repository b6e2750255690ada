/* SPDX-License-Identifier: MIT */
/* The files telemetry keeps in the app's state folder, by name; the sender is told their paths. */
#ifndef UPFRONT_TELEMETRY_STATE_H
#define UPFRONT_TELEMETRY_STATE_H

#include <stdint.h>

struct err;

#define STATE_ID "id"
#define STATE_RECEIPTS "receipts.jsonl"
#define STATE_OUTBOX "outbox.db" /* SQLite; its -wal and -shm stand beside it, -journal for a moment */
#define STATE_LEDGER "ledger.jsonl" /* kept apart: a no wipes the outbox, never the record of what was sent */
#define STATE_LEDGER_BEFORE "ledger.1.jsonl" /* the one before it */

#define STATE_AGE_MAX_MS (INT64_C(30) * 24 * 3600 * 1000) /* what no yes has touched for longer goes */

/* Path of one of them, or NULL when there is no state folder to be had. Creates nothing. The caller frees. */
char *state_file(const char *app, const char *name);

/* Makes the app's folder (0700). */
int state_make(const char *app, struct err *err);

#endif
