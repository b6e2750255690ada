/* SPDX-License-Identifier: MIT */
/* The log that tests of the screen look around in keeps to ui/log_text.h itself. */
#include "tests/lib/log_sample.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct log_text_line line;

static void lines_are_walked_both_ways(void **state)
{
	struct log_sample *sample = log_sample_scene("merged");
	struct log_text *text = log_sample_text(sample);
	size_t count = 0;

	(void)state;
	assert_int_equal(text->ops->line(text, text->ops->start(text), &line), LOG_TEXT_THERE);
	assert_string_equal(line.service, "engine");
	do
		count++;
	while (text->ops->find_next(text, line.at, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE);
	assert_int_equal(count, 10);
	assert_true(line.next == text->ops->end(text));
	while (text->ops->find_before(text, line.at, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE)
		count--;
	assert_int_equal(count, 1);
	assert_true(line.at == text->ops->start(text));
	assert_int_equal(text->ops->line(text, text->ops->end(text), &line), LOG_TEXT_NONE);
	assert_int_equal(text->ops->find_before(text, text->ops->end(text), LOG_TEXT_PROBLEM, &line), LOG_TEXT_THERE);
	assert_memory_equal(line.bytes, "WARN", 4);
	log_sample_destroy(sample);
}

static void what_is_new_is_there_after_a_refresh(void **state)
{
	struct log_sample *sample = log_sample_scene("empty");
	struct log_text *text = log_sample_text(sample);

	(void)state;
	assert_true(text->ops->start(text) == text->ops->end(text));
	log_sample_add(sample, "api", "one");
	assert_true(text->ops->start(text) == text->ops->end(text));
	assert_true(text->ops->refresh(text));
	assert_false(text->ops->refresh(text));
	assert_int_equal(text->ops->line(text, 0, &line), LOG_TEXT_THERE);
	assert_int_equal(text->ops->number(text, line.at), 1);
	log_sample_drop_first(sample, 1);
	assert_int_equal(text->ops->line(text, 0, &line), LOG_TEXT_NONE);
	log_sample_destroy(sample);
}

static void slices_are_looked_at_one_by_one(void **state)
{
	struct log_sample *sample = log_sample_scene("many");
	struct log_text *text = log_sample_text(sample);
	struct log_text_status status;
	char problem[64];
	unsigned slices = 0;

	(void)state;
	log_sample_slices(sample, 1000);
	assert_int_equal(text->ops->search(text, "(foo", 4, 0, problem, sizeof(problem)), -EINVAL);
	assert_string_equal(problem, "missing ) at 4");
	assert_int_equal(
		text->ops->search(text, "status=5", 8, log_sample_place(sample, 5000), problem, sizeof(problem)), 0);
	assert_int_equal(text->ops->find_next(text, 0, LOG_TEXT_HIT, &line), LOG_TEXT_LATER);
	assert_true(text->ops->work(text, 0));
	assert_int_equal(text->ops->find_next(text, 0, LOG_TEXT_HIT, &line), LOG_TEXT_LATER);
	assert_int_equal(text->ops->find_next(text, log_sample_place(sample, 5000), LOG_TEXT_HIT, &line),
			 LOG_TEXT_THERE);
	assert_int_equal(text->ops->hit_number(text, line.at), -1);
	text->ops->status(text, &status);
	assert_int_equal(status.percent, 9);
	assert_int_equal(status.hits, 20);
	assert_false(status.hits_final);
	while (text->ops->work(text, 0))
		slices++;
	assert_int_equal(slices, 9);
	text->ops->status(text, &status);
	assert_true(status.hits_final && status.hits == 220 && status.lines == 11000);
	assert_int_equal(text->ops->hit_number(text, line.at), 101);
	log_sample_destroy(sample);
}

static void a_filter_hides_lines(void **state)
{
	struct log_sample *sample = log_sample_scene("many");
	struct log_text *text = log_sample_text(sample);
	struct log_text_status status;
	char problem[64];

	(void)state;
	assert_int_equal(text->ops->filter(text, "status=5", 8, false, problem, sizeof(problem)), 0);
	assert_int_equal(text->ops->line(text, 0, &line), LOG_TEXT_THERE);
	assert_true(line.at == log_sample_place(sample, 49));
	assert_int_equal(text->ops->count_from(text, line.next, 1000), 219);
	assert_int_equal(text->ops->filter(text, "status=5", 8, true, problem, sizeof(problem)), 0);
	text->ops->status(text, &status);
	assert_int_equal(status.shown_lines, 10780);
	assert_int_equal(text->ops->filter(text, "", 0, false, problem, sizeof(problem)), 0);
	assert_int_equal(text->ops->count_from(text, 0, 100), 100);
	log_sample_destroy(sample);
}

static void long_lines_come_in_pieces(void **state)
{
	struct log_sample *sample = log_sample_scene("long");
	struct log_text *text = log_sample_text(sample);

	(void)state;
	assert_int_equal(text->ops->line(text, log_sample_place(sample, 1), &line), LOG_TEXT_THERE);
	assert_true(line.size_bytes == LOG_TEXT_LINE_MAX && !line.continues);
	assert_int_equal(text->ops->find_next(text, line.at, LOG_TEXT_ANY, &line), LOG_TEXT_THERE);
	assert_true(line.size_bytes == LOG_TEXT_LINE_MAX && line.continues);
	log_sample_destroy(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_walked_both_ways),
		cmocka_unit_test(what_is_new_is_there_after_a_refresh),
		cmocka_unit_test(slices_are_looked_at_one_by_one),
		cmocka_unit_test(a_filter_hides_lines),
		cmocka_unit_test(long_lines_come_in_pieces),
	};

	return cmocka_run_group_tests_name("log_sample", tests, NULL, NULL);
}
