/* SPDX-License-Identifier: MIT */
/* The table of keys holds what it promises, names of keys are read and written, a person's own keys are laid over it. */
#include "config/strmap.h"
#include "ui/keys.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define QUESTION ((unsigned)(KEY_SCREEN_CONSENT | KEY_SCREEN_PAGER))
#define VIEWS                                                                                                          \
	((unsigned)(KEY_SCREEN_SERVICES | KEY_SCREEN_LOG | KEY_SCREEN_STARTUP | KEY_SCREEN_GRAPH | KEY_SCREEN_DETAIL | \
		    KEY_SCREEN_TELEMETRY | KEY_SCREEN_EVENTS))
#define TYPED ((unsigned)(KEY_SCREEN_PALETTE | KEY_SCREEN_FORM | KEY_SCREEN_FIELD))

static const char *told(const struct key_binding *row)
{
	static char text[128];
	char name[KEY_NAME_MAX];

	key_spell(row->key, name);
	snprintf(text, sizeof(text), "row %td: %s", row - key_bindings, name);
	return text;
}

static void no_key_of_a_screen_is_listed_twice(void **state)
{
	(void)state;
	for (const struct key_binding *row = key_bindings; row < key_bindings + key_binding_count; row++)
		for (const struct key_binding *other = key_bindings; other < row; other++)
			if (row->key == other->key && (row->screens & other->screens) != 0)
				fail_msg("%s is listed twice", told(row));
}

static void every_action_has_a_key_and_a_help_text(void **state)
{
	(void)state;
	for (enum key_action action = ACTION_NOTHING + 1; action < ACTION_COUNT; action++) {
		bool found = action == ACTION_ANSWER_ELSEWHERE; /* says only that nothing is asked here */
		for (size_t i = 0; i < key_binding_count; i++)
			found = found || (key_bindings[i].action == action && key_bindings[i].help != NULL);
		if (!found)
			fail_msg("action %d (%s) has no key, or no help", (int)action,
				 key_action_name(action) != NULL ? key_action_name(action) : "no name");
	}
}

/* Another key for the same stands below one that is named, on every screen that it is for. */
static void rows_without_a_name_follow_one_with(void **state)
{
	(void)state;
	for (const struct key_binding *row = key_bindings; row < key_bindings + key_binding_count; row++) {
		unsigned missing = row->screens & ~QUESTION;
		if (row->name != NULL) {
			assert_non_null(row->help);
			continue;
		}
		for (const struct key_binding *above = key_bindings; above < row; above++)
			if (above->action == row->action && above->name != NULL)
				missing &= ~above->screens;
		if (missing != 0 || row->help != NULL || row->label != NULL)
			fail_msg("%s has no name, and no row above tells what it does", told(row));
	}
}

static void words_are_short_and_plain(void **state)
{
	(void)state;
	for (const struct key_binding *row = key_bindings; row < key_bindings + key_binding_count; row++) {
		char name[KEY_NAME_MAX];
		key_spell(row->key, name);
		if (row->name == NULL || (row->screens & QUESTION) != 0)
			continue;
		assert_string_equal(row->name, name);
		if (!islower((unsigned char)row->help[0]) || strlen(row->help) > 90 ||
		    row->help[strlen(row->help) - 1] == '.' || (row->label != NULL && strlen(row->label) > 14))
			fail_msg("%s: too long, or no sentence without a stop: %s", told(row), row->help);
	}
}

/* But for Space, which marks in the list and turns pages elsewhere, and + and -, which are about replicas where no log stands below. */
static void a_key_means_the_same_in_every_view(void **state)
{
	(void)state;
	for (const struct key_binding *row = key_bindings; row < key_bindings + key_binding_count; row++)
		for (const struct key_binding *other = key_bindings; other < row; other++) {
			if ((row->screens & VIEWS) == 0 || (other->screens & VIEWS) == 0 || row->key != other->key ||
			    row->action == other->action)
				continue;
			if (row->key == '+' || row->key == '-' || row->key == ' ')
				continue;
			fail_msg("%s means another thing elsewhere", told(row));
		}
}

static void nothing_is_bound_where_letters_are_text(void **state)
{
	(void)state;
	for (const struct key_binding *row = key_bindings; row < key_bindings + key_binding_count; row++)
		if ((row->screens & TYPED) != 0 && row->key >= ' ' && row->key < UI_KEY_OTHER &&
		    row->key != UI_KEY_BACKSPACE)
			fail_msg("%s is bound where letters are text", told(row));
}

