/* SPDX-License-Identifier: MIT */
/* Looking around in a log: following, standing still, moving, marking, and places that survive whatever happens to text and screen. */
#include "tests/lib/log_play.h"
#include "ui/term.h"

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

/* A log of lines "1", "2", ... whose times are not known, in a view of 5 lines. */
static void begin_numbers(unsigned count)
{
	struct log_sample *sample = log_sample_create("n", false);
	char line[16];

	log_sample_time(sample, -1);
	for (unsigned i = 1; i <= count; i++) {
		snprintf(line, sizeof(line), "%u", i);
		log_sample_add(sample, "n", line);
	}
	log_sample_text(sample)->ops->refresh(log_sample_text(sample));
	log_play_begin(&play, sample, 7, 40);
}

static void add_numbers(unsigned from, unsigned to)
{
	char line[16];

	for (unsigned i = from; i <= to; i++) {
		snprintf(line, sizeof(line), "%u", i);
		log_sample_add(play.sample, "n", line);
	}
	log_play_refresh(&play);
}

/* The view shows from this number to that one, and the cursor is on a third; 0: an empty row. */
static void assert_seen(int first, int last, int cursor)
{
	assert_int_equal(atoi(log_play_row(&play, 1)), first);
	assert_int_equal(atoi(log_play_row(&play, 5)), last);
	assert_int_equal(atoi(log_play_row(&play, play.frame.cursor_row)), cursor);
}

static void assert_state(const char *text)
{
	const char *row = log_play_row(&play, 0);
	size_t length = strlen(text), size = strlen(row);

	if (size < length || strcmp(row + size - length, text) != 0)
		fail_msg("heading \"%s\" does not end with \"%s\"", row, text);
}

/* ---- Follow ---- */

static void the_end_is_followed(void **state)
{
	(void)state;
	begin_numbers(3);
	assert_seen(1, 0, 3);
	add_numbers(4, 9);
	assert_seen(5, 9, 9);
	assert_state("follow");
	add_numbers(10, 10);
	assert_seen(6, 10, 10);
}

static void one_step_up_and_it_stands_still(void **state)
{
	(void)state;
	begin_numbers(20);
	log_play_keys(&play, "k");
	assert_seen(16, 20, 19);
	assert_state("paused");
	add_numbers(21, 234);
	assert_seen(16, 20, 19);
	assert_state("paused, 214 new below");
	log_play_keys(&play, "<End>");
	assert_seen(230, 234, 234);
	assert_state("follow");
	log_play_keys(&play, "<PgUp>");
	assert_seen(226, 230, 230);
	add_numbers(235, 235);
	assert_state("paused, 1 new below"); /* those left behind on the way up were seen */
	log_play_keys(&play, "F");
	assert_seen(231, 235, 235);
	log_play_keys(&play, "kG");
	assert_state("follow");
}

static void what_is_new_is_counted_up_to_a_bound(void **state)
{
	(void)state;
	begin_numbers(20);
	log_play_keys(&play, "k");
	add_numbers(21, 10019);
	assert_state("paused, 9,999 new below");
	add_numbers(10020, 30000);
	assert_state("paused, 9,999+ new below");
	assert_seen(16, 20, 19);
}

static void down_to_the_end_by_hand_follows_again(void **state)
{
	(void)state;
	begin_numbers(20);
	log_play_keys(&play, "kkk");
	add_numbers(21, 22);
	assert_state("paused, 2 new below");
	log_play_keys(&play, "jjjj");
	assert_seen(17, 21, 21);
	assert_state("paused, 1 new below"); /* 21 has been seen now */
	log_play_keys(&play, "j");
	assert_state("follow");
	log_play_keys(&play, "<PgUp><PgUp><PgDn>");
	assert_state("paused");
	log_play_keys(&play, "<PgDn><PgDn>");
	assert_state("follow");
	log_play_mouse(&play, TERM_MOUSE_WHEEL_UP, 2, 0);
	assert_seen(15, 19, 19);
	assert_state("paused");
	log_play_mouse(&play, TERM_MOUSE_WHEEL_DOWN, 2, 0);
	assert_seen(18, 22, 22);
	assert_state("follow");
}

