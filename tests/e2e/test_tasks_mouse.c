/* SPDX-License-Identifier: MIT */
/* The tasks of test_tasks.c that are of use to a hand on the mouse, by the mouse alone: a click, a turn of the wheel and a drag count one each. */
#include "tests/lib/task_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define ENTER "\r"

static void see_at_a_glance(struct task_scene *scene)
{
	task_begin(scene, "1, 2, 6: what is wrong, and who waits?", "db");
	task_sees(scene, "1 FAILED");
	task_sees_row(scene, " api ", "exit 3");
	task_sees(scene, "for api to be ready");
	task_took(scene, 0);
}

/* The footer then has what can be done to it, in another place than before. */
static void select_api(struct task_scene *scene)
{
	task_click(scene, "✗ failed");
	task_sees(scene, "r restart  d detail");
}

static void its_last_words(struct task_scene *scene)
{
	task_begin(scene, "3: its last words", "db");
	task_click(scene, "✗ failed");
	task_sees(scene, "ERROR cannot open the vault");
	task_took(scene, 1);
}

static void the_whole_story(struct task_scene *scene)
{
	task_begin(scene, "4: the whole story", "db");
	select_api(scene);
	task_click(scene, "d detail");
	task_sees(scene, "Restarts ");
	task_took(scene, 2);
}

static void copy_a_line(struct task_scene *scene)
{
	task_begin(scene, "12: copy an error line", "api");
	task_prepare(scene, ENTER, "reading the configuration");
	task_gone(scene, "WrenAI");
	task_drag(scene, "ERROR", "ERROR");
	task_sees(scene, "copied 1 line (96 bytes)");
	task_assert_copied(scene, task_error_line);
	task_took(scene, 1);
}

static void restart_it(struct task_scene *scene)
{
	task_begin(scene, "5: restart it, see it ready", "db");
	task_mend(scene, true);
	select_api(scene);
	task_click(scene, "r restart");
	task_sees_row(scene, " api ", "ready");
	task_took(scene, 2);
}

static void all_logs_together(struct task_scene *scene)
{
	task_begin(scene, "14: all logs together", "db");
	task_click(scene, "a all logs");
	task_sees(scene, "all services");
	task_sees_row(scene, "api ", "listening on 8080");
	task_took(scene, 1);
}

static void read_a_log(struct task_scene *scene)
{
	task_begin(scene, "7: read engine's log in full", "db");
	task_click(scene, "engine  ");
	task_sees(scene, "log: engine");
	task_click(scene, "engine  ");
	task_gone(scene, "WrenAI");
	task_sees(scene, "engine is up");
	task_sees(scene, "follow");
	task_took(scene, 2);
}

static void copy_a_trace(struct task_scene *scene)
{
	task_begin(scene, "13: copy a stack trace of 12 lines that wraps", "engine");
	task_prepare(scene, ENTER, "engine is up");
	task_gone(scene, "WrenAI");
	task_prepare(scene, "w", "one of them to come");
	task_drag(scene, "Traceback", "at begin");
	task_sees(scene, "copied 12 lines");
	task_assert_copied(scene, task_trace);
	task_took(scene, 1);
	task_prepare(scene, "w", "");
}

static void look_up_in_a_flood(struct task_scene *scene)
{
	unsigned top;

	task_begin(scene, "11: scroll up in a flooding log, and back to its end", "engine");
	task_flood(scene, 300);
	task_prepare(scene, ENTER "F", "answered 299");
	task_gone(scene, "WrenAI");
	task_wheel(scene, "answered 297", true);
	task_sees(scene, "paused");
	task_gone(scene, "answered 299");
	top = task_top_answer(scene);
	task_flood(scene, 214);
	task_sees(scene, "214 new below");
	assert_int_equal(task_top_answer(scene), top);
	task_click(scene, "F follow");
	task_sees(scene, "answered 213");
	task_took(scene, 2);
}

static void why_was_the_start_slow(struct task_scene *scene)
{
	/* On 80 columns the footer has no room for it. */
	if (scene->look->columns < 100)
		return;
	task_begin(scene, "15: why was the start slow?", "db");
	task_click(scene, "3 start-up");
	task_sees(scene, "slowest chain: db > api > worker");
	task_took(scene, 1);
}

static void who_eats_memory(struct task_scene *scene)
{
	task_begin(scene, "16: who eats memory?", "db");
	/* It has been measured. */
	task_sees_row(scene, "engine ", "M");
	task_click(scene, "MEM");
	task_sees(scene, "sorted by memory");
	task_sees_first(scene, "engine");
	task_took(scene, 1);
	task_prepare(scene, "M", "in the order of the file");
}

static void open_the_app(struct task_scene *scene)
{
	task_begin(scene, "17: open the app in the browser", "db");
	task_click(scene, " ui  ");
	task_sees(scene, "log: ui");
	task_sees(scene, "o open  ");
	task_click(scene, "o open");
	task_sees(scene, "http://localhost:3000");
	task_took(scene, 2);
}

static void play(const struct task_look *look)
{
	static void (*const tasks[])(struct task_scene *) = {
		see_at_a_glance,    its_last_words,         the_whole_story, copy_a_line,
		restart_it,         all_logs_together,      read_a_log,      copy_a_trace,
		look_up_in_a_flood, why_was_the_start_slow, who_eats_memory, open_the_app,
	};
	struct task_scene scene;

	task_start(&scene, look);
	task_settle(&scene);
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++)
		tasks[i](&scene);
	task_prepare(&scene, "\003", "[code ");
	free(task_leave(&scene));
	task_finish(&scene);
}

static void large(void **state)
{
	(void)state;
	play(&(const struct task_look){.name = "large, by mouse", .columns = 120, .rows = 40, .log_bytes = 500000});
}

static void usual(void **state)
{
	(void)state;
	play(&(const struct task_look){.name = "80x24, by mouse", .columns = 80, .rows = 24, .log_bytes = 500000});
}

static void in_tmux(void **state)
{
	(void)state;
	play(&(const struct task_look){
		.name = "in tmux, by mouse", .columns = 120, .rows = 40, .tmux = true, .log_bytes = 500000});
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(large), cmocka_unit_test(usual), cmocka_unit_test(in_tmux)};

	return cmocka_run_group_tests_name("tasks_mouse", tests, NULL, NULL);
}
