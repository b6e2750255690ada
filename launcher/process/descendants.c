/* SPDX-License-Identifier: MIT */
#include "launcher/process/descendants.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "launcher/process/proc_table.h"

#define CHUNK_BYTES 16384

void proc_list_finish(struct proc_list *self)
{
	free(self->items);
	*self = (struct proc_list){0};
}

static int open_of(pid_t pid, const char *file)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/*
 * By the status file: the owner of the files in /proc/PID is root for any process that changed its user. Services that root starts may
 * have a user of their own, so root's processes are anybody's: a user who takes on the marker can only lose by it.
 */
static bool is_our_user(pid_t pid)
{
	char text[1024];
	unsigned real = 0, effective = 0;
	if (geteuid() == 0)
		return true;
	int fd = open_of(pid, "status");
	if (fd < 0)
		return false;
	ssize_t got = read(fd, text, sizeof text - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	const char *line = strstr(text, "\nUid:");
	return line && sscanf(line, "\nUid: %u %u", &real, &effective) == 2 && effective == geteuid();
}

/* Whether one of the zero-ended entries of the environment is `marker`. Read by pieces: it may have megabytes. */
bool proc_has_marker(pid_t pid, const char *marker)
{
	char chunk[CHUNK_BYTES];
	size_t marker_bytes = strlen(marker), matched = 0;
	bool matching = true, found = false;
	ssize_t got;
	int fd = open_of(pid, "environ");
	if (fd < 0)
		return false;
	while (!found && (got = read(fd, chunk, sizeof chunk)) > 0) {
		const char *p = chunk, *end = chunk + got;
		while (p < end && !found) {
			const char *stop = memchr(p, '\0', (size_t)(end - p));
			size_t piece = (size_t)((stop ? stop : end) - p);
			matching =
				matching && piece <= marker_bytes - matched && memcmp(marker + matched, p, piece) == 0;
			matched += matching ? piece : 0;
			if (!stop)
				break;
			found = matching && matched == marker_bytes;
			matching = true;
			matched = 0;
			p = stop + 1;
		}
	}
	close(fd);
	return found;
}

/* Marked processes are IN, but not we ourselves nor those we were started by: a service may well run an upfront command. */
static void mark_marked(const struct proc_table *table, const char *marker, unsigned char *marks)
{
	unsigned char *above = calloc(table->count, 1);
	if (!above)
		return;
	const struct proc_entry *entry = proc_table_find(table, getpid());
	while (entry && !above[entry - table->entries]) {
		above[entry - table->entries] = 1;
		entry = proc_table_find(table, entry->parent);
	}
	for (size_t i = 0; i < table->count; i++) {
		pid_t pid = table->entries[i].id.pid;
		if (!above[i] && proc_entry_lives(&table->entries[i]) && is_our_user(pid) &&
		    proc_has_marker(pid, marker))
			marks[i] = PROC_IN;
	}
	free(above);
}

/* Everything marked that lives, without the calling process and `but`. */
static int collect(const struct proc_table *table, const unsigned char *marks, pid_t but, struct proc_list *list)
{
	size_t count = 0;
	for (size_t i = 0; i < table->count; i++)
		count += marks[i] == PROC_IN;
	struct proc_id *items = calloc(count ? count : 1, sizeof *items);
	if (!items)
		return -ENOMEM;
	count = 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct proc_entry *entry = &table->entries[i];
		if (marks[i] != PROC_IN || !proc_entry_lives(entry) || entry->id.pid == but ||
		    entry->id.pid == getpid())
			continue;
		items[count++] = entry->id;
	}
	*list = (struct proc_list){.items = items, .count = count};
	return 0;
}

/* Where a search begins; what is not asked for is 0 or NULL. */
struct origin {
	pid_t ancestor, session;
	const char *marker;
};

static void mark_origin(const struct proc_table *table, const struct origin *origin, unsigned char *marks)
{
	const struct proc_entry *top = origin->ancestor > 0 ? proc_table_find(table, origin->ancestor) : NULL;
	if (top)
		marks[top - table->entries] = PROC_IN;
	for (size_t i = 0; origin->session > 0 && i < table->count; i++) {
		const struct proc_entry *entry = &table->entries[i];
		if (entry->session == origin->session || entry->id.pid == origin->session)
			marks[i] = PROC_IN;
	}
	if (origin->marker)
		mark_marked(table, origin->marker, marks);
}

static int find(const struct origin *origin, struct proc_list *list)
{
	struct proc_table table;
	int result = proc_table_read(&table);
	if (result < 0)
		return result;
	unsigned char *marks = calloc(table.count + 1, 1);
	if (!marks) {
		result = -ENOMEM;
		goto out;
	}
	mark_origin(&table, origin, marks);
	proc_table_spread(&table, marks);
	result = collect(&table, marks, origin->ancestor, list);
out:
	free(marks);
	proc_table_finish(&table);
	return result;
}

int descendants_find(pid_t ancestor, const char *marker, struct proc_list *list)
{
	return find(&(struct origin){.ancestor = ancestor, .marker = marker}, list);
}

int descendants_of_session(pid_t sid, struct proc_list *list)
{
	return find(&(struct origin){.session = sid}, list);
}

int proc_signal(const struct proc_id *id, int signal)
{
	struct proc_entry entry;
	int fd = pidfd_open(id->pid, 0);
	if (fd < 0)
		return -errno;
	/* The descriptor names one process for good; that it is the one meant is told by its start time, looked at after opening. */
	int result = proc_entry_read(id->pid, &entry);
	if (result == 0 && entry.id.start_ticks != id->start_ticks)
		result = -ESRCH;
	if (result == 0 && pidfd_send_signal(fd, signal, NULL, 0) < 0)
		result = -errno;
	close(fd);
	return result;
}

bool proc_wait(const struct proc_id *id, int limit_ms)
{
	struct proc_entry entry;
	struct pollfd one = {.fd = pidfd_open(id->pid, 0), .events = POLLIN};
	bool gone = one.fd < 0 && errno == ESRCH;
	if (one.fd >= 0) {
		/* As in proc_signal: whose descriptor it is is known only now. */
		gone = proc_entry_read(id->pid, &entry) < 0 || entry.id.start_ticks != id->start_ticks;
		gone = gone || poll(&one, 1, limit_ms > 0 ? limit_ms : 0) > 0;
		close(one.fd);
	}
	return gone;
}

void proc_name(pid_t pid, char *name, size_t size_bytes)
{
	if (size_bytes == 0)
		return;
	int fd = open_of(pid, "comm");
	ssize_t got = fd >= 0 ? read(fd, name, size_bytes - 1) : 0;
	if (fd >= 0)
		close(fd);
	size_t used = got > 0 ? (size_t)got : 0;
	if (used > 0 && name[used - 1] == '\n')
		used--;
	name[used] = '\0';
	/* A process chooses its name itself; what is no plain character is not passed on. */
	for (char *p = name; *p; p++) {
		if (*p < ' ' || *p > '~')
			*p = '?';
	}
}
