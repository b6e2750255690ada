/* SPDX-License-Identifier: MIT */
/* What a stack reported to its endpoint, a file in the world's stack folder, by the time that it has ended. */
#ifndef UPFRONT_TESTS_LIB_REPORTED_H
#define UPFRONT_TESTS_LIB_REPORTED_H

#include <stddef.h>

struct world;

#define REPORTED_FILE "events.jsonl"
/* For x-upfront.telemetry. */
#define REPORTED_ENDPOINT "notice: 3, host: 'file:" REPORTED_FILE "', key: k"

/* Starts the stack in the stack folder, detached, with --telemetry=on, then as reported_begun, or another `flag`. */
void reported_up(const struct world *world, const char *flag);
/* Waits until the stack's start was reported: its sender runs, and what follows is not left to the one second that it has at the end. */
void reported_begun(const struct world *world);
/* Takes it down and waits until its sender has ended too. */
void reported_down(const struct world *world);

/*
 * The commands that were reported, a line each: "ps|--json|ok", "visivo run|--threads <value>|usage|12|charts=3 rows=4" with the metrics
 * where there were any. The caller frees; "" for none.
 */
char *reported_commands(const struct world *world);
/* Fails, showing both, unless they are these. */
void reported_assert(const struct world *world, const char *lines);
/* Fails when `text` stands in any file that telemetry wrote: what was sent, ledger, outbox. */
void reported_assert_never(const struct world *world, const char *text);

#endif
