/* SPDX-License-Identifier: MIT */
#include "tests/lib/view_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void note_copy(void *context, const char *bytes, size_t size_bytes, int64_t lines)
{
	struct view_scene *self = context;

	assert_int_equal(lines, 0);
	assert_true(size_bytes < sizeof(self->copied));
	memcpy(self->copied, bytes, size_bytes);
	self->copied[size_bytes] = '\0';
}

static void note_withdraw(void *context)
{
	struct view_scene *self = context;

	self->withdrawn++;
}

void view_scene_init(struct view_scene *self, const struct stack_model *model, unsigned rows, unsigned columns)
{
	*self = (struct view_scene){.theme = theme_make(false, false)};
	self->actions = (struct actions){.context = self, .copy = note_copy, .withdraw = note_withdraw};
	self->context = (struct screen_context){.model = model,
						.theme = &self->theme,
						.actions = &self->actions,
						.unit = model->unit_count > 0 ? model->units[0].id : 0};
	view_scene_resize(self, rows, columns);
}

void view_scene_finish(struct view_scene *self)
{
	frame_finish(&self->frame);
}

void view_scene_resize(struct view_scene *self, unsigned rows, unsigned columns)
{
	frame_finish(&self->frame);
	assert_int_equal(frame_init(&self->frame, rows, columns), 0);
	self->area = (struct frame_area){.rows = self->frame.rows, .columns = self->frame.columns};
}

const char *view_scene_row(struct view_scene *self, unsigned row)
{
	size_t used = 0, end = 0;

	for (unsigned column = 0; column < self->frame.columns; column++) {
		const struct frame_cell *cell = frame_at(&self->frame, row, column);
		if (cell == NULL || cell->columns == 0)
			continue;
		self->row[used++] = cell->points[0] >= 0x20 && cell->points[0] < 0x7f ? (char)cell->points[0] : '?';
		if (self->row[used - 1] != ' ')
			end = used;
	}
	self->row[end] = '\0';
	return self->row;
}

int view_scene_find(struct view_scene *self, const char *text)
{
	for (unsigned row = 0; row < self->frame.rows; row++)
		if (strstr(view_scene_row(self, row), text) != NULL)
			return (int)row;
	return -1;
}

static void print_frame(struct view_scene *self)
{
	for (unsigned row = 0; row < self->frame.rows; row++)
		print_error("%2u |%s\n", row, view_scene_row(self, row));
}

void view_scene_expect(struct view_scene *self, const char *rows)
{
	for (unsigned row = 0; row < self->frame.rows; row++) {
		const char *end = strchrnul(rows, '\n');
		const char *is = view_scene_row(self, row);
		if (strlen(is) != (size_t)(end - rows) || strncmp(is, rows, strlen(is)) != 0) {
			print_frame(self);
			fail_msg("row %u is\n|%s|, not\n|%.*s|", row, view_scene_row(self, row), (int)(end - rows),
				 rows);
		}
		rows = *end == '\n' ? end + 1 : end;
	}
}

void view_scene_expect_text(struct view_scene *self, const char *text)
{
	if (view_scene_find(self, text) >= 0)
		return;
	print_frame(self);
	fail_msg("nowhere: %s", text);
}

void view_scene_expect_no_text(struct view_scene *self, const char *text)
{
	if (view_scene_find(self, text) < 0)
		return;
	print_frame(self);
	fail_msg("is there: %s", text);
}

static void check_cell(const struct frame *frame, unsigned row, unsigned column)
{
	const struct frame_cell *cell = frame_at(frame, row, column);

	if (cell->columns == 0) {
		assert_true(column > 0 && frame_at(frame, row, column - 1)->columns == 2);
		return;
	}
	assert_in_range(cell->count, 1, FRAME_POINTS_MAX);
	assert_true(cell->points[0] >= 0x20 && (cell->points[0] < 0x7f || cell->points[0] >= 0xa0));
	assert_true(cell->role < ROLE_COUNT);
	if (cell->columns == 2)
		assert_int_equal(frame_at(frame, row, column + 1)->columns, 0);
}

void view_scene_check_cells(const struct view_scene *self)
{
	for (unsigned row = 0; row < self->frame.rows; row++)
		for (unsigned column = 0; column < self->frame.columns; column++)
			check_cell(&self->frame, row, column);
	assert_true(self->frame.cursor_row < self->frame.rows && self->frame.cursor_column < self->frame.columns);
}

void view_scene_all_sizes(struct view_scene *self, void (*draw)(struct view_scene *self, void *view), void *view)
{
	for (unsigned rows = 1; rows <= 45; rows += rows < 16 ? 1 : 7)
		for (unsigned columns = 1; columns <= 140; columns += columns < 24 ? 1 : 9) {
			view_scene_resize(self, rows, columns);
			draw(self, view);
			view_scene_check_cells(self);
		}
}
