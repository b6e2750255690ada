/* SPDX-License-Identifier: MIT */
/*
 * term_input - bytes from a terminal to keys, beyond what terminfo knows: control sequences that are sent all the same, mouse reports
 * (SGR, mode 1006), bracketed pastes (mode 2004), characters beyond ASCII, and answers to what the terminal was asked. A pure step:
 * whatever is cut goes on with the next byte, whatever nobody asked for is swallowed whole, and nothing waits.
 */
#ifndef UPFRONT_UI_TERM_INPUT_H
#define UPFRONT_UI_TERM_INPUT_H

#include "ui/term.h"

#include <stdbool.h>
#include <stdint.h>

/* A sequence longer than this is noise. */
#define TERM_SEQUENCE_MAX 64u

struct term_input {
	bool text; /* characters beyond ASCII are keys, a cut sequence is waited for */
	bool pasting;
	bool answered, synchronised; /* the terminal has said whether it has mode 2026, and that it has */
	struct term_mouse mouse; /* what UI_KEY_MOUSE stood for */
	char introducer; /* '[' or 'O' of the sequence being read; 0: none */
	char sequence[TERM_SEQUENCE_MAX];
	unsigned length;
	unsigned legacy; /* bytes of an old mouse report that are still to come */
	char bytes[4]; /* of a character being read */
	unsigned count;
};

/* Back to the state between two keys: what was begun will not be ended. */
void term_input_reset(struct term_input *self);
/* Esc and '[' or 'O' have been read. */
void term_input_begin(struct term_input *self, char introducer);
/* True while the rest of a sequence is awaited. */
bool term_input_is_open(const struct term_input *self);
/* The rest does not come: true with a key for what was read when nobody could mistake what comes next for it. */
bool term_input_pause(struct term_input *self, uint32_t *key);
/* The next byte; true when *key is a key. */
bool term_input_byte(struct term_input *self, unsigned char byte, uint32_t *key);
/* A key that was told otherwise; false when it is to be left out. Within a paste no key stands but its characters. */
bool term_input_key(struct term_input *self, uint32_t *key);

#endif
