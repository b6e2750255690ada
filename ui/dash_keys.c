/* SPDX-License-Identifier: MIT */
/* Keys and actions: to what stands in front, to the line being typed, to the view, and what the view has no use for. */
#include "ui/dash_private.h"

#include <stdio.h>
#include <string.h>

void dash_take_words(struct dash *self)
{
	if (self->context.words[0] == '\0')
		return;
	dash_say(self, self->context.words, false);
	self->context.words[0] = '\0';
}

/* ---- The views' steps ---- */

static enum screen_go help_do(struct dash *self, enum screen_go go, enum key_action chosen)
{
	if (go != GO_BACK)
		return go;
	dash_pop(self);
	if (chosen != ACTION_NOTHING)
		dash_do(self, dash_screen(self), chosen, 0);
	return GO_NOWHERE;
}

/* What the list has no use for is for the log below it. */
static enum screen_go services_or_log(struct dash *self, enum key_action action)
{
	enum screen_go go = services_step(&self->services, &self->context, action);
	struct log_view *log = dash_seen_log(self);

	if (go != GO_UNTAKEN || action == ACTION_BACK || action == ACTION_CANCEL || action == ACTION_SEARCH ||
	    log == NULL)
		return go;
	return log_view_step(log, &self->context, action);
}

/* The log below the services has the keys; what it has no use for, the services may. */
static enum screen_go pane_step(struct dash *self, enum key_action action)
{
	struct log_view *log = dash_seen_log(self);
	enum screen_go go = log != NULL ? log_view_step(log, &self->context, action) : GO_UNTAKEN;

	if (go != GO_UNTAKEN)
		return go;
	if (action == ACTION_BACK || action == ACTION_CANCEL)
		return GO_BACK;
	return services_step(&self->services, &self->context, action);
}

enum screen_go dash_step(struct dash *self, enum key_screen screen, enum key_action action)
{
	struct log_view *log = dash_seen_log(self);
	enum key_action chosen;
	enum screen_go go;

	switch (screen) {
	case KEY_SCREEN_SERVICES:
		return services_or_log(self, action);
	case KEY_SCREEN_LOG:
		if (dash_place(self) == KEY_SCREEN_SERVICES)
			return pane_step(self, action);
		return log != NULL ? log_view_step(log, &self->context, action) : GO_UNTAKEN;
	case KEY_SCREEN_STARTUP:
		return startup_step(&self->startup, &self->context, action);
	case KEY_SCREEN_GRAPH:
		return graph_step(&self->graph, &self->context, action);
	case KEY_SCREEN_DETAIL:
		return detail_step(&self->detail, &self->context, action);
	case KEY_SCREEN_TELEMETRY:
		return telemetry_step(&self->telemetry, &self->context, action);
	case KEY_SCREEN_EVENTS:
		return events_step(&self->events, &self->context, action);
	case KEY_SCREEN_HELP:
	case KEY_SCREEN_PALETTE:
		go = help_step(&self->help, &self->context, action, &chosen);
		return help_do(self, go, chosen);
	default:
		return GO_UNTAKEN;
	}
}

/* ---- What no view has taken ---- */

static void show_help(struct dash *self, bool palette)
{
	enum key_screen of = dash_screen(self);

	/* From help to the palette: both are about where one came from. */
	if (of == KEY_SCREEN_HELP || of == KEY_SCREEN_PALETTE) {
		of = self->help.of;
		dash_pop(self);
	}
	help_begin(&self->help, of, palette);
	dash_push(self, palette ? KEY_SCREEN_PALETTE : KEY_SCREEN_HELP);
}

static bool show(struct dash *self, enum key_action action)
{
	switch (action) {
	case ACTION_SHOW_SERVICES:
		dash_straight(self, KEY_SCREEN_SERVICES);
		return true;
	case ACTION_SHOW_LOGS:
		if (dash_place(self) != KEY_SCREEN_LOG)
			self->log_of = LOG_OF_UNIT;
		dash_straight(self, KEY_SCREEN_LOG);
		return true;
	case ACTION_SHOW_STARTUP:
		dash_straight(self, KEY_SCREEN_STARTUP);
		return true;
	case ACTION_SHOW_TELEMETRY:
		dash_straight(self, KEY_SCREEN_TELEMETRY);
		return true;
	case ACTION_SHOW_EVENTS:
		dash_straight(self, KEY_SCREEN_EVENTS);
		return true;
	case ACTION_SHOW_DETAIL:
		dash_go(self, GO_DETAIL, action);
		return true;
	case ACTION_SHOW_GRAPH:
		dash_go(self, GO_GRAPH, action);
		return true;
	case ACTION_ALL_LOGS:
		dash_go(self, GO_ALL_LOGS, action);
		return true;
	case ACTION_SHOW_HELP:
	case ACTION_SHOW_PALETTE:
		show_help(self, action == ACTION_SHOW_PALETTE);
		return true;
	default:
		return false;
	}
}

/* A key that does nothing says so; where the action has its place, if it has one. */
static void say_why_not(struct dash *self, enum key_screen screen, enum key_action action, uint32_t key)
{
	const char *name = key_action_name(action);
	char spelled[KEY_NAME_MAX], help[KEY_NAME_MAX];

	if (action == ACTION_NOTHING) {
		if (key == 0 || key >= UI_KEY_OTHER || !keymap_key(self->context.keys, screen, ACTION_SHOW_HELP, help))
			return;
		key_spell(key, spelled);
		screen_say(&self->context, "%s does nothing here; %s shows the keys.", spelled, help);
		return;
	}
	for (unsigned i = 0; name != NULL && i < KEY_SCREEN_COUNT; i++) {
		enum key_screen other = (enum key_screen)(1 << i);
		if (other == screen || !keymap_key(self->context.keys, other, action, spelled))
			continue;
		screen_say(&self->context, "%s has its place in: %s.", name, key_screen_title(other));
		return;
	}
}

