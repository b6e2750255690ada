/* SPDX-License-Identifier: MIT */
/*
 * One pass over /proc, kept: every process that was there, sorted by pid. Read once, asked often: descendants, sessions and
 * what a tree of processes uses. /proc is no snapshot - a process may be missed while its parent dies - so whoever must
 * be sure reads again.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_PROC_TABLE_H
#define UPFRONT_LAUNCHER_PROCESS_PROC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "launcher/process/descendants.h"

struct proc_entry {
	struct proc_id id;
	pid_t parent, session;
	char state; /* as in /proc/PID/stat: R S D T Z ... */
	int threads;
	uint64_t user_ticks, system_ticks; /* with those of children it has reaped */
	uint64_t child_ticks; /* theirs alone, of both kinds */
	uint64_t rss_pages;
};

struct proc_table {
	struct proc_entry *entries;
	size_t count, capacity;
};

/* What marks say of an entry. */
enum proc_mark { PROC_UNKNOWN, PROC_OUT, PROC_IN };

/* Returns 0 or -errno; `self` need not be initialised, and is to be finished after success. */
int proc_table_read(struct proc_table *self);
void proc_table_finish(struct proc_table *self);

/* NULL when there was no such process. */
const struct proc_entry *proc_table_find(const struct proc_table *self, pid_t pid);

/* Not a zombie - or one whose first thread alone has ended, while others run on. */
bool proc_entry_lives(const struct proc_entry *self);

/* Marks (one an entry): every unknown one becomes IN when a process above it is IN, else OUT. */
void proc_table_spread(const struct proc_table *self, unsigned char *marks);

/* Memory, processor time and number of a process, its descendants and what else is of the session it leads. */
struct proc_usage {
	int64_t rss_bytes;
	int64_t cpu_user_us, cpu_system_us;
	int processes, threads;
};

/* -ESRCH when `root` is not there. */
int proc_table_usage(const struct proc_table *self, pid_t root, struct proc_usage *usage);

/*
 * The same for many roots in one pass: usage[i] is that of roots[i], all zero when it is not there (0: none asked). With `fds` the open
 * descriptors are counted too, a look at each process of theirs: fds[i] is -1 when one could not be looked at. 0 or -ENOMEM.
 */
int proc_table_usages(const struct proc_table *self, const pid_t *roots, size_t count, struct proc_usage *usages,
		      int *fds);

/*
 * Those processes themselves, by pid, as indices of entries: at most `limit` into `members`. How many there are in all; 0 when
 * `root` is not there, or without memory.
 */
size_t proc_table_members(const struct proc_table *self, pid_t root, size_t *members, size_t limit);

/* Whose an entry is: an index of roots, or one of these. */
enum { PROC_OWNER_UNKNOWN = -1, PROC_OWNER_NONE = -2 };

/* Finds (an owner an entry) whose all are that are unknown yet. 0 or -ENOMEM. */
int proc_table_own(const struct proc_table *self, const pid_t *roots, size_t count, long *owners);

/* Open descriptors of one process; -1 when they cannot be seen. */
int proc_count_fds(pid_t pid);

/* One process, without a table. -ESRCH when it is gone. */
int proc_entry_read(pid_t pid, struct proc_entry *entry);
/* The same by a descriptor of /proc. */
int proc_entry_read_at(int proc_fd, pid_t pid, struct proc_entry *entry);

/* For a table that is put together otherwise: one more (0 or -ENOMEM), and in order once all are there. */
int proc_table_append(struct proc_table *self, const struct proc_entry *entry);
void proc_table_sort(struct proc_table *self);

#endif
