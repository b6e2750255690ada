/* SPDX-License-Identifier: MIT */
/*
 * How `upfront` and `upfront-telemetry` speak: over a SOCK_SEQPACKET pair, one message a packet, in one direction.
 * A message is a letter and JSON:
 *
 *   C{"host","key","app","notice","outbox","ledger"}   the configuration, first (after a restart events may stand
 *   before it)
 *   E{"uuid","event",...}                              one event, exactly as it is to be sent
 *
 * The end of the stack is the end of the stream; a withdrawal is none: the sender is killed before it can see one. Nothing of it ever stands in an argument list or an environment.
 */
#ifndef UPFRONT_TELEMETRY_WIRE_H
#define UPFRONT_TELEMETRY_WIRE_H

#define WIRE_FD 3 /* the sender's end */
#define WIRE_CONFIG 'C'
#define WIRE_EVENT 'E'
#define WIRE_BYTES_MAX (1024u * 1024u) /* longest message that is read */
#define WIRE_BUFFER_BYTES (1024 * 1024) /* asked for; the kernel may give less */

#endif
