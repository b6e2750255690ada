/* SPDX-License-Identifier: MIT */
/*
 * The files behind a stack: found, read, parsed and kept, with the environment they are interpolated from. Files that others
 * name (include, extends) are added when a resolution first needs them.
 *
 * Private to the stack_* files, except for the entry point for text and for who tells whether another program can read the files as they are.
 */
#ifndef UPFRONT_CONFIG_STACK_SOURCE_H
#define UPFRONT_CONFIG_STACK_SOURCE_H

#include "config/err.h"
#include "config/strmap.h"

#include <stdbool.h>
#include <stddef.h>

struct node;
struct pool;
struct stack_options;

#define STACK_FILES_MAX 256u

/* One parsed file. Nothing in it is ever changed: each resolution works on copies. */
struct stack_file {
	struct stack_file *next;
	const char *path; /* absolute */
	const char *shown; /* as messages name it: without the folder we stand in */
	const char *dir; /* the folder it lies in */
	const struct node *root;
	bool procfile; /* not interpolated */
};

struct stack_source {
	struct pool *pool;
	struct pool *trees; /* what the files say */
	const char *start; /* absolute: the folder we stand in */
	const char *dir; /* real path of the first file's folder */
	const char *project; /* -p or COMPOSE_PROJECT_NAME, or NULL */
	const char *const *profiles; /* active ones; NULL-terminated */
	const char *const *services; /* named: in whatever their profiles; NULL-terminated */
	const char *const *env_files; /* what was read into dotenv; NULL-terminated */
	bool env_files_asked; /* by --env-file: a missing one is an error */
	const char *const *paths; /* of `given`; NULL-terminated */
	struct stack_file **given; /* -f, or what was found; later over earlier */
	size_t given_count;
	struct stack_file *files; /* all that were parsed */
	size_t file_count;
	struct strmap environment; /* of the process */
	struct strmap dotenv;
};

/* As stack_source_open, for one file that is only text; `name` is a path whose folder counts as the stack's. */
int stack_source_open_text(const struct stack_options *options, const char *name, const char *text, size_t size_bytes,
			   struct stack_source **source, struct err *err);

/* The parsed file at an absolute path, read at most once. `from` is the place that names it (file NULL: the command line). */
int stack_source_file(struct stack_source *self, const char *path, struct err_place from,
		      const struct stack_file **file, struct err *err);

/* Without the folder we stand in, a path reads as the person would type it. Points into `path`. */
const char *stack_source_shown(const struct stack_source *self, const char *path);

/* A value as interpolation sees it below the overrides: environment, then .env. NULL: unset. */
const char *stack_source_variable(const struct stack_source *self, const char *name);

/* `path` from `dir`, without "." and ".." steps; "~/" is the home folder. In the pool. */
const char *stack_path_join(struct pool *pool, const char *dir, const char *path, const char *home);
/* The folder `path` lies in. In the pool. */
const char *stack_path_dir(struct pool *pool, const char *path);

/* ---- Finding (stack_find.c) ---- */

/*
 * The files of a stack, searched for from the source's start folder upwards: a NULL-terminated array of absolute paths in *paths.
 * Whoever owns a folder above us decides what runs here, so a file found there must lie in safe hands.
 */
int stack_find(struct stack_source *self, const char *const **paths, struct err *err);

#endif
