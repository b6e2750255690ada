/* SPDX-License-Identifier: MIT */
/* The grid: nothing outside it, wide characters whole or not at all. */
#include "ui/frame.h"
#include "ui/prompt.h"
#include "ui/ui.h"

#include <fcntl.h>
#include <locale.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SHOP "\345\225\206\345\272\227" /* two wide characters */

static int set_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

/* One row as text: '<' and '>' for the halves of a wide character. */
static void check_row(const struct frame *frame, const char *expected)
{
	char row[32] = "";

	for (unsigned column = 0; column < frame->columns; column++) {
		const struct frame_cell *cell = frame_at(frame, 0, column);
		row[column] = cell->columns == 2 ? '<' : cell->columns == 0 ? '>' : (char)cell->points[0];
	}
	assert_string_equal(row, expected);
}

static void wide_characters_stay_whole(void **state)
{
	struct frame frame;

	(void)state;
	assert_int_equal(frame_init(&frame, 1, 6), 0);
	assert_int_equal(frame_text(&frame, 0, 0, 6, "a" SHOP, 7, ROLE_PLAIN, true), 5);
	check_row(&frame, "a<><> ");
	frame_put(&frame, 0, 2, '!', ROLE_PLAIN);
	check_row(&frame, "a !<> ");
	frame_put(&frame, 0, 3, '?', ROLE_PLAIN);
	check_row(&frame, "a !?  ");
	/* No room for the second half: at the limit, and at the edge. */
	assert_int_equal(frame_text(&frame, 0, 0, 3, SHOP, 6, ROLE_PLAIN, true), 2);
	check_row(&frame, "<>!?  ");
	frame_text(&frame, 0, 5, 2, SHOP, 3, ROLE_PLAIN, true);
	check_row(&frame, "<>!?  ");
	frame_finish(&frame);
}

static void drawing_outside_is_cut_off(void **state)
{
	struct frame frame;
	struct theme theme = theme_make(true, true);

	(void)state;
	assert_int_equal(frame_init(&frame, 1, 3), 0);
	frame_put(&frame, 5, 0, 'x', ROLE_PLAIN);
	frame_put(&frame, 0, 99, 'x', ROLE_PLAIN);
	frame_mark(&frame, 0, 2, 1000, ROLE_FOCUS);
	frame_text(&frame, 0, 1, 100, "abcdef", 6, ROLE_PLAIN, true);
	frame_box(&frame, (struct frame_area){4, 4, 20, 20}, "title", &theme);
	frame_legend(&frame, (struct frame_area){0, 0, 1, 3}, "legend", &theme);
	frame_cursor(&frame, 7, 7);
	assert_int_equal(frame.cursor_row, 0);
	assert_int_equal(frame.cursor_column, 2);
	check_row(&frame, " ab");
	assert_null(frame_at(&frame, 1, 0));
	assert_null(frame_at(&frame, 0, 3));
	frame_finish(&frame);
}

static void sizes_are_bounded(void **state)
{
	struct frame frame;

	(void)state;
	assert_int_equal(frame_init(&frame, 0, 0), 0);
	assert_int_equal(frame.rows, 1);
	assert_int_equal(frame.columns, 1);
	frame_finish(&frame);
	assert_int_equal(frame_init(&frame, 4000000, 4000000), 0);
	assert_int_equal(frame.rows, FRAME_ROWS_MAX);
	assert_int_equal(frame.columns, FRAME_COLUMNS_MAX);
	frame_finish(&frame);
}

static void labels_end_with_an_ellipsis(void **state)
{
	static const struct {
		unsigned room;
		bool utf8;
		const char *row;
	} table[] = {
		{8, true, "abcdefgh  "},  {7, true, "abcdef&   "}, {7, false, "abcd...   "},
		{2, false, "..        "}, {0, true, "          "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct frame frame;
		assert_int_equal(frame_init(&frame, 1, 10), 0);
		frame_label(&frame, 0, 0, table[i].room, "abcdefgh", ROLE_PLAIN, table[i].utf8);
		check_row(&frame, table[i].row); /* U+2026, cut to a byte, is '&' */
		frame_finish(&frame);
	}
}

static void words_are_read(void **state)
{
	static const struct {
		const char *line;
		enum prompt_word word;
	} table[] = {
		{"", PROMPT_EMPTY},       {"  \t\r", PROMPT_EMPTY},   {"y", PROMPT_YES},
		{"YES", PROMPT_YES},      {" yes ", PROMPT_YES},      {"n", PROMPT_NO},
		{"No", PROMPT_NO},        {"v", PROMPT_VIEW},         {"View", PROMPT_VIEW},
		{"p", PROMPT_NOTICE},     {"notice", PROMPT_NOTICE},  {"d", PROMPT_NEVER},
		{"NEVER", PROMPT_NEVER},  {"ye", PROMPT_UNKNOWN},     {"yess", PROMPT_UNKNOWN},
		{"y es", PROMPT_UNKNOWN}, {"no way", PROMPT_UNKNOWN}, {"1", PROMPT_UNKNOWN},
		{"on", PROMPT_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(prompt_read_word(table[i].line), table[i].word);
}

static void colour_is_wanted_on_terminals_that_have_it(void **state)
{
	static const struct {
		struct ui_options options;
		bool on_terminal, in_file;
	} table[] = {
		{{UI_COLOR_AUTO, false, false, "xterm"}, true, false},
		{{UI_COLOR_AUTO, false, true, "xterm"}, false, false},
		{{UI_COLOR_AUTO, false, false, "dumb"}, false, false},
		{{UI_COLOR_AUTO, false, false, ""}, false, false},
		{{UI_COLOR_AUTO, false, false, NULL}, false, false},
		{{UI_COLOR_NEVER, false, false, "xterm"}, false, false},
		{{UI_COLOR_ALWAYS, false, true, "dumb"}, true, true},
	};
	int master, slave, file = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(ui_color_wanted(&table[i].options, slave), table[i].on_terminal);
		assert_int_equal(ui_color_wanted(&table[i].options, file), table[i].in_file);
	}
	close(master);
	close(slave);
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wide_characters_stay_whole),
		cmocka_unit_test(drawing_outside_is_cut_off),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(labels_end_with_an_ellipsis),
		cmocka_unit_test(words_are_read),
		cmocka_unit_test(colour_is_wanted_on_terminals_that_have_it),
	};

	return cmocka_run_group_tests(tests, set_locale, NULL);
}
