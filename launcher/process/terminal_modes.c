/* SPDX-License-Identifier: MIT */
#include "launcher/process/terminal_modes.h"

#include <stdio.h>
#include <string.h>

/* Private modes that are noted, by bit. The first three are the alternate screen. */
static const unsigned modes[] = {1049, 1047, 47, 1, 25, 9, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 2004};
#define MODES (sizeof(modes) / sizeof(modes[0]))
#define ALTERNATE 7u
/* The only one that is on to begin with: its bit says that it was switched off. */
#define CURSOR 25u
#define KEYPAD (1u << MODES)

#define CAN 0x18
#define SUB 0x1a
#define ESC 0x1b
#define BEL 0x07
#define ENQ 0x05

static void end_sequence(struct terminal_modes *self, unsigned char final)
{
	if (self->state == TERMINAL_PRIVATE && (final == 'h' || final == 'l')) {
		for (size_t i = 0; i < MODES; i++) {
			const uint32_t bit = self->named & 1u << i;

			if ((final == 'h') == (modes[i] != CURSOR))
				self->on |= bit;
			else
				self->on &= ~bit;
		}
		/* Whichever way it was entered by, it is left. */
		if (final == 'l' && (self->named & ALTERNATE) != 0)
			self->on &= ~ALTERNATE;
	}
	self->state = TERMINAL_TEXT;
}

static void end_number(struct terminal_modes *self)
{
	for (size_t i = 0; i < MODES; i++)
		if (modes[i] == self->number)
			self->named |= 1u << i;
	self->number = 0;
}

static void take_in_sequence(struct terminal_modes *self, unsigned char byte)
{
	if (byte >= '0' && byte <= '9') {
		self->number = self->number < 10000 ? self->number * 10 + (unsigned)(byte - '0') : self->number;
	} else if (byte >= 0x40 && byte <= 0x7e) {
		end_number(self);
		end_sequence(self, byte);
	} else if (byte == '?' && self->state == TERMINAL_CSI) {
		self->state = TERMINAL_PRIVATE;
	} else if (byte == ';') {
		end_number(self);
	}
}

static void take_after_escape(struct terminal_modes *self, unsigned char byte)
{
	self->number = 0;
	self->named = 0;
	if (byte == '[')
		self->state = TERMINAL_CSI;
	else if (byte == ']' || byte == 'P' || byte == 'X' || byte == '^' || byte == '_')
		self->state = TERMINAL_STRING;
	else if (byte < 0x20 || byte > 0x2f)
		self->state = TERMINAL_TEXT;
	if (byte == 'c') /* as new */
		self->on = 0;
	else if (byte == '=')
		self->on |= KEYPAD;
	else if (byte == '>')
		self->on &= ~KEYPAD;
}

static void take_byte(struct terminal_modes *self, unsigned char byte)
{
	if (byte == CAN || byte == SUB) {
		self->state = TERMINAL_TEXT;
	} else if (self->state == TERMINAL_STRING || self->state == TERMINAL_STRING_ESC) {
		if (byte == BEL || (byte == '\\' && self->state == TERMINAL_STRING_ESC))
			self->state = TERMINAL_TEXT;
		else
			self->state = byte == ESC ? TERMINAL_STRING_ESC : TERMINAL_STRING;
	} else if (byte == ESC) {
		self->state = TERMINAL_ESC;
	} else if (self->state == TERMINAL_ESC) {
		take_after_escape(self, byte);
	} else if (self->state != TERMINAL_TEXT) {
		take_in_sequence(self, byte);
	}
}

void terminal_modes_take(struct terminal_modes *self, const char *bytes, size_t size_bytes)
{
	const char *end = bytes + size_bytes;

	if (size_bytes > 0)
		self->line_begun = end[-1] != '\n';
	while (bytes < end) {
		/* Most of it is text. */
		if (self->state == TERMINAL_TEXT)
			bytes = memchr(bytes, ESC, (size_t)(end - bytes));
		if (bytes == NULL)
			return;
		take_byte(self, (unsigned char)*bytes++);
	}
}

bool terminal_modes_alternate(const struct terminal_modes *self)
{
	return (self->on & ALTERNATE) != 0;
}

static void add_mode(char *text, unsigned mode, char final)
{
	const size_t used = strlen(text);

	snprintf(text + used, TERMINAL_MODES_TEXT_MAX - used, "\033[?%u%c", mode, final);
}

void terminal_modes_begin(const struct terminal_modes *self, char *text)
{
	text[0] = '\0';
	for (size_t i = 0; i < MODES; i++)
		if ((self->on & 1u << i) != 0)
			add_mode(text, modes[i], modes[i] == CURSOR ? 'l' : 'h');
	if ((self->on & KEYPAD) != 0)
		strcat(text, "\033=");
}

void terminal_modes_end(const struct terminal_modes *self, char *text)
{
	/* First a sequence that was cut. */
	strcpy(text, "\030");
	for (size_t i = 0; i < MODES; i++)
		if ((1u << i & ALTERNATE) == 0 || (self->on & 1u << i) != 0)
			add_mode(text, modes[i], modes[i] == CURSOR ? 'h' : 'l');
	/* The scrolling region (which moves the cursor), colours, character sets, inserting, keypad, reversed, wrapping. */
	strcat(text, "\0337\033[r\0338\033[m\017\033(B\033[4l\033>\033[?5l\033[?7h");
}

/* ---- A second time ---- */

/* Behind the sequence that begins at `at` with ESC, where another one cuts it off in front of that; NULL when it has no end. */
static const char *end_of_sequence(const char *at, const char *end, bool *cut)
{
	struct terminal_modes seen = {.state = TERMINAL_ESC};

	*cut = false;
	for (at++; at < end && seen.state != TERMINAL_TEXT; at++) {
		*cut = (unsigned char)*at == ESC && seen.state < TERMINAL_STRING;
		if (*cut)
			return at;
		take_byte(&seen, (unsigned char)*at);
	}
	return seen.state == TERMINAL_TEXT ? at : NULL;
}

/* Reports of state (c, n, x), of modes ($p), of the window (t), and all that is a string, which may hold a question, too. */
static bool asks(const char *sequence, size_t size_bytes)
{
	const char kind = size_bytes > 1 ? sequence[1] : '\0', final = sequence[size_bytes - 1];

	if (kind == '[')
		return memchr("cnxt", final, 4) != NULL || (final == 'p' && memchr(sequence, '$', size_bytes) != NULL);
	return kind == 'Z' || memchr("]PX^_", kind, 5) != NULL;
}

size_t terminal_modes_silence(char *bytes, size_t size_bytes)
{
	const char *at = bytes, *end = bytes + size_bytes;
	size_t kept = 0;

	while (at < end) {
		bool cut = false;
		const char *behind = *at == ESC ? end_of_sequence(at, end, &cut) : NULL;

		if (behind != NULL) {
			if (!cut && !asks(at, (size_t)(behind - at))) {
				memmove(bytes + kept, at, (size_t)(behind - at));
				kept += (size_t)(behind - at);
			}
			at = behind;
		} else {
			if (*at != ENQ)
				bytes[kept++] = *at;
			at++;
		}
	}
	return kept;
}
