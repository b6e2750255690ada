/* SPDX-License-Identifier: MIT */
/*
 * A command that looks at the running stack until something has come about: project, client and event stream in one, stepped by the
 * command. The first step returns with the snapshot taken in, so that names can be checked against what runs.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_WATCH_H
#define UPFRONT_LAUNCHER_COMMAND_WATCH_H

#include "launcher/client/view.h"
#include "launcher/client/ctl_client.h"
#include "launcher/project.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCH_CALL_MS 10000

struct cli_context;
struct ctl_stream;
struct err;

struct watch {
	const struct cli_context *context;
	struct project project;
	struct ctl_client client;
	struct ctl_stream *events;
	struct view view;
	view_changed *changed; /* called for every change from the first snapshot on; may be NULL */
	void *changed_context;
	bool screen; /* it feeds one: see ctl_client */
	int usage_ms; /* figures come too, so often; 0: none */
	int64_t deadline_ms; /* monotonic; 0: none */
	int signal_fd; /* SIGINT, SIGTERM and SIGHUP, when they are asked for; -1: they end the command */
	bool seen; /* the snapshot is there */
};

/* Everything zero and harmless, so that watch_finish can follow at any time. */
void watch_init(struct watch *self, const struct cli_context *context);
void watch_finish(struct watch *self);

/* Finds the running stack and waits for its snapshot. ERR_NOT_RUNNING when nothing runs; -EINTR, no error, for a signal that is taken. */
int watch_open(struct watch *self, struct err *err);
/* From here on Ctrl-C ends the watching only: watch_step returns -EINTR. */
int watch_take_signals(struct watch *self, struct err *err);

/* Waits for what comes next: > 0 news, 0 the stream is over, -ETIMEDOUT, -EINTR, other -errno with `err` set. */
int watch_step(struct watch *self, struct err *err);
/* Waits for at most limit_ms, for commands that look again at times: > 0, 0 or -errno as watch_step, -EAGAIN when time is up. */
int watch_step_until(struct watch *self, int64_t until_ms, struct err *err);
/* Takes what is there without waiting: > 0 news, 0 the stream is over, -EAGAIN, other -errno with `err` set. */
int watch_read(struct watch *self, struct err *err);
/*
 * As watch_step, and > 0 also when time alone changes something: a unit counts as ready by now, or is slow to stop (slow_stop.h), or it is at_ms
 * (monotonic; 0: never).
 */
int watch_step_settling(struct watch *self, int64_t at_ms, struct err *err);

/* Every name is one of the running stack, else ERR_USAGE with the nearest. `names` may be NULL. */
int watch_check_names(const struct watch *self, const char *const *names, struct err *err);
/* True when `unit` is meant by `names`: a service stands for all its replicas, "web-2" for one; none named: all. */
bool watch_is_meant(const char *const *names, const struct view_unit *unit);

/* Where to read what a unit that has failed wrote, unless it never ran. */
void watch_hint_logs(const struct watch *self, const struct view_unit *unit, struct err *err);

/* A request with a JSON answer, which the caller deletes; NULL with `err` set, also for an error the supervisor tells. */
struct cJSON *watch_call(const struct ctl_client *client, const char *method, const char *target, const char *body,
			 struct err *err);

/* Ready, or without a probe and running long enough to be taken for it (SUPERVISOR_SETTLE_MS), or well completed. */
bool view_unit_is_settled(const struct view_unit *unit);
/* True when it has ended and will not start by itself. */
bool view_unit_has_ended(const struct view_unit *unit);
/* Its exit code as a shell has it, 128 + n for a signal; 0 when it never ran, 1 when it could not be started. */
int view_unit_exit_code(const struct view_unit *unit);

#endif
