/* SPDX-License-Identifier: MIT */
/* The dashboard by its keys: from view to view, out of it, what it says, and when it has to be drawn. */
#include "tests/lib/dash_sample.h"
#include "tests/lib/dash_scene.h"
#include "tests/lib/log_sample.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CTRL_C UI_KEY_CTRL('c')

static struct dash_scene scene;

static void start(const char *sample)
{
	dash_scene_start(&scene, &(struct dash_scene_options){.sample = sample});
	dash_scene_told(&scene);
}

static int end(void **state)
{
	(void)state;
	if (scene.dash != NULL)
		dash_scene_end(&scene);
	scene.dash = NULL;
	return 0;
}

static void press(uint32_t key)
{
	dash_scene_press(&scene, key);
}

static bool sees(const char *text)
{
	return dash_scene_find(&scene, text) >= 0;
}

/* The line above the footer. */
static const char *words(void)
{
	return dash_scene_row(&scene, scene.frame.rows - 2);
}

static const char *footer(void)
{
	return dash_scene_row(&scene, scene.frame.rows - 1);
}

static void assert_told(const char *line)
{
	const char *told = dash_scene_told(&scene);

	if (strstr(told, line) == NULL)
		fail_msg("'%s' was not asked for, but:\n%s", line, told);
}

static void assert_not_told(const char *line)
{
	const char *told = dash_scene_told(&scene);

	if (strstr(told, line) != NULL)
		fail_msg("'%s' was asked for:\n%s", line, told);
}

/* ---- Views ---- */

static void enter_goes_in_and_esc_and_q_come_out(void **state)
{
	(void)state;
	start("trouble");
	press(UI_KEY_ENTER);
	assert_true(sees("8 lines  384B"));
	press('d');
	assert_true(sees("Last words"));
	press('q');
	assert_true(sees("8 lines  384B"));
	press(UI_KEY_ESC);
	assert_true(sees("1 FAILED"));
	press(UI_KEY_ESC);
	assert_true(sees("1 FAILED"));
	assert_false(sees("Leave WrenAI?"));
}

static void digits_go_straight(void **state)
{
	static const struct {
		char key;
		const char *seen;
	} views[] = {{'3', "Start-up"}, {'4', "Telemetry"}, {'5', "Events"}, {'2', "8 lines"}, {'1', "1 FAILED"}};

	(void)state;
	start("trouble");
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		press((uint32_t)views[i].key);
		assert_true(sees(views[i].seen));
	}
	/* One back from each is the main view, whatever way one came. */
	dash_scene_type(&scene, "345");
	press('q');
	assert_true(sees("1 FAILED"));
}

static void views_do_not_pile_up(void **state)
{
	(void)state;
	start("trouble");
	for (unsigned i = 0; i < 50; i++)
		dash_scene_type(&scene, i % 2 == 0 ? "dD" : "ad");
	for (unsigned i = 0; i < 4; i++)
		press(UI_KEY_ESC);
	assert_true(sees("1 FAILED"));
}

static void a_problem_is_found_from_anywhere(void **state)
{
	(void)state;
	start("trouble");
	dash_scene_type(&scene, "jj");
	press('!');
	assert_true(sees("log: api"));
	/* From a view that shows a unit, that unit's. */
	dash_scene_type(&scene, "jj");
	press('d');
	press('!');
	assert_true(sees("cannot open the vault"));
	assert_told("look api");
	press('q');
	dash_scene_type(&scene, "a!");
	assert_int_equal(dash_scene_find(&scene, "api"), 0);
	/* From one that shows none it is told. */
	dash_scene_type(&scene, "5!");
	assert_string_equal(words(), "api failed: exit 3, try 3 in 8s");
	assert_true(sees("Events"));
}

static void nothing_wrong_is_said(void **state)
{
	(void)state;
	start("calm");
	press('!');
	assert_string_equal(words(), "Nothing is wrong.");
}

