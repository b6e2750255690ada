/* SPDX-License-Identifier: MIT */
/*
 * signals - the signals a dialog lives with, read as data. They are blocked and taken from a signalfd(2), so there is no handler, no
 * global, and no moment between looking and waiting in which one is missed. signals_close leaves mask and dispositions
 * as they were found.
 *
 * A signal that the caller ignores stays ignored (nohup), but for SIGINT: Ctrl-C always leaves a dialog.
 */
#ifndef UPFRONT_UI_SIGNALS_H
#define UPFRONT_UI_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct signals {
	int fd;
	sigset_t old_mask;
};

enum signals_event {
	SIGNALS_NONE,
	SIGNALS_INTERRUPT, /* SIGINT */
	SIGNALS_FATAL, /* SIGTERM, SIGHUP or SIGQUIT: *number says which */
	SIGNALS_STOP, /* SIGTSTP */
	SIGNALS_CONTINUE, /* SIGCONT */
	SIGNALS_RESIZE /* SIGWINCH */
};

struct signals_ready {
	bool input; /* something to read, or the end */
	bool also; /* the same of the other descriptor */
	bool signal;
};

int signals_open(struct signals *self);
/* Only those of the terminal: SIGTSTP, SIGCONT, SIGWINCH. What ends the process is somebody else's. */
int signals_open_terminal(struct signals *self);
/* Harmless after a failed open. */
void signals_close(struct signals *self);

/* Waits without a limit until `input` can be read or a signal came. -errno when waiting is not possible. */
int signals_wait(const struct signals *self, int input, struct signals_ready *ready);
/* The same of two descriptors; -1: there is none. */
int signals_wait_also(const struct signals *self, int input, int also, struct signals_ready *ready);
/* Takes one signal that came; *number is set with SIGNALS_FATAL only. */
enum signals_event signals_next(const struct signals *self, int *number);
/* Stops the process as SIGTSTP does by default; returns when it is continued, or at once where nobody could continue it. */
void signals_stop(void);

#endif
