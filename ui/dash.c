/* SPDX-License-Identifier: MIT */
#include "ui/dash.h"

#include "config/figure.h"
#include "ui/dash_private.h"
#include "ui/screen_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_MS 1000

static const struct stack_model no_model = {.app = "", .project = "", .file = "", .up_after_ms = -1, .stop_ms = -1};
static const struct actions no_actions = {.context = NULL};

struct dash *dash_create(const struct dash_options *options)
{
	struct dash *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return NULL;
	self->options = *options;
	self->context = (struct screen_context){
		.model = &no_model,
		.theme = options->theme,
		.keys = options->keys,
		.actions = options->actions != NULL ? options->actions : &no_actions,
	};
	self->mouse = options->mouse;
	self->places[0] = KEY_SCREEN_SERVICES;
	self->depth = 1;
	self->rows = 24;
	self->columns = 80;
	services_init(&self->services);
	help_init(&self->help);
	self->dirty = true;
	return self;
}

void dash_destroy(struct dash *self)
{
	if (self == NULL)
		return;
	dash_logs_close(self);
	dash_drop_request(self);
	services_finish(&self->services);
	help_finish(&self->help);
	frame_finish(&self->drawn);
	frame_finish(&self->scratch);
	free(self);
}

void dash_say(struct dash *self, const char *text, bool lasting)
{
	snprintf(self->words, sizeof(self->words), "%s", text);
	/* What is said while a key is dealt with is news: it is not followed by what was said before. */
	self->context.words[0] = '\0';
	self->words_last = lasting;
	self->dirty = true;
}

/* ---- Whether anything seen has changed ---- */

static bool same_frame(const struct frame *a, const struct frame *b)
{
	if (a->rows != b->rows || a->columns != b->columns || a->cursor_row != b->cursor_row ||
	    a->cursor_column != b->cursor_column)
		return false;
	for (unsigned row = 0; row < a->rows; row++)
		for (unsigned column = 0; column < a->columns; column++)
			if (!frame_same_cell(frame_at(a, row, column), frame_at(b, row, column)))
				return false;
	return true;
}

/* A frame of the size of the screen; false when there is no memory for it. */
static bool fit_frame(struct frame *frame, unsigned rows, unsigned columns)
{
	if (frame->cells != NULL && frame->rows == rows && frame->columns == columns)
		return true;
	frame_finish(frame);
	return frame_init(frame, rows, columns) == 0;
}

/* Draws and compares: figures that move within what is shown are no news. */
static bool would_differ(struct dash *self)
{
	if (!self->has_drawn || !fit_frame(&self->scratch, self->drawn.rows, self->drawn.columns))
		return true;
	dash_draw_all(self, &self->scratch);
	return !same_frame(&self->scratch, &self->drawn);
}

bool dash_is_dirty(const struct dash *self)
{
	return self->dirty || self->log_dirty;
}

bool dash_is_flooding(const struct dash *self)
{
	const struct log_view *log = dash_seen_log((struct dash *)self);

	return !self->dirty && log != NULL && log_view_is_flooding(log);
}

void dash_draw(struct dash *self, struct frame *frame)
{
	dash_draw_all(self, frame);
	self->dirty = self->log_dirty = false;
	self->has_drawn = fit_frame(&self->drawn, frame->rows, frame->columns);
	if (!self->has_drawn)
		return;
	for (unsigned row = 0; row < frame->rows; row++)
		memcpy(&self->drawn.cells[(size_t)row * self->drawn.stride], &frame->cells[(size_t)row * frame->stride],
		       frame->columns * sizeof(*frame->cells));
	self->drawn.cursor_row = frame->cursor_row;
	self->drawn.cursor_column = frame->cursor_column;
}

/* ---- What is told ---- */

/* Told once for each change, until the next key; the outlook goes on telling of it. */
static void announce_file(struct dash *self)
{
	const struct stack_model *model = self->context.model;
	const char *changed = model->changed_file != NULL ? model->changed_file : "";
	char key[KEY_NAME_MAX];

	if (strncmp(self->announced, changed, sizeof(self->announced) - 1) == 0)
		return;
	snprintf(self->announced, sizeof(self->announced), "%s", changed);
	if (changed[0] == '\0')
		return;
	const char *file = parts_file_name(model->file);

	if (keymap_key(self->context.keys, KEY_SCREEN_SERVICES, ACTION_RELOAD, key))
		screen_say(&self->context, "%s has changed: %s; %s shows how", file, changed, key);
	else
		screen_say(&self->context, "%s has changed: %s", file, changed);
}

