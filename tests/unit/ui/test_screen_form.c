/* SPDX-License-Identifier: MIT */
/*
 * The setup form without a terminal: every golden screen of it, and what its keys do. GOLDEN=1 writes the screens anew; the terminal tests
 * hold the same files against what a real terminal shows.
 */
#include "tests/lib/golden.h"
#include "tests/lib/setup_demo.h"
#include "ui/keys.h"
#include "ui/setup_checks.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct setup_scene scene;

static int set_up(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	setup_scene_end(&scene);
	return 0;
}

static void start(const char *sample)
{
	setup_scene_start(&scene, sample, 24, 80, false);
}

static void press(uint32_t key)
{
	setup_scene_press(&scene, key);
}

static void type(const char *letters)
{
	setup_scene_type(&scene, letters);
}

static void assert_answer(size_t index, const char *text)
{
	assert_string_equal(setup_form_text(&scene.form, index), text);
}

static void check(const char *path)
{
	struct golden golden;

	golden_load(&golden, path);
	assert_non_null(setlocale(LC_CTYPE, golden.locale));
	setup_scene_start(&scene, golden.sample, golden.rows, golden.columns, strcmp(golden.locale, "C") == 0);
	for (size_t i = 0; i < golden.key_count; i++)
		press(golden.keys[i].key);
	char *shot = setup_scene_shot(&scene);
	golden_check(&golden, shot, true);
	free(shot);
	setup_scene_end(&scene);
	memset(&scene, 0, sizeof(scene));
	golden_finish(&golden);
}

static void every_golden_screen_is_drawn(void **state)
{
	size_t count;
	char **paths = golden_paths(GOLDEN_FORMS, &count);

	(void)state;
	assert_true(count >= 25);
	for (size_t i = 0; i < count; i++)
		check(paths[i]);
	golden_paths_free(paths);
	start("wren");
}

static void all_is_answered_by_keys(void **state)
{
	(void)state;
	start("wren");
	type("o");
	press(UI_KEY_ENTER);
	type("sk-1");
	press(UI_KEY_DOWN);
	type("gg"); /* the second that begins with g */
	press(UI_KEY_TAB);
	type("Hi there");
	press(UI_KEY_ENTER);
	press(UI_KEY_ENTER);
	assert_int_equal(scene.move, FORM_SAVE);
	assert_string_equal(setup_form_answer(&scene.form, 0), "openai");
	assert_string_equal(setup_form_answer(&scene.form, 1), "sk-1");
	assert_string_equal(setup_form_answer(&scene.form, 2), "gpt-4.1-mini");
	assert_null(setup_form_answer(&scene.form, 3)); /* of another provider */
	assert_string_equal(setup_form_answer(&scene.form, 4), "Hi there");
}

static void choices_by_arrows_and_letters(void **state)
{
	(void)state;
	start("wren");
	press(UI_KEY_RIGHT);
	assert_answer(0, "openai");
	press(UI_KEY_RIGHT);
	press(UI_KEY_RIGHT);
	press(UI_KEY_RIGHT);
	assert_answer(0, "openai");
	press(UI_KEY_LEFT);
	assert_answer(0, "custom");
	type("A");
	assert_answer(0, "azure");
	type(" ");
	assert_answer(0, "custom");
	type("x1/");
	press(0xe9);
	press(UI_KEY_OTHER);
	assert_answer(0, "custom");
}

static void there_and_back(void **state)
{
	(void)state;
	start("wren");
	assert_int_equal(scene.view.focus, 0);
	press(UI_KEY_UP);
	assert_int_equal(scene.view.focus, 0);
	press(UI_KEY_BACK_TAB);
	assert_int_equal(scene.view.focus, 5); /* round, to the row that saves */
	press(UI_KEY_DOWN);
	assert_int_equal(scene.view.focus, 5);
	press(UI_KEY_TAB);
	assert_int_equal(scene.view.focus, 0);
	/* Only what applies: with no provider chosen, the greeting is next. */
	press(UI_KEY_CTRL('n'));
	assert_int_equal(scene.view.focus, 4);
	press(UI_KEY_CTRL('p'));
	type("c");
	press(UI_KEY_DOWN);
	assert_int_equal(scene.view.focus, 3);
	/* What the environment says cannot be changed. */
	setup_scene_end(&scene);
	start("again");
	for (int i = 0; i < 12; i++) {
		press(UI_KEY_TAB);
		assert_int_not_equal(scene.view.focus, 4);
	}
}

