/* SPDX-License-Identifier: MIT */
/*
 * One unit's life as a pure state machine: svc_step(unit, event, now) changes the unit and returns what is to be done. It
 * knows no process, no clock, no loop; the supervisor performs the effects and feeds back what happened.
 *
 *            want up              conditions hold            exec ok, no probe
 *   STOPPED ---------> WAITING --------------------> STARTING ---------------> RUNNING
 *      ^                  ^                             |  probe well             |
 *      |                  | delay over                  +------------> READY <----+--> UNHEALTHY
 *      |               BACKOFF <---- ended, to be restarted ---------- any of the four
 *      |                               ended, not restarted: code 0 -> COMPLETED, else -> FAILED
 *      +---- ended ---- STOPPING <---- want down -------- any with a process, or whose start the engine can call back
 *
 * "Ended" means the whole of it: when the main process is gone but has left others behind (SVC_EXITED with
 * exit.leftovers), the unit stays, or becomes, STOPPING - they get the stop signal, and SIGKILL once the grace period is
 * over - and takes the step its exit asks for at SVC_CLEARED. So a unit never starts beside what is left of itself, and what
 * it depends on is not taken away from under processes that are still finishing.
 *
 * Readiness: the first attempt is made at once after the start, the next ones after 25, 50, 100... ms up to the start interval
 * (at most 1 s). An ill answer counts from the end of the start period, or of the first interval if that is later, on, and
 * at most one an interval; a well one counts at once. After that one attempt an interval, of the liveness probe if there
 * is one of its own.
 *
 * A service that says by itself that it is ready (PROBE_NOTIFY) is never asked. Without its word it is given up at the end of the start
 * period, or of the first interval if that is later; svc_extend moves that. With a watchdog its next sign of life is due one interval
 * after the last, and an interval without one counts as an ill answer.
 *
 * A container's health check is asked by its engine (PROBE_ENGINE), never by us, and given up by nobody but the engine: its word counts at
 * once. Whether there is one the stack file says, or the engine at the start, where it is the image that has it. Before x-upfront.ready has
 * said well that word is only remembered.
 *
 * Restarts of such a unit are its engine's, too (policy.by_engine): while it waits for one it is in BACKOFF, without a deadline of ours
 * and with its process, as there is something to stop. It may start at any time without being asked, by the engine or by somebody's
 * hand, and is wanted then.
 *
 * Restart: the first one in a row, and every one after backoff_reset_ms of uptime, is made at once; then
 * backoff_initial_ms, doubled each time up to backoff_max_ms. on-failure:N counts failures in a row. From the third of them on,
 * waiting for the next start is shown as a crash loop.
 *
 * Times are milliseconds of the monotonic clock; deadlines are absolute. A unit has one timer: the earliest of what it
 * waits for; svc_deadline tells it.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_SVC_H
#define UPFRONT_LAUNCHER_SUPERVISOR_SVC_H

#include "config/stack.h"
#include "launcher/engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

/* Names are those of `ps`, the API and the screens. */
#define SVC_STATES(X)                 \
	X(SVC_STOPPED, "stopped")     \
	X(SVC_WAITING, "waiting")     \
	X(SVC_STARTING, "starting")   \
	X(SVC_RUNNING, "running")     \
	X(SVC_READY, "ready")         \
	X(SVC_UNHEALTHY, "unhealthy") \
	X(SVC_BACKOFF, "back-off")    \
	X(SVC_STOPPING, "stopping")   \
	X(SVC_COMPLETED, "completed") \
	X(SVC_FAILED, "failed")
#define SVC_ENUMERATOR(name, text) name,
enum svc_state { SVC_STATES(SVC_ENUMERATOR) SVC_STATE_COUNT };
#undef SVC_ENUMERATOR
const char *svc_state_name(enum svc_state state);

enum svc_event_kind {
	SVC_WANT_UP,
	SVC_WANT_DOWN,
	SVC_WANT_RESTART,
	SVC_CONDITIONS_HOLD, /* all dependencies are as asked for */
	SVC_CONDITIONS_FAIL, /* one of them can never be */
	SVC_STARTED,
	SVC_START_FAILED,
	SVC_EXITED, /* the main process; exit.leftovers: SVC_CLEARED follows */
	SVC_CLEARED, /* what the main process had left behind has ended */
	SVC_PROBE_WELL,
	SVC_PROBE_ILL,
	SVC_TROUBLE, /* it says itself that it is not well: unhealthy at once */
	SVC_HEALTH_WELL, /* the engine says so, who asks by itself */
	SVC_HEALTH_ILL,
	SVC_TIMER /* svc_deadline has passed */
};

