/* SPDX-License-Identifier: MIT */
/* What the dashboard does to services, files and the rest of the world: who is meant, why not, who is asked before. */
#include "tests/lib/dash_sample.h"
#include "tests/lib/dash_scene.h"

#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

static void type(const char *letters)
{
	dash_scene_type(&scene, letters);
}

static bool sees(const char *text)
{
	return dash_scene_find(&scene, text) >= 0;
}

static void assert_words(const char *text)
{
	assert_string_equal(dash_scene_row(&scene, scene.frame.rows - 2), text);
}

static void assert_told(const char *line)
{
	const char *told = dash_scene_told(&scene);

	if (strstr(told, line) == NULL)
		fail_msg("'%s' was not asked for, but:\n%s", line, told);
}

static void assert_nothing_done(void)
{
	const char *told = dash_scene_told(&scene);

	if (strstr(told, "act ") != NULL)
		fail_msg("something was done:\n%s", told);
}

static void answer(const char *const *names)
{
	dash_take_along(scene.dash, names);
	dash_scene_draw(&scene);
}

static const char *const nobody[] = {NULL};
static const char *const some[] = {"api", "worker", NULL};

/* ---- Keys that act ---- */

static void harmless_acts_are_done_at_once(void **state)
{
	(void)state;
	start("trouble");
	press('s');
	assert_told("act start api\n");
	assert_words("starting api");
}

static void who_goes_along_is_asked_first(void **state)
{
	static const struct {
		uint32_t key;
		const char *asked, *done;
	} table[] = {
		{'x', "along stop db\n", "act stop db\n"},
		{'r', "along restart db\n", "act restart db\n"},
		{'R', "along restart-all db\n", "act restart-all db\n"},
	};

	(void)state;
	start("trouble");
	press('j');
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		press(table[i].key);
		assert_told(table[i].asked);
		answer(nobody);
		assert_told(table[i].done);
	}
}

static void a_box_says_whom_it_takes_along(void **state)
{
	(void)state;
	start("trouble");
	type("jx");
	answer(some);
	assert_true(sees("Stop db?"));
	assert_true(sees("Stopping db also stops api, worker."));
	assert_int_equal(dash_take_wishes(scene.dash), DASH_WISH_FLUSH);
	/* Nothing has focus: Enter alone does nothing. */
	press(UI_KEY_ENTER);
	assert_true(sees("Stop db?"));
	assert_nothing_done();
	press(UI_KEY_ESC);
	assert_false(sees("Stop db?"));
	assert_nothing_done();
	/* An answer that comes without a question is none. */
	answer(nobody);
	assert_nothing_done();
}

static void a_box_is_answered_by_y_or_by_a_row(void **state)
{
	(void)state;
	start("trouble");
	type("jx");
	answer(some);
	press('y');
	assert_told("act stop db\n");
	type("x");
	answer(some);
	press('j');
	press(UI_KEY_ENTER);
	assert_told("act stop db\n");
	type("x");
	answer(some);
	press('n');
	assert_nothing_done();
}

static void an_answer_that_comes_late_asks_nothing_more(void **state)
{
	(void)state;
	start("trouble");
	type("jxq");
	answer(some);
	assert_true(sees("Leave WrenAI?"));
	press(UI_KEY_ESC);
	answer(nobody);
	assert_nothing_done();
}

static void one_answer_is_to_one_question(void **state)
{
	(void)state;
	start("trouble");
	type("jxjx");
	assert_told("along stop db\n");
	assert_words("Not done: whom db takes along is still being looked up.");
	/* What is true of db is done to db. */
	answer(nobody);
	assert_told("act stop db\n");
	type("x");
	assert_told("along stop engine\n");
	/* Nobody could say: nothing is done, and another may be asked for. */
	dash_drop_along(scene.dash);
	answer(nobody);
	assert_nothing_done();
	type("x");
	assert_told("along stop engine\n");
	answer(some);
	dash_drop_along(scene.dash);
	assert_true(sees("Stop engine?"));
}

static void marked_ones_are_meant(void **state)
{
	(void)state;
	start("calm");
	type("j  x");
	assert_told("along stop db,engine\n");
	answer(nobody);
	assert_words("stopping db, engine");
	/* In a view of one unit that one. */
	press(UI_KEY_ENTER);
	press('s');
	press('x');
	assert_told("along stop ui\n");
}