static void a_flood_is_told_from_a_trickle(void **state)
{
	(void)state;
	begin_numbers(20);
	assert_false(log_view_is_flooding(&play.view));
	add_numbers(21, 24);
	assert_false(log_view_is_flooding(&play.view));
	add_numbers(25, 30);
	assert_true(log_view_is_flooding(&play.view));
	log_play_refresh(&play);
	assert_false(log_view_is_flooding(&play.view));
	add_numbers(31, 60);
	log_play_keys(&play, "k"); /* who stands still sees none of it */
	assert_false(log_view_is_flooding(&play.view));
	add_numbers(61, 90);
	assert_false(log_view_is_flooding(&play.view));
}

/* A text of several services is put in order by `work`: its lines come by that way. */
static void lines_that_come_while_it_works_are_seen(void **state)
{
	bool changed;

	(void)state;
	begin_numbers(20);
	log_sample_reading(play.sample);
	log_view_take(&play.view, log_sample_text(play.sample), NULL);
	log_play_draw(&play);
	assert_true(log_play_shows(&play, "reading 100%"));
	assert_state("follow");
	log_play_keys(&play, "jk<PgUp><PgDn>gG");
	log_view_work(&play.view, 8000, &changed);
	assert_true(changed);
	assert_false(log_view_is_flooding(&play.view)); /* nothing has been seen of it yet */
	log_play_draw(&play);
	assert_seen(16, 20, 20);
	log_sample_reading(play.sample);
	add_numbers(21, 40);
	log_view_work(&play.view, 8000, &changed);
	assert_true(changed);
	assert_true(log_view_is_flooding(&play.view));
}

static void a_refresh_tells_whether_there_is_anything(void **state)
{
	(void)state;
	begin_numbers(20);
	assert_false(log_play_refresh(&play));
	log_sample_add(play.sample, "n", "21");
	size_t before = log_sample_refreshes(play.sample);
	assert_true(log_play_refresh(&play));
	assert_int_equal(log_sample_refreshes(play.sample), before + 1);
}

/* ---- Moving ---- */

/* Keys pressed one after the other, and what is seen after each. */
static const struct {
	const char *keys;
	int first, last, cursor;
} moves[] = {
	{"g", 1, 5, 1},          {"k", 1, 5, 1},         {"j", 1, 5, 2},       {"3j", 1, 5, 5},
	{"j", 2, 6, 6},          {"<Down>", 3, 7, 7},    {"<Up>", 3, 7, 6},    {"4k", 2, 6, 2},
	{"<PgDn>", 6, 10, 6},    {"Ctrl-D", 8, 12, 8},   {"Ctrl-U", 6, 10, 6}, {"2<PgDn>", 14, 18, 14},
	{"<PgUp>", 10, 14, 10},  {"20k", 1, 5, 1},       {"<PgDn>", 5, 9, 5},  {"<PgUp>", 1, 5, 1},
	{"11j", 8, 12, 12},      {"30g", 29, 33, 30},    {"99G", 96, 100, 99}, {"k", 96, 100, 98},
	{"5000j", 96, 100, 100}, {"<PgUp>", 92, 96, 96}, {"<Home>", 1, 5, 1},
};

static void moves_go_where_they_say(void **state)
{
	(void)state;
	begin_numbers(100);
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		if (strcmp(moves[i].keys, "Ctrl-D") == 0)
			log_play_act(&play, ACTION_HALF_DOWN);
		else if (strcmp(moves[i].keys, "Ctrl-U") == 0)
			log_play_act(&play, ACTION_HALF_UP);
		else
			log_play_keys(&play, moves[i].keys);
		assert_seen(moves[i].first, moves[i].last, moves[i].cursor);
	}
}

