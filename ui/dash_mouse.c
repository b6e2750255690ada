/* SPDX-License-Identifier: MIT */
/* Clicks, drags and the wheel: by where things stood when last drawn. */
#include "ui/dash_private.h"

#include "ui/term.h"

#include <string.h>

/* Steps of a list for one of the wheel. */
#define WHEEL_STEPS 3

static bool is_in(struct frame_area area, const struct term_mouse *mouse)
{
	return mouse->row >= area.row && mouse->row - area.row < area.rows && mouse->column >= area.column &&
	       mouse->column - area.column < area.columns;
}

/* ---- The footer ---- */

static uint32_t point_at(const struct frame *frame, unsigned row, unsigned column)
{
	const struct frame_cell *cell = frame_at(frame, row, column);

	return cell != NULL && cell->count > 0 ? cell->points[0] : ' ';
}

/* Whether `text` stands in the row from `column` on, with nothing of a word around it. */
static bool stands_at(const struct frame *frame, unsigned row, unsigned column, const char *text)
{
	unsigned at = column;

	if (column > 0 && point_at(frame, row, column - 1) != ' ')
		return false;
	for (; *text != '\0'; text++, at++)
		if (at >= frame->columns || point_at(frame, row, at) != (unsigned char)*text)
			return false;
	return at >= frame->columns || point_at(frame, row, at) == ' ';
}

/* An item's key and label as they were drawn: is the click on them? */
static bool item_is_at(const struct frame *frame, struct frame_area footer, const char *text, unsigned column)
{
	for (unsigned from = 0; from <= column && from < footer.columns; from++)
		if (stands_at(frame, footer.row, footer.column + from, text) && column < from + strlen(text))
			return true;
	return false;
}

static const char *label_of(enum key_screen screen, enum key_action action)
{
	for (size_t i = 0; i < key_binding_count; i++)
		if ((key_bindings[i].screens & screen) != 0 && key_bindings[i].action == action &&
		    key_bindings[i].label != NULL)
			return key_bindings[i].label;
	return "";
}

static bool is_item(const struct dash *self, enum key_action action, unsigned column)
{
	const struct dash_layout *seen = &self->seen;
	char text[KEY_NAME_MAX + 64], key[KEY_NAME_MAX];
	const char *label = label_of(seen->footer_screen, action);

	if (!keymap_key(self->context.keys, seen->footer_screen, action, key))
		return false;
	size_t used = strlen(key);
	memcpy(text, key, used + 1);
	if (label[0] != '\0' && strlen(label) + used + 2 <= sizeof(text)) {
		text[used] = ' ';
		memcpy(text + used + 1, label, strlen(label) + 1);
	}
	/* Where there is little room, help and back stand without words. */
	return item_is_at(&self->drawn, seen->footer, text, column) ||
	       ((action == ACTION_SHOW_HELP || action == ACTION_BACK) &&
		item_is_at(&self->drawn, seen->footer, key, column));
}

static enum key_action footer_action(const struct dash *self, unsigned column)
{
	static const enum key_action always[] = {ACTION_SHOW_HELP, ACTION_BACK};
	const struct screen_footer *items = &self->seen.items;

	for (size_t i = 0; i < items->count; i++)
		if (is_item(self, items->actions[i], column))
			return items->actions[i];
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (is_item(self, always[i], column))
			return always[i];
	return ACTION_NOTHING;
}

/* As the item's key would: also into a line that is typed, or a box. */
static void click_footer(struct dash *self, const struct term_mouse *mouse)
{
	enum key_action action = footer_action(self, mouse->column - self->seen.footer.column);
	uint32_t key;
	char name[KEY_NAME_MAX];

	if (action == ACTION_NOTHING || !keymap_key(self->context.keys, self->seen.footer_screen, action, name) ||
	    key_parse(name, &key) != 0)
		return;
	dash_take_key(self, key);
}

/* ---- Views that are one list ---- */

/* Where a view's cursor is; kept to come back to it. */
union place {
	struct startup_view startup;
	struct graph_view graph;
	struct detail_view detail;
	struct telemetry_view telemetry;
	struct events_view events;
	struct screen_list help;
};

static void keep_place(struct dash *self, union place *place, bool back)
{
	void *view;
	size_t size;

	switch (dash_place(self)) {
	case KEY_SCREEN_STARTUP:
		view = &self->startup;
		size = sizeof(self->startup);
		break;
	case KEY_SCREEN_GRAPH:
		view = &self->graph;
		size = sizeof(self->graph);
		break;
	case KEY_SCREEN_DETAIL:
		view = &self->detail;
		size = sizeof(self->detail);
		break;
	case KEY_SCREEN_TELEMETRY:
		view = &self->telemetry;
		size = sizeof(self->telemetry);
		break;
	case KEY_SCREEN_EVENTS:
		view = &self->events;
		size = sizeof(self->events);
		break;
	default:
		view = &self->help.list;
		size = sizeof(self->help.list);
		break;
	}
	memcpy(back ? view : (void *)place, back ? (void *)place : view, size);
}

