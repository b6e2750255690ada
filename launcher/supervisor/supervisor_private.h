/* SPDX-License-Identifier: MIT */
/*
 * Inside of the supervisor.
 *
 *   supervisor            the process: loop, signals, leash, guard, beginning and end
 *   supervisor_phase      how far the stack is, and what brings it to the next phase
 *   supervisor_sets       which units there are: made, added, taken away
 *   supervisor_units      units: performs what svc_step decides, hears the probes
 *   supervisor_heard      what the engines report of them
 *   supervisor_engines    the two engines: which drives whom, and what goes to both
 *   supervisor_containers what there is beside the units where some are containers: their engine's being there, and their end
 *   unit_word             what a unit says of itself, for people
 *   unit_start            its first start, in times; unit_story: what has gone wrong with it
 *   supervisor_deps       the graph at work: who may start, who may be stopped, in two steps - wants are noted first (unit.ask),
 *                         then settled as the states of the others allow
 *   supervisor_view       what the control API sees
 *   supervisor_starts     how long the last starts took
 *   supervisor_measure    what units use
 *   supervisor_actions    what it asks
 *   supervisor_terminal   what it types
 *   supervisor_reload     another stack in place of the one that runs
 *   supervisor_telemetry  telemetry after a yes; its header names its own files
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
#include "launcher/process/terminal_modes.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/svc.h"
#include "launcher/supervisor/unit_start.h"
#include "launcher/supervisor/unit_word.h"
#include "telemetry/telemetry.h"

#include <event2/util.h>

struct ctl;
struct engine_stats;
struct engine_sample;
struct event;
struct event_base;
struct held;
struct output;
struct probe;
struct relay;
struct report;
struct sender;
struct starts_writing;
struct unit_story;
struct withdrawal;

/* More than anybody runs on one machine; keeps `scale: 1000000000` from being tried. */
#define UNITS_MAX 4096u

/* What a person asked of a unit and others do not allow yet. */
enum unit_ask { ASK_NOTHING, ASK_STOP, ASK_RESTART };

/*
 * A stack that runs or has run. A unit holds on to the one its process was started by: the old definition stays until it is stopped
 * by it and started by the new one.
 */
struct generation {
	struct stack *stack;
	struct stack_source *source; /* messages name its files */
	struct generation *before; /* the same stack, filled in before a withdrawal: the source is its; else NULL */
	bool is_ours; /* stack and source go with the last reference */
	unsigned references;
};

/* The units of one service, by replica. */
struct unit_set {
	struct unit **units;
	size_t count;
	bool one_shot; /* somebody waits for its successful end */
	bool is_needed; /* as in struct unit */
};

/* What its engine does before it can start it. */
struct unit_progress {
	bool is_known;
	enum engine_work work;
	int64_t done, total;
	char *text; /* may be NULL */
	int64_t told_ms; /* monotonic: when whoever looks on heard of it last */
};

struct unit {
	struct supervisor *supervisor;
	unsigned id; /* index into supervisor.by_id, and the engine's name for it */
	size_t service; /* index into stack.services; SIZE_MAX: leaving */
	int replica; /* counts from 1 */
	char *name;
	struct generation *generation; /* what its last run was, or is, made from */
	const struct service *definition; /* of that generation */
	bool leaving; /* no longer wanted there: taken away once it is gone */
	bool fresh; /* only just made, not settled in yet */
	bool gone; /* being taken away right now */
	bool by_reload; /* its last start came with a reload: its failure is no end of the stack */
	unsigned *
		needs; /* ids of what the running process needs, when that is not what its definition says now; NULL: as it says */
	size_t need_count;
	struct svc svc;
	pid_t pid; /* 0: none, or none of this machine */
	char *container; /* its id, short; NULL: it is none, or there was none yet */
	struct unit_progress progress;
	struct terminal_modes modes; /* of its terminal, if it has one */
	bool member; /* of what `up` is to bring up; or started later */
	enum unit_ask ask;
	int64_t ask_limit_ms; /* upper limit of the grace period of the stop that is asked for; -1: none */
	bool takes_along; /* it is being restarted: who declares `restart: true` goes along */
	bool is_needed; /* while asks are settled: something that runs stands on it */
	bool ever_started;
	int start_tries; /* of this start, that failed for want of memory */
	int64_t start_again_ms; /* the next of them; 0: none */
	struct probe *probe;
	const struct probe_spec *probe_spec; /* what it was made from */
	char **probe_environment;
	bool probe_broken; /* it could not even be asked: counts as an ill answer at the next settling */
	char *why;
	struct unit_word word;
	struct err start_error; /* of the last start, when it failed */
	bool passed_over; /* it was said that the start goes on without it */
	bool has_waited; /* it was told as waiting for `awaited` */
	unsigned awaited; /* index into what it depends on */
	unsigned waited_for; /* id of the unit that it waited for last before its first start; UINT_MAX: none */
	struct unit_start start;
	struct unit_story *story; /* NULL: nothing has gone wrong yet */
	int64_t changed_ms; /* wall clock */
};

