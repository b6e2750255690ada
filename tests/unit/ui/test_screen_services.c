/* SPDX-License-Identifier: MIT */
/* What keys and the mouse do in the main view, and what it has to say about it. */
#include "tests/unit/ui/services_scene.h"
#include "ui/term.h"

#define MEBI (INT64_C(1024) * 1024)

/* Names in the order in which they stand on the screen. */
static void assert_order(const struct scene *scene, const char *const *names)
{
	int before = -1;

	for (; *names != NULL; names++) {
		char wanted[64];
		snprintf(wanted, sizeof(wanted), "  %s  ", *names);
		int row = scene_find(scene, wanted);
		if (row <= before)
			fail_msg("%s does not stand below the one before\n%s", *names, scene->shot);
		before = row;
	}
}

#define ORDER(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- The selection ---- */

static void the_selection_moves_and_opens(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 22, 80);

	(void)state;
	assert_string_equal(scene_unit(scene), "api");
	scene_press(scene, ACTION_DOWN);
	assert_string_equal(scene_unit(scene), "db");
	scene_press(scene, ACTION_LAST);
	assert_string_equal(scene_unit(scene), "migrate");
	scene_press(scene, ACTION_DOWN);
	assert_string_equal(scene_unit(scene), "migrate");
	scene_press(scene, ACTION_PREVIOUS_SERVICE);
	assert_string_equal(scene_unit(scene), "worker");
	scene_assert_shows(scene, ">. waiting     worker");
	assert_int_equal(scene->frame.cursor_row, 6);
	assert_int_equal(scene_press(scene, ACTION_CHOOSE), GO_LOG);
	assert_int_equal(scene_press(scene, ACTION_SHOW_DETAIL), GO_DETAIL);
	assert_int_equal(scene_press(scene, ACTION_ALL_LOGS), GO_ALL_LOGS);
	assert_int_equal(scene_press(scene, ACTION_SHOW_GRAPH), GO_GRAPH);
	assert_int_equal(scene_press(scene, ACTION_NEXT_PROBLEM), GO_UNTAKEN);
	assert_int_equal(scene_press(scene, ACTION_BACK), GO_UNTAKEN);
	assert_int_equal(scene_press(scene, ACTION_CANCEL), GO_UNTAKEN);
	scene_close(scene);
}

static void the_list_follows_the_unit_that_is_looked_at(void **state)
{
	struct scene *scene = scene_open(dash_sample_many(400), 38, 120);

	(void)state;
	scene->context.unit = 390;
	scene_draw(scene);
	scene_assert_shows(scene, " > + ready       svc-390");
	scene_press(scene, ACTION_UP);
	assert_string_equal(scene_unit(scene), "svc-389");
	scene_press(scene, ACTION_FIRST);
	assert_string_equal(scene_unit(scene), "api");
	scene_press(scene, ACTION_PAGE_DOWN);
	/* One row of the last page stays. */
	unsigned page = scene->view.rows;
	assert_in_range(page, 15, 18);
	assert_int_equal(scene->context.unit, page);
	scene_close(scene);
}

static void a_unit_that_goes_leaves_its_row_to_the_next(void **state)
{
	struct stack_model *model = dash_sample_calm();
	struct unit_model *units = dash_sample_units();
	struct scene *scene = scene_open(model, 22, 80);

	(void)state;
	scene_press(scene, ACTION_DOWN);
	scene_press(scene, ACTION_MARK);
	scene_press(scene, ACTION_UP);
	assert_string_equal(scene_unit(scene), "db");
	assert_int_equal(scene->view.mark_count, 1);
	memmove(&units[SAMPLE_DB], &units[SAMPLE_ENGINE], 4 * sizeof(*units));
	model->unit_count = 5;
	scene_take(scene, model);
	assert_string_equal(scene_unit(scene), "engine");
	assert_int_equal(scene->view.mark_count, 0);
	/* Nobody is left: nothing to act on, and nothing breaks. */
	model->unit_count = 0;
	scene_take(scene, model);
	const char *names[SERVICES_MARKS_MAX + 1];
	assert_int_equal(services_chosen(&scene->view, &scene->context, names), 0);
	assert_null(names[0]);
	assert_int_equal(scene_press(scene, ACTION_CHOOSE), GO_NOWHERE);
	scene_press(scene, ACTION_DOWN);
	scene_close(scene);
}

