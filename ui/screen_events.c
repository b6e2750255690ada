/* SPDX-License-Identifier: MIT */
#include "ui/screen_events.h"

#include "config/fnv.h"
#include "ui/screen_parts.h"
#include "ui/text.h"

#include <stdio.h>
#include <string.h>

#define WIDE_COLUMNS 60u
#define CLOCK_COLUMNS 8u
#define STATE_COLUMNS 12u /* sign and word */
#define UNIT_COLUMNS_MAX 20u

static const char *unit_name(const struct event_model *event)
{
	return event->unit != NULL ? event->unit : "the stack";
}

/* As wide as the longest name in sight. */
static unsigned unit_columns(const struct events_view *self, const struct stack_model *model, unsigned columns,
			     bool utf8)
{
	unsigned longest = 0, most = columns / 4 < UNIT_COLUMNS_MAX ? columns / 4 : UNIT_COLUMNS_MAX;

	for (size_t i = self->list.top; i < model->event_count && i - self->list.top < self->rows; i++) {
		const char *name = unit_name(&model->events[i]);
		unsigned own = text_columns(name, strlen(name), utf8);
		longest = own > longest ? own : longest;
	}
	return longest < most ? longest : most;
}

static void draw_event(const struct event_model *event, const struct theme *theme, struct frame *window, unsigned row,
		       unsigned name_columns, bool selected)
{
	bool wide = window->columns >= WIDE_COLUMNS;
	enum theme_role role = event->unit != NULL ? unit_state_role(event->state) : ROLE_NOTE;
	char clock[PARTS_CLOCK_BYTES];
	unsigned at = wide ? 2 : 1;

	if (selected)
		frame_put(window, row, 0, '>', ROLE_SELECTED);
	parts_clock(event->time_wall_ms, clock);
	frame_text(window, row, at, CLOCK_COLUMNS, clock, strlen(clock), ROLE_PLAIN, theme->utf8);
	at += CLOCK_COLUMNS + (wide ? 2 : 1);
	frame_label(window, row, at, name_columns, unit_name(event), selected ? ROLE_SELECTED : ROLE_PLAIN,
		    theme->utf8);
	at += name_columns + (wide ? 2 : 1);
	if (event->unit != NULL)
		frame_put(window, row, at, unit_state_sign(event->state, theme), role);
	if (wide && event->unit != NULL) {
		const char *word = unit_state_word(event->state);
		frame_text(window, row, at + 2, STATE_COLUMNS - 2, word, strlen(word), role, theme->utf8);
	}
	at += wide ? STATE_COLUMNS + 1 : 2;
	if (at < parts_columns(window) && event->text != NULL)
		frame_label(window, row, at, parts_columns(window) - at, event->text, ROLE_PLAIN, theme->utf8);
}

static uint64_t event_number(const struct event_model *event)
{
	uint64_t text = event->text != NULL ? fnv_text(event->text) : 0;

	return (fnv_text(unit_name(event)) ^ text ^ (uint64_t)event->time_wall_ms * 0x9e3779b97f4a7c15u) | 1;
}

/* While it follows, the last one is selected; else the selection goes with its event, for of many the oldest are forgotten. */
static void follow(struct events_view *self, const struct stack_model *model)
{
	if (model->event_count == 0)
		return;
	if (!self->away || self->list.selected >= model->event_count) {
		self->list.selected = model->event_count - 1;
		return;
	}
	for (size_t i = self->list.selected + 1; i > 0; i--) {
		if (event_number(&model->events[i - 1]) != self->event)
			continue;
		size_t moved = self->list.selected - (i - 1);
		self->list.selected = i - 1;
		self->list.top = self->list.top > moved ? self->list.top - moved : 0;
		return;
	}
	/* It is forgotten itself: the oldest that is left. */
	self->list.selected = 0;
	self->event = event_number(&model->events[0]);
}

static void draw_heading(const struct events_view *self, const struct screen_context *context, struct frame *window)
{
	size_t count = context->model->event_count;
	char rest[96];

	if (count == 0)
		rest[0] = '\0';
	else if (self->away)
		snprintf(rest, sizeof(rest), "%zu, paused, %zu below", count, count - 1 - self->list.selected);
	else
		snprintf(rest, sizeof(rest), "%zu, newest last, follow", count);
	parts_heading(context, window, "Events", rest, KEY_SCREEN_EVENTS, ACTION_SHOW_EVENTS);
}