static void services_follow_each_other_in_log_and_detail(void **state)
{
	(void)state;
	start("trouble");
	press(UI_KEY_ENTER);
	dash_scene_told(&scene);
	press(UI_KEY_CTRL('n'));
	assert_told("log db");
	press(UI_KEY_CTRL('n'));
	assert_told("log engine");
	for (unsigned i = 0; i < 9; i++)
		press(UI_KEY_CTRL('p'));
	assert_int_equal(dash_scene_find(&scene, "api"), 0);
	press('q');
	press('d');
	press(UI_KEY_CTRL('n'));
	assert_told("look api\nlook db");
	press('q');
	assert_told("look \n");
}

static void the_log_below_follows_the_selection(void **state)
{
	(void)state;
	start("trouble");
	assert_true(sees("log: api"));
	press('j');
	assert_true(sees("log: db"));
	assert_told("log db");
	press('k');
	assert_true(sees("log: api"));
	/* It was kept open. */
	assert_not_told("log api");
}

static void only_a_few_logs_stay_open(void **state)
{
	(void)state;
	start("many");
	for (unsigned i = 0; i < 40; i++)
		press('j');
	assert_true(scene.logs_open <= 8);
	assert_told("close api");
}

static void a_log_keeps_its_place_and_its_search(void **state)
{
	(void)state;
	start("trouble");
	press(UI_KEY_ENTER);
	dash_scene_type(&scene, "/vault");
	press(UI_KEY_ENTER);
	assert_true(sees("/vault"));
	press(UI_KEY_CTRL('n'));
	assert_false(sees("/vault"));
	press(UI_KEY_CTRL('p'));
	assert_true(sees("/vault"));
}

static void a_log_that_cannot_be_opened_says_why_and_is_tried_again(void **state)
{
	(void)state;
	start("trouble");
	dash_scene_type(&scene, "jjjj");
	assert_true(sees("worker has not run yet"));
	dash_scene_told(&scene);
	dash_take_logs(scene.dash);
	assert_told("log worker");
}

static void all_logs_and_back(void **state)
{
	(void)state;
	start("trouble");
	dash_scene_told(&scene);
	press('a');
	assert_told("log all");
	press('a');
	assert_int_equal(dash_scene_find(&scene, "api"), 0);
	press('q');
	dash_scene_type(&scene, "  a");
	press('a');
	assert_told("log api,db");
}

static void marked_lines_are_counted_with_digits(void **state)
{
	(void)state;
	start("trouble");
	press(UI_KEY_ENTER);
	dash_scene_type(&scene, "g");
	dash_scene_type(&scene, "v3j");
	assert_false(sees("Start-up"));
	assert_true(sees("4 lines"));
	press(UI_KEY_ESC);
	press('3');
	assert_true(sees("Start-up"));
}

/* ---- Leaving ---- */

static void leaving_asks(void **state)
{
	(void)state;
	start("trouble");
	assert_int_equal(dash_take_wishes(scene.dash), 0);
	press('q');
	assert_true(sees("Leave WrenAI?"));
	assert_int_equal(dash_take_wishes(scene.dash), DASH_WISH_FLUSH);
	assert_int_equal(dash_take_wishes(scene.dash), 0);
	press(UI_KEY_ENTER);
	assert_false(sees("Leave WrenAI?"));
	assert_not_told("leave");
	press('q');
	press('s');
	assert_told("leave stop");
}

static void q_twice_stops(void **state)
{
	(void)state;
	start("trouble");
	dash_scene_type(&scene, "qq");
	assert_told("leave stop");
}

static void it_can_be_left_running(void **state)
{
	(void)state;
	start("trouble");
	dash_scene_type(&scene, "qd");
	assert_told("leave detach");
}

static void whoever_does_not_want_to_be_asked_is_not(void **state)
{
	(void)state;
	dash_scene_start(&scene, &(struct dash_scene_options){.sample = "trouble", .never_asks = true});
	press('q');
	assert_told("leave stop");
}

