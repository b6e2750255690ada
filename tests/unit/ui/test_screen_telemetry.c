/* SPDX-License-Identifier: MIT */
/* What holds for usage statistics and why, what was sent, byte for byte, and the key that ends it. */
#include "tests/lib/dash_sample.h"
#include "tests/lib/view_scene.h"
#include "ui/event_bytes.h"
#include "ui/screen_telemetry.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct view_scene scene;
static struct telemetry_view view;
static struct stack_model *model;
static struct telemetry_model reported;

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

static void begin(bool on, unsigned rows, unsigned columns)
{
	model = dash_sample_calm();
	reported = *dash_sample_telemetry(on);
	model->reported = &reported;
	model->telemetry_on = on;
	model->telemetry = on ? "on, you said yes" : "off, you said no";
	view_scene_init(&scene, model, rows, columns);
	view = (struct telemetry_view){0};
}

static void draw(struct view_scene *self, void *drawn)
{
	telemetry_draw(drawn, &self->context, &self->frame, self->area);
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
	enum screen_go go = telemetry_step(&view, &scene.context, action);

	show();
	return go;
}

static void off_says_so_and_why(void **state)
{
	(void)state;
	begin(false, 14, 80);
	show();
	view_scene_expect(&scene, " Telemetry   off                                                            (4)\n"
				  " Off: you said no. Nothing is sent.\n"
				  "\n"
				  " * the dialog    decides: no\n"
				  "   DO_NOT_TRACK  nothing\n"
				  "   settings      nothing\n"
				  "\n"
				  " No events in this run.\n"
				  "\n"
				  " Each event is written down before it leaves:\n"
				  " ~/.local/state/upfront/wren/ledger.jsonl");
	assert_int_equal(press(ACTION_CHOOSE), GO_NOWHERE);
	assert_string_equal(scene.context.words, "there is no event to show");
	assert_int_equal(press(ACTION_COPY), GO_NOWHERE);
	assert_string_equal(scene.context.words, "nothing to copy here");
}

static void on_says_to_whom_and_what(void **state)
{
	(void)state;
	begin(true, 15, 80);
	show();
	view_scene_expect(&scene, " Telemetry   on                                                             (4)\n"
				  " On: you said yes, for this run. Usage statistics go to\n"
				  " https://us.i.posthog.com; W ends that at once.\n"
				  "\n"
				  " * the dialog    decides: yes, this run\n"
				  "   DO_NOT_TRACK  nothing\n"
				  "   settings      nothing\n"
				  "\n"
				  " 3 events of this run, newest first; 1 waits to be sent.\n"
				  "> 14:29:59 . waits                  cli_command\n"
				  "  14:28:59 ! refused, 400           cli_command\n"
				  "  14:18:20 + sent, 200              server_start\n"
				  "\n"
				  " Each event is written down before it leaves:\n"
				  " ~/.local/state/upfront/wren/ledger.jsonl");
	assert_int_equal(scene.frame.cursor_row, 9);
	reported.dropped = 2;
	reported.waiting = 5;
	show();
	view_scene_expect_text(&scene, "newest first; 5 wait to be sent; 2 lost.");
	view_scene_resize(&scene, 12, 40);
	show();
	view_scene_expect_text(&scene, " * the dialog    decides: yes, this run");
	view_scene_expect_text(&scene, " 3 events; 5 wait to be sent; 2 lost.");
	view_scene_expect_text(&scene, "  14:18:20 + sent, 200    server_start");
}

static void enter_shows_the_exact_bytes(void **state)
{
	char seen[512] = "";

	(void)state;
	begin(true, 12, 40);
	press(ACTION_LAST);
	assert_int_equal(press(ACTION_CHOOSE), GO_NOWHERE);
	view_scene_expect_text(&scene, " Exactly as it is sent, 164 bytes");
	for (unsigned row = 2; row < 12; row++)
		strncat(seen, view_scene_row(&scene, row), sizeof(seen) - strlen(seen) - 1);
	assert_string_equal(seen, reported.events[2].bytes);
	assert_int_equal(press(ACTION_COPY), GO_NOWHERE);
	assert_string_equal(scene.copied, reported.events[2].bytes);
	assert_int_equal(press(ACTION_CANCEL), GO_NOWHERE);
	view_scene_expect_text(&scene, ">");
	assert_int_equal(press(ACTION_CANCEL), GO_BACK);
}

