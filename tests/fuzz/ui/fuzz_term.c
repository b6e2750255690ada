/* SPDX-License-Identifier: MIT */
/*
 * Any bytes from a terminal, and from a service. Keys are those that have a name or a character, a paste holds characters only, a line being
 * typed stays whole, and what is drawn of a service's text stays in its cells, with no control character in any of them.
 *
 * The input: a byte of flags, a byte of columns to skip, then the bytes.
 */
#include "config/utf8.h"
#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/line_edit.h"
#include "ui/term_input.h"
#include "ui/text.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 40u
#define BEGIN 3u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

struct typing {
	struct term_input input;
	struct line_edit edit;
};

static void take_key(struct typing *self, uint32_t key)
{
	struct theme theme = theme_make(true, true);
	struct frame frame;

	check(key <= UI_KEY_MOUSE && !(key >= 0xd800 && key < 0xe000));
	if (self->input.pasting)
		check(key == UI_KEY_PASTE || (key >= ' ' && key < UI_KEY_OTHER && key != UI_KEY_BACKSPACE));
	enum line_edit_end end = line_edit_key(&self->edit, NULL, key, NULL);
	check(self->edit.size_bytes < LINE_EDIT_BYTES_MAX && self->edit.at <= self->edit.size_bytes);
	check(utf8_valid(self->edit.text, self->edit.size_bytes) == self->edit.size_bytes);
	if (end == LINE_EDIT_ON)
		return;
	check(frame_init(&frame, 1, COLUMNS) == 0);
	line_edit_draw(&self->edit, &theme, &frame, 0, BEGIN, 10);
	check(frame.cursor_column >= BEGIN && frame.cursor_column < BEGIN + 10);
	frame_finish(&frame);
	line_edit_keep(&self->edit);
	line_edit_begin(&self->edit, "");
}

/* As a terminal's keys are read: Esc in front of a bracket begins a sequence, 0xff stands for a moment in which nothing comes. */
static void type(const uint8_t *data, size_t size, bool text)
{
	struct typing self = {.input = {.text = text}};
	uint32_t key;

	line_edit_init(&self.edit);
	for (size_t i = 0; i < size; i++) {
		bool opens = data[i] == 0x1b && i + 1 < size && (data[i + 1] == '[' || data[i + 1] == 'O');
		if (opens && !term_input_is_open(&self.input))
			term_input_begin(&self.input, (char)data[++i]);
		else if (data[i] == 0xff ? term_input_pause(&self.input, &key)
					 : term_input_byte(&self.input, data[i], &key))
			take_key(&self, key);
	}
	line_edit_finish(&self.edit);
}

static void check_cells(const struct frame *frame, unsigned used)
{
	for (unsigned column = 0; column < COLUMNS; column++) {
		const struct frame_cell *cell = frame_at(frame, 0, column);
		char visible[TEXT_POINTS_MAX];
		check(cell->columns <= 2 && cell->count <= FRAME_POINTS_MAX);
		check((cell->columns == 0) == (column > 0 && frame_at(frame, 0, column - 1)->columns == 2));
		check(cell->columns == 0 || (cell->count > 0 && text_visible(cell->points[0], visible) == 0));
		check(cell->style.foreground <= 256 && cell->style.background <= 256);
		if (column < BEGIN || column >= BEGIN + used)
			check(cell->role == ROLE_PLAIN && cell->points[0] == ' ');
	}
}

static void draw(const uint8_t *data, size_t size, unsigned skip, bool utf8)
{
	struct theme_style style = {0};
	struct frame frame;
	bool more;

	check(frame_init(&frame, 1, COLUMNS) == 0);
	unsigned used = frame_source(&frame, 0, BEGIN, 20, skip, (const char *)data, size, &style, &more, utf8);
	check(used <= 20);
	check_cells(&frame, used);
	frame_finish(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;

	if (!ready)
		ready = setlocale(LC_CTYPE, "C.UTF-8") != NULL;
	if (size < 2 || size > 4096)
		return 0;
	type(data + 2, size - 2, (data[0] & 1) != 0);
	draw(data + 2, size - 2, data[1], (data[0] & 2) != 0);
	return 0;
}
