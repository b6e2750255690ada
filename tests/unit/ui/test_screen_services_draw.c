/* SPDX-License-Identifier: MIT */
/* The main view as it is seen: at every size, in every state of a stack, and at rest. */
#include "tests/unit/ui/services_scene.h"

#include <locale.h>

/* ---- The drawings ---- */

static void the_wide_screen_tells_everything(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 14, 120);

	(void)state;
	assert_string_equal(scene->shot, " WrenAI 0.29.2   6 services:   1 FAILED   1 starting   1 waiting   2 ready   "
					 "1 done     telemetry: off, you said no (4)\n"
					 "     STATE       SERVICE  WHY                       RSTR    UP  CPU% last 2 "
					 "min         MEM last 2 min        PORT\n"
					 " > ! failed      api      exit 3, try 3 in 8s          2                     "
					 "                                 :8080\n"
					 "   + ready       db                                        12m   1.4 "
					 "::.:-:-:::.:-:-:  212M ================  :5432\n"
					 "   + ready       engine                                    11m   8.9 "
					 "-=+*#+=--=+*#+=-  1.1G ==++****==++****  :7000\n"
					 "   ~ starting    ui       probe 4 of 10: refused           11m    31 "
					 ".......-+#:.....   88M ......:-========  :3000\n"
					 "   . waiting     worker   for api to be ready\n"
					 "   = done        migrate  exit 0 after 3.1s\n"
					 "\n\n\n\n\n\n");
	scene_close(scene);
}

static void the_usual_screen_has_why_or_ports(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 22, 80);

	(void)state;
	assert_string_equal(scene->shot,
			    " WrenAI  1 FAILED  1 starting  1 waiting  2 ready  1 done        telemetry: off\n"
			    "   STATE       SERVICE  RSTR    UP  CPU% 1 min      MEM  WHY / PORT\n"
			    ">! failed      api         2                             exit 3, try 3 in 8s\n"
			    " + ready       db              12m   1.4 ::.:-:-:  212M  :5432\n"
			    " + ready       engine          11m   8.9 -=+*#+=-  1.1G  :7000\n"
			    " ~ starting    ui              11m    31 +#:.....   88M  probe 4 of 10: refused\n"
			    " . waiting     worker                                    for api to be ready\n"
			    " = done        migrate                                   exit 0 after 3.1s\n"
			    "\n\n\n\n\n\n\n\n\n\n\n\n\n\n");
	scene_close(scene);
}

static void the_small_screen_has_signs_words_and_facts(void **state)
{
	/* 40x12 without a footer and the line above it. */
	struct scene *scene = scene_open(dash_sample(), 10, 40);

	(void)state;
	assert_int_equal(services_log_area(&scene->view, scene->context.model, scene->area).row, 7);
	assert_string_equal(scene->shot, " WrenAI 1 FAILED 1 start 1 wait 2 ready\n"
					 ">! failed   api     exit 3, try 3 in 8s\n"
					 " + ready    db       1.4%   212M\n"
					 " + ready    engine   8.9%   1.1G\n"
					 " ~ starting ui      probe 4 of 10: re...\n"
					 " . waiting  worker  for api to be ready\n"
					 " = done     migrate exit 0 after 3.1s\n"
					 "\n\n\n");
	scene_close(scene);
}

static void narrow_screens_drop_columns_in_their_order(void **state)
{
	static const struct {
		unsigned columns;
		const char *shown, *dropped; /* parts of the headings */
	} cases[] = {
		{120, "MEM last 2 min", "WHY / PORT"},
		{100, "MEM 1 min     PORT", "last 2 min"},
		{90, "CPU% 1 min      MEM  WHY / PORT", "MEM 1 min"},
		{77, "CPU% 1 min", "MEM 1 min"},
		{76, "RSTR    UP  CPU%   MEM  WHY", "1 min"},
		{68, "RSTR", "1 min"},
		{67, "SERVICE    UP  CPU%   MEM  WHY", "RSTR"},
		{62, "UP", "RSTR"},
		{60, "SERVICE  CPU%   MEM  WHY", "UP"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene *scene = scene_open(dash_sample(), 20, cases[i].columns);
		scene_assert_shows(scene, cases[i].shown);
		scene_assert_hides(scene, cases[i].dropped);
		scene_close(scene);
	}
}

static void low_screens_drop_the_log_then_the_header(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 8, 80);
	struct frame_area log = services_log_area(&scene->view, scene->context.model, scene->area);

	(void)state;
	assert_int_equal(log.rows, 3);
	assert_int_equal(log.row, 5);
	scene_resize(scene, 7, 80);
	assert_int_equal(services_log_area(&scene->view, scene->context.model, scene->area).rows, 0);
	scene_assert_shows(scene, "1 FAILED");
	scene_resize(scene, 3, 80);
	scene_assert_hides(scene, "1 FAILED");
	assert_int_equal(scene_find(scene, ">! failed"), 0);
	scene_close(scene);
}

