/* SPDX-License-Identifier: MIT */
/* From view to view, and out. */
#include "ui/dash_private.h"

#include <stdio.h>
#include <string.h>

enum key_screen dash_place(const struct dash *self)
{
	return self->places[self->depth - 1];
}

bool dash_is_stopping(const struct dash *self)
{
	const struct stack_model *model = self->context.model;

	/* Over is how a stop ends: until somebody leaves it stays to be seen. */
	return model->state == STACK_STOPPING || (model->state == STACK_OVER && model->stop_ms >= 0);
}

enum key_screen dash_screen(const struct dash *self)
{
	if (self->front != FRONT_NOTHING)
		return self->front == FRONT_MENU ? KEY_SCREEN_MENU : KEY_SCREEN_LEAVE;
	if (dash_place(self) != KEY_SCREEN_SERVICES)
		return dash_place(self);
	if (dash_is_stopping(self))
		return KEY_SCREEN_STOPPING;
	return dash_log_has_focus(self) ? KEY_SCREEN_LOG : KEY_SCREEN_SERVICES;
}

/* ---- The pile ---- */

void dash_push(struct dash *self, enum key_screen screen)
{
	/* What stands in the pile already is come back to, so it stays small. */
	for (size_t i = 0; i < self->depth; i++) {
		if (self->places[i] == screen) {
			self->depth = i + 1;
			return;
		}
	}
	if (self->depth < DASH_PLACES_MAX)
		self->places[self->depth++] = screen;
}

void dash_straight(struct dash *self, enum key_screen screen)
{
	self->depth = 1;
	if (screen == KEY_SCREEN_SERVICES)
		self->services.log_focus = false;
	else
		dash_push(self, screen);
}

void dash_pop(struct dash *self)
{
	if (self->depth > 1)
		self->depth--;
}

static void open_log(struct dash *self, enum dash_log_of of)
{
	self->log_of = of;
	dash_push(self, KEY_SCREEN_LOG);
}

/* All; there already: of those that are marked, or of this one. */
static void all_logs(struct dash *self)
{
	if (dash_place(self) != KEY_SCREEN_LOG)
		open_log(self, LOG_OF_ALL);
	else if (self->log_of == LOG_OF_ALL)
		self->log_of = self->services.mark_count > 0 ? LOG_OF_MARKED : LOG_OF_UNIT;
	else
		self->log_of = LOG_OF_ALL;
}

void dash_go(struct dash *self, enum screen_go go, enum key_action action)
{
	switch (go) {
	case GO_NOWHERE:
	case GO_UNTAKEN:
		break;
	case GO_BACK:
		if (dash_screen(self) == KEY_SCREEN_LOG && dash_place(self) == KEY_SCREEN_SERVICES)
			self->services.log_focus = false;
		else if (self->depth > 1)
			dash_pop(self);
		else if (action == ACTION_BACK)
			dash_leave(self);
		break;
	case GO_LOG:
		open_log(self, LOG_OF_UNIT);
		break;
	case GO_ALL_LOGS:
		all_logs(self);
		break;
	case GO_DETAIL:
		dash_push(self, KEY_SCREEN_DETAIL);
		break;
	case GO_GRAPH:
		dash_push(self, KEY_SCREEN_GRAPH);
		break;
	}
}

/* ---- The unit that is looked at ---- */

void dash_show_unit(struct dash *self, const struct unit_model *unit)
{
	self->context.unit = unit->id;
	if (dash_place(self) == KEY_SCREEN_LOG)
		self->log_of = LOG_OF_UNIT;
	self->detail.top = self->detail.line = 0;
}

void dash_next_problem(struct dash *self)
{
	const struct unit_model *unit = screen_next_problem(self->context.model, self->context.unit);

	if (unit == NULL) {
		screen_say(&self->context, "Nothing is wrong.");
		return;
	}
	if (unit->id == self->context.unit && dash_place(self) == KEY_SCREEN_LOG && self->log_of == LOG_OF_UNIT)
		screen_say(&self->context, "%s is the only one with a problem.", unit->name);
	dash_show_unit(self, unit);
	if (dash_place(self) == KEY_SCREEN_TELEMETRY || dash_place(self) == KEY_SCREEN_EVENTS)
		screen_say(&self->context, "%s %s%s%s", unit->name, unit_state_word(unit->state),
			   unit->why != NULL ? ": " : "", unit->why != NULL ? unit->why : "");
}