static void in_the_log_of_all_nobody_is_meant(void **state)
{
	static const char keys[] = "sxrRK=oi";

	(void)state;
	start("calm");
	press('a');
	dash_scene_told(&scene);
	for (const char *key = keys; *key != '\0'; key++) {
		press((uint32_t)(unsigned char)*key);
		assert_words("To which one? Enter opens the service of this line, 1 lists all.");
		assert_nothing_done();
	}
}

/* They stand in its title. */
static void in_the_log_of_the_marked_they_are_meant(void **state)
{
	(void)state;
	start("calm");
	type("j  aax");
	assert_told("along stop db,engine\n");
}

static void signals_are_chosen(void **state)
{
	(void)state;
	start("trouble");
	type("jK");
	assert_true(sees("Send a signal to db"));
	press(UI_KEY_ENTER);
	assert_told("act kill db 15\n");
	assert_words("TERM sent to db");
	type("K1");
	assert_told("act kill db 1\n");
	/* KILL takes others along as a stop does. */
	type("K9");
	assert_told("along kill db 9\n");
	answer(some);
	assert_true(sees("Killing db also stops api, worker."));
	press('y');
	assert_told("act kill db 9\n");
}

static void replicas_are_counted_on(void **state)
{
	(void)state;
	start("calm");
	type("jd+");
	assert_told("act scale db 2\n");
	press('+');
	assert_told("act scale db 3\n");
	press('-');
	press('-');
	assert_told("act scale db 2\nact scale db 1\n");
	press('-');
	assert_nothing_done();
	assert_words("db has one replica; x stops it");
	type("=4");
	assert_told("act scale db 4\n");
}

static void keys_that_cannot_act_say_why(void **state)
{
	static const struct {
		const char *keys, *words;
	} table[] = {
		{"js", "db runs already"},
		{"Gs", "migrate has ended; r runs it again"},
		{"Gx", "migrate has ended already"},
		{"Gk s", "worker starts as soon as it can"},
		{"GK", "migrate has no process to send a signal to"},
		{"Go", "nothing to open: migrate has no URL"},
		{"ji", "db has no terminal to type into"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		start("trouble");
		for (const char *key = table[i].keys; *key != '\0'; key++)
			if (*key != ' ')
				press((uint32_t)*key);
		assert_words(table[i].words);
		assert_nothing_done();
		dash_scene_end(&scene);
	}
	scene.dash = NULL;
}

static void what_cannot_be_asked_for_here_is_said(void **state)
{
	(void)state;
	start("calm");
	scene.actions.act = NULL;
	scene.actions.edit_stack = NULL;
	scene.actions.reload = NULL;
	press('x');
	assert_words("Stopping cannot be done from here.");
	press('e');
	assert_words("Editing cannot be done from here.");
	scene.model->state = STACK_LOST;
	dash_scene_tell(&scene);
	press('r');
	assert_words("Restarting cannot be done: the supervisor does not answer.");
	scene.model->state = STACK_OVER;
	dash_scene_tell(&scene);
	press('s');
	assert_words("Starting cannot be done: the stack has ended.");
}

static void acts_without_a_question_need_none(void **state)
{
	(void)state;
	start("calm");
	scene.actions.ask_along = NULL;
	type("jx");
	assert_told("act stop db\n");
}

static void there_may_be_no_service_at_all(void **state)
{
	(void)state;
	start("calm");
	scene.model->unit_count = 0;
	dash_scene_tell(&scene);
	for (const char *key = "sxrRKoi=!dD"; *key != '\0'; key++)
		press((uint32_t)*key);
	assert_nothing_done();
	dash_scene_told(&scene);
	type("1x");
	assert_words("There is no service to do that to.");
}

/* ---- The rest of the world ---- */

static void urls_are_opened(void **state)
{
	(void)state;
	start("calm");
	press('o');
	assert_told("url http://localhost:8080\n");
	dash_sample_units()[SAMPLE_API].open = "http://localhost:8080 http://localhost:9090/admin";
	press('o');
	assert_true(sees("http://localhost:9090/admin"));
	press('2');
	assert_told("url http://localhost:9090/admin\n");
	scene.actions.open_url = NULL;
	press('o');
	press(UI_KEY_ENTER);
	assert_words("A browser cannot be opened from here: http://localhost:8080");
}

/* A launcher that answers within the call. */
static void tell_at_once(void *context, const char *url)
{
	(void)context;
	(void)url;
	dash_say(scene.dash, "there is no browser here", false);
}

static void what_an_action_says_at_once_is_seen(void **state)
{
	(void)state;
	start("calm");
	scene.actions.open_url = tell_at_once;
	press('o');
	assert_words("there is no browser here");
}

static void a_reload_is_shown_first(void **state)
{
	(void)state;
	start("changed");
	press(UI_KEY_CTRL('r'));
	assert_told("reload dry\n");
	dash_ask_reload(scene.dash, "~ api is restarted: image\n+ cache is added");
	dash_scene_draw(&scene);
	assert_true(sees("+ cache is added"));
	press('y');
	assert_told("reload\n");
	dash_ask_reload(scene.dash, "");
	dash_scene_draw(&scene);
	assert_words("Nothing would change: the stack file says what runs.");
}

static void a_long_difference_is_cut_by_lines(void **state)
{
	char text[4096] = "";

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "~ service-%02u is restarted: its command\n",
			 i);
	start("calm");
	dash_scene_size(&scene, 60, 80);
	dash_ask_reload(scene.dash, text);
	dash_scene_draw(&scene);
	assert_true(sees("... and more"));
	assert_true(sees("Yes, change what runs"));
	dash_scene_size(&scene, 8, 40);
	assert_true(sees("Yes, change what runs"));
}

