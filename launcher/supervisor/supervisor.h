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
#include "telemetry/telemetry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct command_table;
struct compose_setup;
struct engine_ops;
struct err;
struct sanitized;
struct spawn_users;
struct stack;
struct strmap;
struct supervisor;
struct terminal_modes;
struct unit_start;
struct unit_story;

#define SUPERVISOR_LAST_END "last-end"
#define SUPERVISOR_STARTS "starts"
/*
 * Whoever waits for "ready" takes a service without a probe for it when it has lived so long: a program that is misspelt, misconfigured
 * or finds its port taken is dead by then.
 */
#define SUPERVISOR_SETTLE_MS 100

#define SUPERVISOR_LINGER_MS 3000

struct supervisor_options {
	struct stack_source *source; /* resolved anew once the telemetry environment is known; NULL: `stack` is final */
	struct stack *stack; /* as shown before the question; replaced after resolving */
	const struct strmap *environment; /* of the `up` */
	const bool *member; /* services to start (by index), NULL: all */
	const char *
		state_dir; /* logs and lock live here, SUPERVISOR_LAST_END: why the last run ended, if it failed, and SUPERVISOR_STARTS */
	int listen_fd; /* control socket, listening */
	const char *socket_path;
	int leash_fd; /* read end; -1: detached */
	int guard_fd; /* pidfd of the guard (guard_options.guard_fd); 0 or -1: none */
	int lock_fd; /* held while the stack runs */
	struct consent_decision consent;
	int print_fd; /* > 0: what UPFRONT_TELEMETRY_PRINT asks for goes there, then it is closed; else: to stderr */
	const char *marker_value; /* stands as UPFRONT_STACK=... in every service's environment */
	int64_t begin_ms; /* monotonic: when the answer was there */
	int64_t linger_ms; /* how long from its begin a detached stack that has ended can still be asked why; 0: SUPERVISOR_LINGER_MS */
	int64_t settle_ms; /* how long a service without a probe has to run until the stack counts as up; 0: it is enough that it runs */
	struct spawn_users *users; /* those that are looked up already; more are added. NULL: none */
	const struct command_table
		*commands; /* upfront's own: what clients may report beside the stack's (telemetry/sanitize.h) */
	size_t command_count;
	bool watched; /* a person looks on and can act: what fails at the start stays there to be mended, and ends nothing */
	const struct sanitized *command; /* what this `up` was typed as; reported when it ends. NULL: not at all */
	/* Where some service to be started is a container: the engine that was found before the question, and what drives it. NULL: none is. */
	const struct compose_setup *compose;
	const struct engine_ops *compose_ops; /* engine_compose */
};

/*
 * Looks the service's user up, if it has one that is not known yet. What is wrong with it is told with the service's place. This may
 * take as long as a name service does: it is for before the loop.
 */
int supervisor_note_user(struct spawn_users *users, const struct service *service, struct err *err);

/*
 * What a supervisor that was killed has left of the files that the Compose program reads: they may hold secrets. For whoever sees to the
 * rest of it; where there are none it does nothing.
 */
void supervisor_remove_files(const char *socket_path, const char *project);

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
	pid_t pid; /* 0: no process, or none of this machine */
	const char *container; /* short id; NULL: it is none, or there was none yet */
	const struct engine_progress *progress; /* what its engine does before it can start; NULL: nothing */
	struct engine_progress working; /* `progress` points here */
	const char *why; /* last word on its state: probe answer, start error, "exited with code 3"; NULL: none */
	bool passed_over; /* failed, and the start went on without it */
	const char *status; /* what it says of itself (sd_notify); NULL: nothing */
	int64_t changed_ms; /* wall clock of the last change of state */
	bool gone; /* being taken away: said once, to the observer */
	uint64_t log_bytes_lost; /* of its output, in this run of the supervisor */
	int log_error; /* errno that keeps it from being written now; 0: it is written */
	const struct dependency
		*waits_for; /* the first that it needs and is not as it is needed, while it waits; else NULL */
	const struct unit_start *start; /* NULL: not known */
	const char *waited_for; /* the service that it waited for last before that start; NULL: none */
	const struct service *definition; /* what it runs by, or ran; NULL: `service` */
	const struct unit_story *story; /* NULL: nothing has gone wrong yet */
};

