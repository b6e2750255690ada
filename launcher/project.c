/* SPDX-License-Identifier: MIT */
#include "launcher/project.h"

#include "config/err.h"
#include "config/paths.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/process/descendants.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define PATH_FILE_MAX 8192u
#define ANCESTORS_MAX 64
#define LOCK_RETRIES 20
#define LOCK_RETRY_MS 5

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

/* --profile, and COMPOSE_PROFILES (comma-separated) beside it. The caller frees the list and *joined, which holds the names. */
static const char **profile_list(const struct cli_context *context, char **joined)
{
	const char *variable = strmap_find(&context->environment, "COMPOSE_PROFILES");
	const char *const *given = context->globals.profiles;
	size_t count = 0, room = 2;
	const char **list;
	char *rest = NULL;

	*joined = strdup(variable != NULL ? variable : "");
	while (given != NULL && given[count] != NULL)
		count++;
	for (const char *at = variable; at != NULL && *at != '\0'; at++)
		room += *at == ',';
	list = calloc(count + room, sizeof(*list));
	if (list == NULL || *joined == NULL)
		return list;
	for (size_t i = 0; i < count; i++)
		list[i] = given[i];
	for (char *name = strtok_r(*joined, ", ", &rest); name != NULL; name = strtok_r(NULL, ", ", &rest))
		list[count++] = name;
	return list;
}

static int load(struct project *self, const struct cli_context *context, struct err *err)
{
	const struct cli_globals *globals = &context->globals;
	const struct stack_resolve_options resolve = {0};
	char *joined = NULL;
	const char **profiles = profile_list(context, &joined);
	const struct stack_options options = {
		.files = globals->files,
		.env_files = globals->env_files,
		.project = globals->project,
		.profiles = profiles,
		.environment = &context->environment,
	};
	int result;

	result = profiles != NULL ? stack_source_open(&options, &self->source, err)
				  : err_set(err, ERR_INTERNAL, "out of memory");
	if (result == 0)
		result = stack_resolve(self->source, &resolve, &self->stack, err);
	free(profiles);
	free(joined);
	return result;
}