static void what_was_typed_stays_for_when_it_comes_back(void **state)
{
	(void)state;
	start("wren");
	type("o");
	press(UI_KEY_TAB);
	type("sk-kept");
	press(UI_KEY_UP);
	type("c");
	assert_int_equal(setup_scene_find(&scene, "OpenAI API key"), -1);
	assert_null(setup_form_answer(&scene.form, 1));
	type("o");
	assert_string_equal(setup_form_answer(&scene.form, 1), "sk-kept");
}

static void a_word_beside_what_is_wrong(void **state)
{
	(void)state;
	start("wren");
	type("o");
	press(UI_KEY_TAB);
	type("pk");
	assert_true(setup_scene_find(&scene, "does not look right: it must match ^sk-") > 0);
	press(UI_KEY_CTRL('u'));
	type("sk-");
	assert_int_equal(setup_scene_find(&scene, "does not look right"), -1);
	/* Saving names what is missing, and goes there. */
	press(UI_KEY_BACK_TAB);
	press(UI_KEY_BACK_TAB);
	press(UI_KEY_ENTER);
	assert_int_equal(scene.move, FORM_STAY);
	assert_int_equal(scene.view.focus, 2);
	assert_true(setup_scene_find(&scene, "Still missing: Model, What the first page says") > 0);
}

static void a_secret_is_stars(void **state)
{
	(void)state;
	start("wren");
	type("o");
	press(UI_KEY_TAB);
	type("sk-s3cret");
	assert_int_equal(setup_scene_find(&scene, "s3cret"), -1);
	assert_true(setup_scene_find(&scene, ">*********") > 0);
	press(UI_KEY_CTRL('t'));
	assert_true(setup_scene_find(&scene, "sk-s3cret") > 0);
	press(UI_KEY_CTRL('t'));
	assert_int_equal(setup_scene_find(&scene, "s3cret"), -1);
	press(UI_KEY_CTRL('t'));
	press(UI_KEY_TAB);
	press(UI_KEY_BACK_TAB);
	assert_int_equal(setup_scene_find(&scene, "s3cret"), -1);
	/* Nothing else has anything to show. */
	press(UI_KEY_UP);
	press(UI_KEY_CTRL('t'));
	assert_false(scene.view.shown);
	press(UI_KEY_TAB);
	assert_int_equal(setup_scene_find(&scene, "s3cret"), -1);
}

static void pastes_are_text(void **state)
{
	(void)state;
	start("wren");
	press(UI_KEY_PASTE); /* onto a choice: nothing */
	type("custom\r");
	press(UI_KEY_PASTE_END);
	assert_answer(0, "");
	type("o");
	press(UI_KEY_TAB);
	press(UI_KEY_PASTE);
	type(" sk-1\t\r\n\033");
	press(UI_KEY_UP);
	press(UI_KEY_PASTE_END);
	assert_int_equal(scene.view.focus, 1);
	assert_answer(1, " sk-1");
	/* One that never ends holds nobody. */
	press(UI_KEY_PASTE);
	press(UI_KEY_CTRL('c'));
	assert_int_equal(scene.move, FORM_QUIT);
}

static void leaving(void **state)
{
	(void)state;
	start("again");
	press(UI_KEY_ESC);
	assert_int_equal(scene.move, FORM_LEAVE); /* nothing was changed */
	press(UI_KEY_UP);
	press(UI_KEY_UP);
	type("c");
	press(UI_KEY_ESC);
	assert_int_equal(scene.move, FORM_STAY);
	assert_true(setup_scene_find(&scene, "Leave without saving?") > 0);
	type("a"); /* stays, and is no answer */
	assert_answer(0, "custom");
	assert_int_equal(setup_scene_find(&scene, "Leave without saving?"), -1);
	press(UI_KEY_ESC);
	press(UI_KEY_TAB);
	press(UI_KEY_ESC);
	assert_int_equal(scene.move, FORM_STAY); /* asked anew */
	press(UI_KEY_ESC);
	assert_int_equal(scene.move, FORM_LEAVE);
	press(UI_KEY_CTRL('c'));
	assert_int_equal(scene.move, FORM_QUIT);
	press(UI_KEY_CTRL('z'));
	assert_int_equal(scene.move, FORM_SUSPEND);
	press(UI_KEY_CTRL('l'));
	assert_int_equal(scene.move, FORM_REPAINT);
}

