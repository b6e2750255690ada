/* SPDX-License-Identifier: MIT */
#include "launcher/process/proc_table.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAT_BYTES 2048 /* a line has about 350 */

enum stat_field {
	STAT_PARENT = 4,
	STAT_SESSION = 6,
	STAT_UTIME = 14,
	STAT_STIME = 15,
	STAT_CUTIME = 16,
	STAT_CSTIME = 17,
	STAT_THREADS = 20,
	STAT_START = 22,
	STAT_RSS = 24
};

static void set_field(struct proc_entry *entry, int field, uint64_t value)
{
	switch (field) {
	case STAT_PARENT:
		entry->parent = (pid_t)value;
		break;
	case STAT_SESSION:
		entry->session = (pid_t)value;
		break;
	case STAT_UTIME:
		entry->user_ticks += value;
		break;
	case STAT_STIME:
		entry->system_ticks += value;
		break;
	case STAT_CUTIME:
		entry->user_ticks += value;
		entry->child_ticks += value;
		break;
	case STAT_CSTIME:
		entry->system_ticks += value;
		entry->child_ticks += value;
		break;
	case STAT_THREADS:
		entry->threads = (int)value;
		break;
	case STAT_START:
		entry->id.start_ticks = value;
		break;
	case STAT_RSS:
		entry->rss_pages = value;
		break;
	default:
		break;
	}
}

/* The name stands in parentheses and may hold anything, these too; behind the last ')' all is numbers but the state. */
static int parse_stat(const char *line, size_t size_bytes, struct proc_entry *entry)
{
	const char *p = memrchr(line, ')', size_bytes);
	const char *end = line + size_bytes;
	if (!p || end - p < 4)
		return -EIO;
	entry->state = p[2];
	p += 3;
	for (int field = 4; field <= STAT_RSS; field++) {
		uint64_t value = 0;
		while (p < end && (*p == ' ' || *p == '-'))
			p++;
		if (p == end)
			return -EIO;
		for (; p < end && *p >= '0' && *p <= '9'; p++)
			value = value * 10 + (uint64_t)(*p - '0');
		set_field(entry, field, value);
	}
	return 0;
}

