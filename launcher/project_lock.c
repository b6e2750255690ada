/* SPDX-License-Identifier: MIT */
#include "launcher/project_parts.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/paths.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/process/descendants.h"
#include "launcher/process/proc_table.h"
#include "launcher/supervisor/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HINT_FLAW "remove it: upfront makes its own anew"
#define PATH_FILE_MAX 8192u
#define NAME_BYTES 64
#define LOCK_RETRIES 20
#define LOCK_RETRIES_SWEPT 1200 /* longer than a sweep takes */
#define LOCK_RETRY_MS 5
#define LOCK_LOOK_MS 20

int project_open_lock(const struct project *self, int flags, const char **flaw)
{
	char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/lock", self->state_dir) < 0)
		return -ENOMEM;
	fd = paths_open_own(AT_FDCWD, path, flags, flaw);
	free(path);
	return fd;
}

bool project_is_running(const struct project *self)
{
	int fd = project_open_lock(self, O_RDONLY, NULL);
	bool taken;

	if (fd < 0)
		return false;
	/* Shared, so that two commands that look at the same moment do not take each other for a running stack. */
	taken = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return taken;
}

/* There is no waiting for a lock with an end to it, so it is looked at until then. */
int project_wait_unlocked(const struct project *self, int limit_ms, struct err *err)
{
	const struct timespec moment = {.tv_nsec = LOCK_LOOK_MS * 1000000L};
	const int64_t deadline_ms = clock_monotonic_ms() + limit_ms;

	while (project_is_running(self)) {
		if (clock_monotonic_ms() >= deadline_ms) {
			err_set(err, ERR_TIMEOUT, "project '%s' is still held by another upfront after %d s",
				self->name, limit_ms / 1000);
			err_hint(err, "answer the question it asks, or end it");
			return -ETIMEDOUT;
		}
		nanosleep(&moment, NULL);
	}
	return 0;
}

/* The guard is the last of a run. One that was killed has no successor: then the supervisor itself is the last. */
static pid_t last_of_run(pid_t supervisor)
{
	struct proc_entry entry;
	char name[NAME_BYTES];

	if (proc_entry_read(supervisor, &entry) < 0)
		return -1;
	proc_name(entry.parent, name, sizeof(name));
	return strcmp(name, "upfront-guard") == 0 ? entry.parent : supervisor;
}

int project_watch_run(pid_t supervisor)
{
	pid_t last = last_of_run(supervisor);
	int fd = last > 0 ? pidfd_open(last, 0) : -1;

	if (last <= 0)
		return -ESRCH;
	if (fd < 0)
		return -errno;
	/* What the descriptor names is the one meant if it still holds the place it was looked up for. */
	if (last_of_run(supervisor) != last) {
		close(fd);
		return -ESRCH;
	}
	return fd;
}

int project_wait_run(const struct project *self, int watch_fd, int limit_ms, struct err *err)
{
	struct pollfd pollfd = {.fd = watch_fd, .events = POLLIN};
	const int64_t deadline_ms = clock_monotonic_ms() + limit_ms;
	int64_t left = limit_ms;
	int count;

	do {
		count = poll(&pollfd, 1, left > 0 ? (int)left : 0);
		left = deadline_ms - clock_monotonic_ms();
	} while (count < 0 && errno == EINTR);
	if (count > 0)
		return 0;
	err_set(err, ERR_TIMEOUT, "project '%s' has ended, but its guard is still clearing up after %d s", self->name,
		limit_ms / 1000);
	err_hint(err, "some process of it cannot be killed, or is not ours to kill");
	return -ETIMEDOUT;
}

char *project_running_path(const struct project *self)
{
	char *path = NULL;

	return asprintf(&path, "%s/running", self->state_dir) >= 0 ? path : NULL;
}

bool project_is_asked(const struct project *self)
{
	char *running = project_running_path(self);
	bool asked = running != NULL && access(running, F_OK) != 0 && project_is_running(self);

	free(running);
	return asked;
}

static int already_running(const struct project *self, struct err *err)
{
	char *folder;

	if (project_is_asked(self)) {
		err_set(err, ERR_MISSING,
			"project '%s' is just being started from another terminal, which has yet to answer",
			self->name);
		err_hint(err, "answer there, or start a second one with: -p NAME");
		return -EBUSY;
	}
	folder = project_read_file(self, "folder");
	err_set(err, ERR_MISSING, "project '%s' is already running from %s", self->name,
		folder != NULL ? folder : "another folder");
	err_hint(err, "see it with: upfront -p %s attach (or ps, logs, down), or start a second one with: -p NAME",
		 self->name);
	free(folder);
	return -EBUSY;
}

