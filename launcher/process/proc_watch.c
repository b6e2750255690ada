/* SPDX-License-Identifier: MIT */
#include "launcher/process/proc_watch.h"

#include "launcher/process/proc_table.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NO_CLOCK (-1)
#define LOADAVG_BYTES 128

/* One of theirs. */
struct watched {
	struct proc_entry entry;
	pid_t root; /* whose it is */
	size_t owner; /* the same as an index of the roots */
	clockid_t clock;
	int64_t clock_ns; /* before the entry was read; NO_CLOCK: it has none, so the entry is read every time */
	bool gone;
};

struct root {
	pid_t pid;
	size_t index;
};

struct pids {
	pid_t *items; /* sorted */
	size_t count, capacity;
};

struct proc_watch {
	DIR *proc;
	struct watched *items; /* by pid */
	size_t count;
	struct pids strangers; /* there when it was looked last, and nobody's */
	pid_t *roots;
	struct root *sorted; /* the same, by pid */
	size_t root_count;
	int64_t whole_ms; /* when all was read; 0: never */
	long newest; /* pid that was given out last before it was looked for new ones; -1: not known */
	size_t reads;
};

struct proc_watch *proc_watch_create(void)
{
	struct proc_watch *self = calloc(1, sizeof *self);
	if (!self)
		return NULL;
	self->newest = -1;
	self->proc = opendir("/proc");
	if (self->proc)
		return self;
	free(self);
	return NULL;
}

void proc_watch_destroy(struct proc_watch *self)
{
	if (!self)
		return;
	closedir(self->proc);
	free(self->items);
	free(self->strangers.items);
	free(self->roots);
	free(self->sorted);
	free(self);
}

size_t proc_watch_reads(const struct proc_watch *self)
{
	return self->reads;
}

/* ---- Pids ---- */

static int compare_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;
	return (x > y) - (x < y);
}

static bool pids_have(const struct pids *self, pid_t pid)
{
	return self->count > 0 && bsearch(&pid, self->items, self->count, sizeof pid, compare_pid) != NULL;
}

static int pids_append(struct pids *self, pid_t pid)
{
	if (self->count == self->capacity) {
		size_t capacity = self->capacity ? self->capacity * 2 : 256;
		pid_t *items = reallocarray(self->items, capacity, sizeof *items);
		if (!items)
			return -ENOMEM;
		self->items = items;
		self->capacity = capacity;
	}
	self->items[self->count++] = pid;
	return 0;
}

/* ---- Those that are known ---- */

/* The time that all threads of the process have had; moves when it runs, and only then. */
static int64_t clock_of(clockid_t clock)
{
	struct timespec time;
	return clock_gettime(clock, &time) == 0 ? (int64_t)time.tv_sec * 1000000000 + time.tv_nsec : NO_CLOCK;
}

static int read_entry(struct proc_watch *self, pid_t pid, struct proc_entry *entry)
{
	self->reads++;
	return proc_entry_read_at(dirfd(self->proc), pid, entry);
}

/* True when it has run since it was read, or is no more. */
static bool refresh(struct proc_watch *self, struct watched *item)
{
	/* The clock first: what runs in between is seen the next time. */
	int64_t clock_ns = item->clock_ns != NO_CLOCK ? clock_of(item->clock) : NO_CLOCK;
	struct proc_entry entry;
	if (clock_ns != NO_CLOCK && clock_ns == item->clock_ns)
		return false;
	item->gone =
		read_entry(self, item->entry.id.pid, &entry) < 0 || entry.id.start_ticks != item->entry.id.start_ticks;
	if (!item->gone)
		item->entry = entry;
	item->clock_ns = clock_ns;
	return true;
}

static bool refresh_all(struct proc_watch *self)
{
	bool moved = false;
	size_t kept = 0;
	for (size_t i = 0; i < self->count; i++) {
		moved = refresh(self, &self->items[i]) || moved;
		if (!self->items[i].gone)
			self->items[kept++] = self->items[i];
	}
	self->count = kept;
	return moved;
}

