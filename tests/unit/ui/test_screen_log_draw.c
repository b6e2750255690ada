/* SPDX-License-Identifier: MIT */
/* What a log looks like: headings, times, names, colours, cut and wrapped lines, whatever the size and whatever the bytes. */
#include "tests/lib/dash_sample.h"
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

static void begin(const char *scene, unsigned rows, unsigned columns)
{
	log_play_begin(&play, log_sample_scene(scene), rows, columns);
}

static void begin_pane(const char *scene, unsigned rows, unsigned columns)
{
	begin(scene, rows, columns);
	play.whole = false;
	log_play_draw(&play);
}

/* ---- Headings ---- */

static void a_heading_says_where_one_is(void **state)
{
	(void)state;
	begin("many", 10, 80);
	assert_string_equal(log_play_row(&play, 0),
			    " engine  11,000 lines  432K                                              follow");
	log_play_keys(&play, "8412g");
	assert_string_equal(log_play_row(&play, 0),
			    " engine  line 8,412 of 11,000  432K                                      paused");
	log_play_resize(&play, 10, 44);
	assert_string_equal(log_play_row(&play, 0), " engine  line 8,412 of 11,000  432K  paused");
	log_play_resize(&play, 10, 20);
	assert_string_equal(log_play_row(&play, 0), "engine  432K  paused");
	log_play_resize(&play, 10, 40);
	assert_string_equal(log_play_row(&play, 0), "engine  line 8,412 of 11,000      paused");
	log_play_resize(&play, 10, 10);
	assert_string_equal(log_play_row(&play, 0), "    paused");
}

/* What is not known yet is left out. */
static void a_heading_leaves_out_what_is_not_known(void **state)
{
	bool changed;

	(void)state;
	begin("many", 10, 80);
	log_sample_slices(play.sample, 1000);
	log_view_take(&play.view, log_sample_text(play.sample), NULL);
	log_play_draw(&play);
	assert_string_equal(log_play_row(&play, 0),
			    " engine  432K                                                            follow");
	log_play_keys(&play, "g");
	assert_string_equal(log_play_row(&play, 0),
			    " engine  432K                                                            paused");
	log_view_work(&play.view, 8000, &changed);
	assert_true(changed);
	log_play_draw(&play);
	assert_string_equal(log_play_row(&play, 0),
			    " engine  line 1  432K                                                    paused");
	log_play_work(&play);
	assert_true(log_play_shows(&play, "line 1 of 11,000  432K"));
	/* In a flood the count comes and goes; what it was last does not. */
	log_sample_flood(play.sample, "engine", 3000);
	log_play_refresh(&play);
	assert_true(log_play_shows(&play, "line 1 of 11,000  550K"));
}

static void a_pane_has_a_divider(void **state)
{
	(void)state;
	begin_pane("api", 10, 80);
	assert_string_equal(log_play_row(&play, 0),
			    "-- log: api ---------------------------------- follow ---- 8 lines, 2 error ----");
	log_play_resize(&play, 10, 50);
	assert_string_equal(log_play_row(&play, 0), "-- log: api ----------------------------- follow -");
	log_play_resize(&play, 10, 40);
	assert_string_equal(log_play_row(&play, 0), "-- api ------------------------ follow -");
	log_play_resize(&play, 10, 7);
	assert_string_equal(log_play_row(&play, 0), "-------");
}

/* ---- Lines ---- */

static void lines_of_several_services_have_names(void **state)
{
	(void)state;
	begin("merged", 12, 80);
	log_play_keys(&play, "g");
	assert_string_equal(log_play_row(&play, 1), "14:29:01 engine  INFO  plan cache hit id=c3dd9c96");
	assert_string_equal(log_play_row(&play, 3), "14:29:02 api     TypeError: cannot read \"rows\" of undefined");
	assert_string_equal(log_play_row(&play, 4), "         |           at query (/srv/api/db.js:88:14)");
	assert_string_equal(log_play_row(&play, 10),
			    "14:29:04 api     a line that goes on past the edge of the screen is cut here an>");
	assert_string_equal(log_play_roles(&play, 3), ".........222.....ssssssssssssssssssssssssssssssssssssssssss");
	log_play_resize(&play, 12, 29);
	assert_string_equal(log_play_row(&play, 6), " WARN  slow query 812ms");
}

