/* SPDX-License-Identifier: MIT */
/* The question how to leave, and the screen that is shown while the stack stops. */
#include "config/figure.h"
#include "ui/screen_boxes.h"
#include "ui/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LEAVE_COLUMNS 58u
#define LEAVE_ROWS 9u
/* Names are told up to here, then how many. */
#define NAMED_MAX 3u

static bool is_running(enum unit_state state)
{
	return state == UNIT_READY || state == UNIT_RUNNING || state == UNIT_UNHEALTHY || state == UNIT_STARTING;
}

__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size_bytes, const char *format, ...)
{
	size_t used = strlen(text);
	va_list list;

	va_start(list, format);
	vsnprintf(text + used, size_bytes - used, format, list);
	va_end(list);
}

/* ", api has failed", ", 3 wait": of the units in a state. */
static void append_those(char *text, size_t size_bytes, const struct stack_model *model, enum unit_state state,
			 const char *one, const char *several)
{
	const char *name = NULL;
	size_t count = 0;

	for (size_t i = 0; i < model->unit_count; i++) {
		if (model->units[i].state != state)
			continue;
		name = model->units[i].name;
		count++;
	}
	if (count == 1)
		append(text, size_bytes, ", %s %s", name, one);
	else if (count > 1)
		append(text, size_bytes, ", %zu %s", count, several);
}

/* As much of it as there is room for. */
static void what_runs(const struct stack_model *model, char *text, size_t size_bytes, unsigned room)
{
	static const struct {
		enum unit_state state;
		const char *one, *several;
	} rest[] = {
		{UNIT_FAILED, "has failed", "have failed"},
		{UNIT_RESTARTING, "is being restarted", "are being restarted"},
		{UNIT_WAITING, "waits", "wait"},
	};
	size_t running = 0;

	for (size_t i = 0; i < model->unit_count; i++)
		running += is_running(model->units[i].state) ? 1 : 0;
	if (running == 0)
		snprintf(text, size_bytes, "No service runs");
	else
		snprintf(text, size_bytes, "%zu %s", running, running == 1 ? "service runs" : "services run");
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		size_t before = strlen(text);
		append_those(text, size_bytes, model, rest[i].state, rest[i].one, rest[i].several);
		if (strlen(text) + 1 > room)
			text[before] = '\0';
	}
	append(text, size_bytes, ".");
}

struct leave_row {
	const char *key, *text, *brief, *word;
};

/* These keys cannot be moved, so they may stand here. */
static const struct leave_row leave_rows[] = {
	{"s", "Stop everything and leave       (q again does this)", "Stop everything  (or q again)", "stop"},
	{"d", "Leave it running, come back with: upfront attach", "Leave running: upfront attach", "leave running"},
	{"Esc", "Stay", "Stay", "stay"},
};
#define LEAVE_ANSWERS (sizeof(leave_rows) / sizeof(leave_rows[0]))

static void draw_leave_row(const struct leave_row *item, struct frame *frame, unsigned row, unsigned column,
			   unsigned room, bool utf8)
{
	unsigned indent = strlen(item->key) < 2 ? 3 : (unsigned)strlen(item->key) + 2;

	frame_label(frame, row, column, room, item->key, ROLE_KEY, utf8);
	if (room <= indent)
		return;
	const char *text = item->text;
	if (strlen(text) > room - indent)
		text = strlen(item->brief) > room - indent ? item->word : item->brief;
	frame_label(frame, row, column + indent, room - indent, text, ROLE_PLAIN, utf8);
}

/* No room for a box: the answers, one a row, or all in one. */
static void leave_draw_low(const struct screen_context *context, struct frame *frame)
{
	bool utf8 = context->theme->utf8;
	char title[160];
	unsigned row = 0;

	frame_clear(frame);
	if (frame->rows < LEAVE_ANSWERS) {
		frame_text(frame, 0, 0, frame->columns, "s stop  d leave running  Esc stay", 33, ROLE_QUESTION, utf8);
		return;
	}
	if (frame->rows > LEAVE_ANSWERS) {
		snprintf(title, sizeof(title), "Leave %s?", context->model->app);
		frame_label(frame, row++, 0, frame->columns, title, ROLE_QUESTION, utf8);
	}
	for (size_t i = 0; i < LEAVE_ANSWERS; i++)
		draw_leave_row(&leave_rows[i], frame, row++, 0, frame->columns, utf8);
	frame_cursor(frame, 0, 0);
}

