/* SPDX-License-Identifier: MIT */
/*
 * Every golden screen of the dashboard on a real terminal: the keys as a terminal sends them, the screen through libvterm, cell by cell: what stands
 * there, and in which colours and attributes the theme shows the role that the golden letter names.
 */
#include "tests/lib/dash_demo.h"
#include "tests/lib/golden.h"
#include "tests/lib/term.h"
#include "ui/theme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool has_taken(const struct vt *vt, const void *count)
{
	return strlen(vt_stdout(vt)) >= *(const size_t *)count;
}

/* The screen and the cursor are as in the file; its letters have a look of their own. */
static bool reads_as(const struct vt *vt, const void *argument)
{
	const char *golden = argument, *end = strstr(golden, "\nattributes\n"), *cursor = strstr(golden, "\ncursor ");
	char *shot = vt_shot(vt);
	const bool same = strncmp(shot, golden, (size_t)(end - golden) + 12) == 0 &&
			  strcmp(strstr(shot, "\ncursor "), cursor) == 0;

	free(shot);
	return same;
}

static struct theme_style style_of(char letter, bool mono)
{
	struct theme theme = theme_make(true, true);

	if (mono)
		return (struct theme_style){.attributes = letter == 'B'   ? THEME_BOLD
							  : letter == 'R' ? THEME_REVERSE
							  : letter == 'U' ? THEME_UNDERLINE
									  : 0};
	assert_int_equal(theme_dress(&theme, 8, NULL, NULL, 0), 0);
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (theme_letter((enum theme_role)role) == letter)
			return theme_style(&theme, (enum theme_role)role);
	fail_msg("no role has the letter '%c'", letter);
	return (struct theme_style){0};
}

static void check_cell(const struct golden *golden, const struct vt *vt, unsigned row, unsigned column, char letter)
{
	const struct theme_style wanted = style_of(letter, strcmp(golden->theme, "mono") == 0);
	struct vt_look look;

	/* Such text has colours of its own. */
	if (letter == theme_letter(ROLE_SOURCE) && strcmp(golden->theme, "mono") != 0)
		return;
	vt_look(vt, row, column, &look);
	if (look.bold != ((wanted.attributes & THEME_BOLD) != 0) ||
	    look.reverse != ((wanted.attributes & THEME_REVERSE) != 0) ||
	    look.underline != ((wanted.attributes & THEME_UNDERLINE) != 0) ||
	    look.foreground != (int)wanted.foreground - 1 || look.background != (int)wanted.background - 1)
		fail_msg("%s: row %u, column %u: '%c' is wanted, seen is bold %d, reverse %d, underline %d, colours %d "
			 "on %d",
			 golden->path, row, column, letter, look.bold, look.reverse, look.underline, look.foreground,
			 look.background);
}

static void check_looks(const struct golden *golden, const struct vt *vt)
{
	const char *letters = strstr(golden->screen, "\nattributes\n") + 12;

	for (unsigned row = 0; row < golden->rows; row++) {
		const size_t count = strcspn(letters, "\n");
		for (unsigned column = 0; column < golden->columns; column++)
			check_cell(golden, vt, row, column, column < count ? letters[column] : '.');
		letters += count + 1;
	}
}

/* Several at once: most of it is waiting. */
#define AT_ONCE 16u

struct shown {
	struct golden golden;
	struct vt *vt;
};

static void start(struct shown *self, const char *path)
{
	const char *const argv[] = {"/proc/self/exe", "dash", path, NULL};
	char locale[64];

	golden_load(&self->golden, path);
	snprintf(locale, sizeof(locale), "LANG=%s", self->golden.locale);
	/* As xterm, but nothing is sent as "this again, 118 times": libvterm takes that for one column too many at the right edge. */
	const char *const environment[] = {locale, "TERM=konsole", NULL};
	self->vt = vt_start(argv, &(struct vt_options){.rows = self->golden.rows,
						       .columns = self->golden.columns,
						       .environment = environment});
}

static void press_and_check(struct shown *self)
{
	size_t taken = 1;

	vt_wait(self->vt, has_taken, &taken);
	for (size_t i = 0; i < self->golden.key_count; i++) {
		vt_send(self->vt, self->golden.keys[i].bytes);
		taken++;
		vt_wait(self->vt, has_taken, &taken);
	}
	vt_wait(self->vt, reads_as, self->golden.screen);
	check_looks(&self->golden, self->vt);
	vt_finish(self->vt);
	golden_finish(&self->golden);
}

static void every_golden_screen_is_shown(void **state)
{
	struct shown shown[AT_ONCE];
	size_t count;
	char **paths = golden_paths(GOLDEN_DASH, &count);

	(void)state;
	assert_true(count >= 120);
	for (size_t from = 0; from < count; from += AT_ONCE) {
		const size_t some = count - from < AT_ONCE ? count - from : AT_ONCE;
		for (size_t i = 0; i < some; i++)
			start(&shown[i], paths[from + i]);
		for (size_t i = 0; i < some; i++)
			press_and_check(&shown[i]);
	}
	golden_paths_free(paths);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_golden_screen_is_shown),
	};

	if (argc > 1 && strcmp(argv[1], "dash") == 0)
		return dash_demo_main(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
