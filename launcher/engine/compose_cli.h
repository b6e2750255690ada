/* SPDX-License-Identifier: MIT */
/*
 * The program that understands Compose files: `docker compose` (a plugin), `docker-compose`, `podman compose`, whichever is there, in this
 * order; for a Podman endpoint `podman compose`, `docker-compose`, `docker compose`. Which one, and why, is told.
 *
 * Asking one for its version costs up to half a second, so what was found is kept in the state folder for as long as the program is the
 * same file (path, size, time of change); the version counts for messages and for what a file may hold, nothing else.
 *
 *   compose_cli        which one there is
 *   compose_version    its version, asked and kept
 *   compose_run        one run of it
 *   compose_complaint  its lines, and what it complains of
 *
 * What it writes may hold values of variables: whoever shows a line or a complaint masks it (config/secrets.h).
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_COMPOSE_CLI_H
#define UPFRONT_LAUNCHER_ENGINE_COMPOSE_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct docker_endpoint;
struct err;
struct event_base;
struct strmap;

#define COMPOSE_ARGV_MAX 4u
/* docker-compose 1.27 was the first that reads what the Compose Specification says. */
#define COMPOSE_OLDEST "1.27.0"
/* Where what was found is kept, in the state folder. */
#define COMPOSE_CLI_KEPT "compose-program"

struct compose_cli {
	char *argv[COMPOSE_ARGV_MAX]; /* {"/usr/bin/docker", "compose", NULL} */
	char *shown; /* "docker compose" */
	char *version; /* "1.29.2" */
	int major; /* 1: written in Python, reads less */
	char *why; /* "because 'docker compose' is not installed" */
};

/*
 * `cache_path` (NULL: none) is read, and written when something new was found. ERR_MISSING, with the mend: none is installed, or it is too
 * old. Stands still for at most 15 s.
 */
int compose_cli_find(const struct docker_endpoint *endpoint, const struct strmap *environment, const char *cache_path,
		     struct compose_cli *self, struct err *err);
void compose_cli_finish(struct compose_cli *self);

/* ---- One run of it, from a loop ---- */

struct compose_run;

struct compose_run_options {
	struct event_base *base;
	const struct compose_cli *cli;
	const char *const *args; /* behind cli->argv, ends with NULL; copied */
	char *const *environment; /* for execve */
	const char *cwd;
	/*
	 * A line of its standard output or error, without its end, escape sequences taken out, never empty; at most 4 KB. May be NULL. The run
	 * may be stopped from it, not destroyed.
	 */
	void (*line)(void *context, const char *line);
	/*
	 * It ended, or could not be started (why set), and all its lines have been told. Comes once, from the loop; the run may be destroyed from
	 * it. `code`: exit code, or 128 + signal.
	 */
	void (*done)(void *context, int code, const struct err *why);
	void *context;
};
/* NULL: could not be begun (`err`); then `done` does not come. */
struct compose_run *compose_run_start(const struct compose_run_options *options, struct err *err);
/* A child ended: true when it was this one. */
bool compose_run_reaped(struct compose_run *self, pid_t pid, bool signaled, int number);
bool compose_run_is(const struct compose_run *self, pid_t pid);
/* SIGTERM to it (SIGKILL with `hard`); `done` comes when it has ended. */
void compose_run_stop(struct compose_run *self, bool hard);
/* With its process group, silently. NULL is nothing. */
void compose_run_destroy(struct compose_run *self);
/* The last lines that read like an error, one text; "" when there was none. Borrowed. */
const char *compose_run_complaint(const struct compose_run *self);

#endif
