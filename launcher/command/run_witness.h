/* SPDX-License-Identifier: MIT */
/*
 * Whether a signal was sent to this process alone or to its whole process group, which the kernel does not tell: a small process in the
 * same group that does nothing but say which signals it gets. `kill %1` in a shell goes to the group, and a command that
 * got it twice would take that for two.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_RUN_WITNESS_H
#define UPFRONT_LAUNCHER_COMMAND_RUN_WITNESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RUN_WITNESS_MAX 16u

/* A signal that somebody sent, as the witness saw it. */
struct run_witnessed {
	int signal;
	pid_t sender;
	int64_t seen_ms; /* monotonic */
};

struct run_witness {
	pid_t pid; /* -1: there is none, and every signal was for us alone */
	int fd;
	struct run_witnessed seen[RUN_WITNESS_MAX]; /* and not asked for yet */
	size_t count;
};

/* `taken`: the signals of interest, blocked in this process. */
void run_witness_start(struct run_witness *self, const sigset_t *taken);
/* Ends it without waiting for that; returns the process that the caller has to reap, -1: none. */
pid_t run_witness_dismiss(struct run_witness *self);
/* True when the witness got the same one from the same sender; waits a moment for it to say so. */
bool run_witness_saw(struct run_witness *self, const siginfo_t *info);

#endif