void leave_draw(const struct screen_context *context, struct frame *frame)
{
	const struct theme *theme = context->theme;
	char title[160], running[512];

	if (frame->rows < LEAVE_ROWS || frame->columns < 40) {
		leave_draw_low(context, frame);
		return;
	}
	unsigned columns = frame->columns < LEAVE_COLUMNS + 2 ? frame->columns : LEAVE_COLUMNS + 2;
	struct frame_area box = {(frame->rows - LEAVE_ROWS) / 2, (frame->columns - columns) / 2, LEAVE_ROWS, columns};
	for (unsigned row = 0; row < box.rows; row++)
		for (unsigned column = 0; column < box.columns; column++)
			frame_put(frame, box.row + row, box.column + column, ' ', ROLE_PLAIN);
	snprintf(title, sizeof(title), "Leave %s?", context->model->app);
	frame_box(frame, box, title, theme);
	what_runs(context->model, running, sizeof(running), columns - 5);
	frame_label(frame, box.row + 2, box.column + 3, columns - 5, running, ROLE_PLAIN, theme->utf8);
	for (size_t i = 0; i < LEAVE_ANSWERS; i++)
		draw_leave_row(&leave_rows[i], frame, box.row + 4 + (unsigned)i, box.column + 3, columns - 5,
			       theme->utf8);
	/* Nothing is chosen: the cursor is where reading begins. */
	frame_cursor(frame, box.row + 2, box.column + 3);
}

/* ---- While it stops ---- */

static bool is_over(const struct unit_model *unit)
{
	return unit->state == UNIT_STOPPED || unit->state == UNIT_DONE || unit->state == UNIT_FAILED;
}

/* What had ended by itself is no part of the stop. */
static bool belongs(const struct unit_model *unit)
{
	return unit->state != UNIT_DONE;
}

/* "3s": of what changes by itself only whole seconds are told. */
static void whole_seconds(int64_t ms, char *text, size_t size_bytes)
{
	if (ms < 0)
		ms = 0;
	if (ms < 60000)
		snprintf(text, size_bytes, "%ds", (int)(ms / 1000));
	else
		figure_duration(ms, text, size_bytes);
}

static void stop_story(const struct stack_model *model, const struct unit_model *unit, unsigned room, char *text,
		       size_t size_bytes)
{
	char since[FIGURE_BYTES], left[FIGURE_BYTES] = "";

	if (unit->state != UNIT_STOPPING || unit->stop_ms < 0) {
		snprintf(text, size_bytes, "%s", unit->why != NULL ? unit->why : "");
		return;
	}
	whole_seconds(model->now_ms - unit->stop_ms, since, sizeof(since));
	if (unit->kill_ms >= 0)
		whole_seconds(unit->kill_ms - model->now_ms, left, sizeof(left));
	snprintf(text, size_bytes, "%s %s ago", unit->why != NULL ? unit->why : "asked", since);
	if (left[0] == '\0')
		return;
	if (strlen(text) + strlen("; SIGKILL in ") + strlen(left) <= room)
		append(text, size_bytes, "; SIGKILL in %s", left);
	else
		snprintf(text, size_bytes, "SIGKILL in %s", left);
}

static void draw_stop_row(const struct screen_context *context, const struct unit_model *unit, struct frame *frame,
			  unsigned row)
{
	bool utf8 = context->theme->utf8;
	enum theme_role role = unit_state_role(unit->state);
	unsigned columns = frame->columns, name_columns = columns < 60 ? 9 : 14;
	char story[256];

	frame_put(frame, row, 0, unit_state_sign(unit->state, context->theme), role);
	if (columns < 14) {
		frame_label(frame, row, 2, columns > 2 ? columns - 2 : 0, unit->name, ROLE_PLAIN, utf8);
		return;
	}
	frame_label(frame, row, 2, 9, unit_state_word(unit->state), role, utf8);
	frame_label(frame, row, 12, columns < 12 + name_columns ? columns - 12 : name_columns, unit->name, ROLE_PLAIN,
		    utf8);
	if (columns < 14 + name_columns)
		return;
	unsigned room = columns - 13 - name_columns;
	stop_story(context->model, unit, room, story, sizeof(story));
	frame_label(frame, row, 13 + name_columns, room, story, ROLE_PLAIN, utf8);
}

