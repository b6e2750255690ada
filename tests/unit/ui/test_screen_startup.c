/* SPDX-License-Identifier: MIT */
/* How a stack came up, as a drawing and in words. */
#include "tests/lib/dash_sample.h"
#include "tests/lib/view_scene.h"
#include "ui/screen_startup.h"
#include "ui/startup_bars.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct view_scene scene;
static struct startup_view view;

static int set_up(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

static int end_scene(void **state)
{
	(void)state;
	view_scene_finish(&scene);
	memset(&scene, 0, sizeof(scene));
	return 0;
}

static void begin(const struct stack_model *model, unsigned rows, unsigned columns, enum dash_sample_unit unit)
{
	view_scene_init(&scene, model, rows, columns);
	scene.context.unit = unit + 1;
	view = (struct startup_view){0};
}

static void draw(struct view_scene *self, void *drawn)
{
	startup_draw(drawn, &self->context, &self->frame, self->area);
}

static void show(void)
{
	frame_clear(&scene.frame);
	draw(&scene, &view);
	view_scene_check_cells(&scene);
}

static void shows_bars_chain_and_story(void **state)
{
	(void)state;
	begin(dash_sample_calm(), 19, 80, SAMPLE_UI);
	show();
	view_scene_expect(&scene, " Start-up   ready in 9.4s   slowest chain: db > migrate > ui                (3)\n"
				  "   SERVICE  0s   1s   2s   3s   4s   5s   6s   7s   8s   9s               READY\n"
				  "            |----|----|----|----|----|----|----|----|----|--\n"
				  "   api      ............................~ppppppppppppp######               8.4s\n"
				  " * db       ~~~~~ppppp######################################               2.0s\n"
				  "   engine   ..........~~pppp################################               3.1s\n"
				  ">* ui       ..........................~pppppppppppppppppppp#               9.4s\n"
				  "   worker   ..........................................~~####               8.8s\n"
				  " * migrate  ..........~~~~~~~~~~~~~~~~=                        done        5.2s\n"
				  "\n"
				  "   . waits for another  ~ starts  p probed, not ready  # ready  = done  ! failed\n"
				  "\n"
				  "> ui: 4.2s from start to ready. Before that it waited 5.2s for migrate, which\n"
				  "  waited 2.0s for db.\n"
				  "\n"
				  "   Last 5 starts: 9.4s  9.1s  9.6s  14s  9.4s\n");
	assert_int_equal(scene.frame.cursor_row, 6);
	assert_int_equal(scene.frame.cursor_column, 0);
}

/* A stack that somebody attaches to later has the same bars. */
static void says_the_same_when_attached(void **state)
{
	struct stack_model *model = dash_sample_calm();

	(void)state;
	model->attached = true;
	begin(model, 19, 80, SAMPLE_DB);
	show();
	view_scene_expect_text(&scene,
			       " * migrate  ..........~~~~~~~~~~~~~~~~=                        done        5.2s");
	view_scene_expect_text(&scene, "db: 2.0s from start to ready.");
}

static void while_starting_the_bars_go_to_now(void **state)
{
	(void)state;
	begin(dash_sample_starting(), 19, 80, SAMPLE_WORKER);
	show();
	view_scene_expect_text(&scene, "not ready after 6s   slowest chain so far: db > migrate > ui");
	view_scene_expect_text(&scene, "   api      ............................~pp                    starting");
	view_scene_expect_text(&scene, ">  worker   ...............................                    waiting");
	view_scene_expect_text(&scene, "worker: waits for api to be ready.");
	view_scene_expect_text(&scene, "Last 4 starts: 9.4s  9.1s  9.6s  14s");
	scene.context.unit = SAMPLE_UI + 1;
	show();
	view_scene_expect_text(&scene, "ui: started 0.8s ago, not ready yet: probe 4 of 10: refused. Before that it");
}

static void a_failure_is_a_sign_and_a_word(void **state)
{
	struct stack_model *model = dash_sample_starting();
	struct unit_model *api = &dash_sample_units()[SAMPLE_API];

	(void)state;
	api->state = UNIT_FAILED;
	api->why = "exit 3";
	api->start.ended_ms = 5900;
	begin(model, 19, 80, SAMPLE_API);
	show();
	view_scene_expect_text(&scene,
			       ">  api      ............................~p!                    failed      5.9s");
	view_scene_expect_text(&scene, "api: failed 0.3s after its start: exit 3. Before that it waited 5.6s for");
}

/* Without a probe it was there at once; what it is now counts more. */
static void what_was_there_and_has_failed_is_not_ready(void **state)
{
	struct stack_model *model = dash_sample_starting();
	struct unit_model *api = &dash_sample_units()[SAMPLE_API];

	(void)state;
	api->state = UNIT_FAILED;
	api->why = "exit 3";
	api->start.ready_ms = api->start.launched_ms;
	begin(model, 19, 80, SAMPLE_API);
	show();
	view_scene_expect_text(&scene, ">  api      ............................##!                    failed");
	view_scene_expect_text(&scene, "api: has failed since: exit 3.");
}

/* One that others went on for has done its part, even when somebody starts it again later. */
static void a_job_run_again_was_done(void **state)
{
	struct stack_model *model = dash_sample_calm();
	struct startup_scale scale = startup_scale_make(9400, 48);
	struct unit_model *migrate = &dash_sample_units()[SAMPLE_MIGRATE];

	(void)state;
	migrate->state = UNIT_RUNNING;
	assert_int_equal(startup_sign(model, migrate, &scale, 26), '=');
	assert_int_equal(startup_sign(model, migrate, &scale, 27), ' ');
	migrate->service = "other";
	assert_int_equal(startup_sign(model, migrate, &scale, 26), '!');
}

static void units_started_by_hand_kept_nobody_waiting(void **state)
{
	struct stack_model *model = dash_sample_calm();
	struct unit_model *worker = &dash_sample_units()[SAMPLE_WORKER];

	(void)state;
	worker->start = (struct unit_start){.launched_ms = 60000, .probed_ms = -1, .ready_ms = 61000, .ended_ms = -1};
	begin(model, 19, 80, SAMPLE_WORKER);
	show();
	view_scene_expect_text(&scene, "slowest chain: db > migrate > ui");
	view_scene_expect_text(&scene,
			       ">  worker                                                                 1m01s");
}

static void scales_fit(void **state)
{
	static const struct {
		int64_t total_ms;
		unsigned columns;
		int64_t column_ms, tick_ms;
		unsigned used;
	} rows[] = {
		{9400, 48, 200, 1000, 48}, {9400, 47, 500, 5000, 20},
		{9401, 48, 500, 5000, 20}, {1, 40, 1, 5, 2},
		{0, 40, 1, 5, 2},          {700000, 40, 20000, 120000, 36},
		{90, 100, 1, 5, 91},       {86400000, 30, 3600000, 21600000, 25},
		{1000, 2, 1000, 5000, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct startup_scale scale = startup_scale_make(rows[i].total_ms, rows[i].columns);
		assert_int_equal(scale.column_ms, rows[i].column_ms);
		assert_int_equal(scale.tick_ms, rows[i].tick_ms);
		assert_int_equal(scale.columns, rows[i].used);
	}
	for (unsigned columns = 0; columns < 300; columns++)
		for (int64_t total_ms = 1; total_ms < INT64_C(9000000000000); total_ms *= 3) {
			struct startup_scale scale = startup_scale_make(total_ms, columns);
			assert_true(scale.columns <= (columns < 2 ? 2 : columns));
			assert_true(scale.column_ms > 0 && scale.tick_ms % scale.column_ms == 0);
		}
}

static void ticks_have_short_numbers(void **state)
{
	static const struct {
		int64_t tick_ms, time_ms;
		const char *label;
	} rows[] = {
		{5, 0, "0s"},         {5, 15, "0.015s"},       {50, 150, "0.15s"},     {500, 1500, "1.5s"},
		{5000, 15000, "15s"}, {30000, 90000, "1m30s"}, {120000, 240000, "4m"}, {3600000, 7200000, "2h"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct startup_scale scale = {.tick_ms = rows[i].tick_ms};
		char label[24];
		startup_tick_label(&scale, rows[i].time_ms, label, sizeof(label));
		assert_string_equal(label, rows[i].label);
	}
}

static void chains_end(void **state)
{
	struct stack_model *model = dash_sample_calm();
	struct unit_model *units = dash_sample_units();
	const struct unit_model *chain[STARTUP_CHAIN_MAX];

	(void)state;
	assert_int_equal(startup_chain(model, chain), 3);
	assert_ptr_equal(chain[0], &units[SAMPLE_DB]);
	assert_ptr_equal(chain[2], &units[SAMPLE_UI]);
	/* A cycle, which no stack file can hold. */
	units[SAMPLE_DB].start.waited_for = "ui";
	assert_int_equal(startup_chain(model, chain), 3);
	/* A gap. */
	units[SAMPLE_MIGRATE].start.waited_for = "gone";
	assert_int_equal(startup_chain(model, chain), 2);
	/* A longer one than there is room for. */
	model = dash_sample_many(200);
	for (size_t i = 0; i < 200; i++)
		units[i].start = (struct unit_start){.launched_ms = (int64_t)i * 10,
						     .probed_ms = -1,
						     .ready_ms = (int64_t)i * 10 + 10,
						     .ended_ms = -1,
						     .waited_for = i > 0 ? units[i - 1].service : NULL};
	model->up_after_ms = 2000;
	assert_int_equal(startup_chain(model, chain), STARTUP_CHAIN_MAX);
	assert_ptr_equal(chain[STARTUP_CHAIN_MAX - 1], &units[199]);
	model->unit_count = 0;
	assert_int_equal(startup_chain(model, chain), 0);
}

/* Others waited for all replicas: the slowest of them stands in the chain. */
static void the_slowest_replica_counts(void **state)
{
	struct stack_model *model = dash_sample_many(7);
	struct unit_model *units = dash_sample_units();
	const struct unit_model *chain[STARTUP_CHAIN_MAX];

	(void)state;
	dash_sample_calm();
	units[6] = units[SAMPLE_DB];
	units[6].id = 7;
	units[6].name = "db-2";
	units[6].start.ready_ms = 2500;
	model->unit_count = 7;
	assert_int_equal(startup_chain(model, chain), 3);
	assert_string_equal(chain[0]->name, "db-2");
}

static void the_story_tells_of_probes_while_it_knows(void **state)
{
	static const struct probe_answer answers[] = {
		{DASH_SAMPLE_WALL_MS - DASH_SAMPLE_NOW_MS + 5400, false, "refused", 8},
		{DASH_SAMPLE_WALL_MS - DASH_SAMPLE_NOW_MS + 9400, true, "200", 40},
	};
	struct stack_model *model = dash_sample_calm();
	struct unit_model *ui = &dash_sample_units()[SAMPLE_UI];
	struct detail_model detail = *dash_sample_detail();
	char text[1024];

	(void)state;
	detail.unit = ui->id;
	detail.probe = "http://localhost:3000/";
	detail.answers = answers;
	detail.answer_count = 2;
	model->detail = &detail;
	startup_story(model, ui, text, sizeof(text));
	assert_string_equal(text, "ui: 4.2s from start to ready, 9 probes of http://localhost:3000/ (refused x8, then "
				  "200). Before that it waited 5.2s for migrate, which waited 2.0s for db.");
	/* These are of another hour. */
	model->begin_wall_ms -= 3600000;
	startup_story(model, ui, text, sizeof(text));
	assert_string_equal(text, "ui: 4.2s from start to ready, probed by http://localhost:3000/. Before that it "
				  "waited 5.2s for migrate, which waited 2.0s for db.");
	/* This is another unit's detail. */
	detail.unit = 99;
	startup_story(model, ui, text, sizeof(text));
	assert_null(strstr(text, "localhost"));
	startup_story(model, &dash_sample_units()[SAMPLE_MIGRATE], text, sizeof(text));
	assert_string_equal(text, "migrate: ran for 3.2s. Before that it waited 2.0s for db.");
	for (size_t size = 1; size < 60; size++) {
		memset(text, '#', sizeof(text));
		startup_story(model, ui, text, size);
		assert_true(strlen(text) < size);
		assert_int_equal(text[size], '#');
	}
}

static void a_slow_start_is_pointed_out(void **state)
{
	struct stack_model *model = dash_sample_calm();

	(void)state;
	begin(model, 19, 80, SAMPLE_DB);
	show();
	view_scene_expect_no_text(&scene, "slowest of them");
	model->starts_ms[4] = 15000;
	show();
	/* Hardly slower than the other slow one. */
	view_scene_expect_no_text(&scene, "slowest of them");
	model->starts_ms[4] = 31000;
	show();
	view_scene_expect_text(&scene, "Last 5 starts: 9.4s  9.1s  9.6s  14s  31s - this one, the slowest of them");
	model->start_count = 1;
	show();
	view_scene_expect_text(&scene, "Last start: 9.4s");
	model->start_count = 0;
	show();
	view_scene_expect_no_text(&scene, "Last");
}

static void small_screens_keep_name_bar_and_ready(void **state)
{
	(void)state;
	begin(dash_sample_calm(), 10, 40, SAMPLE_UI);
	show();
	view_scene_expect(&scene, " Start-up 9.4s: db > migrate > ui\n"
				  "  SERVICE 0s   5s   10s           READY\n"
				  "          |----|----|\n"
				  "  api     ......ppp##              8.4s\n"
				  " *db      ~p#########              2.0s\n"
				  "  engine  ..~p#######              3.1s\n"
				  ">*ui      ......pppp#              9.4sv\n"
				  "> ui: 4.2s from start to ready. Before\n"
				  "  that it waited 5.2s for migrate, which\n"
				  "  waited 2.0s for db.");
}

static void two_hundred_scroll(void **state)
{
	(void)state;
	begin(dash_sample_many(200), 24, 80, SAMPLE_API);
	show();
	view_scene_expect_text(&scene, ">  api");
	assert_int_equal(startup_step(&view, &scene.context, ACTION_LAST), GO_NOWHERE);
	assert_int_equal(scene.context.unit, 200);
	show();
	view_scene_expect_text(&scene, "svc-200");
	assert_true(view_scene_find(&scene, "svc-200") == (int)scene.frame.cursor_row);
	assert_int_equal(startup_step(&view, &scene.context, ACTION_PAGE_UP), GO_NOWHERE);
	assert_true(scene.context.unit < 200 && scene.context.unit > 150);
	/* Another view has moved on. */
	scene.context.unit = 3;
	show();
	view_scene_expect_text(&scene, ">  engine");
}

static void keys_go_where_they_say(void **state)
{
	struct screen_footer footer;

	(void)state;
	begin(dash_sample_calm(), 24, 80, SAMPLE_API);
	show();
	assert_int_equal(startup_step(&view, &scene.context, ACTION_DOWN), GO_NOWHERE);
	assert_int_equal(scene.context.unit, SAMPLE_DB + 1);
	assert_int_equal(startup_step(&view, &scene.context, ACTION_NEXT_SERVICE), GO_NOWHERE);
	assert_int_equal(scene.context.unit, SAMPLE_ENGINE + 1);
	assert_int_equal(startup_step(&view, &scene.context, ACTION_CHOOSE), GO_LOG);
	assert_int_equal(startup_step(&view, &scene.context, ACTION_SHOW_DETAIL), GO_DETAIL);
	assert_int_equal(startup_step(&view, &scene.context, ACTION_SHOW_GRAPH), GO_GRAPH);
	assert_int_equal(startup_step(&view, &scene.context, ACTION_CANCEL), GO_BACK);
	assert_int_equal(startup_step(&view, &scene.context, ACTION_BACK), GO_BACK);
	assert_int_equal(startup_step(&view, &scene.context, ACTION_RESTART), GO_UNTAKEN);
	assert_int_equal(startup_step(&view, &scene.context, ACTION_COPY), GO_NOWHERE);
	assert_string_equal(scene.copied, "engine: 1.1s from start to ready. Before that it waited 2.0s for db.");
	scene.actions.copy = NULL;
	assert_int_equal(startup_step(&view, &scene.context, ACTION_COPY), GO_NOWHERE);
	assert_string_equal(scene.context.words, "this terminal cannot be copied to");
	startup_footer(&view, &scene.context, &footer);
	assert_in_range(footer.count, 1, SCREEN_FOOTER_MAX);
}

static void every_size_is_drawn(void **state)
{
	(void)state;
	begin(dash_sample(), 24, 80, SAMPLE_WORKER);
	dash_sample_units()[SAMPLE_API].name = "a\033[2Jp\u202ei \u8a9e\u8a9e\u8a9e";
	view_scene_all_sizes(&scene, draw, &view);
	scene.theme = theme_make(true, true);
	view_scene_all_sizes(&scene, draw, &view);
	dash_sample_calm()->unit_count = 0;
	view_scene_all_sizes(&scene, draw, &view);
}

/* A cell of the bars is told apart by its letter; its role only adds to that. */
static void signs_have_roles(void **state)
{
	(void)state;
	begin(dash_sample_calm(), 19, 80, SAMPLE_UI);
	show();
	assert_int_equal(frame_at(&scene.frame, 4, 12)->role, ROLE_BUSY);
	assert_int_equal(frame_at(&scene.frame, 4, 30)->role, ROLE_GOOD);
	assert_int_equal(frame_at(&scene.frame, 6, 3)->role, ROLE_SELECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(shows_bars_chain_and_story, end_scene),
		cmocka_unit_test_teardown(says_the_same_when_attached, end_scene),
		cmocka_unit_test_teardown(while_starting_the_bars_go_to_now, end_scene),
		cmocka_unit_test_teardown(a_failure_is_a_sign_and_a_word, end_scene),
		cmocka_unit_test_teardown(what_was_there_and_has_failed_is_not_ready, end_scene),
		cmocka_unit_test(a_job_run_again_was_done),
		cmocka_unit_test_teardown(units_started_by_hand_kept_nobody_waiting, end_scene),
		cmocka_unit_test(scales_fit),
		cmocka_unit_test(ticks_have_short_numbers),
		cmocka_unit_test(chains_end),
		cmocka_unit_test(the_slowest_replica_counts),
		cmocka_unit_test(the_story_tells_of_probes_while_it_knows),
		cmocka_unit_test_teardown(a_slow_start_is_pointed_out, end_scene),
		cmocka_unit_test_teardown(small_screens_keep_name_bar_and_ready, end_scene),
		cmocka_unit_test_teardown(two_hundred_scroll, end_scene),
		cmocka_unit_test_teardown(keys_go_where_they_say, end_scene),
		cmocka_unit_test_teardown(every_size_is_drawn, end_scene),
		cmocka_unit_test_teardown(signs_have_roles, end_scene),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
