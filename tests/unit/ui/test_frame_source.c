/* SPDX-License-Identifier: MIT */
/* Text of services in the grid: its colours kept, everything else made harmless; and windows on the grid. */
#include "ui/frame.h"
#include "ui/sgr.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COLUMNS 24u
#define SHOP "\345\225\206\345\272\227" /* two wide characters */

static int set_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

static void read_row(const struct frame *frame, unsigned row, char text[COLUMNS + 1])
{
	size_t size = 0;

	for (unsigned column = 0; column < COLUMNS; column++) {
		const struct frame_cell *cell = frame_at(frame, row, column);
		uint32_t point = cell->points[0];
		text[column] = (char)(cell->columns == 2   ? '<'
				      : cell->columns == 0 ? '>'
				      : point < 0x7f       ? point
				      : point == 0xfffd    ? '?'
							   : '$');
		if (text[column] != ' ')
			size = column + 1;
	}
	text[size] = '\0';
}

static void everything_but_colour_is_made_harmless(void **state)
{
	static const struct {
		const char *text;
		unsigned room, skip;
		const char *row;
		unsigned used;
		bool more;
	} table[] = {
		{"plain", 20, 0, "plain", 5, false},
		{"", 20, 0, "", 0, false},
		{"", 0, 0, "", 0, false},
		{"plain", 0, 0, "", 0, true},
		{"plain", 4, 0, "plai", 4, true},
		{"plain", 5, 0, "plain", 5, false},
		{"plain", 20, 2, "ain", 3, false},
		{"plain", 2, 2, "ai", 2, true},
		{"plain", 20, 9, "", 0, false},
		/* Colours take no room; all else that begins with Esc is seen. */
		{"\033[1;31mred\033[0m!", 20, 0, "red!", 4, false},
		{"\033[mred", 3, 0, "red", 3, false},
		{"\033[2Kx", 20, 0, "^[[2Kx", 6, false},
		{"\033]0;title\007x", 20, 0, "^[]0;title^Gx", 13, false},
		{"\033[?25lx", 20, 0, "^[[?25lx", 8, false},
		{"\033[>4mx", 20, 0, "^[[>4mx", 7, false},
		{"\033", 20, 0, "^[", 2, false},
		{"\033[", 20, 0, "^[[", 3, false},
		{"x\033[3", 20, 0, "x^[[3", 5, false},
		{"\302\23331mx", 20, 0, "\\x9b31mx", 8, false},
		{"a\rb\nc\bd", 20, 0, "a^Mb^Jc^Hd", 10, false},
		{"\342\200\256x", 20, 0, "\\u202ex", 7, false},
		{"a\377b", 20, 0, "a?b", 3, false},
		/* Tabs count from the text's own start. */
		{"a\tb\tc", 24, 0, "a       b       c", 17, false},
		{"a\tb", 24, 3, "     b", 6, false},
		{"a\tb", 4, 0, "a", 4, true},
		{"\t\033[31m\tb", 24, 0, "                b", 17, false},
		/* Wide ones whole or not at all; a half in front is a blank. */
		{"a" SHOP "b", 20, 0, "a<><>b", 6, false},
		{"a" SHOP "b", 4, 0, "a<>", 3, true},
		{"a" SHOP "b", 20, 2, " <>b", 4, false},
		{"a" SHOP "b", 1, 2, "", 1, true},
		/* Combining ones go with what they stand on. */
		{"e\314\201f", 20, 0, "ef", 2, false},
		{"e\314\201f", 20, 1, "f", 1, false},
		{"\314\201f", 20, 0, "f", 1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct theme_style style = {0};
		struct frame frame;
		char row[COLUMNS + 1];
		bool more;
		assert_int_equal(frame_init(&frame, 1, COLUMNS), 0);
		unsigned used = frame_source(&frame, 0, 0, table[i].room, table[i].skip, table[i].text,
					     strlen(table[i].text), &style, &more, true);
		read_row(&frame, 0, row);
		assert_string_equal(row, table[i].row);
		assert_int_equal(used, table[i].used);
		assert_int_equal(more, table[i].more);
		frame_finish(&frame);
	}
}

static void without_utf8_only_ascii_comes_out(void **state)
{
	struct theme_style style = {0};
	struct frame frame;
	char row[COLUMNS + 1];

	(void)state;
	assert_int_equal(frame_init(&frame, 1, COLUMNS), 0);
	frame_source(&frame, 0, 0, 20, 0, "\303\244\342\200\246" SHOP "x", 12, &style, NULL, false);
	read_row(&frame, 0, row);
	assert_string_equal(row, "?...??x");
	frame_finish(&frame);
}

static void styles_are_read(void **state)
{
	static const struct {
		const char *text;
		struct theme_style style;
	} table[] = {
		{"\033[31m", {.foreground = THEME_RED}},
		{"\033[1;4;33;44m", {THEME_YELLOW, THEME_BLUE, THEME_BOLD | THEME_UNDERLINE}},
		{"\033[2;3;7m", {.attributes = THEME_DIM | THEME_ITALIC | THEME_REVERSE}},
		{"\033[1;2;3;4;7m\033[22;23;24;27m", {0}},
		{"\033[1m\033[31m\033[m", {0}},
		{"\033[1;;31m", {.foreground = THEME_RED}},
		{"\033[91;102m", {.foreground = 1 + 9, .background = 1 + 10}},
		{"\033[31;42m\033[39m", {.background = THEME_GREEN}},
		{"\033[31;42m\033[49m", {.foreground = THEME_RED}},
		{"\033[38;5;208m", {.foreground = 1 + 208}},
		{"\033[48:5:208m", {.background = 1 + 208}},
		{"\033[38;5;999;1m", {.attributes = THEME_BOLD}},
		{"\033[38;2;255;0;0m", {.foreground = 1 + 196}},
		{"\033[38:2:255:0:0m", {.foreground = 1 + 196}},
		{"\033[38:2::0:255:0m", {.foreground = 1 + 46}},
		{"\033[48;2;8;8;8;1m", {.background = 1 + 232, .attributes = THEME_BOLD}},
		/* Cut in its middle, or of another kind: what is understood holds. */
		{"\033[31;38m", {.foreground = THEME_RED}},
		{"\033[31;38;2;1m", {.foreground = THEME_RED}},
		{"\033[58;5;1;31m", {.foreground = THEME_RED}},
		{"\033[58:2::1:2:3;31m", {.foreground = THEME_RED}},
		{"\033[4:3m", {.attributes = THEME_UNDERLINE}},
		{"\033[4m\033[4:0m", {0}},
		{"\033[5;8;53;99999999999m", {0}},
		{"\033[31;1H", {0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct theme_style style = {0};
		struct frame frame;
		assert_int_equal(frame_init(&frame, 1, COLUMNS), 0);
		char text[80];
		snprintf(text, sizeof(text), "%sx", table[i].text);
		frame_source(&frame, 0, 0, COLUMNS, 0, text, strlen(text), &style, NULL, true);
		assert_int_equal(style.foreground, table[i].style.foreground);
		assert_int_equal(style.background, table[i].style.background);
		assert_int_equal(style.attributes, table[i].style.attributes);
		frame_finish(&frame);
	}
}

static void cells_take_the_style_and_give_it_up(void **state)
{
	static const char text[] = "a\033[31mb\t" SHOP "\033[32m beyond \033[44m";
	struct theme_style style = {.attributes = THEME_BOLD};
	struct frame frame;

	(void)state;
	assert_int_equal(frame_init(&frame, 1, COLUMNS), 0);
	frame_source(&frame, 0, 0, 14, 0, text, sizeof(text) - 1, &style, NULL, true);
	assert_int_equal(frame_at(&frame, 0, 0)->role, ROLE_SOURCE);
	assert_int_equal(frame_at(&frame, 0, 0)->style.attributes, THEME_BOLD);
	assert_int_equal(frame_at(&frame, 0, 0)->style.foreground, THEME_DEFAULT);
	assert_int_equal(frame_at(&frame, 0, 1)->style.foreground, THEME_RED);
	assert_int_equal(frame_at(&frame, 0, 5)->style.foreground, THEME_RED); /* the tab's blanks as well */
	assert_int_equal(frame_at(&frame, 0, 9)->style.foreground, THEME_RED);
	assert_int_equal(frame_at(&frame, 0, 13)->style.foreground, THEME_GREEN);
	assert_int_equal(frame_at(&frame, 0, 14)->role, ROLE_PLAIN);
	/* What was cut off counts for what follows. */
	assert_int_equal(style.background, THEME_BLUE);
	frame_mark(&frame, 0, 1, 1, ROLE_HIT);
	assert_int_equal(frame_at(&frame, 0, 1)->role, ROLE_HIT);
	assert_int_equal(frame_at(&frame, 0, 1)->style.foreground, THEME_DEFAULT);
	frame_finish(&frame);
}

static void colours_become_the_nearest(void **state)
{
	static const struct {
		uint8_t red, green, blue, color;
	} table[] = {
		{0, 0, 0, 16},        {255, 255, 255, 231}, {255, 0, 0, 196},     {0, 255, 0, 46},
		{0, 0, 255, 21},      {95, 135, 175, 67},   {128, 128, 128, 244}, {8, 8, 8, 232},
		{238, 238, 238, 255}, {250, 250, 250, 231}, {100, 130, 180, 67},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(sgr_nearest(table[i].red, table[i].green, table[i].blue), table[i].color);
}

/* A mark behind a right-to-left run: letters and digits beside it keep their places on terminals that turn runs. */
static void right_to_left_runs_are_contained(void **state)
{
	static const struct {
		const char *text;
		unsigned room;
		unsigned marked[2]; /* cells with a mark; COLUMNS: none */
	} table[] = {
		{"abc", 20, {COLUMNS, COLUMNS}},
		{"\327\220\327\221", 20, {1, COLUMNS}},
		{"\327\220\327\221 12", 20, {1, COLUMNS}},
		/* Words of one sentence belong together. */
		{"\327\220 \327\221 x", 20, {2, COLUMNS}},
		{"\327\220 x \327\221", 20, {0, 4}},
		{"\327\220\327\221\327\222", 2, {1, COLUMNS}},
		{"\330\247\331\204: a", 20, {1, COLUMNS}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct theme_style style = {0};
		struct frame frame;
		assert_int_equal(frame_init(&frame, 1, COLUMNS), 0);
		frame_source(&frame, 0, 0, table[i].room, 0, table[i].text, strlen(table[i].text), &style, NULL, true);
		for (unsigned column = 0; column < COLUMNS; column++) {
			const struct frame_cell *cell = frame_at(&frame, 0, column);
			bool wanted = column == table[i].marked[0] || column == table[i].marked[1];
			assert_int_equal(cell->count, wanted ? 2 : 1);
			if (wanted)
				assert_int_equal(cell->points[1], 0x200e);
		}
		frame_finish(&frame);
	}
}

static void windows_draw_on_the_frame_and_cut(void **state)
{
	static const char text[] = "a line that is too long";
	struct theme_style style = {0};
	struct frame frame;
	char row[COLUMNS + 1];

	(void)state;
	assert_int_equal(frame_init(&frame, 4, COLUMNS), 0);
	struct frame window = frame_window(&frame, (struct frame_area){1, 3, 2, 6});
	assert_int_equal(window.rows, 2);
	assert_int_equal(window.columns, 6);
	frame_source(&window, 0, 0, 100, 0, text, sizeof(text) - 1, &style, NULL, true);
	frame_text(&window, 1, 4, 100, "xyz", 3, ROLE_BAD, true);
	frame_put(&window, 2, 0, '!', ROLE_PLAIN);
	frame_put(&window, 0, 6, '!', ROLE_PLAIN);
	read_row(&frame, 1, row);
	assert_string_equal(row, "   a line");
	read_row(&frame, 2, row);
	assert_string_equal(row, "       xy");
	assert_int_equal(frame_at(&frame, 2, 7)->role, ROLE_BAD);
	read_row(&frame, 3, row);
	assert_string_equal(row, "");
	frame_clear(&window);
	read_row(&frame, 1, row);
	assert_string_equal(row, "");
	/* Beyond the edge, and wholly outside. */
	window = frame_window(&frame, (struct frame_area){3, 20, 9, 9});
	assert_int_equal(window.rows, 1);
	assert_int_equal(window.columns, 4);
	struct frame within = frame_window(&window, (struct frame_area){0, 2, 1, 9});
	frame_text(&within, 0, 0, 9, "abc", 3, ROLE_PLAIN, true);
	read_row(&frame, 3, row);
	assert_string_equal(row, "                      ab");
	window = frame_window(&frame, (struct frame_area){4, 0, 1, 1});
	frame_put(&window, 0, 0, '!', ROLE_PLAIN);
	frame_cursor(&window, 0, 0);
	frame_clear(&window);
	assert_int_equal(window.rows, 0);
	frame_finish(&frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_but_colour_is_made_harmless),
		cmocka_unit_test(without_utf8_only_ascii_comes_out),
		cmocka_unit_test(styles_are_read),
		cmocka_unit_test(cells_take_the_style_and_give_it_up),
		cmocka_unit_test(colours_become_the_nearest),
		cmocka_unit_test(right_to_left_runs_are_contained),
		cmocka_unit_test(windows_draw_on_the_frame_and_cut),
	};

	return cmocka_run_group_tests(tests, set_locale, NULL);
}