/* By what units of one kind are run. */
struct unit_engine {
	const struct engine_ops *ops;
	struct engine *engine; /* NULL: there is none */
};

enum containers_end_state { CONTAINERS_OPEN, CONTAINERS_CLOSING, CONTAINERS_CLOSED };

/* What there is beside the units where some are containers; all zero where none are. */
struct containers {
	char *dir; /* for what the Compose program reads; NULL: none */
	char *away; /* why their engine cannot be reached; NULL: it can */
	int64_t away_since_ms; /* monotonic */
	bool volumes; /* go with them at the end */
	enum containers_end_state end;
	int64_t due_ms; /* the end is waited for until then; 0: nothing is waited for */
	/* As telemetry_environment, telemetry_before, telemetry_off: another address of the relay, or none, makes them other ones. */
	struct strmap told, before, off;
	struct strmap block, block_off; /* of these, what the Compose program fills files in with */
	struct stack *stack; /* filled in with what containers are told; NULL: it is the same stack */
};

struct supervisor {
	const struct supervisor_options *options;
	struct event_base *base;
	struct event *settle, *timer, *signals, *leash, *guard;
	int signal_fd;
	struct strmap environment; /* of the `up`, without upfront's own variables */
	struct stack *stack;
	bool stack_is_ours; /* resolved by us */
	struct generation *generation; /* of `stack`; NULL before there are units */
	struct generation *first; /* of the answer: telemetry goes on speaking of it */
	struct consent_decision consent;
	struct unit_engine engines[2]; /* by enum service_kind */
	struct containers containers;
	struct spawn_users own_users, *users; /* whom services run as */
	struct output *output;
	struct ctl *ctl;
	struct sender *sender; /* telemetry; NULL without a yes */
	struct report *report; /* the event of the start; NULL: it is told, or there is none */
	struct relay *relay; /* NULL: none */
	const char *relay_why; /* why there is none */
	char relay_trouble[128]; /* where that has to be put together */
	char bridge_trouble[160]; /* why containers cannot reach it; "": they can, or there is no relay at all */
	struct withdrawal *withdrawal; /* services are being told; NULL: not now */
	struct telemetry_counts telemetry_counts; /* the last, once `sender` is gone */
	pid_t last_sender; /* was ours and is not reaped yet; else 0 or -1 */
	bool is_wiped; /* a person said no: what that one leaves behind goes, too */
	struct held *held; /* events that wait for that of the start */
	size_t held_count;
	int64_t requests_paid_ms; /* monotonic: how far those that were reported use up what may be */
	struct strmap telemetry_environment; /* what services are told */
	struct strmap telemetry_before; /* what they were told until `told_off_ms` */
	int64_t told_off_ms; /* monotonic: since then they are told another thing; 0: they never were */
	struct strmap
		telemetry_off; /* what they are told from a withdrawal on: made before, so that it cannot fail then */
	struct stack *stack_off; /* and what the stack is then; NULL: the same */
	char *marker; /* UPFRONT_STACK=... */

	struct unit **units; /* all, in the order of the file; those that leave at the end */
	size_t unit_count;
	struct unit **by_id; /* NULL: none of this id */
	size_t id_limit, ids_used; /* room; ids that were ever given */
	char **left_names; /* by id: name of the last unit that had it, so that one of the same name gets it again */
	size_t left_count, next_left; /* ids nobody has; where the search for one to take goes on */
	struct unit_set *sets; /* by service */
	size_t *order; /* services, dependencies first */
	bool has_replicas; /* some unit is not its service's only one */
	bool has_scaled; /* somebody asked for another number of replicas */

