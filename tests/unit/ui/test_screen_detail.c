/* SPDX-License-Identifier: MIT */
/* The whole story of one unit. */
#include "tests/lib/dash_sample.h"
#include "tests/lib/view_scene.h"
#include "ui/screen_detail.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct view_scene scene;
static struct detail_view view;
static struct detail_model detail;
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
	model = dash_sample();
	detail = *dash_sample_detail();
	model->detail = &detail;
	view_scene_init(&scene, model, rows, columns);
	scene.context.unit = SAMPLE_API + 1;
	view = (struct detail_view){0};
}

static void draw(struct view_scene *self, void *drawn)
{
	detail_draw(drawn, &self->context, &self->frame, self->area);
}

static void show(void)
{
	frame_clear(&scene.frame);
	draw(&scene, &view);
	view_scene_check_cells(&scene);
}

static enum screen_go press(enum key_action action)
{
	scene.context.words[0] = '\0';
	enum screen_go go = detail_step(&view, &scene.context, action);

	show();
	return go;
}

/* Puts the cursor on the row that holds the text. */
static void go_to(const char *text)
{
	press(ACTION_FIRST);
	for (int i = 0; i < 200; i++) {
		int row = view_scene_find(&scene, text);
		if (row >= 0 && (unsigned)row == scene.frame.cursor_row)
			return;
		press(ACTION_DOWN);
	}
	fail_msg("nowhere: %s", text);
}

static const char *copy(const char *text)
{
	go_to(text);
	scene.copied[0] = '\0';
	assert_int_equal(press(ACTION_COPY), GO_NOWHERE);
	return scene.copied;
}

static void tells_all_there_is(void **state)
{
	(void)state;
	begin(35, 80);
	show();
	view_scene_expect(&scene, " api   ! failed   exit 3, try 3 in 8s                                       (d)\n"
				  "\n"
				  ">Why          exited with code 3, 0.2s after start; restart 3 of 5 in 8s\n"
				  " Next         api failed 3 times in 14s with exit code 3. It stops trying after\n"
				  "              2 more.\n"
				  " Last words\n"
				  "   cannot open the vault: permission denied (/var/lib/vault/key)\n"
				  "   hint: run as the owner of the key file\n"
				  " Command      ./api --port 8080\n"
				  " Folder       /srv/wren/api\n"
				  " Version      1.4.0\n"
				  " Probe        http://localhost:8080/health every 500ms - never answered well\n"
				  "   connection refused x2  14:29:46 to 14:29:51\n"
				  "   connection refused x5  since 14:29:51\n"
				  " Restarts     2\n"
				  " Ends\n"
				  "   14:29:46  code 3 after 0.2s\n"
				  "   14:29:50  code 3 after 0.2s\n"
				  "   14:29:59  code 3 after 0.2s\n"
				  " Restart      on-failure, at most 5 times\n"
				  " Stop         SIGTERM, SIGKILL after 10s\n"
				  " Needs        migrate = done, has to be done: yes\n"
				  "              db + ready, has to be ready: yes\n"
				  " Needed by    worker . waiting\n"
				  " Process      none runs now\n"
				  " Ports        :8080\n"
				  " URL          http://localhost:8080\n"
				  " Log          logs/api.log  96K\n"
				  " Stack file   compose.yaml:41\n"
				  " Environment  6 values, 2 secret\n"
				  "   API_KEY            ******\n"
				  "   DATABASE_URL       postgres://wren:******@localhost:5432/wren\n"
				  "   PORT               8080\n"
				  "   TELEMETRY_ENABLED  false\n"
				  "   ... 2 more, Enter");
	assert_int_equal(scene.frame.cursor_row, 2);
}

static void enter_unfolds(void **state)
{
	(void)state;
	begin(40, 80);
	show();
	view_scene_expect_no_text(&scene, "Europe/Vienna");
	assert_int_equal(press(ACTION_CHOOSE), GO_NOWHERE);
	view_scene_expect_text(&scene, "   TZ                 Europe/Vienna");
	view_scene_expect_text(&scene, "   TELEMETRY_ENABLED  false");
	view_scene_expect_no_text(&scene, "more,");
	assert_int_equal(press(ACTION_CHOOSE), GO_NOWHERE);
	view_scene_expect_no_text(&scene, "Europe/Vienna");
}

