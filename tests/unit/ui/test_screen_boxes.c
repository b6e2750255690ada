/* SPDX-License-Identifier: MIT */
/* Choices, the question how to leave and the stop, by themselves. */
#include "tests/lib/dash_sample.h"
#include "ui/frame.h"
#include "ui/screen_boxes.h"

#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct theme theme;
static struct screen_context context;
static struct frame frame;

static void prepare(struct stack_model *model, unsigned rows, unsigned columns)
{
	theme = theme_make(false, false);
	context = (struct screen_context){.model = model, .theme = &theme};
	frame_finish(&frame);
	assert_int_equal(frame_init(&frame, rows, columns), 0);
}

static bool sees(const char *text)
{
	for (unsigned row = 0; row < frame.rows; row++) {
		char line[FRAME_COLUMNS_MAX + 1];
		for (unsigned column = 0; column < frame.columns; column++)
			line[column] = (char)frame_at(&frame, row, column)->points[0];
		line[frame.columns] = '\0';
		if (strstr(line, text) != NULL)
			return true;
	}
	return false;
}

static struct menu_view menu_of(bool has_focus)
{
	struct menu_view menu;

	menu_begin(&menu, MENU_TAKE_ALONG, "Stop db?", has_focus);
	menu_add(&menu, 'y', 1, "Yes");
	menu_add(&menu, 'n', 0, "No");
	menu_add(&menu, 0, 7, "Perhaps");
	return menu;
}

static void without_focus_enter_does_nothing(void **state)
{
	struct menu_view menu = menu_of(false);
	int value = -1;

	(void)state;
	assert_int_equal(menu_step(&menu, ACTION_CHOOSE, UI_KEY_ENTER, &value), MENU_ON);
	/* The first move gives focus to the first row, one up to the last. */
	assert_int_equal(menu_step(&menu, ACTION_DOWN, 'j', &value), MENU_ON);
	assert_int_equal(menu_step(&menu, ACTION_CHOOSE, UI_KEY_ENTER, &value), MENU_CHOSEN);
	assert_int_equal(value, 1);
	menu = menu_of(false);
	menu_step(&menu, ACTION_UP, 'k', &value);
	assert_int_equal(menu_step(&menu, ACTION_CHOOSE, UI_KEY_ENTER, &value), MENU_CHOSEN);
	assert_int_equal(value, 7);
}

static void keys_that_move_nothing_give_no_focus(void **state)
{
	struct menu_view menu = menu_of(false);
	int value = -1;

	(void)state;
	assert_int_equal(menu_step(&menu, ACTION_NOTHING, 'z', &value), MENU_ON);
	assert_false(menu.has_focus);
}

static void rows_have_their_own_keys(void **state)
{
	struct menu_view menu = menu_of(true);
	int value = -1;

	(void)state;
	assert_int_equal(menu_step(&menu, ACTION_NOTHING, 'n', &value), MENU_CHOSEN);
	assert_int_equal(value, 0);
	assert_int_equal(menu_step(&menu, ACTION_CANCEL, UI_KEY_ESC, &value), MENU_LEFT);
	assert_int_equal(menu_step(&menu, ACTION_BACK, 'q', &value), MENU_LEFT);
}

static void a_menu_holds_no_more_than_it_can(void **state)
{
	struct menu_view menu;

	(void)state;
	menu_begin(&menu, MENU_URL, "Open", true);
	for (int i = 0; i < 200; i++)
		menu_add(&menu, 0, i, "row");
	assert_int_equal(menu.count, MENU_ROWS_MAX);
}

static void term_is_the_first_signal(void **state)
{
	struct menu_view menu;
	int value = -1;

	(void)state;
	menu_begin(&menu, MENU_SIGNAL, "Send", true);
	menu_add_signals(&menu);
	assert_int_equal(menu_step(&menu, ACTION_CHOOSE, UI_KEY_ENTER, &value), MENU_CHOSEN);
	assert_int_equal(value, SIGTERM);
	assert_int_equal(menu_step(&menu, ACTION_NOTHING, '9', &value), MENU_CHOSEN);
	assert_int_equal(value, SIGKILL);
}

static void answers_stay_in_sight_at_any_size(void **state)
{
	static const unsigned sizes[][2] = {{24, 80}, {10, 40}, {6, 20}, {5, 20}, {3, 12}, {2, 10}, {1, 8}};
	struct menu_view menu = menu_of(false);

	(void)state;
	snprintf(menu.text, sizeof(menu.text), "%s",
		 "Stopping db also stops api, worker, and a number of others that have long names.\nThey stop first.");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		prepare(dash_sample(), sizes[i][0], sizes[i][1]);
		menu_draw(&menu, &context, &frame);
		if (!sees("Yes"))
			fail_msg("no answer at %ux%u", sizes[i][1], sizes[i][0]);
	}
}

