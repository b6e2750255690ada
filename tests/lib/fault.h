/* SPDX-License-Identifier: MIT */
/*
 * Faults by name: a table of them is a test program. Each is played in a world of its own on the built programs; what makes calls
 * fail is the shared object of tests/faults/shim.c, and a fault that was set and never hit fails its case.
 */
#ifndef UPFRONT_TESTS_LIB_FAULT_H
#define UPFRONT_TESTS_LIB_FAULT_H

#include "tests/lib/world.h"

#include <stdbool.h>
#include <stddef.h>

struct run;
struct fault_scene;

/* Bits of fault_case.ends: how the faulty start may end. */
#define ENDS_WELL 1u /* 0 */
#define ENDS_FAILED 2u /* 1 */
#define ENDS_CONFIG 4u /* 3 */
#define ENDS_MISSING 8u /* 4 */
#define ENDS_NO_STACK 16u /* 6 */
#define ENDS_INTERNAL 32u /* 70, with a message */
#define ENDS_TIMED_OUT 128u /* 5 */
#define ENDS_KILLED 64u /* by SIGKILL */

struct fault_case {
	const char *name, *injected, *expected; /* one line of the table that `make faults` prints */
	void (*play)(struct fault_scene *scene);
	unsigned ends;
	int variant; /* whatever play wants to be told */
	const char *fault; /* for the shim; what play does with it is its own business */
};
/* A row of a table; what is left out is 0. */
#define FAULT(NAME, INJECTED, EXPECTED, PLAY, ...)                                                          \
	{                                                                                                   \
		.name = (NAME), .injected = (INJECTED), .expected = (EXPECTED), .play = (PLAY), __VA_ARGS__ \
	}

struct fault_scene {
	struct world world;
	const struct fault_case *fault;
};

/* Runs the table (those whose names fit the pattern argv[1], if given); the result is main's. */
int fault_main(const struct fault_case *table, size_t count, int argc, char **argv);
/* False in the short form, FAULTS=quick: sweeps leave most of their steps out. */
bool fault_full(void);

/* What programs started from now on are to meet, as tests/faults/shim.c reads it; NULL: nothing. Forgets what was hit. */
void fault_set(struct fault_scene *self, const char *fault);
/* How often the fault with this number in the list was hit so far. */
size_t fault_hits(const struct fault_scene *self, unsigned index);
/* Each of `count` faults was hit; fails naming the first that was not. */
void fault_assert_hit(const struct fault_scene *self, unsigned count);

/* No process and no socket file within 2 s. */
void fault_assert_nothing_left(const struct fault_scene *self);
/* The same, and then a start without faults comes up and ends as if nothing had been. Takes the fault away. */
void fault_assert_recovered(struct fault_scene *self);
/* `upfront ARGS...`, which must end with `code`. */
void fault_upfront(struct fault_scene *self, int code, ...) __attribute__((sentinel));
/* `<stack>/compose.yaml` */
void fault_write_stack(const struct fault_scene *self, const char *text);
/* Waits until `name` (below the stack folder) holds `text`. */
void fault_wait_text(const struct fault_scene *self, const char *name, const char *text);

/* The processes of a running stack, found by going up from the service process whose command line holds `text`. */
struct fault_family {
	pid_t guard, supervisor;
};
struct fault_family fault_family(const struct fault_scene *self, const char *text);
/* A number of /proc/<pid>/status, such as "VmRSS:" in KiB or "PPid:"; -1 when it is not there. */
long fault_status(pid_t pid, const char *name);
/* Waits until a process of the world has `text` in its command line, and returns it. */
pid_t fault_wait_process(const struct fault_scene *self, const char *text);

/* The program ended in one of the ways that `ends` lists; an error has exactly one message. */
void fault_assert_end(const struct run *run, unsigned ends);

#endif
