/* SPDX-License-Identifier: MIT */
/*
 * setup_check - the programs that setup questions name under `check`, as the form's checker: run in the stack's folder with the environment of a
 * no (nothing was agreed to yet), the answer as one line on standard input, never in an argument or a variable. Exit code 0: fine. Else the
 * first line it prints says why not: bounded, control characters gone, the answer to a question for a secret as stars.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_SETUP_CHECK_H
#define UPFRONT_LAUNCHER_COMMAND_SETUP_CHECK_H

#include "ui/setup_form.h"

#include <stddef.h>

struct err;
struct inquiry;
struct setup;
struct strmap;

#define SETUP_CHECK_LIMIT_MS 10000

struct setup_check {
	struct setup_checker checker; /* for setup_model; its context is this struct, which must stay where it is */
	const struct setup *setup;
	const size_t *questions; /* by the form's fields */
	char **environment; /* NULL: not made yet */
	const struct strmap *base;
	struct inquiry *inquiry; /* NULL: nothing runs */
	size_t index; /* the question it is about */
	char *answer;
};

/* What it points to must outlive it. */
void setup_check_init(struct setup_check *self, const struct setup *setup, const size_t *questions,
		      const struct strmap *environment);
void setup_check_finish(struct setup_check *self);

/*
 * The first line of `output` that says anything, made harmless, at most size_bytes - 1 bytes of it. `secret` (NULL: none) is starred, line by
 * line; `cut`: there was more output, whose beginning may be the rest of what has to be starred.
 */
void setup_check_words(const char *output, size_t output_size_bytes, bool cut, const char *secret, char *words,
		       size_t size_bytes);

#endif
