/* SPDX-License-Identifier: MIT */
/*
 * One program under way: its descriptors, what it has written so far, its end. Everything here waits under one deadline and
 * fails the running cmocka test, showing what was seen so far, when it passes. Text is zero-terminated also when
 * programs wrote binary.
 */
#ifndef UPFRONT_TESTS_LIB_RUN_H
#define UPFRONT_TESTS_LIB_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

struct world;

#define RUN_DEADLINE_MS 30000
#define RUN_OUTPUT_MAX (4u * 1024u * 1024u) /* bytes kept of each stream */

/* What a full screen writes when it leaves the terminal (terminfo's rmcup of xterm). */
#define DIALOG_GONE "\033[?1049l"

enum run_stdin {
	RUN_STDIN_NULL, /* /dev/null */
	RUN_STDIN_CLOSED, /* no descriptor 0 at all */
	RUN_STDIN_TEXT, /* a pipe with options.input in it, then end of file */
	RUN_STDIN_OPEN /* a pipe that stays open and silent */
};

struct run_options {
	const char *const *argv; /* argv[0] without '/': looked for among the built programs, then in PATH */
	enum run_stdin input_kind;
	const char *input;
	bool terminal; /* stdin, stdout and stderr on a terminal of its own; what is written there counts as stdout */
	int columns, rows; /* of the terminal; 0: 80x24 */
	int deadline_ms; /* 0: RUN_DEADLINE_MS */
	const char *directory; /* working folder; NULL: the stack folder */
	const char *trace_file; /* strace -f into this file (absolute), or NULL */
	const char *trace_calls; /* what strace is to show, as for -e trace= */
};

struct run_text {
	char *bytes; /* never NULL while the run lives */
	size_t size_bytes;
	size_t dropped_bytes; /* beyond RUN_OUTPUT_MAX */
};

struct run {
	const struct world *world;
	pid_t pid; /* of strace, when traced */
	int pidfd, in_fd, out_fd, err_fd; /* -1: closed; with a terminal out_fd is its master side */
	struct run_text out, err;
	bool ended;
	int code; /* exit code, or -1 when ended by a signal */
	int signal;
	int64_t began_ms, took_ms, deadline_ms;
	struct termios settings; /* of the terminal, before the program began */
};

void run_begin(struct run *self, const struct world *world, const struct run_options *options);
/* Waits until the program has ended and all its streams have: nobody it left behind may hold them. */
void run_wait(struct run *self);
/* Waits until stdout or stderr holds `text`; fails when the streams end without it. */
void run_expect(struct run *self, const char *text);
/* Forgets what was written so far, so that run_expect sees only what comes. */
void run_forget(struct run *self);
/* Waits until pred(context) holds, reading the program's output meanwhile. `what` says what was waited for. */
void run_until(struct run *self, bool (*pred)(void *context), void *context, const char *what);
/* Writes to the program's stdin or terminal. */
void run_type(struct run *self, const char *text);
/*
 * Types, again and again, until `text` has been written since the first time. A dialog throws away what was typed before it was
 * there to be read, and nothing on the screen tells when that is over.
 */
void run_press(struct run *self, const char *keys, const char *text);
/* Hangs the terminal up, or closes stdin. */
void run_hang_up(struct run *self);
void run_signal(struct run *self, int signal);
/* Frees; a program still running is killed first. */
void run_finish(struct run *self);

/* begin and wait in one. */
void run_command(struct run *self, const struct world *world, const struct run_options *options);
/* `upfront` with these arguments (ending with NULL), stdin at /dev/null. */
void run_upfront(struct run *self, const struct world *world, ...) __attribute__((sentinel));

/* Each fails with both streams shown. */
void run_assert_code(const struct run *self, int code);
void run_assert_says(const struct run *self, const char *text); /* on stderr */
void run_assert_silent(const struct run *self, const char *text); /* on neither stream */
void run_assert_one_error(const struct run *self); /* stderr has exactly one line that begins "upfront: " */

#endif
