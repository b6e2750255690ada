/* SPDX-License-Identifier: MIT */
/*
 * Every golden screen, made without a terminal: keys through the pure steps, the view through the pure draw. The terminal tests
 * hold the same files against what a real terminal shows. GOLDEN=1 writes them anew.
 */
#include "tests/lib/consent_sample.h"
#include "tests/lib/golden.h"
#include "tests/lib/shot.h"
#include "ui/frame.h"
#include "ui/model.h"
#include "ui/screen_consent.h"
#include "ui/screen_pager.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct screen {
	const struct consent_model *model;
	struct theme theme;
	struct consent_view view;
	struct pager_view pager;
	struct pager_text paged;
	bool paging;
};

static void press(struct screen *self, uint32_t key)
{
	enum consent_answer answer;

	if (self->paging) {
		self->paging = pager_step(&self->paged, &self->pager, &self->theme, key) != PAGER_BACK;
		return;
	}
	enum consent_move move = consent_step(self->model, &self->view, &self->theme, key, &answer);
	assert_int_not_equal(move, CONSENT_ANSWERED);
	if (move == CONSENT_STAY)
		return;
	self->paging = true;
	self->pager = (struct pager_view){.rows = self->view.rows, .columns = self->view.columns};
	self->paged = move == CONSENT_SHOW_PREVIEW
			      ? (struct pager_text){"What would be sent first, exactly", self->model->preview}
			      : (struct pager_text){"Full notice", self->model->notice};
}

static void frame_cell_of(const void *subject, unsigned row, unsigned column, struct shot_cell *cell)
{
	const struct frame_cell *seen = frame_at(subject, row, column);

	cell->count = seen->columns == 0 ? 0 : seen->count;
	memcpy(cell->points, seen->points, sizeof(seen->points));
	cell->letter = theme_letter(seen->role);
}

static char *shot_of(const struct screen *self)
{
	struct frame frame;

	assert_int_equal(frame_init(&frame, self->view.rows, self->view.columns), 0);
	if (self->paging)
		pager_draw(&self->paged, &self->pager, &self->theme, &frame);
	else
		consent_draw(self->model, &self->view, &self->theme, &frame);
	struct shot_source source = {
		.rows = frame.rows,
		.columns = frame.columns,
		.cursor_row = frame.cursor_row,
		.cursor_column = frame.cursor_column,
		.cell = frame_cell_of,
		.subject = &frame,
	};
	char *shot = shot_make(&source);
	frame_finish(&frame);
	return shot;
}

static void check(const char *path)
{
	struct golden golden;

	golden_load(&golden, path);
	assert_non_null(setlocale(LC_CTYPE, golden.locale));
	bool utf8 = strcmp(golden.locale, "C") != 0;
	struct screen screen = {
		.model = consent_sample(golden.sample),
		.theme = theme_make(utf8, strcmp(golden.term, "xterm-r5") != 0),
		.view = {.rows = golden.rows, .columns = golden.columns, .say = SAY_HOW},
	};
	assert_non_null(screen.model);
	for (size_t i = 0; i < golden.key_count; i++)
		press(&screen, golden.keys[i].key);
	char *shot = shot_of(&screen);
	golden_check(&golden, shot, true);
	free(shot);
	golden_finish(&golden);
}

static void every_golden_screen_is_drawn(void **state)
{
	size_t count;
	char **paths = golden_paths(GOLDEN_QUESTIONS, &count);

	(void)state;
	assert_true(count >= 30);
	for (size_t i = 0; i < count; i++)
		check(paths[i]);
	golden_paths_free(paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_golden_screen_is_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
