/* SPDX-License-Identifier: MIT */
#include "launcher/client/view.h"
#include "launcher/screen/screen_farewell.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT(literal) ((char *)(uintptr_t)(literal))

static char dir[] = "/tmp/upfront-farewell-XXXXXX";

static char *say(const struct view *view, bool goes_on)
{
	const struct farewell farewell = {.view = view,
					  .name = "shop",
					  .project_option = " -p shop",
					  .logs = dir,
					  .now_wall_ms = view->begin_ms + 720000,
					  .goes_on = goes_on,
					  .terminal = true};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	farewell_write(&farewell, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void what_failed_leaves_its_last_words(void **state)
{
	struct view_unit units[] = {
		{.name = TEXT("api"),
		 .state = "back-off",
		 .crash_exits = 3,
		 .has_exited = true,
		 .exit_value = 3,
		 .restarts = 2},
		{.name = TEXT("db"),
		 .state = "stopped",
		 .has_exited = true,
		 .exit_signaled = true,
		 .exit_value = SIGTERM},
		{.name = TEXT("web"), .state = "stopped", .has_exited = true, .exit_value = 143, .restarts = 4},
		{.name = TEXT("gone"), .state = "failed", .why = TEXT("no such file: ./gone")},
		{.name = TEXT("ill"), .state = "stopped", .has_exited = true, .exit_value = 3, .restarts = 1},
	};
	const struct view view = {.units = units, .count = 5, .app = TEXT("WrenAI"), .begin_ms = 1000};
	char path[256], *text;
	FILE *log;

	(void)state;
	snprintf(path, sizeof(path), "%s/api.log", dir);
	log = fopen(path, "w");
	assert_non_null(log);
	fputs("one\ntwo\ncannot open the vault\n\033]0;title\007three\nfour\nfive\n", log);
	fclose(log);
	text = say(&view, false);
	assert_string_equal(text, "WrenAI ran for 12m00s: 5 services, 3 of them failed\n"
				  "api failed: exit 3, after 2 restarts\n"
				  "    two\n"
				  "    cannot open the vault\n"
				  "    ^[]0;title^Gthree\n"
				  "    four\n"
				  "    five\n"
				  "gone failed: no such file: ./gone\n"
				  "ill failed: exit 3, after 1 restart\n"
				  "read on: upfront -p shop logs; start again: upfront -p shop\n");
	free(text);
	assert_int_equal(unlink(path), 0);
}

static void replicas_are_one_service(void **state)
{
	struct view_unit units[] = {
		{.name = TEXT("db"), .service = TEXT("db"), .state = "stopped"},
		{.name = TEXT("web"), .service = TEXT("web"), .state = "stopped"},
		{.name = TEXT("web-2"), .service = TEXT("web"), .state = "stopped"},
	};
	const struct view view = {.units = units, .count = 3, .app = TEXT("WrenAI"), .begin_ms = 1000};
	char *text;

	(void)state;
	text = say(&view, false);
	assert_int_equal(strncmp(text, "WrenAI ran for 12m00s: 2 services (3 replicas)\n", 47), 0);
	free(text);
}

static void who_leaves_it_running_hears_how_to_come_back(void **state)
{
	const struct view view = {.begin_ms = 1000};
	char *text = say(&view, true);

	(void)state;
	assert_string_equal(text, "shop goes on: upfront -p shop attach; stop it: upfront -p shop down\n");
	free(text);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_failed_leaves_its_last_words),
		cmocka_unit_test(replicas_are_one_service),
		cmocka_unit_test(who_leaves_it_running_hears_how_to_come_back),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
