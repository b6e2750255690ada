/* SPDX-License-Identifier: MIT */
/*
 * A program asked for one value of an event ({exec} in the stack file): run without a shell, its first line of output is the
 * value if the program ended well and the line matches the pattern. Nothing is read while it runs: who writes
 * more than a pipe holds has no value to give.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_SOURCE_JOB_H
#define UPFRONT_LAUNCHER_SUPERVISOR_SOURCE_JOB_H

#include <stdbool.h>
#include <sys/types.h>

struct source_job {
	const char *const *argv;
	const char *pattern; /* POSIX extended; NULL: what looks like a version */
	pid_t pid; /* 0: does not run */
	int fd;
	char *value; /* NULL: none */
};

#define SOURCE_JOB(argv, pattern) ((struct source_job){(argv), (pattern), 0, -1, NULL})

/* 0 or -errno. */
int source_job_start(struct source_job *self, char *const *environment, const char *cwd);
/* A child ended; true when it was this one. Takes the value if it ended well. */
bool source_job_reaped(struct source_job *self, pid_t pid, bool well);
/* Too late: kills it, with its group, and gives it up. */
void source_job_cancel(struct source_job *self);
void source_job_finish(struct source_job *self);

#endif
