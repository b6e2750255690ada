/* SPDX-License-Identifier: MIT */
/* What is typed below a log: what to search for, what to show, where to go, where to save. */
#include "ui/actions.h"
#include "ui/screen_log_parts.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

const struct line_edit *log_view_field(const struct log_view *self)
{
	switch (self->typing) {
	case LOG_TYPING_SEARCH:
		return &self->search;
	case LOG_TYPING_FILTER:
		return &self->filter;
	case LOG_TYPING_PATH:
		return &self->path;
	case LOG_TYPING_PLACE:
		return &self->place;
	case LOG_TYPING_NOTHING:
		break;
	}
	return NULL;
}

/* The same to be typed into: nothing of `self` is constant here. */
static struct line_edit *typed(struct log_view *self)
{
	return (struct line_edit *)(uintptr_t)log_view_field(self);
}

/* "api.log", "api-engine-filtered.log" */
static void suggest_path(const struct log_view *self, char *path, size_t size_bytes)
{
	size_t used = 0;

	for (const char *at = self->text->title; *at != '\0' && used + 1 < size_bytes; at++) {
		bool good = isalnum((unsigned char)*at) || *at == '_' || (*at == '.' && used > 0);
		if (good)
			path[used++] = *at;
		else if (used > 0 && path[used - 1] != '-')
			path[used++] = '-';
	}
	while (used > 0 && path[used - 1] == '-')
		used--;
	snprintf(path + used, size_bytes - used, "%s.log", self->filtered[0] != '\0' ? "-filtered" : "");
}

void log_view_begin_typing(struct log_view *self, enum log_typing typing)
{
	char path[80] = "";

	self->typing = typing;
	self->problem[0] = '\0';
	self->before = self->at;
	if (typing == LOG_TYPING_PATH)
		suggest_path(self, path, sizeof(path) - sizeof("-filtered.log"));
	line_edit_begin(typed(self), path);
}

/* ---- Search ---- */

static int search(struct log_view *self, const char *pattern)
{
	self->problem[0] = '\0';
	int result = self->text->ops->search(self->text, pattern, strlen(pattern), self->before.cursor, self->problem,
					     sizeof(self->problem));
	if (result != 0 && self->problem[0] == '\0')
		snprintf(self->problem, sizeof(self->problem), "this cannot be searched for");
	return result;
}

/* Back to where one was, and from there to the nearest hit. */
static void search_typed(struct log_view *self)
{
	const struct log_seek seek = {.wanted = LOG_TEXT_HIT, .from = self->before.cursor - 1, .left = 1};

	if (search(self, self->search.text) != 0)
		return; /* what was found before stays in sight */
	self->seeking = false;
	self->said[0] = '\0';
	self->at = self->before;
	if (self->search.size_bytes > 0)
		log_view_seek(self, &seek);
}

static void end_typing(struct log_view *self)
{
	if (typed(self) != NULL)
		line_edit_keep(typed(self));
	self->typing = LOG_TYPING_NOTHING;
	self->problem[0] = '\0';
}

static void search_done(struct log_view *self)
{
	if (self->problem[0] != '\0')
		return;
	snprintf(self->searched, sizeof(self->searched), "%s", self->search.text);
	end_typing(self);
}

void log_view_end_search(struct log_view *self)
{
	self->searched[0] = '\0';
	self->text->ops->search(self->text, "", 0, self->at.cursor, self->problem, sizeof(self->problem));
	self->problem[0] = '\0';
}

/* ---- Filter ---- */

