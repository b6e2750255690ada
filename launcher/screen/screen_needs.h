/* SPDX-License-Identifier: MIT */
/*
 * screen_needs - which service needs which, as GET /v1/graph tells it, and whether each need is met now, by the states of the units. What is
 * told is checked like any input.
 */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_NEEDS_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_NEEDS_H

#include "ui/model.h"

#include <stddef.h>

#define SCREEN_NEEDS_SERVICES_MAX 10000u
#define SCREEN_NEEDS_EACH_MAX 1000u

struct service_needs {
	char *name;
	struct unit_need *needs;
	char **texts; /* names of those that are needed */
	size_t count;
};

/* Services by name. Zeros: nothing is known. */
struct screen_needs {
	struct service_needs *services;
	size_t count;
};

void screen_needs_finish(struct screen_needs *self);
/* In place of what was known. What is no such answer, or without memory: nothing is known then. */
void screen_needs_take(struct screen_needs *self, const char *answer);
/* Looks each need up in the units' states, and lets the units point at their needs. */
void screen_needs_fill(struct screen_needs *self, struct unit_model *units, size_t count);

#endif
