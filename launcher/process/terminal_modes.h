/* SPDX-License-Identifier: MIT */
/*
 * What a program has switched on in its terminal, as far as it outlasts what was written then: for whoever comes later (how to begin)
 * and for whoever leaves (what to undo). Sequences as xterm's ctlseqs names them; any bytes, any cut.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_TERMINAL_MODES_H
#define UPFRONT_LAUNCHER_PROCESS_TERMINAL_MODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TERMINAL_MODES_TEXT_MAX 256u

enum terminal_modes_state {
	TERMINAL_TEXT,
	TERMINAL_ESC,
	TERMINAL_CSI,
	TERMINAL_PRIVATE, /* CSI ? */
	TERMINAL_STRING, /* titles and the like: what looks like a sequence in there is none */
	TERMINAL_STRING_ESC
};

/* Begins with zeros. */
struct terminal_modes {
	enum terminal_modes_state state;
	unsigned number; /* being read */
	uint32_t named; /* by the sequence at hand */
	uint32_t on; /* a bit each, in the order of a table of the .c */
	bool line_begun; /* the last byte was no end of a line */
};

void terminal_modes_take(struct terminal_modes *self, const char *bytes, size_t size_bytes);
/* True while the alternate screen is shown. */
bool terminal_modes_alternate(const struct terminal_modes *self);
/* What brings a fresh terminal to these modes, and what brings it back; zero-terminated in `text` of TERMINAL_MODES_TEXT_MAX bytes. */
void terminal_modes_begin(const struct terminal_modes *self, char *text);
/*
 * Everything is switched off whether it was seen or not, but for the alternate screen: leaving that moves the cursor, so it is only left
 * where it was entered.
 */
void terminal_modes_end(const struct terminal_modes *self, char *text);

/*
 * Takes out of `bytes` the sequences that ask the terminal something, and titles: shown a second time, they would be answered a second
 * time, as if typed. Returns how many bytes are left.
 */
size_t terminal_modes_silence(char *bytes, size_t size_bytes);

#endif
