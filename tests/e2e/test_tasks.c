/* SPDX-License-Identifier: MIT */
/*
 * Twenty things that people want of the screen, each with the fewest keys that a reader of the screen would press: on a large and a small
 * terminal, without colour, in ASCII, in tmux, with 200 services. A task fails when what it is about does not come to stand on the screen, or
 * takes more keys.
 */
#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/task_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ENTER "\r"
#define PAGE_UP "\033[5~"
#define END "\033[F"
#define CTRL_C "\003"

static bool is_small(const struct task_scene *scene)
{
	return scene->look->columns < 60;
}

/* 1 */
static void is_all_well(struct task_scene *scene)
{
	task_begin(scene, "1: is all well?", "db");
	task_sees(scene, "1 FAILED");
	task_took(scene, 0);
}

/* 2 */
static void which_failed_and_why(struct task_scene *scene)
{
	char row[64];

	task_begin(scene, "2: which service failed, and why?", "db");
	if (scene->look->many)
		task_press(scene, "!");
	snprintf(row, sizeof(row), "%s failed", scene->look->ascii || scene->look->latin ? "!" : "✗");
	task_sees(scene, row);
	task_sees(scene, "exit 3");
	task_took(scene, scene->look->many ? 1 : 0);
}

/* 3 */
static void its_last_words(struct task_scene *scene)
{
	task_begin(scene, "3: its last words", "db");
	task_press(scene, "!");
	task_sees(scene, "ERROR cannot open the vault");
	task_took(scene, 1);
}

/* 4 */
static void the_whole_story(struct task_scene *scene)
{
	static const char *const parts[] = {"sh api.sh", "Probe", "code 3 after", "Needs", "Environment"};

	task_begin(scene, "4: the whole story", "db");
	task_press(scene, "!");
	task_press(scene, "d");
	task_sees(scene, "Last words");
	task_took(scene, 2);
	/* What does not fit is read by going down. */
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		task_read_down(scene, parts[i]);
}

/* 6 */
static void what_is_waited_for(struct task_scene *scene)
{
	task_begin(scene, "6: what is worker waiting for?", "db");
	task_sees(scene, "for api to be ready");
	task_took(scene, 0);
}

/* 5 */
static void restart_it(struct task_scene *scene)
{
	task_begin(scene, "5: restart it, see it ready", "db");
	task_mend(scene, true);
	task_press(scene, "!");
	task_press(scene, "r");
	task_sees_row(scene, "api", "ready");
	task_took(scene, 2);
	task_sees_row(scene, "worker", "running");
}

/* 7 */
static void read_a_log(struct task_scene *scene)
{
	task_begin(scene, "7: read engine's log in full", "db");
	task_press(scene, "j");
	task_press(scene, ENTER);
	task_gone(scene, "WrenAI");
	task_sees(scene, "engine is up");
	task_sees(scene, "lines");
	task_sees(scene, "follow");
	task_took(scene, 2);
}

/* 8 */
static void find_a_needle(struct task_scene *scene)
{
	task_begin(scene, "8: find a word in a large log", "db");
	task_press(scene, ENTER);
	task_press(scene, "/");
	task_word(scene, "needle");
	task_press(scene, ENTER);
	task_sees(scene, "a needle");
	task_sees(scene, "match 1 of 1");
	task_took(scene, 3);
	task_escape(scene, "/needle");
}

/* 9 */
static void next_and_previous_hit(struct task_scene *scene)
{
	task_begin(scene, "9: next and previous hit", "db");
	task_prepare(scene, ENTER, "follow");
	task_prepare(scene, "g/slow" ENTER, "match 1 of 1,906");
	task_press(scene, "n");
	task_sees(scene, "match 2 of 1,906");
	task_took(scene, 1);
	task_press(scene, "N");
	task_sees(scene, "match 1 of 1,906");
	task_took(scene, 2);
	task_escape(scene, "/slow");
}

/* 10 */
static void only_some_lines(struct task_scene *scene)
{
	task_begin(scene, "10: only lines with 500", "db");
	task_prepare(scene, ENTER, "db");
	task_press(scene, "&");
	task_word(scene, "status=500");
	task_press(scene, ENTER);
	task_sees(scene, "filter: 1,906 of");
	task_took(scene, 2);
	task_escape(scene, "filter: 1,906");
}

