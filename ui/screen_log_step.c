/* SPDX-License-Identifier: MIT */
/* What keys do to a log view: moving, turning things on and off, copying, and asking others. */
#include "ui/actions.h"
#include "ui/screen_log_parts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nobody looks further to the right: lines come in pieces of this size. */
#define LEFT_MAX LOG_TEXT_LINE_MAX
/* More steps than these are not taken row by row. */
#define STEPS_AT_ONCE 500u
/* A line given in more pieces is copied in part. */
#define PIECES_MAX 1024u

bool log_view_digit(struct log_view *self, uint32_t key)
{
	size_t length = strlen(self->count);

	if (key < '0' || key > '9' || (key == '0' && length == 0))
		return false;
	self->seeking = false;
	if (length + 1 < sizeof(self->count)) {
		self->count[length] = (char)key;
		self->count[length + 1] = '\0';
	}
	return true;
}

/* The number typed in front of an action; 0: none. */
static unsigned take_count(struct log_view *self)
{
	unsigned count = (unsigned)strtoul(self->count, NULL, 10);

	self->count[0] = '\0';
	return count;
}

/* 11j: what the text does not know at once is gone on with by `work`. */
static void move_cursor(struct log_view *self, bool back, unsigned times)
{
	if (times > STEPS_AT_ONCE) {
		log_view_seek_lines(self, LOG_TEXT_ANY, back, times);
		return;
	}
	for (unsigned i = 0; i < times; i++) {
		struct log_place before = self->at;
		if (!log_view_cursor(self, back)) {
			log_view_seek_lines(self, LOG_TEXT_ANY, back, times - i);
			return;
		}
		if (before.cursor == self->at.cursor && before.top == self->at.top &&
		    before.top_skip == self->at.top_skip)
			return;
	}
}

static void move_page(struct log_view *self, bool back, bool half, unsigned times)
{
	/* One row of the last page stays, so that the eye finds its place. */
	unsigned rows = half ? self->rows / 2 : self->rows - 1;

	rows = rows > 0 ? rows : 1;
	if (times > STEPS_AT_ONCE / rows) {
		log_view_seek_lines(self, LOG_TEXT_ANY, back, times < UINT_MAX / rows ? times * rows : UINT_MAX);
		return;
	}
	for (unsigned i = 0; i < times; i++) {
		struct log_place before = self->at;
		log_view_page(self, back ? -(int)rows : (int)rows);
		if (before.top == self->at.top && before.top_skip == self->at.top_skip)
			return;
	}
}

static void move_aside(struct log_view *self, struct screen_context *context, bool right, unsigned times)
{
	unsigned step = self->columns > 1 ? self->columns / 2 : 1;

	if (self->wrap) {
		screen_say(context, "Lines are wrapped: nothing is cut off.");
		return;
	}
	for (unsigned i = 0; i < times; i++) {
		if (!right)
			self->left = self->left > step ? self->left - step : 0;
		else if ((i == 0 && !self->cut) || self->left + step > LEFT_MAX)
			return;
		else
			self->left += step;
	}
}

static void go_to_number(struct log_view *self, unsigned number)
{
	const struct log_seek seek = {.goal = LOG_GOAL_NUMBER, .number = number};

	log_view_seek(self, &seek);
}

static void go_to_first(struct log_view *self)
{
	log_view_pause(self);
	self->at.top = self->at.cursor = self->text->ops->start(self->text);
	self->at.top_skip = 0;
	if (self->filtered[0] != '\0') /* its first line may not be known yet */
		log_view_jump(self, self->at.cursor);
}

static void go_to_last(struct log_view *self)
{
	bool marking = self->marking;

	log_view_follow(self);
	/* Who marks lines marks as far as here. */
	if (marking) {
		self->marking = true;
		log_view_pause(self);
	}
}

