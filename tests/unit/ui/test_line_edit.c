/* SPDX-License-Identifier: MIT */
/* One line being typed: what keys make of it, whole characters, what was typed before, secrets. */
#include "ui/frame.h"
#include "ui/line_edit.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEYS_ALL ((const struct keymap *)NULL)
#define LEFT "\001"
#define RIGHT "\002"
#define HOME "\003"
#define END "\005"
#define UP "\016"
#define DOWN "\017"
#define DELETE "\020"
#define BACK "\177"
#define WORD "\027"
#define LINE "\025"

static int set_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

static uint32_t key_of(wchar_t sign)
{
	static const struct {
		char sign;
		uint32_t key;
	} special[] = {
		{LEFT[0], UI_KEY_LEFT}, {RIGHT[0], UI_KEY_RIGHT}, {HOME[0], UI_KEY_HOME},     {END[0], UI_KEY_END},
		{UP[0], UI_KEY_UP},     {DOWN[0], UI_KEY_DOWN},   {DELETE[0], UI_KEY_DELETE},
	};

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if ((wchar_t)special[i].sign == sign)
			return special[i].key;
	return (uint32_t)sign;
}

/* Types UTF-8, with the signs above for keys; returns how the last key ended. */
static enum line_edit_end type(struct line_edit *edit, const char *keys)
{
	enum line_edit_end end = LINE_EDIT_ON;
	wchar_t wide[600];
	size_t count = mbstowcs(wide, keys, 600);

	assert_true(count < 600);
	for (size_t i = 0; i < count; i++)
		end = line_edit_key(edit, KEYS_ALL, key_of(wide[i]), NULL);
	return end;
}