/* Those that still run, by name while they are few. */
static void what_is_left(const struct stack_model *model, char *text, size_t size_bytes)
{
	size_t count = 0;

	text[0] = '\0';
	for (size_t i = 0; i < model->unit_count; i++) {
		if (is_over(&model->units[i]))
			continue;
		if (count++ < NAMED_MAX)
			append(text, size_bytes, "%s%s", count > 1 ? ", " : "", model->units[i].name);
	}
	if (count > NAMED_MAX)
		snprintf(text, size_bytes, "the %zu that still run", count);
}

static void draw_stop_end(const struct screen_context *context, bool killing, struct frame *frame, unsigned row)
{
	char text[512], left[256];

	what_is_left(context->model, left, sizeof(left));
	if (left[0] == '\0')
		snprintf(text, sizeof(text), "All is stopped.");
	else if (context->model->attached)
		snprintf(text, sizeof(text), "q leaves; the stack goes on stopping");
	else if (killing)
		snprintf(text, sizeof(text), "Killing %s.", left);
	else
		snprintf(text, sizeof(text), "Ctrl-C again: kill %s now%s", left,
			 frame->columns < 56 ? "" : " (it may lose data)");
	frame_label(frame, row, 0, frame->columns, text, ROLE_PLAIN, context->theme->utf8);
}

static void draw_stop_title(const struct screen_context *context, struct frame *frame)
{
	const struct stack_model *model = context->model;
	bool utf8 = context->theme->utf8;
	size_t over = 0, count = 0;
	char text[256], title[256], since[FIGURE_BYTES] = "";

	for (size_t i = 0; i < model->unit_count; i++) {
		count += belongs(&model->units[i]) ? 1 : 0;
		over += belongs(&model->units[i]) && is_over(&model->units[i]) ? 1 : 0;
	}
	if (model->stop_ms >= 0)
		whole_seconds(model->now_ms - model->stop_ms, since, sizeof(since));
	snprintf(text, sizeof(text), "%zu of %zu stopped%s%s", over, count, since[0] != '\0' ? "   " : "", since);
	snprintf(title, sizeof(title), "Stopping %s", model->app);
	/* Less, not nothing: what is narrow has the count alone. */
	unsigned used = text_columns(title, strlen(title), utf8) + 3;
	if (used + strlen(text) <= frame->columns)
		frame_label(frame, 0, 0, frame->columns, title, ROLE_TITLE, utf8);
	else
		used = 0;
	frame_label(frame, 0, used, frame->columns - used, text, ROLE_PLAIN, utf8);
}

void stopping_draw(const struct screen_context *context, bool killing, struct frame *frame)
{
	const struct stack_model *model = context->model;
	unsigned gap = frame->rows >= 8 ? 1 : 0, end = frame->rows >= 3 ? 1 + gap : 0;
	unsigned row = 1 + gap, last = frame->rows > end ? frame->rows - end : 0;
	unsigned room = last > row ? last - row : 0, shown = 0;
	size_t count = 0, left = 0;

	if (frame->rows == 0 || frame->columns == 0)
		return;
	draw_stop_title(context, frame);
	frame_cursor(frame, 0, 0);
	for (size_t i = 0; i < model->unit_count; i++)
		count += belongs(&model->units[i]) ? 1 : 0;
	/* When not all have room, those that still run have it. */
	bool all = count <= room;
	for (size_t i = 0; i < model->unit_count; i++) {
		const struct unit_model *unit = &model->units[i];
		if (!belongs(unit) || (!all && is_over(unit)))
			continue;
		if (shown == room) {
			left++;
			continue;
		}
		draw_stop_row(context, unit, frame, row + shown++);
	}
	if (left > 0 && room > 0) {
		char text[64];
		snprintf(text, sizeof(text), "and %zu more", left + 1);
		for (unsigned column = 0; column < frame->columns; column++)
			frame_put(frame, row + shown - 1, column, ' ', ROLE_PLAIN);
		frame_label(frame, row + shown - 1, 2, frame->columns > 2 ? frame->columns - 2 : 0, text, ROLE_PLAIN,
			    context->theme->utf8);
	}
	if (end > 0) {
		unsigned at = all ? row + shown + gap : last + gap;
		draw_stop_end(context, killing, frame, at < frame->rows ? at : frame->rows - 1);
	}
}
