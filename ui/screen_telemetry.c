/* SPDX-License-Identifier: MIT */
#include "ui/screen_telemetry.h"

#include "config/fnv.h"
#include "ui/actions.h"
#include "ui/screen_parts.h"
#include "ui/screen_telemetry_event.h"
#include "ui/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WIDE_COLUMNS 60u
#define CLOCK_COLUMNS 8u
#define SENTENCE_BYTES 1024u
#define SOURCE_COLUMNS_MAX 48u
#define RESULT_COLUMNS 24u

static bool is_on(const struct stack_model *model)
{
	return model->reported != NULL ? model->reported->on : model->telemetry_on;
}

static uint64_t event_number(const struct sent_event *event)
{
	return event->bytes != NULL ? fnv_text(event->bytes) | 1 : 1;
}

/* New events come above: the selection goes with its own. */
static const struct sent_event *selected_event(struct telemetry_view *self, const struct stack_model *model)
{
	const struct telemetry_model *reported = model->reported;
	size_t count = reported != NULL ? reported->event_count : 0;

	if (self->list.selected >= count)
		self->list.selected = 0;
	for (size_t i = 0; self->event != 0 && i < count; i++) {
		/* Most often it is where it was. */
		size_t at = (self->list.selected + i) % count;
		if (event_number(&reported->events[at]) == self->event) {
			self->list.selected = at;
			break;
		}
	}
	return count > 0 ? &reported->events[self->list.selected] : NULL;
}

static void remember_event(struct telemetry_view *self, const struct stack_model *model)
{
	bool newest = self->list.selected == 0 && !self->opened;

	self->event = 0;
	if (!newest && selected_event(self, model) != NULL)
		self->event = event_number(&model->reported->events[self->list.selected]);
}

/* ---- What holds, and why ---- */

static void sentence(const struct screen_context *context, char out[SENTENCE_BYTES])
{
	const struct stack_model *model = context->model;
	const struct telemetry_model *reported = model->reported;
	struct parts_text text = {.text = out, .size_bytes = SENTENCE_BYTES};
	const char *why = reported != NULL ? reported->why : NULL;
	char key[KEY_NAME_MAX];

	out[0] = '\0';
	if (model->telemetry == NULL && reported == NULL) {
		parts_add(&text, "This stack has nothing to report. Nothing is sent.");
		return;
	}
	if (reported == NULL) {
		parts_add(&text, "%s.%s The rest: asking...", model->telemetry,
			  model->telemetry_on ? "" : " Nothing is sent.");
		return;
	}
	parts_add(&text, "%s", reported->on ? "On" : "Off");
	if (why != NULL && why[0] != '\0')
		parts_add(&text, ": %s", why);
	if (text.used > 0 && out[text.used - 1] != '.')
		parts_add(&text, ".");
	if (!reported->on)
		parts_add(&text, " Nothing is sent.");
	else if (reported->endpoint != NULL)
		parts_add(&text, " Usage statistics go to %s", reported->endpoint);
	else
		parts_add(&text, " Usage statistics are sent");
	if (reported->on && parts_key(context, KEY_SCREEN_TELEMETRY, ACTION_WITHDRAW, key)[0] != '\0')
		parts_add(&text, "; %s ends that at once.", key);
	else if (reported->on)
		parts_add(&text, ".");
}

static unsigned source_columns(const struct telemetry_model *reported, unsigned columns, bool utf8)
{
	unsigned longest = 0, most = columns * 2 / 3 < SOURCE_COLUMNS_MAX ? columns * 2 / 3 : SOURCE_COLUMNS_MAX;

	for (size_t i = 0; i < reported->source_count; i++) {
		const char *source = reported->sources[i].source;
		unsigned own = text_columns(source, strlen(source), utf8);
		longest = own > longest ? own : longest;
	}
	return longest < most ? longest : most;
}

static void draw_sources(const struct telemetry_model *reported, const struct theme *theme, struct frame *window,
			 unsigned row, unsigned rows)
{
	unsigned names = source_columns(reported, window->columns, theme->utf8);

	for (unsigned i = 0; i < rows && i < reported->source_count; i++) {
		const struct telemetry_source_row *source = &reported->sources[i];
		enum theme_role role = source->decides ? ROLE_TITLE : ROLE_PLAIN;
		char text[SENTENCE_BYTES];

		if (source->decides)
			frame_put(window, row + i, 1, '*', role);
		frame_label(window, row + i, 3, names, source->source, role, theme->utf8);
		snprintf(text, sizeof(text), "%s%s", source->decides ? "decides: " : "",
			 source->says != NULL ? source->says : "");
		if (names + 5 < window->columns)
			frame_label(window, row + i, names + 5, window->columns - names - 5, text, role, theme->utf8);
	}
}

