/* SPDX-License-Identifier: MIT */
#include "ui/term_input.h"

#include "ui/keys.h"
#include "ui/text.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS_MAX 4u
#define VALUE_MAX 99999u
#define MODE_SYNCHRONISED 2026u

void term_input_reset(struct term_input *self)
{
	self->pasting = false;
	self->introducer = '\0';
	self->length = self->legacy = self->count = 0;
}

void term_input_begin(struct term_input *self, char introducer)
{
	self->introducer = introducer;
	self->length = self->count = 0;
}

bool term_input_is_open(const struct term_input *self)
{
	return self->introducer != '\0' || self->legacy > 0;
}

bool term_input_pause(struct term_input *self, uint32_t *key)
{
	/* With a parameter it can be nothing else, so its rest will come; without, it may be Alt and a bracket. */
	if (!term_input_is_open(self) || (self->text && (self->length > 0 || self->legacy > 0)))
		return false;
	self->introducer = '\0';
	*key = UI_KEY_OTHER;
	return term_input_key(self, key);
}

bool term_input_key(struct term_input *self, uint32_t *key)
{
	if (!self->pasting)
		return true;
	/* No terminal pastes these: they are the way out when the end of a paste was lost. */
	if (*key == UI_KEY_PASTE_END || *key == UI_KEY_CTRL('c') || *key == UI_KEY_ESC) {
		self->pasting = false;
		*key = UI_KEY_PASTE_END;
		return true;
	}
	if (*key == '\r' || *key == '\n' || *key == '\t')
		*key = ' ';
	return *key >= ' ' && *key < UI_KEY_OTHER && *key != UI_KEY_BACKSPACE;
}

/* ---- Sequences ---- */

/* Numbers between semicolons, from `at` on; returns how many. */
static size_t read_numbers(const char *at, unsigned numbers[PARAMETERS_MAX])
{
	size_t count = 0;

	while (count < PARAMETERS_MAX) {
		char *end;
		unsigned long number = strtoul(at, &end, 10);
		numbers[count++] = number < VALUE_MAX ? (unsigned)number : VALUE_MAX;
		if (end == at || *end != ';')
			break;
		at = end + 1;
	}
	return count;
}

/* Left button, and the wheel; the others are nobody's. */
static bool take_mouse(struct term_input *self, unsigned button, unsigned column, unsigned row, bool released)
{
	struct term_mouse mouse = {
		.row = row > 0 ? row - 1 : 0,
		.column = column > 0 ? column - 1 : 0,
	};

	if ((button & 64u) != 0 && (button & 3u) < 2)
		mouse.kind = (button & 1u) != 0 ? TERM_MOUSE_WHEEL_DOWN : TERM_MOUSE_WHEEL_UP;
	else if (button < 64 && (button & 3u) == 0)
		mouse.kind = released ? TERM_MOUSE_RELEASE : (button & 32u) != 0 ? TERM_MOUSE_DRAG : TERM_MOUSE_PRESS;
	else
		return false;
	self->mouse = mouse;
	return true;
}

/* Shift-Tab, arrows in the other mode, and what a TERM that describes too little leaves out. */
static uint32_t plain_key(const char *sequence, unsigned length, char final)
{
	static const struct {
		char final;
		uint32_t key;
	} letters[] = {
		{'A', UI_KEY_UP},   {'B', UI_KEY_DOWN}, {'C', UI_KEY_RIGHT},    {'D', UI_KEY_LEFT},
		{'H', UI_KEY_HOME}, {'F', UI_KEY_END},  {'Z', UI_KEY_BACK_TAB}, {'P', UI_KEY_F(1)},
		{'Q', UI_KEY_F(2)}, {'R', UI_KEY_F(3)}, {'S', UI_KEY_F(4)},
	};
	static const struct {
		unsigned number;
		uint32_t key;
	} numbers[] = {
		{1, UI_KEY_HOME},      {3, UI_KEY_DELETE},      {4, UI_KEY_END},   {5, UI_KEY_PAGE_UP},
		{6, UI_KEY_PAGE_DOWN}, {7, UI_KEY_HOME},        {8, UI_KEY_END},   {11, UI_KEY_F(1)},
		{12, UI_KEY_F(2)},     {13, UI_KEY_F(3)},       {14, UI_KEY_F(4)}, {15, UI_KEY_F(5)},
		{17, UI_KEY_F(6)},     {18, UI_KEY_F(7)},       {19, UI_KEY_F(8)}, {20, UI_KEY_F(9)},
		{200, UI_KEY_PASTE},   {201, UI_KEY_PASTE_END},
	};

	for (size_t i = 0; length == 1 && i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].final == final)
			return letters[i].key;
	if (final != '~' || strspn(sequence, "0123456789") != length - 1)
		return UI_KEY_OTHER;
	unsigned long number = strtoul(sequence, NULL, 10);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].number == number)
			return numbers[i].key;
	return UI_KEY_OTHER;
}