int proc_entry_read_at(int proc_fd, pid_t pid, struct proc_entry *entry)
{
	char name[32], line[STAT_BYTES];
	snprintf(name, sizeof name, "%d/stat", (int)pid);
	int fd = openat(proc_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	ssize_t got = read(fd, line, sizeof line);
	int error = errno;
	close(fd);
	if (got <= 0)
		return got == 0 ? -ESRCH : -error;
	*entry = (struct proc_entry){.id.pid = pid};
	return parse_stat(line, (size_t)got, entry);
}

int proc_entry_read(pid_t pid, struct proc_entry *entry)
{
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int result = proc_entry_read_at(fd, pid, entry);
	close(fd);
	return result;
}

int proc_table_append(struct proc_table *self, const struct proc_entry *entry)
{
	if (self->count == self->capacity) {
		size_t capacity = self->capacity ? self->capacity * 2 : 256;
		struct proc_entry *entries = reallocarray(self->entries, capacity, sizeof *entries);
		if (!entries)
			return -ENOMEM;
		self->entries = entries;
		self->capacity = capacity;
	}
	self->entries[self->count++] = *entry;
	return 0;
}

static int compare_pid(const void *a, const void *b)
{
	pid_t x = ((const struct proc_entry *)a)->id.pid, y = ((const struct proc_entry *)b)->id.pid;
	return (x > y) - (x < y);
}

void proc_table_sort(struct proc_table *self)
{
	if (self->count > 0)
		qsort(self->entries, self->count, sizeof *self->entries, compare_pid);
}

int proc_table_read(struct proc_table *self)
{
	int result = 0;
	*self = (struct proc_table){0};
	DIR *folder = opendir("/proc");
	if (!folder)
		return -errno;
	for (;;) {
		errno = 0;
		struct dirent *item = readdir(folder);
		if (!item) {
			result = -errno;
			break;
		}
		if (item->d_name[0] < '1' || item->d_name[0] > '9')
			continue;
		struct proc_entry entry;
		/* Gone since, or not to be seen by us: as if it were not there. */
		if (proc_entry_read_at(dirfd(folder), (pid_t)atoi(item->d_name), &entry) < 0)
			continue;
		result = proc_table_append(self, &entry);
		if (result < 0)
			break;
	}
	closedir(folder);
	if (result < 0)
		proc_table_finish(self);
	else
		proc_table_sort(self);
	return result;
}

void proc_table_finish(struct proc_table *self)
{
	free(self->entries);
	*self = (struct proc_table){0};
}

const struct proc_entry *proc_table_find(const struct proc_table *self, pid_t pid)
{
	struct proc_entry key = {.id.pid = pid};
	if (self->count == 0)
		return NULL;
	return bsearch(&key, self->entries, self->count, sizeof key, compare_pid);
}

bool proc_entry_lives(const struct proc_entry *self)
{
	return self->state != 'X' && (self->state != 'Z' || self->threads > 1);
}

void proc_table_spread(const struct proc_table *self, unsigned char *marks)
{
	for (size_t i = 0; i < self->count; i++) {
		/* Up to the first that is known, then once more to tell all on the way. Never longer than there are processes. */
		size_t at = i, steps = 0;
		unsigned char mark = PROC_OUT;
		while (steps++ <= self->count) {
			if (marks[at] != PROC_UNKNOWN) {
				mark = marks[at];
				break;
			}
			const struct proc_entry *parent = proc_table_find(self, self->entries[at].parent);
			if (!parent)
				break;
			at = (size_t)(parent - self->entries);
		}
		for (at = i; marks[at] == PROC_UNKNOWN;) {
			marks[at] = mark;
			const struct proc_entry *parent = proc_table_find(self, self->entries[at].parent);
			if (!parent)
				break;
			at = (size_t)(parent - self->entries);
		}
	}
}

static int64_t ticks_us(uint64_t ticks)
{
	return (int64_t)(ticks * (1000000u / (uint64_t)sysconf(_SC_CLK_TCK)));
}

struct root {
	pid_t pid;
	size_t index;
};

static int compare_root(const void *a, const void *b)
{
	pid_t x = ((const struct root *)a)->pid, y = ((const struct root *)b)->pid;
	return (x > y) - (x < y);
}

static long find_root(const struct root *roots, size_t count, pid_t pid)
{
	struct root key = {.pid = pid};
	const struct root *found = count > 0 ? bsearch(&key, roots, count, sizeof key, compare_root) : NULL;
	return found ? (long)found->index : PROC_OWNER_UNKNOWN;
}

/* A root, or of its session: also when whoever stood between has gone. */
static long own_owner(const struct root *roots, size_t count, const struct proc_entry *entry)
{
	long owner = find_root(roots, count, entry->id.pid);
	return owner == PROC_OWNER_UNKNOWN ? find_root(roots, count, entry->session) : owner;
}

/* As proc_table_spread, with an owner for a mark. */
static void spread_owners(const struct proc_table *self, long *owners)
{
	for (size_t i = 0; i < self->count; i++) {
		size_t at = i, steps = 0;
		long owner = PROC_OWNER_NONE;
		while (steps++ <= self->count) {
			if (owners[at] != PROC_OWNER_UNKNOWN) {
				owner = owners[at];
				break;
			}
			const struct proc_entry *parent = proc_table_find(self, self->entries[at].parent);
			if (!parent)
				break;
			at = (size_t)(parent - self->entries);
		}
		for (at = i; owners[at] == PROC_OWNER_UNKNOWN;) {
			owners[at] = owner;
			const struct proc_entry *parent = proc_table_find(self, self->entries[at].parent);
			if (!parent)
				break;
			at = (size_t)(parent - self->entries);
		}
	}
}

int proc_count_fds(pid_t pid)
{
	struct stat status;
	char path[32];
	int count = 0;
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	/* Since Linux 6.2 the folder's size is their number; before it is 0 and they have to be counted. */
	if (stat(path, &status) == 0 && status.st_size > 0)
		return (int)status.st_size;
	DIR *folder = opendir(path);
	if (!folder)
		return -1;
	for (struct dirent *item; (item = readdir(folder));)
		count += item->d_name[0] != '.';
	closedir(folder);
	return count;
}

static void add_usage(const struct proc_entry *entry, struct proc_usage *usage, int *fds)
{
	bool lives = proc_entry_lives(entry);
	usage->rss_bytes += (int64_t)entry->rss_pages * sysconf(_SC_PAGESIZE);
	usage->cpu_user_us += ticks_us(entry->user_ticks);
	usage->cpu_system_us += ticks_us(entry->system_ticks);
	usage->processes += lives;
	usage->threads += lives ? entry->threads : 0;
	if (fds && lives && *fds >= 0) {
		int count = proc_count_fds(entry->id.pid);
		*fds = count < 0 ? -1 : *fds + count;
	}
}

int proc_table_own(const struct proc_table *self, const pid_t *pids, size_t count, long *owners)
{
	struct root *roots = calloc(count + 1, sizeof *roots);
	size_t root_count = 0;
	if (!roots)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct proc_entry *top = pids[i] > 0 ? proc_table_find(self, pids[i]) : NULL;
		if (top && proc_entry_lives(top))
			roots[root_count++] = (struct root){pids[i], i};
	}
	if (root_count > 0)
		qsort(roots, root_count, sizeof *roots, compare_root);
	for (size_t i = 0; i < self->count; i++) {
		if (owners[i] == PROC_OWNER_UNKNOWN)
			owners[i] = own_owner(roots, root_count, &self->entries[i]);
	}
	spread_owners(self, owners);
	free(roots);
	return 0;
}