static void an_attached_screen_leaves_at_once(void **state)
{
	(void)state;
	start("attached");
	press('q');
	assert_told("leave attached");
	press(CTRL_C);
	assert_told("leave attached");
}

static void ctrl_c_stops_and_then_kills(void **state)
{
	(void)state;
	start("trouble");
	press('3');
	press(CTRL_C);
	assert_told("leave stop");
	press(CTRL_C);
	assert_told("leave kill");
}

static void ctrl_c_leaves_a_line_first(void **state)
{
	(void)state;
	start("trouble");
	press('/');
	press(CTRL_C);
	assert_not_told("leave");
	press(CTRL_C);
	assert_told("leave stop");
}

static void the_stop_stands_in_front_and_logs_can_be_read(void **state)
{
	(void)state;
	start("trouble");
	press('4');
	scene.model = dash_sample_stopping();
	dash_scene_tell(&scene);
	assert_true(sees("4 of 5 stopped"));
	press('2');
	assert_true(sees("8 lines"));
	press(UI_KEY_ESC);
	assert_true(sees("4 of 5 stopped"));
	press('q');
	assert_not_told("leave");
	press(CTRL_C);
	assert_told("leave kill");
	assert_true(sees("Killing db."));
}

/* ---- What is said, and what is drawn ---- */

static void words_last_until_the_next_key(void **state)
{
	(void)state;
	start("calm");
	dash_say(scene.dash, "copied 1 line (96 bytes)", false);
	dash_scene_draw(&scene);
	assert_string_equal(words(), "copied 1 line (96 bytes)");
	press('j');
	assert_string_equal(words(), "");
	dash_say(scene.dash, "The disk is full.", true);
	press('j');
	assert_string_equal(words(), "The disk is full.");
	dash_say(scene.dash, "", false);
	dash_scene_draw(&scene);
	assert_string_equal(words(), "");
}

/* What was done is news until something breaks. */
static void what_breaks_speaks_before_what_was_done(void **state)
{
	struct stack_model before;

	(void)state;
	start("trouble");
	before = *scene.model;
	before.unit_count = 0;
	dash_take_model(scene.dash, &before);
	dash_say(scene.dash, "restarting db", false);
	dash_take_model(scene.dash, &before);
	dash_scene_draw(&scene);
	assert_string_equal(words(), "restarting db");
	dash_take_model(scene.dash, scene.model);
	dash_scene_draw(&scene);
	assert_non_null(strstr(words(), "api failed"));
}

static void a_changed_file_is_announced(void **state)
{
	(void)state;
	start("changed");
	assert_string_equal(words(), "compose.yaml has changed: api, db; Ctrl-R shows how");
	press('k');
	assert_non_null(strstr(words(), "api failed 3 times"));
	press('e');
	assert_told("edit");
}

static void keys_without_use_say_so(void **state)
{
	(void)state;
	start("trouble");
	press('Q');
	assert_string_equal(words(), "Q does nothing here; ? shows the keys.");
}

static void a_settled_stack_is_not_drawn_again(void **state)
{
	(void)state;
	start("calm");
	/* A moment later nothing that is seen is another. */
	scene.model->now_ms += 1500;
	dash_take_model(scene.dash, scene.model);
	assert_false(dash_is_dirty(scene.dash));
	dash_sample_units()[SAMPLE_DB].state = UNIT_UNHEALTHY;
	dash_take_model(scene.dash, scene.model);
	assert_true(dash_is_dirty(scene.dash));
	assert_false(dash_is_flooding(scene.dash));
}

static void grow(size_t lines)
{
	log_sample_flood(log_sample_of(scene.last_log), "api", lines);
	dash_take_logs(scene.dash);
}

