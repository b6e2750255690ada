/* SPDX-License-Identifier: MIT */
/* How long the last starts took: what is taken from the file, what is written to it, and that neither can do harm. */
#include "launcher/supervisor/supervisor_private.h"
#include "tests/lib/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void test_what_is_taken(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		int64_t last_ms;
	} cases[] = {
		{"", 0, 0},
		{"9400\n", 1, 9400},
		{"1\n2\n3\n4\n5\n", 5, 5},
		{"0\n31622400000\n", 2, 31622400000},
		/* One wrong line, and nothing is believed. */
		{"1\n2\n3\n4\n5\n6\n", 0, 0},
		{"9400", 0, 0},
		{"9400\n\n", 0, 0},
		{"-5\n", 0, 0},
		{"1\nfast\n", 0, 0},
		{"1.5\n", 0, 0},
		{" 1\n", 0, 0},
		{"1\r\n", 0, 0},
		{"31622400001\n", 0, 0},
		{"99999999999999999999999999\n", 0, 0},
		{"\n", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct supervisor_starts starts = {.count = 3};

		starts_parse(&starts, cases[i].text, strlen(cases[i].text));
		assert_int_equal(starts.count, cases[i].count);
		if (starts.count > 0)
			assert_int_equal(starts.took_ms[starts.count - 1], cases[i].last_ms);
	}
	/* A zero byte within is no end. */
	{
		struct supervisor_starts starts = {0};

		starts_parse(&starts, "1\n\0002\n", 5);
		assert_int_equal(starts.count, 0);
	}
}

/* One start of the project in this folder, that comes up: what it knows then. */
static struct supervisor_starts start(const char *folder)
{
	const struct supervisor_options options = {.state_dir = folder, .begin_ms = 1};
	struct supervisor supervisor = {.options = &options, .up_after_ms = -1};

	starts_read(&supervisor);
	starts_note_up(&supervisor);
	/* Once is enough. */
	starts_note_up(&supervisor);
	starts_finish(&supervisor);
	assert_null(supervisor.starts_writing);
	return supervisor.starts;
}

static void test_what_is_kept(void **state)
{
	char *folder = children_make_folder(), *path, *text;
	struct supervisor_starts starts;
	struct stat status;

	(void)state;
	assert_true(asprintf(&path, "%s/starts", folder) > 0);
	for (size_t i = 1; i <= 7; i++) {
		starts = start(folder);
		assert_int_equal(starts.count, i < SUPERVISOR_STARTS_MAX ? i : SUPERVISOR_STARTS_MAX);
		assert_true(starts.took_ms[starts.count - 1] > 0);
	}
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	/* A file that is not ours to believe, or to replace, is left alone. */
	assert_int_equal(unlink(path), 0);
	text = children_slurp(folder, "starts", NULL);
	assert_null(text);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(start(folder).count, 1);
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	free(path);
	children_remove_folder(folder);
}

static void test_nowhere_to_keep_it(void **state)
{
	(void)state;
	assert_int_equal(start(NULL).count, 1);
	assert_int_equal(start("/nowhere/at/all").count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_taken),
		cmocka_unit_test(test_what_is_kept),
		cmocka_unit_test(test_nowhere_to_keep_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
