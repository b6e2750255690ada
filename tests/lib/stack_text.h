/* SPDX-License-Identifier: MIT */
/*
 * A stack made from text, for tests that ask what becomes of it. The text counts as /app/stack.yaml; the environment is only what the
 * test gives.
 */
#ifndef UPFRONT_TESTS_LIB_STACK_TEXT_H
#define UPFRONT_TESTS_LIB_STACK_TEXT_H

#include "config/stack.h"

struct stack_text {
	struct stack_source *source;
	struct stack *stack; /* NULL after an error */
	char *errors; /* as a person reads them; "" when there are none */
	char *warnings;
};

struct stack_text_options {
	const char *const *environment; /* "NAME=value", NULL-terminated; NULL: empty */
	const char *const *services; /* named on the command line */
	const char *const *profiles;
	const struct strmap *overrides;
	const char *project;
	bool mask_secrets;
};

/* `options` may be NULL. */
void stack_text_resolve(struct stack_text *self, const char *yaml, const struct stack_text_options *options);
void stack_text_finish(struct stack_text *self);

/*
 * What stands at "services/web/ports/0/target" of a tree: its text, "null", "{}" with the keys of a map, "[]" with the texts of a
 * list (both separated by spaces, "..." for what is no text), or "(none)". Valid until the next call.
 */
const char *stack_text_at(const struct node *root, const char *path);

/* Fails, showing them, unless the errors hold `text`, or there are none when `text` is "". */
void stack_text_assert_error(const struct stack_text *self, const char *text);
/* The same without failing at once: says what differs and returns false, so that a table is gone through to its end. */
bool stack_text_has_error(const struct stack_text *self, const char *text);
/* The service, which must be there. */
const struct service *stack_text_service(const struct stack_text *self, const char *name);

#endif
