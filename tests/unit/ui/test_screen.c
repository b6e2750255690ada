/* SPDX-License-Identifier: MIT */
/* What all views share: states, problems, lists, the footer. */
#include "tests/lib/dash_sample.h"
#include "ui/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEYS_ALL ((const struct keymap *)NULL)

static void states_have_word_sign_and_rank(void **state)
{
	struct theme utf8 = theme_make(true, true), ascii = theme_make(false, false);

	(void)state;
	for (enum unit_state one = 0; one < UNIT_STATE_COUNT; one++) {
		assert_true(unit_state_sign(one, &ascii) > ' ' && unit_state_sign(one, &ascii) < 0x7f);
		for (enum unit_state other = 0; other < one; other++) {
			assert_string_not_equal(unit_state_word(one), unit_state_word(other));
			assert_int_not_equal(unit_state_rank(one), unit_state_rank(other));
		}
	}
	assert_string_equal(unit_state_word(UNIT_UNHEALTHY), "unhealthy");
	assert_int_equal(unit_state_sign(UNIT_FAILED, &ascii), '!');
	assert_int_equal(unit_state_sign(UNIT_FAILED, &utf8), 0x2717);
	assert_int_equal(unit_state_role(UNIT_FAILED), ROLE_BAD);
	assert_int_equal(unit_state_rank(UNIT_FAILED), 0);
	assert_true(unit_state_is_problem(UNIT_RESTARTING));
	assert_false(unit_state_is_problem(UNIT_STARTING));
}

