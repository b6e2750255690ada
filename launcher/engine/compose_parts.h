/* SPDX-License-Identifier: MIT */
/*
 * Inside of the compose engine. What each file does is told in compose.h.
 *
 * A start: units asked for in one turn of the loop wait in state PART_ASKED until the call under way, if any, has ended; then images that are
 * missing are pulled, and one call `up -d` names all their services. What the events say is what counts: a unit has started when its
 * container has, whatever the call comes to; when the call ends, those that have not started have failed, by what it said of them - unless
 * the engine went away meanwhile: then they are asked for again once it is back.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_COMPOSE_PARTS_H
#define UPFRONT_LAUNCHER_ENGINE_COMPOSE_PARTS_H

#include "config/err.h"
#include "launcher/engine/build_fault.h"
#include "launcher/engine/compose.h"
#include "launcher/engine/compose_files.h"
#include "launcher/engine/docker_frames.h"
#include "launcher/engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;
struct docker_answer;
struct compose_run;
struct compose_stats;
struct compose_pull;
struct containers_end;
struct docker;
struct docker_call;
struct event;

#define COMPOSE_ID_BYTES 65u
#define COMPOSE_NAME_BYTES 129u
#define COMPOSE_STAGES_MAX 8u
#define COMPOSE_UNFETCHED_BYTES 1024u

enum part_state {
	PART_NONE, /* no container, or one that has ended */
	PART_ASKED, /* its start waits for the next call */
	PART_CALLED, /* a call is under way that is to start it */
	PART_RUNS,
	PART_RESTARTING, /* ended; the engine starts it again */
	PART_STOPPING /* runs, or is restarting; asked to end */
};

/* What was last asked of a part. */
enum part_want { PART_WANT_RUN, PART_WANT_STOP, PART_WANT_KILL };

/* What was last told of how it is. */
enum part_health { PART_HEALTH_UNTOLD, PART_WELL, PART_ILL };

/* How far each stage of a build is. */
struct compose_stages {
	struct {
		char name[32];
		unsigned done, total;
	} items[COMPOSE_STAGES_MAX];
	size_t count;
};

