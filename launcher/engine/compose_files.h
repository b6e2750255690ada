/* SPDX-License-Identifier: MIT */
/*
 * What the Compose program is given to read. Two ways, chosen once:
 *
 *   own        containers only, and its own files say it all: the user's files as they are (of a file that only includes others and
 *              carries x-upfront, those others), and an override with the telemetry environment and nothing else
 *   generated  one file: what the stack came to, container services only, resolved, `$` escaped, x-upfront taken out, what native
 *              services are to it left out, telemetry environment laid over. Also where this Compose program could not read the user's files
 *              (`include` with version 1, `name`...)
 *
 * Files are written into `dir` (0700) as 0600, by rename; they may hold secrets.
 *
 *   compose_files  which way, written down: files, arguments, environment
 *   compose_own    whether the user's own files can be read as they are
 *   compose_text   the two texts
 *   compose_keys   what version 1 knows
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_COMPOSE_FILES_H
#define UPFRONT_LAUNCHER_ENGINE_COMPOSE_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct compose_cli;
struct err;
struct stack;
struct stack_source;
struct strmap;

struct compose_files {
	bool own;
	char *why; /* of a generated one: "service 'api' runs on this machine" */
	char *left_out; /* of it: keys that this program does not know, "annotations, gpus"; NULL: none */
	char *dir; /* that the Compose program is told it works in */
	char **args; /* what every call begins with: -p, --project-directory, --env-file, -f..., --profile...; ends with NULL */
	/*
	 * For execve, one block: that of the `up`, below it what .env files say of the variables that the stack asks for and of the program's own
	 * settings, above it the telemetry block's variables.
	 */
	char **environment;
	char *override_path; /* or the generated file */
	char *env_path; /* an empty file in place of any .env */
};

struct compose_files_options {
	const struct stack *stack;
	const struct stack_source *source; /* NULL, or forgotten: only a generated file can be had */
	const struct compose_cli *cli;
	const struct strmap *environment; /* of the `up` */
	const struct strmap *telemetry; /* laid over every service's environment */
	const struct strmap *interpolation; /* of these, what the Compose program fills files in with: over all else */
	const char *dir;
	const char *host_variable; /* DOCKER_HOST, or NULL: as it is */
};

/* Only which way, why, and what would be left out: nothing is written, and of the options the first four count. */
int compose_files_choose(const struct compose_files_options *options, struct compose_files *self, struct err *err);
/* Writes what is to be read. ERR_FAILED when it cannot be written. */
int compose_files_write(const struct compose_files_options *options, struct compose_files *self, struct err *err);
/* The files go, too. */
void compose_files_finish(struct compose_files *self);

/* The two texts, for tests and `config`: the caller frees; NULL: out of memory. */
char *compose_override_text(const struct stack *stack, const struct strmap *telemetry);
char *compose_generated_text(const struct stack *stack, const struct strmap *telemetry, int major);

#endif