bool project_is_from_here(const struct project *self)
{
	char *folder = project_read_file(self, "folder");
	const bool here = folder != NULL && self->stack != NULL && strcmp(folder, self->stack->dir) == 0;

	free(folder);
	return here;
}

char *project_read_file(const struct project *self, const char *file)
{
	char *path = NULL, *text = NULL;
	size_t size;

	if (asprintf(&path, "%s/%s", self->state_dir, file) < 0)
		return NULL;
	if (paths_read_own(path, PATH_FILE_MAX, &text, &size, NULL) < 0)
		text = NULL;
	else
		text[strcspn(text, "\n")] = '\0';
	free(path);
	return text;
}

/* What lies there is one of ours: check_files has seen to that. */
int project_write_file(const struct project *self, const char *file, const char *value, struct err *err)
{
	char *path = NULL, *text = NULL, *before = project_read_file(self, file);
	const bool same = before != NULL && strcmp(before, value) == 0;
	int result = -ENOMEM;

	free(before);
	if (asprintf(&path, "%s/%s", self->state_dir, file) < 0)
		path = NULL;
	/* A new file in place of one that says the same is what takes a start the longest; its time tells when the run began. */
	if (same && path != NULL && utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) == 0) {
		free(path);
		return 0;
	}
	if (asprintf(&text, "%s\n", value) < 0)
		text = NULL;
	if (path != NULL && text != NULL)
		result = paths_write_passing(path, text, strlen(text), 0600);
	if (result < 0)
		err_set(err, ERR_MISSING, "cannot write %s: %s", path != NULL ? path : file, strerror(-result));
	free(path);
	free(text);
	return result;
}

/* Nothing runs but for containers that somebody is just ending. */
static bool is_swept(const struct project *self)
{
	char *running = project_running_path(self);
	const bool gone = running != NULL && access(running, F_OK) != 0;

	free(running);
	return gone && project_has_containers(self);
}

/* A command that only looks holds the lock shared for a moment, or until it has swept; a running stack holds it for good. */
static int take_lock(const struct project *self, int fd)
{
	const struct timespec moment = {.tv_nsec = LOCK_RETRY_MS * 1000000L};

	for (int i = 0; i < LOCK_RETRIES || (i < LOCK_RETRIES_SWEPT && is_swept(self)); i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return -errno;
		nanosleep(&moment, NULL);
	}
	return -EWOULDBLOCK;
}

/* The folder that all projects' lie in as well: whoever owns it could put another in this one's place. */
static int make_state_dir(const struct project *self, struct err *err)
{
	const char *last = strrchr(self->state_dir, '/');
	char *all = strndup(self->state_dir, last != NULL ? (size_t)(last - self->state_dir) : 0);
	int result = all != NULL ? 0 : err_set(err, ERR_INTERNAL, "out of memory");

	if (result == 0 && all[0] != '\0')
		result = paths_make_private(all, err);
	if (result == 0)
		result = paths_make_private(self->state_dir, err);
	free(all);
	return result;
}

/* Before any of them is read or removed: what is not ours is left as it is, and named. */
static int check_files(const struct project *self, struct err *err)
{
	static const char *const names[] = {"folder", "socket", "running", SUPERVISOR_LAST_END};
	int result = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && result == 0; i++) {
		char path[PATH_FILE_MAX];
		struct stat status;
		const char *flaw = NULL;

		if ((size_t)snprintf(path, sizeof(path), "%s/%s", self->state_dir, names[i]) < sizeof(path) &&
		    lstat(path, &status) == 0)
			flaw = paths_flaw(&status);
		if (flaw == NULL)
			continue;
		result = err_set(err, ERR_MISSING, "cannot use %s: %s", path, flaw);
		err_hint(err, HINT_FLAW);
	}
	return result;
}

int project_lock(struct project *self, const char *socket_path, struct err *err)
{
	int result = make_state_dir(self, err);
	const char *flaw = NULL;
	int fd;

	if (result < 0)
		return result;
	fd = project_open_lock(self, O_RDWR | O_CREAT, &flaw);
	result = fd < 0 ? fd : take_lock(self, fd);
	if (result < 0) {
		if (fd >= 0)
			close(fd);
		if (result == -EWOULDBLOCK)
			return already_running(self, err);
		err_set(err, ERR_MISSING, "cannot take the project's lock: %s/lock: %s", self->state_dir,
			flaw != NULL ? flaw : strerror(-result));
		if (flaw != NULL)
			err_hint(err, HINT_FLAW);
		return result;
	}
	self->lock_fd = fd;
	result = check_files(self, err);
	if (result < 0)
		return result;
	project_sweep(self);
	result = project_write_file(self, "folder", self->stack->dir, err);
	if (result == 0)
		result = project_write_file(self, "socket", socket_path, err);
	return result;
}
