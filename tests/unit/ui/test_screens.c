/* SPDX-License-Identifier: MIT */
/* The rules of the consent dialog and of the pager, as properties of their pure functions at every size. */
#include "tests/lib/consent_sample.h"
#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/model.h"
#include "ui/screen_consent.h"
#include "ui/screen_pager.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

/* Nothing in a frame may move the terminal's cursor elsewhere, and each wide character has both its halves. */
static void check_frame(const struct frame *frame)
{
	for (unsigned row = 0; row < frame->rows; row++) {
		for (unsigned column = 0; column < frame->columns; column++) {
			const struct frame_cell *cell = frame_at(frame, row, column);
			if (cell->columns == 0) {
				assert_true(column > 0 && frame_at(frame, row, column - 1)->columns == 2);
				continue;
			}
			assert_in_range(cell->count, 1, FRAME_POINTS_MAX);
			assert_true(cell->points[0] >= 0x20 && (cell->points[0] < 0x7f || cell->points[0] >= 0xa0));
			if (cell->columns == 2)
				assert_int_equal(frame_at(frame, row, column + 1)->columns, 0);
		}
	}
	assert_true(frame->cursor_row < frame->rows && frame->cursor_column < frame->columns);
}

/* An ASCII row of the frame; wide characters and all else that is not ASCII are '?'. */
static void row_of(const struct frame *frame, unsigned row, char *out)
{
	for (unsigned column = 0; column < frame->columns; column++) {
		uint32_t point = frame_at(frame, row, column)->points[0];
		out[column] = point >= 0x20 && point < 0x7f ? (char)point : '?';
	}
	out[frame->columns] = '\0';
}

static bool frame_shows(const struct frame *frame, const char *text)
{
	char row[FRAME_COLUMNS_MAX + 1];

	for (unsigned i = 0; i < frame->rows; i++) {
		row_of(frame, i, row);
		if (strstr(row, text) != NULL)
			return true;
	}
	return false;
}

static void draw(const struct consent_model *model, const struct consent_view *view, const struct theme *theme,
		 struct frame *frame)
{
	assert_int_equal(frame_init(frame, view->rows, view->columns), 0);
	consent_draw(model, view, theme, frame);
}

static void every_size_is_drawn(void **state)
{
	(void)state;
	for (size_t i = 0; consent_sample_names[i] != NULL; i++) {
		const struct consent_model *model = consent_sample(consent_sample_names[i]);
		struct pager_text text = {"Notice", model->notice};
		struct theme theme = theme_make(i % 2 == 0, true);
		for (unsigned rows = 1; rows <= 60; rows += rows < 30 ? 1 : 10) {
			for (unsigned columns = 1; columns <= 200; columns += columns < 90 ? 1 : 22) {
				struct consent_view view = {rows, columns, 1000, FOCUS_NO, SAY_HOW};
				struct pager_view pager = {rows, columns, 1000, false};
				struct frame frame;
				draw(model, &view, &theme, &frame);
				check_frame(&frame);
				frame_finish(&frame);
				assert_int_equal(frame_init(&frame, rows, columns), 0);
				pager_draw(&text, &pager, &theme, &frame);
				check_frame(&frame);
				frame_finish(&frame);
			}
		}
	}
}

/* At every size the dialog is used at, whatever the texts: both answers, equally wide, and the other controls. */
static void controls_always_stay_in_sight(void **state)
{
	(void)state;
	for (size_t i = 0; consent_sample_names[i] != NULL; i++) {
		const struct consent_model *model = consent_sample(consent_sample_names[i]);
		struct theme theme = theme_make(true, true);
		for (unsigned rows = CONSENT_ROWS_MIN; rows <= 40; rows++) {
			for (unsigned columns = CONSENT_COLUMNS_MIN; columns <= 100; columns++) {
				struct consent_view view = {rows, columns, 0, FOCUS_NONE, SAY_HOW};
				bool wide = columns >= 79;
				struct frame frame;
				draw(model, &view, &theme, &frame);
				assert_true(
					frame_shows(&frame, wide ? "[ Y   Yes, send       ]" : "[Y] Yes, send     "));
				assert_true(
					frame_shows(&frame, wide ? "[ N   No, do not send ]" : "[N] No, don't send"));
				assert_true(frame_shows(&frame, "[V] View"));
				assert_true(frame_shows(&frame, wide ? "[P] Full notice" : "[P] Notice"));
				assert_true(
					frame_shows(&frame, wide ? "[D] No, and don't ask again" : "[D] No, for good"));
				assert_true(frame_shows(&frame, "Nothing is chosen"));
				assert_true(frame_shows(&frame, "Esc: not"));
				frame_finish(&frame);
			}
		}
	}
}

