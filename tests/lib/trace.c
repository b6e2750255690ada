/* SPDX-License-Identifier: MIT */
#include "tests/lib/trace.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PIDS_MAX 4096

/* What is known of one process while the lines are read in order. */
struct process {
	pid_t pid, parent;
	bool known, own;
};

struct processes {
	struct process items[PIDS_MAX];
	size_t count;
};

static struct process *get(struct processes *self, pid_t pid)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->items[i].pid == pid)
			return &self->items[i];
	assert_true(self->count < PIDS_MAX);
	self->items[self->count] = (struct process){.pid = pid};
	return &self->items[self->count++];
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_fork(const char *call)
{
	static const char *const forks[] = {"clone(",
					    "clone3(",
					    "fork(",
					    "vfork(",
					    "<... clone resumed>",
					    "<... clone3 resumed>",
					    "<... fork resumed>",
					    "<... vfork resumed>"};

	for (size_t i = 0; i < sizeof(forks) / sizeof(*forks); i++)
		if (begins(call, forks[i]))
			return true;
	return false;
}

/* The number behind the last " = ", or -1. */
static long result_of(const char *call)
{
	const char *at = NULL;

	for (const char *next = strstr(call, " = "); next != NULL; next = strstr(next + 3, " = "))
		at = next;
	return at != NULL ? strtol(at + 3, NULL, 10) : -1;
}

/* A child may be seen before its parent's fork has returned, so parents are learnt first. */
static void learn_parents(const struct trace *self, struct processes *processes)
{
	for (size_t i = 0; i < self->count; i++) {
		long child = is_fork(self->lines[i].call) ? result_of(self->lines[i].call) : -1;

		if (child > 0)
			get(processes, (pid_t)child)->parent = self->lines[i].pid;
	}
}

/* At its first line a process is what its parent is at that time. */
static bool born_own(struct processes *processes, const struct process *process)
{
	const struct process *parent = process->parent > 0 ? get(processes, process->parent) : NULL;

	return parent == NULL || !parent->known || parent->own;
}

static void follow(struct trace *self, const char *program)
{
	struct processes *processes = calloc(1, sizeof(*processes));
	char own[1024];

	assert_non_null(processes);
	snprintf(own, sizeof(own), "execve(\"%s", program);
	learn_parents(self, processes);
	for (size_t i = 0; i < self->count; i++) {
		struct trace_line *line = &self->lines[i];
		struct process *process = get(processes, line->pid);

		if (!process->known) {
			process->own = born_own(processes, process);
			process->known = true;
		}
		line->own = process->own;
		/* A failed execve changes nothing; one that is cut ("unfinished") is the process's last line as it was. */
		if (begins(line->call, "execve(") && strstr(line->call, " = -1 ") == NULL)
			process->own = begins(line->call, own);
	}
	free(processes);
}

void trace_read(struct trace *self, const char *path, const char *program)
{
	FILE *file = fopen(path, "re");
	size_t room = 0;
	ssize_t size;

	memset(self, 0, sizeof(*self));
	if (file == NULL)
		fail_msg("no trace: %s", path);
	size = getdelim(&self->text, &room, '\0', file);
	fclose(file);
	assert_true(size > 0);
	for (char *at = self->text, *next; at != NULL && *at != '\0'; at = next) {
		char *rest;

		next = strchr(at, '\n');
		if (next != NULL)
			*next++ = '\0';
		self->lines = realloc(self->lines, (self->count + 1) * sizeof(*self->lines));
		assert_non_null(self->lines);
		self->lines[self->count].pid = (pid_t)strtol(at, &rest, 10);
		self->lines[self->count].call = rest + strspn(rest, " ");
		self->count++;
	}
	follow(self, program);
}

void trace_finish(struct trace *self)
{
	free(self->lines);
	free(self->text);
}

const struct trace_line *trace_find(const struct trace *self, const char *const *calls, const char *text)
{
	for (size_t i = 0; i < self->count; i++)
		for (size_t c = 0; calls[c] != NULL && self->lines[i].own; c++)
			if (begins(self->lines[i].call, calls[c]) && strstr(self->lines[i].call, text) != NULL)
				return &self->lines[i];
	return NULL;
}