/* All units, in the order of the stack file; those that are about to go come last. */
size_t supervisor_unit_count(const struct supervisor *self);
void supervisor_unit(const struct supervisor *self, size_t index, struct supervisor_unit *unit);
/* The unit with this id; false when there is none. */
bool supervisor_find_unit(const struct supervisor *self, size_t id, struct supervisor_unit *unit);
const struct stack *supervisor_stack(const struct supervisor *self);
const struct consent_decision *supervisor_consent(const struct supervisor *self);

/* The engine that containers run on. Text is valid until the loop runs again. */
struct supervisor_engine {
	const char *name; /* "docker" or "podman" */
	const char *version;
	const char *address; /* "unix:///var/run/docker.sock" */
	const char *compose, *compose_version; /* the Compose program: "docker compose" */
	bool reachable;
	const char *why; /* it is not; else NULL */
	const char *
		untold_why; /* why containers are told off after a yes: they cannot reach the relay; NULL: they are not */
};
/* False where no service is to run on one. */
bool supervisor_show_engine(const struct supervisor *self, struct supervisor_engine *shown);

/* One of the things that a unit needs. */
struct supervisor_need {
	const struct dependency *dependency;
	bool met;
	const char *state; /* of its first unit that is not as it is needed, else of its first; NULL: it has none */
};
/* The one at `index`, as the stack file lists them; false when there are no more. */
bool supervisor_unit_need(const struct supervisor *self, unsigned id, size_t index, struct supervisor_need *need);
/*
 * The environment that a unit is given, or was when it runs, without upfront's own marks; *told (the supervisor's) is what was laid over
 * it to tell the answer. `environment` is initialised by the caller. 0 or -errno.
 */
int supervisor_unit_environment(const struct supervisor *self, unsigned id, struct strmap *environment,
				const struct strmap **told);

#define SUPERVISOR_STARTS_MAX 5u
/* How long the last starts of the project took that came up, the oldest first; once it is up, this one is the last. */
struct supervisor_starts {
	int64_t took_ms[SUPERVISOR_STARTS_MAX];
	size_t count;
	int64_t begin_ms; /* wall clock: when this one began */
	int64_t up_after_ms; /* -1: it is not up yet */
};
void supervisor_show_starts(const struct supervisor *self, struct supervisor_starts *starts);

struct engine_stats;
/* What every unit uses now, by index; supervisor_unit_count of them. 0 or -errno. */
int supervisor_measure(const struct supervisor *self, struct engine_stats *stats);
struct engine_sample;
/* The same in short, for who asks again and again; NULL: nobody does any more. 0 or -errno, and then nothing is said. */
int supervisor_sample(struct supervisor *self, struct engine_sample *samples);
/* Of this process alone. */
int supervisor_sample_self(const struct supervisor *self, struct engine_sample *sample);
/* Monotonic: when this process began. */
int64_t supervisor_started_ms(const struct supervisor *self);
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

/* What several services are asked at once. */
struct supervisor_request {
	const char *const *names; /* services, or replicas as "web-2"; ends with NULL; NULL or empty: all */
	bool alone; /* neither what they need nor who needs them */
	int64_t grace_limit_ms; /* stop, restart: upper limit of the grace period of this stop; -1: none */
	int signal; /* supervisor_signal */
	bool dry_run; /* only tell */
};

/*
 * They begin the change and return at once. An unknown name is ERR_USAGE, with what is near. `names` (may be NULL) gets the names
 * of the units that are acted on, in the order in which it happens, ending with NULL: valid until the loop runs again; the
 * caller frees the array.
 */
int supervisor_start(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		     struct err *err);
int supervisor_stop(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		    struct err *err);
int supervisor_restart(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		       struct err *err);
int supervisor_signal(struct supervisor *self, const struct supervisor_request *request, const char ***names,
		      struct err *err);

/* Another number of replicas of one service: ERR_USAGE for an unknown one, ERR_CONFIG for too many, ERR_MISSING for a container. */
int supervisor_scale(struct supervisor *self, const char *name, size_t replicas, int64_t grace_limit_ms,
		     struct err *err);

/*
 * The terminal of one unit (`tty: true`). Errors: ERR_USAGE for an unknown id, ERR_MISSING when it has none, or takes no input, with
 * the place in the stack file; ERR_FAILED when it does not run.
 */
