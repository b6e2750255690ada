/* SPDX-License-Identifier: MIT */
/* The dashboard by the mouse alone: what is clicked is what was last drawn there. */
#include "tests/lib/dash_sample.h"
#include "tests/lib/dash_scene.h"
#include "ui/term.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
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

static bool sees(const char *text)
{
	return dash_scene_find(&scene, text) >= 0;
}

static void mouse(enum term_mouse_kind kind, unsigned row, unsigned column)
{
	dash_take_mouse(scene.dash, &(struct term_mouse){.kind = kind, .row = row, .column = column});
	if (scene.must_tell)
		dash_scene_tell(&scene);
	dash_scene_draw(&scene);
}

static void click(unsigned row, unsigned column)
{
	mouse(TERM_MOUSE_PRESS, row, column);
	mouse(TERM_MOUSE_RELEASE, row, column);
}

/* Where a text stands. */
static void click_on(const char *text)
{
	int row = dash_scene_find(&scene, text);

	if (row < 0)
		fail_msg("'%s' is not to be seen", text);
	const char *line = dash_scene_row(&scene, (unsigned)row);
	click((unsigned)row, (unsigned)(strstr(line, text) - line));
}

static void a_click_selects_and_another_opens(void **state)
{
	(void)state;
	start("trouble");
	click_on("engine");
	assert_true(sees("log: engine"));
	click_on("engine");
	assert_int_equal(dash_scene_find(&scene, "engine"), 0);
}

static void the_wheel_scrolls_what_is_under_it(void **state)
{
	unsigned row;

	(void)state;
	start("trouble");
	row = (unsigned)dash_scene_find(&scene, "log: api") + 2;
	mouse(TERM_MOUSE_WHEEL_UP, row, 20);
	/* The selection stays: it was the log that scrolled. */
	assert_true(sees("log: api"));
	dash_scene_type(&scene, "3");
	mouse(TERM_MOUSE_WHEEL_DOWN, 4, 10);
	dash_scene_type(&scene, "1");
	assert_false(sees("log: api"));
}

static void a_drag_in_the_log_copies(void **state)
{
	unsigned row;

	(void)state;
	start("trouble");
	row = (unsigned)dash_scene_find(&scene, "cannot open the vault");
	mouse(TERM_MOUSE_PRESS, row, 20);
	mouse(TERM_MOUSE_DRAG, row + 2, 30);
	mouse(TERM_MOUSE_RELEASE, row + 2, 30);
	assert_non_null(strstr(dash_scene_told(&scene), "copy-log api 1\n"));
}

static void a_drag_that_leaves_the_log_ends_there(void **state)
{
	unsigned row;

	(void)state;
	start("trouble");
	row = (unsigned)dash_scene_find(&scene, "hint: run");
	mouse(TERM_MOUSE_PRESS, row, 20);
	mouse(TERM_MOUSE_DRAG, 2, 30);
	mouse(TERM_MOUSE_RELEASE, 2, 30);
	assert_true(sees("log: api"));
	assert_non_null(strstr(dash_scene_told(&scene), "copy-log api"));
}

static void footer_items_are_clicked(void **state)
{
	(void)state;
	start("trouble");
	click_on("d detail");
	assert_true(sees("Last words"));
	click_on("? help");
	assert_true(sees("Keys: Service detail"));
	click_on("q back");
	assert_true(sees("Last words"));
	click_on("q back");
	click_on("q leave");
	assert_true(sees("Leave WrenAI?"));
	/* Between items there is nothing. */
	dash_scene_press(&scene, UI_KEY_ESC);
	click(scene.frame.rows - 1, 79);
	assert_true(sees("log: api"));
}

static void a_narrow_footer_can_be_clicked_too(void **state)
{
	(void)state;
	start("trouble");
	dash_scene_size(&scene, 12, 40);
	const char *line = dash_scene_row(&scene, 11);
	click(11, (unsigned)(strrchr(line, '?') - line));
	assert_true(sees("Keys: Services"));
}

static void rows_of_other_views_are_clicked(void **state)
{
	(void)state;
	start("trouble");
	dash_scene_type(&scene, "3");
	click_on("engine  ");
	click_on("engine  ");
	assert_int_equal(dash_scene_find(&scene, "engine"), 0);
	dash_scene_type(&scene, "3");
	/* Where there is nothing to select nothing is. */
	dash_scene_told(&scene);
	click_on("Last 4 starts");
	dash_scene_type(&scene, "2");
	assert_int_equal(dash_scene_find(&scene, "engine"), 0);
}

static void boxes_are_clicked(void **state)
{
	(void)state;
	start("trouble");
	dash_scene_type(&scene, "jK");
	click_on("HUP ");
	assert_true(sees("Send a signal"));
	click_on("HUP ");
	assert_non_null(strstr(dash_scene_told(&scene), "act kill db 1\n"));
	/* Beside it nothing happens. */
	dash_scene_type(&scene, "K");
	click(0, 0);
	assert_true(sees("Send a signal"));
}

static void nothing_is_clicked_before_it_is_drawn(void **state)
{
	(void)state;
	start("trouble");
	dash_scene_size(&scene, 1, 1);
	for (unsigned kind = TERM_MOUSE_PRESS; kind <= TERM_MOUSE_WHEEL_DOWN; kind++)
		mouse((enum term_mouse_kind)kind, 300, 500);
	assert_null(strstr(dash_scene_told(&scene), "act"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_click_selects_and_another_opens, end),
		cmocka_unit_test_teardown(the_wheel_scrolls_what_is_under_it, end),
		cmocka_unit_test_teardown(a_drag_in_the_log_copies, end),
		cmocka_unit_test_teardown(a_drag_that_leaves_the_log_ends_there, end),
		cmocka_unit_test_teardown(footer_items_are_clicked, end),
		cmocka_unit_test_teardown(a_narrow_footer_can_be_clicked_too, end),
		cmocka_unit_test_teardown(rows_of_other_views_are_clicked, end),
		cmocka_unit_test_teardown(boxes_are_clicked, end),
		cmocka_unit_test_teardown(nothing_is_clicked_before_it_is_drawn, end),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL || setenv("TZ", "UTC", 1) != 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
