/* SPDX-License-Identifier: MIT */
/*
 * Inside of the native engine (native.c, native_left.c, native_output.c, native_terminal.c, native_notify.c): units as processes of this machine.
 *
 * A unit's main process leads a session and a process group of its own. Nothing is reported from inside an operation: operations and
 * reaped() only note what is due, and one event of the loop (native_report) tells it, in the order started, output, exited,
 * cleared. What the main process leaves behind is known by its session or group, by having been seen below it when it was
 * signalled, or by UPFRONT_UNIT in its environment.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_NATIVE_H
#define UPFRONT_LAUNCHER_ENGINE_NATIVE_H

#include "config/err.h"
#include "config/strmap.h"
#include "launcher/engine/engine.h"
#include "launcher/process/descendants.h"
#include "launcher/process/oom.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/types.h>

struct evbuffer;
struct event;
struct native_unit;
struct notify;

#define NATIVE_READ_BYTES 262144u
#define NATIVE_PID_BUCKETS 1024u
/* What was typed into a terminal and does not fit yet. */
#define NATIVE_TYPED_BYTES_MAX 65536u

struct native_stream {
	int fd; /* our end; -1: closed */
	struct event *event;
	struct native_unit *unit;
	enum engine_stream stream;
};

struct native_unit {
	struct engine *engine;
	unsigned id;
	const struct service *service;
	pid_t pid; /* main process; 0: none */
	pid_t leader; /* the last main process: names session and group also after its death */
	bool start_due, failure_due, exit_due, end_due; /* reports not made yet; end: output_ended */
	bool has_leftovers; /* exited was reported with leftovers, cleared was not yet */
	bool killing; /* whatever of it is found is to be killed */
	bool held; /* the supervisor holds its output back */
	int group_signal; /* the last one the whole group had */
	struct err failure;
	struct engine_exit exit;
	struct proc_list seen; /* descendants of the main process when it was last signalled */
	struct proc_list left; /* what is left of it now */
	struct native_stream streams[2];
	struct notify *notify; /* hears the running program; NULL: it is not to say anything */
	int stdin_fd; /* write end kept open for `stdin_open`; -1: none */
	struct winsize size; /* of its terminal, in this run and the next ones; ws_row 0: not said yet */
	struct evbuffer *typed; /* waits for room in the terminal; NULL: nothing was ever typed in this run */
	struct event *typing;
	struct native_unit *next_due; /* in engine.due */
	bool listed;
	struct native_unit *next_by_pid; /* in the same bucket */
	char mark[48]; /* UPFRONT_UNIT=... */
};

struct engine {
	struct engine_options options;
	struct native_unit **units; /* by id, NULL where there is none */
	size_t unit_count;
	struct event *report; /* native_report is due */
	struct native_unit *due, **due_end; /* those with a report to make, and all with leftovers, as they came */
	struct native_unit *by_pid[NATIVE_PID_BUCKETS]; /* whose main process it is */
	bool look_for_leftovers;
	int looks; /* in vain, since it was to be looked */
	bool ending;
	struct proc_list others; /* children of ours that were no main processes when the end began */
	bool roomy_pipes;
	struct oom oom;
	struct rlimit files; /* limit on open files that units get: ours from before we raised it */
	struct proc_watch *watch; /* what units use, while somebody follows it; else NULL */
	char *buffer; /* NATIVE_READ_BYTES */
};

/* A child's ends of its standard streams; -1: /dev/null. */
struct native_ends {
	int in, out, err;
	bool tty; /* all three are one terminal */
};

/* Opens pipes or a terminal for the unit's next run. The caller closes the ends. */
int native_output_open(struct native_unit *unit, struct native_ends *ends, struct err *err);
void native_ends_close(struct native_ends *ends);
/* Begins to read. 0 or -errno. */
int native_output_watch(struct native_unit *unit);
void native_output_hold(struct native_unit *unit, bool held);
/* Delivers what is in the pipes now, and not what a descendant may still write. */
void native_output_drain(struct native_unit *unit);
void native_output_close(struct native_unit *unit);
bool native_output_is_open(const struct native_unit *unit);

/* The master side becomes the unit's stream, the other one all three ends. 0 or -errno. */
int native_terminal_open(struct native_unit *unit, struct native_ends *ends);
/* engine_ops.type and .resize */
int native_terminal_type(struct engine *self, unsigned id, const char *bytes, size_t size_bytes);
int native_terminal_resize(struct engine *self, unsigned id, unsigned rows, unsigned columns);
/* What waits is dropped; before its descriptor is closed. */
void native_terminal_close(struct native_unit *unit);

/* The socket by which the unit's next run says that it is ready, if it is to. */
int native_notify_open(struct native_unit *unit, struct err *err);
/* What the program needs to know for that. */
int native_notify_environment(const struct native_unit *unit, struct strmap *map);
/* Where in it the child is to write its own pid; NULL: nowhere. */
char *native_notify_pid_text(const struct native_unit *unit, char **environment);
/* Reports what the unit has said so far. */
void native_notify_drain(struct native_unit *unit);
void native_notify_close(struct native_unit *unit);

/* Reports the start, if that is due: from the loop only. */
void native_report_start(struct native_unit *unit);
/* Has what is due of the unit reported from the loop. */
void native_report_soon(struct native_unit *unit);

struct native_unit *native_find_unit(const struct engine *self, unsigned id);
/* The unit whose main process this is, or NULL. */
struct native_unit *native_find_main(struct engine *self, pid_t pid);

/* ---- What is left of a unit ---- */

/* Notes who is below the main process now: the only trace of those that leave its session and hide their environment. */
void native_remember(struct native_unit *unit);
/* Gives each child of ours that is no main process to the ended unit it comes from. 0 or -errno: then some may not be known. */
int native_find_leftovers(struct engine *self);
/* Those that may not be signalled are not among them any more. */
void native_kill_leftovers(struct native_unit *unit);
/* engine_ops.ending */
void native_ending(struct engine *self);

#endif
