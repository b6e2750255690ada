/* SPDX-License-Identifier: MIT */
#include "ui/log_level.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void words_that_say_how_bad_it_is_are_found(void **state)
{
	static const struct {
		const char *line;
		enum theme_role role;
		size_t offset, length;
	} rows[] = {
		{"ERROR cannot open", ROLE_BAD, 0, 5},
		{"2026-01-02 12:00:00 WARN  slow", ROLE_WARN, 20, 4},
		{"ts=12 level=error msg=no", ROLE_BAD, 12, 5},
		{"[warn] slow", ROLE_WARN, 1, 4},
		{"{\"level\":\"fatal\",\"msg\":\"no\"}", ROLE_BAD, 10, 5},
		{"error: no such file", ROLE_BAD, 0, 5},
		{"WARNING: deprecated", ROLE_WARN, 0, 7},
		{"PANIC", ROLE_BAD, 0, 5},
		/* Words of a sentence, or of another word. */
		{"no error was found", ROLE_PLAIN, 0, 0},
		{"ERRORS 0", ROLE_PLAIN, 0, 0},
		{"NO_ERROR", ROLE_PLAIN, 0, 0},
		{"Error 7 of 9", ROLE_PLAIN, 0, 0},
		{"", ROLE_PLAIN, 0, 0},
		{"e", ROLE_PLAIN, 0, 0},
		/* It has its own colours, or the word comes too late to be the level. */
		{"\033[31mERROR\033[m no", ROLE_PLAIN, 0, 0},
		{"a long sentence that goes on and on and does not come to its end, and only then tells of an ERROR",
		 ROLE_PLAIN, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t offset = 0, length = 0;
		enum theme_role role = log_level_find(rows[i].line, strlen(rows[i].line), &offset, &length);

		if (role != rows[i].role || offset != rows[i].offset || length != rows[i].length)
			fail_msg("%s: role %d at %zu, %zu bytes", rows[i].line, (int)role, offset, length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(words_that_say_how_bad_it_is_are_found)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
