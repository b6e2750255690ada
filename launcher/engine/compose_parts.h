/* SPDX-License-Identifier: MIT */
/*
 * Inside of the compose engine (compose.c, compose_watch.c, compose_logs.c, compose_stats.c, compose_pull.c). What each file does is told in
 * compose.h.
 *
 * A start: units asked for in one turn of the loop wait in state PART_ASKED until the call under way, if any, has ended; then images that are
 * missing are pulled, and one call `up -d` names all their services. What the events say is what counts: a unit has started when its
 * container has, whatever the call comes to; when the call ends, those that have not started have failed, by what it said of them - unless
 * the engine went away meanwhile: then they are asked for again once it is back.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_COMPOSE_PARTS_H
#define UPFRONT_LAUNCHER_ENGINE_COMPOSE_PARTS_H

#include "config/err.h"
#include "launcher/engine/compose.h"
#include "launcher/engine/compose_files.h"
#include "launcher/engine/docker_frames.h"
#include "launcher/engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;
struct compose_run;
struct compose_stats;
struct compose_pull;
struct containers_end;
struct docker;
struct docker_call;
struct event;

#define COMPOSE_ID_BYTES 65u

enum part_state {
	PART_NONE, /* no container, or one that has ended */
	PART_ASKED, /* its start waits for the next call */
	PART_CALLED, /* a call is under way that is to start it */
	PART_RUNS,
	PART_RESTARTING, /* ended; the engine starts it again */
	PART_STOPPING /* runs; asked to end */
};

/* One unit's container. */
struct part {
	struct engine *engine;
	unsigned id; /* of the unit */
	const struct service *service;
	int replica;
	enum part_state state;
	char container[COMPOSE_ID_BYTES]; /* full id; "": none is known */
	pid_t pid; /* of its main process if that is this machine's; 0 */
	bool tty, stdin_open;
	bool has_health;
	bool oom; /* an oom event came since it started */
	int64_t started_ns; /* of the run that was told, by the engine's clock: tells a new run from the same one heard of twice */
	bool exit_told;
	struct docker_call *inspect; /* NULL: none under way */
	bool inspect_again; /* something happened meanwhile */
	struct docker_call *stop;
	/* compose_logs.c */
	struct docker_call *logs; /* NULL: nobody follows */
	struct docker_frames frames;
	int64_t logs_ns; /* had until then, across runs */
	bool held, end_due; /* output_ended is to be told at the stream's end */
	struct docker_call *attach; /* standard input of a container with a terminal */
	unsigned rows, columns; /* 0: not said yet */
};

struct engine {
	struct engine_options options;
	const struct stack *stack;
	const struct stack_source *source;
	struct docker *docker;
	struct part **parts; /* by id; NULL where there is none */
	size_t part_count;
	struct event *due; /* gathered starts are to be looked at */
	struct compose_files files;
	bool files_stale; /* to be written before the next call */
	struct compose_run *run; /* NULL: no call under way */
	struct compose_pull *pull; /* NULL: none under way */
	struct docker_call *events; /* NULL: the engine is away, or not asked yet */
	struct event *retry; /* when it is to be tried again */
	int retry_ms;
	bool reachable, told_away;
	int64_t events_since_ns; /* of the last event had */
	struct compose_stats *stats; /* compose_stats.c; NULL: nobody asked yet */
	struct containers_end *end;
	bool ending, closing;
};

/* The part of a unit; NULL: none. */
struct part *compose_find(const struct engine *self, unsigned id);
/* The part that a container with these labels is; NULL: none of ours. */
struct part *compose_find_labels(const struct engine *self, const struct cJSON *labels);
struct part *compose_find_container(const struct engine *self, const char *id);

/* ---- compose_watch.c ---- */

/* Connects to the events; looks at all containers once they flow; tells `reachable` and tries again for as long as it takes. */
int compose_watch_begin(struct engine *self, struct err *err);
void compose_watch_end(struct engine *self);
/* Looks at the part's container anew; what is other than what was told is told. */
void compose_look(struct part *part);
/* A call by which nothing could be reached: the engine may have gone. */
void compose_suspect(struct engine *self);
/* compose.c: the engine is back and all containers have been looked at. */
void compose_returned(struct engine *self);

/* ---- compose_logs.c ---- */

/* Follows its output from where it was left, if nobody does. */
void compose_logs_follow(struct part *part);
/* Its run ended: what is left is read, then output_ended told. */
void compose_logs_finish(struct part *part);
void compose_logs_drop(struct part *part);
int compose_type(struct engine *self, unsigned unit, const char *bytes, size_t size_bytes);
int compose_resize(struct engine *self, unsigned unit, unsigned rows, unsigned columns);
void compose_resume_output(struct engine *self, unsigned unit);

/* ---- compose_stats.c ---- */

int compose_stats(struct engine *self, const unsigned *units, size_t count, struct engine_stats *stats);
int compose_sample(struct engine *self, const unsigned *units, size_t count, struct engine_sample *samples);
void compose_stats_destroy(struct compose_stats *self);
/* The pid that the engine tells is a process of this machine, and of this container. */
bool compose_pid_is_here(pid_t pid, const char *container);

/* ---- compose_pull.c ---- */

/*
 * Fetches the images of these services that the engine does not have, as their pull_policy says, several at once, and tells `progress` of
 * their units. `done` comes once, from the loop: why NULL: go on (an image that could not be had is left to the Compose program, whose
 * words are what people know). NULL: there is nothing to do.
 */
struct compose_pull *compose_pull_begin(struct engine *self, struct part *const *parts, size_t count,
					void (*done)(struct engine *self));
void compose_pull_cancel(struct compose_pull *self);
/* A line of the Compose program while it builds: told as progress of the service it speaks of. */
void compose_pull_line(struct engine *self, const char *line);

#endif
