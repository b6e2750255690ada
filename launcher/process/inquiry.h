/* SPDX-License-Identifier: MIT */
/*
 * inquiry - a program that is asked one thing while somebody waits: run without a shell, what it is asked about on its standard input, for a
 * limited time. It has a session of its own. Once it has ended, in time or not, everything that it started and that still runs is
 * killed, whatever session that went to: meanwhile this process takes orphans over, and no other child may be started.
 *
 * Nothing here waits but inquiry_destroy, and that not longer than the kernel takes to end what was killed.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_INQUIRY_H
#define UPFRONT_LAUNCHER_PROCESS_INQUIRY_H

#include <stddef.h>

struct err;
struct inquiry;

/* What is kept of all that it prints, on standard output and standard error: the beginning. */
#define INQUIRY_OUTPUT_MAX 4096u

struct inquiry_options {
	const char *const *argv;
	char *const *environment;
	const char *cwd;
	const void *input; /* copied */
	size_t input_size_bytes;
	int limit_ms;
};

enum inquiry_state {
	INQUIRY_RUNS,
	INQUIRY_EXITED, /* *code: its exit code */
	INQUIRY_KILLED, /* *code: the signal that ended it */
	INQUIRY_TIMED_OUT
};

/* 0, or -errno with `err` as spawn_child sets it. */
int inquiry_start(const struct inquiry_options *options, struct inquiry **inquiry, struct err *err);
/* Can be read when inquiry_step has something to do. */
int inquiry_poll_fd(const struct inquiry *self);
/* Once it is not INQUIRY_RUNS it stays as it is. */
enum inquiry_state inquiry_step(struct inquiry *self, int *code);
/* What it has printed, zero-terminated; zeros in it are its own. Valid until the next step. */
const char *inquiry_output(const struct inquiry *self, size_t *size_bytes);
/* Ends it and all it has started; NULL is taken. */
void inquiry_destroy(struct inquiry *self);

#endif
