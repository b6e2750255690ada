/* SPDX-License-Identifier: MIT */
/*
 * Inside spawn: what the parent prepares, what the child works through on borrowed memory, and what it leaves behind
 * when a step fails. The child allocates nothing and calls only what is safe between clone and exec.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_SPAWN_PLAN_H
#define UPFRONT_LAUNCHER_PROCESS_SPAWN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "launcher/process/spawn_users.h"

struct err;
struct spawn_options;

enum spawn_step {
	SPAWN_NONE,
	SPAWN_SESSION,
	SPAWN_STREAMS,
	SPAWN_TERMINAL,
	SPAWN_CLOSE,
	SPAWN_LIMIT,
	SPAWN_DIRECTORY,
	SPAWN_USER,
	SPAWN_DEATH_SIGNAL,
	SPAWN_SIGNALS,
	SPAWN_EXEC
};

/* What the child saw of a file that would not be executed: it looks as the service's user, from its folder. */
enum spawn_flaw {
	SPAWN_FLAW_NONE, /* errno says it all */
	SPAWN_FLAW_ABSENT,
	SPAWN_FLAW_INTERPRETER, /* it is there, what it names to run it is not */
	SPAWN_FLAW_DIRECTORY,
	SPAWN_FLAW_SPECIAL, /* neither file nor folder */
	SPAWN_FLAW_MODE, /* no execute permission */
	SPAWN_FLAW_UNREACHABLE /* a folder on the way may not be searched */
};

/* Descriptors a child can be given: 0, 1, 2 and the kept one. */
#define SPAWN_FDS 4

struct spawn_plan {
	const struct spawn_options *options;
	int fds[SPAWN_FDS]; /* becomes descriptor 0-3; the last may be -1 */
	char *const *candidates; /* paths to try in turn, NULL-terminated */
	struct spawn_user user;
	pid_t parent;
	bool only_looks; /* nothing is executed: a program that could be is as good as one that was */
	bool directory_pending; /* the folder could not be entered before the user was changed */

	enum spawn_step failed; /* SPAWN_NONE: the program runs */
	int error; /* errno of that step */
	enum spawn_flaw flaw;
	size_t which; /* index of the candidate or of the ulimit */
};

/* Entry of the child, for clone(); returns only to fail. */
int spawn_child_main(void *plan);

/* Puts the plan's failure into words; returns its -errno. */
int spawn_explain(const struct spawn_plan *plan, struct err *err);

#endif
