/* SPDX-License-Identifier: MIT */
/*
 * view_scene - one view of the dashboard without the dashboard: a frame to draw into, a context to step with, and actions that only
 * note what was asked for. Frames are read as text.
 */
#ifndef UPFRONT_TESTS_LIB_VIEW_SCENE_H
#define UPFRONT_TESTS_LIB_VIEW_SCENE_H

#include "ui/actions.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>

struct view_scene {
	struct frame frame;
	struct frame_area area; /* all of it */
	struct theme theme;
	struct actions actions;
	struct screen_context context;
	char copied[4096]; /* by the last actions.copy */
	unsigned withdrawn; /* how often */
	char row[FRAME_COLUMNS_MAX * 4 + 1];
};

/* A frame of this size, with nothing but ASCII and no colours. */
void view_scene_init(struct view_scene *self, const struct stack_model *model, unsigned rows, unsigned columns);
void view_scene_finish(struct view_scene *self);
/* Another size; the frame is blank. */
void view_scene_resize(struct view_scene *self, unsigned rows, unsigned columns);

/* A row as text, without the blanks at its end; what is not ASCII is '?'. Valid until the next call. */
const char *view_scene_row(struct view_scene *self, unsigned row);
/* The first row that holds the text; -1: none. */
int view_scene_find(struct view_scene *self, const char *text);
/* These fail the test, and print the frame. The rows expected are separated by '\n'; rows below them are blank. */
void view_scene_expect(struct view_scene *self, const char *rows);
void view_scene_expect_text(struct view_scene *self, const char *text);
void view_scene_expect_no_text(struct view_scene *self, const char *text);
/* Whatever was drawn, a terminal shows it as it stands: no control characters, wide ones whole, the cursor within. */
void view_scene_check_cells(const struct view_scene *self);

/* Draws at every size from 1x1 on, up to large ones, and checks the cells. */
void view_scene_all_sizes(struct view_scene *self, void (*draw)(struct view_scene *self, void *view), void *view);

#endif
