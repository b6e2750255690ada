/* SPDX-License-Identifier: MIT */
/*
 * What a unit's processes leave behind. We are a subreaper, so whatever loses its parent becomes our child: the kernel's lists of
 * children (/proc/PID/task/TID/children) tell it at a cost that does not grow with the machine; where the kernel was built
 * without them, a walk of all of /proc does.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_STRAYS_H
#define UPFRONT_LAUNCHER_ENGINE_STRAYS_H

#include "launcher/process/descendants.h"

#include <stdbool.h>

/* No unit is followed beyond this many processes; the guard's sweep knows no limit. */
#define STRAYS_MAX 16384u

/* Adds the children of this process to the list, by pid alone and with zombies: see strays_identify. 0 or -errno. */
int strays_children(struct proc_list *list);

/* Adds every living descendant of `root`, without itself. 0 or -errno. */
int strays_below(pid_t root, struct proc_list *list);

/* Fills in the start time of the process with this pid; false when it is gone or a zombie. */
bool strays_identify(struct proc_id *id);

bool strays_contain(const struct proc_list *list, const struct proc_id *id);

/* True when the process was started with `marker` ("NAME=value") in its environment, as far as it can still be read. */
bool strays_is_marked(pid_t pid, const char *marker);

#endif
