/* SPDX-License-Identifier: MIT */
/* What is kept of telemetry on this machine, for the person to read and to remove: what was answered, and what was sent. */
#ifndef UPFRONT_TELEMETRY_RECORDS_H
#define UPFRONT_TELEMETRY_RECORDS_H

#include "config/decide.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct stack;
struct telemetry_notice;

/* An answer the person gave. "Not this run" and unasked runs leave none. */
struct telemetry_receipt {
	enum consent_answer answer; /* YES, NO, NO_FOR_GOOD; or given by flag */
	enum consent_reason method; /* CONSENT_BY_USER: `telemetry off` */
	const struct telemetry_notice *notice; /* the text that was shown; NULL: none */
};

/* Appends to receipts.jsonl (0600) of the app's state folder. Failure is reported, and never stops anything. */
int telemetry_receipt_append(const struct stack *stack, const struct telemetry_receipt *receipt, struct err *err);
/* Last receipts, newest first, as JSON array text; the caller frees. "[]" when there are none. */
char *telemetry_receipts_json(const char *app, size_t limit);
/* One event of the ledger. Texts hold during the call only. */
struct telemetry_sent {
	const char *time; /* of the last attempt, RFC 3339 */
	int64_t time_ms;
	const char *endpoint; /* host or file: where it went */
	const char *result; /* delivered, waiting, refused, deleted, sending: sender/ledger.h says what each means */
	const char *reason; /* of a refusal, or NULL */
	int status; /* HTTP status of the last answer; 0: none */
	int attempts;
	const char *event; /* exactly as it was sent: JSON text */
};
/*
 * What was sent of this app, oldest first, from `since_ms` (wall clock; 0: all) on. Opens no socket and needs no consent. `visit` returns
 * false to end it. Returns how many lines were damaged and passed over. A ledger that is not there is an empty one; one that cannot be read:
 * -errno and `err`.
 */
int telemetry_ledger_each(const char *app, int64_t since_ms,
			  bool (*visit)(void *context, const struct telemetry_sent *sent), void *context,
			  struct err *err);
/* Where that is written down. The caller frees; NULL: there is no such place. */
char *telemetry_ledger_path(const char *app);

/* A person's no: removes the app's outbox and kept id. Absent files are no error. */
int telemetry_wipe(const char *app, struct err *err);
/* The same, and ledger and receipts: nothing of this folder's is left on the machine. Returns how many files there were, or -errno. */
int telemetry_forget(const char *app, struct err *err);
/*
 * For a start without a yes: outbox, kept id and ledger are left for a run with one, but not for longer than 30 days after the last. `now_ms`:
 * wall clock. What cannot be removed is left for the next time.
 */
void telemetry_expire(const char *app, int64_t now_ms);

#endif
