/* SPDX-License-Identifier: MIT */
/*
 * Inside of the project:
 *
 *   project             the stack and its name; the running stack's address
 *   project_lock        who runs it: the lock, the state folder and the notes in it
 *   project_sweep       what an earlier run has left: processes by their marker
 *   project_containers  the same of containers
 */
#ifndef UPFRONT_LAUNCHER_PROJECT_PARTS_H
#define UPFRONT_LAUNCHER_PROJECT_PARTS_H

#include "launcher/project.h"

/* ---- project_lock.c ---- */

/* The lock file, opened with these flags; -errno, and for one that is not to be trusted *flaw says why (may be NULL). */
int project_open_lock(const struct project *self, int flags, const char **flaw);
/* <state>/running; NULL: out of memory. The caller frees. */
char *project_running_path(const struct project *self);
/* The first line of a file in the state folder; NULL: there is none that is ours. The caller frees. */
char *project_read_file(const struct project *self, const char *file);
/* Writes one line there, by rename. */
int project_write_file(const struct project *self, const char *file, const char *value, struct err *err);

#endif