static void actions_are_for_the_marked_else_for_the_selected(void **state)
{
	const char *names[SERVICES_MARKS_MAX + 1];
	struct scene *scene = scene_open(dash_sample(), 22, 80);

	(void)state;
	assert_int_equal(services_chosen(&scene->view, &scene->context, names), 1);
	assert_string_equal(names[0], "api");
	scene_press(scene, ACTION_LAST);
	scene_press(scene, ACTION_MARK);
	scene_press(scene, ACTION_FIRST);
	scene_press(scene, ACTION_MARK);
	assert_string_equal(scene_unit(scene), "db");
	scene_assert_shows(scene, "failed     *api");
	scene_assert_shows(scene, "2 marked, U unmarks");
	assert_int_equal(services_chosen(&scene->view, &scene->context, names), 2);
	assert_string_equal(names[0], "api");
	assert_string_equal(names[1], "migrate");
	assert_null(names[2]);
	scene_press(scene, ACTION_FIRST);
	scene_press(scene, ACTION_MARK);
	assert_int_equal(services_chosen(&scene->view, &scene->context, names), 1);
	assert_string_equal(names[0], "migrate");
	assert_int_equal(scene_press(scene, ACTION_CANCEL), GO_NOWHERE);
	assert_int_equal(scene->view.mark_count, 0);
	scene_assert_hides(scene, "marked");
	scene_close(scene);
}

/* ---- Sorting ---- */

static void each_column_sorts_and_turns(void **state)
{
	static const struct {
		enum services_column column;
		bool turned;
		const char *heading;
		const char *order[7];
	} cases[] = {
		{COLUMN_NONE, false, " STATE ", {"api", "db", "engine", "ui", "worker", "migrate"}},
		{COLUMN_NONE, true, " STATE ", {"migrate", "worker", "ui", "engine", "db", "api"}},
		{COLUMN_STATE, false, "STATE^", {"api", "ui", "worker", "db", "engine", "migrate"}},
		{COLUMN_STATE, true, "STATEv", {"migrate", "db", "engine", "worker", "ui", "api"}},
		{COLUMN_NAME, false, "SERVICE^", {"api", "db", "engine", "migrate", "ui", "worker"}},
		{COLUMN_WHY, false, "WHY^", {"migrate", "api", "worker", "ui", "db", "engine"}},
		{COLUMN_RESTARTS, false, "vRSTR", {"api", "db", "engine", "ui", "worker", "migrate"}},
		{COLUMN_UPTIME, false, "vUP", {"db", "engine", "ui", "api", "worker", "migrate"}},
		{COLUMN_UPTIME, true, "^UP", {"ui", "engine", "db", "api", "worker", "migrate"}},
		{COLUMN_CPU, false, "vCPU%", {"ui", "engine", "db", "api", "worker", "migrate"}},
		{COLUMN_MEMORY, false, "vMEM", {"engine", "db", "ui", "api", "worker", "migrate"}},
		/* What is not known stays at the end. */
		{COLUMN_MEMORY, true, "^MEM", {"ui", "db", "engine", "api", "worker", "migrate"}},
		{COLUMN_PORTS, false, "PORT^", {"ui", "db", "engine", "api", "worker", "migrate"}},
	};
	struct scene *scene = scene_open(dash_sample(), 22, 120);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene->view.sort = cases[i].column;
		scene->view.turned = cases[i].turned;
		scene_draw(scene);
		scene_assert_shows(scene, cases[i].heading);
		assert_order(scene, cases[i].order);
		assert_string_equal(scene_unit(scene), "api");
		scene_assert_shows(scene, " > ! failed      api");
	}
	scene_close(scene);
}

