/* SPDX-License-Identifier: MIT */
/* Finding in a log: search as one types, filter, errors, places by number, share and time, at once and slice by slice. */
#include "tests/lib/log_play.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct log_play play;

static int set_world(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

static int play_end(void **state)
{
	(void)state;
	log_play_end(&play);
	return 0;
}

/* 11,000 lines; every 50th has status=5.. */
static void begin_many(void)
{
	log_play_begin(&play, log_sample_scene("many"), 12, 100);
}

static const char *line_below(void)
{
	return log_play_row(&play, play.frame.rows - 1);
}

static void assert_line_has(const char *text)
{
	if (strstr(line_below(), text) == NULL)
		fail_msg("\"%s\" does not hold \"%s\"", line_below(), text);
}

/* The cursor is on the line of this number, and in sight. */
static void assert_at(int64_t number)
{
	assert_int_equal(log_sample_text(play.sample)->ops->number(log_sample_text(play.sample), play.view.at.cursor),
			 number);
	assert_in_range(play.view.cursor_row, 1, play.frame.rows - 2);
}

/* ---- Search ---- */

static void typing_goes_to_the_nearest_hit_forward(void **state)
{
	(void)state;
	begin_many();
	log_play_keys(&play, "5000g/status=5");
	assert_at(5000);
	log_play_keys(&play, "02");
	assert_at(5100); /* 5000 and 5050 have others of the three */
	assert_line_has("/status=502");
	assert_line_has("match 34 of 73, whole file searched");
	assert_int_equal(play.frame.cursor_row, 11); /* in the field */
	assert_int_equal(play.frame.cursor_column, 12);
	log_play_keys(&play, "<Backspace><Backspace>");
	assert_at(5000); /* from where one was, each time */
	log_play_keys(&play, "<Enter>");
	assert_int_equal(play.view.typing, LOG_TYPING_NOTHING);
	assert_string_equal(line_below(), " /status=5  match 100 of 220, whole file searched");
}

static void n_and_N_go_on_and_round(void **state)
{
	(void)state;
	begin_many();
	log_play_keys(&play, "n");
	assert_string_equal(play.context.words, "Nothing is searched for: / begins a search.");
	log_play_keys(&play, "g/status=5<Enter>");
	assert_at(50);
	log_play_keys(&play, "n");
	assert_at(100);
	assert_line_has("match 2 of 220");
	log_play_keys(&play, "3n");
	assert_at(250);
	log_play_keys(&play, "2N");
	assert_at(150);
	log_play_keys(&play, "gN");
	assert_at(11000);
	assert_line_has("from the end again");
	log_play_keys(&play, "n");
	assert_at(50);
	assert_line_has("from the start again");
	log_play_keys(&play, "k");
	assert_at(49);
	assert_string_equal(line_below(), " /status=5  220 matches, whole file searched");
}

static void esc_returns_to_where_one_was(void **state)
{
	(void)state;
	begin_many();
	log_play_keys(&play, "/items/1252 <Esc>");
	assert_true(play.view.at.follow);
	assert_at(11000);
	assert_string_equal(line_below(), "");
	log_play_keys(&play, "300g/status=501<Enter>200g");
	int64_t top = play.view.at.top;
	log_play_keys(&play, "/took=5ms<Esc>");
	assert_at(200);
	assert_true(play.view.at.top == top);
	assert_line_has("/status=501  match 2 of 74"); /* the one before goes on */
	log_play_keys(&play, "<Esc>");
	assert_int_equal(play.go, GO_NOWHERE);
	assert_string_equal(line_below(), "");
	log_play_keys(&play, "<Esc>");
	assert_int_equal(play.go, GO_BACK);
}

static void up_recalls_what_was_searched_for(void **state)
{
	(void)state;
	begin_many();
	log_play_keys(&play, "/status=501<Enter>/status=502<Enter>g/<Up><Up>");
	assert_line_has("/status=501");
	assert_at(50);
	log_play_keys(&play, "<Down><Enter>");
	assert_line_has("/status=502  match 1 of 73");
}

static void a_wrong_pattern_says_where(void **state)
{
	(void)state;
	begin_many();
	log_play_keys(&play, "100g/foo|status=500");
	assert_at(100);
	int64_t top = play.view.at.top;
	log_play_keys(&play, "(");
	assert_line_has("missing ) at 15");
	assert_at(100);
	assert_true(play.view.at.top == top);
	log_play_keys(&play, "<Enter>"); /* is not taken */
	assert_int_equal(play.view.typing, LOG_TYPING_SEARCH);
	assert_line_has("missing )");
	log_play_keys(&play, "<Backspace><Enter>");
	assert_int_equal(play.view.typing, LOG_TYPING_NOTHING);
	assert_line_has("match 1 of 73");
}

static void no_match_leaves_one_where_one_was(void **state)
{
	(void)state;
	begin_many();
	log_play_keys(&play, "/nowhere");
	assert_true(play.view.at.follow);
	assert_line_has("no match, whole file searched");
	log_play_keys(&play, "<Enter>n");
	assert_true(play.view.at.follow);
	assert_line_has("no match");
}

static void hits_are_marked_in_the_lines(void **state)
{
	(void)state;
	log_play_begin(&play, log_sample_scene("merged"), 12, 80);
	log_play_keys(&play, "/items[^ ]*<Enter>"); /* the end of the log first, then round */
	assert_at(2);
	assert_string_equal(log_play_roles(&play, 2), "SSSSSSSS.SSS.....sssssssshhhhhhhhhhsssssssssssssssssssss");
}

/* ---- Slice by slice ---- */

static void what_is_not_known_yet_is_sought_on(void **state)
{
	(void)state;
	begin_many();
	log_sample_slices(play.sample, 1000);
	log_play_keys(&play, "g/items/7 status=501");
	assert_true(play.view.seeking);
	assert_line_has("searching 0%");
	assert_at(-1); /* lines are being counted, too */
	bool changed = false;
	assert_true(log_view_work(&play.view, 8000, &changed));
	assert_true(changed);
	log_play_draw(&play);
	assert_true(play.view.seeking);
	assert_line_has("searching 9%");
	log_play_keys(&play, "<Enter>");
	assert_true(play.view.seeking); /* Enter keeps it going */
	log_play_work(&play);
	assert_false(play.view.seeking);
	assert_string_equal(line_below(), " /items/7 status=501  no match, whole file searched");
	log_play_keys(&play, "/status=502");
	assert_true(play.view.seeking);
	assert_true(log_view_work(&play.view, 8000, &changed));
	log_play_draw(&play);
	assert_false(play.view.seeking);
	assert_at(150);
	assert_line_has("match 1 of 6 so far 9%");
}

static void any_key_ends_what_is_sought(void **state)
{
	(void)state;
	begin_many();
	log_sample_slices(play.sample, 1000);
	log_play_keys(&play, "g/nowhere<Enter>");
	assert_true(play.view.seeking);
	log_play_keys(&play, "j");
	assert_false(play.view.seeking);
	log_play_keys(&play, "n");
	assert_true(play.view.seeking);
	log_play_keys(&play, "<Esc>"); /* ends that first */
	assert_false(play.view.seeking);
	assert_true(play.view.searched[0] != '\0');
	log_play_keys(&play, "n/");
	assert_false(play.view.seeking);
	log_play_keys(&play, "abc");
	assert_true(play.view.seeking);
	log_play_keys(&play, "<Esc>");
	assert_false(play.view.seeking);
	assert_line_has("/nowhere");
}

static void a_jump_waits_until_lines_are_counted(void **state)
{
	(void)state;
	begin_many();
	log_sample_slices(play.sample, 1000);
	log_play_keys(&play, "9000g");
	assert_true(play.view.seeking);
	assert_line_has("searching ");
	assert_true(log_play_work(&play) >= 9);
	assert_at(9000);
	log_play_keys(&play, "11001g");
	assert_at(9000);
	assert_line_has("there are not so many lines");
}

/* ---- Filter ---- */

static void a_filter_shows_only_lines_that_match(void **state)
{
	(void)state;
	begin_many();
	log_play_keys(&play, "&status=5<Enter>");
	assert_true(play.view.at.follow);
	assert_string_equal(line_below(), " filter: 220 of 11,000 lines, & Enter clears");
	for (unsigned row = 1; row < 11; row++)
		assert_non_null(strstr(log_play_row(&play, row), "status=50"));
	log_play_keys(&play, "kvk");
	assert_non_null(strstr(log_play_row(&play, 0), "2 lines marked"));
	log_play_keys(&play, "<Esc>j");
	assert_at(10950);
	log_play_keys(&play, "<PgUp>");
	assert_at(10500);
	log_sample_flood(play.sample, "engine", 100);
	log_play_refresh(&play);
	assert_non_null(strstr(log_play_row(&play, 0), "paused, 2 new below"));
	log_play_keys(&play, "&<Enter>");
	assert_at(10500);
	assert_non_null(strstr(log_play_row(&play, play.frame.cursor_row - 1), "status=200"));
	assert_string_equal(line_below(), "");
}

static void a_filter_can_take_lines_out(void **state)
{
	(void)state;
	begin_many();
	log_play_keys(&play, "50g&!status=5");
	assert_string_equal(line_below(), " &!status=5");
	log_play_keys(&play, "<Enter>");
	assert_at(51); /* the next one that is shown */
	assert_line_has("filter: 10,780 of 11,000 lines");
	log_play_keys(&play, "<Esc>");
	assert_at(51);
	assert_string_equal(line_below(), "");
}

static void search_and_filter_survive_each_other(void **state)
{
	(void)state;
	begin_many();
	log_play_keys(&play, "g/status=501<Enter>&status=5<Enter>");
	assert_string_equal(
		line_below(),
		" /status=501  match 1 of 74, whole file searched  filter: 220 of 11,000 lines, & Enter clears");
	log_play_keys(&play, "wttwn");
	assert_at(200);
	assert_line_has("filter: 220");
	log_play_keys(&play, "<Esc>");
	assert_string_equal(line_below(), " filter: 220 of 11,000 lines, & Enter clears");
}

static void a_wrong_filter_stays_open(void **state)
{
	(void)state;
	begin_many();
	log_play_keys(&play, "&(x<Enter>");
	assert_int_equal(play.view.typing, LOG_TYPING_FILTER);
	assert_line_has("missing ) at 2");
	log_play_keys(&play, "<Backspace>");
	assert_true(strstr(line_below(), "missing") == NULL);
	log_play_keys(&play, "<Esc>");
	assert_string_equal(line_below(), "");
}

static void a_filter_that_nothing_passes_says_so(void **state)
{
	(void)state;
	begin_many();
	log_play_keys(&play, "100g&nowhere<Enter>");
	assert_string_equal(log_play_row(&play, 1), " no line passes the filter");
	log_play_keys(&play, "jkgG<PgUp><PgDn>nyv<Esc>[]");
	log_play_keys(&play, "&<Enter>");
	assert_true(log_play_shows(&play, "GET /v1"));
}

static void a_filter_fills_the_view_as_it_goes_on(void **state)
{
	(void)state;
	begin_many();
	log_sample_slices(play.sample, 1000);
	log_play_work(&play);
	log_play_keys(&play, "6000g&status=5<Enter>");
	assert_string_equal(log_play_row(&play, 1), " filtering 0%");
	assert_line_has("filter: 0 of 11,000 lines so far 0%, & Enter clears");
	log_play_work(&play);
	assert_at(6000);
	assert_string_equal(line_below(), " filter: 220 of 11,000 lines, & Enter clears");
	for (unsigned row = 1; row < 11; row++)
		assert_non_null(strstr(log_play_row(&play, row), "status=50"));
}

static void moves_over_lines_not_filtered_yet_go_on_later(void **state)
{
	bool changed;

	(void)state;
	begin_many();
	log_sample_slices(play.sample, 1000);
	log_play_work(&play);
	log_play_keys(&play, "g&status=501<Enter>");
	assert_true(log_view_work(&play.view, 8000, &changed));
	log_play_draw(&play);
	assert_at(50);
	log_play_keys(&play, "10j"); /* the seventh of them is at 1,100 */
	assert_true(play.view.seeking);
	log_play_work(&play);
	assert_at(1550);
	assert_false(play.view.seeking);
}

/* 9999999j is no reason not to take the next key. */
static void many_steps_are_taken_in_slices(void **state)
{
	size_t before;

	(void)state;
	begin_many();
	log_play_keys(&play, "g1000");
	before = log_sample_calls(play.sample);
	log_play_keys(&play, "j");
	assert_at(1001);
	assert_true(log_sample_calls(play.sample) - before < 3000);
	before = log_sample_calls(play.sample);
	log_play_keys(&play, "9999999j");
	assert_true(play.view.seeking);
	assert_true(log_sample_calls(play.sample) - before < 3000);
	log_play_work(&play);
	assert_true(play.view.at.follow);
	log_play_keys(&play, "9999999<PgUp>");
	log_play_work(&play);
	assert_at(1);
	log_play_keys(&play, "g900<PgDn>");
	log_play_work(&play);
	assert_at(1 + 900 * 9);
	log_play_keys(&play, "v9999999j");
	log_play_work(&play);
	assert_at(11000);
	assert_false(play.view.at.follow);
	log_play_keys(&play, "y/s<Enter>9999999n");
	assert_true(play.view.seeking);
	log_play_keys(&play, "<Esc>");
	assert_false(play.view.seeking);
}

/* ---- Errors and places ---- */

static void brackets_jump_between_errors(void **state)
{
	(void)state;
	log_play_begin(&play, log_sample_scene("merged"), 8, 80);
	log_play_keys(&play, "[");
	assert_at(6);
	log_play_keys(&play, "[");
	assert_at(3);
	log_play_keys(&play, "[");
	assert_at(3);
	assert_string_equal(line_below(), " nothing above looks like an error or a warning");
	log_play_keys(&play, "]");
	assert_at(6);
	log_play_keys(&play, "]");
	assert_string_equal(line_below(), " nothing below looks like an error or a warning");
}

static const struct {
	const char *typed;
	int64_t number;
} places[] = {
	{"1", 1},        {"5000", 5000},  {"11000", 11000},   {"50%", 5500}, {"0%", 1},
	{"100%", 11000}, {"12.5%", 1375}, {"14:18:05", 3001}, /* the first line was written at 14:18:02, each next one a millisecond later */
	{"14:18", 1},    {"9:00", 1},
};

static void one_goes_to_numbers_shares_and_times(void **state)
{
	(void)state;
	begin_many();
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		log_play_act(&play, ACTION_GO_TO);
		assert_string_equal(line_below(), " go to:");
		log_play_keys(&play, places[i].typed);
		log_play_keys(&play, "<Enter>");
		assert_at(places[i].number);
		assert_false(play.view.at.follow);
	}
}

