/* SPDX-License-Identifier: MIT */
/*
 * What can be shown: plain data that the launcher fills. Text is UTF-8; whatever it holds is made harmless when drawn. Secrets are masked
 * before they come here. Nothing here is owned: it must outlive the call it is passed to. NULL is "none" or "not known" unless said
 * otherwise, and so is -1 of a number that can be 0. Times are milliseconds of one clock that only goes forward (`stack_model.now_ms`),
 * but for *_wall_ms, which count from the epoch.
 */
#ifndef UPFRONT_UI_MODEL_H
#define UPFRONT_UI_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The consent dialog. Paragraphs are separated by '\n'; list items begin with "- ". */
struct consent_model {
	const char *title;
	const char *question;
	const char *summary; /* for 80x24 and larger */
	const char *brief; /* for smaller screens */
	const char *preview; /* V: the first event, exactly */
	const char *notice; /* P: the full notice */
};

/* A line of output or news of a running stack, for line mode. */
struct plain_line {
	const char *service; /* name shown in front; NULL: upfront itself */
	unsigned index; /* chooses the name's colour; stable per service */
	const char *bytes;
	size_t size_bytes;
	int64_t time_ms; /* wall clock, since the epoch; shown when timestamps are on */
	bool partial; /* a line that did not end (cut at the limit, or the process died) */
};

/* ---- A running stack ---- */

/*
 * What a unit is, as people are told it: X(state, word, sign, sign in UTF-8, role, rank). Rank orders by how much it wants to be looked
 * at: below UNIT_PROBLEM_RANKS it is a problem.
 */
#define UNIT_STATES(X)                                                       \
	X(UNIT_FAILED, "failed", '!', 0x2717, ROLE_BAD, 0)                   \
	X(UNIT_UNHEALTHY, "unhealthy", '-', '-', ROLE_WARN, 1)               \
	X(UNIT_RESTARTING, "restarting", '*', 0x21bb, ROLE_WARN, 2)          \
	X(UNIT_STARTING, "starting", '~', '~', ROLE_BUSY, 3)                 \
	X(UNIT_STOPPING, "stopping", '~', '~', ROLE_BUSY, 4)                 \
	X(UNIT_WAITING, "waiting", '.', 0x00b7, ROLE_IDLE, 5)                \
	X(UNIT_READY, "ready", '+', 0x2713, ROLE_GOOD, 6)                    \
	X(UNIT_RUNNING, "running", '+', 0x2713, ROLE_GOOD, 7) /* no probe */ \
	X(UNIT_DONE, "done", '=', '=', ROLE_IDLE, 8)                         \
	X(UNIT_STOPPED, "stopped", 'x', 0x00d7, ROLE_IDLE, 9)

#define UNIT_PROBLEM_RANKS 3
#define UNIT_ENUMERATOR(state, word, sign, utf8_sign, role, rank) state,
enum unit_state { UNIT_STATES(UNIT_ENUMERATOR) UNIT_STATE_COUNT };
#undef UNIT_ENUMERATOR

/* The last two minutes, newest last: 0 nothing to THEME_RAMP - 1 full, SPARK_NONE before there was anything. */
#define SPARK_CELLS 16u
#define SPARK_NONE 0xffu
struct spark {
	uint8_t level[SPARK_CELLS];
};

/* The first start of a unit in this run of the stack, in ms since the stack began; -1: not yet. */
struct unit_start {
	int64_t launched_ms, probed_ms, ready_ms, ended_ms;
	const char *waited_for; /* the service whose readiness let it go, NULL: none */
};

struct unit_need {
	const char *service;
	const char *condition; /* "started", "ready", "done" */
	bool met;
};

/* What an engine does before a unit can start: bytes of an image, steps of a build. */
enum unit_work { WORK_NONE, WORK_PULLING, WORK_BUILDING, WORK_CREATING };
struct unit_progress {
	enum unit_work work;
	int64_t done, total; /* total 0: not known */
	const char *text; /* what exactly: an image, a step; NULL */
};

struct unit_model {
	unsigned id; /* from 1 on; stays when others come and go */
	const char *name, *service; /* "web-2" of "web" */
	enum unit_state state;
	const char
		*why; /* "exit 3, try 3 in 8s", "for api to be ready", "probe 4 of 10: refused": short, for the row */
	const char *outlook; /* what happens next, a sentence, for the line above the footer; of a problem only */
	const char *last_exit; /* "exit 3", "SIGKILL (out of memory)" */
	int restarts;
	int64_t started_ms; /* of the process that runs now; -1: none runs */
	int64_t kill_ms; /* while it stops: when it is killed; -1: not known */
	int64_t stop_ms; /* while it stops: since when */
	double cpu_percent; /* < 0: not known. These two as they are to be shown: they move with hysteresis */
	int64_t rss_bytes;
	struct spark cpu, memory;
	const char *ports; /* ":8080, :5432/udp"; "" */
	const char *open; /* URL */
	int replicas; /* of its service */
	bool takes_input; /* has a terminal to type into */
	bool container;
	const char *image; /* of a container, as the stack file names it; NULL */
	const char *container_id; /* as the engine knows it, short; NULL: there is none now */
	struct unit_progress progress; /* in words it stands in `why`, too */
	int64_t pid; /* -1 */
	struct unit_start start;
	const struct unit_need *needs;
	size_t need_count;
};