static void a_log_that_grows_is_drawn_and_a_flood_is_told(void **state)
{
	(void)state;
	start("calm");
	dash_take_logs(scene.dash);
	assert_false(dash_is_dirty(scene.dash));
	grow(1);
	assert_true(dash_is_dirty(scene.dash));
	assert_false(dash_is_flooding(scene.dash));
	dash_scene_draw(&scene);
	grow(500);
	assert_true(dash_is_flooding(scene.dash));
	dash_scene_draw(&scene);
	/* Until the next look at it: whoever draws has to know before. */
	assert_true(dash_is_flooding(scene.dash));
	/* A key is another thing. */
	dash_take_key(scene.dash, 'j');
	assert_false(dash_is_flooding(scene.dash));
	dash_scene_draw(&scene);
	dash_scene_type(&scene, "k");
	dash_take_logs(scene.dash);
	assert_false(dash_is_flooding(scene.dash));
}

static void a_log_that_is_not_seen_is_not_drawn(void **state)
{
	(void)state;
	start("calm");
	press(UI_KEY_ENTER);
	press('4');
	grow(3);
	assert_false(dash_is_dirty(scene.dash));
	/* It is when one comes back. */
	press('2');
	assert_true(sees("11 lines"));
}

static void the_end_of_a_stop_stays_to_be_seen(void **state)
{
	(void)state;
	start("stopping");
	scene.model->state = STACK_OVER;
	dash_sample_units()[SAMPLE_DB].state = UNIT_STOPPED;
	dash_scene_tell(&scene);
	assert_true(sees("5 of 5 stopped"));
	assert_true(sees("All is stopped."));
	assert_int_equal(dash_due_ms(scene.dash), -1);
	press('q');
	assert_told("leave stop");
}

static void time_alone_is_told(void **state)
{
	(void)state;
	start("stopping");
	assert_int_equal(dash_due_ms(scene.dash), DASH_SAMPLE_NOW_MS + 1000);
	dash_scene_end(&scene);
	start("calm");
	dash_scene_type(&scene, "5");
	assert_int_equal(dash_due_ms(scene.dash), -1);
	dash_scene_type(&scene, "1d");
	/* db's process began with the stack: its minutes change on the minute. */
	assert_true(dash_due_ms(scene.dash) > DASH_SAMPLE_NOW_MS);
	assert_true(dash_due_ms(scene.dash) <= DASH_SAMPLE_NOW_MS + 60000);
}

static void what_is_pasted_types_and_does_nothing_else(void **state)
{
	(void)state;
	start("trouble");
	press(UI_KEY_PASTE);
	dash_scene_type(&scene, "qs");
	press(UI_KEY_ENTER);
	press(UI_KEY_PASTE_END);
	assert_not_told("leave");
	assert_false(dash_is_typing(scene.dash));
	/* One whose end was lost is ended by Esc. */
	press(UI_KEY_PASTE);
	press(UI_KEY_ESC);
	press('/');
	assert_true(dash_is_typing(scene.dash));
	press(UI_KEY_PASTE);
	dash_scene_type(&scene, "d\r\nb");
	press(UI_KEY_PASTE_END);
	assert_true(dash_is_typing(scene.dash));
	press(UI_KEY_ENTER);
	assert_false(sees("engine"));
	assert_true(sees(" db "));
}

static void the_terminal_is_asked_for_what_it_alone_can_do(void **state)
{
	(void)state;
	start("trouble");
	press(UI_KEY_CTRL('l'));
	assert_int_equal(dash_take_wishes(scene.dash), DASH_WISH_REPAINT);
	press(UI_KEY_CTRL('z'));
	assert_told("suspend");
	press('%');
	assert_told("mouse off");
	assert_string_equal(words(), "The mouse is the terminal's now; % takes it back.");
	press('%');
	assert_told("mouse on");
}

/* ---- Small screens ---- */

static void no_size_is_too_small(void **state)
{
	static const char *const keys[] = {"", "d", "D", "2", "3", "4", "5", "?", ":", "q", "jK", "/", "2/x", "a"};
	static const unsigned sizes[][2] = {{1, 1},  {1, 200}, {2, 2},  {3, 10}, {4, 4},
					    {5, 20}, {7, 39},  {8, 80}, {500, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		start("trouble");
		dash_scene_type(&scene, keys[i]);
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			dash_scene_size(&scene, sizes[j][0], sizes[j][1]);
			press(UI_KEY_DOWN);
			assert_true(scene.frame.cursor_row < sizes[j][0]);
			assert_true(scene.frame.cursor_column < sizes[j][1]);
		}
		dash_scene_end(&scene);
	}
	scene.dash = NULL;
}

