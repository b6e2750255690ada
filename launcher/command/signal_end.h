/* SPDX-License-Identifier: MIT */
/*
 * An end by a signal that leaves time for a last word: Ctrl-C is how one leaves a command that follows. Only while it waits; at any other
 * moment the signal ends it at once, so that a reader who does not read keeps nobody from leaving.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_SIGNAL_END_H
#define UPFRONT_LAUNCHER_COMMAND_SIGNAL_END_H

#include <signal.h>

struct signal_end {
	sigset_t signals; /* SIGINT, SIGTERM and SIGHUP, those that are not ignored */
	int fd;
	int signal; /* that came; 0: none */
};

void signal_end_init(struct signal_end *self);
void signal_end_finish(struct signal_end *self);
/* Waits until `fd` is readable, or until one of them comes. */
void signal_end_wait(struct signal_end *self, int fd);

/* Ends this process by that signal; without a core dump, which would be about nothing. */
void signal_end_die(int signal);

#endif