static void of_one_that_is_well_its_words_stand_last(void **state)
{
	(void)state;
	begin(40, 80);
	dash_sample_units()[SAMPLE_API].state = UNIT_READY;
	dash_sample_units()[SAMPLE_API].outlook = NULL;
	show();
	assert_true(view_scene_find(&scene, " Stack file") < view_scene_find(&scene, " Last words"));
	assert_true(view_scene_find(&scene, " Last words") < view_scene_find(&scene, " Environment"));
}

static void nothing_is_said_twice(void **state)
{
	(void)state;
	begin(40, 80);
	detail.why = "api failed: exited with code 3. It stays down.";
	dash_sample_units()[SAMPLE_API].outlook = "api failed: exited with code 3. It stays down.";
	show();
	view_scene_expect_text(&scene, "Why          api failed: exited with code 3. It stays down.");
	view_scene_expect_no_text(&scene, "Next");
	detail.why = "exited with code 3";
	show();
	view_scene_expect_text(&scene, "Why          exited with code 3");
	view_scene_expect_text(&scene, "Next         It stays down.");
}

/* Nothing is said about what there is nothing to say about. */
static void what_is_not_known_is_left_out(void **state)
{
	static const char *const nobody[] = {NULL};

	(void)state;
	begin(30, 80);
	detail = (struct detail_model){.unit = SAMPLE_DB + 1, .needed_by = nobody, .last_words = nobody};
	scene.context.unit = SAMPLE_DB + 1;
	show();
	view_scene_expect(&scene, " db   + ready                                                               (d)\n"
				  "\n"
				  ">Process      4701  212M\n"
				  " Up           12m\n"
				  " Ports        :5432");
}

static void before_it_has_come_the_unit_itself_is_told(void **state)
{
	(void)state;
	begin(20, 80);
	model->detail = NULL;
	show();
	view_scene_expect_text(&scene, ">Why          exit 3, try 3 in 8s");
	view_scene_expect_text(&scene, " Last end     exit 3");
	view_scene_expect_text(&scene, " Needs        migrate = done, has to be done: yes");
	view_scene_expect_text(&scene, " The rest     asking...");
	/* Another unit's is not taken for this one's. */
	model->detail = &detail;
	detail.unit = SAMPLE_DB + 1;
	show();
	view_scene_expect_text(&scene, "asking...");
	view_scene_expect_no_text(&scene, "./api");
}

static void a_probe_without_an_answer_is_said_so(void **state)
{
	static const struct probe_answer answers[] = {
		{DASH_SAMPLE_WALL_MS - 60000, false, NULL, 1},        {DASH_SAMPLE_WALL_MS - 50000, true, NULL, 3},
		{DASH_SAMPLE_WALL_MS - 40000, false, "500", 1},       {DASH_SAMPLE_WALL_MS - 30000, true, "200", 7},
		{DASH_SAMPLE_WALL_MS - 20000, false, "timed out", 2},
	};

	(void)state;
	begin(60, 80);
	detail.answer_count = 0;
	show();
	view_scene_expect_text(&scene, "every 500ms - never answered");
	view_scene_expect_no_text(&scene, "answered well");
	detail.answers = answers;
	detail.answer_count = 5;
	show();
	view_scene_expect_no_text(&scene, "never");
	/* The newest are shown; the rest by Enter. */
	view_scene_expect_no_text(&scene, "no answer");
	view_scene_expect_text(&scene, "   200 x7  14:29:30 to 14:29:40");
	view_scene_expect_text(&scene, "   timed out x2  since 14:29:40");
	view_scene_expect_text(&scene, "   ... 2 more, Enter");
	press(ACTION_CHOOSE);
	view_scene_expect_text(&scene, "   no answer  14:29:00");
	view_scene_expect_text(&scene, "   well x3  14:29:10 to 14:29:20");
}