static void keys_edit(void **state)
{
	static const struct {
		const char *keys, *text;
		size_t at;
	} table[] = {
		{"abc", "abc", 3},
		{"abc" LEFT LEFT "x", "axbc", 2},
		{"abc" HOME "x" END "y", "xabcy", 5},
		{"abc" BACK, "ab", 2},
		{"abc" HOME BACK, "abc", 0},
		{"abc" HOME DELETE, "bc", 0},
		{"abc" DELETE, "abc", 3},
		{"one two  " WORD, "one ", 4},
		{"one two" LEFT WORD, "one o", 4},
		{"one two" LEFT LINE, "o", 0},
		/* Letters that are keys elsewhere are letters here. */
		{"jkq?:/ d", "jkq?:/ d", 8},
		/* Whole characters: two bytes, wide, with a combining one. */
		{"\303\244\345\225\206" BACK, "\303\244", 2},
		{"ae\314\201" LEFT "x", "axe\314\201", 2},
		{"ae\314\201" BACK, "a", 1},
		{"e\314\201" LEFT LEFT RIGHT RIGHT, "e\314\201", 3},
		/* Nothing that could move a terminal. */
		{"a\342\200\256b\302\233c", "abc", 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct line_edit edit;
		line_edit_init(&edit);
		type(&edit, table[i].keys);
		assert_string_equal(edit.text, table[i].text);
		assert_int_equal(edit.size_bytes, strlen(table[i].text));
		assert_int_equal(edit.at, table[i].at);
		line_edit_finish(&edit);
	}
}

static void it_ends(void **state)
{
	static const struct {
		const char *keys;
		enum line_edit_end end;
	} table[] = {
		{"ab", LINE_EDIT_ON},       {"ab\r", LINE_EDIT_DONE},        {"ab\n", LINE_EDIT_DONE},
		{"ab\033", LINE_EDIT_LEFT}, {"a b", LINE_EDIT_ON},           {BACK, LINE_EDIT_LEFT},
		{"a" BACK, LINE_EDIT_ON},   {"a" BACK BACK, LINE_EDIT_LEFT}, {"a" HOME BACK, LINE_EDIT_ON},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct line_edit edit;
		line_edit_init(&edit);
		assert_int_equal(type(&edit, table[i].keys), table[i].end);
		line_edit_finish(&edit);
	}
	struct line_edit edit;
	line_edit_init(&edit);
	assert_int_equal(line_edit_key(&edit, KEYS_ALL, UI_KEY_CTRL('c'), NULL), LINE_EDIT_LEFT);
	line_edit_finish(&edit);
}

static void changes_are_told(void **state)
{
	static const struct {
		uint32_t key;
		bool changed;
	} table[] = {
		{'x', true},           {UI_KEY_LEFT, false},  {UI_KEY_BACKSPACE, true}, {UI_KEY_F1, false},
		{UI_KEY_MOUSE, false}, {UI_KEY_PASTE, false}, {0xd800, false},          {UI_KEY_ENTER, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct line_edit edit;
		bool changed;
		line_edit_init(&edit);
		line_edit_begin(&edit, "ab");
		line_edit_key(&edit, KEYS_ALL, table[i].key, &changed);
		assert_int_equal(changed, table[i].changed);
		line_edit_finish(&edit);
	}
}

static void what_was_typed_before_comes_back(void **state)
{
	struct line_edit edit;

	(void)state;
	line_edit_init(&edit);
	for (const char *const *text = (const char *const[]){"one", "two", "one", "", "three", NULL}; *text != NULL;
	     text++) {
		line_edit_begin(&edit, *text);
		line_edit_keep(&edit);
	}
	/* Each once, the newest use last: two, one, three. */
	line_edit_begin(&edit, "");
	type(&edit, "dra");
	type(&edit, UP);
	assert_string_equal(edit.text, "three");
	type(&edit, UP);
	assert_string_equal(edit.text, "one");
	type(&edit, UP UP UP);
	assert_string_equal(edit.text, "two");
	type(&edit, DOWN DOWN DOWN);
	assert_string_equal(edit.text, "dra");
	type(&edit, DOWN "ft");
	assert_string_equal(edit.text, "draft");
	line_edit_finish(&edit);
}

static void everything_is_bounded(void **state)
{
	struct line_edit edit;
	char text[2 * LINE_EDIT_BYTES_MAX];

	(void)state;
	line_edit_init(&edit);
	for (unsigned i = 0; i < LINE_EDIT_KEPT + 5; i++) {
		snprintf(text, sizeof(text), "%u", i);
		line_edit_begin(&edit, text);
		line_edit_keep(&edit);
	}
	assert_int_equal(edit.kept_count, LINE_EDIT_KEPT);
	assert_string_equal(edit.kept[0], "5");
	memset(text, 'a', sizeof(text));
	memcpy(text + LINE_EDIT_BYTES_MAX - 2, "\303\244", 2);
	text[sizeof(text) - 1] = '\0';
	line_edit_begin(&edit, text);
	assert_int_equal(edit.size_bytes, LINE_EDIT_BYTES_MAX - 2); /* not half a character */
	type(&edit, "xyz");
	assert_int_equal(edit.size_bytes, LINE_EDIT_BYTES_MAX - 1);
	line_edit_finish(&edit);
}

static void draw(struct line_edit *edit, unsigned columns, char row[32], unsigned *cursor)
{
	struct theme theme = theme_make(true, true);
	struct frame frame;

	assert_int_equal(frame_init(&frame, 1, 12), 0);
	frame_text(&frame, 0, 0, 12, "............", 12, ROLE_PLAIN, true);
	line_edit_draw(edit, &theme, &frame, 0, 1, columns);
	for (unsigned column = 0; column < 12; column++) {
		const struct frame_cell *cell = frame_at(&frame, 0, column);
		row[column] = cell->columns == 2 ? '<' : cell->columns == 0 ? '>' : (char)cell->points[0];
	}
	row[12] = '\0';
	*cursor = frame.cursor_column;
	frame_finish(&frame);
}

static void the_cursor_is_in_sight(void **state)
{
	static const struct {
		const char *keys;
		bool secret;
		unsigned columns;
		const char *row;
		unsigned cursor;
	} table[] = {
		{"", false, 5, ".     ......", 1},
		{"abc", false, 5, ".abc  ......", 4},
		{"abcd", false, 5, ".abcd ......", 5},
		{"abcdef", false, 5, ".cdef ......", 5},
		{"abcdef" HOME, false, 5, ".abcde......", 1},
		{"abcdef" LEFT, false, 5, ".bcdef......", 5},
		{"ab\345\225\206\345\225\206", false, 5, ".<><> ......", 5},
		{"ab\345\225\206\345\225\206", false, 4, ".<>  .......", 3},
		{"geheim\303\244", true, 9, ".*******  ..", 8},
		{"abc", false, 0, "............", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct line_edit edit;
		unsigned cursor;
		char row[32];
		line_edit_init(&edit);
		edit.secret = table[i].secret;
		type(&edit, table[i].keys);
		draw(&edit, table[i].columns, row, &cursor);
		assert_string_equal(row, table[i].row);
		assert_int_equal(cursor, table[i].cursor);
		line_edit_finish(&edit);
	}
}

static void secrets_are_not_kept(void **state)
{
	struct line_edit edit;

	(void)state;
	line_edit_init(&edit);
	edit.secret = true;
	type(&edit, "hunter2");
	line_edit_keep(&edit);
	assert_int_equal(edit.kept_count, 0);
	type(&edit, LINE);
	for (size_t i = 0; i < sizeof(edit.text); i++)
		assert_int_equal(edit.text[i], 0);
	line_edit_finish(&edit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_edit),
		cmocka_unit_test(it_ends),
		cmocka_unit_test(changes_are_told),
		cmocka_unit_test(what_was_typed_before_comes_back),
		cmocka_unit_test(everything_is_bounded),
		cmocka_unit_test(the_cursor_is_in_sight),
		cmocka_unit_test(secrets_are_not_kept),
	};

	return cmocka_run_group_tests(tests, set_locale, NULL);
}