/* What a check says of an answer holds as long as the answer is the same. */
static void a_check_is_kept_beside_the_answer(void **state)
{
	struct setup_checks checks = {.form = NULL};

	(void)state;
	assert_false(setup_checks_run(&checks));
	start("checks");
	assert_int_equal(setup_form_unchecked(&scene.form, 0), 1); /* no key is typed yet */
	type("sk-bad");
	assert_int_equal(setup_form_unchecked(&scene.form, 0), 0);
	assert_true(setup_checks_begin(&checks, &scene.form));
	assert_int_equal(checks.index, 0);
	assert_true(setup_checks_step(&checks));
	assert_int_equal(checks.index, 1);
	assert_false(setup_checks_step(&checks));
	assert_false(setup_checks_passed(&scene.form));
	assert_int_equal(setup_form_refused(&scene.form), 0);
	assert_int_equal(setup_form_problem(&scene.form, 0), SETUP_REFUSED);
	assert_int_equal(setup_form_open_count(&scene.form, NULL), 0);
	type("x");
	assert_int_equal(setup_form_problem(&scene.form, 0), SETUP_FINE);
	press(UI_KEY_BACKSPACE);
	assert_int_equal(setup_form_problem(&scene.form, 0), SETUP_REFUSED);
	/* Begun anew, what was refused is asked again, and what was fine is not. */
	assert_true(setup_checks_begin(&checks, &scene.form));
	assert_int_equal(checks.index, 0);
	assert_false(setup_checks_step(&checks));
	type("x");
	press(UI_KEY_BACKSPACE);
	press(UI_KEY_BACKSPACE);
	press(UI_KEY_BACKSPACE);
	press(UI_KEY_BACKSPACE);
	type("none");
	assert_false(setup_checks_begin(&checks, &scene.form));
	assert_string_equal(scene.form.entries[0].verdict, "there is nobody to ask");
	press(UI_KEY_BACKSPACE);
	assert_true(setup_checks_begin(&checks, &scene.form));
	setup_checks_cancel(&checks);
	assert_false(setup_checks_run(&checks));
	assert_false(setup_checks_passed(&scene.form));
	assert_true(setup_checks_begin(&checks, &scene.form));
	assert_false(setup_checks_step(&checks));
	assert_true(setup_checks_passed(&scene.form));
}

static void checking_is_shown(void **state)
{
	static const unsigned columns[] = {80, 40};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		setup_scene_start(&scene, "checks", 24, columns[i], false);
		type("sk-bad");
		press(UI_KEY_TAB);
		press(UI_KEY_TAB);
		press(UI_KEY_ENTER);
		assert_int_equal(scene.move, FORM_SAVE);
		form_check(&scene.view, 0);
		/* Nothing changes the answers now. */
		press('x');
		assert_int_equal(scene.move, FORM_STAY);
		assert_answer(0, "sk-bad");
		assert_true(setup_scene_find(&scene, "checking...") > 0);
		assert_true(setup_scene_find(&scene, "Checking") > 0);
		press(UI_KEY_CTRL('Z'));
		assert_int_equal(scene.move, FORM_SUSPEND);
		press(UI_KEY_CTRL('C'));
		assert_int_equal(scene.move, FORM_STOP_CHECK);
		press(UI_KEY_ESC);
		assert_int_equal(scene.move, FORM_STOP_CHECK);
		form_checked(&scene.form, &scene.view, true);
		setup_scene_draw(&scene);
		assert_true(setup_scene_find(&scene, "Nothing is saved.") > 0);
		assert_int_equal(scene.view.focus, 2);
		form_check(&scene.view, 0);
		assert_int_equal(setup_form_judge(&scene.form, 0, "no such key"), 0);
		form_checked(&scene.form, &scene.view, false);
		setup_scene_draw(&scene);
		assert_int_equal(scene.view.focus, 0);
		assert_true(setup_scene_find(&scene, "no such key") > 0);
		assert_true(setup_scene_find(&scene, "Not accepted") > 0);
		/* It can be submitted again as it is. */
		press(UI_KEY_BACK_TAB);
		press(UI_KEY_ENTER);
		assert_int_equal(scene.move, FORM_SAVE);
		if (i == 0)
			setup_scene_end(&scene);
	}
}

