/* SPDX-License-Identifier: MIT */
/*
 * What a unit says of itself by sd_notify, kept for people: its STATUS text, and that it is stopping or reloading on its own account.
 * One run long; said last is what holds.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_UNIT_WORD_H
#define UPFRONT_LAUNCHER_SUPERVISOR_UNIT_WORD_H

#include <stdbool.h>

struct notify_message;

struct unit_word {
	bool stopping, reloading;
	int error; /* errno; 0: none */
	char *said; /* STATUS; NULL: none */
	char *text; /* all of it as shown; NULL: nothing */
};

/* Takes in what was heard; true when what is shown has changed. Out of memory costs the text. */
bool unit_word_take(struct unit_word *self, const struct notify_message *message);
/* For the next run. */
void unit_word_forget(struct unit_word *self);

#endif