static int filter(struct log_view *self, const char *pattern, bool except)
{
	unsigned row = log_view_cursor_row(self);

	self->problem[0] = '\0';
	int result = self->text->ops->filter(self->text, pattern, strlen(pattern), except, self->problem,
					     sizeof(self->problem));
	if (result != 0) {
		if (self->problem[0] == '\0')
			snprintf(self->problem, sizeof(self->problem), "this cannot be filtered by");
		return result;
	}
	/* One stays at the line, or the next one that is shown, and in its row. */
	struct log_text_line line;
	enum log_text_found found = self->text->ops->line(self->text, self->at.cursor, &line);
	if (found == LOG_TEXT_NONE)
		found = self->text->ops->find_before(self->text, self->at.cursor, LOG_TEXT_ANY, &line);
	if (found == LOG_TEXT_THERE)
		self->at.cursor = line.at;
	if (!self->at.follow)
		log_view_gather(self, row);
	return 0;
}

static void filter_done(struct log_view *self)
{
	bool except = self->filter.text[0] == '!';
	const char *pattern = self->filter.text + except;

	if (filter(self, pattern, except) != 0)
		return;
	snprintf(self->filtered, sizeof(self->filtered), "%s", pattern);
	self->filter_except = except;
	end_typing(self);
}

void log_view_end_filter(struct log_view *self)
{
	if (filter(self, "", false) == 0)
		self->filtered[0] = '\0';
}

void log_view_apply(struct log_view *self)
{
	if (self->searched[0] != '\0' && search(self, self->searched) != 0)
		self->searched[0] = '\0';
	if (self->filtered[0] != '\0' && filter(self, self->filtered, self->filter_except) != 0)
		self->filtered[0] = '\0';
	self->problem[0] = '\0';
}

/* ---- Where to ---- */

static void path_done(struct log_view *self, struct screen_context *context)
{
	int64_t from = self->text->ops->start(self->text), to = self->text->ops->end(self->text);

	if (self->path.size_bytes == 0) {
		snprintf(self->problem, sizeof(self->problem), "a name is wanted; Esc: it is not saved");
		return;
	}
	if (self->marking)
		log_view_marked(self, &from, &to);
	context->actions->save_log(context->actions->context, self->text, from, to, self->path.text);
	self->marking = false;
	end_typing(self);
}

static void place_done(struct log_view *self)
{
	struct log_seek seek;

	if (self->place.size_bytes > 0 && log_view_seek_parse(self, self->place.text, &seek) != 0) {
		snprintf(self->problem, sizeof(self->problem), "a line's number, 50%% or 14:02");
		return;
	}
	if (self->place.size_bytes > 0)
		log_view_seek(self, &seek);
	end_typing(self);
}

static void typed_done(struct log_view *self, struct screen_context *context)
{
	switch (self->typing) {
	case LOG_TYPING_SEARCH:
		search_done(self);
		break;
	case LOG_TYPING_FILTER:
		filter_done(self);
		break;
	case LOG_TYPING_PATH:
		path_done(self, context);
		break;
	case LOG_TYPING_PLACE:
		place_done(self);
		break;
	case LOG_TYPING_NOTHING:
		break;
	}
}

static void typed_left(struct log_view *self)
{
	if (self->typing == LOG_TYPING_SEARCH) {
		self->seeking = false;
		self->said[0] = '\0';
		self->at = self->before;
		if (search(self, self->searched) != 0)
			self->searched[0] = '\0';
	}
	self->typing = LOG_TYPING_NOTHING;
	self->problem[0] = '\0';
}

void log_view_type(struct log_view *self, struct screen_context *context, uint32_t key)
{
	struct line_edit *line = typed(self);
	bool changed = false;

	if (line == NULL || self->text == NULL) {
		self->typing = LOG_TYPING_NOTHING;
		return;
	}
	switch (line_edit_key(line, context->keys, key, &changed)) {
	case LINE_EDIT_ON:
		if (changed && self->typing == LOG_TYPING_SEARCH)
			search_typed(self);
		else if (changed)
			self->problem[0] = '\0';
		break;
	case LINE_EDIT_DONE:
		typed_done(self, context);
		break;
	case LINE_EDIT_LEFT:
		typed_left(self);
		break;
	}
}
