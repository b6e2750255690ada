/* SPDX-License-Identifier: MIT */
/* The one line of the ledger that is not its sender's (telemetry/sender/ledger.h). */
#ifndef UPFRONT_TELEMETRY_LEDGER_H
#define UPFRONT_TELEMETRY_LEDGER_H

/* Notes that all that waited to be sent was deleted by a no. Where nothing was ever sent, nothing is made. */
void ledger_note_deleted(const char *app);

#endif
