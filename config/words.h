/* SPDX-License-Identifier: MIT */
/*
 * A command line as text, split into words by the quoting rules of the shell, as Compose does it. Nothing is expanded.
 */
#ifndef UPFRONT_CONFIG_WORDS_H
#define UPFRONT_CONFIG_WORDS_H

#include <stddef.h>

struct pool;

#define WORDS_MAX 4096u

struct words {
	const char *const *argv; /* ends with NULL; in the pool */
	size_t count;
	const char *
		operator_word; /* first unquoted word that only a shell would understand ("&&", "|", ">"...), or NULL */
};

/* Returns 0, or -EINVAL with *problem saying what is wrong (constant text). */
int words_split(struct pool *pool, const char *text, struct words *words, const char **problem);

#endif