static void the_line_of_the_cursor_stands_out_while_paused(void **state)
{
	(void)state;
	begin("merged", 12, 80);
	assert_memory_equal(log_play_roles(&play, 10), ".........222.....", 17);
	log_play_keys(&play, "k");
	assert_memory_equal(log_play_roles(&play, 9), "SSSSSSSS.SSSSSS..", 17);
	assert_int_equal(play.frame.cursor_row, 9);
}

static void times_turn(void **state)
{
	(void)state;
	begin("api", 12, 80);
	log_play_keys(&play, "g");
	assert_string_equal(log_play_row(&play, 2), "14:29:18  listening is next, after the vault");
	log_play_keys(&play, "t");
	assert_string_equal(play.context.words, "Times since the stack began.");
	assert_string_equal(log_play_row(&play, 2), "+0:11:18   listening is next, after the vault");
	log_play_keys(&play, "t");
	assert_string_equal(log_play_row(&play, 1), "          = started, pid 4690: ./api --port 8080");
	assert_string_equal(log_play_row(&play, 2), "+0.202    listening is next, after the vault");
	assert_string_equal(log_play_row(&play, 6), "+4.005    = started, pid 4711: ./api --port 8080");
	log_play_keys(&play, "t");
	assert_string_equal(log_play_row(&play, 2), " listening is next, after the vault");
	log_play_keys(&play, "t");
	log_play_resize(&play, 12, 110);
	assert_string_equal(log_play_row(&play, 2), "14:29:18.702  listening is next, after the vault");
	log_play_keys(&play, "t");
	assert_string_equal(log_play_row(&play, 2), "+0:11:18.702   listening is next, after the vault");
	dash_sample()->begin_wall_ms = 0; /* not known: since the log began */
	log_play_draw(&play);
	assert_string_equal(log_play_row(&play, 2), "+0:00:00.202   listening is next, after the vault");
	log_play_resize(&play, 12, 49); /* no room for times */
	assert_string_equal(log_play_row(&play, 2), " listening is next, after the vault");
}

/* The line above the first one in sight counts, too. */
static void times_between_lines_know_what_is_above(void **state)
{
	(void)state;
	begin("api", 5, 80);
	log_play_keys(&play, "gtt5j");
	assert_string_equal(log_play_row(&play, 1), "+0.001    hint: run as the owner of the key file");
	assert_string_equal(log_play_row(&play, 3), "+4.005    = started, pid 4711: ./api --port 8080");
}

static void long_times_are_told_shorter(void **state)
{
	struct log_sample *sample = log_sample_create("n", false);

	(void)state;
	log_sample_time(sample, -5000);
	log_sample_add(sample, "n", "not known");
	log_sample_time(sample, 0);
	log_sample_add(sample, "n", "one");
	log_sample_time(sample, INT64_C(40000000));
	log_sample_add(sample, "n", "two");
	log_sample_time(sample, 1000); /* the clock was set back */
	log_sample_add(sample, "n", "three");
	log_sample_text(sample)->ops->refresh(log_sample_text(sample));
	log_play_begin(&play, sample, 8, 80);
	assert_string_equal(log_play_row(&play, 1), "          not known");
	log_play_keys(&play, "t");
	assert_string_equal(log_play_row(&play, 3), "+11:06:40  two");
	log_play_keys(&play, "t");
	assert_string_equal(log_play_row(&play, 2), "          one");
	assert_string_equal(log_play_row(&play, 3), "+11h06m   two");
	assert_string_equal(log_play_row(&play, 4), "+0.000    three");
}

