/* SPDX-License-Identifier: MIT */
/* services_scene - the main view without a dashboard around it: a model, keys by their actions, and what is drawn, as text. */
#ifndef UPFRONT_TESTS_SERVICES_SCENE_H
#define UPFRONT_TESTS_SERVICES_SCENE_H

#include "tests/lib/dash_sample.h"
#include "ui/frame.h"
#include "ui/screen_services.h"
#include "ui/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SCENE_SHOT_BYTES 262144u

struct scene {
	struct services_view view;
	struct theme theme;
	struct keymap keys;
	struct screen_context context;
	struct frame frame;
	struct frame_area area;
	char shot[SCENE_SHOT_BYTES]; /* rows as lines, blanks at their ends left out */
};

static inline void scene_draw(struct scene *self)
{
	size_t used = 0;

	frame_clear(&self->frame);
	services_draw(&self->view, &self->context, &self->frame, self->area);
	for (unsigned row = 0; row < self->frame.rows; row++) {
		size_t end = used;
		for (unsigned column = 0; column < self->frame.columns; column++) {
			const struct frame_cell *cell = frame_at(&self->frame, row, column);
			for (unsigned i = 0; cell->columns > 0 && i < cell->count; i++)
				used += text_encode(cell->points[i], self->shot + used);
			end = cell->points[0] != ' ' ? used : end;
		}
		used = end;
		self->shot[used++] = '\n';
		assert_true(used + self->frame.columns * 16u < sizeof(self->shot));
	}
	self->shot[used] = '\0';
}

/* Also another size: 0 rows keeps it. */
static inline void scene_resize(struct scene *self, unsigned rows, unsigned columns)
{
	frame_finish(&self->frame);
	assert_int_equal(frame_init(&self->frame, rows, columns), 0);
	self->area = (struct frame_area){.rows = rows, .columns = columns};
	scene_draw(self);
}

static inline void scene_take(struct scene *self, const struct stack_model *model)
{
	self->context.model = model;
	services_take_model(&self->view, &self->context);
	scene_draw(self);
}

static inline struct scene *scene_open(const struct stack_model *model, unsigned rows, unsigned columns)
{
	struct scene *self = calloc(1, sizeof(*self));

	assert_non_null(self);
	services_init(&self->view);
	self->theme = theme_make(false, false);
	assert_int_equal(keymap_init(&self->keys, NULL, NULL, 0), 0);
	self->context = (struct screen_context){.model = model, .theme = &self->theme, .keys = &self->keys};
	services_take_model(&self->view, &self->context);
	scene_resize(self, rows, columns);
	return self;
}

static inline void scene_close(struct scene *self)
{
	frame_finish(&self->frame);
	services_finish(&self->view);
	free(self);
}

static inline enum screen_go scene_press(struct scene *self, enum key_action action)
{
	enum screen_go go = services_step(&self->view, &self->context, action);

	scene_draw(self);
	return go;
}

static inline void scene_type(struct scene *self, const char *text)
{
	for (; *text != '\0'; text++)
		services_type(&self->view, &self->context, (unsigned char)*text);
	scene_draw(self);
}

/* The name of the unit that is looked at. */
static inline const char *scene_unit(const struct scene *self)
{
	const struct unit_model *unit = screen_unit(self->context.model, self->context.unit);

	return unit != NULL ? unit->name : NULL;
}

/* The row on which `text` stands, -1 when it is nowhere; *column in bytes. */
static inline int scene_find(const struct scene *self, const char *text)
{
	const char *found = strstr(self->shot, text);
	int row = 0;

	for (const char *at = self->shot; found != NULL && at < found; at++)
		row += *at == '\n';
	return found != NULL ? row : -1;
}

static inline void scene_assert_shows(const struct scene *self, const char *text)
{
	if (scene_find(self, text) < 0)
		fail_msg("not on the screen: \"%s\"\n%s", text, self->shot);
}

static inline void scene_assert_hides(const struct scene *self, const char *text)
{
	if (scene_find(self, text) >= 0)
		fail_msg("on the screen: \"%s\"\n%s", text, self->shot);
}

#endif