static void one_cell_shows_the_worst_sign(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 1, 1);

	(void)state;
	assert_string_equal(scene->shot, "!\n");
	scene_take(scene, dash_sample_calm());
	assert_string_equal(scene->shot, "+\n");
	dash_sample_units()[SAMPLE_WORKER].state = UNIT_UNHEALTHY;
	scene_draw(scene);
	assert_string_equal(scene->shot, "-\n");
	scene_close(scene);
}

/* Nothing is drawn outside the area, whatever its size, and the log's part is left alone. */
static void every_size_keeps_to_its_area(void **state)
{
	struct scene *scene = scene_open(dash_sample_many(30), 1, 1);

	(void)state;
	scene_press(scene, ACTION_SEARCH);
	scene_type(scene, "e");
	for (unsigned rows = 1; rows <= 40; rows += rows < 12 ? 1 : 7) {
		for (unsigned columns = 1; columns <= 130; columns += columns < 45 ? 1 : 5) {
			scene_resize(scene, rows + 2, columns + 2);
			scene->area = (struct frame_area){1, 1, rows, columns};
			scene_draw(scene);
			struct frame_area log = services_log_area(&scene->view, scene->context.model, scene->area);
			for (unsigned row = 0; row < rows + 2; row++) {
				bool inside = row > 0 && row < log.row && row <= rows;
				for (unsigned column = 0; column < columns + 2; column++)
					if (!inside || column == 0 || column > columns)
						assert_int_equal(frame_at(&scene->frame, row, column)->points[0], ' ');
			}
		}
	}
	scene_close(scene);
}

/* ---- The header ---- */

static void a_calm_stack_has_nothing_in_capitals(void **state)
{
	struct scene *scene = scene_open(dash_sample_calm(), 22, 120);

	(void)state;
	assert_int_equal(scene_find(scene, " WrenAI 0.29.2   6 services, all ready in 9.4s "), 0);
	scene_resize(scene, 22, 40);
	assert_int_equal(scene_find(scene, " WrenAI  6 services, all ready in 9.4s"), 0);
	scene_resize(scene, 22, 30);
	assert_int_equal(scene_find(scene, " WrenAI  6 ready in 9.4s"), 0);
	scene_resize(scene, 22, 20);
	assert_int_equal(scene_find(scene, " WrenAI 6 ready"), 0);
	scene_close(scene);
}

static void the_start_counts_seconds_until_it_is_over(void **state)
{
	struct stack_model *model = dash_sample_starting();
	struct scene *scene = scene_open(model, 22, 120);

	(void)state;
	assert_int_equal(scene_find(scene, " WrenAI 0.29.2   3 of 6 ready   6s   waiting for ui (probe 4 of 10) "), 0);
	assert_int_equal(services_due_ms(&scene->view, &scene->context), model->now_ms + 1000);
	model->now_ms += 1300;
	assert_int_equal(services_due_ms(&scene->view, &scene->context), model->now_ms + 700);
	scene_draw(scene);
	scene_assert_shows(scene, "   7s   ");
	scene_resize(scene, 22, 40);
	assert_int_equal(scene_find(scene, " WrenAI 3 of 6 ready 7s"), 0);
	/* A problem is more than a second: the counts take its place, and nothing ticks but up-times. */
	scene_resize(scene, 22, 120);
	dash_sample_units()[SAMPLE_API].state = UNIT_FAILED;
	scene_draw(scene);
	scene_assert_shows(scene, "1 FAILED   1 starting   1 waiting");
	assert_true(services_due_ms(&scene->view, &scene->context) > model->now_ms + 1000);
	scene_close(scene);
}

