/* SPDX-License-Identifier: MIT */
/*
 * What two resolutions of a stack differ in, service by service: what a running stack has to change to become the other. Compared is
 * what takes effect - for a native service the values as they were read, files of `env_file` included - so comments, the order
 * of keys, another way to write the same, and keys a native process does not honour are no difference.
 */
#ifndef UPFRONT_CONFIG_STACK_DIFF_H
#define UPFRONT_CONFIG_STACK_DIFF_H

#include <stdbool.h>
#include <stddef.h>

struct stack;

#define STACK_DIFF_KEYS_MAX 24u

enum stack_difference { STACK_SAME, STACK_CHANGED, STACK_SCALED, STACK_ADDED, STACK_REMOVED };

/* One service. Text belongs to the stacks. */
struct stack_diff_service {
	enum stack_difference kind; /* STACK_SCALED: nothing but the number of replicas */
	const char *name;
	size_t before, after; /* index in each stack; SIZE_MAX: not there */
	const char *keys
		[STACK_DIFF_KEYS_MAX]; /* of the service, as the file spells them, "x-upfront.ready"; ends with NULL */
};

struct stack_diff {
	struct stack_diff_service
		*services; /* those of `after` in its order, index for index, then those that were removed */
	size_t count;
	bool telemetry; /* the telemetry block differs */
};

/* 0 or -ENOMEM. */
int stack_diff_make(struct stack_diff *self, const struct stack *before, const struct stack *after);
void stack_diff_finish(struct stack_diff *self);
/* How many services differ in this way. */
size_t stack_diff_count(const struct stack_diff *self, enum stack_difference kind);

#endif
