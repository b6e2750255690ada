/* SPDX-License-Identifier: MIT */
/*
 * The person's terminal while it shows a service's: keys come raw, and on every way out it is given back as it was. The service's bytes
 * go to it unchanged, so what they may have left on is noted on the way.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_ATTACH_SCREEN_H
#define UPFRONT_LAUNCHER_COMMAND_ATTACH_SCREEN_H

#include "launcher/process/terminal_modes.h"
#include "ui/crash.h"

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct attach_screen {
	bool taken; /* keys come raw */
	bool resets; /* our output is a terminal that understands sequences */
	int in, out;
	struct termios before;
	struct crash crash;
	struct terminal_modes modes; /* of what was shown */
};

/* `in`: whose keys are wanted, -1: none. `resets` is false for a terminal that understands no sequences, and where there is none. */
void attach_screen_init(struct attach_screen *self, int in, int out, bool resets);
/* Also once more, after somebody else has had it. -errno where the terminal is gone. */
int attach_screen_take(struct attach_screen *self);
/* What the service wrote, on its way to the terminal. */
void attach_screen_note(struct attach_screen *self, const char *bytes, size_t size_bytes);
/* Keys are the shell's again; what is to be written for it, into `reset` of TERMINAL_MODES_TEXT_MAX bytes. Once is enough. */
void attach_screen_give_back(struct attach_screen *self, char *reset);

#endif
