/* SPDX-License-Identifier: MIT */
#include "launcher/process/spawn_plan.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/spawn.h"

#define HEAD_BYTES 256 /* as far as the kernel looks for an interpreter */

/* The first bytes of the file that would not run, zero-terminated; empty when it cannot be read. */
static void read_head(const struct spawn_plan *plan, char head[HEAD_BYTES])
{
	const char *cwd = plan->options->cwd ? plan->options->cwd : ".";
	int folder = open(cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(folder >= 0 ? folder : AT_FDCWD, plan->candidates[plan->which],
			O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t got = fd >= 0 ? read(fd, head, HEAD_BYTES - 1) : 0;
	head[got > 0 ? got : 0] = '\0';
	if (fd >= 0)
		close(fd);
	if (folder >= 0)
		close(folder);
}

static int explain_interpreter(const struct spawn_plan *plan, struct err *err)
{
	const char *file = plan->candidates[plan->which];
	char head[HEAD_BYTES];
	read_head(plan, head);
	if (strncmp(head, "#!", 2) != 0) {
		err_set(err, ERR_MISSING, "cannot start '%s': the loader it was built for is not on this machine",
			file);
		err_hint(err, "install a build of it for this system");
		return -ENOENT;
	}
	char *name = head + 2 + strspn(head + 2, " \t");
	char *end = name + strcspn(name, " \t\n");
	bool windows = end > name && end[-1] == '\r';
	end[windows ? -1 : 0] = '\0';
	if (windows) {
		err_set(err, ERR_MISSING, "cannot start '%s': its interpreter '%s' has a carriage return in its name",
			file, name);
		err_hint(err, "the file has Windows line ends: convert it (dos2unix)");
	} else {
		err_set(err, ERR_MISSING, "cannot start '%s': its interpreter '%s' is not there", file, name);
		err_hint(err, "install it, or correct the #! line");
	}
	return -ENOENT;
}

static int explain_absent(const struct spawn_plan *plan, struct err *err)
{
	const char *command = plan->options->argv[0];
	if (!*command) {
		err_set(err, ERR_MISSING, "cannot start '': the command is empty");
	} else if (!strchr(command, '/')) {
		const char *path = "(not set)";
		for (char *const *entry = plan->options->environment; *entry; entry++) {
			if (strncmp(*entry, "PATH=", 5) == 0) {
				path = *entry + 5;
				break;
			}
		}
		err_set(err, ERR_MISSING, "cannot start '%s': command not found", command);
		err_hint(err, "install it, or write its whole path; PATH is %.300s", path);
	} else {
		err_set(err, ERR_MISSING, "cannot start '%s': no such file", command);
		if (*command != '/')
			err_hint(err, "it is looked for from %s",
				 plan->options->cwd ? plan->options->cwd : "the current folder");
	}
	return -plan->error;
}

static int explain_not_program(const struct spawn_plan *plan, struct err *err)
{
	char head[HEAD_BYTES];
	read_head(plan, head);
	err_set(err, ERR_MISSING, "cannot start '%s': not a program", plan->candidates[plan->which]);
	if (memcmp(head, ELFMAG, SELFMAG) == 0)
		err_hint(err, "it was built for another kind of machine");
	else
		err_hint(err, "a script needs a first line that names its interpreter, such as #!/bin/sh");
	return -ENOEXEC;
}

static int explain_exec(const struct spawn_plan *plan, struct err *err)
{
	const char *file = plan->candidates[plan->which];
	enum err_code code = ERR_MISSING;
	switch (plan->flaw) {
	case SPAWN_FLAW_ABSENT:
		return explain_absent(plan, err);
	case SPAWN_FLAW_INTERPRETER:
		return explain_interpreter(plan, err);
	case SPAWN_FLAW_DIRECTORY:
		err_set(err, code, "cannot start '%s': is a directory", file);
		return -plan->error;
	case SPAWN_FLAW_SPECIAL:
		err_set(err, code, "cannot start '%s': not a file", file);
		return -plan->error;
	case SPAWN_FLAW_MODE:
		err_set(err, code, "cannot start '%s': not executable: permission denied", file);
		err_hint(err, "chmod +x %s; if it is executable: its interpreter or file system (noexec) is not", file);
		return -plan->error;
	case SPAWN_FLAW_UNREACHABLE:
		err_set(err, code, "cannot start '%s': not permitted to enter a folder on the way to it", file);
		return -plan->error;
	case SPAWN_FLAW_NONE:
		break;
	}
	switch (plan->error) {
	case ENOEXEC:
		return explain_not_program(plan, err);
	case E2BIG:
		err_set(err, ERR_FAILED, "cannot start '%s': its arguments and environment are too long", file);
		break;
	case EAGAIN:
		err_set(err, ERR_FAILED, "cannot start '%s': too many processes of its user", file);
		err_hint(err, "raise nproc in its ulimits, or the limit of that user");
		break;
	case ENOMEM:
		err_set(err, ERR_FAILED, "cannot start '%s': out of memory", file);
		break;
	case ETXTBSY:
		err_set(err, ERR_FAILED, "cannot start '%s': it is open for writing", file);
		err_hint(err, "wait until it is written, then start again");
		break;
	default:
		err_set(err, ERR_FAILED, "cannot start '%s': %s", file, strerror(plan->error));
		break;
	}
	return -plan->error;
}

static int explain_directory(const struct spawn_plan *plan, struct err *err)
{
	const char *cwd = plan->options->cwd;
	switch (plan->error) {
	case ENOENT:
		err_set(err, ERR_MISSING, "working directory '%s' does not exist", cwd);
		err_hint(err, "create it, or correct 'working_dir'");
		break;
	case ENOTDIR:
		err_set(err, ERR_MISSING, "working directory '%s' is not a directory", cwd);
		break;
	case EACCES:
	case EPERM:
		err_set(err, ERR_MISSING, "working directory '%s': not permitted to enter it", cwd);
		if (plan->options->user)
			err_hint(err, "let user '%s' in (chmod, chown), or choose another 'working_dir'",
				 plan->options->user);
		break;
	default:
		err_set(err, ERR_FAILED, "working directory '%s': %s", cwd, strerror(plan->error));
		break;
	}
	return -plan->error;
}

static const char *limit_name(int resource)
{
	static const struct {
		int resource;
		const char *name;
	} names[] = {
		{RLIMIT_AS, "as"},           {RLIMIT_CORE, "core"},         {RLIMIT_CPU, "cpu"},
		{RLIMIT_DATA, "data"},       {RLIMIT_FSIZE, "fsize"},       {RLIMIT_LOCKS, "locks"},
		{RLIMIT_MEMLOCK, "memlock"}, {RLIMIT_MSGQUEUE, "msgqueue"}, {RLIMIT_NICE, "nice"},
		{RLIMIT_NOFILE, "nofile"},   {RLIMIT_NPROC, "nproc"},       {RLIMIT_RSS, "rss"},
		{RLIMIT_RTPRIO, "rtprio"},   {RLIMIT_RTTIME, "rttime"},     {RLIMIT_SIGPENDING, "sigpending"},
		{RLIMIT_STACK, "stack"},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (names[i].resource == resource)
			return names[i].name;
	}
	return "unknown";
}

static int explain_limit(const struct spawn_plan *plan, struct err *err)
{
	const struct service_ulimit *limit = &plan->options->ulimits[plan->which];
	const char *name = limit_name(limit->resource);
	if (plan->error == EPERM) {
		err_set(err, ERR_MISSING, "ulimit '%s': not permitted to raise it to %lld", name,
			(long long)limit->hard);
		err_hint(err, "lower it, raise the limit of this shell, or run as root");
	} else {
		err_set(err, ERR_FAILED, "ulimit '%s': %s", name, strerror(plan->error));
	}
	return -plan->error;
}

static int explain_user(const struct spawn_plan *plan, struct err *err)
{
	if (plan->error == EPERM) {
		err_set(err, ERR_MISSING, "not permitted to run as user '%s'", plan->options->user);
		err_hint(err, "run upfront as root, or leave 'user' out");
	} else {
		err_set(err, ERR_FAILED, "cannot run as user '%s': %s", plan->options->user, strerror(plan->error));
	}
	return -plan->error;
}

static enum err_cause cause_of(const struct spawn_plan *plan)
{
	switch (plan->failed) {
	case SPAWN_EXEC:
		if (plan->flaw == SPAWN_FLAW_ABSENT)
			return ERR_CAUSE_COMMAND;
		return plan->flaw != SPAWN_FLAW_NONE || plan->error == ENOEXEC ? ERR_CAUSE_EXECUTABLE : ERR_CAUSE_OTHER;
	case SPAWN_DIRECTORY:
		return ERR_CAUSE_DIRECTORY;
	case SPAWN_USER:
		return ERR_CAUSE_USER;
	default:
		return ERR_CAUSE_OTHER;
	}
}

int spawn_explain(const struct spawn_plan *plan, struct err *err)
{
	static const char *const step_words[] = {
		[SPAWN_SESSION] = "new session",
		[SPAWN_STREAMS] = "standard streams",
		[SPAWN_TERMINAL] = "controlling terminal",
		[SPAWN_CLOSE] = "closing descriptors",
		[SPAWN_DEATH_SIGNAL] = "parent-death signal",
		[SPAWN_SIGNALS] = "signals",
	};
	err_set_cause(err, cause_of(plan));
	switch (plan->failed) {
	case SPAWN_EXEC:
		return explain_exec(plan, err);
	case SPAWN_DIRECTORY:
		return explain_directory(plan, err);
	case SPAWN_LIMIT:
		return explain_limit(plan, err);
	case SPAWN_USER:
		return explain_user(plan, err);
	default:
		err_set(err, ERR_FAILED, "cannot start '%s': %s: %s", plan->options->argv[0], step_words[plan->failed],
			strerror(plan->error));
		return -plan->error;
	}
}