static void processes_are_listed(void **state)
{
	static const struct process_model processes[] = {
		{4711, "api", 1048576}, {4712, "sh", -1}, {4713, "node", 2097152}, {4714, "cc", 0}, {4715, "x", 0}};

	(void)state;
	begin(60, 80);
	detail.processes = processes;
	detail.process_count = 2;
	detail.processes_left_out = 7;
	show();
	view_scene_expect_text(&scene, " Processes    4711 api  1.0M");
	view_scene_expect_text(&scene, "              4712 sh");
	view_scene_expect_text(&scene, "   and 7 more");
	detail.process_count = 5;
	show();
	view_scene_expect_text(&scene, "   ... 9 more, Enter");
	press(ACTION_CHOOSE);
	view_scene_expect_text(&scene, "              4715 x  0");
	view_scene_expect_text(&scene, "   and 7 more");
}

static void copies_what_stands_there(void **state)
{
	(void)state;
	begin(12, 40);
	show();
	press(ACTION_CHOOSE);
	/* Each row of a value is that value. */
	assert_string_equal(copy("exited with code"), detail.why);
	press(ACTION_DOWN);
	press(ACTION_COPY);
	assert_string_equal(scene.copied, detail.why);
	assert_string_equal(copy("hint: run"), "hint: run as the owner of the key file");
	assert_string_equal(copy("Command"), "./api --port 8080");
	assert_string_equal(copy("Probe"), "http://localhost:8080/health every 500ms");
	assert_string_equal(copy("URL"), "http://localhost:8080");
	assert_string_equal(copy("Log "), "logs/api.log");
	assert_string_equal(copy("migrate"), "migrate");
	assert_string_equal(copy("Europe"), "Europe/Vienna");
	assert_string_equal(copy("DATABASE_URL"), "postgres://wren:******@localhost:5432/wren");
	assert_string_equal(copy("API_KEY"), "");
	go_to("API_KEY");
	detail_step(&view, &scene.context, ACTION_COPY);
	assert_string_equal(scene.context.words, "API_KEY is secret: it is neither shown nor copied");
	go_to("Last words");
	detail_step(&view, &scene.context, ACTION_COPY);
	assert_string_equal(scene.context.words, "nothing to copy here");
}

static void long_values_wrap_below_themselves(void **state)
{
	static const struct variable_model variables[] = {
		{"A", "a value that goes on for longer than the row of a narrow screen", false, false, false},
		{"A_NAME_THAT_IS_LONGER_THAN_ANY_COLUMN", "short", false, false, false},
		{"EMPTY", "", false, false, false},
		{"NOT_SET", NULL, false, false, false},
	};

	(void)state;
	begin(60, 40);
	detail.variables = variables;
	detail.variable_count = 4;
	show();
	int row = view_scene_find(&scene, "   A        a value that goes on for");
	assert_true(row > 0);
	assert_string_equal(view_scene_row(&scene, (unsigned)row + 1), "            longer than the row of a");
	assert_string_equal(view_scene_row(&scene, (unsigned)row + 2), "            narrow screen");
	assert_string_equal(view_scene_row(&scene, (unsigned)row + 3), "   A_NAME_THAT_IS_LONGER_THAN_ANY_CO...");
	assert_string_equal(view_scene_row(&scene, (unsigned)row + 4), "            short");
	assert_string_equal(view_scene_row(&scene, (unsigned)row + 5), "   EMPTY");
	assert_string_equal(view_scene_row(&scene, (unsigned)row + 6), "   NOT_SET");
}

