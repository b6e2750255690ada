/* SPDX-License-Identifier: MIT */
/* What is shown of what a check prints: the first line, harmless, and never the secret. */
#include "launcher/command/setup_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_words(void **state)
{
	static const struct {
		const char *output, *secret, *words;
	} cases[] = {
		{"", NULL, ""},
		{"\n \t\r\n\n", NULL, ""},
		{"\n\n  no such key  \r\nmore\n", NULL, "no such key"},
		{"Gr\303\274\303\237e", NULL, "Gr\303\274\303\237e"},
		{"\033[1;31mno\033[0m \033]0;owned\007 a\tb\r \xff\302\205", NULL, "no ?]0;owned? a b ??"},
		{"\033[", NULL, ""},
		{"\342\200\256txet", NULL, "?txet"},
		{"key sk-1 and sk-1!", "sk-1", "key ******** and ********!"},
		{"key 7 of 17", "7", "key ******** of 1********"},
		{"sk-12 is not sk-1", "sk-1", "********2 is not ********"},
		/* An answer of several lines is starred line by line. */
		{"not two nor lines here", "two\r\nlines", "not ******** nor ******** here"},
		{"the answer is empty", "", "the answer is empty"},
	};
	char words[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup_check_words(cases[i].output, strlen(cases[i].output), false, cases[i].secret, words,
				  sizeof(words));
		assert_string_equal(words, cases[i].words);
	}
}

/* At any size there is room for, whole characters only, and always an end. */
static void test_room(void **state)
{
	static const char output[] = "a\303\274 sk-s3cret \303\237";
	char words[32];

	(void)state;
	for (size_t room = 1; room <= sizeof(words); room++) {
		memset(words, 'x', sizeof(words));
		setup_check_words(output, strlen(output), false, "sk-s3cret", words, room);
		assert_true(strlen(words) < room);
		assert_null(strstr(words, "s3c"));
	}
	assert_string_equal(words, "a\303\274 ******** \303\237");
	setup_check_words(output, strlen(output), false, NULL, words, 3);
	assert_string_equal(words, "a");
	setup_check_words("a\0b", 3, false, NULL, words, sizeof(words));
	assert_string_equal(words, "a?b");
}

/* Where more was printed than is kept, the end of it may be the first half of the secret. */
static void test_a_secret_cut_in_two(void **state)
{
	static const char output[] = "no sk-s3cret, no sk-s3c";
	char words[64];

	(void)state;
	setup_check_words(output, strlen(output), true, "sk-s3cret", words, sizeof(words));
	assert_string_equal(words, "no ********,");
	setup_check_words(output, strlen(output), true, NULL, words, sizeof(words));
	assert_string_equal(words, output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_a_secret_cut_in_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
