/* SPDX-License-Identifier: MIT */
/* Procfiles as the stacks they stand for. */
#include "config/procfile.h"

#include "config/err.h"
#include "config/node.h"
#include "config/pool.h"
#include "tests/lib/stack_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state)
{
	(void)state;
	assert_true(procfile_is_name("Procfile"));
	assert_true(procfile_is_name("/a/b/Procfile.dev"));
	assert_true(procfile_is_name("x/dev.Procfile"));
	assert_false(procfile_is_name("Procfiles"));
	assert_false(procfile_is_name("compose.yaml"));
	assert_false(procfile_is_name("Procfile/compose.yaml"));
}

static void test_lines(void **state)
{
	static const char text[] = "# what runs\n"
				   "web: bundle exec rails -p $PORT\r\n"
				   "\n"
				   "  work-er_2:  sleep 1 && echo 'a: b' # not a comment\n"
				   "last:x";
	static const char *const env_files[] = {"/app/.env", NULL};
	static const struct {
		const char *path, *value;
	} wanted[] = {
		{"services", "{web work-er_2 last}"},
		{"services/web/command", "bundle exec rails -p $PORT"},
		{"services/web/environment/PORT", "5000"},
		{"services/web/x-upfront/shell", "true"},
		{"services/web/env_file/0/path", "/app/.env"},
		{"services/web/env_file/0/required", "false"},
		{"services/work-er_2/command", "sleep 1 && echo 'a: b' # not a comment"},
		{"services/work-er_2/environment/PORT", "5100"},
		{"services/last/command", "x"},
		{"services/last/environment/PORT", "5200"},
	};
	struct pool *pool = pool_create();
	struct node *root = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(procfile_parse(pool, "Procfile", text, sizeof(text) - 1, env_files, &root, &err), 0);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		assert_string_equal(stack_text_at(root, wanted[i].path), wanted[i].value);
	pool_destroy(pool);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"web bundle", "Procfile:1:1: this is no Procfile line"},
		{"\n  : x", "Procfile:2:3: this is no Procfile line"},
		{"a.b: x", "Procfile:1:1: this is no Procfile line"},
		{"web:   ", "Procfile:1:1: service 'web' has no command"},
		{"web: a\nweb: b", "Procfile:2:1: service 'web' is there twice, first in line 1"},
		/* Several at once. */
		{"what\nweb: a\never", "Procfile:3:1: this is no Procfile line"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pool *pool = pool_create();
		struct node *root = NULL;
		struct err err = ERR_INIT;
		char *shown;

		assert_int_not_equal(
			procfile_parse(pool, "Procfile", cases[i].text, strlen(cases[i].text), NULL, &root, &err), 0);
		shown = err_render(&err, "upfront");
		if (!strstr(shown, cases[i].error))
			fail_msg("wanted '%s', found:\n%s", cases[i].error, shown);
		free(shown);
		err_finish(&err);
		pool_destroy(pool);
	}
}

static void test_limits(void **state)
{
	struct pool *pool = pool_create();
	struct node *root = NULL;
	struct err err = ERR_INIT;
	char *text = malloc((PROCFILE_LINES_MAX + 1) * 12 + 1);
	size_t length = 0;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i <= PROCFILE_LINES_MAX; i++)
		length += (size_t)sprintf(text + length, "s%u: x\n", i);
	assert_int_not_equal(procfile_parse(pool, "Procfile", text, length, NULL, &root, &err), 0);
	assert_string_equal(err.items[0].message, "more than 1000 services");
	err_finish(&err);
	assert_int_not_equal(procfile_parse(pool, "Procfile", "a: b\0c", 6, NULL, &root, &err), 0);
	assert_non_null(strstr(err.items[0].message, "bytes that are no text"));
	err_finish(&err);
	free(text);
	pool_destroy(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
