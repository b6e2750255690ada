/* SPDX-License-Identifier: MIT */
/* Signs, colours as the terminal has them, the built-in themes and the person's own colours. */
#include "config/strmap.h"
#include "ui/theme.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void signs_follow_from_what_can_be_shown(void **state)
{
	static const struct {
		bool utf8, lines;
	} ascii[] = {{false, false}, {false, true}, {true, false}};
	struct theme full = theme_make(true, true);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct theme theme = theme_make(ascii[i].utf8, ascii[i].lines);
		assert_false(theme.lines);
		assert_true(theme.horizontal < 0x7f && theme.vertical < 0x7f && theme.more_right < 0x7f);
		for (unsigned level = 0; level < THEME_RAMP; level++)
			assert_true(theme.ramp[level] < 0x7f);
	}
	assert_true(full.lines);
	assert_int_equal(full.ramp[0], ' ');
	assert_int_equal(full.ramp[1], 0x2581);
	assert_int_equal(full.ramp[THEME_RAMP - 1], 0x2588);
}

static void colours_are_folded(void **state)
{
	static const struct {
		unsigned color, colors, folded;
	} table[] = {
		{THEME_DEFAULT, 8, THEME_DEFAULT},
		{THEME_RED, 0, THEME_DEFAULT},
		{THEME_RED, 8, THEME_RED},
		{THEME_RED + 8, 8, THEME_RED},
		{THEME_RED + 8, 16, THEME_RED + 8},
		{1 + 196, 256, 1 + 196},
		{1 + 196, 16, THEME_RED + 8},
		{1 + 160, 8, THEME_RED},
		{1 + 255, 8, THEME_WHITE},
		{1 + 232, 8, THEME_BLACK},
		{1 + 21, 8, THEME_BLUE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(theme_fold((uint16_t)table[i].color, table[i].colors), table[i].folded);
}

static void check(const struct theme *theme, enum theme_role role, unsigned foreground, unsigned background,
		  unsigned attributes)
{
	struct theme_style style = theme_style(theme, role);

	assert_int_equal(style.foreground, foreground);
	assert_int_equal(style.background, background);
	assert_int_equal(style.attributes, attributes);
}

static struct theme dress(unsigned colors, const struct theme_wish *wish)
{
	struct theme theme = theme_make(true, true);
	char problem[160] = "as before";

	assert_int_equal(theme_dress(&theme, colors, wish, problem, sizeof(problem)), 0);
	assert_string_equal(problem, "");
	return theme;
}

static void built_in_themes_differ(void **state)
{
	struct theme theme = dress(8, NULL);

	(void)state;
	check(&theme, ROLE_BAD, THEME_RED, 0, THEME_BOLD);
	check(&theme, ROLE_WARN, THEME_YELLOW, 0, 0);
	check(&theme, ROLE_PLAIN, 0, 0, 0);
	/* NO_COLOR: what colour told is told by an attribute. */
	theme = dress(0, NULL);
	check(&theme, ROLE_BAD, 0, 0, THEME_BOLD);
	check(&theme, ROLE_WARN, 0, 0, THEME_BOLD);
	check(&theme, ROLE_HIT, 0, 0, THEME_REVERSE);
	theme = dress(256, &(struct theme_wish){.name = "mono"});
	assert_int_equal(theme.colors, 0);
	check(&theme, ROLE_WARN, 0, 0, THEME_BOLD);
	theme = dress(256, &(struct theme_wish){.name = "Bright"});
	check(&theme, ROLE_BAD, THEME_RED + 8, 0, THEME_BOLD);
	theme = dress(8, &(struct theme_wish){.name = "bright"});
	check(&theme, ROLE_BAD, THEME_RED, 0, THEME_BOLD);
	theme = dress(8, &(struct theme_wish){.name = "dim"});
	check(&theme, ROLE_GOOD, THEME_GREEN, 0, THEME_DIM);
	theme = dress(8, &(struct theme_wish){.name = "default", .ascii = true});
	assert_false(theme.utf8);
	assert_int_equal(theme.horizontal, '-');
	check(&theme, ROLE_GOOD, THEME_GREEN, 0, 0);
}

static int dress_one(struct theme *theme, unsigned colors, const char *role, const char *text, char problem[160])
{
	struct strmap map;

	strmap_init(&map);
	assert_int_equal(strmap_set(&map, "warn", "cyan"), 0);
	assert_int_equal(strmap_set(&map, role, text), 0);
	*theme = theme_make(true, true);
	int result = theme_dress(theme, colors, &(struct theme_wish){.colors = &map}, problem, 160);
	strmap_finish(&map);
	return result;
}

static void own_colours_are_read(void **state)
{
	static const struct {
		const char *role, *text;
		enum theme_role is;
		unsigned colors, foreground, background, attributes;
	} table[] = {
		{"bad", "magenta", ROLE_BAD, 8, THEME_MAGENTA, 0, 0},
		{"BAD", "bright-red", ROLE_BAD, 16, THEME_RED + 8, 0, 0},
		{"bad", "bold red on black", ROLE_BAD, 8, THEME_RED, THEME_BLACK, THEME_BOLD},
		{"bad", "on blue", ROLE_BAD, 8, 0, THEME_BLUE, 0},
		{"bad", "208", ROLE_BAD, 256, 1 + 208, 0, 0},
		{"bad", "0", ROLE_BAD, 256, 1, 0, 0},
		{"name_1", " dim  italic underline reverse white on default ", ROLE_NAME_1, 8, THEME_WHITE, 0,
		 THEME_DIM | THEME_ITALIC | THEME_UNDERLINE | THEME_REVERSE},
		{"bad", "plain", ROLE_BAD, 8, 0, 0, 0},
		{"bad", "", ROLE_BAD, 8, 0, 0, 0},
		{"bad", "underline red", ROLE_BAD, 0, 0, 0, THEME_UNDERLINE},
	};
	struct theme theme;
	char problem[160];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(dress_one(&theme, table[i].colors, table[i].role, table[i].text, problem), 0);
		check(&theme, table[i].is, table[i].foreground, table[i].background, table[i].attributes);
	}
}

static void what_is_wrong_is_told_and_the_rest_holds(void **state)
{
	static const struct {
		const char *role, *text, *problem;
	} table[] = {
		{"bda", "red", "unknown role 'bda' (did you mean 'bad'?)"},
		{"source", "red", "unknown role 'source'"},
		{"bad", "rde", "unknown colour 'rde' (did you mean 'red'?)"},
		{"bad", "bold 256", "unknown colour '256'"},
		{"bad", "-1", "unknown colour '-1'"},
		{"bad", "bright-default", "unknown colour 'bright-default'"},
	};
	struct theme theme;
	char problem[160];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(dress_one(&theme, 8, table[i].role, table[i].text, problem), -EINVAL);
		assert_string_equal(problem, table[i].problem);
		check(&theme, ROLE_BAD, THEME_RED, 0, THEME_BOLD);
		check(&theme, ROLE_WARN, THEME_CYAN, 0, 0);
	}
	theme = theme_make(true, true);
	assert_int_equal(theme_dress(&theme, 8, &(struct theme_wish){.name = "bigrht"}, problem, sizeof(problem)),
			 -EINVAL);
	assert_string_equal(problem, "unknown theme 'bigrht' (did you mean 'bright'?)");
	check(&theme, ROLE_BAD, THEME_RED, 0, THEME_BOLD);
	assert_int_equal(theme_dress(&theme, 8, &(struct theme_wish){.name = "none"}, NULL, 0), -EINVAL);
}

static void names_take_turns(void **state)
{
	(void)state;
	assert_int_equal(theme_name_role(0), ROLE_NAME_1);
	assert_int_equal(theme_name_role(THEME_NAMES), ROLE_NAME_1);
	assert_int_equal(theme_name_role(THEME_NAMES - 1), ROLE_NAME_6);
	assert_int_equal(theme_letter(ROLE_BAD), 'b');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_follow_from_what_can_be_shown),
		cmocka_unit_test(colours_are_folded),
		cmocka_unit_test(built_in_themes_differ),
		cmocka_unit_test(own_colours_are_read),
		cmocka_unit_test(what_is_wrong_is_told_and_the_rest_holds),
		cmocka_unit_test(names_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
