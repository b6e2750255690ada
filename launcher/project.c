/* SPDX-License-Identifier: MIT */
#include "launcher/project.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/fnv.h"
#include "config/paths.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command_report.h"
#include "launcher/process/descendants.h"
#include "launcher/process/proc_table.h"
#include "launcher/supervisor/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#define HINT_FLAW "remove it: upfront makes its own anew"
#define PATH_FILE_MAX 8192u
#define NAME_BYTES 64
#define FAREWELL_BYTES 512
#define FAREWELL_NAMES_MAX 8
#define LOCK_RETRIES 20
#define LOCK_RETRIES_SWEPT 1200 /* longer than a sweep takes */
#define LOCK_RETRY_MS 5
#define LOCK_LOOK_MS 20
#define SWEEP_LIMIT_MS 1000

void project_init(struct project *self)
{
	*self = (struct project){.lock_fd = -1};
}

void project_finish(struct project *self)
{
	stack_destroy(self->stack);
	stack_source_destroy(self->source);
	free(self->name);
	free(self->state_dir);
	free(self->option);
	if (self->lock_fd >= 0)
		close(self->lock_fd);
	project_init(self);
}

/* ---- The stack ---- */

static void print_warnings(const struct stack *stack)
{
	char *text;

	if (stack->warnings.count == 0)
		return;
	text = err_render(&stack->warnings, "upfront: warning");
	if (text != NULL)
		fputs(text, stderr);
	free(text);
}

int project_open(struct project *self, const struct cli_context *context, struct err *err)
{
	const struct cli_globals *globals = &context->globals;
	const struct stack_options options = {
		.files = globals->files,
		.env_files = globals->env_files,
		.project = globals->project,
		.services = self->named,
		.profiles = globals->profiles,
		.environment = &context->environment,
	};

	return stack_source_open(&options, &self->source, err);
}

void project_close(struct project *self)
{
	stack_source_destroy(self->source);
	self->source = NULL;
}

static int load(struct project *self, const struct cli_context *context, struct err *err)
{
	const struct stack_resolve_options resolve = {0};
	int result = self->source != NULL ? 0 : project_open(self, context, err);

	if (result == 0)
		result = stack_resolve(self->source, &resolve, &self->stack, err);
	if (result == 0)
		command_report_note_stack(context->report, self->stack);
	return result;
}

static int take_name(struct project *self, const char *name, struct err *err)
{
	self->name = strdup(name);
	if (self->name == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	return paths_state(self->name, &self->state_dir, err);
}

static int take_option(struct project *self, const struct cli_context *context, struct err *err)
{
	if (context->globals.project == NULL)
		return 0;
	if (asprintf(&self->option, " -p %s", context->globals.project) >= 0)
		return 0;
	self->option = NULL;
	return err_set(err, ERR_INTERNAL, "out of memory");
}

const char *project_option(const struct project *self)
{
	return self->option != NULL ? self->option : "";
}

int project_load(struct project *self, const struct cli_context *context, struct err *err)
{
	int result = load(self, context, err);

	self->report = context->report;
	self->environment = &context->environment;
	if (result == 0 && !context->globals.quiet)
		print_warnings(self->stack);
	if (result == 0)
		result = take_name(self, self->stack->name, err);
	if (result == 0)
		result = take_option(self, context, err);
	if (result == 0 && !self->only_looks)
		project_sweep(self);
	return result;
}

/* ---- Names ---- */

static char *read_path(const struct project *self, const char *file)
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

/* The project that a broken stack file in this folder would most likely be, if it runs from here. */
static int guess(struct project *self, const struct cli_context *context)
{
	const char *given = strmap_find(&context->environment, "COMPOSE_PROJECT_NAME");
	char *here = realpath(".", NULL);
	const char *last = here != NULL ? strrchr(here, '/') : NULL;
	char *name = NULL, *folder = NULL;
	int result = -ENOENT;

	if (here == NULL || last == NULL)
		goto out;
	name = stack_project_name(given != NULL && given[0] != '\0' ? given : last + 1);
	if (name == NULL || name[0] == '\0' || take_name(self, name, NULL) < 0)
		goto out;
	folder = read_path(self, "folder");
	if (folder != NULL && strcmp(folder, here) == 0 && project_is_running(self))
		result = 0;
out:
	if (result < 0)
		project_finish(self);
	free(folder);
	free(name);
	free(here);
	return result;
}

static int find_name(struct project *self, const struct cli_context *context, struct err *err)
{
	struct err trouble = ERR_INIT;
	int result;

	if (context->globals.project != NULL) {
		result = stack_project_check(context->globals.project, err);
		return result < 0 ? result : take_name(self, context->globals.project, err);
	}
	result = load(self, context, &trouble);
	if (result == 0) {
		result = take_name(self, self->stack->name, &trouble);
	} else {
		project_finish(self);
		if (guess(self, context) == 0)
			result = 0;
	}
	if (result < 0)
		err_move(err, &trouble);
	err_finish(&trouble);
	return result;
}

int project_find(struct project *self, const struct cli_context *context, struct err *err)
{
	int result = find_name(self, context, err);

	self->report = context->report;
	self->environment = &context->environment;
	if (result == 0)
		result = take_option(self, context, err);
	if (result == 0)
		project_sweep(self);
	return result;
}

/* ---- The lock ---- */

static int open_lock(const struct project *self, int flags, const char **flaw)
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
	int fd = open_lock(self, O_RDONLY, NULL);
	bool taken;

	if (fd < 0)
		return false;
	/* Shared, so that two commands that look at the same moment do not take each other for a running stack. */
	taken = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return taken;
}