/* ---- The events ---- */

static void events_heading(const struct telemetry_model *reported, bool wide, char *out, size_t size_bytes)
{
	struct parts_text text = {.text = out, .size_bytes = size_bytes};

	if (reported->event_count == 0)
		parts_add(&text, "%s", reported->on ? "No events yet" : "No events in this run");
	else if (reported->event_count == 1)
		parts_add(&text, "1 event%s", wide ? " of this run" : "");
	else
		parts_add(&text, "%zu events%s", reported->event_count, wide ? " of this run, newest first" : "");
	if (reported->waiting > 0)
		parts_add(&text, "; %" PRId64 " %s to be sent", reported->waiting,
			  reported->waiting == 1 ? "waits" : "wait");
	if (reported->dropped > 0)
		parts_add(&text, "; %" PRId64 " lost", reported->dropped);
	parts_add(&text, ".");
}

static void draw_event(const struct sent_event *event, const struct theme *theme, struct frame *window, unsigned row,
		       bool selected)
{
	unsigned at = 2 + CLOCK_COLUMNS + 1, room = window->columns > at ? window->columns - at : 0;
	unsigned result = window->columns >= WIDE_COLUMNS ? RESULT_COLUMNS : room / 2;
	enum theme_role role = telemetry_result_role(event->result);
	char clock[PARTS_CLOCK_BYTES], text[128];

	if (selected)
		frame_put(window, row, 0, '>', ROLE_SELECTED);
	parts_clock(event->time_wall_ms, clock);
	frame_text(window, row, 2, CLOCK_COLUMNS, clock, strlen(clock), ROLE_PLAIN, theme->utf8);
	frame_put(window, row, at, telemetry_result_sign(event->result), role);
	telemetry_result_words(event, text, sizeof(text));
	if (result > 2)
		frame_label(window, row, at + 2, result - 2, text, role, theme->utf8);
	at += result + 1;
	if (at < parts_columns(window))
		frame_label(window, row, at, parts_columns(window) - at, event->name,
			    selected ? ROLE_SELECTED : ROLE_PLAIN, theme->utf8);
}

/* Returns the row of the selected one. */
static unsigned draw_events(struct telemetry_view *self, const struct screen_context *context, struct frame *window,
			    unsigned row)
{
	const struct telemetry_model *reported = context->model->reported;

	screen_list_fit(&self->list, reported->event_count, self->rows);
	for (unsigned i = 0; i < self->rows && self->list.top + i < reported->event_count; i++)
		draw_event(&reported->events[self->list.top + i], context->theme, window, row + i,
			   self->list.top + i == self->list.selected);
	parts_more(context->theme, window, row, self->rows, self->list.top > 0,
		   self->list.top + self->rows < reported->event_count);
	return row + (unsigned)(self->list.selected - self->list.top);
}

/* Below the events, where there is room: the file that holds all of them. */
static void draw_ledger(struct telemetry_view *self, const struct telemetry_model *reported, const struct theme *theme,
			struct frame *window, unsigned row, unsigned gap)
{
	char text[SENTENCE_BYTES];

	if (reported->ledger_path == NULL || self->rows <= reported->event_count + gap)
		return;
	snprintf(text, sizeof(text), "Each event is written down before it leaves: %s", reported->ledger_path);
	unsigned left = self->rows - (unsigned)reported->event_count - gap;
	if (text_wrap_count(text, window->columns > 11 ? window->columns - 1 : window->columns, 0, theme->utf8) > left)
		return;
	self->rows = (unsigned)reported->event_count > 0 ? (unsigned)reported->event_count : 1;
	parts_paragraph(theme, window, row + (unsigned)reported->event_count + gap, left, window->columns > 11, text,
			ROLE_PLAIN);
}

/* ---- All of it ---- */

