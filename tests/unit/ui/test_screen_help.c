/* SPDX-License-Identifier: MIT */
/* Help and the palette: all keys of a place, narrowed, and done. */
#include "tests/lib/dash_sample.h"
#include "tests/lib/dash_scene.h"
#include "ui/screen_help.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct dash_scene scene;

static void start(unsigned rows, unsigned columns)
{
	dash_scene_start(&scene, &(struct dash_scene_options){.sample = "trouble", .rows = rows, .columns = columns});
	dash_scene_told(&scene);
}

static int end(void **state)
{
	(void)state;
	if (scene.dash != NULL)
		dash_scene_end(&scene);
	scene.dash = NULL;
	return 0;
}

static bool sees(const char *text)
{
	return dash_scene_find(&scene, text) >= 0;
}

static void press(uint32_t key)
{
	dash_scene_press(&scene, key);
}

static void type(const char *letters)
{
	dash_scene_type(&scene, letters);
}

/* Every row of the table that has a help text stands there, for each place that has help. */
static void all_keys_of_a_place_are_told(void **state)
{
	static const struct {
		enum key_screen screen;
		const char *keys;
	} places[] = {
		{KEY_SCREEN_SERVICES, "?"}, {KEY_SCREEN_LOG, "2?"},    {KEY_SCREEN_STARTUP, "3?"},
		{KEY_SCREEN_GRAPH, "D?"},   {KEY_SCREEN_DETAIL, "d?"}, {KEY_SCREEN_TELEMETRY, "4?"},
		{KEY_SCREEN_EVENTS, "5?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		start(120, 160);
		type(places[i].keys);
		for (const struct key_binding *row = key_bindings; row < key_bindings + key_binding_count; row++)
			if ((row->screens & places[i].screen) != 0 && row->help != NULL && !sees(row->help))
				fail_msg("'%s' is not told in the help of %s", row->help,
					 key_screen_title(places[i].screen));
		dash_scene_end(&scene);
	}
	scene.dash = NULL;
}

static void help_is_grouped_and_scrolls(void **state)
{
	(void)state;
	start(24, 80);
	press('?');
	assert_int_equal(dash_scene_find(&scene, "Keys: Services"), 0);
	assert_int_equal(dash_scene_find(&scene, "Acting"), 1);
	assert_false(sees("Leaving"));
	press('G');
	assert_true(sees("Leaving"));
	assert_true(sees("> Ctrl-C"));
	press('g');
	assert_true(sees("Acting"));
}

static void enter_does_what_is_selected(void **state)
{
	(void)state;
	start(24, 80);
	press('?');
	press(UI_KEY_ENTER);
	assert_non_null(strstr(dash_scene_told(&scene), "act start api\n"));
	assert_true(sees("1 FAILED"));
}

static void help_is_narrowed(void **state)
{
	(void)state;
	start(24, 80);
	press('?');
	type("/graph");
	assert_true(dash_is_typing(scene.dash));
	assert_true(sees("show who needs whom") || sees("graph"));
	assert_false(sees("start it"));
	press(UI_KEY_ESC);
	assert_true(sees("> s "));
	assert_true(sees("start it"));
	type("/who needs");
	press(UI_KEY_ENTER);
	assert_true(sees("Dependencies"));
	/* Back from there is where one asked for help. */
	press(UI_KEY_ESC);
	assert_true(sees("1 FAILED"));
}

static void what_is_cut_is_read_below(void **state)
{
	(void)state;
	start(12, 40);
	press('?');
	assert_string_equal(dash_scene_row(&scene, 10), "");
	press('j');
	assert_string_equal(dash_scene_row(&scene, 10), "stop it; asks when others need it");
}

static void nothing_that_fits_is_said(void **state)
{
	(void)state;
	start(24, 80);
	type(":xyzzy");
	assert_true(sees("nothing is called that"));
	press(UI_KEY_ENTER);
	assert_true(sees("nothing is called that"));
	press(UI_KEY_ESC);
	assert_true(sees("1 FAILED"));
}

static void the_palette_knows_every_action_by_name(void **state)
{
	(void)state;
	for (int action = 0; action < ACTION_COUNT; action++) {
		const char *name = key_action_name((enum key_action)action);
		if (name == NULL)
			continue;
		start(24, 80);
		press(':');
		type(name);
		if (strncmp(dash_scene_row(&scene, 2) + 2, name, strlen(name)) != 0)
			fail_msg("'%s' is not the first that '%s' finds: %s", name, name, dash_scene_row(&scene, 2));
		dash_scene_end(&scene);
	}
	scene.dash = NULL;
}

static void the_palette_shows_keys_and_does_it(void **state)
{
	(void)state;
	start(24, 80);
	type(":restart");
	assert_true(sees("> restart                  r"));
	press(UI_KEY_DOWN);
	press(UI_KEY_ENTER);
	assert_non_null(strstr(dash_scene_told(&scene), "along restart-all api\n"));
	/* For what the log has to do there is one below the services. */
	type(":scale");
	press(UI_KEY_ENTER);
	assert_true(sees("Replicas of api"));
}

static void what_cannot_be_done_here_says_where(void **state)
{
	(void)state;
	start(24, 80);
	type("4:mark");
	press(UI_KEY_ENTER);
	assert_string_equal(dash_scene_row(&scene, 22), "mark has its place in: Services.");
}

static void a_persons_own_keys_stand_there(void **state)
{
	(void)state;
	start(24, 80);
	/* What a settings file with `keys: {restart: J}` leads to. */
	scene.keys.changes[scene.keys.count].action = ACTION_RESTART;
	scene.keys.changes[scene.keys.count++].key = 'J';
	press('?');
	assert_true(sees("J          restart it"));
	press(UI_KEY_ESC);
	type(":restart");
	assert_true(sees("> restart                  J"));
}

static void help_of_help_is_no_trap(void **state)
{
	(void)state;
	start(24, 80);
	type("??");
	assert_true(sees("1 FAILED"));
	type("?:");
	assert_true(sees("Commands: Services"));
	press(UI_KEY_ESC);
	assert_true(sees("1 FAILED"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(all_keys_of_a_place_are_told, end),
		cmocka_unit_test_teardown(help_is_grouped_and_scrolls, end),
		cmocka_unit_test_teardown(enter_does_what_is_selected, end),
		cmocka_unit_test_teardown(help_is_narrowed, end),
		cmocka_unit_test_teardown(what_is_cut_is_read_below, end),
		cmocka_unit_test_teardown(nothing_that_fits_is_said, end),
		cmocka_unit_test_teardown(the_palette_knows_every_action_by_name, end),
		cmocka_unit_test_teardown(the_palette_shows_keys_and_does_it, end),
		cmocka_unit_test_teardown(what_cannot_be_done_here_says_where, end),
		cmocka_unit_test_teardown(a_persons_own_keys_stand_there, end),
		cmocka_unit_test_teardown(help_of_help_is_no_trap, end),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL || setenv("TZ", "UTC", 1) != 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