/* One unit's container. */
struct part {
	struct engine *engine;
	unsigned id; /* of the unit */
	const struct service *service; /* NULL: the stack has none of this name any more */
	char *name; /* of the service */
	int replica;
	enum part_state state;
	enum part_want want;
	int64_t grace_ms; /* with PART_WANT_STOP */
	bool stop_due; /* what is wanted is to be asked of the engine */
	bool signalled; /* by us and to end, since it started */
	int killed_by; /* the signal that its engine sent it last since then, whoever asked for that; 0: none */
	bool unsure; /* a call that named it ended without anybody knowing what came of it */
	bool fresh; /* its container was seen to start since the call began, or while it did not run */
	bool settling; /* how it is now is what the call has come to */
	int remakes; /* how often its container was taken away because its engine was at odds with itself, since the start was asked */
	char *why; /* that, as the engine keeps it with the container; NULL: nothing */
	char container[COMPOSE_ID_BYTES]; /* full id; "": none is known */
	pid_t pid; /* of its main process if that is this machine's; 0 */
	bool tty, stdin_open;
	bool has_health;
	bool oom; /* an oom event came since it started */
	int64_t started_ns; /* of the run that was told, by the engine's clock: tells a new run from the same one heard of twice */
	bool exit_told;
	bool paused;
	enum part_health health;
	struct {
		int64_t at_ns; /* 0: not seen */
		int code;
	} death; /* as the event told it: inspect does not know any more once it runs again */
	bool look_due; /* a look came to nothing: again, once it is known that the engine is there */
	struct docker_call *inspect; /* NULL: none under way */
	bool inspect_again; /* something happened meanwhile */
	struct docker_call *stop;
	/* compose_logs.c */
	struct docker_call *logs; /* NULL: nobody reads */
	struct docker_frames frames; /* knows what was had, across runs */
	char logs_container[COMPOSE_ID_BYTES]; /* whose output that was */
	bool logs_wanted; /* it runs, and is to be followed */
	bool logs_told; /* why they cannot be read */
	bool held, end_due; /* output_ended is to be told at the stream's end */
	bool end_again; /* another run has ended meanwhile: the same once more for it */
	struct event *logs_retry; /* when it is to be asked again; NULL: never was */
	struct docker_call *attach; /* standard input of a container with a terminal */
	struct docker_call *resize;
	unsigned rows, columns; /* 0: not said yet */
	bool resize_again; /* the size is another by now, or one was told in between */
	/* compose_pull.c */
	struct compose_stages stages; /* of its image, while it is built */
	bool unfetched; /* its image could not be fetched for the call: the Compose program goes on with that */
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
	struct event *run_limit; /* asked to end, it has until then */
	struct {
		bool made; /* one was, ever: the project's containers are ours */
		char *dir; /* if they were made in this folder; NULL: in any */
		bool over; /* the run has ended, and the containers are being looked at */
		bool cut; /* stopped by us */
		bool lost; /* the engine went away meanwhile */
		int code;
		char *complaint;
		/* Service whose image version 1 said it fetches, or version 2 that it could not build; "": none, or it has. */
		char fetching[COMPOSE_NAME_BYTES];
		char unfetched
			[COMPOSE_UNFETCHED_BYTES]; /* complaints of images that could not be had, with their services' names */
	} call;
	struct compose_pull *pull; /* NULL: none under way */
	char building[COMPOSE_NAME_BYTES]; /* service that the Compose program said it builds; "": it did not */
	struct build_fault fault; /* how far a build has come, should it fail */
	struct docker_call *events; /* NULL: the engine is away, or not asked yet */
	struct event *retry; /* when it is to be tried again */
	int retry_ms;
	bool reachable, told_away;
	bool returning; /* reachable again, and not all are looked at yet */
	struct docker_call *list, *ping;
	bool list_again;
	struct event *pulse; /* while something is under way: is it still there? */
	int64_t events_since_ns; /* of the last event had */
	struct compose_stats *stats; /* compose_stats.c; NULL: nobody asked yet */
	struct containers_end *end;
	struct event *close_limit; /* an engine that is away is waited for until then */
	bool ending, closing, closed;
	bool volumes, close_late;
	struct err end_why; /* of an end that came to nothing */
};

/* The part of a unit; NULL: none. */
struct part *compose_find(const struct engine *self, unsigned id);
/* The part that a container with these labels is; NULL: none of ours. */
struct part *compose_find_labels(const struct engine *self, const struct cJSON *labels);
struct part *compose_find_container(const struct engine *self, const char *id);
/* Runs, or will again, and that was told. */
bool compose_is_told(const struct part *part);
/* Starts, failures and the end are seen to from the loop. */
void compose_due(struct engine *self);
/* A container's id as it may stand in a path: what the engine says is not taken as it comes. */
bool compose_id_is_sound(const char *id);
void compose_set_container(struct part *part, const char *id);

/* ---- compose_args.c ---- */

/* What the Compose program is called with; ends with NULL. NULL: out of memory. */
char **compose_args(const struct engine *self);
void compose_args_free(char **args); /* NULL is nothing */

/* ---- compose_call.c ---- */

/* Begins the next call if there is something to start and nothing in the way. */
void compose_call_next(struct engine *self);
/* Nobody needs what is under way any more. */
void compose_call_stop(struct engine *self, bool hard);
void compose_call_finish(struct engine *self);

/* ---- compose_outcome.c ---- */

/* The containers have been listed: parts of the call that have none have failed, once all others are looked at. */
void compose_call_settle(struct engine *self);
/* If all of the call have been looked at: tells what it came to. */
void compose_call_conclude(struct engine *self);
/* The engine is away: what waits for the call's outcome is asked for again later. */
void compose_call_lost(struct engine *self);
/* Tells those that nobody wants any more, and that no call has named. */
void compose_call_fail(struct engine *self);
/* It could not even be made. */
void compose_call_fail_all(struct engine *self, const struct err *why);
void compose_call_forget(struct engine *self);
void compose_tell_progress(struct part *part, const struct engine_progress *progress);

/* ---- compose_stop.c ---- */