static void the_header_says_what_the_stack_is_at(void **state)
{
	struct stack_model *model = dash_sample_stopping();
	struct scene *scene = scene_open(model, 22, 120);

	(void)state;
	scene_assert_shows(scene, "Stopping...   5 of 6 stopped");
	model->state = STACK_OVER;
	scene_draw(scene);
	scene_assert_shows(scene, "Stopped   5 of 6 stopped");
	model = dash_sample();
	model->state = STACK_LOST;
	scene_take(scene, model);
	scene_assert_shows(scene, "the supervisor does not answer  last known:  1 FAILED");
	scene_resize(scene, 22, 60);
	scene_assert_shows(scene, "WrenAI  the supervisor does not answer\n");
	model = dash_sample_calm();
	model->attached = true;
	scene_resize(scene, 22, 120);
	scene_take(scene, model);
	scene_assert_shows(scene, " WrenAI 0.29.2, attached   6 services, all ready");
	model->unit_count = 0;
	scene_take(scene, model);
	scene_assert_shows(scene, "no services");
	scene_close(scene);
}

/* Behind the words, else behind fewer words, else none. */
static void what_is_pulled_has_a_bar_where_there_is_room(void **state)
{
	struct scene *scene = scene_open(dash_sample_containers(), 22, 150);

	(void)state;
	scene_assert_shows(scene, "pulling 45% 12.3/27.1 MB #######.........  ");
	scene_assert_shows(scene, "building step 3 of 7 ######..........  ");
	scene_assert_shows(scene, "pulling 4.2 MB   ");
	scene_resize(scene, 22, 80);
	scene_assert_shows(scene, "pulling 45% ####.......\n");
	scene_resize(scene, 22, 40);
	scene_assert_shows(scene, "api     pulling 45% ###.....\n");
	scene_resize(scene, 22, 30);
	scene_assert_shows(scene, "api     pulling 45% ###....\n");
	scene_close(scene);
}

/* The seconds tick from when it went away, and by whole ones. */
static void an_engine_that_is_away_is_told(void **state)
{
	struct stack_model *model = dash_sample_away();
	struct scene *scene = scene_open(model, 22, 120);

	(void)state;
	scene_assert_shows(scene, "Docker does not answer since 3s   6 services:   4 ready");
	assert_int_equal(services_due_ms(&scene->view, &scene->context), model->now_ms + 800);
	model->engine.away_ms = model->now_ms - 400;
	scene_draw(scene);
	scene_assert_shows(scene, "Docker does not answer   6 services");
	model->engine.away_ms = model->now_ms - 192000;
	scene_draw(scene);
	scene_assert_shows(scene, "Docker does not answer since 3m12s");
	model->engine.away = false;
	scene_draw(scene);
	scene_assert_shows(scene, "6 services, all ready in 9.4s");
	scene_close(scene);
}

static void the_header_counts_what_is_wrong_in_capitals_by_rank(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 22, 120);
	struct unit_model *units = dash_sample_units();

	(void)state;
	units[SAMPLE_DB].state = UNIT_RESTARTING;
	units[SAMPLE_UI].state = UNIT_UNHEALTHY;
	units[SAMPLE_WORKER].state = UNIT_STOPPED;
	scene_draw(scene);
	scene_assert_shows(scene, "1 FAILED   1 UNHEALTHY   1 RESTARTING   1 ready   1 done   1 stopped");
	/* What is well goes first when there is little room. */
	scene_resize(scene, 22, 46);
	assert_int_equal(scene_find(scene, " WrenAI 1 FAILED 1 UNHEALTHY 1 RESTARTING\n"), 0);
	scene_close(scene);
}

static void telemetry_is_shortened_first(void **state)
{
	static const struct {
		unsigned columns;
		const char *shown;
	} cases[] = {
		{120, "6 services, all ready in 9.4s                                          telemetry: off, you said "
		      "no (4)\n"},
		{75, " WrenAI 0.29.2   6 services, all ready in 9.4s          telemetry: off (4)\n"},
		{66, " WrenAI 0.29.2   6 services, all ready in 9.4s     telemetry: off\n"},
		{60, " WrenAI  6 services, all ready in 9.4s       telemetry: off\n"},
		{50, " WrenAI  6 services, all ready in 9.4s\n"},
	};
	struct scene *scene = scene_open(dash_sample_calm(), 22, 120);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene_resize(scene, 22, cases[i].columns);
		scene_assert_shows(scene, cases[i].shown);
	}
	scene_close(scene);
}