/* What broke speaks before what was done. */
static void hear_problems(struct dash *self)
{
	const struct stack_model *model = self->context.model;
	size_t problems = 0;

	for (size_t i = 0; i < model->unit_count; i++)
		problems += unit_state_is_problem(model->units[i].state) ? 1 : 0;
	if (problems > self->problems_seen && !self->words_last)
		self->words[0] = '\0';
	self->problems_seen = problems;
}

void dash_take_model(struct dash *self, const struct stack_model *model)
{
	self->context.model = model;
	self->context.words[0] = '\0';
	hear_problems(self);
	services_take_model(&self->services, &self->context);
	announce_file(self);
	dash_take_words(self);
	if (dash_is_stopping(self) && !self->stopping_seen) {
		/* The stop stands in front of all; what was asked before it is out of date. */
		dash_close_front(self);
		self->depth = 1;
	}
	self->stopping_seen = dash_is_stopping(self);
	dash_logs_retry(self);
	dash_settle(self);
	if (!self->dirty)
		self->dirty = would_differ(self);
}

void dash_take_size(struct dash *self, unsigned rows, unsigned columns)
{
	self->rows = rows == 0 ? 1 : rows > FRAME_ROWS_MAX ? FRAME_ROWS_MAX : rows;
	self->columns = columns == 0 ? 1 : columns > FRAME_COLUMNS_MAX ? FRAME_COLUMNS_MAX : columns;
	self->dirty = true;
	dash_settle(self);
}

bool dash_work(struct dash *self, int64_t budget_us)
{
	struct log_view *log = dash_seen_log(self);
	bool changed = false, more;

	if (log == NULL || log->text == NULL)
		return false;
	more = log_view_work(log, budget_us, &changed);
	self->log_dirty = self->log_dirty || changed;
	return more;
}

unsigned dash_take_wishes(struct dash *self)
{
	unsigned wishes = self->wishes;

	self->wishes = 0;
	return wishes;
}

bool dash_is_typing(const struct dash *self)
{
	struct log_view *log = dash_seen_log((struct dash *)self);

	if (self->front != FRONT_NOTHING)
		return false;
	switch (dash_place(self)) {
	case KEY_SCREEN_HELP:
	case KEY_SCREEN_PALETTE:
		return self->help.typing;
	case KEY_SCREEN_SERVICES:
		return !dash_is_stopping(self) &&
		       (self->services.narrowing || (log != NULL && log->typing != LOG_TYPING_NOTHING));
	case KEY_SCREEN_LOG:
		return log != NULL && log->typing != LOG_TYPING_NOTHING;
	default:
		return false;
	}
}

/* ---- When time alone changes something ---- */

/* The next whole second since `from_ms`. */
static int64_t next_second(int64_t from_ms, int64_t now_ms)
{
	int64_t since = now_ms > from_ms ? now_ms - from_ms : 0;

	return from_ms + (since / SECOND_MS + 1) * SECOND_MS;
}

static int64_t detail_due_ms(const struct dash *self)
{
	const struct stack_model *model = self->context.model;
	const struct unit_model *unit = screen_unit(model, self->context.unit);

	if (unit == NULL || unit->started_ms < 0)
		return -1;
	return model->now_ms + figure_uptime_lasts_ms(model->now_ms - unit->started_ms);
}

int64_t dash_due_ms(const struct dash *self)
{
	const struct stack_model *model = self->context.model;

	if (dash_is_stopping(self) && dash_place(self) == KEY_SCREEN_SERVICES)
		return model->state == STACK_STOPPING && model->stop_ms >= 0
			       ? next_second(model->stop_ms, model->now_ms)
			       : -1;
	switch (dash_place(self)) {
	case KEY_SCREEN_SERVICES:
		return services_due_ms(&self->services, &self->context);
	case KEY_SCREEN_STARTUP:
		return model->state == STACK_STARTING ? next_second(model->begin_ms, model->now_ms) : -1;
	case KEY_SCREEN_DETAIL:
		return detail_due_ms(self);
	default:
		return -1;
	}
}