/* No line of the text is lost: what does not fit can be scrolled to. */
static void all_of_the_text_can_be_read(void **state)
{
	const struct consent_model model = {
		.title = "t",
		.question = "q?",
		.summary = "s1\ns2\ns3\ns4\ns5\ns6\ns7\ns8\ns9\ns10\ns11\ns12\ns13",
		.brief = "b1\nb2\nb3\nb4\nb5\nb6\nb7\nb8\nb9\nb10\nb11\nb12",
		.preview = "",
		.notice = "",
	};
	struct consent_view view = {12, 40, 0, FOCUS_NONE, SAY_HOW};
	struct theme theme = theme_make(true, true);
	enum consent_answer answer;
	struct frame frame;
	unsigned steps = 0;

	(void)state;
	for (;; steps++) {
		draw(&model, &view, &theme, &frame);
		assert_true(frame_shows(&frame, "more text: Page Up, Page Down"));
		bool end = frame_shows(&frame, "b12");
		frame_finish(&frame);
		if (end)
			break;
		assert_true(steps < 12);
		assert_int_equal(consent_step(&model, &view, &theme, UI_KEY_DOWN, &answer), CONSENT_STAY);
	}
	/* A question of one line and nothing but the message leave seven rows. */
	assert_int_equal(steps, 12 - 6);
	assert_int_equal(consent_step(&model, &view, &theme, UI_KEY_PAGE_UP, &answer), CONSENT_STAY);
	assert_int_equal(view.scroll, 1);
	assert_int_equal(consent_step(&model, &view, &theme, UI_KEY_PAGE_UP, &answer), CONSENT_STAY);
	assert_int_equal(view.scroll, 0);
	/* Arrows scroll here, focus is moved by Tab and the sideways ones. */
	assert_int_equal(view.focus, FOCUS_NONE);
}

static void nothing_has_focus_until_it_is_moved(void **state)
{
	const struct consent_model *model = consent_sample("shop");
	struct consent_view view = {24, 80, 0, FOCUS_NONE, SAY_HOW};
	struct theme theme = theme_make(true, true);
	enum consent_answer answer = CONSENT_UNASKED;

	(void)state;
	static const uint32_t nothing[] = {UI_KEY_ENTER, '\n', ' ', 'x', UI_KEY_OTHER, UI_KEY_HOME, 0x20ac, 0};
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		assert_int_equal(consent_step(model, &view, &theme, nothing[i], &answer), CONSENT_STAY);
		assert_int_equal(answer, CONSENT_UNASKED);
		assert_int_equal(view.focus, FOCUS_NONE);
	}
}

static void focus_goes_round(void **state)
{
	static const struct {
		enum consent_focus from;
		uint32_t key;
		enum consent_focus to;
	} table[] = {
		{FOCUS_NONE, UI_KEY_TAB, FOCUS_YES},
		{FOCUS_YES, UI_KEY_TAB, FOCUS_NO},
		{FOCUS_NO, UI_KEY_RIGHT, FOCUS_PREVIEW},
		{FOCUS_PREVIEW, UI_KEY_RIGHT, FOCUS_NOTICE},
		{FOCUS_NOTICE, UI_KEY_TAB, FOCUS_NO_FOR_GOOD},
		{FOCUS_NO_FOR_GOOD, UI_KEY_TAB, FOCUS_YES},
		{FOCUS_NONE, UI_KEY_BACK_TAB, FOCUS_NO_FOR_GOOD},
		{FOCUS_YES, UI_KEY_LEFT, FOCUS_NO_FOR_GOOD},
		{FOCUS_NO, UI_KEY_BACK_TAB, FOCUS_YES},
		{FOCUS_NONE, UI_KEY_DOWN, FOCUS_YES},
		{FOCUS_NONE, UI_KEY_UP, FOCUS_NO_FOR_GOOD},
		{FOCUS_YES, UI_KEY_DOWN, FOCUS_PREVIEW},
		{FOCUS_NO, UI_KEY_DOWN, FOCUS_NO_FOR_GOOD},
		{FOCUS_PREVIEW, UI_KEY_UP, FOCUS_YES},
		{FOCUS_NOTICE, UI_KEY_UP, FOCUS_NO},
		{FOCUS_NO_FOR_GOOD, UI_KEY_UP, FOCUS_NO},
		{FOCUS_YES, UI_KEY_UP, FOCUS_YES},
		{FOCUS_NOTICE, UI_KEY_DOWN, FOCUS_NOTICE},
	};
	const struct consent_model *model = consent_sample("shop");
	struct theme theme = theme_make(true, true);
	enum consent_answer answer = CONSENT_UNASKED;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct consent_view view = {24, 80, 0, table[i].from, SAY_HOW};
		assert_int_equal(consent_step(model, &view, &theme, table[i].key, &answer), CONSENT_STAY);
		assert_int_equal(view.focus, table[i].to);
	}
}

