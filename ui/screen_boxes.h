/* SPDX-License-Identifier: MIT */
/*
 * screen_boxes - what stands in front of a view for a moment: a choice from a list (signals, sorting, replicas), a question before something
 * takes others along, the question how to leave; and the screen that is shown while the stack stops. Nothing has focus at first where an
 * answer ends something, Enter alone does nothing there, and what was typed ahead is dropped.
 */
#ifndef UPFRONT_UI_SCREEN_BOXES_H
#define UPFRONT_UI_SCREEN_BOXES_H

#include "ui/screen.h"

#define MENU_ROWS_MAX 64u
#define MENU_TEXT_MAX 160u

enum menu_kind { MENU_SIGNAL, MENU_SORT, MENU_SCALE, MENU_TAKE_ALONG, MENU_RELOAD, MENU_URL };

struct menu_row {
	uint32_t key; /* chooses it at once; 0: none */
	int value;
	char text[MENU_TEXT_MAX];
};

struct menu_view {
	enum menu_kind kind;
	char title[MENU_TEXT_MAX];
	char text[1024]; /* above the rows; paragraphs end with '\n' */
	struct menu_row rows[MENU_ROWS_MAX];
	size_t count;
	struct screen_list list;
	bool has_focus; /* a row is selected */
};

enum menu_end { MENU_ON, MENU_CHOSEN, MENU_LEFT };

void menu_begin(struct menu_view *self, enum menu_kind kind, const char *title, bool has_focus);
void menu_add(struct menu_view *self, uint32_t key, int value, const char *text);
/* The signals worth sending, TERM first. */
void menu_add_signals(struct menu_view *self);
void menu_draw(struct menu_view *self, const struct screen_context *context, struct frame *frame);
/* The row of the menu that stands at a place of the screen, when the menu was drawn in `area`. False when there is none. */
bool menu_row_at(const struct menu_view *self, const struct theme *theme, struct frame_area area, unsigned row,
		 unsigned column, size_t *index);
/* `action` by the table of keys, `key` itself for the rows' own; *value is set with MENU_CHOSEN. */
enum menu_end menu_step(struct menu_view *self, enum key_action action, uint32_t key, int *value);

/* The question how to leave a stack that lives with this screen: what runs, and what each answer does. */
void leave_draw(const struct screen_context *context, struct frame *frame);
/* Who has stopped, who is being stopped and when it is killed; `killing`: Ctrl-C came twice. */
void stopping_draw(const struct screen_context *context, bool killing, struct frame *frame);

#endif
