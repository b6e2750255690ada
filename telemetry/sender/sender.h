/* SPDX-License-Identifier: MIT */
/*
 * telemetry/sender/ - the program `upfront-telemetry`: takes events from a running stack and delivers them. It is
 * started after a yes only, prints nothing, and outlives the stack by less than a second.
 *
 *   sender           the loop: what arrives is kept
 *   delivery         what is kept is tried, what is tried is settled
 *   feed, report     messages from `upfront`, and what it is told
 *   outbox           events to be sent, on disk
 *   ledger           events that were sent, for the person to read; ledger_file: its files
 *   db               SQLite, and the only file that sees it
 *   batch, gzip      the request body
 *   relay            services' own events
 *   transport        how it leaves: transport_curl (HTTP) or transport_file
 *   retry            what an answer means, and when to try again (pure)
 *
 * A message stays in the socket until what it says is done, so a kill at any moment loses nothing that was handed over. One batch is under
 * way at a time. An event that arrives is tried at once (after SENDER_GATHER_MS, so that events that come together go together); after a
 * failure the next attempt waits as retry.h says. When the stack ends,
 * what is queued gets one more attempt (none when the receiver asked to be left alone), and the process leaves by
 * _exit within SENDER_END_MS of the end, however the network behaves; a thread that does nothing but wait for the
 * end makes that hold even when the loop itself is stuck.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_SENDER_H
#define UPFRONT_TELEMETRY_SENDER_SENDER_H

#include <stdint.h>

#define SENDER_GATHER_MS 10
#define SENDER_ATTEMPT_MS 1000 /* name look-up, connect, TLS, send and answer together */
#define SENDER_LAST_ATTEMPT_MS 700 /* the same after the stack's end */
#define SENDER_END_MS 800 /* after the end: the orderly way out */
#define SENDER_HARD_END_MS 930 /* the way out of a loop that is stuck */
#define SENDER_SLOW_FAILURES 2u /* attempts without an answer, from which on batches are halved */
#define SENDER_AGAIN_MS 200 /* until what a disk or another sender prevented is tried again */
#define SENDER_TAKEN_MAX 64u /* messages from the socket in one transaction */
#define SENDER_TAKEN_BYTES_MAX (256u * 1024u) /* the same: the one that crosses it is the last */

/* Reads messages from `fd` until its end; does not return before. 0, or -errno when it could not begin. */
int sender_run(int fd);

#endif