/* Whether it can be looked at: also before its start and between two. */
int supervisor_check_terminal(const struct supervisor *self, size_t id, struct err *err);
/* What its run has switched on there; NULL for an unknown id. Valid until the loop runs again. */
const struct terminal_modes *supervisor_terminal_modes(const struct supervisor *self, size_t id);
/* Types into it; never waits. -ENOBUFS (ERR_FAILED): too much waits to be read by the program already, and none of this was taken. */
int supervisor_type(struct supervisor *self, size_t id, const char *bytes, size_t size_bytes, struct err *err);
int supervisor_resize(struct supervisor *self, size_t id, unsigned rows, unsigned columns, struct err *err);

/*
 * Reads the stack again and makes the running one like it: what is no longer there stops, what is another stops and starts anew,
 * what is new starts, the rest goes on with the processes it has. An error changes nothing.
 */
struct supervisor_reload {
	const char *const *files, *const *env_files, *const *profiles; /* end with NULL; NULL: as the last time */
	bool dry_run;
};

struct supervisor_change {
	const char *service;
	const char *const *keys; /* of what changed; ends with NULL */
};

/* Told what differs, before anything is done: each list in the order of its file. Text is valid until it returns. */
struct supervisor_changes {
	const char *const *added, *const *removed; /* end with NULL */
	const struct supervisor_change *changed;
	size_t changed_count, unchanged_count;
	bool telemetry; /* the telemetry block differs; it counts from the next start on */
};
typedef void supervisor_tell_changes(void *context, const struct supervisor_changes *changes);
int supervisor_reload(struct supervisor *self, const struct supervisor_reload *request, supervisor_tell_changes *tell,
		      void *context, struct err *err);

/* Why it is taken down; before the stack is up telemetry tells the one from the other. */
enum down_reason { DOWN_ASKED, DOWN_TIMED_OUT };
/* Orderly stop of everything; grace_limit_ms >= 0 shortens every grace period. Then the process ends. */
void supervisor_down(struct supervisor *self, enum down_reason reason, int64_t grace_limit_ms);
/* Before it is taken down: the volumes of containers go with them. */
void supervisor_drop_volumes(struct supervisor *self);
/* The terminal leaves: the leash no longer matters. */
void supervisor_detach(struct supervisor *self);
/*
 * Withdraws: nothing more is sent, telemetry stays closed, services that asked for it are told, and what is started from here on is told
 * off. A person's no (CONSENT_BY_ANSWER) wipes what waits and the kept id; any other off leaves them on disk.
 */
void supervisor_withdraw(struct supervisor *self, enum consent_reason reason);

/* What is known of telemetry in this run. Text is valid until the loop runs again. */
struct supervisor_telemetry {
	const char *relay; /* "serving"; "answering": with a 200 and no more; "none" */
	const char *relay_address; /* "127.0.0.1:41234"; NULL: none */
	const char *relay_why; /* why it does not serve; NULL: it does */
	const char *bridge_address; /* the relay's for containers; NULL: none */
	const char *
		bridge_why; /* why containers cannot reach the relay, and are told off; NULL: they can, or there is none, or they */
	struct telemetry_counts counts;
};
void supervisor_show_telemetry(const struct supervisor *self, struct supervisor_telemetry *shown);
/* True after a yes, until it is withdrawn, telemetry fails or the stack is over: only then are the next two of use. */
bool supervisor_is_reporting(const struct supervisor *self);
/* A request to the control API was answered: reported, but for no more than 100 a minute. */
void supervisor_note_request(struct supervisor *self, const struct telemetry_request *request);
/* True when it is made up of what upfront's own command lines, or those that the stack declares, can come to: nothing else is to be noted. */
bool supervisor_knows_command(const struct supervisor *self, const struct telemetry_command *command);
void supervisor_note_command(struct supervisor *self, const struct telemetry_command *command);

/*
 * The control API calls this once a stream has been given its last event (phase "over"). Until then, or until the terminal is
 * gone, a supervisor whose stack is over stays for up to a second (detached: until it is three seconds old): a client that is only
 * about to connect must still hear why.
 */
void supervisor_told(struct supervisor *self);

/*
 * The observer of changes (the event stream; the control API fans out). Called after each change with the unit's id, or SIZE_MAX
 * for the stack. One at a time; NULL: none.
 */
typedef void supervisor_observer(void *context, size_t id);
void supervisor_observe(struct supervisor *self, supervisor_observer *observer, void *context);

/* Logs (process/output.h) of this stack. */
struct output;
struct output *supervisor_output(struct supervisor *self);

#endif
