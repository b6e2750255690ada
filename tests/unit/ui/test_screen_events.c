/* SPDX-License-Identifier: MIT */
/* What has happened to the stack, line by line. */
#include "tests/lib/dash_sample.h"
#include "tests/lib/view_scene.h"
#include "ui/screen_events.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define EVENTS_MAX 300u

static struct view_scene scene;
static struct events_view view;
static struct event_model events[EVENTS_MAX];
static struct stack_model *model;

static int set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

static int end_scene(void **state)
{
	(void)state;
	view_scene_finish(&scene);
	memset(&scene, 0, sizeof(scene));
	return 0;
}

static void begin(unsigned rows, unsigned columns)
{
	static const struct event_model first[] = {
		{DASH_SAMPLE_WALL_MS - 90000, "db", UNIT_READY, "ready after 2.0s"},
		{DASH_SAMPLE_WALL_MS - 80000, "api", UNIT_FAILED, "exited with code 3"},
		{DASH_SAMPLE_WALL_MS - 70000, "gone", UNIT_STOPPED, "taken out of the stack"},
		{DASH_SAMPLE_WALL_MS - 60000, NULL, UNIT_READY, "the stack file has changed"},
	};

	memcpy(events, first, sizeof(first));
	for (size_t i = 4; i < EVENTS_MAX; i++)
		events[i] = (struct event_model){DASH_SAMPLE_WALL_MS - 50000 + (int64_t)i * 100, "worker",
						 UNIT_RESTARTING, i % 2 == 0 ? "even" : "odd"};
	model = dash_sample();
	model->events = events;
	model->event_count = 4;
	view_scene_init(&scene, model, rows, columns);
	view = (struct events_view){0};
}

static void draw(struct view_scene *self, void *drawn)
{
	events_draw(drawn, &self->context, &self->frame, self->area);
}

static void show(void)
{
	frame_clear(&scene.frame);
	draw(&scene, &view);
	view_scene_check_cells(&scene);
}

static enum screen_go press(enum key_action action)
{
	enum screen_go go = events_step(&view, &scene.context, action);

	show();
	return go;
}

static void tells_when_who_and_what(void **state)
{
	(void)state;
	begin(7, 80);
	show();
	view_scene_expect(&scene, " Events   4, newest last, follow                                            (5)\n"
				  "  14:28:30  db         + ready      ready after 2.0s\n"
				  "  14:28:40  api        ! failed     exited with code 3\n"
				  "  14:28:50  gone       x stopped    taken out of the stack\n"
				  "> 14:29:00  the stack               the stack file has changed\n");
	view_scene_resize(&scene, 6, 40);
	show();
	view_scene_expect(&scene, " Events 4, newest last, follow\n"
				  " 14:28:30 db        + ready after 2.0s\n"
				  " 14:28:40 api       ! exited with co...\n"
				  " 14:28:50 gone      x taken out of t...\n"
				  ">14:29:00 the stack   the stack file...");
}

static void the_clock_is_the_local_one(void **state)
{
	(void)state;
	setenv("TZ", "EET-2", 1);
	tzset();
	begin(7, 80);
	show();
	set_up(NULL);
	view_scene_expect_text(&scene, "  16:28:30  db ");
}

static void follows_until_one_goes_up(void **state)
{
	(void)state;
	begin(12, 80);
	show();
	model->event_count = 100;
	show();
	assert_int_equal(scene.frame.cursor_row, 11);
	press(ACTION_UP);
	press(ACTION_UP);
	view_scene_expect_text(&scene, "Events   100, paused, 2 below");
	model->event_count = 200;
	show();
	view_scene_expect_text(&scene, "Events   200, paused, 102 below");
	assert_int_equal(view.list.selected, 97);
	press(ACTION_LAST);
	view_scene_expect_text(&scene, "Events   200, newest last, follow");
	model->event_count = 300;
	show();
	assert_int_equal(view.list.selected, 299);
	press(ACTION_FIRST);
	assert_true(view.away);
	/* Of many the oldest are forgotten: the selection goes with its event, and then with the oldest that is left. */
	press(ACTION_PAGE_DOWN);
	press(ACTION_PAGE_DOWN);
	unsigned row = scene.frame.cursor_row;
	model->events = events + 5;
	model->event_count = 295;
	show();
	assert_int_equal(view.list.selected, 15);
	assert_int_equal(scene.frame.cursor_row, row);
	model->events = events + 50;
	model->event_count = 250;
	show();
	assert_int_equal(view.list.selected, 0);
	model->events = events + 51;
	model->event_count = 249;
	show();
	assert_int_equal(view.list.selected, 0);
	press(ACTION_FOLLOW);
	assert_int_equal(view.list.selected, 248);
}