bool project_name_is_running(const char *name)
{
	struct project project;
	bool running;

	project_init(&project);
	running = take_name(&project, name, NULL) == 0 && project_is_running(&project);
	project_finish(&project);
	return running;
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

static char *running_path(const struct project *self)
{
	char *path = NULL;

	return asprintf(&path, "%s/running", self->state_dir) >= 0 ? path : NULL;
}

bool project_is_asked(const struct project *self)
{
	char *running = running_path(self);
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
	folder = read_path(self, "folder");
	err_set(err, ERR_MISSING, "project '%s' is already running from %s", self->name,
		folder != NULL ? folder : "another folder");
	err_hint(err, "see it with: upfront -p %s attach (or ps, logs, down), or start a second one with: -p NAME",
		 self->name);
	free(folder);
	return -EBUSY;
}

bool project_is_from_here(const struct project *self)
{
	char *folder = read_path(self, "folder");
	const bool here = folder != NULL && self->stack != NULL && strcmp(folder, self->stack->dir) == 0;

	free(folder);
	return here;
}

/* What lies there is one of ours: check_files has seen to that. */
static int write_path(const struct project *self, const char *file, const char *value, struct err *err)
{
	char *path = NULL, *text = NULL, *before = read_path(self, file);
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
	char *running = running_path(self);
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
	fd = open_lock(self, O_RDWR | O_CREAT, &flaw);
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
	result = write_path(self, "folder", self->stack->dir, err);
	if (result == 0)
		result = write_path(self, "socket", socket_path, err);
	return result;
}

/* ---- Strays ---- */

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
	char *why = read_path(self, SUPERVISOR_LAST_END);

	if (why != NULL && *why != '\0')
		return why;
	free(why);
	return NULL;
}

int project_mark_running(const struct project *self, char **path, struct err *err)
{
	int result = write_path(self, "running", "processes of this project may be there", err);

	if (result < 0)
		return result;
	forget_last_end(self);
	*path = running_path(self);
	return *path != NULL ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

int project_sweep(const struct project *self)
{
	char *running = running_path(self), *socket_path = read_path(self, "socket");
	int fd = self->lock_fd >= 0 ? -1 : open_lock(self, O_RDONLY, NULL);
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

/* ---- The running stack ---- */

/* Why a stack that was left to itself is gone: nobody was there to be told. */
static void hint_last_end(const struct project *self, struct err *err)
{
	char *why = project_last_end(self);

	if (why != NULL)
		err_hint(err, "its last run ended because: %s (upfront%s logs shows what it wrote)", why,
			 project_option(self));
	else
		err_hint(err, "start it with: upfront%s up", project_option(self));
	free(why);
}

int project_connect(const struct project *self, struct ctl_client *client, struct err *err)
{
	char *recorded;
	int result;

	if (!project_is_running(self)) {
		project_sweep(self);
		err_set(err, ERR_NOT_RUNNING, "project '%s' is not running", self->name);
		hint_last_end(self, err);
		return -ENOTCONN;
	}
	recorded = read_path(self, "socket");
	if (recorded != NULL)
		result = ctl_client_open_at(client, recorded, self->name, err);
	else
		result = ctl_client_open(client, self->name, err);
	free(recorded);
	if (result == 0 && self->report != NULL)
		ctl_client_listen(client, &self->report->heard);
	if (result < 0 && err != NULL && err->code == ERR_NOT_RUNNING)
		hint_last_end(self, err);
	return result;
}
