/* SPDX-License-Identifier: MIT */
/* Who needs whom, as indented text. */
#include "tests/lib/dash_sample.h"
#include "tests/lib/view_scene.h"
#include "ui/graph_rows.h"
#include "ui/screen_graph.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct view_scene scene;
static struct graph_view view;

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
	view = (struct graph_view){0};
}

static void draw(struct view_scene *self, void *drawn)
{
	graph_draw(drawn, &self->context, &self->frame, self->area);
}

static void show(void)
{
	frame_clear(&scene.frame);
	draw(&scene, &view);
	view_scene_check_cells(&scene);
}

static enum screen_go press(enum key_action action)
{
	enum screen_go go = graph_step(&view, &scene.context, action);

	show();
	return go;
}

static void what_each_needs_stands_below_it(void **state)
{
	(void)state;
	begin(dash_sample(), 12, 80, SAMPLE_UI);
	show();
	view_scene_expect(&scene, " Dependencies   below each service what it needs                            (D)\n"
				  "  + engine              ready\n"
				  "    + db                ready       has to be started: yes\n"
				  "> ~ ui                  starting\n"
				  "    = migrate           done        has to be done: yes\n"
				  "      + db              ready       has to be ready: yes\n"
				  "  . worker              waiting\n"
				  "    ! api               failed      has to be ready: not yet\n"
				  "      = migrate (above) done        has to be done: yes\n"
				  "      + db              ready       has to be ready: yes\n");
	assert_int_equal(scene.frame.cursor_row, 3);
}

static void turned_round_it_is_who_needs_it(void **state)
{
	static const enum key_action ways[] = {ACTION_SHOW_GRAPH, ACTION_OTHER_PANE, ACTION_SORT_TURN, ACTION_NEXT};

	(void)state;
	begin(dash_sample(), 12, 40, SAMPLE_UI);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		view.turned = false;
		assert_int_equal(press(ways[i]), GO_NOWHERE);
		view_scene_expect(&scene, " Dependencies who needs it\n"
					  "  + db\n"
					  "    ! api           ready: yes\n"
					  "      . worker      ready: not yet\n"
					  "    + engine        started: yes\n"
					  "    = migrate       ready: yes\n"
					  "      ! api (above) done: yes\n"
					  ">     ~ ui          done: yes\n");
	}
	assert_int_equal(press(ACTION_SHOW_GRAPH), GO_NOWHERE);
	view_scene_expect_text(&scene, "what it needs");
}

/* db stands in three rows: each can be stood on, though they are all of the same unit. */
static void the_selection_goes_through_all_rows(void **state)
{
	(void)state;
	begin(dash_sample(), 12, 80, SAMPLE_ENGINE);
	show();
	for (unsigned row = 1; row < 9; row++) {
		assert_int_equal(scene.frame.cursor_row, row);
		assert_int_equal(press(ACTION_DOWN), GO_NOWHERE);
	}
	assert_int_equal(scene.frame.cursor_row, 9);
	assert_int_equal(scene.context.unit, SAMPLE_DB + 1);
	assert_int_equal(press(ACTION_PREVIOUS_SERVICE), GO_NOWHERE);
	assert_int_equal(scene.context.unit, SAMPLE_MIGRATE + 1);
	assert_int_equal(press(ACTION_CHOOSE), GO_LOG);
	assert_int_equal(press(ACTION_SHOW_DETAIL), GO_DETAIL);
	assert_int_equal(press(ACTION_CANCEL), GO_BACK);
	assert_int_equal(press(ACTION_BACK), GO_BACK);
	assert_int_equal(press(ACTION_STOP), GO_UNTAKEN);
	/* Another view has moved on. */
	scene.context.unit = SAMPLE_WORKER + 1;
	show();
	assert_int_equal(scene.frame.cursor_row, 6);
}

static void what_is_not_there_is_said(void **state)
{
	static const struct unit_need needs[] = {{"vault", "ready", false}};
	struct stack_model *model = dash_sample();

	(void)state;
	dash_sample_units()[SAMPLE_ENGINE].needs = needs;
	begin(model, 12, 80, SAMPLE_ENGINE);
	press(ACTION_DOWN);
	view_scene_expect_text(&scene, ">   ? vault             not there   has to be ready: not yet");
	assert_int_equal(press(ACTION_CHOOSE), GO_NOWHERE);
	assert_string_equal(scene.context.words, "vault is not in this stack");
	assert_int_equal(press(ACTION_SHOW_DETAIL), GO_NOWHERE);
	assert_int_equal(scene.frame.cursor_row, 2);
	press(ACTION_DOWN);
	assert_int_equal(scene.context.unit, SAMPLE_UI + 1);
}

