/* SPDX-License-Identifier: MIT */
/*
 * What trees of processes use, measured again and again. To read /proc for each process of the machine every time is dear, and most
 * processes are at rest: one whose CPU clock has not moved has not run, so it uses what it used, and has started nobody. Only those that
 * have run are read again, and new ones are looked for only when one of them has run and the kernel has given out a new pid since.
 * Every PROC_WATCH_WHOLE_MS all is read anew, for what changes without running: memory that the kernel takes back.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_PROC_WATCH_H
#define UPFRONT_LAUNCHER_PROCESS_PROC_WATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_watch;

#define PROC_WATCH_WHOLE_MS 30000

/* Of a process, its descendants and what else is of the session it leads, as proc_usage. */
struct proc_watch_usage {
	int64_t rss_bytes;
	int64_t cpu_us; /* falls when a descendant ends whose time nobody inherits */
	int processes;
};

/* NULL: no memory, or no /proc. */
struct proc_watch *proc_watch_create(void);
void proc_watch_destroy(struct proc_watch *self);

/* usages[i] is that of roots[i], all zero when it is not there (0: none asked). 0 or -errno, and then nothing is said. */
int proc_watch_measure(struct proc_watch *self, const pid_t *roots, size_t count, int64_t now_ms,
		       struct proc_watch_usage *usages);

/* How many files of /proc were read in all: for tests, which cannot see what was not done. */
size_t proc_watch_reads(const struct proc_watch *self);

#endif