static void only_what_changed_is_kept(void **state)
{
	(void)state;
	start("again");
	assert_int_equal(scene.view.focus, 2); /* what holds now is no choice */
	assert_true(setup_scene_find(&scene, "what holds now is none of these: please choose") > 0);
	assert_true(setup_scene_find(&scene, "set in the environment") > 0);
	type("g");
	press(UI_KEY_BACK_TAB);
	press(UI_KEY_CTRL('u'));
	type("sk-before");
	for (size_t i = 0; i < 6; i++)
		if (i != 2)
			assert_null(setup_form_answer(&scene.form, i));
	assert_string_equal(setup_form_answer(&scene.form, 2), "gpt-4.1");
	/* Of two lines nothing can be typed, so they stay until something is. */
	assert_answer(5, "two\nlines");
	press(UI_KEY_TAB);
	press(UI_KEY_TAB);
	type("one");
	assert_string_equal(setup_form_answer(&scene.form, 5), "one");
}

/* Whatever the size and the keys: it is drawn, what has focus can be focused and is in sight, and Ctrl-C leaves. */
static void any_keys_at_any_size(void **state)
{
	static const uint32_t keys[] = {UI_KEY_TAB,   UI_KEY_BACK_TAB,
					UI_KEY_ENTER, UI_KEY_ESC,
					UI_KEY_UP,    UI_KEY_DOWN,
					UI_KEY_LEFT,  UI_KEY_RIGHT,
					UI_KEY_PASTE, UI_KEY_PASTE_END,
					UI_KEY_HOME,  UI_KEY_END,
					'o',          'c',
					' ',          0x1f600,
					UI_KEY_OTHER, UI_KEY_BACKSPACE,
					0x14,         0x15,
					'\n',         UI_KEY_DELETE,
					UI_KEY_MOUSE, 0x17};
	static const char *const samples[] = {"wren", "again", "many", "hostile"};
	uint32_t seed = 11;

	(void)state;
	for (int run = 0; run < 8; run++) {
		if (run > 0)
			setup_scene_end(&scene);
		setup_scene_start(&scene, samples[run % 4], 24, 80, run >= 4);
		for (int i = 0; i < 400; i++) {
			seed = seed * 1664525u + 1013904223u;
			uint32_t random = seed >> 8;
			if (random % 16 == 0)
				form_resize(&scene.form, &scene.view, 1 + random / 16 % 60, 1 + random / 1024 % 130);
			press(keys[random / 16 % (sizeof(keys) / sizeof(keys[0]))]);
			assert_true(scene.view.focus <= scene.form.model->count);
			assert_true(scene.view.focus == scene.form.model->count ||
				    setup_form_applies(&scene.form, scene.view.focus));
			assert_true(scene.frame.cursor_row < scene.frame.rows);
			assert_true(scene.frame.cursor_column < scene.frame.columns);
		}
		press(UI_KEY_CTRL('c'));
		assert_int_equal(scene.move, FORM_QUIT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_golden_screen_is_drawn, tear_down),
		cmocka_unit_test_setup_teardown(all_is_answered_by_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(choices_by_arrows_and_letters, set_up, tear_down),
		cmocka_unit_test_setup_teardown(there_and_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_typed_stays_for_when_it_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_word_beside_what_is_wrong, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_secret_is_stars, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pastes_are_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaving, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_check_is_kept_beside_the_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(checking_is_shown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_what_changed_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_keys_at_any_size, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