static void hidden_rows_stay_reachable(void **state)
{
	(void)state;
	start("trouble");
	dash_scene_size(&scene, 3, 20);
	press('G');
	assert_true(sees("migrate"));
	dash_scene_size(&scene, 1, 20);
	press('q');
	assert_true(sees("s stop"));
}

static void words_are_read_where_there_is_no_row_for_them(void **state)
{
	(void)state;
	start("trouble");
	dash_scene_size(&scene, 5, 60);
	press('%');
	assert_non_null(strstr(footer(), "The mouse is the terminal's"));
	press('j');
	assert_null(strstr(footer(), "The mouse"));
	dash_scene_size(&scene, 1, 60);
	press('%');
	assert_non_null(strstr(footer(), "The mouse acts here again"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(enter_goes_in_and_esc_and_q_come_out, end),
		cmocka_unit_test_teardown(digits_go_straight, end),
		cmocka_unit_test_teardown(views_do_not_pile_up, end),
		cmocka_unit_test_teardown(a_problem_is_found_from_anywhere, end),
		cmocka_unit_test_teardown(nothing_wrong_is_said, end),
		cmocka_unit_test_teardown(services_follow_each_other_in_log_and_detail, end),
		cmocka_unit_test_teardown(the_log_below_follows_the_selection, end),
		cmocka_unit_test_teardown(only_a_few_logs_stay_open, end),
		cmocka_unit_test_teardown(a_log_keeps_its_place_and_its_search, end),
		cmocka_unit_test_teardown(a_log_that_cannot_be_opened_says_why_and_is_tried_again, end),
		cmocka_unit_test_teardown(all_logs_and_back, end),
		cmocka_unit_test_teardown(marked_lines_are_counted_with_digits, end),
		cmocka_unit_test_teardown(leaving_asks, end),
		cmocka_unit_test_teardown(q_twice_stops, end),
		cmocka_unit_test_teardown(it_can_be_left_running, end),
		cmocka_unit_test_teardown(whoever_does_not_want_to_be_asked_is_not, end),
		cmocka_unit_test_teardown(an_attached_screen_leaves_at_once, end),
		cmocka_unit_test_teardown(ctrl_c_stops_and_then_kills, end),
		cmocka_unit_test_teardown(ctrl_c_leaves_a_line_first, end),
		cmocka_unit_test_teardown(the_stop_stands_in_front_and_logs_can_be_read, end),
		cmocka_unit_test_teardown(words_last_until_the_next_key, end),
		cmocka_unit_test_teardown(what_breaks_speaks_before_what_was_done, end),
		cmocka_unit_test_teardown(a_changed_file_is_announced, end),
		cmocka_unit_test_teardown(keys_without_use_say_so, end),
		cmocka_unit_test_teardown(a_settled_stack_is_not_drawn_again, end),
		cmocka_unit_test_teardown(a_log_that_grows_is_drawn_and_a_flood_is_told, end),
		cmocka_unit_test_teardown(a_log_that_is_not_seen_is_not_drawn, end),
		cmocka_unit_test_teardown(the_end_of_a_stop_stays_to_be_seen, end),
		cmocka_unit_test_teardown(time_alone_is_told, end),
		cmocka_unit_test_teardown(what_is_pasted_types_and_does_nothing_else, end),
		cmocka_unit_test_teardown(the_terminal_is_asked_for_what_it_alone_can_do, end),
		cmocka_unit_test_teardown(no_size_is_too_small, end),
		cmocka_unit_test_teardown(hidden_rows_stay_reachable, end),
		cmocka_unit_test_teardown(words_are_read_where_there_is_no_row_for_them, end),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL || setenv("TZ", "UTC", 1) != 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
