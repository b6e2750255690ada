/* SPDX-License-Identifier: MIT */
/*
 * The control group that a container's processes are in: those that were put into a running container (`docker exec`) are nobody's
 * descendants that is known here, but they are in its group. Version 1 and 2 of control groups; a group of a container has its
 * id in its path, whoever made it: /docker/ID, docker-ID.scope, libpod-ID.scope, libpod_parent/libpod-ID.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_CGROUP_H
#define UPFRONT_LAUNCHER_PROCESS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CGROUP_PATH_BYTES 512u

/* Where to look; NULL members: the machine's own. For tests. */
struct cgroup_sources {
	const char *proc; /* /proc */
	const char *group_root; /* /sys/fs/cgroup */
};

/* True when the process is in a group whose path names `id` (hexadecimal digits, all of them). */
bool cgroup_names(const struct cgroup_sources *sources, pid_t pid, const char *id);

/* The file that lists who is in the group that names `id`. 0; -ESRCH: not in such a group; -ENOENT: its list is not to be read here. */
int cgroup_find_list(const struct cgroup_sources *sources, pid_t pid, const char *id, char path[CGROUP_PATH_BYTES]);

/* Who is in it now, sorted. How many, or -errno; -E2BIG: more than `max`. */
ssize_t cgroup_read_list(const char *path, pid_t *pids, size_t max);

#endif