static void keys_sort_and_say_so(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 22, 80);

	(void)state;
	scene_press(scene, ACTION_SORT_MEMORY);
	assert_string_equal(scene->context.words, "sorted by memory, the most first");
	assert_order(scene, ORDER("engine", "db", "ui"));
	assert_string_equal(scene_unit(scene), "api");
	scene_press(scene, ACTION_SORT_TURN);
	assert_string_equal(scene->context.words, "sorted by memory, the least first");
	scene_press(scene, ACTION_SORT_CPU);
	assert_order(scene, ORDER("ui", "engine", "db"));
	scene_press(scene, ACTION_SORT_CPU);
	assert_string_equal(scene->context.words, "in the order of the file");
	assert_order(scene, ORDER("api", "db", "engine", "ui"));
	scene_press(scene, ACTION_SORT_RIGHT);
	assert_string_equal(scene->context.words, "sorted by state");
	scene_press(scene, ACTION_LEFT);
	scene_press(scene, ACTION_SORT_LEFT);
	assert_string_equal(scene->context.words, "sorted by port");
	scene_close(scene);
}

static void whoever_sorts_sees_the_beginning(void **state)
{
	struct scene *scene = scene_open(dash_sample_many(200), 38, 120);

	(void)state;
	/* api's memory is not known: it is the last of 200, and the question was who has most of it. */
	scene_press(scene, ACTION_SORT_MEMORY);
	assert_int_equal(scene_find(scene, "engine"), 3);
	assert_string_equal(scene_unit(scene), "engine");
	scene_close(scene);
}

static void rows_stay_while_figures_move_a_little(void **state)
{
	struct stack_model *model = dash_sample_calm();
	struct unit_model *units = dash_sample_units();
	struct scene *scene = scene_open(model, 22, 120);

	(void)state;
	scene_press(scene, ACTION_SORT_CPU);
	assert_order(scene, ORDER("engine", "api", "db", "ui", "worker", "migrate"));
	/* db has passed api, but not by anything that anybody would call more. */
	units[SAMPLE_DB].cpu_percent = 3.1;
	scene_take(scene, model);
	assert_order(scene, ORDER("engine", "api", "db"));
	units[SAMPLE_DB].cpu_percent = 5;
	scene_take(scene, model);
	assert_order(scene, ORDER("engine", "db", "api"));
	assert_string_equal(scene_unit(scene), "api");
	scene_press(scene, ACTION_SORT_MEMORY);
	assert_order(scene, ORDER("engine", "db", "ui", "api"));
	units[SAMPLE_API].rss_bytes = 96 * MEBI;
	scene_take(scene, model);
	assert_order(scene, ORDER("engine", "db", "ui", "api"));
	/* A key sorts whatever there is. */
	scene_press(scene, ACTION_SORT_TURN);
	scene_press(scene, ACTION_SORT_TURN);
	assert_order(scene, ORDER("engine", "db", "api", "ui"));
	/* The one that was known no more goes to the end, and a new one to its place. */
	units[SAMPLE_ENGINE].rss_bytes = -1;
	units[SAMPLE_MIGRATE].rss_bytes = 4096 * MEBI;
	scene_take(scene, model);
	assert_order(scene, ORDER("migrate", "db", "api", "ui", "worker", "engine"));
	units[6] = units[SAMPLE_DB];
	units[6].name = units[6].service = "cache";
	units[6].id = 50;
	units[6].rss_bytes = 500 * MEBI;
	model->unit_count = 7;
	scene_take(scene, model);
	assert_order(scene, ORDER("migrate", "cache", "db"));
	scene_close(scene);
}

/* ---- Narrowing ---- */

static void the_list_narrows_as_one_types(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 22, 80);

	(void)state;
	scene_press(scene, ACTION_SEARCH);
	assert_true(scene->view.narrowing);
	scene_assert_shows(scene, "/                 0 hidden by filter, Esc shows");
	scene_type(scene, "wor");
	scene_assert_shows(scene, "/wor              5 hidden by filter, Esc shows");
	scene_assert_hides(scene, "engine");
	assert_string_equal(scene_unit(scene), "worker");
	assert_int_equal(scene->frame.cursor_column, 4);
	/* The field stands where there was a blank row: the log has not moved. */
	assert_int_equal(services_log_area(&scene->view, scene->context.model, scene->area).row, 9);
	scene_type(scene, "\r");
	assert_false(scene->view.narrowing);
	scene_assert_shows(scene, "/wor              5 hidden by filter, Esc shows");
	scene_press(scene, ACTION_CANCEL);
	scene_assert_hides(scene, "hidden");
	scene_assert_shows(scene, "engine");
	assert_string_equal(scene_unit(scene), "worker");
	scene_close(scene);
}