/* 11 */
static void look_up_in_a_flood(struct task_scene *scene)
{
	unsigned top;

	task_begin(scene, "11: scroll up in a flooding log, and back to its end", "engine");
	task_flood(scene, 300);
	task_prepare(scene, ENTER, "follow");
	task_sees(scene, "answered 299");
	task_press(scene, PAGE_UP);
	task_sees(scene, "paused");
	task_gone(scene, "answered 299");
	top = task_top_answer(scene);
	task_flood(scene, 214);
	task_sees(scene, "214 new below");
	assert_int_equal(task_top_answer(scene), top);
	task_press(scene, END);
	task_sees(scene, "follow");
	task_sees(scene, "answered 213");
	task_took(scene, 2);
}

/* 12 */
static void copy_a_line(struct task_scene *scene)
{
	task_begin(scene, "12: copy an error line", "api");
	task_prepare(scene, ENTER, "api");
	task_prepare(scene, "[", "ERROR");
	task_press(scene, "y");
	task_sees(scene, "copied 1 line (96 bytes)");
	task_assert_copied(scene, task_error_line);
	task_took(scene, 1);
}

/* 13 */
static void copy_a_trace(struct task_scene *scene)
{
	task_begin(scene, "13: copy a stack trace of 12 lines that wraps", "engine");
	task_prepare(scene, ENTER, "engine");
	task_prepare(scene, "/^Traceback" ENTER, "match 1 of 1");
	task_prepare(scene, "w", "wrap");
	task_press(scene, "v");
	task_press(scene, "1");
	task_press(scene, "1");
	task_press(scene, "j");
	task_press(scene, "y");
	task_sees(scene, "copied 12 lines");
	task_assert_copied(scene, task_trace);
	task_took(scene, 5);
	task_prepare(scene, "w", "");
	task_escape(scene, "/^Trace");
}

/* 14 */
static void all_logs_together(struct task_scene *scene)
{
	task_begin(scene, "14: all logs together", "db");
	task_press(scene, "a");
	task_sees(scene, "all services");
	task_sees_row(scene, "api ", "listening on 8080");
	task_sees_row(scene, "worker ", "= started");
	task_took(scene, 1);
}

/* 15 */
static void why_was_the_start_slow(struct task_scene *scene)
{
	task_begin(scene, "15: why was the start slow?", "db");
	task_press(scene, "3");
	task_sees(scene, is_small(scene) ? "db > api > worker" : "slowest chain: db > api > worker");
	task_took(scene, 1);
}

/* 16 */
static void who_eats_memory(struct task_scene *scene)
{
	task_begin(scene, "16: who eats memory?", "db");
	/* It has been measured. */
	task_sees_row(scene, "engine ", "M");
	task_press(scene, "M");
	task_sees_first(scene, "engine");
	if (is_small(scene))
		task_sees(scene, "sorted by memory");
	else
		task_sees(scene, scene->look->ascii || scene->look->latin ? "vMEM" : "↓MEM");
	task_took(scene, 1);
	task_prepare(scene, "M", "in the order of the file");
}

/* 17 */
static void open_the_app(struct task_scene *scene)
{
	task_begin(scene, "17: open the app in the browser", "ui");
	task_press(scene, "o");
	task_sees(scene, "http://localhost:3000");
	task_took(scene, 1);
}

/* 18 */
static void what_was_sent_about_me(struct task_scene *scene)
{
	task_begin(scene, "18: what was sent about me? stop that", "db");
	task_press(scene, "4");
	task_sees(scene, "server_start");
	task_took(scene, 1);
	task_press(scene, "W");
	task_sees(scene, "off from now on");
	task_took(scene, 2);
}

/* 19 */
static void leave_it_running(struct task_scene *scene)
{
	char *left;

	task_begin(scene, "19: leave it running, come back tomorrow", "db");
	task_press(scene, "q");
	task_sees(scene, "Leave WrenAI?");
	task_press(scene, "d");
	task_took(scene, 2);
	left = task_leave(scene);
	if (strstr(left, "WrenAI goes on: upfront attach") == NULL)
		fail_msg("%s: how to come back is not told:\n%s", scene->look->name, left);
	free(left);
	task_attach(scene);
	task_sees(scene, "ready");
	task_begin(scene, "19: leave again", "db");
	task_press(scene, "q");
	free(task_leave(scene));
	stack_end(&scene->world, 2);
}

