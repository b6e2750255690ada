/* SPDX-License-Identifier: MIT */
/* Columns, line breaks and harmless forms of text. */
#include "ui/text.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What a terminal would be given for `text`, as UTF-8. */
static void render(const char *text, size_t size, bool utf8, char *out)
{
	const char *end = text + size;
	struct text_char c;

	for (; text_next(text, end, utf8, &c); text += c.bytes)
		for (unsigned i = 0; i < c.count; i++)
			out += text_encode(c.points[i], out);
	*out = '\0';
}

static void text_becomes_harmless(void **state)
{
	static const struct {
		const char *text, *shown;
		unsigned columns;
	} table[] = {
		{"plain ASCII ~", "plain ASCII ~", 13},
		{"", "", 0},
		{"a\tb", "a b", 3},
		{"\033[31m\a\b\r\177", "^[[31m^G^H^M^?", 14},
		{"\302\200\302\233\302\237", "\\x80\\x9b\\x9f", 12},
		/* Reading direction, line and paragraph separators. */
		{"\342\200\256a\342\201\251\330\234\342\200\250", "\\u202ea\\u2069\\u061c\\u2028", 25},
		/* Not UTF-8: stray, overlong, surrogate, beyond the end, cut off. */
		{"\377\300\257", "\357\277\275\357\277\275\357\277\275", 3},
		{"\355\240\200", "\357\277\275\357\277\275\357\277\275", 3},
		{"\364\220\200\200", "\357\277\275\357\277\275\357\277\275\357\277\275", 4},
		{"\345\225", "\357\277\275\357\277\275", 2},
		/* Wide, combining, emoji; joiners, selectors and skin colours are left out. */
		{"\345\225\206", "\345\225\206", 2},
		{"e\314\201", "e\314\201", 1},
		{"\360\237\221\251\342\200\215\360\237\221\247", "\360\237\221\251\360\237\221\247", 4},
		{"\342\235\244\357\270\217", "\342\235\244", 1},
		{"\360\237\221\215\360\237\217\275", "\360\237\221\215", 2},
		{"\314\201x", "x", 1}, /* a mark with nothing to stand on */
		{"a\357\273\277\342\200\213b", "ab", 2},
	};
	char shown[256];

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		render(table[i].text, strlen(table[i].text), true, shown);
		assert_string_equal(shown, table[i].shown);
		assert_int_equal(text_columns(table[i].text, strlen(table[i].text), true), table[i].columns);
	}
}

static void a_stack_of_marks_is_cut(void **state)
{
	char text[2 + 2 * 50] = "e";
	struct text_char c;

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	for (int i = 0; i < 50; i++)
		strcat(text, "\314\201");
	assert_true(text_next(text, text + strlen(text), true, &c));
	assert_int_equal(c.bytes, strlen(text));
	assert_int_equal(c.count, TEXT_COMBINING_MAX);
	assert_int_equal(c.columns, 1);
}

static void ascii_terminals_get_ascii(void **state)
{
	char shown[256];
	const char *text = "\342\200\234Caf\303\251\342\200\235 \342\200\223 it\342\200\231s\302\240more\342\200\246 "
			   "\345\225\206\033";

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	render(text, strlen(text), false, shown);
	assert_string_equal(shown, "\"Caf?\" - it's more... ?^[");
}

/* Lines joined by '|', indents as dots. */
static void wrap(const char *text, unsigned columns, unsigned item_indent, char *out)
{
	struct text_wrap self;
	struct text_line line;

	text_wrap_init(&self, text, columns, item_indent, true);
	while (text_wrap_next(&self, &line)) {
		for (unsigned i = 0; i < line.indent; i++)
			*out++ = '.';
		memcpy(out, line.start, line.bytes);
		out += line.bytes;
		*out++ = '|';
	}
	*out = '\0';
}

