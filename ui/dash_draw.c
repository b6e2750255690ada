/* SPDX-License-Identifier: MIT */
/* The view, the line of words, the footer; and what stands in front. */
#include "ui/dash_private.h"

#include <stdio.h>
#include <string.h>

/* From here on there is a row for the footer, one for words, one for what is searched. */
#define FOOTER_ROWS_MIN 4u
#define WORDS_ROWS_MIN 8u
#define LINE_ROWS_MIN 9u
/* Words that take the place of a view's last row are readable from here on. */
#define WORDS_COLUMNS_MIN 12u

struct rows {
	struct frame_area view;
	struct frame_area words, footer; /* rows 0: none; without a row of their own words take the footer's */
};

static struct rows rows_make(unsigned rows, unsigned columns)
{
	struct rows self = {.view = {0, 0, rows, columns}};

	if (rows >= FOOTER_ROWS_MIN)
		self.footer = (struct frame_area){--self.view.rows, 0, 1, columns};
	if (rows >= WORDS_ROWS_MIN)
		self.words = (struct frame_area){--self.view.rows, 0, 1, columns};
	return self;
}

struct frame_area dash_view_area(unsigned rows, unsigned columns)
{
	return rows_make(rows, columns).view;
}

/* ---- Footers ---- */

static void add(struct screen_footer *footer, enum key_action action)
{
	if (footer->count < SCREEN_FOOTER_MAX)
		footer->actions[footer->count++] = action;
}

void dash_footer(struct dash *self, enum key_screen screen, struct screen_footer *footer)
{
	const struct screen_context *context = &self->context;
	struct log_view *log = dash_seen_log(self);

	*footer = (struct screen_footer){.count = 0};
	switch (screen) {
	case KEY_SCREEN_SERVICES:
		services_footer(&self->services, context, footer);
		break;
	case KEY_SCREEN_LOG:
		if (log != NULL)
			log_view_footer(log, context, footer);
		break;
	case KEY_SCREEN_STARTUP:
		startup_footer(&self->startup, context, footer);
		break;
	case KEY_SCREEN_GRAPH:
		graph_footer(&self->graph, context, footer);
		break;
	case KEY_SCREEN_DETAIL:
		detail_footer(&self->detail, context, footer);
		break;
	case KEY_SCREEN_TELEMETRY:
		telemetry_footer(&self->telemetry, context, footer);
		break;
	case KEY_SCREEN_EVENTS:
		events_footer(&self->events, context, footer);
		break;
	case KEY_SCREEN_HELP:
		help_footer(&self->help, context, footer);
		break;
	case KEY_SCREEN_PALETTE:
		add(footer, ACTION_CHOOSE);
		add(footer, ACTION_CANCEL);
		break;
	case KEY_SCREEN_MENU:
		if (self->menu.has_focus)
			add(footer, ACTION_CHOOSE);
		break;
	case KEY_SCREEN_STOPPING:
		add(footer, ACTION_INTERRUPT);
		add(footer, ACTION_SHOW_LOGS);
		break;
	default:
		break;
	}
}

/* While a line is typed the keys of typing hold. */
static void typing_footer(struct screen_footer *footer)
{
	*footer = (struct screen_footer){.count = 0};
	add(footer, ACTION_CHOOSE);
	add(footer, ACTION_CANCEL);
}

static void draw_footer(struct dash *self, const struct rows *rows, struct frame *frame)
{
	struct dash_layout *seen = &self->seen;

	seen->footer = rows->footer;
	seen->footer_screen = dash_screen(self);
	if (dash_is_typing(self) && dash_place(self) != KEY_SCREEN_PALETTE) {
		seen->footer_screen = KEY_SCREEN_FIELD;
		typing_footer(&seen->items);
	} else {
		dash_footer(self, seen->footer_screen, &seen->items);
	}
	screen_draw_footer(&seen->items, seen->footer_screen, self->context.keys, self->context.theme, frame,
			   rows->footer);
}

/* ---- Views ---- */

static void draw_services(struct dash *self, struct frame *frame, struct frame_area area)
{
	struct frame_area place = services_log_area(&self->services, self->context.model, area);
	struct log_view *log = place.rows > 0 ? dash_seen_log(self) : NULL;

	if (log != NULL) {
		log_view_draw(log, &self->context, frame, place, false);
		self->seen.log = place;
	}
	services_draw(&self->services, &self->context, frame, area);
	if (log != NULL && dash_log_has_focus(self))
		frame_cursor(frame, place.row + log->cursor_row, place.column);
}

static void draw_stopping(struct dash *self, struct frame *frame, struct frame_area area)
{
	struct frame window = frame_window(frame, area);

	stopping_draw(&self->context, self->killing, &window);
	frame_cursor(frame, area.row + window.cursor_row, area.column + window.cursor_column);
}

