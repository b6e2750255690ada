/* SPDX-License-Identifier: MIT */
/* Rows of a source line: where they break, and that columns are those which frame_source draws in. */
#include "ui/frame.h"
#include "ui/log_row.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

static const struct {
	const char *text;
	unsigned columns;
	size_t bytes; /* of the first row */
	unsigned rows;
} breaks[] = {
	{"", 10, 0, 1},
	{"0123456789", 10, 10, 1},
	{"0123456789a", 10, 10, 2},
	{"abc", 1, 1, 3},
	{"\033[31mred\033[0m", 3, 12, 1}, /* the sequence behind the last one goes along */
	{"\033[31mred\033[0m!", 3, 12, 2},
	{"\xe6\xbc\xa2\xe5\xad\x97", 3, 3, 2}, /* a wide one is not halved */
	{"\xe6\xbc\xa2", 1, 3, 1}, /* but it gets on where there is no room for it */
	{"e\xcc\x81x", 1, 3, 2}, /* what combines stays with its base */
	{"a\tb", 8, 2, 2},
	{"a\tb", 9, 3, 1},
	{"\033[2Jx", 4, 3, 2}, /* no SGR: ^[ takes two columns */
	{"\001\002", 3, 1, 2},
	{"\xff\xfe", 1, 1, 2},
	{"a\nb", 3, 2, 2},
};

static void rows_break_where_they_are_full(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		size_t size = strlen(breaks[i].text);
		assert_int_equal(log_row_bytes(breaks[i].text, size, breaks[i].columns, true), breaks[i].bytes);
		assert_int_equal(log_row_count(breaks[i].text, size, breaks[i].columns, true), breaks[i].rows);
	}
}

/* Whatever the bytes: each row fits, none is left out, and the walk ends in the column where drawing ends. */
static void any_bytes_are_drawn_as_they_are_counted(void **state)
{
	static const char bits[] = "ab \t\033[31m\033[0m\033[2J\xe6\xbc\xa2\xff\x01"
				   "e\xcc\x81\xd7\xa9\xe2\x80\xae\n";
	struct frame frame;
	char text[200];

	(void)state;
	srand(1);
	assert_int_equal(frame_init(&frame, 1, 100), 0);
	for (unsigned turn = 0; turn < 2000; turn++) {
		size_t size = (size_t)rand() % sizeof(text);
		unsigned columns = 2 + (unsigned)rand() % 40, rows = 0;
		bool utf8 = turn % 2 == 0;
		for (size_t i = 0; i < size; i++)
			text[i] = bits[(size_t)rand() % (sizeof(bits) - 1)];
		for (size_t at = 0, length; at < size; at += length, rows++) {
			struct theme_style style = {0};
			struct log_row_walk walk;
			bool more;
			length = log_row_bytes(text + at, size - at, columns, utf8);
			assert_in_range(length, 1, size - at);
			unsigned used = frame_source(&frame, 0, 0, 100, 0, text + at, length, &style, &more, utf8);
			assert_false(more);
			assert_true(used <= columns ||
				    used <= 8); /* a tab or "\u202e" in a row that is too short for it */
			log_row_walk_init(&walk, text + at, length, utf8);
			assert_int_equal(log_row_walk_to(&walk, text + at + length), used);
		}
		assert_int_equal(log_row_count(text, size, columns, utf8), rows > 0 ? rows : 1);
	}
	frame_finish(&frame);
}

static void a_walk_stops_at_whole_characters(void **state)
{
	static const char text[] = "a\033[31m\xe6\xbc\xa2z";
	struct log_row_walk walk;

	(void)state;
	log_row_walk_init(&walk, text, sizeof(text) - 1, true);
	assert_int_equal(log_row_walk_to(&walk, text), 0);
	assert_int_equal(log_row_walk_to(&walk, text + 1), 1);
	assert_int_equal(log_row_walk_to(&walk, text + 6), 1);
	assert_int_equal(log_row_walk_to(&walk, text + 8), 1);
	assert_int_equal(log_row_walk_to(&walk, text + 9), 3);
	assert_int_equal(log_row_walk_to(&walk, text + 10), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_break_where_they_are_full),
		cmocka_unit_test(any_bytes_are_drawn_as_they_are_counted),
		cmocka_unit_test(a_walk_stops_at_whole_characters),
	};

	return cmocka_run_group_tests_name("log_row", tests, set_locale, NULL);
}