struct svc_event {
	enum svc_event_kind kind;
	struct engine_exit exit; /* SVC_EXITED */
	bool has_health; /* SVC_STARTED: SVC_HEALTH_... follow */
};

/* What the supervisor is to do, in this order. */
struct svc_effects {
	bool stop_probe;
	int signal; /* send to the group (its main process gone: to what it left behind); 0: none */
	bool stop; /* that is to end it, in so long: */
	int64_t grace_ms;
	bool kill; /* SIGKILL to all that belongs to the unit */
	bool start;
	bool probe; /* make one attempt now */
	bool silent; /* the word of the service itself was due and has not come */
	bool changed; /* the state is another than before */
};

/* Fixed policy of a unit, from its service. */
struct svc_policy {
	struct restart_policy restart;
	struct stop_policy stop;
	const struct probe_spec *readiness; /* NULL: ready once started */
	const struct probe_spec *liveness; /* asked in its place once ready; NULL: the same one goes on */
	bool by_engine; /* a container: restarted, and asked whether it is well, by its engine */
	bool has_health; /* and a health check is declared for that: in force where one of the two above is not */
	bool one_shot; /* somebody waits for its successful end */
};

struct svc {
	enum svc_state state;
	struct svc_policy policy;
	bool wanted;
	bool restart_wanted; /* stopping in order to start again */
	bool has_process;
	bool has_leftovers; /* no main process any more, but others of the unit */
	bool start_pending; /* start was asked of the engine, no answer yet */
	bool was_ready; /* since its last start */
	bool has_health; /* the engine asks: declared, or said at its start */
	bool health_is_ill; /* what it said last */
	int restarts; /* automatic ones in all */
	int failures_in_row; /* for back-off and limit; reset after stability */
	int64_t row_began_ms; /* when the first of them ended */
	bool gave_up; /* failed because the limit was reached */
	int probe_failures; /* counted ones in a row */
	int probe_attempts; /* since the last start */
	bool probe_running;
	int64_t started_ms, ready_ms, ended_ms; /* 0: not yet */
	int64_t backoff_ms; /* the last delay */
	int64_t stop_deadline_ms, start_deadline_ms, probe_due_ms, probe_count_due_ms; /* 0: none */
	struct engine_exit last_exit;
	bool has_exited, start_failed;
	bool stop_is_ours; /* STOPPING by nobody's wish: leftovers, or restart_on_unhealthy; the restart policy decides after it */
	bool grace_over; /* SIGKILL was asked for in this stop */
	bool stop_limited; /* this stop takes no longer than stop_limit_ms */
	int64_t stop_limit_ms;
};

void svc_init(struct svc *self, const struct svc_policy *policy);
struct svc_effects svc_step(struct svc *self, const struct svc_event *event, int64_t now_ms);
/* Another policy for what does not run. */
void svc_renew(struct svc *self, const struct svc_policy *policy);
/* What decides whether it is ready; NULL: ready once started. */
const struct probe_spec *svc_readiness(const struct svc *self);
/* The probe in force: readiness until it said well, then liveness; NULL: none. */
const struct probe_spec *svc_probe(const struct svc *self);
/* When SVC_TIMER is due, or 0 for never. */
int64_t svc_deadline(const struct svc *self);
/* It asks for more time to get ready: so long from now, unless it has more. Only where its own word is waited for. */
void svc_extend(struct svc *self, int64_t extend_ms, int64_t now_ms);
/* Shortens the grace period of this and every later stop to at most limit_ms from now. */
void svc_limit_grace(struct svc *self, int64_t limit_ms, int64_t now_ms);
/* The same for one stop: the one under way, or the next one of what runs now. */
void svc_limit_stop(struct svc *self, int64_t limit_ms, int64_t now_ms);

/* It waits for its next start after so many failures in a row that a person should look. */
bool svc_is_crash_loop(const struct svc *self);

/* Nothing of it runs or is about to: no process, none left behind, no start under way. */
bool svc_is_gone(const struct svc *self);
/* It has ended, or was never started, and will not start by itself. */
bool svc_has_ended(const struct svc *self);

/* True when the unit is as a dependent with this condition wants it / can no longer get there by itself. */
bool svc_satisfies(const struct svc *self, enum depend_condition condition);
bool svc_never_will(const struct svc *self, enum depend_condition condition);
/* Up as far as `up` is concerned: running or ready as declared; a one-shot has completed. */
bool svc_is_settled(const struct svc *self);

#endif
