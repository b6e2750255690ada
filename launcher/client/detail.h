/* SPDX-License-Identifier: MIT */
/*
 * One unit's story, as GET /v1/services/{name}/detail tells it (openapi.yaml), as plain data. It is checked like any input: what is
 * missing or of the wrong kind is NULL, 0 or not known, lists have a maximum, and texts may hold anything that is UTF-8.
 */
#ifndef UPFRONT_LAUNCHER_CLIENT_DETAIL_H
#define UPFRONT_LAUNCHER_CLIENT_DETAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* A printf format; takes the unit's name, percent-encoded where that is needed. */
#define DETAIL_PATH "/v1/services/%s/detail"
#define DETAIL_ANSWER_MAX (8u * 1024u * 1024u)
#define DETAIL_NEEDS_MAX 1000u
#define DETAIL_NEEDED_BY_MAX 4096u
#define DETAIL_ANSWERS_MAX 16u
#define DETAIL_EXITS_MAX 8u
#define DETAIL_PROCESSES_MAX 64u
#define DETAIL_VARIABLES_MAX 10000u

struct detail_need {
	char *service, *condition; /* "service_healthy"... */
	char *state; /* NULL: nothing of it is there */
	bool met;
};

/* An answer to the probe; equal ones in a row are one. */
struct detail_answer {
	int64_t time_ms; /* wall clock, of the first of them */
	bool ok;
	char *text; /* NULL: it said nothing */
	int count; /* 1 or more */
};

struct detail_exit {
	int64_t time_ms; /* wall clock */
	int code; /* -1: ended by a signal */
	char *signal; /* "SIGKILL"; NULL: it exited */
	int64_t ran_ms;
};

struct detail_process {
	pid_t pid;
	char *name;
	int64_t rss_bytes; /* -1: not known */
};

struct detail_variable {
	char *name, *value; /* of a secret: with stars */
	bool secret;
	bool telemetry; /* upfront laid it over, to tell the answer */
	bool declared; /* the stack file says it */
};

struct detail {
	unsigned id;
	char *name, *service;
	char *service_version; /* NULL: not said */
	char *command, *dir; /* NULL: the engine decides */
	char *user; /* NULL: whoever started the stack */
	char *file; /* where it is declared; NULL: not known */
	int line;
	char *restart; /* "on-failure" */
	int restart_limit; /* 0: none */
	char *stop_signal; /* "SIGTERM" */
	int64_t stop_grace_ms;
	struct detail_need *needs;
	size_t need_count;
	char **needed_by;
	size_t needed_by_count;
	char *probe_kind, *probe_target; /* kind NULL: there is none; the target with its port */
	int64_t probe_interval_ms;
	struct detail_answer *answers; /* the oldest first */
	size_t answer_count;
	struct detail_exit *exits; /* the oldest first */
	size_t exit_count;
	struct detail_process *processes;
	size_t process_count;
	int more_processes; /* that are not listed */
	struct detail_variable *variables;
	size_t variable_count;
	char *log_path; /* NULL: none */
	int64_t log_bytes;
};

void detail_init(struct detail *self);
void detail_finish(struct detail *self);

/*
 * Fills `self`, which is empty, from an answer. -EPROTO (ERR_FAILED) for what is no such answer, -ENOMEM; `self` is empty then.
 */
int detail_read(struct detail *self, const char *answer, size_t size_bytes, struct err *err);

#endif