static void next_hit(struct log_view *self, struct screen_context *context, bool back, unsigned times)
{
	if (self->searched[0] == '\0')
		screen_say(context, "Nothing is searched for: / begins a search.");
	else
		log_view_seek_lines(self, LOG_TEXT_HIT, back, times);
}

/* False when it is no motion. */
static bool move(struct log_view *self, struct screen_context *context, enum key_action action, unsigned count)
{
	unsigned times = count > 0 ? count : 1;

	switch (action) {
	case ACTION_UP:
	case ACTION_DOWN:
		move_cursor(self, action == ACTION_UP, times);
		return true;
	case ACTION_PAGE_UP:
	case ACTION_PAGE_DOWN:
		move_page(self, action == ACTION_PAGE_UP, false, times);
		return true;
	case ACTION_HALF_UP:
	case ACTION_HALF_DOWN:
		move_page(self, action == ACTION_HALF_UP, true, times);
		return true;
	case ACTION_LEFT:
	case ACTION_RIGHT:
		move_aside(self, context, action == ACTION_RIGHT, times);
		return true;
	case ACTION_FIRST:
	case ACTION_LAST:
		if (count > 0)
			go_to_number(self, count);
		else if (action == ACTION_FIRST)
			go_to_first(self);
		else
			go_to_last(self);
		return true;
	case ACTION_FOLLOW:
		log_view_follow(self);
		return true;
	case ACTION_NEXT_HIT:
	case ACTION_PREVIOUS_HIT:
		next_hit(self, context, action == ACTION_PREVIOUS_HIT, times);
		return true;
	case ACTION_NEXT_ERROR:
	case ACTION_PREVIOUS_ERROR:
		log_view_seek_lines(self, LOG_TEXT_PROBLEM, action == ACTION_PREVIOUS_ERROR, times);
		return true;
	default:
		return false;
	}
}

static void turn_wrap(struct log_view *self, struct screen_context *context)
{
	self->wrap = !self->wrap;
	self->left = self->at.top_skip = 0;
	screen_say(context, self->wrap ? "Long lines are wrapped." : "Long lines are cut at the edge.");
}

static void turn_times(struct log_view *self, struct screen_context *context)
{
	static const char *const words[LOG_TIMES_COUNT] = {
		[LOG_TIMES_NONE] = "No times.",
		[LOG_TIMES_CLOCK] = "Times of day, as lines arrived.",
		[LOG_TIMES_SINCE_START] = "Times since the stack began.",
		[LOG_TIMES_BETWEEN] = "Times since the line before.",
	};

	self->times = (self->times + 1) % LOG_TIMES_COUNT;
	screen_say(context, "%s", words[self->times]);
}

/* The cursor's line, all of its pieces. */
static void whole_line(const struct log_view *self, int64_t *from, int64_t *to)
{
	const struct log_text_ops *ops = self->text->ops;
	struct log_text_line line;

	*from = *to = self->at.cursor;
	if (ops->line(self->text, self->at.cursor, &line) != LOG_TEXT_THERE)
		return;
	*from = line.at;
	*to = line.next;
	for (unsigned i = 0; i < PIECES_MAX && line.continues; i++) {
		if (ops->find_before(self->text, *from, LOG_TEXT_ANY, &line) != LOG_TEXT_THERE)
			break;
		*from = line.at;
	}
	for (unsigned i = 0; i < PIECES_MAX; i++) {
		if (ops->line(self->text, *to, &line) != LOG_TEXT_THERE || !line.continues || line.at != *to)
			break;
		*to = line.next;
	}
}

void log_view_copy(struct log_view *self, struct screen_context *context)
{
	const struct actions *actions = context->actions;
	int64_t from, to;

	if (actions->copy_log == NULL) {
		screen_say(context, "Nothing can be copied here.");
		return;
	}
	if (self->marking)
		log_view_marked(self, &from, &to);
	else
		whole_line(self, &from, &to);
	self->marking = self->dragging = false;
	if (from == to)
		screen_say(context, "There is no line to copy.");
	else
		actions->copy_log(actions->context, self->text, from, to);
}

