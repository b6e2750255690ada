/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/figure.h"
#include "config/paths.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/doctor.h"
#include "launcher/process/kernel.h"
#include "ui/term_able.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Logs are kept, an outbox is written: less than this is soon full. */
#define ROOM_WARN_BYTES (256 * 1024 * 1024LL)
#define ROOM_MISSING_BYTES (1024 * 1024LL)
/* Of the supervisor: its own, and of each unit pipes, logs, a probe, what the kernel tells of it. */
#define FDS_OWN 64u
#define FDS_UNIT 10u
#define SMALLEST_ROWS 12
#define SMALLEST_COLUMNS 40

/* ---- Kernel and terminal ---- */

static void check_kernel(struct doctor *self)
{
	struct err err = ERR_INIT;
	struct utsname name;

	if (kernel_check(&err) < 0)
		doctor_take(self, "kernel", NULL, DOCTOR_MISSING, &err);
	else if (uname(&name) == 0)
		doctor_add(self, "kernel", NULL, DOCTOR_OK, NULL, "%s %s, %s", name.sysname, name.release,
			   name.machine);
}

static void check_terminal(struct doctor *self)
{
	const char *term = self->context->ui.term;
	struct winsize size = {.ws_row = 0};

	if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1 || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0) {
		doctor_add(self, "terminal", NULL, DOCTOR_OK, NULL, "none here: up asks nothing and shows lines");
		return;
	}
	if (term == NULL || term[0] == '\0')
		doctor_add(self, "terminal", NULL, DOCTOR_WARN,
			   "set TERM to what your terminal is, such as xterm-256color",
			   "TERM is not set: up asks nothing and shows lines");
	else if (!term_is_able(term))
		doctor_add(self, "terminal", NULL, DOCTOR_WARN,
			   "set TERM to a kind that can move its cursor and is in terminfo (ncurses-term has more)",
			   "%s cannot show the dashboard: lines are shown", term);
	else if (size.ws_row > 0 && (size.ws_row < SMALLEST_ROWS || size.ws_col < SMALLEST_COLUMNS))
		doctor_add(self, "terminal", NULL, DOCTOR_WARN, "make it 40x12 or larger", "%s, %dx%d: too small", term,
			   size.ws_col, size.ws_row);
	else
		doctor_add(self, "terminal", NULL, DOCTOR_OK, NULL, "%s, %dx%d", term, size.ws_col, size.ws_row);
}

void doctor_check_machine(struct doctor *self)
{
	check_kernel(self);
	check_terminal(self);
}

/* ---- Folders ---- */

/* What is there of a path that may still have to be made; the caller frees. */
static char *nearest_folder(const char *path)
{
	char *at = strdup(path), *slash;
	struct stat status;

	while (at != NULL && lstat(at, &status) < 0 && (slash = strrchr(at, '/')) != NULL) {
		if (slash == at)
			slash++;
		if (*slash == '\0')
			break;
		*slash = '\0';
	}
	return at;
}

/* The same demands as paths_make_private has, without making anything. NULL: all is well. */
static const char *folder_flaw(const char *path, bool own)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return strerror(errno);
	if (!S_ISDIR(status.st_mode))
		return "it is no folder";
	if (own && status.st_uid != geteuid())
		return "it belongs to somebody else";
	if (own && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "others may write to it";
	if (access(path, W_OK | X_OK) < 0)
		return strerror(errno);
	return NULL;
}

void doctor_check_room(struct doctor *self, const char *check, const char *path)
{
	char *there = nearest_folder(path), free_text[FIGURE_BYTES];
	struct statvfs room;
	int64_t bytes;

	if (there != NULL && statvfs(there, &room) == 0 && room.f_blocks > 0) {
		bytes = (int64_t)room.f_bavail * (int64_t)room.f_frsize;
		figure_bytes(bytes, free_text, sizeof(free_text));
		doctor_add(self, check, NULL,
			   bytes < ROOM_MISSING_BYTES ? DOCTOR_MISSING
			   : bytes < ROOM_WARN_BYTES  ? DOCTOR_WARN
						      : DOCTOR_OK,
			   bytes < ROOM_WARN_BYTES ? "free some: what cannot be written is lost" : NULL,
			   "%s free at %s", free_text, there);
	}
	free(there);
}

/* `path` is ours where it is there; else what it will be made in is looked at. */
static void check_folder(struct doctor *self, const char *check, const char *path)
{
	char *there = nearest_folder(path), *hint = NULL;
	const bool made = there != NULL && strcmp(there, path) == 0;
	const char *flaw = there != NULL ? folder_flaw(there, made) : "out of memory";

	if (flaw == NULL) {
		doctor_add(self, check, NULL, DOCTOR_OK, NULL, "%s%s", path, made ? "" : ", to be made");
	} else {
		if (asprintf(&hint, "make %s yours and writable for you alone, or name another place by %s",
			     there != NULL ? there : path,
			     strcmp(check, "runtime_folder") == 0 ? "XDG_RUNTIME_DIR" : "XDG_STATE_HOME") < 0)
			hint = NULL;
		doctor_add(self, check, NULL, DOCTOR_MISSING, hint, "%s: %s", there != NULL ? there : path, flaw);
	}
	free(hint);
	free(there);
}

void doctor_check_folders(struct doctor *self)
{
	const char *state = self->project.state_dir;
	struct err err = ERR_INIT;
	char *socket = NULL;

	if (state == NULL)
		return;
	check_folder(self, "state_folder", state);
	doctor_check_room(self, "state_room", state);
	if (paths_socket(self->project.name, &socket, &err) < 0) {
		doctor_take(self, "runtime_folder", NULL, DOCTOR_MISSING, &err);
	} else {
		*strrchr(socket, '/') = '\0';
		if (strcmp(socket, state) != 0)
			check_folder(self, "runtime_folder", socket);
		else
			doctor_add(self, "runtime_folder", NULL, DOCTOR_OK, NULL,
				   "XDG_RUNTIME_DIR names none of yours: the socket lies in the state folder");
	}
	free(socket);
	err_finish(&err);
}

/* ---- Limits ---- */

void doctor_check_limits(struct doctor *self)
{
	const struct stack *stack = self->project.stack;
	unsigned long long wanted = FDS_OWN;
	struct rlimit limit;
	char hint[96];

	for (size_t i = 0; i < stack->service_count; i++)
		if (doctor_means(self, i))
			wanted +=
				FDS_UNIT *
				(unsigned long long)(stack->services[i].replicas > 0 ? stack->services[i].replicas : 1);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	snprintf(hint, sizeof(hint), "raise the hard limit (ulimit -Hn) to %llu or more", wanted);
	if (limit.rlim_max == RLIM_INFINITY)
		doctor_add(self, "open_files", NULL, DOCTOR_OK, NULL, "any number");
	else if (limit.rlim_max < wanted)
		doctor_add(self, "open_files", NULL, DOCTOR_MISSING, hint,
			   "at most %llu, and this stack takes up to %llu", (unsigned long long)limit.rlim_max, wanted);
	else
		doctor_add(self, "open_files", NULL, DOCTOR_OK, NULL, "at most %llu",
			   (unsigned long long)limit.rlim_max);
}