/* The row of the view's cursor, as it would be drawn now. */
static unsigned cursor_row(struct dash *self)
{
	dash_draw_all(self, &self->scratch);
	return self->scratch.cursor_row;
}

static bool fit_scratch(struct dash *self)
{
	if (self->scratch.cells != NULL && self->scratch.rows == self->drawn.rows &&
	    self->scratch.columns == self->drawn.columns)
		return true;
	frame_finish(&self->scratch);
	return frame_init(&self->scratch, self->drawn.rows, self->drawn.columns) == 0;
}

/*
 * The cursor goes to the row that was clicked, step by step as by keys; when there is nothing to be selected in that row it stays where it
 * was. A click on the row it is in opens.
 */
static void click_list(struct dash *self, const struct term_mouse *mouse)
{
	enum key_screen screen = dash_screen(self);
	unsigned unit = self->context.unit, at;
	union place place;

	if (!fit_scratch(self))
		return;
	at = cursor_row(self);
	if (at == mouse->row) {
		dash_do(self, screen, ACTION_CHOOSE, 0);
		return;
	}
	keep_place(self, &place, false);
	for (unsigned i = 0; i < self->drawn.rows && at != mouse->row; i++) {
		bool up = at > mouse->row;
		dash_step(self, screen, up ? ACTION_UP : ACTION_DOWN);
		unsigned now = cursor_row(self);
		if (now == at || (up ? now < mouse->row : now > mouse->row)) {
			at = now;
			break;
		}
		at = now;
	}
	if (at == mouse->row)
		return;
	keep_place(self, &place, true);
	self->context.unit = unit;
}

/* ---- */

static void click_menu(struct dash *self, const struct term_mouse *mouse)
{
	struct frame_area area = {0, 0, self->drawn.rows, self->drawn.columns};
	size_t index;

	if (self->seen.front.rows > 0)
		area = self->seen.front;
	if (!menu_row_at(&self->menu, self->context.theme, area, mouse->row, mouse->column, &index))
		return;
	if (self->menu.has_focus && self->menu.list.selected == index) {
		dash_menu_chosen(self, self->menu.rows[index].value);
		return;
	}
	self->menu.has_focus = true;
	self->menu.list.selected = index;
}

static void wheel(struct dash *self, const struct term_mouse *mouse)
{
	enum key_action action = mouse->kind == TERM_MOUSE_WHEEL_UP ? ACTION_UP : ACTION_DOWN;

	for (unsigned i = 0; i < WHEEL_STEPS; i++)
		dash_step(self, dash_screen(self), action);
}

static void mouse_in_services(struct dash *self, const struct term_mouse *mouse)
{
	if (mouse->kind == TERM_MOUSE_PRESS)
		self->services.log_focus = false;
	dash_go(self, services_mouse(&self->services, &self->context, mouse, self->seen.view), ACTION_NOTHING);
}

static void mouse_in_view(struct dash *self, const struct term_mouse *mouse)
{
	struct log_view *log = dash_seen_log(self);
	bool in_log = log != NULL && self->seen.log.rows > 0 && is_in(self->seen.log, mouse);

	if (mouse->kind == TERM_MOUSE_PRESS)
		self->mouse_in_log = in_log;
	bool goes_on = mouse->kind == TERM_MOUSE_DRAG || mouse->kind == TERM_MOUSE_RELEASE;
	if (log != NULL && self->seen.log.rows > 0 && (goes_on ? self->mouse_in_log : in_log)) {
		if (mouse->kind == TERM_MOUSE_PRESS && dash_place(self) == KEY_SCREEN_SERVICES)
			self->services.log_focus = true;
		log_view_mouse(log, &self->context, mouse, self->seen.log);
	} else if (dash_screen(self) == KEY_SCREEN_SERVICES || dash_log_has_focus(self)) {
		if (dash_place(self) == KEY_SCREEN_SERVICES)
			mouse_in_services(self, mouse);
	} else if (goes_on || dash_place(self) == KEY_SCREEN_LOG || dash_screen(self) == KEY_SCREEN_STOPPING) {
		return;
	} else if (mouse->kind == TERM_MOUSE_PRESS) {
		click_list(self, mouse);
	} else {
		wheel(self, mouse);
	}
}

void dash_take_mouse(struct dash *self, const struct term_mouse *mouse)
{
	if (!self->has_drawn)
		return;
	self->dirty = true;
	if (mouse->kind == TERM_MOUSE_PRESS && is_in(self->seen.footer, mouse)) {
		click_footer(self, mouse);
		return;
	}
	self->context.words[0] = '\0';
	if (mouse->kind == TERM_MOUSE_PRESS && !self->words_last)
		self->words[0] = '\0';
	if (self->front == FRONT_MENU && mouse->kind == TERM_MOUSE_PRESS)
		click_menu(self, mouse);
	else if (self->front == FRONT_NOTHING && is_in(self->seen.view, mouse))
		mouse_in_view(self, mouse);
	else if (self->front == FRONT_NOTHING && self->mouse_in_log)
		mouse_in_view(self, mouse);
	dash_take_words(self);
	dash_settle(self);
}