/* Whose each entry is; the caller frees. NULL: no memory. */
static long *find_owners(const struct proc_table *self, const pid_t *roots, size_t count)
{
	long *owners = calloc(self->count + 1, sizeof *owners);
	for (size_t i = 0; owners && i < self->count; i++)
		owners[i] = PROC_OWNER_UNKNOWN;
	if (owners && proc_table_own(self, roots, count, owners) == 0)
		return owners;
	free(owners);
	return NULL;
}

size_t proc_table_members(const struct proc_table *self, pid_t root, size_t *members, size_t limit)
{
	long *owners = find_owners(self, &root, 1);
	size_t count = 0;
	for (size_t i = 0; owners && i < self->count; i++) {
		if (owners[i] != 0 || !proc_entry_lives(&self->entries[i]))
			continue;
		if (count < limit)
			members[count] = i;
		count++;
	}
	free(owners);
	return count;
}

int proc_table_usages(const struct proc_table *self, const pid_t *roots, size_t count, struct proc_usage *usages,
		      int *fds)
{
	long *owners = find_owners(self, roots, count);
	if (!owners)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		usages[i] = (struct proc_usage){0};
		if (fds)
			fds[i] = 0;
	}
	for (size_t i = 0; i < self->count; i++) {
		if (owners[i] >= 0)
			add_usage(&self->entries[i], &usages[owners[i]], fds ? &fds[owners[i]] : NULL);
	}
	free(owners);
	return 0;
}

int proc_table_usage(const struct proc_table *self, pid_t root, struct proc_usage *usage)
{
	struct proc_usage found;
	int result = proc_table_usages(self, &root, 1, &found, NULL);
	if (result == 0 && found.processes == 0)
		result = -ESRCH;
	if (result == 0)
		*usage = found;
	return result;
}