static void text_is_wrapped(void **state)
{
	static const struct {
		const char *text;
		unsigned columns, item_indent;
		const char *lines;
	} table[] = {
		{"", 10, 0, ""},
		{"one two three", 20, 0, "one two three|"},
		{"one two three", 7, 0, "one two|three|"},
		{"one two three", 8, 0, "one two|three|"},
		{"one  two", 5, 0, "one |two|"},
		{"a\nb", 10, 0, "a|b|"},
		{"a\n\nb\n", 10, 0, "a||b|"},
		{"exactly10c\nnext", 10, 0, "exactly10c|next|"},
		{"abcdefgh", 3, 0, "abc|def|gh|"},
		{"ab cdefgh", 3, 0, "ab|cde|fgh|"},
		{"- item that goes on", 10, 0, "- item|..that|..goes on|"},
		{"- item that goes on", 12, 2, "..- item|....that|....goes on|"},
		{"    indented more", 12, 0, "....indented|....more|"},
		{"          x", 6, 0, "...x|"},
		{"x", 0, 0, "x|"},
		/* Between wide characters a line may break; half of one is never shown. */
		{"\345\225\206\345\272\227", 3, 0, "\345\225\206|\345\272\227|"},
		{"ab\345\225\206\345\272\227", 4, 0, "ab\345\225\206|\345\272\227|"},
		{"\345\225\206", 1, 0, "\345\225\206|"},
		/* What stands for a control character is not torn apart. */
		{"abc\033", 4, 0, "abc|\033|"},
	};
	char lines[256];

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		wrap(table[i].text, table[i].columns, table[i].item_indent, lines);
		assert_string_equal(lines, table[i].lines);
	}
}

static void no_line_is_wider_than_asked(void **state)
{
	static const char text[] =
		"- Some text \345\225\206\345\272\227\343\202\242 with a_very_long_word_in_it\n  and "
		"\360\237\232\200\033[2J e\314\201 \302\233 more\n\n- \377\377 end";

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	for (unsigned columns = 8; columns < 120; columns++) {
		struct text_wrap self;
		struct text_line line;
		text_wrap_init(&self, text, columns, 2, true);
		while (text_wrap_next(&self, &line))
			assert_in_range(line.indent + text_columns(line.start, line.bytes, true), 0, columns);
	}
}

static void long_names_are_cut_in_the_middle(void **state)
{
	static const struct {
		const char *text;
		unsigned columns;
		const char *shown;
	} table[] = {
		{"May Shop ask?", 20, "May Shop ask?"},
		{"May Shop ask?", 13, "May Shop ask?"},
		{"May A Name That Does Not End send it?", 20, "May A \342\200\246 End send it?"},
		{"Onewordwithoutanyspace", 10, "One\342\200\246yspace"},
		{"abcdef", 1, "\342\200\246"},
		{"abcdef", 0, "\342\200\246"},
	};
	char shown[64];

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		text_elide(table[i].text, table[i].columns, true, shown, sizeof(shown));
		assert_string_equal(shown, table[i].shown);
	}
	text_elide("May A Name That Does Not End send it?", 20, false, shown, sizeof(shown));
	assert_string_equal(shown, "May A Na... send it?");
}

static void cutting_stays_in_its_buffer(void **state)
{
	static const char text[] =
		"May \345\225\206\345\272\227\343\202\242\343\203\227\343\203\252 e\314\201\314\201 send?";
	char out[64];

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	for (size_t size = 1; size <= sizeof(out); size++) {
		for (unsigned columns = 0; columns < 40; columns++) {
			memset(out, 'X', sizeof(out));
			text_elide(text, columns, true, out, size);
			assert_true(memchr(out, '\0', size) != NULL);
			if (columns > 0)
				assert_in_range(text_columns(out, strlen(out), true), 0, columns);
			for (size_t i = size; i < sizeof(out); i++)
				assert_int_equal(out[i], 'X');
		}
	}
}

/* One line for a table or the news: visible, in one piece, no longer able to steer anything. */
static void one_line_becomes_harmless(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"", ""},
		{"HTTP 503", "HTTP 503"},
		{"a\033[2Jb", "a^[[2Jb"},
		{"two\nlines\tand\rmore", "two lines and more"},
		{"\302\233x", "\\x9bx"},
		{"ab\342\200\256c", "ab\\u202ec"},
		{"\377\303", "\357\277\275\357\277\275"},
		{"gr\303\274n", "gr\303\274n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *shown = text_harmless(cases[i].text);

		assert_string_equal(shown, cases[i].shown);
		free(shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_becomes_harmless),       cmocka_unit_test(a_stack_of_marks_is_cut),
		cmocka_unit_test(ascii_terminals_get_ascii),   cmocka_unit_test(text_is_wrapped),
		cmocka_unit_test(no_line_is_wider_than_asked), cmocka_unit_test(long_names_are_cut_in_the_middle),
		cmocka_unit_test(cutting_stays_in_its_buffer), cmocka_unit_test(one_line_becomes_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
