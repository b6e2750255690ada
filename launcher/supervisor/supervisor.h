/* SPDX-License-Identifier: MIT */
/*
 * The process that owns the services: performs what svc_step decides, watches the graph, serves the control API, measures, and
 * feeds telemetry after a yes. One thread, one libevent loop, callbacks never block. It reaps for all services, being a subreaper:
 * `init: true` is how native services always run.
 *
 * Processes (design.md section 2):  terminal -> guard -> supervisor -> services, upfront-telemetry
 * The terminal listens on the control socket before it forks, so that a client can connect at once; it holds the write
 * end of the leash. When the leash ends without a word ("the terminal died"), the stack is taken down within 2 s.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_SUPERVISOR_H
#define UPFRONT_LAUNCHER_SUPERVISOR_SUPERVISOR_H

#include "config/decide.h"
#include "launcher/supervisor/svc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct spawn_users;
struct stack;
struct strmap;
struct supervisor;

#define SUPERVISOR_LAST_END "last-end"

struct supervisor_options {
	struct stack_source *source; /* resolved anew once the telemetry environment is known; NULL: `stack` is final */
	struct stack *stack; /* as shown before the question; replaced after resolving */
	const struct strmap *environment; /* of the `up` */
	const bool *member; /* services to start (by index), NULL: all */
	const char
		*state_dir; /* logs and lock live here, and SUPERVISOR_LAST_END: why the last run ended, if it failed */
	int listen_fd; /* control socket, listening */
	const char *socket_path;
	int leash_fd; /* read end; -1: detached */
	int guard_fd; /* pidfd of the guard (guard_options.guard_fd); 0 or -1: none */
	int lock_fd; /* held while the stack runs */
	struct consent_decision consent;
	int print_fd; /* > 0: what UPFRONT_TELEMETRY_PRINT asks for goes there, then it is closed; else: to stderr */
	const char *marker_value; /* stands as UPFRONT_STACK=... in every service's environment */
	int64_t begin_ms; /* monotonic: when the answer was there */
	struct spawn_users *users; /* those that are looked up already; more are added. NULL: none */
};

/*
 * Looks the service's user up, if it has one that is not known yet. What is wrong with it is told with the service's place. This may
 * take as long as a name service does: it is for before the loop.
 */
int supervisor_note_user(struct spawn_users *users, const struct service *service, struct err *err);

/* Runs the stack until it is over; returns the exit code of this process. Called in the forked supervisor only. */
int supervisor_run(const struct supervisor_options *options);

/* ---- For the control API (ctl.c): everything it can see and ask. ---- */

/* One unit as seen from outside. Text is valid until the loop runs again. */
struct supervisor_unit {
	unsigned id;
	const char *name; /* service name, with "-2" for replica 2 and on */
	const struct service *service;
	int replica;
	const struct svc *svc;
	pid_t pid; /* 0: no process */
	const char *why; /* last word on its state: probe answer, start error, "exited with code 3"; NULL: none */
	int64_t changed_ms; /* wall clock of the last change of state */
};

size_t supervisor_unit_count(const struct supervisor *self);
void supervisor_unit(const struct supervisor *self, size_t index, struct supervisor_unit *unit);
const struct stack *supervisor_stack(const struct supervisor *self);
const struct consent_decision *supervisor_consent(const struct supervisor *self);
/* What services are told of the answer: variables laid over their environment. */
const struct strmap *supervisor_telemetry_environment(const struct supervisor *self);

/* How far the stack is: `up` and `--wait` go by it. */
#define STACK_PHASES(X)               \
	X(PHASE_STARTING, "starting") \
	X(PHASE_UP, "up")             \
	X(PHASE_STOPPING, "stopping") \
	X(PHASE_OVER, "over")
#define PHASE_ENUMERATOR(name, text) name,
enum stack_phase { STACK_PHASES(PHASE_ENUMERATOR) };
#undef PHASE_ENUMERATOR
const char *stack_phase_name(enum stack_phase phase);
enum stack_phase supervisor_phase(const struct supervisor *self);
/* Set once the stack could not be brought up or ended by itself: what a person is told. NULL: nothing went wrong. */
const struct err *supervisor_failure(const struct supervisor *self);
/* Name of the unit the failure is about, as units are named here; NULL when it is about none or nothing failed. */
const char *supervisor_failed_unit(const struct supervisor *self);

/* Actions; names end with NULL. Unknown names: ERR_USAGE. They begin the change and return at once. */
int supervisor_start(struct supervisor *self, const char *const *names, bool alone, struct err *err);
int supervisor_stop(struct supervisor *self, const char *const *names, struct err *err);
int supervisor_restart(struct supervisor *self, const char *const *names, struct err *err);
int supervisor_signal(struct supervisor *self, const char *const *names, int signal, struct err *err);
/* Why it is taken down; before the stack is up telemetry tells the one from the other. */
enum down_reason { DOWN_ASKED, DOWN_TIMED_OUT };
/* Orderly stop of everything; grace_limit_ms >= 0 shortens every grace period. Then the process ends. */
void supervisor_down(struct supervisor *self, enum down_reason reason, int64_t grace_limit_ms);
/* The terminal leaves: the leash no longer matters. */
void supervisor_detach(struct supervisor *self);
/* Events of this run that were lost on the way to the sender. */
uint64_t supervisor_telemetry_dropped(const struct supervisor *self);
/* Withdraws: nothing more is sent, not even what waits, and telemetry stays closed. */
void supervisor_withdraw(struct supervisor *self);

/*
 * The control API calls this once a stream has been given its last event (phase "over"). Until then, or until the terminal is
 * gone, a supervisor whose stack is over stays for up to a second (detached: until it is a second old): a client that is only
 * about to connect must still hear why.
 */
void supervisor_told(struct supervisor *self);

/*
 * The observer of changes (the event stream; the control API fans out). Called after each change with the unit's index, or SIZE_MAX
 * for the stack. One at a time; NULL: none.
 */
typedef void supervisor_observer(void *context, size_t index);
void supervisor_observe(struct supervisor *self, supervisor_observer *observer, void *context);

/* Logs (process/output.h) of this stack. */
struct output;
struct output *supervisor_output(struct supervisor *self);

#endif