static void the_next_problem_goes_round(void **state)
{
	static const struct {
		enum unit_state states[4]; /* ids 10, 11, 12, 13 */
		unsigned from, found; /* 0: none */
	} table[] = {
		{{UNIT_READY, UNIT_FAILED, UNIT_READY, UNIT_UNHEALTHY}, 10, 11},
		{{UNIT_READY, UNIT_FAILED, UNIT_READY, UNIT_UNHEALTHY}, 11, 13},
		{{UNIT_READY, UNIT_FAILED, UNIT_READY, UNIT_UNHEALTHY}, 13, 11},
		{{UNIT_READY, UNIT_FAILED, UNIT_READY, UNIT_READY}, 11, 11},
		{{UNIT_FAILED, UNIT_READY, UNIT_READY, UNIT_READY}, 99, 10},
		{{UNIT_READY, UNIT_DONE, UNIT_STARTING, UNIT_WAITING}, 10, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct unit_model units[4] = {{0}};
		struct stack_model model = {.units = units, .unit_count = 4};
		for (unsigned unit = 0; unit < 4; unit++) {
			units[unit].id = 10 + unit;
			units[unit].state = table[i].states[unit];
		}
		const struct unit_model *found = screen_next_problem(&model, table[i].from);
		assert_int_equal(found != NULL ? found->id : 0, table[i].found);
	}
	struct stack_model nobody = {0};
	assert_null(screen_next_problem(&nobody, 1));
	assert_null(screen_unit(&nobody, 1));
	assert_ptr_equal(screen_unit(dash_sample(), 1), &dash_sample_units()[SAMPLE_API]);
}

static void words_are_cut_between_characters(void **state)
{
	struct screen_context context = {0};
	char text[SCREEN_WORDS_MAX + 8];

	(void)state;
	screen_say(&context, "copied %d lines", 3);
	assert_string_equal(context.words, "copied 3 lines");
	for (unsigned shift = 0; shift < 3; shift++) {
		memset(text, 'a', sizeof(text));
		for (size_t at = shift; at + 3 < sizeof(text); at += 3)
			memcpy(text + at, "\342\202\254", 3);
		text[sizeof(text) - 1] = '\0';
		screen_say(&context, "%s", text);
		size_t size = strlen(context.words);
		assert_true(size >= SCREEN_WORDS_MAX - 3);
		assert_memory_equal(context.words, text, size);
		assert_int_equal((size - shift) % 3, 0);
	}
}

static void the_selected_row_stays_in_sight(void **state)
{
	static const struct {
		struct screen_list before;
		size_t count;
		unsigned rows;
		struct screen_list after;
	} table[] = {
		{{0, 0}, 10, 5, {0, 0}}, {{5, 0}, 10, 5, {5, 1}}, {{2, 4}, 10, 5, {2, 2}},
		{{6, 4}, 10, 5, {6, 4}}, {{9, 9}, 10, 5, {9, 5}}, {{12, 3}, 10, 5, {9, 5}},
		{{3, 2}, 4, 20, {3, 0}}, {{3, 2}, 0, 5, {0, 0}},  {{3, 0}, 9, 0, {3, 3}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct screen_list list = table[i].before;
		screen_list_fit(&list, table[i].count, table[i].rows);
		assert_int_equal(list.selected, table[i].after.selected);
		assert_int_equal(list.top, table[i].after.top);
	}
}

static void lists_move(void **state)
{
	static const struct {
		enum key_action action;
		size_t from, to;
	} table[] = {
		{ACTION_UP, 0, 0},           {ACTION_UP, 7, 6},         {ACTION_DOWN, 7, 8},
		{ACTION_DOWN, 19, 19},       {ACTION_PAGE_DOWN, 0, 4},  {ACTION_PAGE_DOWN, 17, 19},
		{ACTION_PAGE_UP, 17, 13},    {ACTION_PAGE_UP, 2, 0},    {ACTION_HALF_DOWN, 0, 2},
		{ACTION_HALF_UP, 19, 17},    {ACTION_FIRST, 12, 0},     {ACTION_LAST, 3, 19},
		{ACTION_DOWN, SIZE_MAX, 19}, {ACTION_UP, SIZE_MAX, 18},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct screen_list list = {.selected = table[i].from};
		assert_true(screen_list_step(&list, 20, 5, table[i].action));
		assert_int_equal(list.selected, table[i].to);
		assert_true(list.top <= list.selected && list.selected - list.top < 5);
	}
	struct screen_list list = {.selected = 3};
	assert_false(screen_list_step(&list, 20, 5, ACTION_CHOOSE));
	assert_int_equal(list.selected, 3);
	assert_true(screen_list_step(&list, 0, 0, ACTION_PAGE_DOWN));
	assert_int_equal(list.selected, 0);
}

static void footer(unsigned columns, char row[200])
{
	static const struct screen_footer footer = {
		.actions = {ACTION_CHOOSE, ACTION_SHOW_DETAIL, ACTION_RESTART, ACTION_STOP, ACTION_BACK,
			    ACTION_NEXT_PROBLEM, ACTION_SHOW_HELP, ACTION_NEXT_HIT /* no key of this view */},
		.count = 8,
	};
	struct theme theme = theme_make(false, false);
	struct frame frame;
	size_t size = 0;

	assert_int_equal(frame_init(&frame, 1, 200), 0);
	screen_draw_footer(&footer, KEY_SCREEN_SERVICES, KEYS_ALL, &theme, &frame,
			   (struct frame_area){0, 0, 1, columns});
	for (unsigned column = 0; column < 199; column++) {
		row[column] = (char)frame_at(&frame, 0, column)->points[0];
		if (row[column] != ' ')
			size = column + 1;
	}
	row[size] = '\0';
	frame_finish(&frame);
}

static void footers_are_cut_by_whole_items(void **state)
{
	static const struct {
		unsigned columns;
		const char *row;
	} table[] = {
		{120, "Enter log  d detail  r restart  x stop  ! problem  ? help  q leave"},
		{66, "Enter log  d detail  r restart  x stop  ! problem  ? help  q leave"},
		{65, "Enter log  d detail  r restart  x stop  ? help  q leave"},
		{59, "Enter log  d detail  r restart  x stop  ! problem  ? q"},
		/* What is too long leaves its room to what is not. */
		{40, "Enter log  d detail  r restart  ? q"},
		{29, "Enter log  d detail  ? q"},
		{24, "Enter log  d detail  ? q"},
		{14, "Enter log  ? q"},
		{13, "d detail  ? q"},
		{12, "x stop  ? q"},
		{5, "? q"},
		{3, "? q"},
		{2, "?"},
		{0, ""},
	};
	char row[200];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		footer(table[i].columns, row);
		assert_string_equal(row, table[i].row);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_have_word_sign_and_rank),
		cmocka_unit_test(the_next_problem_goes_round),
		cmocka_unit_test(words_are_cut_between_characters),
		cmocka_unit_test(the_selected_row_stays_in_sight),
		cmocka_unit_test(lists_move),
		cmocka_unit_test(footers_are_cut_by_whole_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
