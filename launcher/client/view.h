/* SPDX-License-Identifier: MIT */
/*
 * The running stack as a client sees it: the event stream's lines (openapi.yaml) taken in one by one. What the supervisor
 * says is checked like any input: missing members become harmless values, sizes are bounded.
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

struct view_unit {
	unsigned id;
	char *name, *service;
	char state[24], before[24]; /* as svc_state_name gives it; `before` the last change */
	pid_t pid;
	int restarts;
	int64_t uptime_ms, ready_after_ms, backoff_ms; /* -1: not known */
	int64_t settles_ms; /* monotonic: when it has run for SUPERVISOR_SETTLE_MS */
	int64_t changed_ms; /* wall clock of the last change of state */
	int64_t kill_ms; /* monotonic: until then it may take to stop; 0: not known */
	int64_t slow_ms; /* slow_stop's own; 0: it is not stopping */
	int crash_exits; /* of a crash loop; 0: none */
	int64_t crash_within_ms, next_try_ms;
	bool wanted, settled, one_shot, has_probe, has_exited;
	bool passed_over; /* failed, and the start went on without it */
	bool listed; /* view.c's own: the last list had it */
	bool exit_signaled;
	int exit_value; /* code or signal */
	char *probe_kind, *probe_target;
	int probe_attempts;
	char *ports; /* "8080, 5432/udp"; "" when there are none */
	char *why, *open;
	char *status; /* what it says of itself; NULL: nothing */
	int64_t log_bytes_lost;
	char log_trouble[64], log_trouble_before[64]; /* why its log cannot be written; "": it can */
};

struct view {
	struct view_unit *units;
	size_t count;
	char phase[16]; /* "" until the first line */
	char *open;
	struct err failure;
	pid_t supervisor_pid; /* 0: not known */
	char *failed_unit; /* name of the unit the failure is about; NULL: none */
	char *line; /* what has come of the next line */
	size_t line_bytes;
};

/* What a line changed: `unit` NULL: the stack (or all of it, by a snapshot). */
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

/* True when its last run ended by SIGKILL. */
bool view_unit_was_killed(const struct view_unit *unit);

/* True when the stack is in this phase. */
bool view_is(const struct view *self, const char *phase);

/* What an answer with an error status says, put into `err`; `answer` may be anything. */
void view_take_error(const char *answer, int status, struct err *err);

#endif
