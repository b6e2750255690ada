/* SPDX-License-Identifier: MIT */
#include "launcher/project_parts.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/fnv.h"
#include "launcher/process/descendants.h"
#include "launcher/process/proc_table.h"
#include "launcher/supervisor/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES 64
#define FAREWELL_BYTES 512
#define FAREWELL_NAMES_MAX 8
#define SWEEP_LIMIT_MS 1000

/* The same path may be another folder elsewhere: in a container, whose processes are seen from outside of it. */
char *project_marker(const struct project *self)
{
	struct stat folder = {0};
	char *which = NULL, *marker = NULL;

	(void)stat(self->state_dir, &folder);
	if (asprintf(&which, "%s %llx %llx", self->state_dir, (unsigned long long)folder.st_dev,
		     (unsigned long long)folder.st_ino) < 0)
		return NULL;
	if (asprintf(&marker, "%s-%016llx", self->name, (unsigned long long)fnv_text(which)) < 0)
		marker = NULL;
	free(which);
	return marker;
}

/* One line, whatever was asked for: nobody's processes are ended behind their back. */
struct farewell {
	char text[FAREWELL_BYTES];
	size_t used;
	int named, count;
};

static void farewell_add(struct farewell *self, const struct proc_id *id, const char *name)
{
	int length;

	self->count++;
	if (self->named >= FAREWELL_NAMES_MAX)
		return;
	length = snprintf(self->text + self->used, sizeof(self->text) - self->used, "%s%s (%d)",
			  self->named > 0 ? ", " : "", name, (int)id->pid);
	if (length < 0 || (size_t)length >= sizeof(self->text) - self->used)
		return;
	self->used += (size_t)length;
	self->named++;
}

static void farewell_say(const struct farewell *self, const char *done, const char *project)
{
	char more[32] = "";

	if (self->count == 0)
		return;
	if (self->count > self->named)
		snprintf(more, sizeof(more), " and %d more", self->count - self->named);
	fprintf(stderr, "upfront: %s what an earlier run of project '%s' had left: %s%s\n", done, project, self->text,
		more);
}

/*
 * Marked ones only, and what they started: whatever else is below this process was here before us, and is not ours. One that has
 * become another user is left, and the others are ended all the same. True when there were any to end.
 */
static bool end_found(const char *variable, struct farewell *farewell, struct farewell *left, int64_t deadline_ms)
{
	struct proc_list list = {0};
	int before = farewell->count;

	*left = (struct farewell){0};
	if (descendants_find(0, variable, &list) < 0)
		return false;
	for (size_t i = 0; i < list.count; i++) {
		char name[NAME_BYTES];
		int result;

		proc_name(list.items[i].pid, name, sizeof(name));
		result = proc_signal(&list.items[i], SIGKILL);
		if (result == 0)
			farewell_add(farewell, &list.items[i], name);
		else if (result == -EPERM)
			farewell_add(left, &list.items[i], name);
	}
	/* Dead is not yet gone: until then it has its ports, which the next start may want. */
	for (size_t i = 0; farewell->count > before && i < list.count; i++)
		(void)proc_wait(&list.items[i], (int)(deadline_ms - clock_monotonic_ms()));
	proc_list_finish(&list);
	return farewell->count > before;
}

/*
 * Again until there is none, since those that were being started during a look are seen by the next. False when one is left that we
 * are not permitted to end.
 */
static bool end_marked(const struct project *self, int *ended)
{
	struct farewell farewell = {0}, left = {0};
	char *marker = project_marker(self);
	char *variable = NULL;
	int64_t deadline_ms = clock_monotonic_ms() + SWEEP_LIMIT_MS;

	if (marker == NULL || asprintf(&variable, "UPFRONT_STACK=%s", marker) < 0)
		variable = NULL;
	while (variable != NULL && end_found(variable, &farewell, &left, deadline_ms) &&
	       clock_monotonic_ms() < deadline_ms)
		;
	farewell_say(&farewell, "ended", self->name);
	farewell_say(&left, "not permitted to end", self->name);
	if (left.count > 0)
		fputs("  hint: they run as another user; end them as that user, or as root\n", stderr);
	free(variable);
	free(marker);
	*ended = farewell.count;
	return left.count == 0;
}

static void forget_last_end(const struct project *self)
{
	char *path;

	if (asprintf(&path, "%s/%s", self->state_dir, SUPERVISOR_LAST_END) < 0)
		return;
	(void)unlink(path);
	free(path);
}

char *project_last_end(const struct project *self)
{
	char *why = project_read_file(self, SUPERVISOR_LAST_END);

	if (why != NULL && *why != '\0')
		return why;
	free(why);
	return NULL;
}

int project_mark_running(const struct project *self, char **path, struct err *err)
{
	int result = project_write_file(self, "running", "processes of this project may be there", err);

	if (result < 0)
		return result;
	forget_last_end(self);
	*path = project_running_path(self);
	return *path != NULL ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

int project_sweep(const struct project *self)
{
	char *running = project_running_path(self), *socket_path = project_read_file(self, "socket");
	int fd = self->lock_fd >= 0 ? -1 : project_open_lock(self, O_RDONLY, NULL);
	const bool containers = project_has_containers(self);
	const bool unfinished = (running != NULL && access(running, F_OK) == 0) ||
				(socket_path != NULL && access(socket_path, F_OK) == 0);
	int count = 0;

	/* An orderly end leaves neither file, so walking /proc is due only when one is there; a logout takes the socket with it. */
	if ((unfinished || containers) && (self->lock_fd >= 0 || (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0))) {
		const bool all = !unfinished || end_marked(self, &count);

		if (unfinished && socket_path != NULL) {
			unlink(socket_path);
			supervisor_remove_files(socket_path, self->name);
		}
		/* Whoever is left is looked for again by the next command. */
		if (running != NULL && all)
			unlink(running);
		if (containers)
			project_end_containers(self);
	}
	if (fd >= 0)
		close(fd);
	free(socket_path);
	free(running);
	return count;
}