	enum stack_phase phase;
	struct err failure;
	char *failed; /* name of the unit it is about; NULL: none */
	enum telemetry_error error_type; /* of the failure, or of an early end */
	bool ended_early; /* by somebody's wish, before it was up; error_type says by whose */
	int end_signal; /* ended by this before the stack was up; 0: none */
	bool was_up; /* all were ready once */
	bool up_told; /* some `up` has told of itself */
	int64_t started_ms;
	int64_t stopping_ms; /* monotonic: since when it is being taken down; 0: it is not */
	int64_t begin_wall_ms; /* wall clock: when the start began */
	int64_t up_after_ms; /* -1: not up yet */
	struct supervisor_starts starts;
	struct starts_writing *starts_writing; /* NULL: it is done, or nothing is to be written */
	int64_t kill_all_ms, give_up_ms, linger_ms, soon_ms, settle_due_ms; /* deadlines; 0: none */
	bool settling, touched;
	bool trim_due; /* memory is about to be given back */
	bool detached; /* the leash no longer matters */
	bool listener_gone; /* nobody waits to hear of the end: told, or the terminal is gone */
	bool guard_is_dead, done;
	supervisor_observer *observer;
	void *observer_context;
};

/* Something changed: settle in this turn of the loop. */
void supervisor_touch(struct supervisor *self);
/* What could not be done now, for want of memory, is settled a moment later. */
void supervisor_touch_soon(struct supervisor *self);
void supervisor_changed(struct supervisor *self, size_t id);
void supervisor_set_phase(struct supervisor *self, enum stack_phase phase);
/* Begins the orderly stop of everything (a second call may only shorten it). */
void supervisor_begin_stop(struct supervisor *self, int64_t grace_limit_ms);
/* The stack cannot be brought up, or went wrong as a whole, because of `unit`: says why, once. */
void supervisor_fail(struct supervisor *self, const struct unit *unit);

/* ---- supervisor_phase.c ---- */
void supervisor_on_settle(evutil_socket_t fd, short what, void *context);
void supervisor_on_timer(evutil_socket_t fd, short what, void *context);

/* ---- supervisor_sets.c ---- */

struct generation *generation_create(struct stack *stack, struct stack_source *source);
/* NULL is nothing. */
void generation_release(struct generation *self);

/* Lets go of the stacks; the last thing. */
void generations_finish(struct supervisor *self);

/* All units of the stack; no set has any before. */
int units_make(struct supervisor *self, struct err *err);
void units_finish(struct supervisor *self);

/*
 * A unit beside those there are, in no set yet and stopped; or the one of this name that is leaving, as it is. A name in use is
 * ERR_CONFIG. It belongs to the supervisor; unit_take_back undoes the call.
 */
int unit_add(struct supervisor *self, const struct service *definition, struct generation *generation, int replica,
	     struct unit **unit, struct err *err);
void unit_take_back(struct unit *self);
/* Its set has it: wanted there from now on. */
void unit_settle_in(struct unit *self, size_t service);
/* Starts it, or has it start again when what runs was started by an older definition. */
void unit_bring_up(struct unit *self);
/* Stops it, after which it is taken away. It is no longer in its set. */
void unit_leave(struct unit *self, int64_t grace_limit_ms);
/* Notes what its process needs, before the definition becomes another. */
void unit_keep_needs(struct unit *self);
/* Brings the list of all units in order after sets or leavers have changed. */
void units_list(struct supervisor *self);
/* Makes room in the list for so many more; units_list itself cannot fail. */
int units_reserve(struct supervisor *self, size_t more);
/* Takes away those that leave and are gone; true when there were any. */
bool units_sweep(struct supervisor *self);
/* Makes the stack's sets, empty. */
struct unit_set *unit_sets_make(const struct stack *stack);
void unit_sets_destroy(struct unit_set *sets, size_t count);
int unit_set_append(struct unit_set *self, struct unit *unit);
/* How many units there may be in all is a matter of the stack too. */
int units_check_count(const struct stack *stack, const size_t *replicas, struct err *err);

/* ---- supervisor_engines.c ---- */

int engines_make(struct supervisor *self, struct err *err);
/* With all that still runs. */
void engines_destroy(struct supervisor *self);
bool engines_drive_containers(const struct supervisor *self);
/* A child process ended: offered to each. And whether one started it for its own work. */
bool engines_reaped(struct supervisor *self, pid_t pid, const struct engine_exit *how);
bool engines_own(const struct supervisor *self, pid_t pid);
void engines_ending(struct supervisor *self);
/* The stack is another, or what containers are told is. */
void engines_renew(struct supervisor *self);
int engines_stats(const struct supervisor *self, struct engine_stats *stats);
int engines_sample(struct supervisor *self, struct engine_sample *samples);
/* Of the engine's operations, those that are about one unit. */
void unit_engine_start(const struct unit *self);
int unit_engine_stop(const struct unit *self, int signal, int64_t grace_ms);
int unit_engine_signal(const struct unit *self, int signal);
void unit_engine_kill(const struct unit *self);
void unit_engine_forget(const struct unit *self);
int unit_engine_type(const struct unit *self, const char *bytes, size_t size_bytes);
int unit_engine_resize(const struct unit *self, unsigned rows, unsigned columns);