static unsigned draw_overview(struct telemetry_view *self, const struct screen_context *context, struct frame *window)
{
	const struct telemetry_model *reported = context->model->reported;
	const struct theme *theme = context->theme;
	unsigned row = 0, gap = window->rows >= 14, sources;
	char text[SENTENCE_BYTES];

	sentence(context, text);
	if (window->rows >= 8) {
		parts_heading(context, window, "Telemetry", is_on(context->model) ? "on" : "off", KEY_SCREEN_TELEMETRY,
			      ACTION_SHOW_TELEMETRY);
		row++;
	}
	/* Four sentences at most; the rows below are what they are about. */
	row += parts_paragraph(theme, window, row, window->rows < 4 ? window->rows : 4, window->columns > 10, text,
			       is_on(context->model) ? ROLE_ALERT : ROLE_PLAIN);
	self->rows = 0;
	if (reported == NULL)
		return 0;
	/* Half of what is left may be taken by the sources. */
	sources = window->rows > row + gap ? (window->rows - row - gap) / 2 : 0;
	if (sources > reported->source_count)
		sources = (unsigned)reported->source_count;
	draw_sources(reported, theme, window, row + gap, sources);
	row += sources > 0 ? gap + sources : 0;
	events_heading(reported, window->columns >= WIDE_COLUMNS, text, sizeof(text));
	if (row + gap + 1 < window->rows) {
		row += gap;
		frame_label(window, row, window->columns > 10, window->columns > 11 ? window->columns - 1 : 1, text,
			    ROLE_TITLE, theme->utf8);
		row++;
	}
	self->rows = window->rows > row ? window->rows - row : 0;
	draw_ledger(self, reported, theme, window, row, gap);
	return draw_events(self, context, window, row);
}

void telemetry_draw(struct telemetry_view *self, const struct screen_context *context, struct frame *frame,
		    struct frame_area area)
{
	struct frame window = frame_window(frame, area);
	const struct sent_event *event = selected_event(self, context->model);
	unsigned cursor = 0;

	if (window.rows == 0 || window.columns == 0)
		return;
	if (self->opened && event != NULL)
		telemetry_event_draw(self, context, event, &window);
	else
		cursor = draw_overview(self, context, &window);
	frame_cursor(frame, area.row + (cursor < window.rows ? cursor : window.rows - 1), area.column);
}

/* ---- Keys ---- */

static void withdraw(struct screen_context *context)
{
	const struct actions *actions = context->actions;

	if (context->model->telemetry == NULL && context->model->reported == NULL)
		screen_say(context, "this stack has nothing to report");
	else if (!is_on(context->model))
		screen_say(context, "it is off already, nothing is sent");
	else if (actions->withdraw == NULL)
		screen_say(context, "it cannot be ended from here");
	else {
		actions->withdraw(actions->context);
		screen_say(context, "off from now on, nothing more is sent");
	}
}

static enum screen_go step_opened(struct telemetry_view *self, const struct screen_context *context,
				  const struct sent_event *event, enum key_action action)
{
	if (telemetry_event_step(self, context, event, action))
		return GO_NOWHERE;
	switch (action) {
	case ACTION_CHOOSE:
		self->indented = !self->indented;
		self->top = 0;
		return GO_NOWHERE;
	case ACTION_BACK:
	case ACTION_CANCEL:
		self->opened = false;
		return GO_NOWHERE;
	default:
		return GO_UNTAKEN;
	}
}

static void open_event(struct telemetry_view *self, struct screen_context *context)
{
	if (selected_event(self, context->model) == NULL) {
		screen_say(context, "there is no event to show");
		return;
	}
	self->opened = true;
	remember_event(self, context->model);
	self->indented = false;
	self->top = 0;
}

enum screen_go telemetry_step(struct telemetry_view *self, struct screen_context *context, enum key_action action)
{
	const struct telemetry_model *reported = context->model->reported;
	const struct sent_event *event = selected_event(self, context->model);

	if (action == ACTION_WITHDRAW) {
		withdraw(context);
		return GO_NOWHERE;
	}
	if (action == ACTION_COPY) {
		parts_copy(context, event != NULL ? event->bytes : NULL);
		return GO_NOWHERE;
	}
	if (self->opened && event != NULL)
		return step_opened(self, context, event, action);
	if (screen_list_step(&self->list, reported != NULL ? reported->event_count : 0, self->rows, action)) {
		remember_event(self, context->model);
		return GO_NOWHERE;
	}
	switch (action) {
	case ACTION_CHOOSE:
		open_event(self, context);
		return GO_NOWHERE;
	case ACTION_BACK:
	case ACTION_CANCEL:
		return GO_BACK;
	default:
		return GO_UNTAKEN;
	}
}

void telemetry_footer(const struct telemetry_view *self, const struct screen_context *context,
		      struct screen_footer *footer)
{
	(void)self;
	*footer = (struct screen_footer){0};
	if (is_on(context->model))
		footer->actions[footer->count++] = ACTION_WITHDRAW;
	if (context->model->reported != NULL && context->model->reported->event_count > 0) {
		footer->actions[footer->count++] = ACTION_CHOOSE;
		footer->actions[footer->count++] = ACTION_COPY;
	}
	if (context->actions != NULL && context->actions->show_question != NULL)
		footer->actions[footer->count++] = ACTION_ASK_AGAIN;
}
