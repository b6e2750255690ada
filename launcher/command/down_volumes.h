/* SPDX-License-Identifier: MIT */
/* `down --volumes` of a project that does not run: its end took its containers along, and left their volumes. */
#ifndef UPFRONT_LAUNCHER_COMMAND_DOWN_VOLUMES_H
#define UPFRONT_LAUNCHER_COMMAND_DOWN_VOLUMES_H

#include <stdbool.h>

struct err;
struct project;
struct strmap;

/* False where no service of its stack, as far as that is known, runs in a container. */
bool down_has_volumes(const struct project *project);
/*
 * Removes the volumes that carry the project's label, and names each on stderr unless `quiet`. Stands still. ERR_MISSING when the engine cannot
 * be asked, ERR_FAILED for each volume that stays.
 */
int down_volumes(const struct project *project, const struct strmap *environment, bool quiet, struct err *err);

#endif