void events_draw(struct events_view *self, const struct screen_context *context, struct frame *frame,
		 struct frame_area area)
{
	const struct stack_model *model = context->model;
	struct frame window = frame_window(frame, area);
	unsigned heading;

	if (window.rows == 0 || window.columns == 0)
		return;
	heading = window.rows >= 4;
	self->rows = window.rows - heading;
	follow(self, model);
	screen_list_fit(&self->list, model->event_count, self->rows);
	if (heading > 0)
		draw_heading(self, context, &window);
	frame_cursor(frame, area.row + heading, area.column);
	if (model->event_count == 0) {
		parts_paragraph(context->theme, &window, heading, self->rows, 1, "Nothing has happened yet.",
				ROLE_PLAIN);
		return;
	}
	unsigned name_columns = unit_columns(self, model, window.columns, context->theme->utf8);
	for (unsigned i = 0; i < self->rows && self->list.top + i < model->event_count; i++)
		draw_event(&model->events[self->list.top + i], context->theme, &window, heading + i, name_columns,
			   self->list.top + i == self->list.selected);
	parts_more(context->theme, &window, heading, self->rows, self->list.top > 0,
		   self->list.top + self->rows < model->event_count);
	frame_cursor(frame, area.row + heading + (unsigned)(self->list.selected - self->list.top), area.column);
}

static const struct event_model *selected_event(const struct events_view *self, const struct stack_model *model)
{
	return self->list.selected < model->event_count ? &model->events[self->list.selected] : NULL;
}

/* Looks at the unit that the event is about; false, with words, when there is none. */
static bool go_to_unit(const struct events_view *self, struct screen_context *context)
{
	const struct event_model *event = selected_event(self, context->model);

	if (event == NULL) {
		screen_say(context, "nothing has happened yet");
		return false;
	}
	if (event->unit == NULL) {
		screen_say(context, "this is of the whole stack, of no one service");
		return false;
	}
	for (size_t i = 0; i < context->model->unit_count; i++) {
		const struct unit_model *unit = &context->model->units[i];
		if (strcmp(unit->name, event->unit) == 0) {
			context->unit = unit->id;
			return true;
		}
	}
	screen_say(context, "%s is no longer part of the stack", event->unit);
	return false;
}

static void copy_event(const struct events_view *self, struct screen_context *context)
{
	const struct event_model *event = selected_event(self, context->model);
	struct parts_text text = {.text = (char[1024]){""}, .size_bytes = 1024};
	char clock[PARTS_CLOCK_BYTES];

	if (event != NULL) {
		parts_clock(event->time_wall_ms, clock);
		parts_add(&text, "%s %s: ", clock, unit_name(event));
		parts_add(&text, "%s", event->text != NULL ? event->text : "");
	}
	parts_copy(context, text.text);
}

enum screen_go events_step(struct events_view *self, struct screen_context *context, enum key_action action)
{
	size_t count = context->model->event_count;

	follow(self, context->model);
	if (screen_list_step(&self->list, count, self->rows, action)) {
		self->away = count > 0 && self->list.selected + 1 < count;
		self->event = self->away ? event_number(&context->model->events[self->list.selected]) : 0;
		return GO_NOWHERE;
	}
	switch (action) {
	case ACTION_FOLLOW:
		self->away = false;
		return GO_NOWHERE;
	case ACTION_CHOOSE:
		return go_to_unit(self, context) ? GO_LOG : GO_NOWHERE;
	case ACTION_SHOW_DETAIL:
		return go_to_unit(self, context) ? GO_DETAIL : GO_NOWHERE;
	case ACTION_COPY:
		copy_event(self, context);
		return GO_NOWHERE;
	case ACTION_BACK:
	case ACTION_CANCEL:
		return GO_BACK;
	default:
		return GO_UNTAKEN;
	}
}

void events_footer(const struct events_view *self, const struct screen_context *context, struct screen_footer *footer)
{
	const struct event_model *event = selected_event(self, context->model);

	*footer = (struct screen_footer){0};
	if (event != NULL && event->unit != NULL) {
		footer->actions[footer->count++] = ACTION_CHOOSE;
		footer->actions[footer->count++] = ACTION_SHOW_DETAIL;
	}
	if (event != NULL)
		footer->actions[footer->count++] = ACTION_COPY;
	if (self->away)
		footer->actions[footer->count++] = ACTION_LAST;
}