static void names_states_and_reasons_are_looked_at(void **state)
{
	static const struct {
		const char *typed, *order[7], *gone;
	} cases[] = {
		{"EAD", {NULL}, "api"}, /* case counts with capitals */
		{"ready", {"db", "engine", "worker"}, "migrate"}, /* worker is "for api to be ready" */
		{"failed", {"api"}, "db"},
		{"refused", {"ui"}, "db"},
		{"ng", {"engine", "ui", "worker"}, "migrate"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene *scene = scene_open(dash_sample(), 22, 80);
		scene_press(scene, ACTION_SEARCH);
		scene_type(scene, cases[i].typed);
		assert_order(scene, cases[i].order);
		char gone[32];
		snprintf(gone, sizeof(gone), " %s  ", cases[i].gone);
		scene_assert_hides(scene, gone);
		scene_close(scene);
	}
}

static void what_nothing_matches_is_said_and_not_acted_on(void **state)
{
	const char *names[SERVICES_MARKS_MAX + 1];
	struct scene *scene = scene_open(dash_sample(), 22, 80);

	(void)state;
	scene_press(scene, ACTION_DOWN);
	scene_press(scene, ACTION_SEARCH);
	scene_type(scene, "zzz");
	scene_assert_shows(scene, "nothing matches, Esc shows all 6");
	assert_int_equal(services_chosen(&scene->view, &scene->context, names), 0);
	/* Back to where one was. */
	scene_type(scene, "\x1b");
	assert_string_equal(scene_unit(scene), "db");
	assert_false(scene->view.narrowing);
	scene_assert_hides(scene, "hidden");
	scene_close(scene);
}

static void a_unit_one_is_sent_to_is_shown_though_it_does_not_match(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 22, 80);

	(void)state;
	scene_press(scene, ACTION_SEARCH);
	scene_type(scene, "engine\r");
	scene->context.unit = screen_next_problem(scene->context.model, scene->context.unit)->id;
	scene_draw(scene);
	scene_assert_shows(scene, ">! failed      api");
	scene_assert_shows(scene, "4 hidden by filter");
	scene_press(scene, ACTION_DOWN);
	assert_string_equal(scene_unit(scene), "engine");
	scene_assert_shows(scene, "5 hidden by filter");
	scene_close(scene);
}

/* ---- The log below ---- */

static void list_and_log_share_the_rows(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 38, 120);
	const struct stack_model *model = scene->context.model;

	(void)state;
	/* header and rule, headings, six rows and a blank one */
	assert_int_equal(services_log_area(&scene->view, model, scene->area).row, 10);
	assert_int_equal(services_log_area(&scene->view, model, scene->area).rows, 28);
	scene_press(scene, ACTION_GROW);
	assert_int_equal(services_log_area(&scene->view, model, scene->area).rows, 29);
	scene_press(scene, ACTION_SHRINK);
	scene_press(scene, ACTION_SHRINK);
	assert_int_equal(services_log_area(&scene->view, model, scene->area).rows, 27);
	/* At the end a key more is not one to be taken back. */
	for (unsigned i = 0; i < 60; i++)
		scene_press(scene, ACTION_GROW);
	assert_int_equal(services_log_area(&scene->view, model, scene->area).rows, 33);
	scene_press(scene, ACTION_SHRINK);
	assert_int_equal(services_log_area(&scene->view, model, scene->area).rows, 32);
	for (unsigned i = 0; i < 60; i++)
		scene_press(scene, ACTION_SHRINK);
	assert_int_equal(services_log_area(&scene->view, model, scene->area).rows, 3);
	scene_press(scene, ACTION_ZOOM);
	assert_int_equal(services_log_area(&scene->view, model, scene->area).rows, 38);
	assert_int_equal(scene_find(scene, "WrenAI"), -1);
	assert_int_equal(scene_press(scene, ACTION_CANCEL), GO_NOWHERE);
	scene_assert_shows(scene, "WrenAI");
	scene_press(scene, ACTION_OTHER_PANE);
	assert_true(scene->view.log_focus);
	scene_close(scene);
	/* Many units have half of the rows. */
	scene = scene_open(dash_sample_many(200), 38, 120);
	assert_int_equal(services_log_area(&scene->view, scene->context.model, scene->area).rows, 18);
	scene_resize(scene, 7, 80);
	scene_press(scene, ACTION_ZOOM);
	assert_string_equal(scene->context.words, "there is no room for a log below the list: Enter opens it");
	assert_false(scene->view.zoomed);
	scene_close(scene);
}

