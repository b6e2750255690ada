/* SPDX-License-Identifier: MIT */
/* What the person's settings file says of the screen: read with its places, told when wrong, never a reason to count telemetry as off. */
#include "config/settings.h"
#include "config/settings_screen.h"
#include "tests/lib/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
	char *folder;
	char path[200];
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->folder = children_make_folder();
	snprintf(world->path, sizeof(world->path), "%s/config.yaml", world->folder);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	children_remove_folder(world->folder);
	free(world);
	return 0;
}

static void put(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void test_what_is_read(void **state)
{
	struct world *world = *state;
	struct settings settings;
	struct err warning = ERR_INIT;

	put(world->path, "telemetry_enabled: true\n"
			 "theme: bright\n"
			 "mouse: false\n"
			 "ascii: true\n"
			 "ask_before_leaving: no\n"
			 "open_browser: off\n"
			 "keys:\n"
			 "  restart: R\n"
			 "  wrap: [W, Ctrl-W, Page Up]\n"
			 "  mouse:\n"
			 "colors: {bad: bold magenta, name_1: 208}\n");
	settings_read(&settings, world->path, &warning);
	const struct settings_screen screen = settings.screen;
	assert_false(err_is_set(&warning) || err_is_set(&screen.trouble));
	assert_string_equal(screen.theme, "bright");
	assert_int_equal(screen.theme_place.line, 2);
	assert_int_equal(screen.theme_place.column, 8);
	assert_true(screen.ascii);
	assert_false(screen.mouse || screen.ask_before_leaving || screen.open_browser);
	assert_string_equal(strmap_find(&screen.keys, "restart"), "R");
	assert_string_equal(strmap_find(&screen.keys, "wrap"), "W Ctrl-W Page Up");
	assert_string_equal(strmap_find(&screen.keys, "mouse"), "");
	assert_int_equal(screen.key_places[1].line, 9);
	assert_string_equal(screen.key_places[1].file, world->path);
	assert_string_equal(strmap_find(&screen.colors, "bad"), "bold magenta");
	assert_string_equal(strmap_find(&screen.colors, "name_1"), "208");
	assert_int_equal(screen.color_places[1].line, 11);
	settings_finish(&settings);
	err_finish(&warning);
}

static void test_nothing_said_is_as_it_comes(void **state)
{
	static const char *const texts[] = {NULL,    "",    "keys:\ncolors:\ntheme:\n", "telemetry_enabled: [true\n",
					    "- a\n", "\xff"};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct settings settings;
		if (texts[i] != NULL)
			put(world->path, texts[i]);
		settings_read(&settings, i == 0 ? NULL : world->path, NULL);
		const struct settings_screen screen = settings.screen;
		assert_false(err_is_set(&screen.trouble));
		assert_true(screen.mouse && screen.ask_before_leaving && screen.open_browser && !screen.ascii);
		assert_null(screen.theme);
		assert_int_equal(screen.keys.count + screen.colors.count, 0);
		settings_finish(&settings);
	}
}

static void test_what_is_wrong_is_told_and_telemetry_is_not_touched(void **state)
{
	static const struct {
		const char *text, *warning;
	} cases[] = {
		{"keys: [a]\n", ":1:7: 'keys' must be a map, found a list"},
		{"colors: red\n", ":1:9: 'colors' must be a map, found text"},
		{"keys:\n  restart: {a: b}\n",
		 ":2:12: 'restart' must be a word, or a short list of words, found a map"},
		{"keys:\n  restart: [[a]]\n", "'restart' must be a word, or a short list of words, found a list"},
		{"theme: [a]\n", ":1:8: 'theme' must be a word, found a list"},
		{"mouse: maybe\n", ":1:8: 'mouse' says neither true nor false"},
		{"ask_before_leaving: 1\n", "'ask_before_leaving' says neither true nor false"},
		{"open_browser: perhaps\n", "'open_browser' says neither true nor false"},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct settings settings;
		struct err warning = ERR_INIT;
		put(world->path, cases[i].text);
		settings_read(&settings, world->path, &warning);
		assert_false(settings.off || settings.invalid || err_is_set(&warning));
		const struct settings_screen screen = settings.screen;
		assert_int_equal(screen.trouble.count, 1);
		char *text = err_render(&screen.trouble, "upfront");
		if (strstr(text, cases[i].warning) == NULL)
			assert_string_equal(text, cases[i].warning);
		free(text);
		assert_true(screen.mouse && screen.ask_before_leaving);
		settings_finish(&settings);
	}
}

static void test_everything_is_bounded(void **state)
{
	struct world *world = *state;
	struct settings settings;
	char text[8192] = "keys:\n", line[32];

	for (unsigned i = 0; i <= SETTINGS_SCREEN_MAX; i++) {
		snprintf(line, sizeof(line), "  a%u: b\n", i);
		strcat(text, line);
	}
	strcat(text, "colors:\n  bad: ");
	memset(text + strlen(text), 'x', 300);
	put(world->path, text);
	settings_read(&settings, world->path, NULL);
	const struct settings_screen screen = settings.screen;
	assert_int_equal(screen.trouble.count, 2);
	assert_non_null(strstr(screen.trouble.items[0].message, "'keys' has too many entries: at most 200"));
	assert_non_null(strstr(screen.trouble.items[1].message, "'bad' must be a word"));
	assert_int_equal(screen.keys.count + screen.colors.count, 0);
	settings_finish(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_said_is_as_it_comes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_wrong_is_told_and_telemetry_is_not_touched, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_everything_is_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
