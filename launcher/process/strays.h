/* SPDX-License-Identifier: MIT */
/*
 * Who is below us, asked often. A subreaper becomes the parent of whatever loses its own, so the kernel's lists of children
 * (/proc/PID/task/TID/children) tell what a unit, or a whole stack, has left behind, at a cost that does not grow with the
 * machine; where the kernel was built without them, a walk of all of /proc does. A list read while processes come and go may
 * miss one: whoever must be sure reads again.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_STRAYS_H
#define UPFRONT_LAUNCHER_PROCESS_STRAYS_H

#include "launcher/process/descendants.h"

#include <stdbool.h>

/* No unit is followed beyond this many processes; the guard's sweep knows no limit. */
#define STRAYS_MAX 16384u

/*
 * Adds the children of this process to the list, by pid alone and with zombies: see strays_identify. Where the kernel has no lists
 * of children: all descendants. 0 or -errno.
 */
int strays_children(struct proc_list *list);

/* Adds every living descendant of `root`, without itself. 0 or -errno. */
int strays_below(pid_t root, struct proc_list *list);

/* Fills in the start time of the process with this pid; false when it is gone or a zombie. */
bool strays_identify(struct proc_id *id);

bool strays_contain(const struct proc_list *list, const struct proc_id *id);

#endif
