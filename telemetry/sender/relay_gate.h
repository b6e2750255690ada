/* SPDX-License-Identifier: MIT */
/*
 * Who is let in at the relay's sockets, and how much of them is held, so that no client costs another one, or the machine, much:
 *
 *   - at most RELAY_CONNECTIONS_MAX connections are open. When one more waits at the door, the one that has been idle longest makes room;
 *   - a request is there within RELAY_REQUEST_MS, however slowly it comes; an idle connection ends after RELAY_IDLE_S;
 *   - of requests that are not whole yet about RELAY_HELD_MAX bytes are held, and of each connection RELAY_SMALL_BYTES: beyond that only the largest one
 *     is read on, the others wait in their sockets. So the total stays bounded, and some request always comes to its end;
 *   - what is larger than a request can be is answered with 413 as soon as that is clear, and the rest of it thrown away.
 *
 * A connection is told that it has ended: evhttp owns it, and frees it. evhttp does not tell when one has ended: the table is
 * compared with what is open.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_RELAY_GATE_H
#define UPFRONT_TELEMETRY_SENDER_RELAY_GATE_H

#include <stddef.h>
#include <stdint.h>

#define RELAY_REQUEST_MS 10000
#define RELAY_IDLE_S 60
#define RELAY_HELD_MAX (512u * 1024u)
#define RELAY_SMALL_BYTES (8u * 1024u)

struct event_base;
struct evhttp;
struct evhttp_request;
struct relay_gate;

/*
 * Takes connections of `count` listening sockets from `fd` on (not owned) for `http`, which is freed before the gate is destroyed, and whose
 * own maximum of a body is none: what is larger than can be is refused here. A request has `request_ms` to come.
 */
struct relay_gate *relay_gate_create(struct event_base *base, struct evhttp *http, int fd, size_t count,
				     int request_ms);
void relay_gate_destroy(struct relay_gate *self);

/* A whole request has come, and is about to be answered. */
void relay_gate_asked(struct relay_gate *self, struct evhttp_request *request);
/* No new connections from now on. */
void relay_gate_close(struct relay_gate *self);
/* Requests that were refused for being larger than can be. */
uint64_t relay_gate_oversized(const struct relay_gate *self);

#endif
