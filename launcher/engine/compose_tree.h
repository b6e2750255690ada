/* SPDX-License-Identifier: MIT */
/*
 * Inside of compose_files: which of the user's files can be read as they are (compose_own.c), and the tree of the one file that is made where
 * they cannot (compose_text.c).
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_COMPOSE_TREE_H
#define UPFRONT_LAUNCHER_ENGINE_COMPOSE_TREE_H

#include <stddef.h>

struct compose_files_options;
struct node;
struct pool;
struct stack;
struct strmap;

/* How containers reach native services, and what an engine takes for this machine's address. */
#define COMPOSE_HOST_NAME "host.docker.internal"
#define COMPOSE_HOST_ADDRESS "host-gateway"

/* `left_out`: keys that version 1 does not know; all in the pool. */
struct node *compose_generated_tree(struct pool *pool, const struct stack *stack, const struct strmap *telemetry,
				    int major, const char **left_out);

struct compose_own {
	const char **paths; /* absolute */
	size_t count;
	const char *dir; /* that relative paths in them mean */
};
/* NULL when they can be read as they are, else why not; all in the pool. */
const char *compose_own_find(struct pool *pool, const struct compose_files_options *options, struct compose_own *self);

/* A variable that the stack asks for and its environment does not give as it is: the Compose program reads it itself. NULL: none. */
const char *compose_kept_back(const struct compose_files_options *options);

#endif
