/* SPDX-License-Identifier: MIT */
/*
 * A program on a pseudo terminal of its own, watched by the clock: what it writes is counted and searched as it comes, escape sequences
 * left out, and nothing it asks the terminal is answered. For measurements; term.h reads the screen.
 */
#ifndef UPFRONT_TESTS_LIB_PTY_RUN_H
#define UPFRONT_TESTS_LIB_PTY_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PTY_TEXT_MAX 65536u
#define PTY_DEADLINE_MS 20000

struct world;

enum pty_escape { PTY_PLAIN, PTY_ESC, PTY_CSI, PTY_STRING, PTY_CHARSET };

struct pty_run {
	pid_t pid;
	int master;
	double began_ms; /* of the last begin, key or resize (measure_now_ms) */
	double last_ms; /* when its last byte was read */
	size_t bytes, reads; /* since then */
	enum pty_escape escape;
	char text[PTY_TEXT_MAX + 1]; /* what was written since then, terminated; the newer half when it is more */
	size_t text_size;
};

/* argv[0] is looked for among the built programs, then in PATH; it works in the stack folder. */
void pty_begin(struct pty_run *self, const struct world *world, const char *const *argv, int rows, int columns);
/* Hangs up and waits for its end. */
void pty_end(struct pty_run *self);

/* Each forgets what was written before. */
void pty_key(struct pty_run *self, const char *keys);
void pty_resize(struct pty_run *self, int rows, int columns);

/* Reads until `text` has come; milliseconds since `began_ms`. Fails the test at the deadline. */
double pty_until(struct pty_run *self, const char *text);
/* Reads until nothing has come for so long. */
void pty_until_quiet(struct pty_run *self, int quiet_ms);
/* Reads for so long; bytes that came. */
size_t pty_listen(struct pty_run *self, int span_ms);

/* Milliseconds of processor time it has had; -1: gone. */
double pty_cpu_ms(pid_t pid);
/* "Pss:" or the like of /proc/PID/smaps_rollup, kB; -1: gone. */
long pty_memory_kb(pid_t pid, const char *field);

#endif
