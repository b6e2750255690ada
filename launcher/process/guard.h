/* SPDX-License-Identifier: MIT */
/*
 * The guard: parent of the supervisor, asleep until that ends. When the supervisor is gone - whatever the way - the guard ends and
 * reaps every descendant that is left (it is a subreaper, so all become its children), removes the socket file, sees to what is left
 * elsewhere (guard_options.finish), and ends with the supervisor's exit code; with 1 when a signal ended the supervisor, with 70 when that signal says that it crashed.
 *
 * Who learns of whose death, and what is expected of whom:
 *   guard        of the supervisor: it is the parent. It need not know of the terminal: the leash tells the supervisor.
 *   supervisor   of the guard: guard_options.guard_fd becomes readable, and SIGTERM comes (parent-death signal). It is to take the stack
 *                down within 2 s and to call guard_sweep() last, since nobody else may be left.
 *   terminal     of the guard: child.pidfd becomes readable. Reaped with the exit code of a supervisor that ended well before, it
 *                has nothing to do; after a guard that was killed it gives the supervisor a moment and calls guard_sweep().
 *
 * Guard and supervisor are in a session of their own, so no key and no hang-up of a terminal reaches them. The guard passes
 * SIGTERM on to the supervisor and is deaf to every other signal that can be blocked.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_GUARD_H
#define UPFRONT_LAUNCHER_PROCESS_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

struct child;
struct err;
struct proc_list;

struct guard_options {
	const char *socket_path;
	const int
		*keep; /* descriptors the supervisor needs; all others but 0-2 are closed in the guard, ends with -1 */
	int (*supervise)(void *context); /* body of the supervisor process; its result is the exit code */
	void *context;
	/* NULL, or what the guard does after its sweep: ends what is left of the stack and is no process of this machine. */
	void (*finish)(void *context);
	int detached; /* standard streams become /dev/null, the current folder / */
	int *guard_fd; /* NULL, or where the supervisor finds a pidfd of the guard: set in its process before supervise() */
	/*
	 * NULL, or the path of a program that is left to end by itself, and is known to: the sender, which has up to a second
	 * after the stack's end for what is still unsent. Nobody waits for it.
	 */
	const char *spared_program;
	/*
	 * NULL, or a file that exists while processes of the stack may: made by the caller, removed by the guard as its last act. It is
	 * still there when nobody was left to see that all have gone.
	 */
	const char *running_path;
	/*
	 * NULL, or where the caller gets to know, for its own sweep, which descendants it had before: a program that exec'ed it may have
	 * left it some (`worker & exec upfront up`). The caller finishes the list, also after an error.
	 */
	struct proc_list *strangers;
	int lock_fd; /* > 0: held by the guard too, to its end, so that nobody comes before all is clean; 0: none */
};

/*
 * Forks the guard, which forks the supervisor. The caller becomes a subreaper. *guard is the guard as child of the caller.
 * Returns once the supervisor exists. supervise() begins with no signal blocked, all at their defaults but SIGPIPE
 * and SIGXFSZ, which are ignored; what it returns is the exit code; nothing registered with atexit() runs.
 */
int guard_start(const struct guard_options *options, struct child *guard, struct err *err);

/*
 * For whoever is left: ends every descendant of the calling process (SIGKILL, again and again until /proc shows none),
 * reaps them, removes the socket file (NULL: none). At most limit_ms; what may not be signalled by us is left. Reaps every child of
 * the caller, whatever it was for. True when nothing is left.
 */
bool guard_sweep(const char *socket_path, int limit_ms);

/* What a sweep leaves alone, and does not wait for. */
struct guard_spared {
	const char *program; /* whatever runs it; NULL: none */
	const struct proc_list *strangers; /* these, and all that is below them; NULL: none */
};

/*
 * The same, but for what is spared. What a stranger starts later and leaves without a parent cannot be told from what the stack
 * left, and is ended. True when nothing but the spared is left.
 */
bool guard_sweep_sparing(const char *socket_path, const struct guard_spared *spared, int limit_ms);

#endif
