/* SPDX-License-Identifier: MIT */
/*
 * screen_silence - whether the supervisor answers. It is asked nothing for this: what is asked anyway and stays without an answer, while nothing else is
 * heard either, shows it. Once it does not answer, it is asked again and again until it does. Pure; times are monotonic.
 */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_SILENCE_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

/* So long without a word is no answer. */
#define SILENCE_MS 1500

struct screen_silence {
	int64_t heard_ms; /* anything, last; 0: nothing yet */
	bool lost;
};

/* Something has come from it. Returns whether that is news: it had not answered. */
bool silence_hear(struct screen_silence *self, int64_t now_ms);
/* `asked_ms`: when the oldest of what waits for an answer was asked; 0: nothing waits. Returns whether it does not answer any more, and did before. */
bool silence_look(struct screen_silence *self, int64_t asked_ms, int64_t now_ms);
/* When it is to be looked at; 0: not before something else happens. */
int64_t silence_due_ms(const struct screen_silence *self, int64_t asked_ms);

#endif