/* A whole sequence. False: no key. */
static bool take_sequence(struct term_input *self, uint32_t *key)
{
	char final = self->sequence[self->length - 1];
	unsigned numbers[PARAMETERS_MAX] = {0};

	self->sequence[self->length] = '\0';
	if (self->sequence[0] == '<' && (final == 'M' || final == 'm')) {
		size_t count = read_numbers(self->sequence + 1, numbers);
		*key = UI_KEY_MOUSE;
		return count >= 3 && !self->pasting &&
		       take_mouse(self, numbers[0], numbers[1], numbers[2], final == 'm');
	}
	/* The answer to "do you have this mode?": 1 and 2 say that it can be set (DECRPM). */
	if (self->sequence[0] == '?' && final == 'y') {
		read_numbers(self->sequence + 1, numbers);
		if (numbers[0] == MODE_SYNCHRONISED) {
			self->answered = true;
			self->synchronised = numbers[1] == 1 || numbers[1] == 2;
		}
		return false;
	}
	/* A mouse report of old: three bytes of any value follow. */
	if (self->text && self->length == 1 && final == 'M') {
		self->legacy = 3;
		return false;
	}
	*key = plain_key(self->sequence, self->length, final);
	if (*key == UI_KEY_PASTE || *key == UI_KEY_PASTE_END) {
		/* One that ends what never began, and the other way round, is nothing; and nobody reads it who takes no text. */
		bool fits = self->text && self->pasting == (*key == UI_KEY_PASTE_END);
		if (fits)
			self->pasting = *key == UI_KEY_PASTE;
		return fits;
	}
	return term_input_key(self, key);
}

static bool sequence_byte(struct term_input *self, unsigned char byte, uint32_t *key)
{
	if (byte < 0x20 || byte > 0x7e || self->length + 2 > TERM_SEQUENCE_MAX) {
		self->introducer = '\0';
		*key = UI_KEY_OTHER;
		return term_input_key(self, key);
	}
	self->sequence[self->length++] = (char)byte;
	if (byte < 0x40)
		return false;
	self->introducer = '\0';
	return take_sequence(self, key);
}

/* ---- Characters ---- */

static unsigned length_of(unsigned char lead)
{
	return lead > 0xf4 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
}

static bool character_byte(struct term_input *self, unsigned char byte, uint32_t *key)
{
	uint32_t point;

	/* What began and does not go on was no character; the byte that shows it is taken as what it is. */
	if ((byte & 0xc0u) != 0x80u)
		self->count = 0;
	self->bytes[self->count++] = (char)byte;
	if (self->count < length_of((unsigned char)self->bytes[0]))
		return false;
	size_t size = self->count;
	self->count = 0;
	*key = text_point(self->bytes, size, &point) == size ? point : UI_KEY_OTHER;
	return term_input_key(self, key);
}

bool term_input_byte(struct term_input *self, unsigned char byte, uint32_t *key)
{
	if (self->legacy > 0) {
		self->legacy--;
		return false;
	}
	if (self->introducer != '\0')
		return sequence_byte(self, byte, key);
	if (self->text && byte >= 0x80)
		return character_byte(self, byte, key);
	self->count = 0;
	*key = byte < 0x80 ? byte : UI_KEY_OTHER;
	return term_input_key(self, key);
}
