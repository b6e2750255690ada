/* SPDX-License-Identifier: MIT */
#include "launcher/process/strays.h"

#include "launcher/process/proc_table.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 64
#define CHUNK_BYTES 4096

static int open_proc(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A list grows in powers of two, so its capacity needs no place of its own. */
static int add(struct proc_list *list, struct proc_id id)
{
	if (list->count >= STRAYS_MAX)
		return -E2BIG;
	if ((list->count & (list->count - 1)) == 0) {
		size_t capacity = list->count == 0 ? 1 : list->count * 2;
		struct proc_id *items = realloc(list->items, capacity * sizeof *items);

		if (items == NULL)
			return -ENOMEM;
		list->items = items;
	}
	list->items[list->count++] = id;
	return 0;
}

/* Numbers separated by blanks, read in pieces: a number may be cut between two. */
static int read_children_file(const char *path, struct proc_list *list)
{
	char chunk[CHUNK_BYTES];
	pid_t pid = 0;
	ssize_t got;
	int rc = 0, fd = open_proc(path);

	if (fd < 0)
		return fd;
	while (rc == 0 && (got = read(fd, chunk, sizeof chunk)) > 0) {
		for (ssize_t i = 0; rc == 0 && i < got; i++) {
			if (chunk[i] >= '0' && chunk[i] <= '9') {
				pid = (pid_t)(pid * 10 + (chunk[i] - '0'));
			} else if (pid > 0) {
				rc = add(list, (struct proc_id){.pid = pid});
				pid = 0;
			}
		}
	}
	if (rc == 0 && pid > 0)
		rc = add(list, (struct proc_id){.pid = pid});
	close(fd);
	return rc;
}

/* Children hang on the thread that made them; the link count of task/ tells whether there is more than one thread. */
static int read_children(pid_t pid, struct proc_list *list)
{
	char path[PATH_BYTES + 32];
	struct stat stat_buffer;
	struct dirent *entry;
	DIR *dir;
	int rc = 0;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	if (stat(path, &stat_buffer) < 0)
		return -errno;
	if (stat_buffer.st_nlink <= 3) {
		snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
		return read_children_file(path, list);
	}
	dir = opendir(path);
	if (dir == NULL)
		return -errno;
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		int thread = atoi(entry->d_name);

		if (thread <= 0)
			continue;
		snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, thread);
		rc = read_children_file(path, list);
		if (rc == -ENOENT || rc == -ESRCH)
			rc = 0;
	}
	closedir(dir);
	return rc;
}

static bool kernel_lists_children(void)
{
	return access("/proc/thread-self/children", R_OK) == 0;
}

static int append_walk(pid_t root, struct proc_list *list)
{
	struct proc_list found = {0};
	int rc = descendants_find(root, NULL, &found);

	for (size_t i = 0; rc == 0 && i < found.count; i++)
		rc = add(list, found.items[i]);
	proc_list_finish(&found);
	return rc;
}

bool strays_identify(struct proc_id *id)
{
	struct proc_entry entry;

	if (proc_entry_read(id->pid, &entry) < 0 || !proc_entry_lives(&entry))
		return false;
	id->start_ticks = entry.id.start_ticks;
	return true;
}

int strays_children(struct proc_list *list)
{
	return kernel_lists_children() ? read_children(getpid(), list) : append_walk(getpid(), list);
}

int strays_below(pid_t root, struct proc_list *list)
{
	size_t at = list->count;
	int rc;

	if (!kernel_lists_children())
		return append_walk(root, list);
	rc = read_children(root, list);
	for (; rc == 0 && at < list->count; at++) {
		(void)strays_identify(&list->items[at]);
		rc = read_children(list->items[at].pid, list);
		if (rc == -ENOENT || rc == -ESRCH)
			rc = 0;
	}
	return rc;
}

bool strays_contain(const struct proc_list *list, const struct proc_id *id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].pid == id->pid && list->items[i].start_ticks == id->start_ticks)
			return true;
	}
	return false;
}