/* 20 */
static void stop_everything(struct task_scene *scene)
{
	static const struct {
		const char *keys[2];
		unsigned count;
	} ways[] = {{{"q", "q"}, 2}, {{CTRL_C}, 1}};

	for (size_t i = 0; i < 2; i++) {
		char *left;

		task_start_again(scene);
		task_begin(scene, "20: stop everything", "db");
		for (unsigned k = 0; k < ways[i].count; k++) {
			task_press(scene, ways[i].keys[k]);
			if (k == 0 && ways[i].count == 2)
				task_sees(scene, "Leave WrenAI?");
		}
		task_took(scene, ways[i].count);
		left = task_leave(scene);
		if (strstr(left, "WrenAI ran for ") == NULL)
			fail_msg("%s: nothing is told of the end:\n%s", scene->look->name, left);
		free(left);
	}
}

/* From wherever one is, `?` names the keys. */
static void help_names_the_keys(struct task_scene *scene)
{
	/* In the order of the help. */
	static const struct {
		const char *view, *wanted[10];
	} places[] = {
		{"1",
		 {"restart it", "open its URL", "next service with a problem", "sort by memory",
		  "the logs of all services", "how the stack came up", "what is sent about usage", "show why: probes",
		  "leave; asks whether"}},
		{"2",
		 {"search for a regular", "next line that was", "show only lines that", "copy what is selected",
		  "mark lines", "go to the end, and"}},
		{"4", {"send nothing from now on"}},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		task_begin(scene, "help", "db");
		task_prepare(scene, places[i].view, "");
		task_press(scene, "?");
		task_sees(scene, "Keys:");
		task_took(scene, 1);
		for (const char *const *wanted = places[i].wanted; *wanted != NULL; wanted++)
			task_read_down(scene, *wanted);
		task_prepare(scene, "q", "");
		task_gone(scene, "Keys:");
	}
}

static void play(const struct task_look *look)
{
	static void (*const tasks[])(struct task_scene *) = {
		is_all_well,
		which_failed_and_why,
		its_last_words,
		the_whole_story,
		what_is_waited_for,
		copy_a_line,
		restart_it,
		all_logs_together,
		read_a_log,
		find_a_needle,
		next_and_previous_hit,
		only_some_lines,
		look_up_in_a_flood,
		copy_a_trace,
		why_was_the_start_slow,
		help_names_the_keys,
		who_eats_memory,
		open_the_app,
		what_was_sent_about_me,
		leave_it_running,
		stop_everything,
	};
	struct task_scene scene;

	task_start(&scene, look);
	task_settle(&scene);
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++)
		tasks[i](&scene);
	task_finish(&scene);
}

#define LOOKS(X)                                                                             \
	X(large, .columns = 120, .rows = 40, .log_bytes = 20000000)                          \
	X(usual, .columns = 80, .rows = 24, .log_bytes = 500000)                             \
	X(small, .columns = 40, .rows = 12, .log_bytes = 500000)                             \
	X(without_colour, .columns = 120, .rows = 40, .no_color = true, .log_bytes = 500000) \
	X(ascii_by_settings, .columns = 80, .rows = 24, .ascii = true, .log_bytes = 500000)  \
	X(ascii_by_locale, .columns = 80, .rows = 24, .latin = true, .log_bytes = 500000)    \
	X(in_tmux, .columns = 120, .rows = 40, .tmux = true, .log_bytes = 500000)            \
	X(with_200_services, .columns = 120, .rows = 40, .many = true, .log_bytes = 500000)  \
	X(small_with_200_services, .columns = 40, .rows = 12, .many = true, .log_bytes = 500000)

#define PLAY(id, ...)                                                      \
	static void id(void **state)                                       \
	{                                                                  \
		(void)state;                                               \
		play(&(const struct task_look){.name = #id, __VA_ARGS__}); \
	}
LOOKS(PLAY)

int main(void)
{
#define TEST(id, ...) cmocka_unit_test(id),
	const struct CMUnitTest tests[] = {LOOKS(TEST)};

	cmocka_set_test_filter(getenv("TASKS"));
	return cmocka_run_group_tests_name("tasks", tests, NULL, NULL);
}