/* ---- The mouse ---- */

static enum screen_go click(struct scene *scene, enum term_mouse_kind kind, unsigned row, unsigned column)
{
	struct term_mouse mouse = {kind, row, column};
	enum screen_go go = services_mouse(&scene->view, &scene->context, &mouse, scene->area);

	scene_draw(scene);
	return go;
}

static void a_click_selects_and_a_second_one_opens(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 22, 80);

	(void)state;
	/* The first row is selected from the start, but was not clicked. */
	assert_int_equal(click(scene, TERM_MOUSE_PRESS, 2, 20), GO_NOWHERE);
	assert_int_equal(click(scene, TERM_MOUSE_PRESS, 4, 20), GO_NOWHERE);
	assert_string_equal(scene_unit(scene), "engine");
	assert_int_equal(click(scene, TERM_MOUSE_PRESS, 4, 50), GO_LOG);
	assert_int_equal(click(scene, TERM_MOUSE_PRESS, 4, 50), GO_NOWHERE);
	scene_press(scene, ACTION_UP);
	assert_int_equal(click(scene, TERM_MOUSE_PRESS, 3, 50), GO_NOWHERE);
	assert_int_equal(click(scene, TERM_MOUSE_PRESS, 8, 50), GO_NOWHERE); /* below the last */
	assert_int_equal(click(scene, TERM_MOUSE_PRESS, 300, 700), GO_NOWHERE);
	assert_string_equal(scene_unit(scene), "db");
	scene_close(scene);
}

static void a_click_on_a_heading_sorts(void **state)
{
	struct scene *scene = scene_open(dash_sample(), 22, 80);

	(void)state;
	click(scene, TERM_MOUSE_PRESS, 1, 52);
	assert_int_equal(scene->view.sort, COLUMN_MEMORY);
	scene_assert_shows(scene, "vMEM");
	click(scene, TERM_MOUSE_PRESS, 1, 52);
	scene_assert_shows(scene, "^MEM");
	click(scene, TERM_MOUSE_PRESS, 1, 16);
	scene_assert_shows(scene, "SERVICE^");
	scene_close(scene);
}

static void the_wheel_scrolls_and_keeps_the_selection_in_sight(void **state)
{
	struct scene *scene = scene_open(dash_sample_many(200), 38, 120);

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		scene_press(scene, ACTION_DOWN);
	assert_string_equal(scene_unit(scene), "migrate");
	click(scene, TERM_MOUSE_WHEEL_DOWN, 10, 10);
	assert_string_equal(scene_unit(scene), "migrate");
	assert_int_equal(scene_find(scene, " ui "), 3);
	click(scene, TERM_MOUSE_WHEEL_DOWN, 10, 10);
	assert_string_equal(scene_unit(scene), "svc-007");
	for (unsigned i = 0; i < 100; i++)
		click(scene, TERM_MOUSE_WHEEL_DOWN, 10, 10);
	scene_assert_shows(scene, "svc-200");
	for (unsigned i = 0; i < 100; i++)
		click(scene, TERM_MOUSE_WHEEL_UP, 10, 10);
	assert_int_equal(scene_find(scene, " api "), 3);
	scene_close(scene);
	/* A list that fits has nothing to scroll. */
	scene = scene_open(dash_sample(), 38, 120);
	click(scene, TERM_MOUSE_WHEEL_DOWN, 10, 10);
	assert_string_equal(scene_unit(scene), "api");
	scene_close(scene);
}

/* ---- Words ---- */

