/* SPDX-License-Identifier: MIT */
/* Line mode of a running stack: bytes as they are into files, harmless on terminals. */
#include "ui/model.h"
#include "ui/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What one line becomes; the caller frees. */
static char *written(struct plain plain, struct plain_line line, size_t *size)
{
	char *text = NULL;

	plain.out = open_memstream(&text, size);
	assert_non_null(plain.out);
	plain_write(&plain, &line);
	assert_int_equal(fclose(plain.out), 0);
	return text;
}

static void check(struct plain plain, struct plain_line line, const char *expected)
{
	size_t size;
	char *text = written(plain, line, &size);

	assert_string_equal(text, expected);
	free(text);
}

static void names_stand_in_front(void **state)
{
	static const char *const names[] = {"web", "worker-1", NULL};
	struct plain plain = {.prefix = true};
	struct plain_line line = {.service = "web", .index = 0, .bytes = "hello", .size_bytes = 5};

	(void)state;
	plain_fit(&plain, names);
	assert_int_equal(plain.name_width, 8);
	check(plain, line, "web      | hello\n");
	plain.color = true;
	check(plain, line, "\033[36mweb      |\033[0m hello\n");
	line.index = 1;
	check(plain, line, "\033[33mweb      |\033[0m hello\n");
	line.index = 11;
	check(plain, line, "\033[33mweb      |\033[0m hello\n");
	line.service = NULL;
	check(plain, line, "\033[1mupfront  |\033[0m hello\n");
	plain.prefix = false;
	check(plain, line, "hello\n");
}

static void the_widest_name_is_bounded(void **state)
{
	static const char *const none[] = {NULL};
	static const char *const long_[] = {"a", "a-service-with-a-name-that-is-too-long", NULL};
	struct plain plain = {.prefix = true};

	(void)state;
	plain_fit(&plain, none);
	assert_int_equal(plain.name_width, strlen("upfront"));
	plain_fit(&plain, long_);
	assert_int_equal(plain.name_width, 24);
	check(plain, (struct plain_line){.service = long_[1], .bytes = "x", .size_bytes = 1},
	      "a-service-with-a-name-th | x\n");
	check(plain, (struct plain_line){.service = "a\033[2J", .bytes = "x", .size_bytes = 1},
	      "a^[[2J                   | x\n");
}

static void times_are_utc_with_milliseconds(void **state)
{
	static const struct {
		int64_t time_ms;
		const char *shown;
	} table[] = {
		{0, "1970-01-01T00:00:00.000Z x\n"},
		{1763719765123, "2025-11-21T10:09:25.123Z x\n"},
		{951782400007, "2000-02-29T00:00:00.007Z x\n"},
		{-1, "1969-12-31T23:59:59.999Z x\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		check((struct plain){.timestamps = true},
		      (struct plain_line){.time_ms = table[i].time_ms, .bytes = "x", .size_bytes = 1}, table[i].shown);
}

static void files_get_the_bytes_unchanged(void **state)
{
	char all[256];
	size_t size;

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	struct plain_line line = {.bytes = all, .size_bytes = sizeof(all), .partial = true};
	char *text = written((struct plain){.color = true}, line, &size);
	assert_int_equal(size, sizeof(all) + 1);
	assert_memory_equal(text, all, sizeof(all));
	assert_int_equal(text[256], '\n');
	free(text);
}

static void terminals_get_what_is_harmless(void **state)
{
	static const struct {
		const char *bytes, *color, *no_color;
	} table[] = {
		{"plain\ttext", "plain\ttext\n", "plain\ttext\n"},
		{"\033[1;31mred\033[0m.", "\033[1;31mred\033[0m.\033[0m\n", "red.\n"},
		{"\033[38:2::1:2:3mx", "\033[38:2::1:2:3mx\033[0m\n", "x\n"},
		{"\033[mx", "\033[mx\033[0m\n", "x\n"},
		{"no end \033[31", "no end ^[[31\n", "no end ^[[31\n"},
		{"\033[2J\033[H", "^[[2J^[[H\n", "^[[2J^[[H\n"},
		{"\033[?1m\033[>4m", "^[[?1m^[[>4m\n", "^[[?1m^[[>4m\n"},
		{"\033]0;title\a", "^[]0;title^G\n", "^[]0;title^G\n"},
		{"\033", "^[\n", "^[\n"},
		{"50%\r100%\r", "50%^M100%\n", "50%^M100%\n"},
		{"\b\177\302\233", "^H^?\\x9b\n", "^H^?\\x9b\n"},
		{"\302\2332J", "\\x9b2J\n", "\\x9b2J\n"},
		{"\2332J", "\357\277\2752J\n", "\357\277\2752J\n"},
		{"caf\303\251 \345\225\206", "caf\303\251 \345\225\206\n", "caf\303\251 \345\225\206\n"},
		{"\342\200\256evil", "\\u202eevil\n", "\\u202eevil\n"},
		{"cut \345\225", "cut \357\277\275\357\277\275\n", "cut \357\277\275\357\277\275\n"},
		{"", "\n", "\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct plain_line line = {.bytes = table[i].bytes, .size_bytes = strlen(table[i].bytes)};
		check((struct plain){.terminal = true, .color = true}, line, table[i].color);
		check((struct plain){.terminal = true}, line, table[i].no_color);
	}
}

static void a_sequence_without_end_is_shown(void **state)
{
	char bytes[200] = "\033[";
	size_t size;

	(void)state;
	memset(bytes + 2, '1', sizeof(bytes) - 3);
	bytes[sizeof(bytes) - 1] = 'm';
	struct plain_line line = {.bytes = bytes, .size_bytes = sizeof(bytes)};
	char *text = written((struct plain){.terminal = true, .color = true}, line, &size);
	assert_null(memchr(text, '\033', size));
	free(text);
}

static void zero_bytes_are_shown(void **state)
{
	(void)state;
	check((struct plain){.terminal = true}, (struct plain_line){.bytes = "a\0b", .size_bytes = 3}, "a^@b\n");
}

static void lines_without_end_are_marked_on_terminals(void **state)
{
	struct plain_line line = {.bytes = "half a li", .size_bytes = 9, .partial = true};

	(void)state;
	check((struct plain){.terminal = true}, line, "half a li [...]\n");
	check((struct plain){0}, line, "half a li\n");
}

/* Every byte at every place of a word and behind it. */
static void test_clean_bytes(void **state)
{
	char bytes[20];

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		for (size_t at = 0; at < sizeof(bytes); at++) {
			memset(bytes, 'a', sizeof(bytes));
			bytes[at] = (char)byte;
			assert_int_equal(plain_is_clean(bytes, sizeof(bytes)), byte >= 0x20 && byte < 0x7f);
		}
	}
	assert_true(plain_is_clean("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_stand_in_front),
		cmocka_unit_test(test_clean_bytes),
		cmocka_unit_test(the_widest_name_is_bounded),
		cmocka_unit_test(times_are_utc_with_milliseconds),
		cmocka_unit_test(files_get_the_bytes_unchanged),
		cmocka_unit_test(terminals_get_what_is_harmless),
		cmocka_unit_test(a_sequence_without_end_is_shown),
		cmocka_unit_test(zero_bytes_are_shown),
		cmocka_unit_test(lines_without_end_are_marked_on_terminals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