static void what_is_no_place_says_what_is(void **state)
{
	static const char *const wrong[] = {"x",      "12x",       "101%", "14:60", "24:00",
					    "14:02:", "14:02:111", "1.",   "1.5",   "1.55%"};

	(void)state;
	begin_many();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		log_play_act(&play, ACTION_GO_TO);
		log_play_keys(&play, wrong[i]);
		log_play_keys(&play, "<Enter>");
		assert_line_has("a line's number, 50% or 14:02");
		log_play_keys(&play, "<Esc>");
		assert_true(play.view.at.follow);
	}
	log_play_act(&play, ACTION_GO_TO);
	log_play_keys(&play, "<Enter>"); /* nothing typed: nowhere */
	assert_true(play.view.at.follow);
	log_play_act(&play, ACTION_GO_TO);
	log_play_keys(&play, "14:30<Enter>");
	assert_line_has("nothing was written then, or later");
	log_play_act(&play, ACTION_GO_TO);
	log_play_keys(&play, "0<Enter>");
	assert_line_has("there are not so many lines");
}

/* Just after midnight "23:59" is yesterday's. */
static void a_time_is_the_last_one_there_was(void **state)
{
	struct log_sample *sample = log_sample_create("n", false);

	(void)state;
	log_sample_time(sample, INT64_C(1000) * (9 * 3600 + 41 * 60)); /* 23:59 */
	log_sample_add(sample, "n", "before");
	log_sample_add(sample, "n", "midnight");
	log_sample_time(sample, INT64_C(1000) * (9 * 3600 + 43 * 60));
	log_sample_add(sample, "n", "behind");
	log_sample_text(sample)->ops->refresh(log_sample_text(sample));
	log_play_begin(&play, sample, 12, 80);
	log_play_act(&play, ACTION_GO_TO);
	log_play_keys(&play, "23:59<Enter>");
	assert_at(1);
	log_play_act(&play, ACTION_GO_TO);
	log_play_keys(&play, "0:00<Enter>");
	assert_at(3);
}