static void the_footer_is_for_what_is_selected(void **state)
{
	static const struct {
		enum unit_state state;
		enum key_action first[4];
	} cases[] = {
		{UNIT_FAILED, {ACTION_RESTART, ACTION_SHOW_DETAIL, ACTION_STOP, ACTION_CHOOSE}},
		{UNIT_UNHEALTHY, {ACTION_RESTART, ACTION_SHOW_DETAIL, ACTION_STOP, ACTION_CHOOSE}},
		{UNIT_WAITING, {ACTION_SHOW_DETAIL, ACTION_SHOW_GRAPH, ACTION_START, ACTION_STOP}},
		{UNIT_READY, {ACTION_CHOOSE, ACTION_SHOW_DETAIL, ACTION_RESTART, ACTION_STOP}},
		{UNIT_STOPPED, {ACTION_START, ACTION_CHOOSE, ACTION_SHOW_DETAIL, ACTION_NEXT_PROBLEM}},
	};
	struct scene *scene = scene_open(dash_sample(), 22, 80);
	struct screen_footer footer;

	(void)state;
	scene_press(scene, ACTION_DOWN);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dash_sample_units()[SAMPLE_DB].state = cases[i].state;
		services_footer(&scene->view, &scene->context, &footer);
		assert_memory_equal(footer.actions, cases[i].first, sizeof(cases[i].first));
	}
	scene_press(scene, ACTION_MARK);
	services_footer(&scene->view, &scene->context, &footer);
	assert_int_equal(footer.actions[0], ACTION_RESTART);
	assert_int_equal(footer.actions[5], ACTION_UNMARK_ALL);
	scene_press(scene, ACTION_SEARCH);
	services_footer(&scene->view, &scene->context, &footer);
	assert_int_equal(footer.count, 2);
	scene_close(scene);
}

static void the_outlook_says_what_happens_next(void **state)
{
	struct stack_model *model = dash_sample();
	struct scene *scene = scene_open(model, 38, 120);
	char text[256];

	(void)state;
	services_outlook(&scene->view, &scene->context, text, sizeof(text));
	assert_string_equal(text, "api failed 3 times in 14s with exit code 3. It stops trying after 2 more."
				  "   d why   r try now   x stop trying");
	/* Where there is no room for keys the footer has them. */
	scene_resize(scene, 22, 80);
	services_outlook(&scene->view, &scene->context, text, sizeof(text));
	assert_string_equal(text, "api failed 3 times in 14s with exit code 3. It stops trying after 2 more.");
	scene_resize(scene, 38, 120);
	scene_press(scene, ACTION_DOWN);
	dash_sample_units()[SAMPLE_API].outlook = NULL;
	services_outlook(&scene->view, &scene->context, text, sizeof(text));
	assert_string_equal(text, "api is failed: exit 3, try 3 in 8s.   ! goes there");
	services_outlook(&scene->view, &scene->context, text, 8);
	assert_true(strlen(text) < 8);
	scene_take(scene, dash_sample_calm());
	services_outlook(&scene->view, &scene->context, text, sizeof(text));
	assert_string_equal(text, "");
	model->changed_file = "1 service changed";
	services_outlook(&scene->view, &scene->context, text, sizeof(text));
	assert_int_equal(strncmp(text, "compose.yaml has changed: 1 service changed", 43), 0);
	scene_close(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_selection_moves_and_opens),
		cmocka_unit_test(the_list_follows_the_unit_that_is_looked_at),
		cmocka_unit_test(a_unit_that_goes_leaves_its_row_to_the_next),
		cmocka_unit_test(actions_are_for_the_marked_else_for_the_selected),
		cmocka_unit_test(each_column_sorts_and_turns),
		cmocka_unit_test(keys_sort_and_say_so),
		cmocka_unit_test(whoever_sorts_sees_the_beginning),
		cmocka_unit_test(rows_stay_while_figures_move_a_little),
		cmocka_unit_test(the_list_narrows_as_one_types),
		cmocka_unit_test(names_states_and_reasons_are_looked_at),
		cmocka_unit_test(what_nothing_matches_is_said_and_not_acted_on),
		cmocka_unit_test(a_unit_one_is_sent_to_is_shown_though_it_does_not_match),
		cmocka_unit_test(list_and_log_share_the_rows),
		cmocka_unit_test(a_click_selects_and_a_second_one_opens),
		cmocka_unit_test(a_click_on_a_heading_sorts),
		cmocka_unit_test(the_wheel_scrolls_and_keeps_the_selection_in_sight),
		cmocka_unit_test(the_footer_is_for_what_is_selected),
		cmocka_unit_test(the_outlook_says_what_happens_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
