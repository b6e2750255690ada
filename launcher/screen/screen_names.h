/* SPDX-License-Identifier: MIT */
/* screen_names - a copy of a list of names, ending with NULL. */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_NAMES_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct screen_names {
	char **names;
	size_t count;
};

void screen_names_finish(struct screen_names *self);
/* In place of what was there. Without memory the list is short. */
void screen_names_take(struct screen_names *self, const char *const *names);
bool screen_names_has(const struct screen_names *self, const char *name);

#endif
