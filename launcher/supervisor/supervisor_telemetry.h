/* SPDX-License-Identifier: MIT */
/*
 * Inside of the supervisor: telemetry after a yes, and its end.
 *
 *   supervisor_telemetry  what services are told of the answer; what the control API notes
 *   supervisor_sender     the client of upfront-telemetry in the loop: started late, heard, started again
 *   supervisor_report     the one event of a start
 *   supervisor_held       what was asked before the start was told
 *   supervisor_relay      the address for services' own events: who listens there when
 *   supervisor_withdraw   an off in the middle of a run
 *   source_job            a program that is asked for one value of the event of a start
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_SUPERVISOR_TELEMETRY_H
#define UPFRONT_LAUNCHER_SUPERVISOR_SUPERVISOR_TELEMETRY_H

#include "config/decide.h"
#include "config/stack.h"
#include "telemetry/telemetry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct engine_exit;
struct err;
struct relay;
struct report;
struct sender;
struct supervisor;
struct supervisor_telemetry;
struct withdrawal;

/* ---- supervisor_telemetry.c ---- */

/* Fills telemetry_environment by the person's answer and, after a yes, opens telemetry and the relay. Then resolves the stack again with it. */
int telemetry_prepare(struct supervisor *self, struct err *err);
/* A stack that is not on show yet: what must not be shown of it is noted, and what it would be after a withdrawal goes to *off (may be NULL). */
void telemetry_prepare_stack(const struct supervisor *self, struct stack_source *source, struct stack *stack,
			     struct stack **off);
/* The same stack as containers are to see it, where they are told of another address: *theirs. NULL: it is the same. */
int telemetry_resolve_for_containers(const struct supervisor *self, struct stack_source *source,
				     const struct stack *stack, struct stack **theirs, struct err *err);
bool telemetry_reaped(struct supervisor *self, pid_t pid, const struct engine_exit *how);
/* True when telemetry has started this child: the sender, a job that fetches a value, or one that passes a withdrawal on. */
bool telemetry_started(const struct supervisor *self, pid_t pid);
/* Tells what is due as it stands - the start, and the command that `up` was - and closes; never waits. */
void telemetry_end(struct supervisor *self);
/* The last thing. */
void telemetry_finish(struct supervisor *self);

/* ---- supervisor_sender.c ---- */

/* After a yes only. `relay` may be NULL. False: there is no telemetry in this run. */
bool sender_open(struct supervisor *self, const struct telemetry_relay *relay);
/* NULL when it is closed. */
struct telemetry *sender_telemetry(const struct supervisor *self);
void sender_start(struct supervisor *self);
void sender_capture(struct supervisor *self, const struct telemetry_event *event);
/* A process serves, or will again in a moment; and it is gone for good. Before the first start neither holds. */
bool sender_serves(const struct supervisor *self);
bool sender_is_lost(const struct supervisor *self);
/* False: if one is there, it looks after no clients of services. */
bool sender_takes_clients(const struct supervisor *self);
bool sender_is(const struct supervisor *self, pid_t pid);
void sender_ended(struct supervisor *self);
/* The event of the start was printed: whoever reads it would wait for its end as long as the stack runs. */
void sender_printed(struct supervisor *self);
/* Lets go; never waits. `withdraw`: kills it, and nothing more is sent. */
void sender_close(struct supervisor *self, bool withdraw);

/* ---- supervisor_report.c ---- */

int report_open(struct supervisor *self);
/*
 * server_start, or server_start_failed with the error type: who is ready and how long it took is noted now. Measuring, running the
 * sources and starting the sender come a moment later, so that they cost neither the start nor the stop a millisecond; at the
 * latest when the stack has ended, when there is nothing left to measure.
 */
void report_start(struct supervisor *self);
void report_failure(struct supervisor *self, enum telemetry_error error);
/* Sends what is due as it stands. */
void report_send(struct supervisor *self);
bool report_started(const struct supervisor *self, pid_t pid);
bool report_reaped(struct supervisor *self, pid_t pid, const struct engine_exit *how);
void report_close(struct supervisor *self);

/* The event of the start is out, or there is none. */
bool report_is_told(const struct supervisor *self);

/* ---- supervisor_held.c ---- */

/* A command or a request: told at once, but not before the start, whose event is the first of a run as people were shown. */
void held_note(struct supervisor *self, struct telemetry_event event);
void held_send(struct supervisor *self);
void held_drop(struct supervisor *self);

/* ---- supervisor_relay.c ---- */

/*
 * Listens where services can be told to send to: on this machine, and, where containers are to run that have a way to it, on the address
 * that leads them here. 0 or -errno: then there is none. Without that address it is said why (bridge_trouble).
 */
int relay_open(struct supervisor *self);
/* NULL when there is none, or none for them. The caller frees the URL. */
const struct telemetry_relay *relay_offer(const struct supervisor *self);
char *relay_url(const struct supervisor *self, enum service_kind kind);
bool relay_reaches_containers(const struct supervisor *self);
const char *relay_token(const struct supervisor *self);
/* The sender was started, is gone, or must not be: who looks after clients from here on. */
void relay_follow(struct supervisor *self);
void relay_show(const struct supervisor *self, struct supervisor_telemetry *shown);
void relay_close(struct supervisor *self);

/* ---- supervisor_withdraw.c ---- */

/* See supervisor_withdraw. Everything it needs was prepared, or may fail without harm. */
void withdraw_begin(struct supervisor *self, enum consent_reason reason);
bool withdraw_started(const struct supervisor *self, pid_t pid);
bool withdraw_reaped(struct supervisor *self, pid_t pid);
void withdraw_close(struct supervisor *self);

#endif
