/* SPDX-License-Identifier: MIT */
/*
 * How `upfront` and `upfront-telemetry` speak: over a SOCK_SEQPACKET pair, one message a packet. A message is a letter and JSON.
 * Down, from the supervisor:
 *
 *   C{"host","key","app","notice","outbox","ledger","relay"}   the configuration, first, also after a
 *   restart. outbox, ledger: paths, absent: in memory, none. "relay" (absent: none):
 *       {"listeners": how many listening sockets are inherited, from WIRE_RELAY_FD on,
 *        "addresses": ["127.0.0.1:41234"], "token": 32 hex digits, "origins": ["http://localhost:3000"],
 *        "distinct_id", "common": {the properties that every event begins with, in order},
 *        "events": {"name": {"property": "bool"|"number"|"int"|["word", ...]}}, "routes": ["/api/{id}"]}
 *   P{...}             "common" of the relay from now on: a property was found out
 *   E{"uuid","event",...}                              one event, exactly as it is to be sent
 *
 * Up, from the sender, when something changed and at most once in WIRE_COUNTS_MS:
 *
 *   N{"queued","delivered","refused","evicted","relayed","relay_dropped","relay_refused","dropped"}   struct telemetry_counts
 *
 * The sender takes a message from the socket only once it is kept: what it had not kept when it was killed is there for the next one.
 * The end of the stack is the end of the stream; a withdrawal is none: the sender is killed before it can see one. Nothing of it ever
 * stands in an argument list or an environment.
 */
#ifndef UPFRONT_TELEMETRY_WIRE_H
#define UPFRONT_TELEMETRY_WIRE_H

#define WIRE_FD 3 /* the sender's end */
#define WIRE_RELAY_FD 4 /* the first of its listening sockets */
#define WIRE_RELAYS_MAX 4
#define WIRE_CONFIG 'C'
#define WIRE_COMMON 'P'
#define WIRE_EVENT 'E'
#define WIRE_COUNTS 'N'
#define WIRE_COUNTS_MS 1000
#define WIRE_BYTES_MAX (1024u * 1024u) /* longest message that is read */
#define WIRE_BUFFER_BYTES (1024 * 1024) /* asked for; the kernel may give less */

#endif