/* ---- supervisor_containers.c ---- */

/* Before their engine is made: a folder for its files, and the note that says where containers are. */
int containers_prepare(struct supervisor *self, struct err *err);
void containers_init(struct supervisor *self);
/* What was made for them goes; NULL is nothing to each of them. */
void containers_finish(struct supervisor *self);
void containers_on_reachable(void *supervisor, const struct err *why);
void containers_on_closed(void *supervisor, const struct err *why);
/* All units are gone: what else was made for containers goes. True when there is nothing, or nothing more, to wait for. */
bool containers_close(struct supervisor *self, int64_t now_ms);
/* Only containers are left, and their engine was not to be reached for too long: it is said that they may be there. */
bool containers_are_lost(struct supervisor *self, int64_t now_ms);
/* Nobody else is left to end them. Stands still. */
void containers_sweep_last(const struct supervisor *self);
/* There is no time for more: whoever comes after sees to what is left. */
void containers_give_up(struct supervisor *self);
/* ERR_MISSING, where the stack was started without an engine for this service. */
int containers_check(const struct supervisor *self, const struct service *service, struct err *err);

/* ---- supervisor_units.c ---- */

/* Its definition becomes the present one; nothing of it may run. */
void unit_renew(struct unit *self);
/* All that it holds but its place among the others. */
void unit_finish(struct unit *self);
/* Looks up whom each service runs as; one that is not to be started may name anybody. */
int units_find_users(struct supervisor *self, struct err *err);
struct svc_policy unit_policy(const struct service *definition);
/* What is kept of its last run goes: another begins. */
void unit_begin_run(struct unit *self);
/* Memory may be there again in a moment: what was to start is not given up for that. False when it was tried for long enough. */
bool unit_start_later(struct unit *self);
/* An answer of its probe, or what counts as one. */
void unit_probe_result(void *unit, bool well, const char *detail);
/* Adds all that `why` says, with its hints and, where it knows of none, this place. `name` NULL: as it is. */
void unit_add_reasons(struct err *err, const struct err *why, struct err_place place, const char *name);
/* Output of a unit begins to be lost, or is written again. */
void unit_log_trouble(void *supervisor, unsigned id);
void unit_step(struct unit *self, enum svc_event_kind kind);
void unit_step_event(struct unit *self, const struct svc_event *event);
void unit_set_why(struct unit *self, const char *why);
/* A child process ended: offered to each unit's probe. */
bool units_probe_reaped(struct supervisor *self, pid_t pid, const struct engine_exit *how);
/* Earliest svc_deadline of all, 0: none; and what is due. */
int64_t units_deadline(const struct supervisor *self);
void units_timer(struct supervisor *self);
const struct service *unit_service(const struct unit *self);
/* Why the unit failed, as a person reads it, into `err`; the result is what telemetry says of it. */
enum telemetry_error unit_explain(const struct unit *self, struct err *err);

/* ---- supervisor_heard.c ---- */

extern const struct engine_events unit_engine_events;
/* NULL: nothing is being worked on. */
void unit_set_progress(struct unit *self, const struct engine_progress *progress);

/* ---- supervisor_starts.c ---- */

/* What the file says of earlier ones; anything odd in it counts for nothing. */
void starts_read(struct supervisor *self);
void starts_parse(struct supervisor_starts *self, const char *text, size_t size_bytes);
/* The stack is up: noted once, and kept. */
void starts_note_up(struct supervisor *self);
void starts_finish(struct supervisor *self);
int64_t supervisor_since_begin_ms(const struct supervisor *self);

/* ---- supervisor_actions.c ---- */
int supervisor_refuse_when_ending(const struct supervisor *self, struct err *err);

/* ---- supervisor_deps.c ---- */
void deps_settle(struct supervisor *self);
/* The first that it needs and is not as it is needed; NULL when it does not wait, or for nothing. */
const struct dependency *unit_waits_for(const struct unit *self);
bool deps_all_gone(const struct supervisor *self);
/* Before it was ever ready: what cannot be mended by waiting. */
bool unit_is_hopeless(const struct unit *self);
/* True when members depend on it, but none that could not do without. */
bool unit_is_optional(const struct unit *self);
bool unit_has_ended(const struct unit *self);
/* Marks, by id, who depends on a marked one with `restart: true` and runs, and so on. */
void deps_spread_restart(const struct supervisor *self, bool *marked);

#endif
