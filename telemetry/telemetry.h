/* SPDX-License-Identifier: MIT */
/*
 * telemetry/ - what may be said, how it is built, and the only way it leaves. Other folders see this header - a run's telemetry after a
 * yes, and what services are told - and beside it notice.h (what people are shown), records.h (what they can read and remove afterwards) and
 * the parts that know nothing of either: sanitize.h, route.h, object_counts.h and relay_port.h.
 *
 *   catalog      the one table of events and properties: schema, notice, README and checks are made from it
 *   event        makes events of what happened (event_value); the preview is the same code with nothing that has happened
 *   notice       the sentences people are asked with, each true by declaration or by construction
 *   receipt      what was answered, when, to which text
 *   optout       the table of well-known opt-out variables that managed services are given
 *   sanitize     a command line reduced to what may be told of it; route: the same of a request's target; object_counts
 *   client       starts `upfront-telemetry` and hands it events over a socket; never blocks, never fails
 *                (config_message, sender_socket, sender_spawn; print, where that is asked for)
 *   ledger       reads what was sent; state: the files that are kept
 *   relay_port   the address at which services' own PostHog clients are listened for
 *   sender/      the second program: outbox (SQLite), transport (libcurl or a file), retry, relay, ledger
 *
 * Rules that hold everywhere here: before a yes no file, no identifier, no process; nothing here prints (but for the events themselves,
 * where UPFRONT_TELEMETRY_PRINT=1 asks for that); no failure of this folder reaches the person's stack (functions that can only cost
 * telemetry return nothing).
 */
#ifndef UPFRONT_TELEMETRY_TELEMETRY_H
#define UPFRONT_TELEMETRY_TELEMETRY_H

#include "config/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stack;
struct strmap;
struct telemetry;
struct telemetry_count;
struct telemetry_property;

/* How an event that tells of a failure names the reason: the whole vocabulary, by who can say it. */
#define TELEMETRY_START_ERRORS(X) /* server_start_failed */                                   \
	X(ERROR_WORKING_DIR, "working_dir_unusable") /* not there, or not to be entered */    \
	X(ERROR_USER, "user_unusable") /* no such user or group, or not permitted to be it */ \
	X(ERROR_START_TIMEOUT, "start_timeout") /* --wait-timeout was over */                 \
	X(ERROR_UNHEALTHY, "unhealthy") /* a probe never said well */                         \
	X(ERROR_DEPENDENCY_FAILED, "dependency_failed")                                       \
	X(ERROR_STOPPED, "stopped") /* the person ended it before it was ready */
#define TELEMETRY_SHARED_ERRORS(X) /* both */                                                \
	X(ERROR_COMMAND_NOT_FOUND, "command_not_found") /* no such program */                \
	X(ERROR_NOT_EXECUTABLE, "not_executable") /* it is there, and cannot be run */       \
	X(ERROR_EXITED, "exited") /* a service or a command ended by itself, and not well */ \
	X(ERROR_SIGNALED, "signaled") /* it was killed by a signal */                        \
	X(ERROR_OTHER, "other")
#define TELEMETRY_COMMAND_ERRORS(X) /* cli_command */                           \
	X(ERROR_USAGE, "usage") /* the command line was wrong */                \
	X(ERROR_CONFIG, "config") /* stack file, settings or environment */     \
	X(ERROR_MISSING, "missing") /* something needed is missing or taken */  \
	X(ERROR_TIMEOUT, "timeout")                                             \
	X(ERROR_NOT_RUNNING, "not_running")                                     \
	X(ERROR_INTERRUPTED, "interrupted") /* by a signal from the terminal */ \
	X(ERROR_INTERNAL, "internal")
#define TELEMETRY_ERRORS(X) TELEMETRY_START_ERRORS(X) TELEMETRY_SHARED_ERRORS(X) TELEMETRY_COMMAND_ERRORS(X)
#define TELEMETRY_ENUMERATOR(name, text) name,
enum telemetry_error { TELEMETRY_ERRORS(TELEMETRY_ENUMERATOR) TELEMETRY_ERROR_COUNT };
#undef TELEMETRY_ENUMERATOR