static void enter_opens_the_log_of_whom_it_happened_to(void **state)
{
	(void)state;
	begin(12, 80);
	show();
	assert_int_equal(press(ACTION_CHOOSE), GO_NOWHERE);
	assert_string_equal(scene.context.words, "this is of the whole stack, of no one service");
	press(ACTION_UP);
	assert_int_equal(press(ACTION_CHOOSE), GO_NOWHERE);
	assert_string_equal(scene.context.words, "gone is no longer part of the stack");
	press(ACTION_FIRST);
	assert_int_equal(press(ACTION_CHOOSE), GO_LOG);
	assert_int_equal(scene.context.unit, SAMPLE_DB + 1);
	press(ACTION_DOWN);
	assert_int_equal(press(ACTION_SHOW_DETAIL), GO_DETAIL);
	assert_int_equal(scene.context.unit, SAMPLE_API + 1);
	assert_int_equal(press(ACTION_COPY), GO_NOWHERE);
	assert_string_equal(scene.copied, "14:28:40 api: exited with code 3");
	assert_int_equal(press(ACTION_BACK), GO_BACK);
	assert_int_equal(press(ACTION_CANCEL), GO_BACK);
	assert_int_equal(press(ACTION_RESTART), GO_UNTAKEN);
}

static void nothing_yet(void **state)
{
	struct screen_footer footer;

	(void)state;
	begin(12, 80);
	model->event_count = 0;
	show();
	view_scene_expect_text(&scene, "Nothing has happened yet.");
	assert_int_equal(press(ACTION_CHOOSE), GO_NOWHERE);
	assert_int_equal(press(ACTION_UP), GO_NOWHERE);
	assert_int_equal(press(ACTION_COPY), GO_NOWHERE);
	assert_string_equal(scene.context.words, "nothing to copy here");
	model->event_count = 4;
	show();
	assert_int_equal(view.list.selected, 3);
	/* Of the whole stack there is no one log. */
	events_footer(&view, &scene.context, &footer);
	assert_int_equal(footer.count, 1);
	press(ACTION_FIRST);
	events_footer(&view, &scene.context, &footer);
	assert_int_equal(footer.count, 4);
	assert_int_equal(footer.actions[0], ACTION_CHOOSE);
}

static void every_size_is_drawn(void **state)
{
	(void)state;
	begin(12, 80);
	events[1].unit = events[1].text = "a\033[2Jp\u202ei \u8a9e\u8a9e\u8a9e";
	events[2].text = NULL;
	events[2].time_wall_ms = INT64_MAX;
	view_scene_all_sizes(&scene, draw, &view);
	scene.theme = theme_make(true, true);
	model->event_count = EVENTS_MAX;
	view_scene_all_sizes(&scene, draw, &view);
	model->event_count = 0;
	view_scene_all_sizes(&scene, draw, &view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(tells_when_who_and_what, end_scene),
		cmocka_unit_test_teardown(the_clock_is_the_local_one, end_scene),
		cmocka_unit_test_teardown(follows_until_one_goes_up, end_scene),
		cmocka_unit_test_teardown(enter_opens_the_log_of_whom_it_happened_to, end_scene),
		cmocka_unit_test_teardown(nothing_yet, end_scene),
		cmocka_unit_test_teardown(every_size_is_drawn, end_scene),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
