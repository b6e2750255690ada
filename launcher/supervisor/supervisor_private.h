/* SPDX-License-Identifier: MIT */
/*
 * Inside of the supervisor.
 *
 *   supervisor            the process: loop, signals, leash, guard, beginning and end
 *   supervisor_phase      how far the stack is, and what brings it to the next phase
 *   supervisor_units      units: performs what svc_step decides, hears the engine and the probes
 *   supervisor_deps       the graph at work: who may start, who may be stopped, in two steps - wants are noted first (unit.ask),
 *                         then settled as the states of the others allow
 *   supervisor_actions    what the control API sees and asks
 *   supervisor_telemetry  what services are told, and the one event of a start
 *   source_job            a program that is asked for one value of that event
 *
 * Every change goes through unit_step, and every turn of the loop in which something changed ends in one call of
 * supervisor_settle, which brings the stack as far as it gets without waiting and arms the one timer.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_SUPERVISOR_PRIVATE_H
#define UPFRONT_LAUNCHER_SUPERVISOR_SUPERVISOR_PRIVATE_H

#include "config/err.h"
#include "config/strmap.h"
#include "launcher/engine/engine.h"
#include "launcher/process/spawn_users.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/svc.h"
#include "telemetry/telemetry.h"

#include <event2/util.h>

struct ctl;
struct event;
struct event_base;
struct output;
struct probe;
struct report;

/* What a person asked of a unit and others do not allow yet. */
enum unit_ask { ASK_NOTHING, ASK_STOP, ASK_RESTART };

struct unit {
	struct supervisor *supervisor;
	unsigned id; /* index into supervisor.units, and the engine's name for it */
	size_t service; /* index into stack.services */
	int replica; /* counts from 1 */
	char *name;
	struct svc svc;
	pid_t pid;
	bool member; /* of what `up` is to bring up; or started later */
	enum unit_ask ask;
	bool ever_started;
	struct probe *probe;
	const struct probe_spec *probe_spec; /* what it was made from */
	char **probe_environment;
	bool probe_broken; /* it could not even be asked: counts as an ill answer at the next settling */
	char *why;
	struct err start_error; /* of the last start, when it failed */
	bool passed_over; /* it was said that the start goes on without it */
	int64_t changed_ms; /* wall clock */
};

struct supervisor {
	const struct supervisor_options *options;
	struct event_base *base;
	struct event *settle, *timer, *signals, *leash, *guard;
	int signal_fd;
	struct strmap environment; /* of the `up`, without upfront's own variables */
	struct stack *stack;
	bool stack_is_ours; /* resolved by us */
	struct consent_decision consent;
	const struct engine_ops *engine_ops;
	struct engine *engine;
	struct spawn_users own_users, *users; /* whom services run as */
	struct output *output;
	struct ctl *ctl;
	struct report *report; /* telemetry; NULL without a yes */
	struct strmap telemetry_environment;
	char *marker; /* UPFRONT_STACK=... */

	struct unit *units;
	size_t unit_count;
	size_t *first_unit; /* by service, service_count + 1 entries */
	size_t *order; /* services, dependencies first */

	enum stack_phase phase;
	struct err failure;
	const struct unit *failed;
	enum telemetry_error error_type; /* of the failure */
	uint64_t telemetry_dropped; /* events lost, once `report` is gone */
	int end_signal; /* ended by this before the stack was up; 0: none */
	int64_t started_ms;
	int64_t kill_all_ms, give_up_ms, linger_ms; /* deadlines; 0: none */
	bool settling, touched;
	bool detached; /* the leash no longer matters */
	bool listener_gone; /* nobody waits to hear of the end: told, or the terminal is gone */
	bool guard_is_dead, done;
	supervisor_observer *observer;
	void *observer_context;
};

/* Something changed: settle in this turn of the loop. */
void supervisor_touch(struct supervisor *self);
void supervisor_changed(struct supervisor *self, size_t index);
void supervisor_set_phase(struct supervisor *self, enum stack_phase phase);
/* Begins the orderly stop of everything (a second call may only shorten it). */
void supervisor_begin_stop(struct supervisor *self, int64_t grace_limit_ms);
/* The stack cannot be brought up, or went wrong as a whole, because of `unit`: says why, once. */
void supervisor_fail(struct supervisor *self, const struct unit *unit);

/* ---- supervisor_phase.c ---- */
void supervisor_on_settle(evutil_socket_t fd, short what, void *context);
void supervisor_on_timer(evutil_socket_t fd, short what, void *context);

/* ---- supervisor_units.c ---- */
int units_make(struct supervisor *self, struct err *err);
void units_finish(struct supervisor *self);
/* Looks up whom each service runs as; one that is not to be started may name anybody. */
int units_find_users(struct supervisor *self, struct err *err);
extern const struct engine_events unit_engine_events;
void unit_step(struct unit *self, enum svc_event_kind kind);
void unit_set_why(struct unit *self, const char *why);
/* A child process ended: offered to each unit's probe. */
bool units_probe_reaped(struct supervisor *self, pid_t pid, const struct engine_exit *how);
/* Earliest svc_deadline of all, 0: none; and what is due. */
int64_t units_deadline(const struct supervisor *self);
void units_timer(struct supervisor *self);
const struct service *unit_service(const struct unit *self);
/* Why the unit failed, as a person reads it, into `err`; the result is what telemetry says of it. */
enum telemetry_error unit_explain(const struct unit *self, struct err *err);

/* ---- supervisor_deps.c ---- */
void deps_settle(struct supervisor *self);
bool deps_all_gone(const struct supervisor *self);
/* Before it was ever ready: what cannot be mended by waiting. */
bool unit_is_hopeless(const struct unit *self);
/* True when members depend on it, but none that could not do without. */
bool unit_is_optional(const struct unit *self);

/* ---- supervisor_telemetry.c ---- */

/*
 * Fills telemetry_environment by the person's answer and, after a yes, opens telemetry. Then resolves the stack again with it.
 */
int telemetry_prepare(struct supervisor *self, struct err *err);
/*
 * server_start, or server_start_failed with the error type: who is ready and how long it took is noted now. Measuring, running the
 * sources and starting the sender come a moment later, so that they cost neither the start nor the stop a millisecond; at the
 * latest when the stack has ended, when there is nothing left to measure.
 */
void report_start(struct supervisor *self);
void report_failure(struct supervisor *self, enum telemetry_error error);
/* Events that were lost in this run. */
uint64_t report_dropped(const struct supervisor *self);
bool report_reaped(struct supervisor *self, pid_t pid, const struct engine_exit *how);
/* Sends what is due as it stands and closes; never waits. */
void report_close(struct supervisor *self);
/* Closes without another word. */
void report_withdraw(struct supervisor *self);

#endif
