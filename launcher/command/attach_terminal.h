/* SPDX-License-Identifier: MIT */
/*
 * This terminal as that of a service: what the service writes comes here unchanged, keys go to it, but for Ctrl-], which leaves. The
 * service goes on when its looker leaves, however that comes about. A service that starts anew goes on in the same place.
 *
 *   attach           the command: finds the service, says how it ended
 *   attach_stack     the same for the whole stack
 *   attach_terminal  the loop between terminal, service and events
 *   attach_typing    keys on their way to the service
 *   attach_screen    the person's terminal, taken and given back
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_ATTACH_TERMINAL_H
#define UPFRONT_LAUNCHER_COMMAND_ATTACH_TERMINAL_H

#include <stdbool.h>

struct err;
struct watch;

struct attach_terminal_options {
	struct watch *watch; /* opened; its events are taken in meanwhile */
	const char *unit; /* name of one of its units that has a terminal */
	bool keys; /* standard input is a terminal that may be read */
	bool types; /* the service takes them; else they only serve to leave */
	const char *greeting; /* said once it is there, before anything else; NULL: nothing */
	bool resets; /* standard output is a terminal that understands sequences */
};

enum attach_end {
	ATTACH_LEFT, /* by Ctrl-], or by a signal, which is in *signal */
	ATTACH_ENDED, /* the service did, for good: the view says how */
	ATTACH_FAILED /* said in `err` */
};

/* The terminal is given back when it returns, and when the process crashes. */
enum attach_end attach_terminal(const struct attach_terminal_options *options, int *signal, struct err *err);

#endif