int main(void)
{
#define PLAY(test) cmocka_unit_test_teardown(test, play_end)
	const struct CMUnitTest tests[] = {
		PLAY(typing_goes_to_the_nearest_hit_forward),
		PLAY(n_and_N_go_on_and_round),
		PLAY(esc_returns_to_where_one_was),
		PLAY(up_recalls_what_was_searched_for),
		PLAY(a_wrong_pattern_says_where),
		PLAY(no_match_leaves_one_where_one_was),
		PLAY(hits_are_marked_in_the_lines),
		PLAY(what_is_not_known_yet_is_sought_on),
		PLAY(any_key_ends_what_is_sought),
		PLAY(a_jump_waits_until_lines_are_counted),
		PLAY(a_filter_shows_only_lines_that_match),
		PLAY(a_filter_can_take_lines_out),
		PLAY(search_and_filter_survive_each_other),
		PLAY(a_wrong_filter_stays_open),
		PLAY(a_filter_that_nothing_passes_says_so),
		PLAY(a_filter_fills_the_view_as_it_goes_on),
		PLAY(moves_over_lines_not_filtered_yet_go_on_later),
		PLAY(many_steps_are_taken_in_slices),
		PLAY(brackets_jump_between_errors),
		PLAY(one_goes_to_numbers_shares_and_times),
		PLAY(what_is_no_place_says_what_is),
		PLAY(a_time_is_the_last_one_there_was),
	};

	return cmocka_run_group_tests_name("screen_log_find", tests, set_world, NULL);
}
