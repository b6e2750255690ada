/* SPDX-License-Identifier: MIT */
/* What an engine is busy with, in words and as a bar: with any numbers, for they come from elsewhere. */
#include "ui/model.h"
#include "ui/theme.h"
#include "ui/unit_progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void words_are_short_and_bounded(void **state)
{
	static const struct {
		struct unit_progress progress;
		int percent;
		const char *words;
	} cases[] = {
		{{WORK_NONE, 1, 2, "x"}, -1, ""},
		{{WORK_PULLING, 0, 0, NULL}, -1, "pulling"},
		{{WORK_PULLING, 0, 0, "bb:1"}, -1, "pulling bb:1"},
		{{WORK_PULLING, 4200000, 0, "bb:1"}, -1, "pulling 4.2 MB"},
		{{WORK_PULLING, 12300000, 27100000, NULL}, 45, "pulling 45% 12.3/27.1 MB"},
		{{WORK_PULLING, 999, 999, NULL}, 100, "pulling 100% 999/999 B"},
		{{WORK_PULLING, 999999, 1000000, NULL}, 99, "pulling 99% 1.0/1.0 MB"},
		{{WORK_PULLING, 1500000000, 2500000000, NULL}, 60, "pulling 60% 1.5/2.5 GB"},
		{{WORK_PULLING, 500, 100, NULL}, 100, "pulling 100% 500/100 B"},
		{{WORK_PULLING, -5, 100, NULL}, -1, "pulling"},
		{{WORK_PULLING, INT64_MAX - 1, INT64_MAX, NULL}, 100, "pulling 100% 9223372036.9/9223372036.9 GB"},
		{{WORK_BUILDING, 3, 7, "RUN make"}, 42, "building step 3 of 7"},
		{{WORK_BUILDING, 0, 0, "RUN make"}, -1, "building: RUN make"},
		{{WORK_CREATING, 0, 0, NULL}, -1, "creating its container"},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unit_progress_words(&cases[i].progress, text, sizeof(text));
		assert_string_equal(text, cases[i].words);
		assert_int_equal(unit_progress_percent(&cases[i].progress), cases[i].percent);
	}
	unit_progress_brief(&cases[4].progress, text, sizeof(text));
	assert_string_equal(text, "pulling 45%");
	unit_progress_words(&cases[4].progress, text, 9);
	assert_string_equal(text, "pulling ");
}

static void a_bar_takes_the_room_there_is(void **state)
{
	const struct unit_progress half = {WORK_PULLING, 1, 2, NULL}, unknown = {WORK_PULLING, 1, 0, NULL};
	const struct theme ascii = theme_make(false, false), lines = theme_make(true, true);
	uint32_t points[UNIT_BAR_MAX];

	(void)state;
	assert_int_equal(unit_progress_bar_cells(&half, 0), 0);
	assert_int_equal(unit_progress_bar_cells(&half, UNIT_BAR_MIN), 0);
	assert_int_equal(unit_progress_bar_cells(&half, UNIT_BAR_MIN + 1), UNIT_BAR_MIN);
	assert_int_equal(unit_progress_bar_cells(&half, 1000), UNIT_BAR_MAX);
	assert_int_equal(unit_progress_bar_cells(&unknown, 1000), 0);
	unit_progress_bar(&half, &ascii, points, UNIT_BAR_MAX);
	for (unsigned i = 0; i < UNIT_BAR_MAX; i++)
		assert_int_equal(points[i], i < UNIT_BAR_MAX / 2 ? '#' : '.');
	unit_progress_bar(&half, &lines, points, 7);
	assert_int_equal(points[2], 0x2588);
	assert_int_equal(points[3], 0x2591);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_short_and_bounded),
		cmocka_unit_test(a_bar_takes_the_room_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