const char *telemetry_error_name(enum telemetry_error error);
/* What is told of a command that ended with an error of upfront's own; ERROR_OTHER: it was none, or tells nothing (ERR_FAILED). */
enum telemetry_error telemetry_error_of(enum err_code code);

/* One component's measured state, for server_start. */
struct telemetry_service {
	const char *name; /* as in the stack */
	const char *version; /* found for it, or NULL (null in the event) */
	bool ready;
};

/* What is measured when the stack is ready (or has failed). Sizes bytes, times as named. */
struct telemetry_facts {
	const struct telemetry_service *services;
	size_t service_count;
	int native_count, container_count;
	int64_t time_ms; /* wall clock: when it was so; 0: now */
	int64_t ready_ms; /* from the start of `up` after the answer to all ready */
	int64_t services_rss_bytes;
	int64_t services_cpu_user_us, services_cpu_system_us;
	const char *const *exec_values; /* one per entry of telemetry_exec_properties; NULL entries: null */
	const char *error_type; /* server_start_failed only: a telemetry_error_name */
};

/* The {exec} properties, in the order of telemetry_facts.exec_values: up to `room` of them into `list`. Returns how many there are. */
size_t telemetry_exec_properties(const struct stack *stack, const struct telemetry_property **list, size_t room);

/*
 * What managed services are told: UPFRONT_TELEMETRY=on|off, the stack's env block, and when off DO_NOT_TRACK=1,
 * <APP>_TELEMETRY_DISABLED=true and the opt-out table. `relay`, `distinct_id` and `session_id` fill the block's variables (NULL: empty).
 * The block may hold Compose's interpolation of these three. It stands above the opt-out table, and below the answer itself, which is
 * always told as it is. A block that asks for the relay while there is none counts as off: nothing else may carry what services report.
 * `out` is initialised by the caller.
 */
int telemetry_environment(const struct stack *stack, bool on, const char *relay, const char *distinct_id,
			  const char *session_id, struct strmap *out);

/*
 * Of what services are told (`told`, as filled above), the stack's own block: what its file is filled in with, where another program does
 * that. `out` is initialised by the caller.
 */
int telemetry_block(const struct stack *stack, const struct strmap *told, struct strmap *out);

/* Where services' own clients are listened for, and what they must know: opened by the supervisor (telemetry/relay_port.h), served by the sender. */
struct telemetry_relay {
	const int *fds; /* listening sockets, non-blocking; they stay the caller's */
	const char *const *addresses; /* "127.0.0.1:41234" of each: what a Host header may name */
	size_t count;
	const char *token; /* 32 hex digits, part of the URL */
};

/*
 * After a yes only: makes the ids, and looks for `upfront-telemetry` (beside the program or in libexec), which is not started before the
 * first event or the first client of the relay (telemetry_start), so that it takes nothing from the services while they start. Returns
 * NULL, and the stack goes on without telemetry, when anything fails. `environment` (copied) is that of the `up` (proxy, CA settings). `relay`
 * NULL: none. UPFRONT_TELEMETRY_PRINT=1: no process, the events go to `print_fd`, which stays the caller's, and no relay is served.
 */
struct telemetry *telemetry_open(const struct stack *stack, const struct strmap *environment, int print_fd,
				 const struct telemetry_relay *relay);

/* Path of `upfront-telemetry`: beside the running program, or in ../libexec/upfront. The caller frees; NULL: not installed. */
char *telemetry_sender_path(void);

/* 36-character ids of this run; valid until close. */
const char *telemetry_distinct_id(const struct telemetry *self);
const char *telemetry_session_id(const struct telemetry *self);

/* True when the environment says UPFRONT_TELEMETRY_PRINT=1. */
bool telemetry_is_printed(const struct strmap *environment);

