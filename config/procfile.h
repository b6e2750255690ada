/* SPDX-License-Identifier: MIT */
/*
 * A Procfile (`web: bundle exec rails server`) as the tree of the stack file it stands for: each line a native service run by
 * /bin/sh -c, with PORT = 5000 + 100 per line, and the .env file exported to all of them. Nothing in it is interpolated.
 */
#ifndef UPFRONT_CONFIG_PROCFILE_H
#define UPFRONT_CONFIG_PROCFILE_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct node;
struct pool;

#define PROCFILE_LINES_MAX 1000u

/* True when a file of this name is read as a Procfile: "Procfile", "Procfile.dev", "dev.Procfile". */
bool procfile_is_name(const char *path);

/*
 * `env_files` (NULL-terminated, may be NULL) are exported if they exist. Errors carry file, line and column; several are
 * reported.
 */
int procfile_parse(struct pool *pool, const char *file, const char *text, size_t size_bytes,
		   const char *const *env_files, struct node **root, struct err *err);

#endif
