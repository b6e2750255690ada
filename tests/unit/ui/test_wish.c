/* SPDX-License-Identifier: MIT */
/* The person's settings held against what there is: messages point at their places, the rest holds. */
#include "config/err.h"
#include "config/settings.h"
#include "ui/wish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ENTRIES_MAX 4u

/* Entries stand in lines 1 and on, column 10. */
static struct err_place *fill(struct strmap *map, const char *const entries[ENTRIES_MAX][2])
{
	struct err_place *places = calloc(ENTRIES_MAX, sizeof(*places));

	for (int i = 0; i < (int)ENTRIES_MAX && entries[i][0] != NULL; i++) {
		assert_int_equal(strmap_set(map, entries[i][0], entries[i][1]), 0);
		places[i] = (struct err_place){"c.yaml", i + 1, 10};
	}
	return places;
}

static void wrong_ones_are_told_and_the_rest_holds(void **state)
{
	static const char *const keys[ENTRIES_MAX][2] = {
		{"restrat", "r"}, {"stop", "T"}, {"start", "T"}, {"wrap", "Ctrl-W"}};
	static const char *const colors[ENTRIES_MAX][2] = {{"bad", "mangenta"}, {"warn", "cyan"}, {"gud", "red"}};
	struct settings all;
	struct err warning = ERR_INIT;
	struct theme theme = theme_make(true, true);
	struct wish wish;

	(void)state;
	settings_read(&all, NULL, NULL);
	all.screen.theme = strdup("brigth");
	all.screen.theme_place = (struct err_place){"c.yaml", 9, 8};
	all.screen.ascii = true;
	all.screen.mouse = all.screen.ask_before_leaving = false;
	all.screen.key_places = fill(&all.screen.keys, keys);
	all.screen.color_places = fill(&all.screen.colors, colors);
	err_at(&all.screen.trouble, ERR_CONFIG, (struct err_place){"c.yaml", 8, 8},
	       "'mouse' says neither true nor false");
	wish_read(&wish, &all.screen, &warning);
	char *text = err_render(&warning, "upfront");
	assert_string_equal(text, "upfront: c.yaml:8:8: 'mouse' says neither true nor false\n"
				  "upfront: c.yaml:1:10: unknown action 'restrat' (did you mean 'restart'?)\n"
				  "upfront: c.yaml:3:10: 'T' is given to both stop and start\n"
				  "upfront: c.yaml:1:10: unknown colour 'mangenta' (did you mean 'magenta'?)\n"
				  "upfront: c.yaml:3:10: unknown role 'gud'\n"
				  "upfront: c.yaml:9:8: unknown theme 'brigth' (did you mean 'bright'?)\n");
	free(text);
	assert_int_equal(keymap_action(&wish.keys, KEY_SCREEN_SERVICES, 'T'), ACTION_STOP);
	assert_int_equal(keymap_action(&wish.keys, KEY_SCREEN_SERVICES, 's'), ACTION_START);
	assert_int_equal(keymap_action(&wish.keys, KEY_SCREEN_LOG, UI_KEY_CTRL('w')), ACTION_WRAP);
	assert_int_equal(theme_dress(&theme, 8, &wish.theme, NULL, 0), 0);
	assert_int_equal(theme_style(&theme, ROLE_WARN).foreground, THEME_CYAN);
	assert_int_equal(theme_style(&theme, ROLE_BAD).foreground, THEME_RED);
	assert_false(theme.utf8 || wish.mouse || wish.asks_to_leave);
	wish_finish(&wish);
	settings_finish(&all);
	err_finish(&warning);
}

static void nothing_said_is_the_table(void **state)
{
	struct err warning = ERR_INIT;
	struct settings all;
	struct wish wish;

	(void)state;
	settings_read(&all, NULL, &warning);
	for (unsigned i = 0; i < 2; i++) {
		wish_read(&wish, i == 0 ? NULL : &all.screen, &warning);
		assert_false(err_is_set(&warning));
		assert_true(wish.mouse && wish.asks_to_leave);
		assert_null(wish.theme.name);
		assert_int_equal(keymap_action(&wish.keys, KEY_SCREEN_SERVICES, 'r'), ACTION_RESTART);
		wish_finish(&wish);
	}
	settings_finish(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_ones_are_told_and_the_rest_holds),
		cmocka_unit_test(nothing_said_is_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