/* Starts the sender now, also for what earlier runs left in the outbox; does nothing when it was started before. NULL is fine. */
void telemetry_start(struct telemetry *self);

/* A command of upfront, or of the product under `upfront run`, that has ended. All texts are sanitised (telemetry/sanitize.h). */
struct telemetry_command {
	const char *command; /* "ps", "visivo run", or a placeholder */
	const char *const *args;
	size_t arg_count;
	int64_t duration_ms;
	bool success;
	const char *error_type; /* a telemetry_error_name, or NULL */
	int64_t job_count; /* negative: not told */
	const struct telemetry_count *object_counts; /* telemetry/object_counts.h; others make the event be dropped */
	size_t object_count;
};

/* A request that was answered. */
struct telemetry_request {
	const char *endpoint; /* the route's template, or ROUTE_UNMATCHED */
	const char *method; /* of route_method */
	int status_code;
	int64_t duration_ms;
};

/* upfront's own events: there is no other, and none can say what its struct has no place for. */
enum telemetry_event_kind {
	TELEMETRY_SERVER_START,
	TELEMETRY_SERVER_START_FAILED,
	TELEMETRY_CLI_COMMAND,
	TELEMETRY_API_REQUEST
};

struct telemetry_event {
	enum telemetry_event_kind kind;
	int64_t time_ms; /* of a command or request, wall clock: when it ended; 0: now */
	union {
		const struct telemetry_facts *facts; /* the two starts */
		const struct telemetry_command *command;
		const struct telemetry_request *request;
	};
};

/*
 * Builds the event and hands it over (telemetry_start comes of itself); never blocks. What a full socket does not take, or what does not
 * fit the catalogue, is dropped and counted. `self` may be NULL: does nothing.
 */
void telemetry_capture(struct telemetry *self, const struct telemetry_event *event);

/* What has become of events in this run; of what the sender does, as far as it has said it. */
struct telemetry_counts {
	uint64_t queued; /* waiting in the outbox now */
	uint64_t delivered, refused; /* by who was to receive them */
	uint64_t evicted; /* the oldest that went because the outbox was full */
	uint64_t relayed; /* events taken from services */
	uint64_t relay_dropped; /* events of services that were not declared, or not as declared */
	uint64_t relay_refused; /* requests turned away: token, host, origin, size, a full outbox */
	uint64_t
		dropped; /* upfront's own events that did not fit the catalogue or the socket, or that the sender could not read or keep */
};

/*
 * The descriptor on which the sender speaks, to be polled for reading: the same from telemetry_start on until it stays gone, else -1.
 * telemetry_hear takes what is there, never blocks.
 */
int telemetry_fd(const struct telemetry *self);
void telemetry_hear(struct telemetry *self);
/* All zero for NULL. */
struct telemetry_counts telemetry_counts(const struct telemetry *self);

/* One more is dropped: it could not even be measured. */
void telemetry_drop(struct telemetry *self);

/* False: the relay that telemetry_open was given is not served, as what the stack declares is more than the sender can be told. NULL: false. */
bool telemetry_serves_relay(const struct telemetry *self);

/* Pid of the sender or -1; the owner of the loop reaps it and says so, which starts it again (with back-off). */
pid_t telemetry_sender_pid(const struct telemetry *self);
/* Returns milliseconds until telemetry_restart should be called, or -1 when it stays gone: it is started again at most 5 times a run. */
int64_t telemetry_sender_exited(struct telemetry *self);
void telemetry_restart(struct telemetry *self);

/*
 * A person's no in the middle of a run, instead of telemetry_close: kills the sender before it can see the stream's end, which it
 * would take for the stack's. Nothing more is sent, not even what it had in memory. The loop's owner reaps it as any child.
 */
void telemetry_withdraw(struct telemetry *self);

/* Lets go: closes the socket, which tells the sender to finish within 1 s by itself. Never waits. NULL is fine. */
void telemetry_close(struct telemetry *self);

#endif