static void colours_of_the_source_are_kept_and_the_rest_is_harmless(void **state)
{
	(void)state;
	begin("colors", 11, 80);
	assert_string_equal(log_play_row(&play, 1), "14:18:01  ready in 212 ms");
	assert_int_equal(frame_at(&play.frame, 1, 10)->style.foreground, THEME_GREEN);
	assert_int_equal(frame_at(&play.frame, 1, 16)->style.foreground, THEME_DEFAULT);
	assert_int_equal(frame_at(&play.frame, 1, 19)->style.attributes, THEME_BOLD);
	assert_string_equal(log_play_row(&play, 3), "14:18:01  moves ^[[2J^[[10;10Hnothing^G ^M and \\x9b31m");
	assert_int_equal(frame_at(&play.frame, 3, 12)->style.foreground, THEME_DEFAULT);
	assert_string_equal(log_play_row(&play, 4), "14:18:01  a       b       after tabs");
	assert_string_equal(log_play_row(&play, 7), "14:18:01");
	assert_string_equal(log_play_row(&play, 8), "14:18:01  a^@b");
}

static void notes_have_a_role_of_their_own(void **state)
{
	(void)state;
	begin("api", 12, 80);
	assert_memory_equal(log_play_roles(&play, 1), "..........nnnnnnnnn", 19);
	assert_memory_equal(log_play_roles(&play, 2), "..........sssssssss", 19);
}

static void cut_lines_are_looked_along(void **state)
{
	(void)state;
	begin("long", 10, 60);
	assert_string_equal(log_play_row(&play, 2), "14:18:01  000000000 111111111 222222222 333333333 444444444>");
	assert_string_equal(log_play_row(&play, 3) + 8, "| 88888 999999999 000000000 111111111 222222222 333>");
	log_play_keys(&play, "<Right>");
	assert_string_equal(log_play_row(&play, 2), "14:18:01  <222 333333333 444444444 555555555 666666666 7777>");
	log_play_keys(&play, "2<Left>");
	assert_string_equal(log_play_row(&play, 2), "14:18:01  000000000 111111111 222222222 333333333 444444444>");
	log_play_keys(&play, "1000<Right>"); /* as far as a piece is long */
	assert_in_range(play.view.left, 16000, LOG_TEXT_LINE_MAX);
	log_play_keys(&play, "<Right>w");
	assert_int_equal(play.view.left, 0);
	log_play_keys(&play, "<Right>");
	assert_string_equal(play.context.words, "Lines are wrapped: nothing is cut off.");
	log_play_end(&play);
	begin_pane("api", 10, 80);
	log_play_keys(&play, "l");
	assert_int_equal(play.view.left, 0); /* nothing is cut */
}

static void hits_are_marked_in_cut_and_wrapped_lines(void **state)
{
	(void)state;
	begin("long", 8, 40);
	log_play_keys(&play, "/5555 6+<Enter>gj");
	assert_string_equal(log_play_row(&play, 7), " /5555 6+  match 1 of 4");
	assert_string_equal(log_play_roles(&play, 2), ".ssssssssssssssssssssssssssssssssssssss");
	log_play_keys(&play, "<Right><Right>");
	assert_string_equal(log_play_row(&play, 2), " < 444444444 555555555 666666666 777777>");
	assert_string_equal(log_play_roles(&play, 2), "..sssssssssssssssshhhhhhhhhhhhhhsssssss");
	log_play_keys(&play, "w");
	assert_string_equal(log_play_row(&play, 3), "| 444444444 555555555 666666666 77777777");
	assert_string_equal(log_play_roles(&play, 3), ".sssssssssssssssshhhhhhhhhhhhhhsssssssss");
	assert_string_equal(log_play_roles(&play, 5), ".ssssssssssssssssssssssssssssssssssssssh"); /* over the edge */
	assert_string_equal(log_play_roles(&play, 6), ".hhhhhhhhhhhhhssssssssssssssssssssssssss");
}