static void a_count_ends_with_the_next_key(void **state)
{
	(void)state;
	begin_numbers(100);
	log_play_keys(&play, "g3<Esc>j");
	assert_seen(1, 5, 2);
	assert_int_equal(play.go, GO_NOWHERE);
	log_play_keys(&play, "g12345678901k");
	assert_seen(1, 5, 1);
	assert_false(log_view_digit(&play.view, '0'));
	assert_true(log_view_digit(&play.view, '1'));
	assert_true(log_view_digit(&play.view, '0'));
	assert_false(log_view_digit(&play.view, 'x'));
	log_play_keys(&play, "j");
	assert_seen(7, 11, 11);
}

static void a_short_log_stands_at_the_top(void **state)
{
	(void)state;
	begin_numbers(2);
	log_play_keys(&play, "<PgUp>");
	assert_seen(1, 0, 1);
	log_play_keys(&play, "<PgDn>");
	assert_seen(1, 0, 2);
	assert_state("follow");
	log_play_mouse(&play, TERM_MOUSE_WHEEL_UP, 1, 0);
	assert_seen(1, 0, 2);
}

/* ---- Marking and copying ---- */

static void y_copies_the_cursors_line(void **state)
{
	(void)state;
	log_play_begin(&play, log_sample_scene("api"), 12, 80);
	log_play_keys(&play, "ky");
	assert_string_equal(play.asked, "copy 1 lines 62 bytes");
	log_play_keys(&play, "Gy");
	assert_string_equal(play.asked, "copy 1 lines 54 bytes");
}

static void a_line_in_pieces_is_copied_whole(void **state)
{
	(void)state;
	log_play_begin(&play, log_sample_scene("long"), 12, 80);
	log_play_keys(&play, "gjjy");
	assert_string_equal(play.asked, "copy 3 lines 40003 bytes"); /* pieces, each counted with an end */
}

static void v_marks_lines(void **state)
{
	(void)state;
	begin_numbers(100);
	log_play_keys(&play, "gjv");
	assert_state("1 line marked");
	log_play_keys(&play, "11j");
	assert_state("12 lines marked");
	assert_seen(9, 13, 13);
	assert_string_equal(log_play_roles(&play, 1), "MM");
	log_play_keys(&play, "y");
	assert_string_equal(play.asked, "copy 12 lines 28 bytes"); /* 2 to 9 and 10 to 13, and their ends */
	assert_state("paused");
	log_play_keys(&play, "vkk<Esc>");
	assert_false(play.view.marking);
	assert_int_equal(play.go, GO_NOWHERE);
	log_play_keys(&play, "<Esc>");
	assert_int_equal(play.go, GO_BACK);
	log_play_keys(&play, "Gv");
	add_numbers(101, 110);
	assert_seen(96, 100, 100); /* what is marked does not run away */
	log_play_keys(&play, "G");
	assert_state("11 lines marked");
	log_play_keys(&play, "y");
	assert_string_equal(play.asked, "copy 11 lines 44 bytes");
}

