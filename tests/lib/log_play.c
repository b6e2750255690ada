/* SPDX-License-Identifier: MIT */
#include "tests/lib/log_play.h"

#include "tests/lib/dash_sample.h"
#include "ui/term.h"
#include "ui/text.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- What is asked for ---- */

/* The bytes of the lines from `from` to `to`, as whoever carries it out would take them. */
static size_t bytes_between(struct log_text *text, int64_t from, int64_t to)
{
	struct log_text_line line;
	size_t size = 0;

	for (enum log_text_found found = text->ops->line(text, from, &line); found == LOG_TEXT_THERE && line.at < to;
	     found = text->ops->find_next(text, line.at, LOG_TEXT_ANY, &line))
		size += line.size_bytes + 1;
	return size;
}

static void copy_log(void *context, struct log_text *text, int64_t from, int64_t to)
{
	struct log_play *self = context;

	snprintf(self->asked, sizeof(self->asked), "copy %d lines %zu bytes",
		 (int)(text->ops->count_from(text, from, INT32_MAX) - text->ops->count_from(text, to, INT32_MAX)),
		 bytes_between(text, from, to));
}

static void save_log(void *context, struct log_text *text, int64_t from, int64_t to, const char *path)
{
	struct log_play *self = context;

	snprintf(self->asked, sizeof(self->asked), "save %d lines to %s",
		 (int)(text->ops->count_from(text, from, INT32_MAX) - text->ops->count_from(text, to, INT32_MAX)),
		 path);
}

static void page_log(void *context, struct log_text *text, int64_t at)
{
	struct log_play *self = context;

	snprintf(self->asked, sizeof(self->asked), "page line %d", (int)text->ops->number(text, at));
}

static void print_log(void *context, struct log_text *text)
{
	struct log_play *self = context;

	snprintf(self->asked, sizeof(self->asked), "print %s", text->title);
}

/* ---- The play ---- */

void log_play_begin(struct log_play *self, struct log_sample *sample, unsigned rows, unsigned columns)
{
	memset(self, 0, sizeof(*self));
	self->sample = sample;
	self->whole = true;
	self->theme = theme_make(true, false);
	self->actions = (struct actions){.context = self,
					 .copy_log = copy_log,
					 .save_log = save_log,
					 .page_log = page_log,
					 .print_log = print_log};
	self->context =
		(struct screen_context){.model = dash_sample(), .theme = &self->theme, .actions = &self->actions};
	log_view_init(&self->view);
	log_view_take(&self->view, sample != NULL ? log_sample_text(sample) : NULL, "worker has no log");
	assert_int_equal(frame_init(&self->frame, rows, columns), 0);
	log_play_draw(self);
}

void log_play_end(struct log_play *self)
{
	log_view_finish(&self->view);
	frame_finish(&self->frame);
	log_sample_destroy(self->sample);
}

void log_play_resize(struct log_play *self, unsigned rows, unsigned columns)
{
	frame_finish(&self->frame);
	assert_int_equal(frame_init(&self->frame, rows, columns), 0);
	log_play_draw(self);
}

bool log_play_refresh(struct log_play *self)
{
	bool changed = log_view_refresh(&self->view);

	log_play_draw(self);
	return changed;
}

unsigned log_play_work(struct log_play *self)
{
	unsigned times = 0;
	bool changed, more = true;

	for (; more && times < 100000; times++)
		more = log_view_work(&self->view, 8000, &changed);
	log_play_draw(self);
	return times;
}

static void take_key(struct log_play *self, uint32_t key)
{
	self->context.words[0] = '\0';
	self->go = GO_NOWHERE;
	if (self->view.typing != LOG_TYPING_NOTHING)
		log_view_type(&self->view, &self->context, key);
	else if (!log_view_digit(&self->view, key))
		self->go = log_view_step(&self->view, &self->context, keymap_action(NULL, KEY_SCREEN_LOG, key));
	log_play_draw(self);
}

void log_play_keys(struct log_play *self, const char *keys)
{
	const char *end = keys + strlen(keys), *close;
	char name[KEY_NAME_MAX];
	uint32_t key;

	while (keys < end) {
		size_t length = text_point(keys, (size_t)(end - keys), &key);
		assert_true(length > 0);
		if (key == '<' && (close = strchr(keys, '>')) != NULL && close > keys + 1) {
			snprintf(name, sizeof(name), "%.*s", (int)(close - keys - 1), keys + 1);
			assert_int_equal(key_parse(name, &key), 0);
			length = (size_t)(close + 1 - keys);
		}
		take_key(self, key);
		keys += length;
	}
}

void log_play_act(struct log_play *self, enum key_action action)
{
	self->context.words[0] = '\0';
	self->go = log_view_step(&self->view, &self->context, action);
	log_play_draw(self);
}

static struct frame_area view_area(const struct log_play *self)
{
	return (struct frame_area){0, 0, self->frame.rows > 1 ? self->frame.rows - 1 : 1, self->frame.columns};
}

void log_play_mouse(struct log_play *self, int kind, unsigned row, unsigned column)
{
	const struct term_mouse mouse = {.kind = (enum term_mouse_kind)kind, .row = row, .column = column};

	log_view_mouse(&self->view, &self->context, &mouse, view_area(self));
	log_play_draw(self);
}

/* ---- What is seen ---- */

static size_t put_row(const struct frame *frame, unsigned row, char *out)
{
	size_t used = 0, end = 0;

	for (unsigned column = 0; column < frame->columns; column++) {
		const struct frame_cell *cell = frame_at(frame, row, column);
		for (unsigned i = 0; i < cell->count; i++)
			used += text_encode(cell->points[i], out + used);
		if (cell->count > 0 && (cell->count > 1 || cell->points[0] != ' '))
			end = used;
	}
	out[end] = '\0';
	return end;
}

const char *log_play_draw(struct log_play *self)
{
	static char row_text[FRAME_COLUMNS_MAX * FRAME_POINTS_MAX * 4 + 1];
	struct frame_area line = {self->frame.rows - 1, 0, 1, self->frame.columns};
	size_t used = 0;

	frame_clear(&self->frame);
	log_view_draw(&self->view, &self->context, &self->frame, view_area(self), self->whole);
	if (self->frame.rows > 1)
		log_view_draw_line(&self->view, &self->context, &self->frame, line);
	for (unsigned row = 0; row < self->frame.rows; row++) {
		size_t size = put_row(&self->frame, row, row_text);
		if (used + size + 2 > sizeof(self->text))
			break;
		memcpy(self->text + used, row_text, size);
		used += size;
		self->text[used++] = '\n';
	}
	self->text[used] = '\0';
	return self->text;
}

const char *log_play_row(struct log_play *self, unsigned row)
{
	static char row_text[FRAME_COLUMNS_MAX * FRAME_POINTS_MAX * 4 + 1];

	put_row(&self->frame, row, row_text);
	return row_text;
}

const char *log_play_roles(struct log_play *self, unsigned row)
{
	static char roles[FRAME_COLUMNS_MAX + 1];
	size_t end = 0;

	for (unsigned column = 0; column < self->frame.columns; column++) {
		roles[column] = theme_letter((enum theme_role)frame_at(&self->frame, row, column)->role);
		if (roles[column] != '.')
			end = column + 1;
	}
	roles[end] = '\0';
	return roles;
}

bool log_play_shows(struct log_play *self, const char *text)
{
	return strstr(self->text, text) != NULL;
}