static void do_untaken(struct dash *self, enum key_screen screen, enum key_action action, uint32_t key)
{
	if (show(self, action) || dash_act(self, action, key))
		return;
	switch (action) {
	case ACTION_BACK:
	case ACTION_CANCEL:
		dash_go(self, GO_BACK, action);
		break;
	case ACTION_NEXT_PROBLEM:
		dash_next_problem(self);
		break;
	case ACTION_NEXT_SERVICE:
	case ACTION_PREVIOUS_SERVICE:
		dash_next_unit(self, action == ACTION_NEXT_SERVICE ? 1 : -1);
		break;
	case ACTION_OTHER_PANE:
	case ACTION_ZOOM:
		if (screen == KEY_SCREEN_LOG)
			dash_go(self, GO_BACK, action);
		break;
	case ACTION_CHOOSE:
	case ACTION_UP:
	case ACTION_DOWN:
	case ACTION_LEFT:
	case ACTION_RIGHT:
		break;
	default:
		say_why_not(self, screen, action, key);
		break;
	}
}

void dash_do(struct dash *self, enum key_screen screen, enum key_action action, uint32_t key)
{
	const struct actions *actions = self->context.actions;

	switch (action) {
	case ACTION_INTERRUPT:
		dash_interrupt(self);
		return;
	case ACTION_REPAINT:
		self->wishes |= DASH_WISH_REPAINT;
		return;
	case ACTION_SUSPEND:
		if (actions->suspend != NULL)
			actions->suspend(actions->context);
		else
			screen_say(&self->context, "This screen cannot be suspended.");
		return;
	default:
		break;
	}
	enum screen_go go = action == ACTION_NOTHING ? GO_UNTAKEN : dash_step(self, screen, action);
	if (go == GO_UNTAKEN)
		do_untaken(self, screen, action, key);
	else
		dash_go(self, go, action);
}

/* ---- A key ---- */

static void menu_key(struct dash *self, uint32_t key)
{
	enum key_action action = keymap_action(self->context.keys, KEY_SCREEN_MENU, key);
	int value;

	if (action == ACTION_INTERRUPT || action == ACTION_REPAINT || action == ACTION_SUSPEND) {
		dash_do(self, KEY_SCREEN_MENU, action, key);
		return;
	}
	switch (menu_step(&self->menu, action, key, &value)) {
	case MENU_ON:
		break;
	case MENU_CHOSEN:
		dash_menu_chosen(self, value);
		break;
	case MENU_LEFT:
		dash_close_front(self);
		break;
	}
}

/* A key into the line being typed. */
static void type_key(struct dash *self, uint32_t key)
{
	enum key_action action = keymap_action(self->context.keys, KEY_SCREEN_FIELD, key), chosen;
	struct log_view *log = dash_seen_log(self);

	if (action == ACTION_REPAINT || action == ACTION_SUSPEND) {
		dash_do(self, dash_screen(self), action, key);
		return;
	}
	if (dash_place(self) == KEY_SCREEN_HELP || dash_place(self) == KEY_SCREEN_PALETTE) {
		enum screen_go go = help_type(&self->help, &self->context, key, &chosen);
		help_do(self, go, chosen);
	} else if (dash_place(self) == KEY_SCREEN_SERVICES && self->services.narrowing) {
		services_type(&self->services, &self->context, key);
	} else if (log != NULL) {
		log_view_type(log, &self->context, key);
	}
}

/* Digits count in front of a move once lines are marked or a count has begun; else they go to views, where the table says so. */
static bool take_digit(struct dash *self, enum key_screen screen, uint32_t key)
{
	struct log_view *log = dash_seen_log(self);

	if (screen != KEY_SCREEN_LOG || log == NULL || key < '0' || key > '9')
		return false;
	if (!log->marking && log->count[0] == '\0' && keymap_action(self->context.keys, screen, key) != ACTION_NOTHING)
		return false;
	return log_view_digit(log, key);
}

/* What is pasted types, and does nothing else: no control character of it, nothing of it where no line is typed. */
static bool drop_pasted(struct dash *self, uint32_t key)
{
	if (key == UI_KEY_PASTE || key == UI_KEY_PASTE_END) {
		self->pasting = key == UI_KEY_PASTE;
		return true;
	}
	if (!self->pasting)
		return false;
	/* A paste that never ends is ended by hand. */
	if (key == UI_KEY_CTRL('c') || key == UI_KEY_ESC) {
		self->pasting = false;
		return true;
	}
	return key < ' ' || key == UI_KEY_BACKSPACE || key >= UI_KEY_OTHER || !dash_is_typing(self);
}

void dash_take_key(struct dash *self, uint32_t key)
{
	if (drop_pasted(self, key) || key == UI_KEY_MOUSE)
		return;
	self->dirty = true;
	self->context.words[0] = '\0';
	if (!self->words_last)
		self->words[0] = '\0';
	enum key_screen screen = dash_screen(self);
	if (self->front == FRONT_LEAVE)
		dash_leave_key(self, key);
	else if (self->front == FRONT_MENU)
		menu_key(self, key);
	else if (dash_is_typing(self))
		type_key(self, key);
	else if (!take_digit(self, screen, key))
		dash_do(self, screen, keymap_action(self->context.keys, screen, key), key);
	dash_take_words(self);
	dash_settle(self);
}