static int compare_watched(const void *a, const void *b)
{
	return compare_pid(&((const struct watched *)a)->entry.id.pid, &((const struct watched *)b)->entry.id.pid);
}

static struct watched *find(const struct proc_watch *self, pid_t pid)
{
	struct watched key = {.entry.id.pid = pid};
	return self->count > 0 ? bsearch(&key, self->items, self->count, sizeof key, compare_watched) : NULL;
}

/* ---- Looking for new ones ---- */

/* The last field of /proc/loadavg: the pid given out last, to a process or a thread. */
static long newest_pid(struct proc_watch *self)
{
	char text[LOADAVG_BYTES];
	int fd = openat(dirfd(self->proc), "loadavg", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
	const char *last;
	self->reads++;
	if (fd >= 0)
		close(fd);
	if (got <= 0)
		return -1;
	text[got] = '\0';
	last = strrchr(text, ' ');
	return last ? strtol(last + 1, NULL, 10) : -1;
}

/* What is there, and was nobody's before: into `strangers` as it is, unread. All else: into `table`, read unless it is known. */
static int look(struct proc_watch *self, bool whole, struct proc_table *table, struct pids *strangers)
{
	int result = 0;
	rewinddir(self->proc);
	for (;;) {
		struct proc_entry entry;
		const struct watched *known;
		pid_t pid;
		errno = 0;
		struct dirent *item = readdir(self->proc);
		if (!item)
			return -errno;
		if (item->d_name[0] < '1' || item->d_name[0] > '9')
			continue;
		pid = (pid_t)atoi(item->d_name);
		known = whole ? NULL : find(self, pid);
		if (!whole && !known && pids_have(&self->strangers, pid))
			result = pids_append(strangers, pid);
		else if (known)
			result = proc_table_append(table, &known->entry);
		else if (read_entry(self, pid, &entry) == 0)
			result = proc_table_append(table, &entry);
		if (result < 0)
			return result;
	}
}

static int compare_root(const void *a, const void *b)
{
	return compare_pid(&((const struct root *)a)->pid, &((const struct root *)b)->pid);
}

/* One that was theirs stays so, also when whoever started it has gone. */
static long kept_owner(const struct proc_watch *self, const struct proc_entry *entry)
{
	const struct watched *known = find(self, entry->id.pid);
	struct root key = {.pid = known ? known->root : 0};
	const struct root *root;
	if (!known || known->entry.id.start_ticks != entry->id.start_ticks || self->root_count == 0)
		return PROC_OWNER_UNKNOWN;
	root = bsearch(&key, self->sorted, self->root_count, sizeof key, compare_root);
	return root ? (long)root->index : PROC_OWNER_UNKNOWN;
}

/* Without a clock of its own, or when none may be seen, it is read every time. */
static struct watched watch(struct proc_watch *self, const struct proc_entry *entry, size_t owner)
{
	const struct watched *known = find(self, entry->id.pid);
	struct watched item = {.entry = *entry, .root = self->roots[owner], .owner = owner, .clock_ns = NO_CLOCK};
	if (known && known->entry.id.start_ticks == entry->id.start_ticks) {
		item.clock = known->clock;
		item.clock_ns = known->clock_ns;
		return item;
	}
	if (clock_getcpuclockid(entry->id.pid, &item.clock) == 0)
		item.clock_ns = clock_of(item.clock);
	/* Once more, behind the clock: nothing that it does later is missed. Gone by now, it is found so the next time. */
	if (item.clock_ns != NO_CLOCK && read_entry(self, entry->id.pid, &item.entry) < 0)
		item.entry = *entry;
	return item;
}

/* Takes over what was found: theirs, and strangers. */
static int sort_out(struct proc_watch *self, struct proc_table *table, struct pids *strangers)
{
	long *owners = calloc(table->count + 1, sizeof *owners);
	struct watched *items = calloc(table->count + 1, sizeof *items);
	size_t count = 0;
	int result = owners && items ? 0 : -ENOMEM;
	for (size_t i = 0; result == 0 && i < table->count; i++)
		owners[i] = kept_owner(self, &table->entries[i]);
	if (result == 0)
		result = proc_table_own(table, self->roots, self->root_count, owners);
	for (size_t i = 0; result == 0 && i < table->count; i++) {
		const struct proc_entry *entry = &table->entries[i];
		if (owners[i] >= 0)
			items[count++] = watch(self, entry, (size_t)owners[i]);
		else
			result = pids_append(strangers, entry->id.pid);
	}
	free(owners);
	if (result < 0) {
		free(items);
		return result;
	}
	free(self->items);
	self->items = items;
	self->count = count;
	if (strangers->count > 0)
		qsort(strangers->items, strangers->count, sizeof *strangers->items, compare_pid);
	free(self->strangers.items);
	self->strangers = *strangers;
	*strangers = (struct pids){0};
	return 0;
}

static int search(struct proc_watch *self, bool whole)
{
	struct proc_table table = {0};
	struct pids strangers = {0};
	int result = look(self, whole, &table, &strangers);
	if (result == 0) {
		proc_table_sort(&table);
		result = sort_out(self, &table, &strangers);
	}
	proc_table_finish(&table);
	free(strangers.items);
	return result;
}

/* ---- Measuring ---- */

/* Others than the last time: all is to be read. */
static int take_roots(struct proc_watch *self, const pid_t *roots, size_t count)
{
	pid_t *copy = NULL;
	struct root *sorted = NULL;
	if (count == self->root_count && (count == 0 || memcmp(roots, self->roots, count * sizeof *roots) == 0))
		return 0;
	copy = calloc(count + 1, sizeof *copy);
	sorted = calloc(count + 1, sizeof *sorted);
	if (!copy || !sorted) {
		free(copy);
		free(sorted);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		copy[i] = roots[i];
		sorted[i] = (struct root){roots[i], i};
	}
	qsort(sorted, count, sizeof *sorted, compare_root);
	free(self->roots);
	free(self->sorted);
	self->roots = copy;
	self->sorted = sorted;
	self->root_count = count;
	self->whole_ms = 0;
	return 0;
}

/* A root that is new may be a stranger that was met on its way to become one: then all is read. */
static int update(struct proc_watch *self, int64_t now_ms)
{
	bool whole = self->whole_ms == 0 || now_ms - self->whole_ms >= PROC_WATCH_WHOLE_MS;
	bool moved = refresh_all(self);
	long newest = whole || moved ? newest_pid(self) : self->newest;
	int result = 0;
	if (whole || newest < 0 || newest != self->newest)
		result = search(self, whole);
	if (result < 0)
		return result;
	self->newest = newest;
	if (whole)
		self->whole_ms = now_ms > 0 ? now_ms : 1;
	return 0;
}

static void add(const struct watched *item, struct proc_watch_usage *usage)
{
	const struct proc_entry *entry = &item->entry;
	const int64_t tick_us = 1000000 / sysconf(_SC_CLK_TCK);
	int64_t own_us = (int64_t)(entry->user_ticks + entry->system_ticks - entry->child_ticks) * tick_us;
	if (item->clock_ns != NO_CLOCK)
		own_us = item->clock_ns / 1000;
	usage->cpu_us += own_us + (int64_t)entry->child_ticks * tick_us;
	usage->rss_bytes += (int64_t)entry->rss_pages * sysconf(_SC_PAGESIZE);
	usage->processes += proc_entry_lives(entry);
}

int proc_watch_measure(struct proc_watch *self, const pid_t *roots, size_t count, int64_t now_ms,
		       struct proc_watch_usage *usages)
{
	int result = take_roots(self, roots, count);
	if (result == 0)
		result = update(self, now_ms);
	if (result < 0)
		return result;
	memset(usages, 0, count * sizeof *usages);
	for (size_t i = 0; i < self->count; i++)
		add(&self->items[i], &usages[self->items[i].owner]);
	return 0;
}
