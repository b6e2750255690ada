/* SPDX-License-Identifier: MIT */
/* The page that `up` opens once all is ready: when it does and when not, and that the browser is not upfront's to wait for or to end. */
#include "tests/lib/run.h"
#include "tests/lib/dash_run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define URL "http://localhost:9/app"

static const char stack[] =
	"x-upfront: {open: '" URL "'}\n"
	"services:\n"
	"  web:\n"
	"    command: [sh, -c, 'exec sleep 1001']\n"
	"    x-upfront: {open: 'http://localhost:9/web', ready: {exec: [test, -e, go], interval: 20ms}}\n";
static const char without_page[] = "services: {web: {command: sleep 1001}}\n";

static int setup(void **state)
{
	struct world *world;
	char path[2 * WORLD_PATH_MAX];

	world_setup(state);
	world = *state;
	world_write(world, "compose.yaml", stack);
	world_write(world, "go", "");
	world_write(world, "bin/xdg-open", "#!/bin/sh\necho \"$1\" >>opened\nexec sleep 1003\n");
	snprintf(path, sizeof(path), "%s:%s", world_path(world, "bin"), getenv("PATH"));
	world_setenv(world, "PATH", path);
	world_setenv(world, "DISPLAY", ":0");
	return 0;
}

static void down(const struct world *world)
{
	struct run run;

	run_upfront(&run, world, "down", "-q", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

/* Ends the browser, which nobody else does. */
static void expect_opened(const struct world *world, const char *urls)
{
	const int64_t since_ms = world_now_ms();
	char *text;
	pid_t pid;

	while ((pid = world_find(world, "sleep 1003")) == 0)
		world_pause(since_ms, 5000, "the browser");
	text = world_read(world, "opened");
	assert_non_null(text);
	assert_string_equal(text, urls);
	free(text);
	assert_int_equal(kill(pid, SIGKILL), 0);
	world_wait_gone(world, "sleep 1003", 2000);
	assert_int_equal(remove(world_path(world, "opened")), 0);
}

static void play(struct run *run, const struct world *world, bool terminal, const char *const *argv)
{
	run_command(run, world, &(struct run_options){.argv = argv, .terminal = terminal});
	run_assert_code(run, 0);
}

static void test_a_person_sees_the_page_and_a_script_does_not(void **state)
{
	static const char *const wait[] = {"upfront", "up", "-d", "--wait", NULL};
	static const char *const detach[] = {"upfront", "up", "-d", NULL};
	static const char *const no_open[] = {"upfront", "up", "--wait", "--no-open", NULL};
	static const char *const no_input[] = {"upfront", "up", "--wait", "--no-input", NULL};
	static const char *const json[] = {"upfront", "up", "--wait", "--json", NULL};
	static const char *const named[] = {"upfront", "up", "--wait", "web", NULL};
	static const struct {
		const char *const *argv;
		bool terminal;
		const char *opened; /* NULL: nothing */
	} cases[] = {
		{wait, true, URL "\n"},
		{wait, false, NULL},
		{detach, true, NULL},
		{no_open, true, NULL},
		{no_input, true, NULL},
		{json, true, NULL},
		{named, true, "http://localhost:9/web\n"},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run;

		play(&run, world, cases[i].terminal, cases[i].argv);
		run_finish(&run);
		if (cases[i].opened != NULL)
			expect_opened(world, cases[i].opened);
		down(world);
		assert_false(world_has(world, "opened"));
	}
	world_setenv(world, "CI", "1");
	struct run run;
	play(&run, world, true, wait);
	run_finish(&run);
	down(world);
	assert_false(world_has(world, "opened"));
}

static void test_asked_for_it_opens_anywhere(void **state)
{
	static const char *const open[] = {"upfront", "up", "--wait", "--open", NULL};
	static const char *const too_soon[] = {"upfront", "up", "-d", "--open", NULL};
	struct world *world = *state;
	struct run run;

	play(&run, world, false, open);
	run_finish(&run);
	expect_opened(world, URL "\n");
	/* It runs already, and there is nothing to be done. */
	play(&run, world, false, open);
	run_assert_says(&run, "already running");
	run_finish(&run);
	expect_opened(world, URL "\n");
	down(world);
	assert_int_equal(remove(world_path(world, "go")), 0);
	play(&run, world, false, too_soon);
	run_assert_says(&run, "--open opened no page, as not everything is ready yet");
	run_finish(&run);
	assert_false(world_has(world, "opened"));
	down(world);
	world_write(world, "compose.yaml", without_page);
	play(&run, world, false, open);
	run_assert_says(&run, "there is no page to open");
	run_finish(&run);
	down(world);
	run_upfront(&run, world, "up", "--open", "--no-open", NULL);
	run_assert_code(&run, 2);
	run_finish(&run);
}

static void test_without_a_display_the_url_is_told_once(void **state)
{
	static const char *const open[] = {"upfront", "up", "--wait", "--open", NULL};
	static const char *const wait[] = {"upfront", "up", "--wait", "--no-dashboard", NULL};
	struct world *world = *state;
	const char *first;
	struct run run;

	world_setenv(world, "DISPLAY", NULL);
	play(&run, world, false, open);
	run_assert_says(&run, "open this page in a browser: " URL);
	run_finish(&run);
	down(world);
	/* Not asked for, it is told as ever. */
	play(&run, world, true, wait);
	first = strstr(run.out.bytes, URL);
	assert_non_null(first);
	assert_null(strstr(first + 1, URL));
	run_finish(&run);
	down(world);
	assert_false(world_has(world, "opened"));
	/* In the subsystem of Windows no display is needed. */
	world_setenv(world, "WSL_DISTRO_NAME", "Debian");
	world_write(world, "bin/wslview", "#!/bin/sh\necho \"wslview $1\" >>opened\nexec sleep 1003\n");
	play(&run, world, true, wait);
	run_finish(&run);
	expect_opened(world, "wslview " URL "\n");
	down(world);
}

static void test_settings_switch_it_off(void **state)
{
	static const char *const wait[] = {"upfront", "up", "--wait", NULL};
	struct world *world = *state;
	struct run run;

	world_setenv(world, "XDG_CONFIG_HOME", world_path(world, "settings"));
	world_write(world, "settings/upfront/config.yaml", "open_browser: false\n");
	play(&run, world, true, wait);
	run_finish(&run);
	down(world);
	assert_false(world_has(world, "opened"));
}

/* What is left of a stack whose guard is killed is ended by the terminal process: the browser is none of that. */
static void test_the_browser_outlives_everything(void **state)
{
	static const char *const lines[] = {"upfront", "up", "--no-dashboard", NULL};
	struct world *world = *state;
	struct run run;

	run_begin(&run, world, &(struct run_options){.argv = lines, .terminal = true});
	run_expect(&run, "is up");
	for (int64_t since_ms = world_now_ms(); world_find(world, "sleep 1003") == 0;)
		world_pause(since_ms, 5000, "the browser");
	assert_int_equal(kill(dash_run_guard(world, "sleep 1001"), SIGKILL), 0);
	run_wait(&run);
	run_finish(&run);
	world_wait_gone(world, "sleep 1001", 2000);
	expect_opened(world, URL "\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_person_sees_the_page_and_a_script_does_not),
		TEST(test_asked_for_it_opens_anywhere),
		TEST(test_without_a_display_the_url_is_told_once),
		TEST(test_settings_switch_it_off),
		TEST(test_the_browser_outlives_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
