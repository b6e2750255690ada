/* SPDX-License-Identifier: MIT */
#include "ui/screen_log.h"

#include "ui/screen_log_parts.h"
#include "ui/term.h"

#include <stdio.h>
#include <string.h>

#define DRAG_COLUMNS 3u /* from there on it is no click */
#define WHEEL_ROWS 3

void log_view_init(struct log_view *self)
{
	*self = (struct log_view){.at.follow = true, .times = LOG_TIMES_CLOCK, .lines = -1, .rows = 1, .columns = 1};
	line_edit_init(&self->search);
	line_edit_init(&self->filter);
	line_edit_init(&self->path);
	line_edit_init(&self->place);
}

void log_view_finish(struct log_view *self)
{
	line_edit_finish(&self->search);
	line_edit_finish(&self->filter);
	line_edit_finish(&self->path);
	line_edit_finish(&self->place);
}

void log_view_take(struct log_view *self, struct log_text *text, const char *why)
{
	self->text = text;
	self->why = why;
	self->at = (struct log_place){.follow = true};
	self->before = self->at;
	self->left = self->name_columns = 0;
	self->seen_end = 0;
	self->lines = -1;
	self->marking = self->dragging = self->seeking = self->flooding = false;
	self->typing = LOG_TYPING_NOTHING;
	self->count[0] = self->said[0] = self->problem[0] = '\0';
	if (text == NULL)
		return;
	self->at.cursor = text->ops->end(text);
	log_view_apply(self);
}

/* ---- What comes in ---- */

/* A place from before the text's beginning: that has been rotated away. */
static void hold_start(struct log_view *self)
{
	int64_t start = self->text->ops->start(self->text);

	if (self->at.follow || self->at.top >= start || self->text->ops->end(self->text) <= start)
		return;
	self->at.top = start;
	self->at.top_skip = 0;
	if (self->at.cursor < start)
		self->at.cursor = start;
	if (self->mark < start)
		self->mark = start;
	if (self->filtered[0] == '\0')
		snprintf(self->said, sizeof(self->said), "the log was rotated: this is the first line that is left");
}

/* More has come since the last draw than there is room for. */
static void tell_flood(struct log_view *self)
{
	self->flooding = self->at.follow && self->seen_end > 0 &&
			 self->text->ops->count_from(self->text, self->seen_end, self->rows) >= self->rows;
}

bool log_view_refresh(struct log_view *self)
{
	if (self->text == NULL)
		return false;
	const struct log_text_ops *ops = self->text->ops;
	int64_t start = ops->start(self->text), end = ops->end(self->text);
	bool more = ops->refresh(self->text);

	hold_start(self);
	/* Shorter than what was seen of it: what comes now is new. */
	if (ops->end(self->text) < self->seen_end)
		self->seen_end = ops->end(self->text);
	tell_flood(self);
	return more || ops->start(self->text) != start || ops->end(self->text) != end;
}

bool log_view_is_flooding(const struct log_view *self)
{
	return self->flooding && self->at.follow;
}

static bool is_seen_otherwise(const struct log_text_status *a, const struct log_text_status *b)
{
	return a->lines != b->lines || a->shown_lines != b->shown_lines || a->shown_final != b->shown_final ||
	       a->hits != b->hits || a->hits_final != b->hits_final || a->percent != b->percent ||
	       a->problems != b->problems;
}

bool log_view_work(struct log_view *self, int64_t budget_us, bool *changed)
{
	struct log_text_status before, after;

	*changed = false;
	if (self->text == NULL)
		return false;
	const struct log_text_ops *ops = self->text->ops;
	int64_t start = ops->start(self->text), end = ops->end(self->text);
	ops->status(self->text, &before);
	bool more = ops->work(self->text, budget_us);
	ops->status(self->text, &after);
	*changed = is_seen_otherwise(&before, &after);
	/* What several services have written is put in order here: lines may come by this way, too. */
	if (ops->start(self->text) != start || ops->end(self->text) != end) {
		*changed = true;
		tell_flood(self);
	}
	if (!self->seeking)
		return more;
	if (log_view_seek_on(self)) {
		*changed = true;
		return more;
	}
	if (!more && !self->seek.stepping) /* nobody will know */
		self->seeking = false;
	return self->seeking;
}