static void select_lines(struct log_view *self, struct screen_context *context)
{
	if (self->marking) {
		self->marking = false;
		return;
	}
	log_view_pause(self);
	self->marking = true;
	self->mark = self->at.cursor;
	screen_say(context, "Move to the last line, then y copies and S saves; Esc ends it.");
}

static void save(struct log_view *self, struct screen_context *context)
{
	if (context->actions->save_log == NULL)
		screen_say(context, "Nothing can be saved here.");
	else
		log_view_begin_typing(self, LOG_TYPING_PATH);
}

static void page(struct log_view *self, struct screen_context *context)
{
	if (context->actions->page_log == NULL)
		screen_say(context, "No pager can be opened here.");
	else
		context->actions->page_log(context->actions->context, self->text, self->at.cursor);
}

static void print(struct log_view *self, struct screen_context *context)
{
	if (context->actions->print_log == NULL)
		screen_say(context, "There is no plain terminal to print on.");
	else
		context->actions->print_log(context->actions->context, self->text);
}

/* Esc ends one thing after the other before it leaves. */
static enum screen_go cancel(struct log_view *self)
{
	if (self->marking)
		self->marking = self->dragging = false;
	else if (self->text != NULL && self->searched[0] != '\0')
		log_view_end_search(self);
	else if (self->text != NULL && self->filtered[0] != '\0')
		log_view_end_filter(self);
	else
		return GO_BACK;
	return GO_NOWHERE;
}

/* The log of whoever wrote the cursor's line. */
static enum screen_go open_log(const struct log_view *self, struct screen_context *context)
{
	struct log_text_line line;

	if (!self->text->merged || self->text->ops->line(self->text, self->at.cursor, &line) != LOG_TEXT_THERE)
		return GO_LOG;
	for (size_t i = 0; i < context->model->unit_count; i++) {
		const struct unit_model *unit = &context->model->units[i];
		if (unit->name != NULL && strcmp(unit->name, line.service) == 0) {
			context->unit = unit->id;
			return GO_LOG;
		}
	}
	screen_say(context, "%s is not part of the stack any more.", line.service);
	return GO_NOWHERE;
}

static enum screen_go step(struct log_view *self, struct screen_context *context, enum key_action action)
{
	switch (action) {
	case ACTION_CHOOSE:
		return open_log(self, context);
	case ACTION_SEARCH:
		log_view_begin_typing(self, LOG_TYPING_SEARCH);
		break;
	case ACTION_FILTER:
		log_view_begin_typing(self, LOG_TYPING_FILTER);
		break;
	case ACTION_GO_TO:
		log_view_begin_typing(self, LOG_TYPING_PLACE);
		break;
	case ACTION_WRAP:
		turn_wrap(self, context);
		break;
	case ACTION_TIMES:
		turn_times(self, context);
		break;
	case ACTION_COPY:
		log_view_copy(self, context);
		break;
	case ACTION_SELECT_LINES:
		select_lines(self, context);
		break;
	case ACTION_SAVE:
		save(self, context);
		break;
	case ACTION_PAGER:
		page(self, context);
		break;
	case ACTION_SCROLLBACK:
		print(self, context);
		break;
	default:
		return GO_UNTAKEN;
	}
	return GO_NOWHERE;
}

enum screen_go log_view_step(struct log_view *self, struct screen_context *context, enum key_action action)
{
	unsigned count = take_count(self);
	bool sought = self->seeking;

	self->seeking = false;
	self->said[0] = '\0';
	if (action == ACTION_BACK)
		return GO_BACK;
	if (action == ACTION_CANCEL) /* a search that takes its time is the first that it ends */
		return sought || count > 0 ? GO_NOWHERE : cancel(self);
	if (self->text == NULL)
		return GO_UNTAKEN;
	if (move(self, context, action, count))
		return GO_NOWHERE;
	return step(self, context, action);
}
