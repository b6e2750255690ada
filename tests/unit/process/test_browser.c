/* SPDX-License-Identifier: MIT */
/* Which program opens a URL, which URLs are none, and that whoever opens one is nobody's child of ours. */
#include "launcher/process/browser.h"

#include "tests/lib/world.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PROGRAM "#!/bin/sh\n{ echo $#; echo \"$1\"; echo \"$2\"; } >made; mv made opened\n"

static void test_only_web_addresses_are_taken(void **state)
{
	static const char *const good[] = {"http://localhost:3000", "https://a.example/x?y=1&z=%20#top",
					   "HTTP://[::1]:1/", NULL};
	static const char *const bad[] = {"",
					  "http://",
					  "https:///x",
					  "-h",
					  "--help",
					  "file:///etc/passwd",
					  "javascript:alert(1)",
					  "http://a b",
					  "http://a\nb",
					  "http://a\"b",
					  "http://a`b`",
					  "http://a\\b",
					  " http://a",
					  NULL};
	char long_one[BROWSER_URL_MAX + 32];

	(void)state;
	for (size_t i = 0; good[i] != NULL; i++)
		assert_true(browser_takes(good[i]));
	for (size_t i = 0; bad[i] != NULL; i++)
		assert_false(browser_takes(bad[i]));
	snprintf(long_one, sizeof(long_one), "http://%0*d", (int)BROWSER_URL_MAX, 1);
	assert_false(browser_takes(long_one));
}

static void test_the_program_is_chosen_by_the_environment(void **state)
{
	static const char *const display = "DISPLAY=:0", *const wsl = "WSL_DISTRO_NAME=Debian";
	static const struct {
		const char *programs; /* that are there, between blanks */
		const char *more[3]; /* of the environment */
		int result;
		const char *wanted;
	} cases[] = {
		{"xdg-open", {display}, 0, "xdg-open"},
		{"sensible-browser", {"WAYLAND_DISPLAY=wayland-0"}, 0, "sensible-browser"},
		{"xdg-open sensible-browser", {display}, 0, "xdg-open"},
		{"", {display}, -ENOENT, ""},
		{"xdg-open", {NULL}, -ENXIO, ""},
		{"xdg-open", {"DISPLAY="}, -ENXIO, ""},
		{"xdg-open wslview rundll32.exe", {wsl}, 0, "wslview"},
		{"xdg-open rundll32.exe", {wsl, display}, 0, "rundll32.exe"},
		{"xdg-open", {wsl, display}, 0, "xdg-open"},
		{"xdg-open mine", {"BROWSER=mine --new %s", wsl, display}, 0, "mine"},
		{"xdg-open mine", {"BROWSER=gone:mine"}, 0, "mine"},
		{"xdg-open lynx", {"BROWSER=lynx"}, -ENXIO, ""},
		{"xdg-open lynx", {"BROWSER=lynx", display}, 0, "xdg-open"},
		{"xdg-open", {"BROWSER=./mine", display}, 0, "xdg-open"},
	};
	const struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char folder[64], name[128], all[64], path_entry[WORLD_PATH_MAX], path[WORLD_PATH_MAX] = "",
										 *rest = NULL;
		const char *environment[5] = {path_entry, cases[i].more[0]};

		if (cases[i].more[0] != NULL) {
			environment[2] = cases[i].more[1];
			environment[3] = cases[i].more[1] != NULL ? cases[i].more[2] : NULL;
		}
		snprintf(folder, sizeof(folder), "bin%zu", i);
		snprintf(all, sizeof(all), "%s", cases[i].programs);
		for (char *one = strtok_r(all, " ", &rest); one != NULL; one = strtok_r(NULL, " ", &rest)) {
			snprintf(name, sizeof(name), "%s/%s", folder, one);
			world_write(world, name, PROGRAM);
		}
		snprintf(path_entry, sizeof(path_entry), "PATH=.::%s", world_path(world, folder));
		assert_int_equal(browser_find(environment, path, sizeof(path)), cases[i].result);
		assert_string_equal(path[0] != '\0' ? strrchr(path, '/') + 1 : "", cases[i].wanted);
	}
}

static char *read_soon(const struct world *world, const char *name)
{
	const int64_t since_ms = world_now_ms();
	char *text;

	while ((text = world_read(world, name)) == NULL)
		world_pause(since_ms, 5000, name);
	return text;
}

static void wait_result(int fd, int wanted)
{
	struct pollfd one = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&one, 1, 5000), 1);
	assert_int_equal(browser_result(fd), wanted);
	close(fd);
}

static void test_it_is_run_without_a_shell_and_is_nobodys_child(void **state)
{
	static const char url[] = "http://localhost:1/?a=1&b=$(touch%20x);c='d'";
	const struct world *world = *state;
	char path[2 * WORLD_PATH_MAX], variable[WORLD_PATH_MAX], wanted[256], *text;
	const char *environment[] = {path, variable, NULL};
	int fd = -1, takes_orphans = 0;

	world_write(world, "bin/mine", PROGRAM);
	snprintf(path, sizeof(path), "PATH=%s:/usr/bin:/bin", world_path(world, "bin"));
	snprintf(variable, sizeof(variable), "BROWSER=mine %%s last");
	assert_int_equal(chdir(world->stack), 0);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(browser_open(url, environment, &fd), 0);
	wait_result(fd, 0);
	text = read_soon(world, "opened");
	snprintf(wanted, sizeof(wanted), "2\n%s\nlast\n", url);
	assert_string_equal(text, wanted);
	free(text);
	/* Neither it nor what was in between: and orphans are taken in again. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(prctl(PR_GET_CHILD_SUBREAPER, &takes_orphans), 0);
	assert_int_equal(takes_orphans, 1);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

static void test_what_cannot_be_run_is_told(void **state)
{
	const struct world *world = *state;
	char path[WORLD_PATH_MAX + 16];
	const char *environment[] = {path, "DISPLAY=:0", NULL};
	int fd = -1;

	world_write(world, "bin/xdg-open", "#!/nowhere/sh\n");
	snprintf(path, sizeof(path), "PATH=%s", world_path(world, "bin"));
	assert_int_equal(browser_open("http://localhost:1/", environment, &fd), 0);
	wait_result(fd, -ENOENT);
	assert_int_equal(browser_open("file:///etc/passwd", environment, &fd), -EINVAL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_web_addresses_are_taken),
		TEST(test_the_program_is_chosen_by_the_environment),
		TEST(test_it_is_run_without_a_shell_and_is_nobodys_child),
		TEST(test_what_cannot_be_run_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
