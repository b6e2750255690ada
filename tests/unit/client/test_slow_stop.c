/* SPDX-License-Identifier: MIT */
/* Who takes long to stop: when that is said, of whom, and that it is said once. */
#include "config/clock.h"
#include "launcher/client/slow_stop.h"
#include "launcher/client/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void feed(struct view *view, int id, const char *members)
{
	char line[256];
	int length = snprintf(line, sizeof(line),
			      "{\"event\":\"service\",\"service\":{\"id\":%d,\"name\":\"s%d\",\"service\":\"s\",%s}}\n",
			      id, id, members);

	assert_int_equal(view_feed(view, line, (size_t)length, NULL, NULL), 0);
}

static void assert_says(struct view *view, int64_t now_ms, const char *wanted)
{
	char *line = slow_stop_line(view, now_ms);

	if (wanted == NULL)
		assert_null(line);
	else
		assert_string_equal(line, wanted);
	free(line);
}

static void test_one(void **state)
{
	struct view view;
	int64_t due_ms;

	(void)state;
	view_init(&view);
	feed(&view, 0, "\"state\":\"running\"");
	assert_int_equal(slow_stop_next_ms(&view), 0);
	feed(&view, 0, "\"state\":\"stopping\",\"kill_in_ms\":10000");
	due_ms = slow_stop_next_ms(&view);
	assert_true(due_ms > clock_monotonic_ms());
	assert_says(&view, due_ms - 1, NULL);
	/* What else is told of it meanwhile begins nothing anew. */
	feed(&view, 0, "\"state\":\"stopping\"");
	assert_int_equal(slow_stop_next_ms(&view), due_ms);
	assert_says(&view, due_ms, "still waiting for s0 to end");
	assert_says(&view, due_ms + 1, NULL);
	view.units[0].kill_ms = due_ms + SLOW_STOP_AGAIN_MS + 2500;
	assert_says(&view, due_ms + SLOW_STOP_AGAIN_MS, "still waiting for s0 to end: it is killed in 2.5 s");
	feed(&view, 0, "\"state\":\"stopped\"");
	assert_int_equal(slow_stop_next_ms(&view), 0);
	view_finish(&view);
}

static void test_many(void **state)
{
	struct view view;
	int64_t due_ms;

	(void)state;
	view_init(&view);
	for (int i = 0; i < 8; i++)
		feed(&view, i, i == 1 ? "\"state\":\"stopped\"" : "\"state\":\"stopping\"");
	for (size_t i = 0; i < view.count; i++)
		view.units[i].slow_ms = i == 1 ? 0 : 5000 + (int64_t)i;
	due_ms = slow_stop_next_ms(&view);
	assert_int_equal(due_ms, 5000);
	view.units[7].kill_ms = 8000;
	view.units[6].kill_ms = 6000;
	assert_says(&view, due_ms,
		    "still waiting for s0, s2, s3, s4, s5 and 2 more to end: they are killed in at most 3.0 s");
	assert_says(&view, due_ms + 100, NULL);
	for (size_t i = 3; i < view.count; i++)
		view.units[i].slow_ms = 0;
	assert_says(&view, due_ms + SLOW_STOP_AGAIN_MS, "still waiting for s0 and s2 to end");
	view_finish(&view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
