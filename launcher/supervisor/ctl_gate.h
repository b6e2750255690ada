/* SPDX-License-Identifier: MIT */
/*
 * Who is let in at the control socket, how many and how fast, so that no client costs the services or another client anything:
 *
 *   - a peer of another user is turned away before a byte of it is read;
 *   - at most CTL_GATE_MAX connections are open. When another one waits at the door, the oldest that has not sent a whole request
 *     within CTL_GATE_GRACE_MS makes room, else the oldest that does not take its answer; streams stay;
 *   - at most CTL_GATE_RATE connections a second come in, CTL_GATE_BURST at once. A connection is one request, so this bounds what
 *     is answered in one turn of the loop, and what share of the time goes to answering;
 *   - a request is there within CTL_GATE_REQUEST_MS, however slowly it comes.
 *
 * Whoever is not let in yet waits in the backlog. A connection ends by shutdown(): evhttp owns it, sees its end and frees it.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_CTL_GATE_H
#define UPFRONT_LAUNCHER_SUPERVISOR_CTL_GATE_H

#include <stdbool.h>

#define CTL_GATE_MAX 64u
#define CTL_GATE_GRACE_MS 30
#define CTL_GATE_ANSWER_MS 1000
#define CTL_GATE_REQUEST_MS 10000
#define CTL_GATE_RATE 2000u
#define CTL_GATE_BURST 64u

struct ctl_gate;
struct err;
struct event_base;
struct evhttp;

/* Takes connections of `listen_fd` (not owned) for `http`, which is freed before the gate is destroyed. */
struct ctl_gate *ctl_gate_create(struct event_base *base, int listen_fd, struct evhttp *http, struct err *err);
void ctl_gate_destroy(struct ctl_gate *self);

/* The connection has sent a whole request. False: it is none that was let in. */
bool ctl_gate_asked(struct ctl_gate *self, int fd);
/* Its answer is a stream: it stays as long as both sides want. */
void ctl_gate_streams(struct ctl_gate *self, int fd);

#endif
