/* SPDX-License-Identifier: MIT */
/* What programs leave switched on in a terminal, and what is shown a second time without being answered a second time. */
#include "launcher/process/terminal_modes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *written, *begin;
	bool alternate;
} written[] = {
	{"text\033[31mred\033[0m\r\n", "", false},
	{"\033[?1049h", "\033[?1049h", true},
	{"\033[?1049h\033[?1049l", "", false},
	{"\033[?47h\033[?1047h", "\033[?1047h\033[?47h", true},
	{"\033[?1047h\033[?1049l", "", false},
	{"\033[?25l", "\033[?25l", false},
	{"\033[?25l\033[?25h", "", false},
	{"\033[?1;1000;1006h\033[?2004h\033=", "\033[?1h\033[?1000h\033[?1006h\033[?2004h\033=", false},
	{"\033[?1000h\033=\033>\033[?1000l", "", false},
	{"\033[?1049;25h\033[?25l\033c", "", false},
	/* No private mode, none that is known, a title that only looks like it, one that is cut off. */
	{"\033[1049h", "", false},
	{"\033[?104949h\033[?99999999999999999999h", "", false},
	{"\033]0;\033[?1049h\007", "", false},
	{"\033]0;title\033\\\033[?1049h", "\033[?1049h", true},
	{"\033[?1049\030h", "", false},
	{"\033[?10\033[?1049h", "\033[?1049h", true},
	{"\033P+q\033[?1049h\033\\", "", false},
	{"\033(B\033[?1049h", "\033[?1049h", true},
	{"\033[?1049 q", "", false},
};

static void test_what_is_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		const size_t size = strlen(written[i].written);
		char text[TERMINAL_MODES_TEXT_MAX];

		for (size_t cut = 0; cut <= size; cut++) {
			struct terminal_modes modes = {0};

			terminal_modes_take(&modes, written[i].written, cut);
			terminal_modes_take(&modes, written[i].written + cut, size - cut);
			terminal_modes_begin(&modes, text);
			assert_string_equal(text, written[i].begin);
			assert_int_equal(terminal_modes_alternate(&modes), written[i].alternate);
		}
	}
}

/* All of it, and what brings it back leaves nothing on. */
static void test_everything_is_switched_off(void **state)
{
	static const char all[] =
		"\033[?1049h\033[?1047h\033[?47h\033[?1h\033[?25l\033[?9;1000;1002;1003;1004;1005;1006;"
		"1015;2004h\033=";
	struct terminal_modes modes = {0};
	char text[TERMINAL_MODES_TEXT_MAX];

	(void)state;
	terminal_modes_take(&modes, all, strlen(all));
	terminal_modes_begin(&modes, text);
	assert_non_null(strstr(text, "\033[?2004h\033="));
	terminal_modes_end(&modes, text);
	assert_true(strlen(text) < TERMINAL_MODES_TEXT_MAX - 3); /* room for the end of a line */
	assert_non_null(strstr(text, "\033[?7h"));
	terminal_modes_take(&modes, text, strlen(text));
	terminal_modes_begin(&modes, text);
	assert_string_equal(text, "");
	/* Where it was not entered the screen is not left, for that would move the cursor; the rest is switched off all the same. */
	modes = (struct terminal_modes){0};
	terminal_modes_end(&modes, text);
	assert_null(strstr(text, "1049"));
	assert_non_null(strstr(text, "\033[?1000l"));
}

static void test_a_line_that_has_begun(void **state)
{
	struct terminal_modes modes = {0};

	(void)state;
	terminal_modes_take(&modes, "$ ", 2);
	assert_true(modes.line_begun);
	terminal_modes_take(&modes, "", 0);
	assert_true(modes.line_begun);
	terminal_modes_take(&modes, "done\r\n", 6);
	assert_false(modes.line_begun);
}

static const struct {
	const char *bytes, *left;
} silenced[] = {
	{"text\r\n\033[31mred\033[m \033[2;3H", "text\r\n\033[31mred\033[m \033[2;3H"},
	{"a\033[cb\033[0cc\033[>0qd\033[6ne\033[?6nf\005g", "abc\033[>0qdefg"},
	{"a\033[?2004$pb\033[!pc\033[18td\033[xe\033Zf", "ab\033[!pcdef"},
	{"a\033]11;?\007b\033]0;title\033\\c\033P+q544e\033\\d\033_x\033\\e", "abcde"},
	/* One that another cuts off; one without an end, which may come yet; one that must not come about by leaving out. */
	{"a\033\033[cb\033[12\033[cc", "abc"},
	{"a\033[6", "a\033[6"},
	{"a\033]0;no end", "a\033]0;no end"},
	{"\033[\033[c6n", "6n"},
	{"\033[1\030\033[6nc", "\033[1\030c"},
	{"", ""},
};

static void test_what_asks_is_left_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(silenced) / sizeof(silenced[0]); i++) {
		char *bytes = strdup(silenced[i].bytes);
		const size_t left = terminal_modes_silence(bytes, strlen(bytes));

		bytes[left] = '\0';
		assert_string_equal(bytes, silenced[i].left);
		assert_int_equal(terminal_modes_silence(bytes, left), left);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_on),
		cmocka_unit_test(test_everything_is_switched_off),
		cmocka_unit_test(test_a_line_that_has_begun),
		cmocka_unit_test(test_what_asks_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