void dash_next_unit(struct dash *self, int step)
{
	const struct stack_model *model = self->context.model;
	size_t at = 0;

	while (at < model->unit_count && model->units[at].id != self->context.unit)
		at++;
	if (at == model->unit_count) {
		if (at > 0)
			dash_show_unit(self, &model->units[0]);
	} else if (step > 0 ? at + 1 < model->unit_count : at > 0) {
		dash_show_unit(self, &model->units[step > 0 ? at + 1 : at - 1]);
	}
}

/* ---- Leaving ---- */

static void leave_by(struct dash *self, enum leave_how how)
{
	const struct actions *actions = self->context.actions;

	dash_close_front(self);
	if (actions->leave == NULL)
		screen_say(&self->context, "This screen cannot be left from here.");
	else
		actions->leave(actions->context, how);
}

static void stop_all(struct dash *self)
{
	self->stop_asked = true;
	self->depth = 1;
	self->services.log_focus = false;
	leave_by(self, LEAVE_STOP);
}

void dash_leave(struct dash *self)
{
	const struct stack_model *model = self->context.model;

	if (model->attached)
		leave_by(self, LEAVE_ATTACHED);
	else if (model->state == STACK_STOPPING || (self->stop_asked && model->state != STACK_OVER))
		screen_say(&self->context, "It is stopping already. Ctrl-C kills what still runs.");
	else if (!self->options.asks_to_leave || model->state == STACK_OVER)
		stop_all(self);
	else {
		self->front = FRONT_LEAVE;
		self->wishes |= DASH_WISH_FLUSH;
	}
}

void dash_leave_key(struct dash *self, uint32_t key)
{
	switch (keymap_action(self->context.keys, KEY_SCREEN_LEAVE, key)) {
	case ACTION_LEAVE_STOP:
		stop_all(self);
		break;
	case ACTION_LEAVE_DETACH:
		leave_by(self, LEAVE_DETACH);
		break;
	case ACTION_INTERRUPT:
		dash_interrupt(self);
		break;
	case ACTION_REPAINT:
		self->wishes |= DASH_WISH_REPAINT;
		break;
	default:
		self->front = FRONT_NOTHING;
		break;
	}
}

void dash_interrupt(struct dash *self)
{
	if (self->context.model->attached) {
		leave_by(self, LEAVE_ATTACHED);
	} else if (self->stop_asked || dash_is_stopping(self)) {
		self->killing = true;
		leave_by(self, LEAVE_KILL);
	} else {
		stop_all(self);
	}
}

/* ---- What the views need ---- */

static bool is_seen(const struct dash *self, enum key_screen screen)
{
	for (size_t i = 0; i < self->depth; i++)
		if (self->places[i] == screen)
			return true;
	return false;
}

/* The story of the unit in the detail view is asked for while that view is in the pile, and ended after it. */
static void settle_detail(struct dash *self)
{
	const struct actions *actions = self->context.actions;
	const struct unit_model *unit = screen_unit(self->context.model, self->context.unit);
	unsigned wanted = is_seen(self, KEY_SCREEN_DETAIL) && unit != NULL ? unit->id : 0;

	if (wanted == self->looked_at)
		return;
	self->looked_at = wanted;
	if (actions->look_at_unit != NULL)
		actions->look_at_unit(actions->context, wanted != 0 ? unit->name : "");
}

static void settle_telemetry(struct dash *self)
{
	const struct actions *actions = self->context.actions;
	bool wanted = is_seen(self, KEY_SCREEN_TELEMETRY);

	if (wanted == self->looks_at_telemetry)
		return;
	self->looks_at_telemetry = wanted;
	if (actions->look_at_telemetry != NULL)
		actions->look_at_telemetry(actions->context, wanted);
}

void dash_settle(struct dash *self)
{
	settle_detail(self);
	settle_telemetry(self);
	dash_logs_settle(self);
}
