/* SPDX-License-Identifier: MIT */
/*
 * What people come to the dashboard for, with the fewest keys that somebody who reads the screen would press: a task is done when the text
 * is on the screen, or what it is about was asked for. At all sizes and without colour or UTF-8, too.
 */
#include "tests/lib/dash_sample.h"
#include "tests/lib/dash_scene.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct task {
	const char *name, *sample;
	const char *keys; /* '\r' is Enter */
	const char *seen; /* NULL: nothing in particular */
	const char *asked; /* NULL: nothing */
	bool wide; /* only where there is room for it: 80x24 and more */
};

static const struct task tasks[] = {
	{"is all well?", "trouble", "", "1 FAILED", NULL, false},
	{"which failed, and why?", "trouble", "", "exit 3", NULL, false},
	{"its last words", "trouble", "!", "cannot open the vault", NULL, false},
	{"the whole story", "trouble", "!d", "0.2s", "look api\n", false},
	{"its command and its ends", "trouble", "!d", "./api --port 8080", NULL, true},
	{"restart it", "trouble", "!r", "api", "along restart api\n", false},
	{"what does worker wait for?", "trouble", "", "for api", NULL, false},
	{"a log in full", "trouble", "j\r", "follow", "log db\n", false},
	{"find a word in it", "trouble", "!\r/vault\r", "match 1 of 3", NULL, true},
	{"the next one", "trouble", "!\r/vault\rn", "match 2 of 3", NULL, true},
	{"only lines with a word", "trouble", "!\r&hint\r", "hint: run as the owner", NULL, false},
	{"copy the line", "trouble", "!\ry", NULL, "copy-log api 1\n", false},
	{"copy several", "trouble", "!\rgv2jy", NULL, "copy-log api 1\n", false},
	{"all logs together", "trouble", "a", "engine", "log all\n", false},
	{"why was the start slow?", "trouble", "3", "db > migrate > ui", NULL, false},
	{"who eats memory?", "calm", "M", "engine", NULL, false},
	{"open the app", "calm", "o", NULL, "url http://localhost:8080\n", false},
	{"what was sent about me?", "reported", "4", "server_start", NULL, true},
	{"stop that", "reported", "4W", "off from now on", "withdraw\n", false},
	{"leave it running", "trouble", "qd", NULL, "leave detach\n", false},
	{"stop everything", "trouble", "qq", NULL, "leave stop\n", false},
	{"stop everything at once", "trouble", "\003", NULL, "leave stop\n", false},
	{"what else can be done?", "trouble", "?", "Keys: Services", NULL, false},
	{"something by its name", "trouble", ":wrap", "wrap", NULL, false},
};

static void do_task(const struct task *task, const struct dash_scene_options *options)
{
	struct dash_scene scene;

	dash_scene_start(&scene, options);
	dash_scene_told(&scene);
	dash_scene_type(&scene, task->keys);
	const char *told = dash_scene_told(&scene);
	if (task->seen != NULL && dash_scene_find(&scene, task->seen) < 0)
		fail_msg("%s, at %ux%u: '%s' is not seen", task->name, options->columns, options->rows, task->seen);
	if (task->asked != NULL && strstr(told, task->asked) == NULL)
		fail_msg("%s, at %ux%u: '%s' was not asked for, but:\n%s", task->name, options->columns, options->rows,
			 task->asked, told);
	dash_scene_end(&scene);
}

static void do_tasks(unsigned rows, unsigned columns, bool ascii, bool mono)
{
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++)
		if (!tasks[i].wide || columns >= 80)
			do_task(&tasks[i], &(struct dash_scene_options){.sample = tasks[i].sample,
									.rows = rows,
									.columns = columns,
									.ascii = ascii,
									.mono = mono});
}

static void tasks_are_done_on_a_large_screen(void **state)
{
	(void)state;
	do_tasks(40, 120, false, false);
}

static void tasks_are_done_on_a_usual_screen(void **state)
{
	(void)state;
	do_tasks(24, 80, false, false);
}

static void tasks_are_done_on_a_small_screen(void **state)
{
	(void)state;
	do_tasks(12, 40, false, false);
}

static void tasks_are_done_without_colours_and_signs(void **state)
{
	(void)state;
	do_tasks(24, 80, true, true);
	do_tasks(12, 40, true, true);
}

static void a_problem_among_many_is_one_key_away(void **state)
{
	struct dash_scene scene;

	(void)state;
	dash_scene_start(&scene, &(struct dash_scene_options){.sample = "many"});
	dash_scene_type(&scene, "G");
	assert_true(dash_scene_find(&scene, "exit 3, try 3") < 0);
	dash_scene_type(&scene, "!");
	assert_true(dash_scene_find(&scene, "exit 3, try 3") >= 0);
	assert_true(dash_scene_find(&scene, "cannot open the vault") >= 0);
	/* One that is hidden by what was typed, too. */
	dash_scene_type(&scene, "/svc-1\r!");
	assert_true(dash_scene_find(&scene, "exit 3, try 3") >= 0);
	dash_scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_are_done_on_a_large_screen),
		cmocka_unit_test(tasks_are_done_on_a_usual_screen),
		cmocka_unit_test(tasks_are_done_on_a_small_screen),
		cmocka_unit_test(tasks_are_done_without_colours_and_signs),
		cmocka_unit_test(a_problem_among_many_is_one_key_away),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL || setenv("TZ", "UTC", 1) != 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