static int take_name(struct project *self, const char *name, struct err *err)
{
	self->name = strdup(name);
	if (self->name == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	return paths_state(self->name, &self->state_dir, err);
}

int project_load(struct project *self, const struct cli_context *context, struct err *err)
{
	int result = load(self, context, err);

	if (result == 0 && !context->globals.quiet)
		print_warnings(self->stack);
	if (result == 0)
		result = take_name(self, self->stack->name, err);
	return result;
}

/* ---- Names ---- */

static char *read_path(const struct project *self, const char *file)
{
	char *path = NULL, *text = NULL;
	size_t size;

	if (asprintf(&path, "%s/%s", self->state_dir, file) < 0)
		return NULL;
	if (paths_read_file(path, PATH_FILE_MAX, &text, &size) < 0)
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

int project_find(struct project *self, const struct cli_context *context, struct err *err)
{
	struct err trouble = ERR_INIT;
	char *name;
	int result;

	if (context->globals.project != NULL) {
		name = stack_project_name(context->globals.project);
		if (name == NULL || name[0] == '\0')
			result = err_set(err, ERR_USAGE, "--project: '%s' holds no letter or digit",
					 context->globals.project);
		else
			result = take_name(self, name, err);
		free(name);
		return result;
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

/* ---- The lock ---- */

static int open_lock(const struct project *self, int flags)
{
	char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/lock", self->state_dir) < 0)
		return -ENOMEM;
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		fd = -errno;
	free(path);
	return fd;
}

bool project_is_running(const struct project *self)
{
	int fd = open_lock(self, O_RDONLY);
	bool taken;

	if (fd < 0)
		return false;
	/* Shared, so that two commands that look at the same moment do not take each other for a running stack. */
	taken = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return taken;
}

void project_wait_ended(const struct project *self)
{
	int fd = open_lock(self, O_RDONLY);

	if (fd < 0)
		return;
	while (flock(fd, LOCK_SH) < 0 && errno == EINTR)
		;
	close(fd);
}

static int already_running(const struct project *self, struct err *err)
{
	char *folder = read_path(self, "folder");

	err_set(err, ERR_MISSING, "project '%s' is already running from %s", self->name,
		folder != NULL ? folder : "another folder");
	err_hint(err, "see it with: upfront -p %s ps (or logs, down), or start a second one with: -p NAME", self->name);
	free(folder);
	return -EBUSY;
}

static int write_path(const struct project *self, const char *file, const char *value, struct err *err)
{
	char *path = NULL, *text = NULL;
	int result = -ENOMEM;

	if (asprintf(&path, "%s/%s", self->state_dir, file) < 0)
		path = NULL;
	if (asprintf(&text, "%s\n", value) < 0)
		text = NULL;
	if (path != NULL && text != NULL)
		result = paths_write_file(path, text, strlen(text), 0600);
	if (result < 0)
		err_set(err, ERR_MISSING, "cannot write %s: %s", path != NULL ? path : file, strerror(-result));
	free(path);
	free(text);
	return result;
}

/* A command that only looks holds the lock shared for a moment; a running stack holds it for good. */
static int take_lock(int fd)
{
	const struct timespec moment = {.tv_nsec = LOCK_RETRY_MS * 1000000L};

	for (int i = 0; i < LOCK_RETRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return -errno;
		nanosleep(&moment, NULL);
	}
	return -EWOULDBLOCK;
}

int project_lock(struct project *self, const char *socket_path, struct err *err)
{
	int result = paths_make_private(self->state_dir, err);
	int fd;

	if (result < 0)
		return result;
	fd = open_lock(self, O_RDWR | O_CREAT);
	result = fd < 0 ? fd : take_lock(fd);
	if (result < 0) {
		if (fd >= 0)
			close(fd);
		if (result == -EWOULDBLOCK)
			return already_running(self, err);
		return err_set(err, ERR_MISSING, "cannot take the project's lock: %s/lock: %s", self->state_dir,
			       strerror(-result));
	}
	self->lock_fd = fd;
	project_sweep(self);
	result = write_path(self, "folder", self->stack->dir, err);
	if (result == 0)
		result = write_path(self, "socket", socket_path, err);
	return result;
}

/* ---- Strays ---- */

char *project_marker(const struct project *self)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	char *marker = NULL;

	for (const char *at = self->state_dir; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211u;
	if (asprintf(&marker, "%s-%016llx", self->name, (unsigned long long)hash) < 0)
		return NULL;
	return marker;
}

static pid_t parent_of(pid_t pid)
{
	char path[64];
	char *text, *end;
	size_t size;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (paths_read_file(path, 4096, &text, &size) < 0)
		return 0;
	end = strrchr(text, ')');
	if (end == NULL || sscanf(end + 1, " %*c %d", &parent) != 1)
		parent = 0;
	free(text);
	return parent;
}

/* The command itself may have been typed in a shell that descends from a service. */
static bool is_ancestor(pid_t pid)
{
	pid_t at = getpid();

	for (int i = 0; i < ANCESTORS_MAX && at > 1; i++) {
		if (at == pid)
			return true;
		at = parent_of(at);
	}
	return false;
}

static int end_marked(const struct project *self)
{
	struct proc_list list = {0};
	char *marker = project_marker(self);
	char *variable = NULL;
	int count = 0;

	if (marker == NULL || asprintf(&variable, "UPFRONT_STACK=%s", marker) < 0)
		variable = NULL;
	if (variable != NULL && descendants_find(getpid(), variable, &list) == 0)
		for (size_t i = 0; i < list.count; i++)
			if (!is_ancestor(list.items[i].pid) && proc_signal(&list.items[i], SIGKILL) == 0)
				count++;
	proc_list_finish(&list);
	free(variable);
	free(marker);
	return count;
}

int project_sweep(const struct project *self)
{
	char *socket_path = read_path(self, "socket");
	int fd = self->lock_fd >= 0 ? -1 : open_lock(self, O_RDONLY);
	int count = 0;

	/* Every orderly end removes the socket file, so walking /proc is due only when it is still there. */
	if (socket_path != NULL && access(socket_path, F_OK) == 0 &&
	    (self->lock_fd >= 0 || (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0))) {
		count = end_marked(self);
		unlink(socket_path);
	}
	if (fd >= 0)
		close(fd);
	free(socket_path);
	return count;
}

/* ---- The running stack ---- */

int project_connect(const struct project *self, struct ctl_client *client, struct err *err)
{
	char *recorded;
	int result;

	if (!project_is_running(self)) {
		project_sweep(self);
		err_set(err, ERR_NOT_RUNNING, "project '%s' is not running", self->name);
		err_hint(err, "start it with: upfront up");
		return -ENOTCONN;
	}
	recorded = read_path(self, "socket");
	if (recorded != NULL)
		result = ctl_client_open_at(client, recorded, self->name, err);
	else
		result = ctl_client_open(client, self->name, err);
	free(recorded);
	return result;
}