static void replicas_are_counted_and_stand_together(void **state)
{
	struct stack_model *model = dash_sample_calm();
	struct unit_model *units = dash_sample_units();

	(void)state;
	/* ui-2 came later, behind all others. */
	units[6] = units[SAMPLE_UI];
	units[SAMPLE_UI].name = "ui-1";
	units[6].name = "ui-2";
	units[6].id = 77;
	units[SAMPLE_UI].replicas = units[6].replicas = 2;
	model->unit_count = 7;
	struct scene *scene = scene_open(model, 22, 120);
	assert_int_equal(scene_find(scene, "ui-2"), scene_find(scene, "ui-1") + 1);
	assert_int_equal(scene_find(scene, "worker"), scene_find(scene, "ui-2") + 1);
	scene_assert_shows(scene, "6 services (7 replicas), all ready");
	scene_close(scene);
}

/* ---- Text of others ---- */

static void long_and_wide_names_keep_the_columns(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 22, 80);
	struct unit_model *units = dash_sample_units();

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	scene->theme = theme_make(true, false);
	units[SAMPLE_DB].name = "\xe6\x95\xb0\xe6\x8d\xae\xe5\xba\x93"; /* three wide characters */
	units[SAMPLE_ENGINE].name = "payments-reconciliation-worker-eu-west-1";
	units[SAMPLE_UI].name = "a\x1b[31mb\xff";
	scene_draw(scene);
	scene_assert_shows(scene, "+ ready       payments-r\xe2\x80\xa6"
				  "eu-west-1  ");
	scene_assert_shows(scene, "~ starting    a^[[31mb\xef\xbf\xbd ");
	for (int row = 2; row < 8; row++) {
		const struct frame_cell *before = frame_at(&scene->frame, (unsigned)row, 35);
		assert_int_equal(before->points[0], ' ');
	}
	/* The figures of all rows end in one column. */
	unsigned memory = 0;
	for (unsigned column = 0; column < 80; column++)
		if (frame_at(&scene->frame, 3, column)->points[0] == 'M')
			memory = column;
	assert_int_equal(frame_at(&scene->frame, 4, memory)->points[0], 'G');
	assert_int_equal(frame_at(&scene->frame, 5, memory)->points[0], 'M');
	scene_close(scene);
}

static void signs_and_roles_tell_states_without_each_other(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 22, 80);

	(void)state;
	assert_int_equal(frame_at(&scene->frame, 2, 1)->role, ROLE_BAD);
	assert_int_equal(frame_at(&scene->frame, 2, 57)->role, ROLE_BAD); /* why */
	assert_int_equal(frame_at(&scene->frame, 2, 15)->role, ROLE_SELECTED);
	assert_int_equal(frame_at(&scene->frame, 3, 15)->role, ROLE_PLAIN);
	assert_int_equal(frame_at(&scene->frame, 3, 1)->role, ROLE_GOOD);
	assert_int_equal(frame_at(&scene->frame, 5, 1)->role, ROLE_BUSY);
	assert_int_equal(frame_at(&scene->frame, 5, 57)->role, ROLE_PLAIN);
	scene->theme = theme_make(true, true);
	scene_draw(scene);
	assert_int_equal(frame_at(&scene->frame, 2, 1)->points[0], 0x2717);
	assert_int_equal(frame_at(&scene->frame, 3, 1)->points[0], 0x2713);
	scene_close(scene);
}

/* ---- At rest ---- */

static struct frame copy_of(const struct frame *frame)
{
	struct frame copy;

	assert_int_equal(frame_init(&copy, frame->rows, frame->columns), 0);
	memcpy(copy.cells, frame->cells, sizeof(*frame->cells) * frame->rows * frame->columns);
	copy.cursor_row = frame->cursor_row;
	copy.cursor_column = frame->cursor_column;
	return copy;
}

static unsigned count_changes(const struct frame *before, const struct frame *after)
{
	unsigned changes = 0;

	for (size_t i = 0; i < (size_t)before->rows * before->columns; i++)
		changes += memcmp(&before->cells[i], &after->cells[i], sizeof(before->cells[i])) != 0;
	return changes;
}

static void a_settled_stack_draws_the_same_cells(void **state)
{
	struct stack_model *model = dash_sample_calm();

	(void)state;
	model->now_ms = 700 * 1000; /* within a minute of every up-time */
	for (enum services_column sort = COLUMN_NONE; sort < COLUMN_COUNT; sort++) {
		struct scene *scene = scene_open(model, 38, 120);
		scene->view.sort = sort;
		scene_draw(scene);
		struct frame before = copy_of(&scene->frame);
		for (unsigned i = 0; i < 2; i++) {
			model->now_ms += 5000;
			scene_take(scene, model);
			assert_int_equal(count_changes(&before, &scene->frame), 0);
			assert_int_equal(before.cursor_row, scene->frame.cursor_row);
		}
		model->now_ms -= 10000;
		frame_finish(&before);
		scene_close(scene);
	}
}

