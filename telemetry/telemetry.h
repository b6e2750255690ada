/* SPDX-License-Identifier: MIT */
/*
 * telemetry/ - what may be said, how it is built, and the only way it leaves. This is the folder's one public header.
 *
 *   catalog      the one table of events and properties: schema, notice, README and checks are made from it
 *   event        builds events (cJSON) from facts; the preview is the same code with the facts missing
 *   notice       the sentences people are asked with, each true by declaration or by construction
 *   receipt      what was answered, when, to which text
 *   optout       the table of well-known opt-out variables that managed services are given
 *   client       starts `upfront-telemetry` and hands it events over a socket; never blocks, never fails
 *   sender/      the second program: outbox (SQLite), transport (libcurl or a file), retry, relay
 *
 * Rules that hold everywhere here: before a yes no file, no identifier, no process; nothing here prints (but
 * for the events themselves, where UPFRONT_TELEMETRY_PRINT=1 asks for that); no failure of this folder reaches the person's stack (functions that can only cost telemetry return nothing).
 */
#ifndef UPFRONT_TELEMETRY_TELEMETRY_H
#define UPFRONT_TELEMETRY_TELEMETRY_H

#include "config/decide.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct stack;
struct strmap;
struct telemetry;
struct telemetry_property;

/* How an event that tells of a failed start names the reason: the whole vocabulary. */
#define TELEMETRY_ERRORS(X)                                                                   \
	X(ERROR_COMMAND_NOT_FOUND, "command_not_found") /* no such program */                 \
	X(ERROR_NOT_EXECUTABLE, "not_executable") /* it is there, and cannot be run */        \
	X(ERROR_WORKING_DIR, "working_dir_unusable") /* not there, or not to be entered */    \
	X(ERROR_USER, "user_unusable") /* no such user or group, or not permitted to be it */ \
	X(ERROR_EXITED, "exited") /* a service ended by itself */                             \
	X(ERROR_SIGNALED, "signaled") /* a service was killed by a signal */                  \
	X(ERROR_START_TIMEOUT, "start_timeout") /* --wait-timeout was over */                 \
	X(ERROR_UNHEALTHY, "unhealthy") /* a probe never said well */                         \
	X(ERROR_DEPENDENCY_FAILED, "dependency_failed")                                       \
	X(ERROR_STOPPED, "stopped") /* the person ended it before it was ready */             \
	X(ERROR_OTHER, "other")
#define TELEMETRY_ENUMERATOR(name, text) name,
enum telemetry_error { TELEMETRY_ERRORS(TELEMETRY_ENUMERATOR) TELEMETRY_ERROR_COUNT };
#undef TELEMETRY_ENUMERATOR

const char *telemetry_error_name(enum telemetry_error error);

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

/*
 * The first event exactly as it would be sent, pretty-printed JSON; what exists only later reads "(made only after yes)"
 * or "(measured when ready)". `event` NULL: server_start. The caller frees; NULL for an unknown event.
 */
char *telemetry_preview(const struct stack *stack, const char *event);

/* The question and its sentences; every text is plain UTF-8 without control characters, one paragraph a line, unwrapped. */
struct telemetry_notice {
	char *title; /* "Usage statistics - notice 3" */
	char *question; /* "May WrenAI send usage statistics while it runs this time?" */
	char *summary; /* for 80x24: paragraphs by '\n', list items begin with "- " */
	char *brief; /* the same for 40x12 */
	char *full; /* the whole notice: every event, property, recipient, how to say no */
	char hash[65]; /* SHA-256 (hex) of all of the above */
	char schema_hash[65]; /* SHA-256 of the catalogue and the stack's declarations */
};

int telemetry_notice_make(const struct stack *stack, struct telemetry_notice *notice);
void telemetry_notice_finish(struct telemetry_notice *notice);

/* The catalogue, with the stack's declarations when `stack` is not NULL. The caller frees. */
char *telemetry_schema_json(const struct stack *stack);
char *telemetry_schema_markdown(const struct stack *stack);

/*
 * What managed services are told: UPFRONT_TELEMETRY=on|off, the stack's env block, and when off DO_NOT_TRACK=1,
 * <APP>_TELEMETRY_DISABLED=true and the opt-out table. `relay`, `distinct_id` and `session_id` fill the block's variables (NULL: empty).
 * The block may hold Compose's interpolation of these three. It stands above the opt-out table, and below the answer itself, which is
 * always told as it is. A block that asks for the relay while there is none counts as off: nothing else may carry what services report.
 * `out` is initialised by the caller.
 */
int telemetry_environment(const struct stack *stack, bool on, const char *relay, const char *distinct_id,
			  const char *session_id, struct strmap *out);

/* The opt-out table as text, one "VARIABLE=value  product" a line. The caller frees. */
char *telemetry_optout_table(void);
/* The same for programs: {"version": 1, "variables": [{"name", "value", "product"}, ...]}. The caller frees. */
char *telemetry_optout_json(void);

/* An answer the person gave. "Not this run" and unasked runs leave none. */
struct telemetry_receipt {
	enum consent_answer answer; /* YES, NO, NO_FOR_GOOD; or given by flag */
	enum consent_reason method;
	const struct telemetry_notice *notice;
};

/* Appends to receipts.jsonl (0600) of the app's state folder. Failure is reported, and never stops anything. */
int telemetry_receipt_append(const struct stack *stack, const struct telemetry_receipt *receipt, struct err *err);
/* Last receipts, newest first, as JSON array text; the caller frees. "[]" when there are none. */
char *telemetry_receipts_json(const char *app, size_t limit);
/* The {exec} properties, in the order of telemetry_facts.exec_values: up to `room` of them into `list`. Returns how many there are. */
size_t telemetry_exec_properties(const struct stack *stack, const struct telemetry_property **list, size_t room);

/* A person's no: removes the app's outbox and kept id. Absent files are no error. */
int telemetry_wipe(const char *app, struct err *err);

/*
 * After a yes only: makes the ids, and looks for `upfront-telemetry` (beside the program or in libexec), which is not started
 * before the first event, so that it takes nothing from the services while they start. Returns NULL, and the stack goes on without
 * telemetry, when anything fails. `environment` (copied) is that of the `up` (proxy, CA settings). UPFRONT_TELEMETRY_PRINT=1: no
 * process, the events go to `print_fd`, which stays the caller's.
 */
struct telemetry *telemetry_open(const struct stack *stack, const struct strmap *environment, int print_fd);

/* Path of `upfront-telemetry`: beside the running program, or in ../libexec/upfront. The caller frees; NULL: not installed. */
char *telemetry_sender_path(void);

/* 36-character ids of this run; valid until close. */
const char *telemetry_distinct_id(const struct telemetry *self);
const char *telemetry_session_id(const struct telemetry *self);

/* True when the environment says UPFRONT_TELEMETRY_PRINT=1. */
bool telemetry_is_printed(const struct strmap *environment);

/* Starts the sender now, also for what earlier runs left in the outbox; does nothing when it was started before. NULL is fine. */
void telemetry_start(struct telemetry *self);

/* Builds and hands over (telemetry_start comes of itself); never blocks (a full socket drops and counts). `self` may be NULL: does nothing. */
void telemetry_server_start(struct telemetry *self, const struct telemetry_facts *facts);
void telemetry_server_start_failed(struct telemetry *self, const struct telemetry_facts *facts);

/* Events that never reached the sender, or did not fit the catalogue; and one more that could not even be measured. */
uint64_t telemetry_dropped(const struct telemetry *self);
void telemetry_drop(struct telemetry *self);

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