int compose_stop(struct engine *self, unsigned unit, int signal, int64_t grace_ms);
int compose_signal(struct engine *self, unsigned unit, int signal);
void compose_kill(struct engine *self, unsigned unit);
/* Asks of the engine what is wanted of a part that runs, if that is due. */
void compose_stop_pursue(struct part *part);

/* ---- compose_close.c ---- */

void compose_ending(struct engine *self);
void compose_close(struct engine *self, bool volumes);
void compose_close_next(struct engine *self);
void compose_close_finish(struct engine *self);

/* ---- compose_list.c ---- */

/* All containers of the project: which is whose. */
void compose_list(struct engine *self);

/* ---- compose_watch.c ---- */

/* Connects to the events; looks at all containers once they flow; tells `reachable` and tries again for as long as it takes. */
int compose_watch_begin(struct engine *self, struct err *err);
void compose_watch_end(struct engine *self);
/* A call by which nothing could be reached: the engine may have gone. */
void compose_suspect(struct engine *self);
/* Something is under way that must not hang: the engine is asked whether it is there for as long as that lasts. */
void compose_watch_pulse(struct engine *self);
/* The engine is gone, by this answer. */
void compose_watch_lost(struct engine *self, const struct docker_answer *answer);
/* The list is there: the engine is back. */
void compose_watch_listed(struct engine *self);
/* One more was looked at: perhaps the last. */
void compose_watch_looked(struct engine *self);
/* compose.c: the engine is back and all containers have been looked at. */
void compose_returned(struct engine *self);

/* ---- compose_look.c ---- */

/* Looks at the part's container anew; what is other than what was told is told. */
void compose_look(struct part *part);
/* Its container is not there any more. */
void compose_gone(struct part *part);
/* What a `die` event said, should inspect not know it any more. */
void compose_note_death(struct part *part, int64_t at_ns, int code);

/* ---- compose_logs.c ---- */

/* Follows its output from where it was left, if nobody does. */
void compose_logs_follow(struct part *part);
/* Its run ended: what is left is read, then output_ended told. */
void compose_logs_finish(struct part *part);
/* Nobody wants to know any more; where it was left is remembered. */
void compose_logs_drop(struct part *part);
void compose_resume_output(struct engine *self, unsigned unit);

/* ---- compose_terminal.c ---- */

/* A run began, and by compose_logs_follow this is known here: its terminal, if it has one, is given its size. */
void compose_terminal_begin(struct part *part);
void compose_terminal_end(struct part *part);
int compose_type(struct engine *self, unsigned unit, const char *bytes, size_t size_bytes);
int compose_resize(struct engine *self, unsigned unit, unsigned rows, unsigned columns);

/* ---- compose_stats.c ---- */

int compose_stats(struct engine *self, const unsigned *units, size_t count, struct engine_stats *stats);
int compose_sample(struct engine *self, const unsigned *units, size_t count, struct engine_sample *samples);
void compose_stats_destroy(struct compose_stats *self); /* NULL is nothing */
/* What the engine says of a container: memory without what it keeps of files, as its own client shows it. */
void compose_stats_read(const struct cJSON *body, struct engine_stats *stats);
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
void compose_pull_cancel(struct compose_pull *self); /* NULL is nothing, here and below */
/* True for a child, not reaped yet, that it started: a program that knows a password. */
bool compose_pull_owns(const struct compose_pull *self, pid_t pid);
/* A child ended: true when it was one of these. */
bool compose_pull_reaped(struct compose_pull *self, pid_t pid);

/* ---- compose_build.c ---- */

/* A call begins: what was built before is over. */
void compose_build_begin(struct engine *self, struct part *const *parts, size_t count);
/* A line of the Compose program while it builds: told as progress of the service it speaks of. */
void compose_pull_line(struct engine *self, const char *line);
/* The service whose build a line says has failed (" > [web 2/4] RUN ...:"); NULL: it says no such thing. Borrowed. */
const char *compose_build_failed(const struct engine *self, const char *line);
/* The only service that this call builds; NULL: none, or several. */
const char *compose_build_only(const struct engine *self);

#endif