static void empty_logs_say_why(void **state)
{
	struct unit_model *units;

	(void)state;
	begin("empty", 6, 80);
	assert_string_equal(log_play_row(&play, 1), " api has not written anything yet");
	assert_string_equal(log_play_row(&play, 0),
			    " api  0 lines                                                            follow");
	units = dash_sample_units();
	units[SAMPLE_API].state = UNIT_WAITING;
	units[SAMPLE_API].why = "for db to be ready";
	log_play_draw(&play);
	assert_string_equal(log_play_row(&play, 1), " api has not started: for db to be ready");
	log_sample_text(play.sample)->merged = true;
	log_play_draw(&play);
	assert_string_equal(log_play_row(&play, 1), " nothing has been written yet");
	log_sample_trouble(play.sample, "cannot open api.log: permission denied");
	log_play_draw(&play);
	assert_string_equal(log_play_row(&play, 1), " cannot open api.log: permission denied");
	assert_string_equal(log_play_row(&play, 2), "");
	assert_string_equal(log_play_roles(&play, 1), ".wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww");
	log_play_keys(&play, "jkgGvy<PgUp><PgDn>[]nwwtttt/x<Enter>n&y<Enter>SE<Esc>m");
	dash_sample();
}

static void trouble_stands_above_the_lines(void **state)
{
	(void)state;
	begin("api", 6, 80);
	log_sample_trouble(play.sample, "cannot read api.log.1: input/output error");
	log_play_draw(&play);
	assert_string_equal(log_play_row(&play, 1), " cannot read api.log.1: input/output error");
	assert_string_equal(log_play_row(&play, 4), "14:29:22  = exited with code 3 after 0.2s; restart 3 of 5 in 8s");
	assert_int_equal(play.frame.cursor_row, 4);
	log_play_mouse(&play, TERM_MOUSE_PRESS, 2, 0);
	assert_int_equal(play.frame.cursor_row, 2);
}

static void footers_are_for_what_one_does(void **state)
{
	struct screen_footer footer;

	(void)state;
	begin("api", 6, 80);
	log_view_footer(&play.view, &play.context, &footer);
	assert_int_equal(footer.actions[0], ACTION_SEARCH);
	log_play_keys(&play, "k");
	log_view_footer(&play.view, &play.context, &footer);
	assert_int_equal(footer.actions[0], ACTION_FOLLOW);
	log_play_keys(&play, "/api<Enter>");
	log_view_footer(&play.view, &play.context, &footer);
	assert_int_equal(footer.actions[1], ACTION_NEXT_HIT);
	assert_true(footer.count <= SCREEN_FOOTER_MAX);
	log_play_keys(&play, "v");
	log_view_footer(&play.view, &play.context, &footer);
	assert_int_equal(footer.actions[0], ACTION_COPY);
	assert_int_equal(footer.count, 3);
}

/* ---- Whatever the size, the bytes and the keys ---- */

/* Nothing in a frame may move the terminal's cursor elsewhere, and each wide character has both its halves. */
static void check_frame(const struct frame *frame)
{
	for (unsigned row = 0; row < frame->rows; row++) {
		for (unsigned column = 0; column < frame->columns; column++) {
			const struct frame_cell *cell = frame_at(frame, row, column);
			if (cell->columns == 0) {
				assert_true(column > 0 && frame_at(frame, row, column - 1)->columns == 2);
				continue;
			}
			assert_in_range(cell->count, 1, FRAME_POINTS_MAX);
			assert_true(cell->points[0] >= 0x20 && (cell->points[0] < 0x7f || cell->points[0] >= 0xa0));
			if (cell->columns == 2)
				assert_int_equal(frame_at(frame, row, column + 1)->columns, 0);
		}
	}
	assert_true(frame->cursor_row < frame->rows && frame->cursor_column < frame->columns);
}

static void every_size_is_drawn(void **state)
{
	static const char *const scenes[] = {"merged", "colors", "long", "empty"};
	static const unsigned rows[] = {1, 2, 3, 5, 24, 60}, columns[] = {1, 2, 5, 9, 20, 31, 50, 80, 200};

	(void)state;
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		if (i > 0)
			log_play_end(&play);
		begin(scenes[i], 10, 80);
		log_play_keys(&play, i % 2 == 0 ? "k/[a-z]+5*<Enter>v" : "w/e<Enter>");
		for (size_t turn = 0; turn < 2 * sizeof(rows) / sizeof(rows[0]); turn++) {
			for (size_t j = 0; j < sizeof(columns) / sizeof(columns[0]); j++) {
				play.theme = theme_make(turn % 2 == 0, true);
				play.whole = turn % 3 != 0;
				log_play_resize(&play, rows[turn / 2], columns[j]);
				check_frame(&play.frame);
			}
		}
	}
}

