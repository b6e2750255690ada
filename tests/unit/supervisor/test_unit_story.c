/* SPDX-License-Identifier: MIT */
/* What is kept of a unit: the times of its first start, the answers of its probe from the first ill one on, its ends. */
#include "launcher/engine/engine.h"
#include "launcher/supervisor/svc.h"
#include "launcher/supervisor/unit_start.h"
#include "launcher/supervisor/unit_story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Its first start ---- */

static struct unit_start enter(struct unit_start start, struct svc *svc, enum svc_state state, int64_t since_ms)
{
	svc->state = state;
	unit_start_changed(&start, svc, since_ms);
	return start;
}

static void assert_times(struct unit_start start, int launched, int probed, int ready, int ended)
{
	assert_int_equal(start.launched_ms, launched);
	assert_int_equal(start.probed_ms, probed);
	assert_int_equal(start.ready_ms, ready);
	assert_int_equal(start.ended_ms, ended);
}

static void test_a_start_with_a_probe(void **state)
{
	const struct probe_spec probe = {.kind = PROBE_TCP};
	struct svc svc = {.policy.readiness = &probe};
	struct unit_start start = UNIT_START_INIT;

	(void)state;
	start = enter(start, &svc, SVC_WAITING, 1);
	assert_times(start, -1, -1, -1, -1);
	unit_start_launched(&start, 20);
	start = enter(start, &svc, SVC_STARTING, 20);
	unit_start_probed(&start, 30);
	unit_start_probed(&start, 55);
	start = enter(start, &svc, SVC_READY, 55);
	assert_times(start, 20, 30, 55, -1);
	/* What comes later is another story. */
	start = enter(start, &svc, SVC_UNHEALTHY, 80);
	start = enter(start, &svc, SVC_BACKOFF, 90);
	unit_start_launched(&start, 95);
	start = enter(start, &svc, SVC_READY, 100);
	start = enter(start, &svc, SVC_FAILED, 110);
	assert_times(start, 20, 30, 55, -1);
}

static void test_starts_that_end(void **state)
{
	struct svc svc = {.policy.one_shot = true};
	struct unit_start start = UNIT_START_INIT;

	(void)state;
	unit_start_launched(&start, 5);
	start = enter(start, &svc, SVC_RUNNING, 6);
	start = enter(start, &svc, SVC_COMPLETED, 40);
	assert_times(start, 5, -1, -1, 40);
	/* Without a probe it is ready when it runs, and its end later is none of the start's. */
	svc = (struct svc){.state = SVC_STOPPED};
	start = UNIT_START_INIT;
	unit_start_launched(&start, 5);
	start = enter(start, &svc, SVC_RUNNING, 6);
	start = enter(start, &svc, SVC_COMPLETED, 40);
	assert_times(start, 5, -1, 6, -1);
	/* It never ran. */
	start = enter(UNIT_START_INIT, &svc, SVC_FAILED, 7);
	assert_times(start, -1, -1, -1, 7);
	unit_start_probed(&start, 9);
	assert_times(start, -1, -1, -1, 7);
}

static void test_times_out_of_range(void **state)
{
	struct unit_start start = UNIT_START_INIT;

	(void)state;
	unit_start_launched(&start, -3);
	assert_int_equal(start.launched_ms, 0);
	unit_start_probed(&start, INT64_MAX);
	assert_int_equal(start.probed_ms, INT32_MAX);
}

/* ---- What went wrong ---- */

static void test_what_is_well_has_no_story(void **state)
{
	struct unit_story *story = NULL;

	(void)state;
	for (int i = 0; i < 100; i++)
		unit_story_answer(&story, true, "HTTP 200", i);
	assert_null(story);
	unit_story_destroy(story);
}

static void test_answers(void **state)
{
	struct unit_story *story = NULL;

	(void)state;
	unit_story_answer(&story, false, "refused", 10);
	unit_story_answer(&story, false, "refused", 20);
	unit_story_answer(&story, false, NULL, 30);
	unit_story_answer(&story, false, NULL, 40);
	unit_story_answer(&story, true, "HTTP 200", 50);
	unit_story_answer(&story, true, "HTTP 200", 60);
	unit_story_answer(&story, false, "HTTP 200", 70);
	assert_int_equal(story->answer_count, 4);
	assert_int_equal(story->answers[0].time_ms, 10);
	assert_int_equal(story->answers[0].count, 2);
	assert_string_equal(story->answers[0].text, "refused");
	assert_null(story->answers[1].text);
	assert_int_equal(story->answers[1].count, 2);
	assert_true(story->answers[2].ok);
	assert_int_equal(story->answers[2].time_ms, 50);
	assert_int_equal(story->answers[2].count, 2);
	assert_false(story->answers[3].ok);
	unit_story_destroy(story);
}

static void test_the_oldest_goes(void **state)
{
	struct unit_story *story = NULL;
	char text[2000];

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof text, "answer %d", i);
		unit_story_answer(&story, false, text, i);
		unit_story_exit(&story, &(struct engine_exit){.code = i}, i * 10, i);
	}
	assert_int_equal(story->answer_count, STORY_ANSWERS_MAX);
	assert_string_equal(story->answers[0].text, "answer 24");
	assert_string_equal(story->answers[STORY_ANSWERS_MAX - 1].text, "answer 39");
	assert_int_equal(story->exit_count, STORY_EXITS_MAX);
	assert_int_equal(story->exits[0].value, 32);
	assert_int_equal(story->exits[STORY_EXITS_MAX - 1].ran_ms, 390);
	/* Long ones are cut, and are the same as themselves. */
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	unit_story_answer(&story, false, text, 50);
	unit_story_answer(&story, false, text, 51);
	assert_int_equal(story->answers[STORY_ANSWERS_MAX - 1].count, 2);
	assert_int_equal(strlen(story->answers[STORY_ANSWERS_MAX - 1].text), STORY_TEXT_BYTES);
	unit_story_destroy(story);
}

static void test_ends(void **state)
{
	struct unit_story *story = NULL;

	(void)state;
	unit_story_exit(&story, &(struct engine_exit){.code = 3}, 102, 1000);
	unit_story_exit(&story, &(struct engine_exit){.signaled = true, .signal = 9}, -5, 2000);
	assert_int_equal(story->exit_count, 2);
	assert_false(story->exits[0].signaled);
	assert_int_equal(story->exits[0].value, 3);
	assert_true(story->exits[1].signaled);
	assert_int_equal(story->exits[1].value, 9);
	assert_int_equal(story->exits[1].ran_ms, 0);
	/* An end says nothing of the probe. */
	unit_story_answer(&story, true, "HTTP 200", 3000);
	assert_int_equal(story->answer_count, 0);
	unit_story_destroy(story);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_start_with_a_probe),
		cmocka_unit_test(test_starts_that_end),
		cmocka_unit_test(test_times_out_of_range),
		cmocka_unit_test(test_what_is_well_has_no_story),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_the_oldest_goes),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
