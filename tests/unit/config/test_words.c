/* SPDX-License-Identifier: MIT */
/* Command lines into words. */
#include "config/pool.h"
#include "config/words.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_splitting(void **state)
{
	/* Words are shown as <word>. */
	static const struct {
		const char *text, *words, *operator_word;
	} cases[] = {
		{"", "", NULL},
		{"  \t\n", "", NULL},
		{"a", "<a>", NULL},
		{"a b  c\td\n", "<a><b><c><d>", NULL},
		{"a 'b c' d", "<a><b c><d>", NULL},
		{"a \"b c\" d", "<a><b c><d>", NULL},
		{"a'b'\"c\"d", "<abcd>", NULL},
		{"'' \"\"", "<><>", NULL},
		{"a\\ b", "<a b>", NULL},
		{"\\'a\\\"", "<'a\">", NULL},
		{"'a\\b'", "<a\\b>", NULL},
		{"\"a\\\"b\\\\c\\$d\\e\"", "<a\"b\\c$d\\e>", NULL},
		{"\"it's\" 'say \"x\"'", "<it's><say \"x\">", NULL},
		{"a \\\n b", "<a><><b>", NULL},
		{"\"a\\\nb\"", "<ab>", NULL},
		/* Nothing is expanded. */
		{"$HOME `x` $(y) * ~ #no", "<$HOME><`x`><$(y)><*><~><#no>", NULL},
		/* What only a shell would understand is told. */
		{"a && b || c", "<a><&&><b><||><c>", "&&"},
		{"a > out", "<a><>><out>", ">"},
		{"a 2>&1", "<a><2>&1>", "2>&1"},
		{"find . -exec x \\;", "<find><.><-exec><x><;>", NULL},
		{"a '|' \"&&\"", "<a><|><&&>", NULL},
		{"http://x/?a=1&b=2", "<http://x/?a=1&b=2>", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pool *pool = pool_create();
		struct words words;
		const char *problem = NULL;
		char shown[256] = "";

		assert_int_equal(words_split(pool, cases[i].text, &words, &problem), 0);
		for (size_t k = 0; k < words.count; k++)
			snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), "<%s>", words.argv[k]);
		assert_string_equal(shown, cases[i].words);
		assert_null(words.argv[words.count]);
		if (cases[i].operator_word)
			assert_string_equal(words.operator_word, cases[i].operator_word);
		else
			assert_null(words.operator_word);
		pool_destroy(pool);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{"a 'b", "a quote is not closed"},
		{"\"", "a quote is not closed"},
		{"\"a\\\"", "a quote is not closed"},
		{"a\\", "it ends with a backslash"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pool *pool = pool_create();
		struct words words;
		const char *problem = NULL;

		assert_int_equal(words_split(pool, cases[i].text, &words, &problem), -EINVAL);
		assert_string_equal(problem, cases[i].problem);
		pool_destroy(pool);
	}
}

static void test_limit(void **state)
{
	struct pool *pool = pool_create();
	struct words words;
	const char *problem = NULL;
	char *text = malloc(2 * WORDS_MAX + 3);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i <= WORDS_MAX; i++)
		memcpy(text + 2 * i, "a ", 3);
	assert_int_equal(words_split(pool, text, &words, &problem), -EINVAL);
	assert_string_equal(problem, "it has more than 4096 words");
	text[2 * WORDS_MAX] = '\0';
	assert_int_equal(words_split(pool, text, &words, &problem), 0);
	assert_int_equal(words.count, WORDS_MAX);
	free(text);
	pool_destroy(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splitting),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