#define STACK_STARTS_MAX 5u

enum stack_state {
	STACK_STARTING,
	STACK_UP,
	STACK_STOPPING,
	STACK_OVER,
	STACK_LOST /* its supervisor does not answer */
};

struct event_model {
	int64_t time_wall_ms;
	const char *unit; /* NULL: the stack */
	enum unit_state state; /* of a unit */
	const char *text; /* "exited with code 3" */
};

/* What runs the containers. */
struct engine_model {
	const char *name; /* "Docker"; NULL: this stack has no containers */
	const char *version, *compose; /* "20.10.24"; the program that reads Compose files, "docker compose 2.29.7" */
	bool away; /* it does not answer: containers are as they were last heard of */
	const char *why; /* it does not; NULL */
	int64_t away_ms; /* since when */
};

struct detail_model;
struct telemetry_model;

struct stack_model {
	int64_t now_ms;
	const char *app, *version; /* shown at the top left; version may be NULL */
	const char *project, *file; /* of the stack */
	enum stack_state state;
	bool attached; /* this screen only looks: leaving it leaves the stack */
	int64_t begin_ms; /* when the stack began */
	int64_t begin_wall_ms; /* the same moment since the epoch; 0: not known */
	int64_t up_after_ms; /* -1: not up yet */
	int64_t starts_ms[STACK_STARTS_MAX]; /* the last starts, oldest first, this one among them once up */
	size_t start_count;
	int64_t stop_ms; /* when it began to stop; -1 */
	const struct unit_model *units; /* in the order of the stack file */
	size_t unit_count;
	const struct event_model *events; /* of this run, as far as this screen knows them; oldest first */
	size_t event_count;
	struct engine_model engine;
	bool telemetry_on;
	const char *telemetry; /* "off, you said no"; NULL: this stack has nothing to report */
	const struct telemetry_model *reported; /* asked for by actions.look_at_telemetry; NULL until it is there */
	const struct detail_model *detail; /* asked for by actions.look_at_unit; NULL until it is there */
	const char *changed_file; /* the stack file differs from what runs: how, in a few words; NULL: it does not */
};

/* ---- One unit's story ---- */

struct probe_answer {
	int64_t time_wall_ms;
	bool ok;
	const char *text;
	unsigned count; /* so many in a row */
};
struct unit_exit {
	int64_t time_wall_ms, ran_ms;
	const char *how; /* "code 3" */
};
struct process_model {
	int64_t pid;
	const char *name;
	int64_t rss_bytes;
};
struct variable_model {
	const char *name, *value; /* masked */
	bool secret, telemetry; /* telemetry: laid over by upfront */
	bool declared; /* by the stack file; these stand first */
};

struct detail_model {
	unsigned unit; /* id: whoever draws checks that it is the one that is wanted */
	const char *why; /* in full */
	const char *command, *dir, *user;
	const char *version;
	const char *restart, *stop; /* "on-failure, at most 5 times", "SIGTERM, SIGKILL after 10s" */
	const char *probe; /* "http://localhost:8080/health every 500ms" */
	const struct probe_answer *answers; /* oldest first */
	size_t answer_count;
	const struct unit_exit *exits; /* oldest first */
	size_t exit_count;
	const struct unit_need *needs;
	size_t need_count;
	const char *const *needed_by; /* names, ends with NULL; never NULL */
	const struct process_model *processes; /* its own first */
	size_t process_count, processes_left_out;
	const struct variable_model *variables;
	size_t variable_count;
	const char *log_path;
	int64_t log_bytes;
	const char *place; /* "compose.yaml:41" */
	const char *const *last_words; /* last lines of its log, ends with NULL; never NULL */
};

/* ---- Telemetry ---- */

enum telemetry_result { TELEMETRY_SENT, TELEMETRY_WAITING, TELEMETRY_REFUSED };
struct sent_event {
	int64_t time_wall_ms;
	const char *name;
	enum telemetry_result result;
	const char *result_text; /* "200", "not answered" */
	const char *bytes; /* the event exactly as it left, one line of JSON */
};
struct telemetry_source_row {
	const char *source, *says; /* "DO_NOT_TRACK", "off" */
	bool decides;
};
struct telemetry_model {
	bool on;
	const char *why; /* a sentence */
	const char *endpoint;
	const struct telemetry_source_row *sources; /* each that was looked at */
	size_t source_count;
	const struct sent_event *events; /* this run's, newest first */
	size_t event_count;
	int64_t waiting, dropped; /* events that wait to be sent; that were lost on their way to the queue */
	const char *ledger_path;
};

#endif