static void a_place_is_a_row(void **state)
{
	struct frame_area area = {0, 0, 24, 80};
	struct menu_view menu = menu_of(true);
	size_t index = 99, found = 0;

	(void)state;
	prepare(dash_sample(), 24, 80);
	menu_draw(&menu, &context, &frame);
	for (unsigned row = 0; row < 24; row++)
		found += menu_row_at(&menu, &theme, area, row, 40, &index) ? 1 : 0;
	assert_int_equal(found, 3);
	assert_int_equal(index, 2);
	assert_false(menu_row_at(&menu, &theme, area, 12, 0, &index));
	/* In an area that does not begin at the edge. */
	area.row = 5;
	assert_false(menu_row_at(&menu, &theme, area, 0, 40, &index));
}

static void the_keys_it_names_are_those_that_leave(void **state)
{
	(void)state;
	assert_int_equal(key_action(KEY_SCREEN_LEAVE, 's'), ACTION_LEAVE_STOP);
	assert_int_equal(key_action(KEY_SCREEN_LEAVE, 'q'), ACTION_LEAVE_STOP);
	assert_int_equal(key_action(KEY_SCREEN_LEAVE, 'd'), ACTION_LEAVE_DETACH);
	assert_int_equal(key_action(KEY_SCREEN_LEAVE, UI_KEY_ESC), ACTION_CANCEL);
	/* Nothing has focus, so Enter means nothing. */
	assert_int_equal(key_action(KEY_SCREEN_LEAVE, UI_KEY_ENTER), ACTION_NOTHING);
}

static void leaving_says_what_runs(void **state)
{
	(void)state;
	prepare(dash_sample(), 24, 80);
	leave_draw(&context, &frame);
	assert_true(sees("Leave WrenAI?"));
	assert_true(sees("3 services run, api has failed, worker waits."));
	assert_true(sees("s  Stop everything and leave       (q again does this)"));
	assert_true(sees("d  Leave it running, come back with: upfront attach"));
	prepare(dash_sample_calm(), 24, 80);
	leave_draw(&context, &frame);
	assert_true(sees("5 services run."));
	for (size_t i = 0; i < DASH_SAMPLE_UNITS; i++)
		dash_sample_units()[i].state = UNIT_WAITING;
	leave_draw(&context, &frame);
	assert_true(sees("No service runs, 6 wait."));
}

static void the_question_is_whole_where_there_is_little_room(void **state)
{
	(void)state;
	prepare(dash_sample(), 4, 40);
	leave_draw(&context, &frame);
	assert_true(sees("Leave WrenAI?"));
	assert_true(sees("Esc  Stay"));
	prepare(dash_sample(), 3, 20);
	leave_draw(&context, &frame);
	assert_true(sees("s  stop"));
	assert_true(sees("d  leave running"));
	prepare(dash_sample(), 1, 40);
	leave_draw(&context, &frame);
	assert_true(sees("s stop  d leave running  Esc stay"));
}

static void the_stop_is_told(void **state)
{
	(void)state;
	prepare(dash_sample_stopping(), 12, 64);
	stopping_draw(&context, false, &frame);
	assert_true(sees("Stopping WrenAI   4 of 5 stopped   3s"));
	assert_true(sees("~ stopping  db"));
	assert_true(sees("SIGTERM 1s ago; SIGKILL in 8s"));
	assert_true(sees("Ctrl-C again: kill db now (it may lose data)"));
	/* What had ended by itself before is no part of it. */
	assert_false(sees("migrate"));
	prepare(dash_sample_stopping(), 12, 64);
	stopping_draw(&context, true, &frame);
	assert_true(sees("Killing db."));
	context.model = dash_sample_stopping();
	((struct stack_model *)context.model)->attached = true;
	frame_clear(&frame);
	stopping_draw(&context, false, &frame);
	assert_true(sees("q leaves; the stack goes on stopping"));
}

static void what_still_runs_has_the_room(void **state)
{
	(void)state;
	prepare(dash_sample_stopping(), 5, 40);
	stopping_draw(&context, false, &frame);
	assert_true(sees("db"));
	assert_false(sees("engine"));
	prepare(dash_sample_many(200), 10, 60);
	stopping_draw(&context, false, &frame);
	assert_true(sees("and 193 more"));
	assert_true(sees("kill the 198 that still run now"));
	prepare(dash_sample_stopping(), 1, 20);
	stopping_draw(&context, false, &frame);
	assert_true(sees("4 of 5 stopped"));
}

static int end(void **state)
{
	(void)state;
	frame_finish(&frame);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_focus_enter_does_nothing),
		cmocka_unit_test(keys_that_move_nothing_give_no_focus),
		cmocka_unit_test(rows_have_their_own_keys),
		cmocka_unit_test(a_menu_holds_no_more_than_it_can),
		cmocka_unit_test(term_is_the_first_signal),
		cmocka_unit_test(answers_stay_in_sight_at_any_size),
		cmocka_unit_test(a_place_is_a_row),
		cmocka_unit_test(the_keys_it_names_are_those_that_leave),
		cmocka_unit_test(leaving_says_what_runs),
		cmocka_unit_test(the_question_is_whole_where_there_is_little_room),
		cmocka_unit_test(the_stop_is_told),
		cmocka_unit_test(what_still_runs_has_the_room),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, end);
}