/* Prefixes of screen and tmux, flow control, and the signal of Ctrl-\ are left alone; so are what terminals keep for themselves. */
static void keys_that_others_keep_are_left_alone(void **state)
{
	static const uint32_t kept[] = {UI_KEY_CTRL('a'), UI_KEY_CTRL('b'), UI_KEY_CTRL('q'), UI_KEY_CTRL('\\'), 0};

	(void)state;
	for (const struct key_binding *row = key_bindings; row < key_bindings + key_binding_count; row++)
		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			if (row->key == kept[i] || row->key == UI_KEY_OTHER)
				fail_msg("%s is kept by others", told(row));
	/* Function keys are doubles. */
	for (const struct key_binding *row = key_bindings; row < key_bindings + key_binding_count; row++)
		if (row->key >= UI_KEY_F1 && row->key <= UI_KEY_F9)
			assert_null(row->name);
}

static void there_is_always_a_way_out(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEY_SCREEN_COUNT; i++) {
		enum key_screen screen = (enum key_screen)(1u << i);
		assert_non_null(key_screen_title(screen));
		assert_int_not_equal(key_action(screen, UI_KEY_CTRL('c')), ACTION_NOTHING);
		assert_int_equal(key_action(screen, UI_KEY_CTRL('z')), ACTION_SUSPEND);
		assert_int_equal(key_action(screen, UI_KEY_CTRL('l')), ACTION_REPAINT);
		if (screen != KEY_SCREEN_STOPPING)
			assert_int_not_equal(key_action(screen, UI_KEY_ESC), ACTION_NOTHING);
	}
	assert_string_equal(key_screen_title(KEY_SCREEN_SERVICES), "Services");
	assert_string_equal(key_screen_title(KEY_SCREEN_FIELD), "A line being typed");
}

static void names_of_keys_are_read(void **state)
{
	static const struct {
		const char *name;
		uint32_t key; /* 0: none */
	} table[] = {
		{"r", 'r'},
		{"R", 'R'},
		{"/", '/'},
		{"\303\244", 0xe4},
		{"Space", ' '},
		{"space", ' '},
		{"Ctrl-S", UI_KEY_CTRL('s')},
		{"ctrl-s", UI_KEY_CTRL('s')},
		{"Ctrl-]", 0x1d},
		{"F3", UI_KEY_F(3)},
		{"f9", UI_KEY_F9},
		{"F", 'F'},
		{"Page Up", UI_KEY_PAGE_UP},
		{"PgDn", UI_KEY_PAGE_DOWN},
		{"Shift-Tab", UI_KEY_BACK_TAB},
		{"Del", UI_KEY_DELETE},
		{"", 0},
		{"F0", 0},
		{"F10", 0},
		{"Ctrl-", 0},
		{"Ctrl-11", 0},
		{"Ctrl-@", 0},
		{"Alt-x", 0},
		{"ab", 0},
		{"\003", 0},
		{"\342\200\256", 0},
		{"\377", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint32_t key = 0;
		assert_int_equal(key_parse(table[i].name, &key) == 0, table[i].key != 0);
		assert_int_equal(key, table[i].key);
	}
	/* What is spelled is read as the same. */
	for (uint32_t key = 1; key < UI_KEY_PASTE; key++) {
		char name[KEY_NAME_MAX];
		uint32_t again = 0;
		key_spell(key, name);
		if (key == UI_KEY_OTHER || (key >= 0x80 && key < 0xa0) || (key >= 0xd800 && key < 0xe000) ||
		    key_parse(name, &again) != 0)
			continue;
		assert_int_equal(again, key);
	}
}

/* Pairs of action and keys, ends with NULL. */
static int make(struct keymap *keymap, const char *const *pairs, char problem[160])
{
	struct strmap map;

	strmap_init(&map);
	for (; *pairs != NULL; pairs += 2)
		assert_int_equal(strmap_set(&map, pairs[0], pairs[1]), 0);
	int result = keymap_init(keymap, &map, problem, 160);
	strmap_finish(&map);
	return result;
}
#define MAKE(keymap, ...) make(keymap, (const char *const[]){__VA_ARGS__, NULL}, problem)

static void own_keys_replace_those_of_an_action(void **state)
{
	struct keymap keymap;
	char problem[160], name[KEY_NAME_MAX];

	(void)state;
	assert_int_equal(MAKE(&keymap, "restart", "F5 Ctrl-X", "page-down", "Page Down J", "mouse", ""), 0);
	assert_string_equal(problem, "");
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_SERVICES, UI_KEY_F(5)), ACTION_RESTART);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_DETAIL, UI_KEY_CTRL('x')), ACTION_RESTART);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_SERVICES, 'r'), ACTION_NOTHING);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_EVENTS, UI_KEY_F(5)), ACTION_NOTHING);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_LOG, 'J'), ACTION_PAGE_DOWN);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_LOG, ' '), ACTION_NOTHING);
	assert_true(keymap_key(&keymap, KEY_SCREEN_LOG, ACTION_RESTART, name));
	assert_string_equal(name, "F5");
	assert_false(keymap_key(&keymap, KEY_SCREEN_LOG, ACTION_MOUSE, name));
	assert_true(keymap_key(&keymap, KEY_SCREEN_LOG, ACTION_STOP, name));
	assert_string_equal(name, "x");
}

