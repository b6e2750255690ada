/* SPDX-License-Identifier: MIT */
/*
 * The guard: parent of the supervisor, sleeping on its pidfd. When the supervisor is gone - whatever the way - the guard ends and
 * reaps every descendant that is left (it is a subreaper, so all become its children), removes the socket file, and ends with the
 * supervisor's exit code. While the terminal lives the guard also watches the leash: terminal and supervisor may die at once.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_GUARD_H
#define UPFRONT_LAUNCHER_PROCESS_GUARD_H

#include <sys/types.h>

struct child;
struct err;

struct guard_options {
	const char *socket_path;
	const int
		*keep; /* descriptors the supervisor needs; all others but 0-2 are closed in the guard, ends with -1 */
	int (*supervise)(void *context); /* body of the supervisor process; its result is the exit code */
	void *context;
	int detached; /* leave terminal, session and standard streams */
};

/*
 * Forks the guard, which forks the supervisor. The caller becomes a subreaper. *guard is the guard as child of the caller.
 * Each of the three learns of the others' death through descriptors, never by polling.
 */
int guard_start(const struct guard_options *options, struct child *guard, struct err *err);

/*
 * For whoever is left: ends every descendant of the calling process (SIGKILL, again and again until /proc shows none),
 * reaps them, removes the socket file. At most limit_ms.
 */
void guard_sweep(const char *socket_path, int limit_ms);

#endif
