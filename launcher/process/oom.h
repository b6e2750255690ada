/* SPDX-License-Identifier: MIT */
/*
 * Did the kernel end it for want of memory? It kills by SIGKILL, which says nothing of the reason, but it counts. The count is read
 * once at the beginning, and again only when a process was killed by a SIGKILL that is not ours: nothing else ever costs anything.
 *
 * The count is that of our own memory control group, which services share unless they leave it: memory.events (version 2) or
 * memory.oom_control (version 1), else that of the machine (/proc/vmstat). A kill is put down to one death, for a second at most
 * once it has been noticed: so several services that end together are all told apart. What the count cannot tell is whom it was
 * for: if the kernel ended a child that a service had started, the next SIGKILL of unknown origin passes for its work.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_OOM_H
#define UPFRONT_LAUNCHER_PROCESS_OOM_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Where to look; NULL members: the machine's own. For tests. */
struct oom_sources {
	const char *groups; /* /proc/self/cgroup */
	const char *group_root; /* /sys/fs/cgroup */
	const char *vmstat; /* /proc/vmstat */
};

struct oom {
	char path[PATH_MAX]; /* the file with the count; "": nothing counts here */
	int64_t seen; /* the count when last read */
	int64_t unclaimed; /* kills noticed then that no death has been put down to */
	int64_t looked_ms;
};

void oom_init(struct oom *self, const struct oom_sources *sources);
/* A process was ended by a SIGKILL that nobody here sent: true when it was the kernel's, for memory. */
bool oom_claim(struct oom *self, int64_t now_ms);

#endif