static void a_drag_marks_and_copies(void **state)
{
	(void)state;
	begin_numbers(100);
	log_play_mouse(&play, TERM_MOUSE_PRESS, 2, 10);
	assert_seen(96, 100, 97);
	assert_state("paused");
	log_play_mouse(&play, TERM_MOUSE_DRAG, 4, 3);
	assert_state("3 lines marked");
	log_play_mouse(&play, TERM_MOUSE_RELEASE, 4, 3);
	assert_string_equal(play.asked, "copy 3 lines 9 bytes");
	assert_false(play.view.marking);
	play.asked[0] = '\0';
	log_play_mouse(&play, TERM_MOUSE_PRESS, 3, 1); /* a click copies nothing, also of a hand that trembles */
	log_play_mouse(&play, TERM_MOUSE_DRAG, 3, 3);
	log_play_mouse(&play, TERM_MOUSE_RELEASE, 3, 3);
	assert_string_equal(play.asked, "");
	log_play_mouse(&play, TERM_MOUSE_PRESS, 3, 9); /* along it: this line */
	log_play_mouse(&play, TERM_MOUSE_DRAG, 3, 1);
	log_play_mouse(&play, TERM_MOUSE_RELEASE, 3, 1);
	assert_string_equal(play.asked, "copy 1 lines 3 bytes");
	play.asked[0] = '\0';
	log_play_mouse(&play, TERM_MOUSE_DRAG, 4, 9); /* nothing was pressed */
	assert_false(play.view.marking);
	log_play_mouse(&play, TERM_MOUSE_PRESS, 1, 1);
	log_play_mouse(&play, TERM_MOUSE_DRAG, 0, 1); /* beyond the edge it scrolls */
	log_play_mouse(&play, TERM_MOUSE_DRAG, 0, 1);
	assert_seen(94, 98, 94);
	log_play_mouse(&play, TERM_MOUSE_RELEASE, 0, 1);
	assert_string_equal(play.asked, "copy 3 lines 9 bytes");
}

/* ---- What is asked for ---- */

static void a_log_is_saved_under_a_name(void **state)
{
	(void)state;
	log_play_begin(&play, log_sample_scene("merged"), 12, 80);
	log_play_keys(&play, "S");
	assert_string_equal(log_play_row(&play, 11), " save to: api-engine.log");
	log_play_keys(&play, "<Enter>");
	assert_string_equal(play.asked, "save 10 lines to api-engine.log");
	log_play_keys(&play, "&500<Enter>S<Enter>");
	assert_string_equal(play.asked, "save 2 lines to api-engine-filtered.log");
	log_play_keys(&play, "<Esc>gvjS");
	log_play_act(&play, ACTION_NOTHING);
	for (unsigned i = 0; i < 20; i++)
		log_play_keys(&play, "<Backspace>");
	log_play_keys(&play, "x<Enter>");
	play.asked[0] = '\0';
	log_play_keys(&play, "S<Esc>");
	assert_string_equal(play.asked, "");
}

static void marked_lines_alone_are_saved(void **state)
{
	(void)state;
	log_play_begin(&play, log_sample_scene("api"), 12, 80);
	log_play_keys(&play, "gvjjS<Enter>");
	assert_string_equal(play.asked, "save 3 lines to api.log");
	assert_false(play.view.marking);
}

static void others_are_asked_from_the_cursor_on(void **state)
{
	(void)state;
	begin_numbers(50);
	log_play_keys(&play, "20gE");
	assert_string_equal(play.asked, "page line 20");
	log_play_keys(&play, "m");
	assert_string_equal(play.asked, "print n");
	memset(&play.actions, 0, sizeof(play.actions));
	log_play_keys(&play, "y");
	assert_string_equal(play.context.words, "Nothing can be copied here.");
	log_play_keys(&play, "E");
	assert_string_equal(play.context.words, "No pager can be opened here.");
	log_play_keys(&play, "m");
	assert_string_equal(play.context.words, "There is no plain terminal to print on.");
	log_play_keys(&play, "S");
	assert_string_equal(play.context.words, "Nothing can be saved here.");
	assert_int_equal(play.view.typing, LOG_TYPING_NOTHING);
}

static void enter_goes_to_the_log_of_who_wrote_the_line(void **state)
{
	(void)state;
	log_play_begin(&play, log_sample_scene("merged"), 12, 80);
	log_play_keys(&play, "g<Enter>");
	assert_int_equal(play.go, GO_LOG);
	assert_int_equal(play.context.unit, 3); /* engine */
	log_play_keys(&play, "j<Enter>");
	assert_int_equal(play.context.unit, 1); /* api */
}