static void telemetry_ends_at_once(void **state)
{
	(void)state;
	start("reported");
	type("4W");
	assert_told("withdraw\n");
	assert_words("off from now on, nothing more is sent");
	press('A');
	assert_told("question\n");
	/* By name from anywhere. */
	type("1:withdraw");
	press(UI_KEY_ENTER);
	assert_told("withdraw\n");
	assert_true(sees("Telemetry"));
	scene.model->telemetry = NULL;
	dash_scene_tell(&scene);
	press('A');
	assert_words("This stack has nothing to report: there is no question.");
}

static void a_terminal_is_typed_into(void **state)
{
	(void)state;
	start("calm");
	dash_sample_units()[SAMPLE_API].takes_input = true;
	press('i');
	assert_told("type api\n");
}

static void sorting_is_chosen(void **state)
{
	(void)state;
	start("calm");
	press('O');
	assert_true(sees("Sort the services"));
	press('8');
	assert_true(dash_scene_find(&scene, " engine ") < dash_scene_find(&scene, " api "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(harmless_acts_are_done_at_once, end),
		cmocka_unit_test_teardown(who_goes_along_is_asked_first, end),
		cmocka_unit_test_teardown(a_box_says_whom_it_takes_along, end),
		cmocka_unit_test_teardown(a_box_is_answered_by_y_or_by_a_row, end),
		cmocka_unit_test_teardown(an_answer_that_comes_late_asks_nothing_more, end),
		cmocka_unit_test_teardown(one_answer_is_to_one_question, end),
		cmocka_unit_test_teardown(marked_ones_are_meant, end),
		cmocka_unit_test_teardown(in_the_log_of_all_nobody_is_meant, end),
		cmocka_unit_test_teardown(in_the_log_of_the_marked_they_are_meant, end),
		cmocka_unit_test_teardown(signals_are_chosen, end),
		cmocka_unit_test_teardown(replicas_are_counted_on, end),
		cmocka_unit_test_teardown(keys_that_cannot_act_say_why, end),
		cmocka_unit_test_teardown(what_cannot_be_asked_for_here_is_said, end),
		cmocka_unit_test_teardown(acts_without_a_question_need_none, end),
		cmocka_unit_test_teardown(there_may_be_no_service_at_all, end),
		cmocka_unit_test_teardown(urls_are_opened, end),
		cmocka_unit_test_teardown(what_an_action_says_at_once_is_seen, end),
		cmocka_unit_test_teardown(a_reload_is_shown_first, end),
		cmocka_unit_test_teardown(a_long_difference_is_cut_by_lines, end),
		cmocka_unit_test_teardown(telemetry_ends_at_once, end),
		cmocka_unit_test_teardown(a_terminal_is_typed_into, end),
		cmocka_unit_test_teardown(sorting_is_chosen, end),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL || setenv("TZ", "UTC", 1) != 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