static void enter_again_indents_for_reading(void **state)
{
	(void)state;
	begin(true, 12, 80);
	press(ACTION_LAST);
	press(ACTION_CHOOSE);
	press(ACTION_CHOOSE);
	view_scene_expect(&scene, " server_start   14:18:20, sent, 200                                         (4)\n"
				  " Indented for reading; Enter: exactly as it is sent\n"
				  "{\n"
				  "  \"uuid\":\"019aa5c0-0000-7000-8000-000000000001\",\n"
				  "  \"event\":\"server_start\",\n"
				  "  \"distinct_id\":\"d\",\n"
				  "  \"properties\":{\n"
				  "    \"$geoip_disable\":true,\n"
				  "    \"$ip\":\"0.0.0.0\",\n"
				  "    \"app_version\":\"0.29.2\"\n"
				  "  }\n"
				  "}");
	/* What is copied is exact in either form. */
	press(ACTION_COPY);
	assert_string_equal(scene.copied, reported.events[2].bytes);
	view_scene_resize(&scene, 6, 80);
	show();
	view_scene_expect_text(&scene, "14:18:20, sent, 200, rows 1-4 of 10");
	press(ACTION_LAST);
	view_scene_expect_text(&scene, "rows 7-10 of 10");
	press(ACTION_UP);
	view_scene_expect_text(&scene, "rows 6-9 of 10");
	press(ACTION_CHOOSE);
	view_scene_expect_text(&scene, "Exactly as it is sent");
	assert_int_equal(press(ACTION_BACK), GO_NOWHERE);
}

/* A new event above does not put another one under the cursor, or before the eyes. */
static void the_selection_stays_with_its_event(void **state)
{
	struct sent_event more[4] = {
		{DASH_SAMPLE_WALL_MS, "newer", TELEMETRY_WAITING, "waits", "{\"event\":\"newer\"}"}};

	(void)state;
	begin(true, 20, 80);
	show();
	memcpy(more + 1, reported.events, 3 * sizeof(*more));
	press(ACTION_DOWN);
	press(ACTION_CHOOSE);
	reported.events = more;
	reported.event_count = 4;
	show();
	view_scene_expect_text(&scene, "019aa5c0-0000-7000-8000-000000000002");
	press(ACTION_CANCEL);
	view_scene_expect_text(&scene, "> 14:28:59 ! refused, 400           cli_command");
	press(ACTION_FIRST);
	view_scene_expect_text(&scene, "> 14:30:00 . waits                  newer");
	/* At the top it stays at the top. */
	reported.events = more + 1;
	reported.event_count = 3;
	show();
	view_scene_expect_text(&scene, "> 14:29:59 . waits                  cli_command");
	/* All of them gone. */
	press(ACTION_CHOOSE);
	reported.event_count = 0;
	show();
	view_scene_expect_text(&scene, "No events yet");
	assert_int_equal(press(ACTION_BACK), GO_BACK);
}

static void withdraws_at_once(void **state)
{
	(void)state;
	begin(true, 20, 80);
	show();
	assert_int_equal(press(ACTION_WITHDRAW), GO_NOWHERE);
	assert_int_equal(scene.withdrawn, 1);
	assert_string_equal(scene.context.words, "off from now on, nothing more is sent");
	reported.on = false;
	press(ACTION_WITHDRAW);
	assert_int_equal(scene.withdrawn, 1);
	assert_string_equal(scene.context.words, "it is off already, nothing is sent");
	/* Before the rest has come, too. */
	model->reported = NULL;
	press(ACTION_WITHDRAW);
	assert_int_equal(scene.withdrawn, 2);
	scene.actions.withdraw = NULL;
	press(ACTION_WITHDRAW);
	assert_string_equal(scene.context.words, "it cannot be ended from here");
	/* While an event is open. */
	end_scene(NULL);
	begin(true, 20, 80);
	press(ACTION_CHOOSE);
	press(ACTION_WITHDRAW);
	assert_int_equal(scene.withdrawn, 1);
}

static void nothing_to_ask(void *context)
{
	(void)context;
}

