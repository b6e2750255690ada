/* SPDX-License-Identifier: MIT */
/*
 * One project as the commands see it: the stack that the global options name, its name, and its state folder with the lock that
 * says whether it runs. The lock is a flock on <state>/lock, held by every process of a running stack; beside it `folder` keeps the
 * stack folder's real path and `socket` the control socket's, which the runtime folder of a later command need not agree on.
 * `running` is there from before the first process of a run until its guard has seen the last one go: found with a free
 * lock it says that nobody was left to clear up.
 */
#ifndef UPFRONT_LAUNCHER_PROJECT_H
#define UPFRONT_LAUNCHER_PROJECT_H

#include "launcher/client/ctl_client.h"

#include <stdbool.h>
#include <sys/types.h>

struct cli_context;
struct command_report;
struct err;
struct stack;
struct stack_source;
struct strmap;

struct project {
	char *name;
	struct stack_source *source; /* NULL when only the name is known */
	struct stack *stack; /* likewise */
	char *state_dir;
	char *option; /* see project_option; NULL: none */
	const char *const
		*named; /* services named on the command line: set before project_load, not owned; NULL: none */
	struct command_report *report; /* of the command that found or loaded it; NULL: none */
	const struct strmap *environment; /* of the command that found or loaded it; NULL: none */
	bool only_looks; /* set before project_load: what an earlier run left is not ended */
	int lock_fd; /* -1: not held */
};

/* Everything zero and harmless, so that project_finish can follow at any time. */
void project_init(struct project *self);
void project_finish(struct project *self);

/* Finds and reads the stack's files; project_load goes on from there. For what must be known before the stack can be resolved. */
int project_open(struct project *self, const struct cli_context *context, struct err *err);
/* Forgets them again: what they said, or .env, has changed. */
void project_close(struct project *self);

/* Reads and resolves the stack; prints its warnings to stderr unless -q. This and project_find: see project_sweep. */
int project_load(struct project *self, const struct cli_context *context, struct err *err);

/*
 * Finds out the name only: by -p, else from the stack file, else - when the file cannot be used - from a running project
 * of the current folder. For commands that must work on a running stack whatever its file says by now.
 */
int project_find(struct project *self, const struct cli_context *context, struct err *err);

/*
 * Takes the lock of a project about to start, makes the state folder, ends what an earlier run left behind, and notes folder
 * and socket. A running one: ERR_MISSING naming where it runs from.
 */
int project_lock(struct project *self, const char *socket_path, struct err *err);

/* What a command line that is to mean this project again has behind `upfront`: "", or " -p NAME" when it was named like that. */
const char *project_option(const struct project *self);

/* True while some process of the project holds the lock. */
bool project_is_running(const struct project *self);
/* The same of a name alone. */
bool project_name_is_running(const char *name);
/* True while an `up` holds the lock that has started nothing yet: its question is not answered. */
bool project_is_asked(const struct project *self);

/* True when what runs under this name was started from this stack's folder. */
bool project_is_from_here(const struct project *self);

/* Waits until nobody holds the lock, at most limit_ms; then ERR_TIMEOUT. */
int project_wait_unlocked(const struct project *self, int limit_ms, struct err *err);

/*
 * The end of one run, whoever takes the lock after it: a descriptor that becomes readable when all of it has ended, for the
 * run whose supervisor this is; the caller closes it. -errno when it has ended already.
 */
int project_watch_run(pid_t supervisor);
/* Waits for that, at most limit_ms; then ERR_TIMEOUT. */
int project_wait_run(const struct project *self, int watch_fd, int limit_ms, struct err *err);

/*
 * To be called with the lock, before the first process is started. *path: what the guard is to remove; the caller frees it. Why the
 * last run ended is forgotten.
 */
int project_mark_running(const struct project *self, char **path, struct err *err);
/* Why the last run failed, in its supervisor's words; NULL: it did not, or nobody could say. The caller frees. */
char *project_last_end(const struct project *self);

/*
 * When a run was left unfinished and nothing runs now: ends the processes that carry the project's marker, with all they started,
 * names them in a line on stderr, and returns how many they were. Containers of it are ended, too (project_containers.c); an engine that
 * cannot be asked for that is one more line.
 */
int project_sweep(const struct project *self);

/* project_containers.c: with the lock, or while nobody has it. */
bool project_has_containers(const struct project *self);
void project_end_containers(const struct project *self);

/* Value of UPFRONT_STACK in every service's environment: the same for each run with this state folder. The caller frees. */
char *project_marker(const struct project *self);

/* A client of the running stack; ERR_NOT_RUNNING when nothing runs. */
int project_connect(const struct project *self, struct ctl_client *client, struct err *err);

#endif