static void any_keys_leave_it_whole(void **state)
{
	static const char *const keys[] = {
		"j",       "k",         "g",  "G",     "F",          "w",          "t",        "v",        "y",
		"n",       "N",         "[",  "]",     "h",          "l",          "<PgUp>",   "<PgDn>",   "9",
		"1",       "/5<Enter>", "/(", "<Esc>", "&e<Enter>",  "&!e<Enter>", "&<Enter>", "/<Enter>", "S",
		"<Enter>", "E",         "m",  "@",     "50%<Enter>", "@3<Enter>",  "<Tab>"};

	(void)state;
	srand(7);
	begin("long", 10, 80);
	for (unsigned i = 0; i < 3000; i++) {
		log_play_keys(&play, keys[(size_t)rand() % (sizeof(keys) / sizeof(keys[0]))]);
		unsigned what = (unsigned)rand() % 40;
		if (what == 0)
			log_play_resize(&play, 1 + (unsigned)rand() % 40, 1 + (unsigned)rand() % 150);
		else if (what == 1)
			log_sample_flood(play.sample, i % 2 == 0 ? "dump" : "other", (size_t)rand() % 30);
		else if (what == 2)
			log_sample_drop_first(play.sample, log_sample_count(play.sample) / 3);
		else if (what == 3)
			log_sample_drop_last(play.sample, log_sample_count(play.sample) / 5);
		else if (what == 4)
			log_sample_slices(play.sample, i % 2 == 0 ? 3 : 0);
		else if (what < 8)
			log_play_mouse(&play, (int)(rand() % 5), (unsigned)rand() % 12, (unsigned)rand() % 80);
		else if (what < 12)
			log_play_refresh(&play);
		else if (what == 12)
			log_play_work(&play);
		check_frame(&play.frame);
	}
}

/* A draw of the largest screen asks for what is in sight, no more, wherever one is. */
static void a_draw_asks_only_for_what_is_in_sight(void **state)
{
	static const char *const keys[] = {"F", "k", "g", "50%<Enter>", "/status=5<Enter>", "w"};

	(void)state;
	begin("many", 200, 500);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strchr(keys[i], '%') != NULL)
			log_play_keys(&play, "@");
		log_play_keys(&play, keys[i]);
		size_t before = log_sample_calls(play.sample);
		log_play_draw(&play);
		assert_in_range(log_sample_calls(play.sample) - before, 1, 4 * 200);
	}
}

int main(void)
{
#define PLAY(test) cmocka_unit_test_teardown(test, play_end)
	const struct CMUnitTest tests[] = {
		PLAY(a_heading_says_where_one_is),
		PLAY(a_heading_leaves_out_what_is_not_known),
		PLAY(a_pane_has_a_divider),
		PLAY(lines_of_several_services_have_names),
		PLAY(the_line_of_the_cursor_stands_out_while_paused),
		PLAY(times_turn),
		PLAY(times_between_lines_know_what_is_above),
		PLAY(long_times_are_told_shorter),
		PLAY(colours_of_the_source_are_kept_and_the_rest_is_harmless),
		PLAY(notes_have_a_role_of_their_own),
		PLAY(cut_lines_are_looked_along),
		PLAY(hits_are_marked_in_cut_and_wrapped_lines),
		PLAY(empty_logs_say_why),
		PLAY(trouble_stands_above_the_lines),
		PLAY(footers_are_for_what_one_does),
		PLAY(every_size_is_drawn),
		PLAY(any_keys_leave_it_whole),
		PLAY(a_draw_asks_only_for_what_is_in_sight),
	};

	return cmocka_run_group_tests_name("screen_log_draw", tests, set_world, NULL);
}
