/* SPDX-License-Identifier: MIT */
#include "launcher/process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/err.h"
#include "launcher/process/spawn_plan.h"
#include "launcher/process/spawn_users.h"

/* The child's few frames and the kernel's copy of nothing: ample, and on our own stack, which waits meanwhile. */
#define CHILD_STACK_BYTES 32768

static const char *search_path(char *const *environment)
{
	for (char *const *entry = environment; *entry; entry++) {
		if (strncmp(*entry, "PATH=", 5) == 0)
			return *entry + 5;
	}
	return "/bin:/usr/bin"; /* what execvp takes when there is none */
}

/* Every place the command may be at, in one block: pointers first, text behind them. */
static char **list_candidates(const char *command, char *const *environment)
{
	bool direct = strchr(command, '/') != NULL || !*command;
	const char *path = direct ? "" : search_path(environment);
	size_t places = 1;
	for (const char *p = path; *p; p++)
		places += *p == ':';

	size_t text_bytes = strlen(path) + places * (strlen(command) + 2);
	char **list = malloc((places + 1) * sizeof *list + text_bytes);
	if (!list)
		return NULL;
	char *text = (char *)(list + places + 1);
	for (size_t i = 0; i < places; i++) {
		size_t folder_bytes = strcspn(path, ":");
		list[i] = text;
		text = mempcpy(text, path, folder_bytes);
		if (folder_bytes > 0)
			*text++ = '/';
		text = stpcpy(text, command) + 1;
		path += folder_bytes;
		path += *path == ':';
	}
	list[places] = NULL;
	return list;
}

/* 0, or -errno of clone; what happened in the child stands in the plan. */
static int run_child(struct spawn_plan *plan, struct child *child)
{
	alignas(16) unsigned char stack[CHILD_STACK_BYTES];
	sigset_t all, old;
	int pidfd = -1;

	/* No handler of ours may run in the child, which shares our memory. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid_t pid = clone(spawn_child_main, stack + sizeof stack,
			  CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD, plan, &pidfd);
	int error = pid < 0 ? errno : 0;
	if (pid > 0 && (plan->failed != SPAWN_NONE || plan->only_looks)) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		close(pidfd);
	} else if (pid > 0) {
		child->pid = pid;
		child->pidfd = pidfd;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return -error;
}

static int explain_clone(const struct spawn_options *options, int error, struct err *err)
{
	const char *command = options->argv[0];
	switch (error) {
	case EAGAIN:
		err_set(err, ERR_FAILED, "cannot start '%s': too many processes", command);
		err_hint(err, "raise the limit on processes (ulimit -u, or TasksMax of the session), or end some");
		break;
	case EMFILE:
	case ENFILE:
		err_set(err, ERR_FAILED, "cannot start '%s': too many open files", command);
		err_hint(err, "raise the limit on open files (ulimit -n)");
		break;
	case ENOMEM:
		err_set(err, ERR_FAILED, "cannot start '%s': out of memory", command);
		break;
	default:
		err_set(err, ERR_FAILED, "cannot start '%s': %s", command, strerror(error));
		break;
	}
	return -error;
}

/* What is known stays its owner's; what had to be looked up for this start alone is in `found`, the caller's to free. */
static int find_user(const struct spawn_options *options, struct spawn_user *user, struct spawn_user *found,
		     struct err *err)
{
	const struct spawn_user *known = found;
	int result = options->users ? spawn_users_get(options->users, options->user, &known, err)
				    : spawn_user_find(options->user, found, err);
	if (result == 0)
		*user = *known;
	else
		err_set_cause(err, ERR_CAUSE_USER);
	return result;
}

static int start(const struct spawn_options *options, bool only_looks, struct child *child, struct err *err)
{
	struct spawn_plan plan = {
		.options = options,
		.only_looks = only_looks,
		.fds = {options->stdin_fd, options->stdout_fd, options->stderr_fd, options->keep_fd},
		.parent = getpid(),
	};
	struct spawn_user found = {0};
	char **candidates = NULL;
	int null_fd = -1, result = 0;

	if (options->user)
		result = find_user(options, &plan.user, &found, err);
	if (result < 0)
		goto out;
	candidates = list_candidates(options->argv[0], options->environment);
	if (!candidates) {
		result = explain_clone(options, ENOMEM, err);
		goto out;
	}
	plan.candidates = candidates;
	if (plan.fds[0] < 0 || plan.fds[1] < 0 || plan.fds[2] < 0) {
		null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (null_fd < 0) {
			result = -errno;
			err_set(err, ERR_FAILED, "cannot start '%s': cannot open /dev/null: %s", options->argv[0],
				strerror(-result));
			goto out;
		}
	}
	for (int i = 0; i < 3; i++) {
		if (plan.fds[i] < 0)
			plan.fds[i] = null_fd;
	}

	result = run_child(&plan, child);
	if (result < 0)
		result = explain_clone(options, -result, err);
	else if (plan.failed != SPAWN_NONE)
		result = spawn_explain(&plan, err);
out:
	if (null_fd >= 0)
		close(null_fd);
	free(candidates);
	free(found.groups);
	return result;
}

int spawn_child(const struct spawn_options *options, struct child *child, struct err *err)
{
	return start(options, false, child, err);
}

int spawn_check(const struct spawn_options *options, struct err *err)
{
	struct child nobody = {.pid = -1, .pidfd = -1};

	return start(options, true, &nobody, err);
}
