/* SPDX-License-Identifier: MIT */
/*
 * Reads what strace -f saw and tells upfront's own processes from the services: a process is upfront's while it runs one of
 * upfront's programs; from its execve of anything else on it, and all it forks, is a service's.
 */
#ifndef UPFRONT_TESTS_LIB_TRACE_H
#define UPFRONT_TESTS_LIB_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Calls that trace_read understands, for run_options.trace_calls. */
#define TRACE_CALLS                                                                                               \
	"%network,execve,execveat,open,openat,creat,mkdir,mkdirat,rename,renameat2,link,linkat,fork,vfork,clone," \
	"clone3"

struct trace_line {
	pid_t pid;
	const char *call; /* the line after the pid: "openat(AT_FDCWD, ..." */
	bool own; /* upfront's own process */
};

struct trace {
	char *text;
	struct trace_line *lines;
	size_t count;
};

/* `program` is the path of upfront as it was started. Fails the test when the file cannot be read. */
void trace_read(struct trace *self, const char *path, const char *program);
void trace_finish(struct trace *self);

/* First line of upfront's own that begins with one of `calls` ("socket(", ...; ends with NULL) and holds `text`; NULL: none. */
const struct trace_line *trace_find(const struct trace *self, const char *const *calls, const char *text);

#endif
