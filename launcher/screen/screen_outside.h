/* SPDX-License-Identifier: MIT */
/*
 * screen_outside - what needs the terminal for itself for a while: a program in the foreground (pager, editor, a service's terminal), or a
 * function in a process of its own (the question; text on the plain terminal until a key is pressed). The caller's loop goes on meanwhile: its
 * end is seen by a pidfd, and that it was stopped by SIGCHLD, which is blocked as long.
 */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_OUTSIDE_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_OUTSIDE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

struct err;

/* Exit code of a program that could not be run, as in a shell. */
#define OUTSIDE_NOT_RUN 127

/* What it was begun for, which decides what happens at its end. */
enum outside_kind { OUTSIDE_NOTHING, OUTSIDE_PROGRAM, OUTSIDE_EDIT, OUTSIDE_QUESTION };

struct screen_outside {
	enum outside_kind kind;
	pid_t pid;
	int pidfd; /* -1: none */
	int signal_fd; /* of SIGCHLD; -1: none */
	sigset_t mask; /* as it was before */
	char *remove; /* a file that was made for it; NULL: none */
	struct termios modes; /* of the terminal, as it was before */
	bool has_modes;
};

void outside_init(struct screen_outside *self);
/*
 * Ends what still runs there, and gives the terminal back: true when a program had to be told to end. It has a moment for that, since only it knows what
 * it has made of the terminal.
 */
bool outside_finish(struct screen_outside *self);

/*
 * Runs a command line of words in the foreground of this terminal, as a job of its own. The terminal has been given back already.
 * `remove` (may be NULL) is a file that is removed afterwards; taken over, also on failure.
 */
int outside_run(struct screen_outside *self, enum outside_kind kind, const char *const *argv,
		const char *const *environment, char *remove, struct err *err);
/* The same for a function in a process of its own; what it returns is the exit code. */
int outside_call(struct screen_outside *self, enum outside_kind kind, int (*run)(void *context), void *context,
		 struct err *err);
/* In such a function: waits for a key, all of whose sequence is taken. The terminal's modes come back by themselves. */
void outside_wait_key(void);

/*
 * After pidfd or signal_fd were ready: true when it is over. *exit_code is that of the program, 128 + n for a signal. A program that was stopped
 * (Ctrl-Z) is continued: there is no shell here to do it.
 */
bool outside_step(struct screen_outside *self, int *exit_code);

#endif