static void what_it_has_no_use_for_is_left_to_others(void **state)
{
	(void)state;
	begin_numbers(5);
	log_play_act(&play, ACTION_RESTART);
	assert_int_equal(play.go, GO_UNTAKEN);
	log_play_act(&play, ACTION_BACK);
	assert_int_equal(play.go, GO_BACK);
}

/* ---- Places survive ---- */

static void the_line_looked_at_survives_a_resize(void **state)
{
	(void)state;
	begin_numbers(100);
	log_play_keys(&play, "50g");
	assert_seen(49, 53, 50);
	log_play_resize(&play, 4, 20);
	assert_int_equal(atoi(log_play_row(&play, play.frame.cursor_row)), 50);
	log_play_resize(&play, 2, 20);
	assert_int_equal(play.frame.cursor_row, 0); /* no room for lines at all */
	log_play_resize(&play, 1, 1);
	log_play_keys(&play, "j");
	log_play_resize(&play, 7, 40);
	assert_int_equal(atoi(log_play_row(&play, play.frame.cursor_row)), 51);
	log_play_resize(&play, 60, 40);
	assert_int_equal(atoi(log_play_row(&play, play.frame.cursor_row)), 51);
	assert_int_equal(atoi(log_play_row(&play, 58)), 100);
	log_play_resize(&play, 7, 40);
	assert_int_equal(atoi(log_play_row(&play, play.frame.cursor_row)), 51);
	log_play_keys(&play, "G");
	log_play_resize(&play, 4, 40);
	assert_int_equal(atoi(log_play_row(&play, 2)), 100);
}

static void a_rotation_keeps_what_is_seen(void **state)
{
	(void)state;
	begin_numbers(100);
	log_play_keys(&play, "50g");
	log_sample_drop_first(play.sample, 40);
	log_play_refresh(&play);
	assert_seen(49, 53, 50);
	assert_string_equal(log_play_row(&play, 6), "");
	log_sample_drop_first(play.sample, 20); /* up to 60 */
	log_play_refresh(&play);
	assert_seen(61, 65, 61);
}

static void a_rotation_past_the_place_is_said_once(void **state)
{
	(void)state;
	begin_numbers(100);
	log_play_resize(&play, 7, 80);
	log_play_keys(&play, "10g");
	log_sample_add(play.sample, "n", "101");
	log_sample_drop_first(play.sample, 20);
	log_play_refresh(&play);
	assert_seen(21, 25, 21);
	assert_string_equal(log_play_row(&play, 6), " the log was rotated: this is the first line that is left");
	log_play_keys(&play, "j");
	assert_string_equal(log_play_row(&play, 6), "");
	assert_seen(21, 25, 22);
}

static void a_text_that_became_shorter_is_shown_at_its_end(void **state)
{
	(void)state;
	begin_numbers(100);
	log_play_keys(&play, "90g");
	log_sample_drop_last(play.sample, 70);
	assert_true(log_play_refresh(&play) || true);
	assert_seen(26, 30, 30);
	add_numbers(31, 33);
	assert_seen(26, 30, 30);
	assert_state("paused, 3 new below");
	log_sample_drop_last(play.sample, 33);
	log_play_refresh(&play);
	assert_true(log_play_shows(&play, "n has not written anything yet"));
	add_numbers(1, 2);
	assert_seen(1, 0, 2);
}

static void another_text_begins_at_its_end(void **state)
{
	struct log_sample *other = log_sample_scene("api");

	(void)state;
	begin_numbers(100);
	log_play_keys(&play, "/9<Enter>w");
	log_view_take(&play.view, log_sample_text(other), NULL);
	log_play_resize(&play, 12, 80);
	assert_state("follow");
	assert_true(play.view.wrap);
	assert_true(log_play_shows(&play, "/9  ")); /* is searched for again */
	log_view_take(&play.view, NULL, "worker has no log");
	log_play_draw(&play);
	assert_true(log_play_shows(&play, "worker has no log"));
	log_play_keys(&play, "jgG/ny<Esc>");
	log_play_mouse(&play, TERM_MOUSE_PRESS, 2, 2);
	assert_false(log_view_refresh(&play.view));
	log_sample_destroy(other);
}