/* Every row of the key table, whatever has focus. */
static void keys_do_what_the_table_says(void **state)
{
	static const struct {
		enum key_action action;
		enum consent_move move;
		enum consent_answer answer;
	} table[] = {
		{ACTION_YES, CONSENT_ANSWERED, CONSENT_YES},
		{ACTION_NO, CONSENT_ANSWERED, CONSENT_NO},
		{ACTION_NO_FOR_GOOD, CONSENT_ANSWERED, CONSENT_NO_FOR_GOOD},
		{ACTION_NOT_THIS_RUN, CONSENT_ANSWERED, CONSENT_NOT_THIS_RUN},
		{ACTION_QUIT, CONSENT_ANSWERED, CONSENT_QUIT},
		{ACTION_PREVIEW, CONSENT_SHOW_PREVIEW, CONSENT_UNASKED},
		{ACTION_NOTICE, CONSENT_SHOW_NOTICE, CONSENT_UNASKED},
		{ACTION_SUSPEND, CONSENT_SUSPEND, CONSENT_UNASKED},
		{ACTION_REPAINT, CONSENT_REPAINT, CONSENT_UNASKED},
	};
	const struct consent_model *model = consent_sample("shop");
	struct theme theme = theme_make(true, true);
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; i < key_binding_count; i++) {
		for (size_t j = 0; j < sizeof(table) / sizeof(table[0]); j++) {
			if ((key_bindings[i].screens & KEY_SCREEN_CONSENT) == 0 ||
			    key_bindings[i].action != table[j].action)
				continue;
			seen++;
			for (unsigned focus = FOCUS_NONE; focus < FOCUS_COUNT; focus++) {
				struct consent_view view = {24, 80, 0, (enum consent_focus)focus, SAY_HOW};
				enum consent_answer answer = CONSENT_UNASKED;
				assert_int_equal(consent_step(model, &view, &theme, key_bindings[i].key, &answer),
						 table[j].move);
				assert_int_equal(answer, table[j].answer);
			}
		}
	}
	assert_int_equal(seen, 10 + 2 + 1 + 1 + 1);
}

static void enter_is_the_focused_controls_own_key(void **state)
{
	static const uint32_t own[FOCUS_COUNT] = {0, 'y', 'n', 'v', 'p', 'd'};
	const struct consent_model *model = consent_sample("shop");
	struct theme theme = theme_make(true, true);

	(void)state;
	for (unsigned focus = FOCUS_YES; focus < FOCUS_COUNT; focus++) {
		struct consent_view a = {24, 80, 0, (enum consent_focus)focus, SAY_HOW}, b = a, c = a;
		enum consent_answer by_enter = CONSENT_UNASKED, by_space = CONSENT_UNASKED, by_key = CONSENT_UNASKED;
		enum consent_move move = consent_step(model, &c, &theme, own[focus], &by_key);
		assert_int_equal(consent_step(model, &a, &theme, UI_KEY_ENTER, &by_enter), move);
		assert_int_equal(consent_step(model, &b, &theme, ' ', &by_space), move);
		assert_int_equal(by_enter, by_key);
		assert_int_equal(by_space, by_key);
	}
}

static void keys_are_listed_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < key_binding_count; i++) {
		assert_int_equal(key_bindings[i].name == NULL, key_bindings[i].help == NULL);
		for (size_t j = i + 1; j < key_binding_count; j++)
			assert_false((key_bindings[i].screens & key_bindings[j].screens) != 0 &&
				     key_bindings[i].key == key_bindings[j].key);
	}
}

static void the_pager_scrolls_within_its_text(void **state)
{
	static const struct {
		uint32_t key;
		unsigned top;
	} table[] = {
		{UI_KEY_UP, 0},
		{UI_KEY_DOWN, 1},
		{UI_KEY_PAGE_DOWN, 7},
		{' ', 13},
		{UI_KEY_PAGE_UP, 7},
		{'G', 23},
		{UI_KEY_DOWN, 23},
		{UI_KEY_PAGE_DOWN, 23},
		{'k', 22},
		{'g', 0},
		{UI_KEY_END, 23},
		{UI_KEY_HOME, 0},
		{'y', 0},
		{'b', 0},
	};
	struct pager_text text = {
		"t", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n21\n22\n23\n24\n"
		     "25\n26\n27\n28\n29\n30\n"};
	struct pager_view view = {.rows = 10, .columns = 40};
	struct theme theme = theme_make(true, true);

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(pager_step(&text, &view, &theme, table[i].key), PAGER_STAY);
		assert_int_equal(view.top, table[i].top);
		assert_int_equal(view.hint, table[i].key == 'y');
	}
	assert_int_equal(pager_step(&text, &view, &theme, UI_KEY_ESC), PAGER_BACK);
	assert_int_equal(pager_step(&text, &view, &theme, 'q'), PAGER_BACK);
	assert_int_equal(pager_step(&text, &view, &theme, UI_KEY_CTRL('c')), PAGER_QUIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_is_drawn),
		cmocka_unit_test(controls_always_stay_in_sight),
		cmocka_unit_test(all_of_the_text_can_be_read),
		cmocka_unit_test(nothing_has_focus_until_it_is_moved),
		cmocka_unit_test(focus_goes_round),
		cmocka_unit_test(keys_do_what_the_table_says),
		cmocka_unit_test(enter_is_the_focused_controls_own_key),
		cmocka_unit_test(keys_are_listed_once),
		cmocka_unit_test(the_pager_scrolls_within_its_text),
	};

	return cmocka_run_group_tests(tests, set_locale, NULL);
}
