/* SPDX-License-Identifier: MIT */
/*
 * The stack file that `upfront init` writes: commented, from what lies in a folder. The first of these counts, in the order in which a stack
 * file is looked for: a Compose file (it is included), a Procfile (its lines become services), a package.json (its script `dev`, else `start`),
 * else an example. Executes nothing, and takes all of them as hostile: what they say stands in quotes, or not at all.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_INIT_TEXT_H
#define UPFRONT_LAUNCHER_COMMAND_INIT_TEXT_H

#include <stddef.h>

struct err;

struct init_text {
	char *text; /* YAML */
	const char *from; /* name of the file it comes from; NULL: the example */
	char **services; /* their names */
	size_t service_count;
};

/* ERR_CONFIG when a file is there and cannot be used. Finish it also after failure. */
int init_text_make(const char *dir, struct init_text *self, struct err *err);
void init_text_finish(struct init_text *self);

#endif