/* ---- Wrapped lines ---- */

static void wrapping_keeps_the_line_on_top(void **state)
{
	(void)state;
	log_play_begin(&play, log_sample_scene("long"), 12, 60);
	log_play_keys(&play, "gj");
	log_play_keys(&play, "w");
	assert_true(strstr(log_play_row(&play, 1), "before") != NULL);
	assert_int_equal(play.frame.cursor_row, 2);
	for (unsigned i = 0; i < 30; i++) /* row by row through a line that is higher than the view */
		log_play_keys(&play, "j");
	assert_true(play.view.at.top_skip > 10);
	assert_int_equal(play.view.at.cursor, log_sample_place(play.sample, 1));
	int64_t top = play.view.at.top;
	char first[64];
	snprintf(first, sizeof(first), "%.20s", log_play_row(&play, 1) + 10);
	log_play_resize(&play, 12, 90);
	assert_true(play.view.at.top == top);
	assert_true(strstr(log_play_row(&play, 1), first) != NULL);
	log_play_keys(&play, "w");
	assert_int_equal(play.view.at.cursor, log_sample_place(play.sample, 1));
	assert_int_equal(play.view.at.top_skip, 0);
}

static void wrapped_lines_are_walked_row_by_row(void **state)
{
	unsigned down = 0, up = 0;

	(void)state;
	log_play_begin(&play, log_sample_scene("long"), 10, 210);
	log_play_keys(&play, "wg");
	for (; !play.view.at.follow && down < 1000; down++)
		log_play_keys(&play, "j");
	assert_in_range(down, 150,
			220); /* about 40,000 bytes in rows of 200; the next piece comes into sight at once */
	for (; play.view.at.cursor > log_sample_place(play.sample, 0) && up < 1000; up++)
		log_play_keys(&play, "k");
	assert_in_range(up, 150, 220);
	assert_int_equal(play.view.at.top, log_sample_place(play.sample, 0));
}

int main(void)
{
#define PLAY(test) cmocka_unit_test_teardown(test, play_end)
	const struct CMUnitTest tests[] = {
		PLAY(the_end_is_followed),
		PLAY(one_step_up_and_it_stands_still),
		PLAY(what_is_new_is_counted_up_to_a_bound),
		PLAY(down_to_the_end_by_hand_follows_again),
		PLAY(a_flood_is_told_from_a_trickle),
		PLAY(lines_that_come_while_it_works_are_seen),
		PLAY(a_refresh_tells_whether_there_is_anything),
		PLAY(moves_go_where_they_say),
		PLAY(a_count_ends_with_the_next_key),
		PLAY(a_short_log_stands_at_the_top),
		PLAY(y_copies_the_cursors_line),
		PLAY(a_line_in_pieces_is_copied_whole),
		PLAY(v_marks_lines),
		PLAY(a_drag_marks_and_copies),
		PLAY(a_log_is_saved_under_a_name),
		PLAY(marked_lines_alone_are_saved),
		PLAY(others_are_asked_from_the_cursor_on),
		PLAY(enter_goes_to_the_log_of_who_wrote_the_line),
		PLAY(what_it_has_no_use_for_is_left_to_others),
		PLAY(the_line_looked_at_survives_a_resize),
		PLAY(a_rotation_keeps_what_is_seen),
		PLAY(a_rotation_past_the_place_is_said_once),
		PLAY(a_text_that_became_shorter_is_shown_at_its_end),
		PLAY(another_text_begins_at_its_end),
		PLAY(wrapping_keeps_the_line_on_top),
		PLAY(wrapped_lines_are_walked_row_by_row),
	};

	return cmocka_run_group_tests_name("screen_log", tests, set_world, NULL);
}