static void a_key_is_taken_from_what_had_it(void **state)
{
	struct keymap keymap;
	char problem[160], name[KEY_NAME_MAX];

	(void)state;
	/* r was restart, w was wrap: on the screens where stop and follow stand. */
	assert_int_equal(MAKE(&keymap, "stop", "r", "follow", "w"), 0);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_SERVICES, 'r'), ACTION_STOP);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_SERVICES, 'x'), ACTION_NOTHING);
	assert_false(keymap_key(&keymap, KEY_SCREEN_SERVICES, ACTION_RESTART, name));
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_LOG, 'w'), ACTION_FOLLOW);
	/* With its second key it can still be done. */
	assert_int_equal(MAKE(&keymap, "stop", "?"), 0);
	assert_true(keymap_key(&keymap, KEY_SCREEN_SERVICES, ACTION_SHOW_HELP, name));
	assert_string_equal(name, "F1");
}

static void some_screens_keep_their_keys(void **state)
{
	struct keymap keymap;
	char problem[160];

	(void)state;
	assert_int_equal(MAKE(&keymap, "up", "y", "open", "n", "down", "q", "repaint", "s"), 0);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_CONSENT, 'y'), ACTION_YES);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_CONSENT, UI_KEY_UP), ACTION_UP);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_PAGER, 'q'), ACTION_BACK);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_LEAVE, 's'), ACTION_LEAVE_STOP);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_FIELD, 'n'), ACTION_NOTHING);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_FIELD, UI_KEY_ENTER), ACTION_CHOOSE);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_MENU, 'n'), ACTION_CHOOSE);
}

static void what_is_wrong_is_told_and_the_rest_holds(void **state)
{
	static const struct {
		const char *action, *keys, *problem;
	} table[] = {
		{"restrat", "r", "unknown action 'restrat' (did you mean 'restart'?)"},
		{"leave-stop", "r", "unknown action 'leave-stop'"},
		{"restart", "Spcae", "unknown key 'Spcae' (did you mean 'Space'?)"},
		{"restart", "Alt-x", "unknown key 'Alt-x': write a character, or a name as Ctrl-S, F3, Space"},
		{"restart", "Ctrl-C", "'Ctrl-C' cannot be given away: it is the way out"},
		{"restart", "Esc", "'Esc' cannot be given away: it is the way out"},
		{"restart", "T", "'T' is given to both stop and restart"},
	};
	struct keymap keymap;
	char problem[160];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(MAKE(&keymap, "stop", "T", table[i].action, table[i].keys), -EINVAL);
		assert_string_equal(problem, table[i].problem);
		assert_int_equal(keymap_action(&keymap, KEY_SCREEN_SERVICES, 'T'), ACTION_STOP);
		assert_int_equal(keymap_action(&keymap, KEY_SCREEN_SERVICES, 'r'), ACTION_RESTART);
		assert_int_equal(keymap_action(&keymap, KEY_SCREEN_SERVICES, UI_KEY_CTRL('c')), ACTION_INTERRUPT);
	}
	char keys[4 * KEYMAP_CHANGES_MAX] = "";
	for (size_t i = 0; i < KEYMAP_CHANGES_MAX + 1; i++)
		strcat(keys, "r ");
	assert_int_equal(MAKE(&keymap, "restart", keys), -EINVAL);
	assert_int_equal(keymap.count, KEYMAP_CHANGES_MAX);
	assert_int_equal(keymap_init(&keymap, NULL, NULL, 0), 0);
	assert_int_equal(keymap_action(&keymap, KEY_SCREEN_SERVICES, 'r'), ACTION_RESTART);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_key_of_a_screen_is_listed_twice),
		cmocka_unit_test(every_action_has_a_key_and_a_help_text),
		cmocka_unit_test(rows_without_a_name_follow_one_with),
		cmocka_unit_test(words_are_short_and_plain),
		cmocka_unit_test(a_key_means_the_same_in_every_view),
		cmocka_unit_test(nothing_is_bound_where_letters_are_text),
		cmocka_unit_test(keys_that_others_keep_are_left_alone),
		cmocka_unit_test(there_is_always_a_way_out),
		cmocka_unit_test(names_of_keys_are_read),
		cmocka_unit_test(own_keys_replace_those_of_an_action),
		cmocka_unit_test(a_key_is_taken_from_what_had_it),
		cmocka_unit_test(some_screens_keep_their_keys),
		cmocka_unit_test(what_is_wrong_is_told_and_the_rest_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
