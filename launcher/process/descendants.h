/* SPDX-License-Identifier: MIT */
/*
 * Who belongs to us, read from /proc: by parentage, by session, and by a marker variable in the environment for those that
 * left both. Processes are named by pid and start time, so that a reused pid is never taken for its predecessor.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_DESCENDANTS_H
#define UPFRONT_LAUNCHER_PROCESS_DESCENDANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_id {
	pid_t pid;
	uint64_t start_ticks; /* field 22 of /proc/PID/stat */
};

struct proc_list {
	struct proc_id *items;
	size_t count;
};

void proc_list_finish(struct proc_list *self);

/*
 * Every living descendant of `ancestor` (zombies left out; 0: nobody's), and, if `marker` ("NAME=value") is given, every process of our user (for
 * root: of any) with it in its environment, and the descendants of these. The calling process is never among them, nor, for its marker's sake, are those
 * it was started by. The caller finishes the list.
 */
int descendants_find(pid_t ancestor, const char *marker, struct proc_list *list);

/* Those of session `sid` (its leader too), and all their descendants. Used to end what a service left behind. */
int descendants_of_session(pid_t sid, struct proc_list *list);

/*
 * True when the process was started with `marker` ("NAME=value") in its environment, as far as that can still be read: false for
 * zombies and for what is not ours to see.
 */
bool proc_has_marker(pid_t pid, const char *marker);

/* Signals one process if it still is that process; by pidfd. 0 or -errno. */
int proc_signal(const struct proc_id *id, int signal);

/* Waits until it has ended, reaped or not, at most limit_ms. False when it has not. */
bool proc_wait(const struct proc_id *id, int limit_ms);

/* The command name (/proc/PID/comm), zero-terminated into `name`. */
void proc_name(pid_t pid, char *name, size_t size_bytes);

#endif