static void up_times_tick_when_they_are_due(void **state)
{
	struct stack_model *model = dash_sample_calm();
	struct scene *scene = scene_open(model, 38, 120);
	int64_t due_ms = services_due_ms(&scene->view, &scene->context);
	struct frame before = copy_of(&scene->frame);

	(void)state;
	/* engine started 2 s after the stack: its 12 minutes are the next to be full. */
	assert_int_equal(due_ms, 722000);
	model->now_ms = due_ms - 1;
	scene_draw(scene);
	assert_int_equal(count_changes(&before, &scene->frame), 0);
	model->now_ms = due_ms;
	scene_draw(scene);
	assert_int_equal(count_changes(&before, &scene->frame), 1);
	/* Where no up-times are seen nothing is due at all. */
	scene_resize(scene, 11, 40);
	assert_int_equal(services_due_ms(&scene->view, &scene->context), -1);
	frame_finish(&before);
	scene_close(scene);
}

static void columns_stay_where_they_are_while_values_change(void **state)
{
	struct scene *scene = scene_open(dash_sample_calm(), 38, 160);
	struct unit_model *units = dash_sample_units();
	char headings[256];

	(void)state;
	const char *at = strstr(scene->shot, "     STATE");
	snprintf(headings, sizeof(headings), "%.*s", (int)strcspn(at, "\n"), at);
	units[SAMPLE_DB].state = UNIT_RESTARTING;
	units[SAMPLE_DB].restarts = 9999;
	units[SAMPLE_DB].cpu_percent = 1240;
	units[SAMPLE_DB].started_ms = -1;
	units[SAMPLE_UI].why = "short";
	scene_draw(scene);
	scene_assert_shows(scene, headings);
	/* A long reason widens its column, and the column stays as wide when the reason has gone. */
	units[SAMPLE_UI].why = "waiting for the port 3000, which another process has";
	scene_draw(scene);
	scene_assert_hides(scene, headings);
	at = strstr(scene->shot, "     STATE");
	snprintf(headings, sizeof(headings), "%.*s", (int)strcspn(at, "\n"), at);
	units[SAMPLE_UI].why = NULL;
	scene_draw(scene);
	scene_assert_shows(scene, headings);
	scene_close(scene);
}

static void moving_one_row_changes_few_cells(void **state)
{
	struct scene *scene = scene_open(dash_sample_many(200), 38, 120);
	struct frame before = copy_of(&scene->frame);

	(void)state;
	scene_press(scene, ACTION_DOWN);
	/* Two pointers, two names: what else would cost more than the 100 bytes it may. */
	assert_in_range(count_changes(&before, &scene->frame), 1, 2 + 3 + 2);
	assert_int_equal(scene->frame.cursor_row, before.cursor_row + 1);
	assert_int_equal(scene->frame.cursor_column, 1);
	frame_finish(&before);
	scene_close(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wide_screen_tells_everything),
		cmocka_unit_test(the_usual_screen_has_why_or_ports),
		cmocka_unit_test(the_small_screen_has_signs_words_and_facts),
		cmocka_unit_test(narrow_screens_drop_columns_in_their_order),
		cmocka_unit_test(low_screens_drop_the_log_then_the_header),
		cmocka_unit_test(one_cell_shows_the_worst_sign),
		cmocka_unit_test(every_size_keeps_to_its_area),
		cmocka_unit_test(a_calm_stack_has_nothing_in_capitals),
		cmocka_unit_test(the_start_counts_seconds_until_it_is_over),
		cmocka_unit_test(the_header_says_what_the_stack_is_at),
		cmocka_unit_test(what_is_pulled_has_a_bar_where_there_is_room),
		cmocka_unit_test(an_engine_that_is_away_is_told),
		cmocka_unit_test(the_header_counts_what_is_wrong_in_capitals_by_rank),
		cmocka_unit_test(telemetry_is_shortened_first),
		cmocka_unit_test(replicas_are_counted_and_stand_together),
		cmocka_unit_test(long_and_wide_names_keep_the_columns),
		cmocka_unit_test(signs_and_roles_tell_states_without_each_other),
		cmocka_unit_test(a_settled_stack_draws_the_same_cells),
		cmocka_unit_test(up_times_tick_when_they_are_due),
		cmocka_unit_test(columns_stay_where_they_are_while_values_change),
		cmocka_unit_test(moving_one_row_changes_few_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