static void says_what_it_does_not_know_yet(void **state)
{
	struct actions actions;
	struct screen_footer footer;

	(void)state;
	begin(false, 12, 80);
	model->reported = NULL;
	show();
	view_scene_expect_text(&scene, " off, you said no. Nothing is sent. The rest: asking...");
	assert_int_equal(press(ACTION_DOWN), GO_NOWHERE);
	assert_int_equal(press(ACTION_CHOOSE), GO_NOWHERE);
	assert_int_equal(press(ACTION_RESTART), GO_UNTAKEN);
	telemetry_footer(&view, &scene.context, &footer);
	/* Who only looks on cannot be asked: the key is not offered. */
	assert_int_equal(footer.count, 0);
	actions = *scene.context.actions;
	actions.show_question = nothing_to_ask;
	scene.context.actions = &actions;
	telemetry_footer(&view, &scene.context, &footer);
	assert_int_equal(footer.count, 1);
	model->telemetry = NULL;
	show();
	view_scene_expect_text(&scene, " This stack has nothing to report. Nothing is sent.");
	press(ACTION_WITHDRAW);
	assert_string_equal(scene.context.words, "this stack has nothing to report");
	end_scene(NULL);
	begin(true, 12, 80);
	telemetry_footer(&view, &scene.context, &footer);
	assert_int_equal(footer.actions[0], ACTION_WITHDRAW);
	assert_int_equal(footer.count, 3);
}

static void collect(const char *bytes, bool exact, unsigned columns, char *out, size_t size)
{
	struct event_bytes walk;
	struct event_row row;

	out[0] = '\0';
	event_bytes_init(&walk, bytes, exact, columns, true);
	while (event_bytes_next(&walk, &row))
		snprintf(out + strlen(out), size - strlen(out), "%*s%.*s/", (int)row.indent, "", (int)row.bytes,
			 row.start);
}

/* Whatever the bytes are, none is left out and none is made up. */
static void rows_hold_all_bytes(void **state)
{
	static const struct {
		const char *bytes;
		bool exact;
		unsigned columns;
		const char *rows;
	} rows[] = {
		{"{\"a\":[1,{}],\"b\":\"},{\\\"\"}", false, 40,
		 "{/  \"a\":[/    1,/    {}/  ],/  \"b\":\"},{\\\"\"/}/"},
		{"{\"a\":1}", true, 3, "{\"a/\":1/}/"},
		{"[]", false, 10, "[]/"},
		{"]]}", false, 10, "]/]/}/"},
		{"{", false, 10, "{/"},
		{"\"open", false, 10, "\"open/"},
		{"\"\\", false, 10, "\"\\/"},
		{"plain words", false, 6, "plain /words/"},
		{"", true, 10, ""},
		{"", false, 10, ""},
		{"\u8a9e\u8a9e", true, 1, "\u8a9e/\u8a9e/"},
		{"\u8a9e\u8a9e", true, 0, "\u8a9e/\u8a9e/"},
		{"a\nb", true, 10, "a\n/b/"},
		{"a\u200b", true, 1, "a\u200b/"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[256];
		collect(rows[i].bytes, rows[i].exact, rows[i].columns, out, sizeof(out));
		assert_string_equal(out, rows[i].rows);
	}
}

static void every_size_is_drawn(void **state)
{
	struct sent_event hostile[] = {
		{INT64_MIN, "a\033[2J\u202e", TELEMETRY_SENT, "\007", "{\"\u8a9e\033\":[[[[[[[[[[[[[[[[[[[[[[[[[[1,2]"},
		{0, "b", TELEMETRY_REFUSED, NULL, NULL},
	};

	(void)state;
	begin(true, 24, 80);
	view_scene_all_sizes(&scene, draw, &view);
	view.opened = true;
	view_scene_all_sizes(&scene, draw, &view);
	scene.theme = theme_make(true, true);
	reported.events = hostile;
	reported.event_count = 2;
	for (int form = 0; form < 2; form++) {
		view.indented = form != 0;
		view_scene_all_sizes(&scene, draw, &view);
	}
	press(ACTION_CANCEL);
	press(ACTION_LAST);
	press(ACTION_CHOOSE);
	view_scene_all_sizes(&scene, draw, &view);
	press(ACTION_COPY);
	assert_string_equal(scene.context.words, "nothing to copy here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(off_says_so_and_why, end_scene),
		cmocka_unit_test_teardown(on_says_to_whom_and_what, end_scene),
		cmocka_unit_test_teardown(enter_shows_the_exact_bytes, end_scene),
		cmocka_unit_test_teardown(enter_again_indents_for_reading, end_scene),
		cmocka_unit_test_teardown(the_selection_stays_with_its_event, end_scene),
		cmocka_unit_test_teardown(withdraws_at_once, end_scene),
		cmocka_unit_test_teardown(says_what_it_does_not_know_yet, end_scene),
		cmocka_unit_test(rows_hold_all_bytes),
		cmocka_unit_test_teardown(every_size_is_drawn, end_scene),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
