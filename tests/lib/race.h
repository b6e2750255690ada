/* SPDX-License-Identifier: MIT */
/*
 * A supervisor under the stop-watch: it runs in the foreground over some services, each tests/helpers/reporter, which tell by
 * a FIFO that they run. Nothing polls while something is timed: starts are taken from the services' own records, the last end from
 * the hang-up of the FIFO, the supervisor's end from its pidfd.
 */
#ifndef UPFRONT_TESTS_LIB_RACE_H
#define UPFRONT_TESTS_LIB_RACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RACE_PATH_MAX 512
#define RACE_DEADLINE_MS 60000

struct world;

struct race {
	const struct world *world;
	char fifo[RACE_PATH_MAX], reporter[RACE_PATH_MAX]; /* the command of every service is: reporter fifo */
	int fifo_fd;
	pid_t pid; /* of what is raced, 0: none runs */
	int pidfd;
	pid_t *services; /* in the order they reported */
	size_t count;
};

/* What the supervisor costs besides its services. */
struct race_cost {
	int processes;
	long pss_kb;
	long switches; /* voluntary and not */
	int descriptors;
	double cpu_ms;
};

void race_init(struct race *self, const struct world *world);
void race_finish(struct race *self);

/*
 * Starts argv in the stack folder, its streams at /dev/null, and waits for `count` services. Milliseconds from then to
 * the last of them running; -1 when it ended, or took too long (then it is ended).
 */
double race_start(struct race *self, const char *const *argv, size_t count);
/* SIGTERM to it. Milliseconds to its end, -1 when it took too long (then all is killed); *after_last (may be NULL): those since the last service's. */
double race_stop(struct race *self, double *after_last_ms);
/* SIGKILL to a service. Milliseconds until another one runs in its place, -1: none came. */
double race_respawn(struct race *self, size_t index);
/* SIGKILL to all of them at once, then waits for as many; false when they do not come. */
bool race_respawn_all(struct race *self);
/* All processes of this world that are no services. */
void race_measure(const struct race *self, struct race_cost *cost);
/* Kills whatever is left of the world, so that nobody's leftovers cost the next one time. */
void race_clear(struct race *self);

#endif
