/* SPDX-License-Identifier: MIT */
/* When a supervisor counts as one that does not answer: only when something was asked, and nothing was heard since. */
#include "launcher/screen/screen_silence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void silence_counts_only_after_a_question(void **state)
{
	struct screen_silence self = {0};

	(void)state;
	assert_int_equal(silence_due_ms(&self, 0), 0);
	assert_false(silence_look(&self, 0, 1000000));
	assert_int_equal(silence_due_ms(&self, 5000), 5000 + SILENCE_MS);
	assert_false(silence_look(&self, 5000, 5000 + SILENCE_MS - 1));
	assert_true(silence_look(&self, 5000, 5000 + SILENCE_MS));
	assert_true(self.lost);
	/* Told once, and not waited for any more. */
	assert_false(silence_look(&self, 5000, 5000 + 2 * SILENCE_MS));
	assert_int_equal(silence_due_ms(&self, 5000), 0);
}

static void any_word_ends_it(void **state)
{
	struct screen_silence self = {0};

	(void)state;
	assert_false(silence_hear(&self, 5400));
	/* One that is slow in one thing, and talks of others, is there. */
	assert_int_equal(silence_due_ms(&self, 5000), 5400 + SILENCE_MS);
	assert_false(silence_look(&self, 5000, 5000 + SILENCE_MS));
	assert_true(silence_look(&self, 5000, 5400 + SILENCE_MS));
	assert_true(silence_hear(&self, 9000));
	assert_false(self.lost);
	assert_false(silence_hear(&self, 9001));
	assert_false(silence_look(&self, 0, 20000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_counts_only_after_a_question),
		cmocka_unit_test(any_word_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
