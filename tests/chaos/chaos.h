/* SPDX-License-Identifier: MIT */
/*
 * Chaos: a stack of twelve services, run by the real program, to which anything happens at random - through the control API, by commands,
 * by signals to its processes - while it is watched from outside: by /proc and by what the API says. Each run is one cmocka case made from
 * one seed; what it does is the same each time, when things happen is not.
 *
 *   chaos          runs, their beginning and their end
 *   chaos_stack    the services, who depends on whom, and the stack file that says so
 *   chaos_actions  the table of what can happen
 *   chaos_view     what is seen from outside, and what must hold of it
 *
 *     make chaos RUNS=1000 SEED=7
 *     CHAOS_TELL=1 build/release/tests/chaos/chaos     tells of each run what happened, not only of one that fails
 *
 * What must hold after each step (chaos_holds), under a deadline, since things are under way:
 *   - every process with the stack's marker belongs to a service of which the API says that something runs;
 *   - no service has more main processes than replicas, and each of them is one that the API names;
 *   - a unit that is stopped, completed, failed, waiting or in back-off has no process;
 *   - pids of the API are alive, and children of the supervisor;
 *   - nobody restarts more often than something happened to it.
 * And of each single change, as the event stream tells it: a unit starts only while all it depends on is as promised.
 * After the end, whatever way: no process of the stack after 2 s, and no socket.
 */
#ifndef UPFRONT_TESTS_CHAOS_H
#define UPFRONT_TESTS_CHAOS_H

#include "launcher/client/ctl_client.h"
#include "tests/lib/run.h"
#include "tests/lib/stack_procs.h"
#include "tests/lib/world.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CHAOS_UNITS_MAX 32
#define CHAOS_PROCESSES_MAX 256
#define CHAOS_STREAMS_MAX 6
#define CHAOS_LOG_MAX 128
#define CHAOS_DEADLINE_MS 10000

struct chaos_dependency {
	const char *service; /* NULL: end of the list */
	const char *condition;
	bool optional;
};

struct chaos_service {
	const char *name;
	int replicas;
	bool keeps; /* never stopped for good, so that the stack has no reason to end by itself */
	bool restless; /* ends by itself all the time */
	struct chaos_dependency depends_on[4];
	const char *body; /* the rest of it in the stack file, a line each */
};

struct chaos_unit {
	unsigned id;
	char name[32], service[32], state[16];
	pid_t pid; /* 0: none */
	int restarts;
	bool wanted, settled;
};

struct chaos_api {
	char phase[16];
	pid_t supervisor;
	struct chaos_unit units[CHAOS_UNITS_MAX];
	size_t count;
};

struct chaos {
	uint64_t seed, random;
	struct world world;
	bool detached, passed;
	struct run terminal; /* `upfront up` in the foreground */
	bool has_terminal;
	int64_t began_ms;
	struct ctl_client client;
	bool has_client;
	struct ctl_stream *events; /* followed to the end of the run */
	char events_text[1 << 20];
	size_t events_bytes;
	struct chaos_api followed; /* as the event stream tells it */
	struct ctl_stream *streams[CHAOS_STREAMS_MAX]; /* clients that come and go */
	unsigned edition; /* of the stack file */
	const struct chaos_service *absent; /* not in this edition; NULL: all are there */
	size_t upsets; /* what may be somebody's reason to restart */
	char log[CHAOS_LOG_MAX][160];
	size_t log_count;
	char *answer; /* the API's last one */
	char flaw[512]; /* what does not hold; "": all does */
};

/* ---- chaos_stack ---- */

extern const struct chaos_service chaos_services[];
extern const size_t chaos_service_count;
const struct chaos_service *chaos_service_find(const char *name);
/* The stack file: without `absent`, and with the edition in the environment of `changed`; both may be NULL. */
void chaos_write_stack(const struct world *world, unsigned edition, const struct chaos_service *changed,
		       const struct chaos_service *absent);

/* ---- chaos_actions ---- */

unsigned chaos_random(struct chaos *self, unsigned below);
__attribute__((format(printf, 2, 3))) void chaos_log(struct chaos *self, const char *format, ...);
/* One thing that happens. `gently`: none that may keep the stack from coming up. */
void chaos_act(struct chaos *self, bool gently);
/* Whoever was suspended goes on, what was stopped is started, and all gets well again. */
void chaos_mend(struct chaos *self);

/* ---- chaos_view ---- */

/* Connects to the control socket of the running stack and begins to follow its events. */
void chaos_connect(struct chaos *self);
void chaos_disconnect(struct chaos *self);
/* One call; false when the stack did not answer with one of 2xx. */
bool chaos_call(struct chaos *self, const char *method, const char *target, const char *body);
bool chaos_look(struct chaos *self, struct chaos_api *api);
/* Takes what the event stream has, and fails the test when a unit began though its dependencies were not as promised. */
void chaos_follow(struct chaos *self);
/* Fails the test unless all invariants hold within the deadline. */
void chaos_holds(struct chaos *self);
/* Waits for what pred says of what the API says. */
void chaos_until(struct chaos *self, bool (*pred)(struct chaos *self, const struct chaos_api *api, const void *context),
		 const void *context, const char *waited_for);

#endif