static void cycles_are_harmless(void **state)
{
	static const struct unit_need on_worker[] = {{"worker", "ready", false}, {"db", "ready", true}};
	struct stack_model *model = dash_sample();
	struct graph_rows rows;

	(void)state;
	/* db > worker > api > db, and db > db: nobody is outermost. */
	dash_sample_units()[SAMPLE_DB].needs = on_worker;
	dash_sample_units()[SAMPLE_DB].need_count = 2;
	model->unit_count = SAMPLE_WORKER + 1;
	for (int turned = 0; turned < 2; turned++) {
		assert_int_equal(graph_rows_make(&rows, model, turned != 0), 0);
		for (size_t unit = 0; unit < model->unit_count; unit++) {
			size_t unfolded = 0;
			for (size_t i = 0; i < rows.count; i++)
				unfolded += !rows.rows[i].above &&
					    strcmp(rows.rows[i].service, model->units[unit].service) == 0;
			assert_true(unfolded > 0);
		}
		graph_rows_finish(&rows);
	}
}

static void replicas_are_one(void **state)
{
	struct stack_model *model = dash_sample();
	struct unit_model *units = dash_sample_units();

	(void)state;
	units[6] = units[SAMPLE_ENGINE];
	units[6].id = 7;
	units[6].name = "engine-2";
	units[6].state = UNIT_UNHEALTHY;
	units[6].replicas = units[SAMPLE_ENGINE].replicas = 2;
	model->unit_count = 7;
	begin(model, 12, 80, SAMPLE_ENGINE);
	show();
	/* In the state of the worst of them. */
	view_scene_expect_text(&scene, "> - engine x2           unhealthy");
	view_scene_expect_no_text(&scene, "engine-2");
	press(ACTION_DOWN);
	press(ACTION_UP);
	assert_int_equal(scene.context.unit, 7);
}

/* As many needs as can be: rows are bounded, and no name is looked for one by one. */
static void dense_graphs_are_bounded(void **state)
{
	static struct unit_need needs[DASH_SAMPLE_MANY_MAX];
	struct stack_model *model = dash_sample_many(DASH_SAMPLE_MANY_MAX);
	struct unit_model *units = dash_sample_units();
	struct graph_rows rows;

	(void)state;
	for (size_t i = 0; i < DASH_SAMPLE_MANY_MAX; i++) {
		needs[i] = (struct unit_need){units[i].service, "ready", true};
		units[i].needs = needs;
		units[i].need_count = i;
	}
	assert_int_equal(graph_rows_make(&rows, model, false), 0);
	assert_int_equal(rows.count, GRAPH_ROWS_MAX);
	graph_rows_finish(&rows);
	assert_int_equal(graph_rows_make(&rows, model, true), 0);
	graph_rows_finish(&rows);
	graph_rows_finish(&rows);
	/* A chain is as deep as it is long. */
	for (size_t i = 1; i < DASH_SAMPLE_MANY_MAX; i++) {
		units[i].needs = &needs[i - 1];
		units[i].need_count = 1;
	}
	assert_int_equal(graph_rows_make(&rows, model, false), 0);
	assert_int_equal(rows.count, DASH_SAMPLE_MANY_MAX);
	assert_int_equal(rows.rows[rows.count - 1].depth, DASH_SAMPLE_MANY_MAX - 1);
	graph_rows_finish(&rows);
	begin(model, 12, 40, SAMPLE_API);
	press(ACTION_FIRST);
	press(ACTION_LAST);
	view_scene_expect_text(&scene, "api");
	press(ACTION_PAGE_UP);
	end_scene(NULL);
}

static void every_size_is_drawn(void **state)
{
	struct screen_footer footer;

	(void)state;
	begin(dash_sample(), 24, 80, SAMPLE_WORKER);
	dash_sample_units()[SAMPLE_API].service = "a\033[2Jp\u202ei \u8a9e\u8a9e\u8a9e";
	for (int turned = 0; turned < 2; turned++) {
		view.turned = turned != 0;
		view_scene_all_sizes(&scene, draw, &view);
	}
	scene.theme = theme_make(true, true);
	view_scene_all_sizes(&scene, draw, &view);
	dash_sample()->unit_count = 0;
	view_scene_all_sizes(&scene, draw, &view);
	assert_int_equal(press(ACTION_DOWN), GO_NOWHERE);
	graph_footer(&view, &scene.context, &footer);
	assert_in_range(footer.count, 1, SCREEN_FOOTER_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_each_needs_stands_below_it, end_scene),
		cmocka_unit_test_teardown(turned_round_it_is_who_needs_it, end_scene),
		cmocka_unit_test_teardown(the_selection_goes_through_all_rows, end_scene),
		cmocka_unit_test_teardown(what_is_not_there_is_said, end_scene),
		cmocka_unit_test(cycles_are_harmless),
		cmocka_unit_test_teardown(replicas_are_one, end_scene),
		cmocka_unit_test(dense_graphs_are_bounded),
		cmocka_unit_test_teardown(every_size_is_drawn, end_scene),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
