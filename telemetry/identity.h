/* SPDX-License-Identifier: MIT */
/*
 * Who an event is from: a random number. `identity: run` makes a new one each start; `identity: install` keeps
 * one in the app's state folder (0600), made after a yes and removed by a no.
 */
#ifndef UPFRONT_TELEMETRY_IDENTITY_H
#define UPFRONT_TELEMETRY_IDENTITY_H

#include "telemetry/id.h"

#include <stdbool.h>

struct stack;

/* The kept id, if the stack keeps one and it exists; -ENOENT otherwise. Writes nothing. */
int identity_find(const struct stack *stack, char id[ID_BYTES]);

/*
 * After a yes only: the id of this run; `may_keep` lets it be written down. An id that cannot be kept serves
 * for this run.
 */
void identity_make(const struct stack *stack, bool may_keep, char id[ID_BYTES]);

#endif
