/* SPDX-License-Identifier: MIT */
/* Processes of a running stack as /proc shows them, for tests that watch it from outside. */
#ifndef UPFRONT_TESTS_LIB_STACK_PROCS_H
#define UPFRONT_TESTS_LIB_STACK_PROCS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct world;

struct stack_process {
	pid_t pid, parent;
	char name[16]; /* the command's */
	char service[32]; /* TEST_SERVICE of its environment, which the stack file gives each service; "" without */
	char state; /* as in /proc/PID/stat */
};

/* False when there is no such process; a zombie is one. */
bool stack_process_read(pid_t pid, struct stack_process *process);
/* Its parent; 0 when there is no such process, or it is a zombie. */
pid_t stack_process_parent(pid_t pid);
/* Living processes that carry the marker of this world's stack; some programs wipe their environment out, see world_processes. */
size_t stack_processes(const struct world *world, struct stack_process *processes, size_t max);
/* A word in /proc/PID/NAME, terminated; its length, or -1. */
ssize_t stack_process_text(pid_t pid, const char *name, char *text, size_t size_bytes);

/*
 * A network of this process' and its children's own, if we may, with loopback up: nobody else's port is in the way, and ours in
 * nobody's. False: it is the machine's network still.
 */
bool stack_own_network(void);

#endif
