/* SPDX-License-Identifier: MIT */
/*
 * crash - gives the terminal back when the process dies of SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS or SIGTRAP while a
 * screen is shown. Everything the handler needs is prepared beforehand, and it calls only what POSIX lists as safe in
 * handlers: write, tcsetattr, sigaction, raise. Afterwards the signal goes its old way (core file, sanitizer report).
 */
#ifndef UPFRONT_UI_CRASH_H
#define UPFRONT_UI_CRASH_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#define CRASH_SIGNALS 7
#define CRASH_BYTES_MAX 256
#define CRASH_STACK_BYTES 16384

struct crash {
	int output, input;
	struct termios modes; /* to be set on `input` */
	char bytes[CRASH_BYTES_MAX]; /* to be written to `output` */
	size_t count;
	struct sigaction old[CRASH_SIGNALS];
	stack_t old_stack;
	char *stack; /* the handler's own: the crash may be that the usual one is full */
};

void crash_init(struct crash *self, int output, int input, const struct termios *modes);
/* Adds a terminfo string, without its padding marks; NULL, and what does not fit, adds nothing. */
void crash_add(struct crash *self, const char *capability);
/* `self` must stay where it is until crash_disarm. One at a time. */
void crash_arm(struct crash *self);
void crash_disarm(struct crash *self);

#endif
