/* SPDX-License-Identifier: MIT */
/* What a unit says of itself, as people read it: message after message. */
#include "launcher/process/notify.h"
#include "launcher/supervisor/unit_word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_a_story(void **state)
{
	static const struct {
		const char *message;
		bool changed;
		const char *text; /* NULL: none */
	} story[] = {
		{"READY=1", false, NULL},
		{"WATCHDOG=1", false, NULL},
		{"STATUS=serving", true, "serving"},
		{"STATUS=serving", false, "serving"},
		{"RELOADING=1", true, "is reloading its configuration: serving"},
		{"STATUS=", true, "is reloading its configuration"},
		{"READY=1", true, NULL},
		{"RELOADING=1\nREADY=1", false, NULL},
		{"ERRNO=13", true, "Permission denied"},
		{"STATUS=cannot read", true, "cannot read"},
		{"STOPPING=1", true, "is stopping by itself: cannot read"},
		{"RELOADING=1", false, "is stopping by itself: cannot read"},
		{"ERRNO=4000\nSTATUS=", true, "is stopping by itself"},
	};
	struct unit_word word = {0};

	(void)state;
	for (size_t i = 0; i < sizeof story / sizeof story[0]; i++) {
		struct notify_message message = {0};

		notify_parse(story[i].message, strlen(story[i].message), &message);
		assert_int_equal(unit_word_take(&word, &message), story[i].changed);
		if (story[i].text != NULL)
			assert_string_equal(word.text, story[i].text);
		else
			assert_null(word.text);
	}
	unit_word_forget(&word);
	assert_null(word.text);
	assert_false(word.stopping);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_story)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