static void draw_view(struct dash *self, struct frame *frame, struct frame_area area)
{
	const struct screen_context *context = &self->context;
	struct log_view *log = dash_seen_log(self);

	switch (dash_place(self)) {
	case KEY_SCREEN_SERVICES:
		if (dash_is_stopping(self))
			draw_stopping(self, frame, area);
		else
			draw_services(self, frame, area);
		break;
	case KEY_SCREEN_LOG:
		if (log != NULL)
			log_view_draw(log, context, frame, area, true);
		self->seen.log = area;
		break;
	case KEY_SCREEN_STARTUP:
		startup_draw(&self->startup, context, frame, area);
		break;
	case KEY_SCREEN_GRAPH:
		graph_draw(&self->graph, context, frame, area);
		break;
	case KEY_SCREEN_DETAIL:
		detail_draw(&self->detail, context, frame, area);
		break;
	case KEY_SCREEN_TELEMETRY:
		telemetry_draw(&self->telemetry, context, frame, area);
		break;
	case KEY_SCREEN_EVENTS:
		events_draw(&self->events, context, frame, area);
		break;
	default:
		help_draw(&self->help, context, frame, area);
		break;
	}
}

/* ---- Words ---- */

static void clear_row(struct frame *frame, struct frame_area area)
{
	for (unsigned column = 0; column < area.columns; column++)
		frame_put(frame, area.row, area.column + column, ' ', ROLE_PLAIN);
}

/* Where words stand: in their row, else in place of the footer, else of the view's last row. */
static struct frame_area words_area(const struct dash *self, const struct rows *rows)
{
	struct frame_area area = rows->words;

	if (area.rows == 0)
		area = rows->footer;
	if (area.rows == 0 && !self->words_last && rows->view.columns >= WORDS_COLUMNS_MIN)
		area = (struct frame_area){rows->view.row + rows->view.rows - 1, 0, 1, rows->view.columns};
	return area;
}

/* What stands there when nobody says anything. */
static void say_nothing(const struct dash *self, unsigned columns, char *text, size_t size_bytes)
{
	switch (dash_screen(self)) {
	case KEY_SCREEN_SERVICES:
		services_outlook(&self->services, &self->context, text, size_bytes);
		break;
	case KEY_SCREEN_HELP:
	case KEY_SCREEN_PALETTE:
		help_outlook(&self->help, &self->context, columns, text, size_bytes);
		break;
	default:
		break;
	}
}

static void draw_words(struct dash *self, const struct rows *rows, struct frame *frame)
{
	bool utf8 = self->context.theme->utf8;
	char outlook[SCREEN_WORDS_MAX] = "";
	const char *words = self->words;

	if (words[0] == '\0' && rows->words.rows > 0) {
		say_nothing(self, frame->columns, outlook, sizeof(outlook));
		words = outlook;
	}
	struct frame_area area = words_area(self, rows);
	if (words[0] == '\0' || area.rows == 0)
		return;
	clear_row(frame, area);
	frame_label(frame, area.row, area.column, area.columns, words, ROLE_PLAIN, utf8);
}

/* What is typed or searched in the log that is seen: in a row of its own in its view, else in that of words. */
static void place_line(struct dash *self, struct rows *rows, struct frame *frame, struct frame_area *line)
{
	struct log_view *log = dash_seen_log(self);

	*line = (struct frame_area){.rows = 0};
	if (log == NULL || self->front != FRONT_NOTHING)
		return;
	bool typing = log->typing != LOG_TYPING_NOTHING;
	struct frame_area area = rows->words.rows > 0 ? rows->words : rows->footer;
	if (area.rows == 0)
		area = (struct frame_area){rows->view.row + rows->view.rows - 1, 0, 1, rows->view.columns};
	if (dash_place(self) == KEY_SCREEN_LOG && frame->rows >= LINE_ROWS_MIN)
		area = (struct frame_area){rows->view.row + rows->view.rows - 1, 0, 1, rows->view.columns};
	else if (!typing && (self->words[0] != '\0' || rows->words.rows == 0))
		return;
	if (!log_view_draw_line(log, &self->context, frame, area))
		return;
	*line = area;
	if (area.row + 1 == rows->view.row + rows->view.rows && rows->view.rows > 1)
		rows->view.rows--;
}

void dash_draw_all(struct dash *self, struct frame *frame)
{
	struct rows rows = rows_make(frame->rows, frame->columns);
	struct frame_area line;

	frame_clear(frame);
	self->seen = (struct dash_layout){.view = rows.view};
	place_line(self, &rows, frame, &line);
	self->seen.view = rows.view;
	draw_view(self, frame, rows.view);
	draw_footer(self, &rows, frame);
	draw_words(self, &rows, frame);
	if (line.rows > 0) {
		unsigned row = frame->cursor_row, column = frame->cursor_column;
		struct log_view *log = dash_seen_log(self);
		clear_row(frame, line);
		log_view_draw_line(log, &self->context, frame, line);
		if (log->typing == LOG_TYPING_NOTHING)
			frame_cursor(frame, row, column);
	}
	if (self->front == FRONT_NOTHING)
		return;
	/* What stands in front leaves the footer, which tells its keys. */
	struct frame_area whole = {0, 0, frame->rows, frame->columns};
	self->seen.front = rows.words.rows > 0 ? dash_view_area(frame->rows, frame->columns) : whole;
	struct frame window = frame_window(frame, self->seen.front);
	if (self->front == FRONT_MENU)
		menu_draw(&self->menu, &self->context, &window);
	else
		leave_draw(&self->context, &window);
	frame_cursor(frame, window.cursor_row, window.cursor_column);
}