/* ---- Mouse ---- */

static void press(struct log_view *self, unsigned row, unsigned column)
{
	struct log_text_line line;

	self->marking = self->dragging = false;
	if (!log_view_line_in_row(self, row, &line))
		return;
	if (line.at != self->at.cursor)
		log_view_pause(self);
	self->at.cursor = self->mark = line.at;
	self->pressed_column = column;
	self->dragging = true;
}

/* Beyond an edge what is seen moves on. Along one line it marks that line, unless the hand only trembled at a click. */
static void drag(struct log_view *self, int row, unsigned column)
{
	const unsigned along =
		column > self->pressed_column ? column - self->pressed_column : self->pressed_column - column;
	struct log_text_line line;

	if (!self->dragging)
		return;
	if (row < 0 || row >= (int)self->rows) {
		log_view_scroll(self, row < 0 ? -1 : 1);
		row = row < 0 ? 0 : (int)self->rows - 1;
	}
	if (!log_view_line_in_row(self, (unsigned)row, &line))
		return;
	if (line.at == self->mark && !self->marking && along < DRAG_COLUMNS)
		return;
	log_view_pause(self);
	self->marking = true;
	self->at.cursor = line.at;
}

void log_view_mouse(struct log_view *self, struct screen_context *context, const struct term_mouse *mouse,
		    struct frame_area area)
{
	int row = (int)mouse->row - (int)area.row - (int)self->first_row;

	self->said[0] = '\0';
	if (self->text == NULL || self->typing != LOG_TYPING_NOTHING)
		return;
	switch (mouse->kind) {
	case TERM_MOUSE_PRESS:
		if (row >= 0 && row < (int)self->rows)
			press(self, (unsigned)row, mouse->column);
		break;
	case TERM_MOUSE_DRAG:
		drag(self, row, mouse->column);
		break;
	case TERM_MOUSE_RELEASE:
		if (self->dragging && self->marking)
			log_view_copy(self, context);
		self->dragging = false;
		break;
	case TERM_MOUSE_WHEEL_UP:
		log_view_scroll(self, -WHEEL_ROWS);
		break;
	case TERM_MOUSE_WHEEL_DOWN:
		log_view_scroll(self, WHEEL_ROWS);
		break;
	}
}

/* ---- Footer ---- */

void log_view_footer(const struct log_view *self, const struct screen_context *context, struct screen_footer *footer)
{
	static const enum key_action marking[] = {ACTION_COPY, ACTION_SAVE, ACTION_CANCEL};
	static const enum key_action usual[] = {ACTION_SEARCH,   ACTION_FILTER, ACTION_WRAP,
						ACTION_TIMES,    ACTION_COPY,   ACTION_SELECT_LINES,
						ACTION_ALL_LOGS, ACTION_SAVE,   ACTION_NEXT_ERROR};

	(void)context;
	footer->count = 0;
	if (self->marking) {
		for (size_t i = 0; i < sizeof(marking) / sizeof(marking[0]); i++)
			footer->actions[footer->count++] = marking[i];
		return;
	}
	if (!self->at.follow)
		footer->actions[footer->count++] = ACTION_FOLLOW;
	if (self->searched[0] != '\0') {
		footer->actions[footer->count++] = ACTION_NEXT_HIT;
		footer->actions[footer->count++] = ACTION_PREVIOUS_HIT;
	}
	for (size_t i = 0; self->text != NULL && i < sizeof(usual) / sizeof(usual[0]); i++)
		footer->actions[footer->count++] = usual[i];
}
