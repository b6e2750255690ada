/* SPDX-License-Identifier: MIT */
/*
 * The running stack as a client sees it: the event stream's lines (openapi.yaml) taken in one by one. What the supervisor
 * says is checked like any input: missing members become harmless values, sizes are bounded.
 *
 * Who wants figures as well opens the stream with VIEW_EVENTS_WITH_USAGE and sets `usage_changed`: they come by themselves, often, and
 * who follows states is not disturbed by them.
 */
#ifndef UPFRONT_LAUNCHER_CLIENT_VIEW_H
#define UPFRONT_LAUNCHER_CLIENT_VIEW_H

#include "config/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cJSON;

#define VIEW_UNITS_MAX 10000u
#define VIEW_LINE_MAX (8u * 1024u * 1024u)
#define VIEW_STARTS_MAX 5u
/* A printf format; takes the interval in milliseconds, 500 to 60000. */
#define VIEW_EVENTS_WITH_USAGE "/v1/events?usage=%d"

/* Shown figures: config/figure.h prints them. */
struct view_usage {
	double cpu_percent; /* of one processor; -1: not known */
	int64_t rss_bytes; /* -1: not known */
	int processes; /* -1: not known */
};

/* The first start of a unit in this run of the stack: ms from view.begin_ms, -1: not yet. */
struct view_start {
	int64_t launched_ms, probed_ms, ready_ms, ended_ms;
	char *waited_for; /* the service it waited for last; NULL: none */
};

/* What its engine does before it can start. */
struct view_progress {
	char work[12]; /* "pulling", "building", "creating"; "": nothing */
	int64_t done, total; /* total 0: not known */
	char *text; /* what exactly; NULL */
};

struct view_unit {
	unsigned id;
	char *name, *service;
	char state[24], before[24]; /* as svc_state_name gives it; `before` the last change */
	pid_t pid; /* 0: it does not run, or not as a process of this machine */
	bool is_container;
	char *image, *container; /* of one: as the stack file names it; its id, short. NULL: none */
	struct view_progress progress;
	int restarts;
	int64_t uptime_ms, ready_after_ms, backoff_ms; /* -1: not known */
	int64_t settles_ms; /* monotonic: when it has run for SUPERVISOR_SETTLE_MS */
	int64_t changed_ms; /* wall clock of the last change of state */
	int64_t kill_ms; /* monotonic: until then it may take to stop; 0: not known */
	int64_t slow_ms; /* slow_stop's own; 0: it is not stopping */
	int crash_exits; /* of a crash loop; 0: none */
	int64_t crash_within_ms, next_try_ms; /* next_try_ms -1: only its engine knows */
	bool wanted, settled, one_shot, has_probe, has_exited;
	bool tty, stdin_open; /* it has a terminal of its own; which can be typed into */
	bool passed_over; /* failed, and the start went on without it */
	bool listed; /* view.c's own: the last list had it */
	bool exit_signaled;
	int exit_value; /* code or signal */
	char *probe_kind, *probe_target;
	int probe_attempts;
	char *ports; /* "8080, 5432/udp"; "" when there are none */
	char *why, *open;
	char *status; /* what it says of itself; NULL: nothing */
	char *waits_for, *waits_condition; /* while "waiting": a service, "service_healthy"...; NULL: not known */
	struct view_start start;
	struct view_usage usage; /* all not known while it has no process */
	int64_t log_bytes_lost;
	char log_trouble[64], log_trouble_before[64]; /* why its log cannot be written; "": it can */
};

/* What containers run on. */
struct view_engine {
	char *name, *version; /* "docker", "20.10.24"; name NULL: the stack has none */
	char *address, *compose; /* "unix:///var/run/docker.sock"; "docker compose 2.29.7" */
	bool away,
		was_away; /* it cannot be reached: containers are as they were last heard of; `was_away` before the last change */
	int64_t away_ms; /* monotonic: since when, as it was heard; 0: it is not */
	char *why; /* why not; NULL: it can */
	char *untold_why; /* why containers are told off after a yes; NULL: they are not */
};

struct view;
/* Figures of `unit` have changed; NULL, once behind them all: those of upfront itself, and the line is taken in. */
typedef void view_usage_changed(void *context, const struct view *view, const struct view_unit *unit);

struct view {
	struct view_unit *units;
	size_t count;
	char phase[16]; /* "" until the first line */
	char *project, *app, *app_version, *dir, *open; /* NULL: not known, or none */
	char consent_state[8], consent_reason[24]; /* "on", "off" and the stable word of why; "": not known */
	char *consent_text; /* the same in words */
	int64_t begin_ms; /* wall clock: when the start began; 0: not known */
	int64_t up_after_ms; /* from then; -1: it was not up yet */
	/* How long the last starts took, the oldest first; this one is the last of them once it is up. */
	int64_t starts_ms[VIEW_STARTS_MAX];
	size_t start_count;
	struct view_usage usage; /* of the supervisor; `processes` is never known */
	view_usage_changed *usage_changed; /* set after view_init; gets the context of view_feed. NULL: nobody asks */
	struct view_engine engine;
	struct err failure;
	pid_t supervisor_pid; /* 0: not known */
	char *failed_unit; /* name of the unit the failure is about; NULL: none */
	char *line; /* what has come of the next line */
	size_t line_bytes;
};

/* What a line changed: `unit` NULL: the stack (or all of it, by a snapshot). Never called for figures. */
typedef void view_changed(void *context, const struct view *view, const struct view_unit *unit);

void view_init(struct view *self);
void view_finish(struct view *self);

/* Takes bytes of the event stream; calls `changed` for each complete line. -EPROTO for what is no such stream. */
int view_feed(struct view *self, const char *bytes, size_t size_bytes, view_changed *changed, void *context);

/* Takes the answer of GET /v1/services. */
int view_take_services(struct view *self, const char *answer, struct err *err);

const struct view_unit *view_find(const struct view *self, unsigned id);

/* The unit of this name; `name` may be NULL. */
const struct view_unit *view_find_name(const struct view *self, const char *name);

/* Something of it runs now, whether that is a process of this machine or not. */
bool view_unit_runs(const struct view_unit *unit);

/* True when its last run ended by SIGKILL. */
bool view_unit_was_killed(const struct view_unit *unit);

/* True when the stack is in this phase. */
bool view_is(const struct view *self, const char *phase);

/* What an answer with an error status says, put into `err`; `answer` may be anything. */
void view_take_error(const char *answer, int status, struct err *err);

#endif