static void scrolls_and_stays_with_its_unit(void **state)
{
	(void)state;
	begin(12, 40);
	show();
	press(ACTION_LAST);
	view_scene_expect_text(&scene, "... 2 more");
	assert_int_equal(scene.frame.cursor_row, 11);
	press(ACTION_FIRST);
	assert_int_equal(scene.frame.cursor_row, 2);
	press(ACTION_PAGE_DOWN);
	assert_int_equal(view.line, 9);
	/* Less to say: the cursor stays within. */
	press(ACTION_LAST);
	model->detail = NULL;
	show();
	view_scene_expect_text(&scene, "asking...");
	assert_int_equal(press(ACTION_NEXT_SERVICE), GO_NOWHERE);
	assert_int_equal(scene.context.unit, SAMPLE_DB + 1);
	assert_int_equal(view.line, 0);
	view_scene_expect_text(&scene, " db + ready");
	assert_int_equal(press(ACTION_PREVIOUS_SERVICE), GO_NOWHERE);
	assert_int_equal(scene.context.unit, SAMPLE_API + 1);
}

static void keys_go_where_they_say(void **state)
{
	struct screen_footer footer;

	(void)state;
	begin(12, 40);
	/* Before it was ever drawn. */
	assert_int_equal(detail_step(&view, &scene.context, ACTION_DOWN), GO_NOWHERE);
	show();
	assert_int_equal(press(ACTION_BACK), GO_BACK);
	assert_int_equal(press(ACTION_CANCEL), GO_BACK);
	assert_int_equal(press(ACTION_SHOW_GRAPH), GO_GRAPH);
	assert_int_equal(press(ACTION_RESTART), GO_UNTAKEN);
	assert_int_equal(press(ACTION_SCALE), GO_UNTAKEN);
	/* It has failed: it can be started, and there is nothing to send a signal to. */
	detail_footer(&view, &scene.context, &footer);
	assert_int_equal(footer.actions[1], ACTION_START);
	assert_int_equal(footer.count, 7);
	scene.context.unit = SAMPLE_DB + 1;
	detail_footer(&view, &scene.context, &footer);
	assert_int_equal(footer.actions[1], ACTION_STOP);
	assert_int_equal(footer.count, 8);
	scene.context.unit = 77;
	show();
	view_scene_expect_text(&scene, "This service is no longer part of the");
	assert_int_equal(press(ACTION_COPY), GO_NOWHERE);
	assert_int_equal(press(ACTION_DOWN), GO_UNTAKEN);
}

static void every_size_is_drawn(void **state)
{
	static const struct variable_model variables[] = {
		{"a\033[2Jp\u202ei", "\u8a9e\u8a9e\u8a9e\n\n- \xff\x01 x", false, false, false}};

	(void)state;
	begin(24, 80);
	view.unfolded = true;
	view_scene_all_sizes(&scene, draw, &view);
	detail.variables = variables;
	detail.variable_count = 1;
	dash_sample_units()[SAMPLE_API].name = "a\033[2Jp\u202ei \u8a9e\u8a9e\u8a9e";
	detail.why = detail.command = "\u8a9e\u8a9e\u8a9e\u8a9e\u8a9e \t\033]0;x\007";
	scene.theme = theme_make(true, true);
	view_scene_all_sizes(&scene, draw, &view);
	view.line = 5;
	scene.context.unit = 77;
	view_scene_all_sizes(&scene, draw, &view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(tells_all_there_is, end_scene),
		cmocka_unit_test_teardown(enter_unfolds, end_scene),
		cmocka_unit_test_teardown(of_one_that_is_well_its_words_stand_last, end_scene),
		cmocka_unit_test_teardown(nothing_is_said_twice, end_scene),
		cmocka_unit_test_teardown(what_is_not_known_is_left_out, end_scene),
		cmocka_unit_test_teardown(before_it_has_come_the_unit_itself_is_told, end_scene),
		cmocka_unit_test_teardown(a_probe_without_an_answer_is_said_so, end_scene),
		cmocka_unit_test_teardown(processes_are_listed, end_scene),
		cmocka_unit_test_teardown(copies_what_stands_there, end_scene),
		cmocka_unit_test_teardown(long_values_wrap_below_themselves, end_scene),
		cmocka_unit_test_teardown(scrolls_and_stays_with_its_unit, end_scene),
		cmocka_unit_test_teardown(keys_go_where_they_say, end_scene),
		cmocka_unit_test_teardown(every_size_is_drawn, end_scene),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
