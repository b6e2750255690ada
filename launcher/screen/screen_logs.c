/* SPDX-License-Identifier: MIT */
/* Logs for the dashboard: opened from the files, copied, saved, printed onto the plain terminal. */
#include "config/err.h"
#include "launcher/client/view.h"
#include "launcher/logs/log_order.h"
#include "launcher/logs/log_text_file.h"
#include "launcher/screen/screen_private.h"
#include "launcher/screen/screen_temp.h"
#include "ui/dash.h"
#include "ui/log_text.h"
#include "ui/model.h"
#include "ui/plain.h"
#include "ui/term.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is copied at most, and what is printed at most into the scrollback. */
#define COPY_BYTES_MAX (16u * 1024u * 1024u)
#define PRINT_LINES_MAX 5000
#define PRINT_BYTES_MAX (2u * 1024u * 1024u)

static struct log_text *open_log(void *context, const char *const *names, const char **why)
{
	struct screen *self = context;
	const struct view *view = self->options.view;
	struct log_order_source *units = calloc(view->count + 1, sizeof(*units));
	struct log_text_options options = {.dir = self->options.logs, .units = units, .run_ms = view->begin_ms};
	struct err err = ERR_INIT;
	struct log_text *text = NULL;

	for (size_t i = 0; units != NULL && i < view->count; i++) {
		bool wanted = names == NULL;

		for (size_t j = 0; !wanted && names[j] != NULL; j++)
			wanted = strcmp(names[j], view->units[i].name) == 0;
		if (wanted)
			units[options.unit_count++] = (struct log_order_source){
				.unit = view->units[i].name, .label = view->units[i].name, .number = (unsigned)i};
	}
	if (units == NULL || options.unit_count == 0 || log_text_open(&options, &text, &err) < 0)
		*why = "its log cannot be opened";
	free(units);
	err_finish(&err);
	return text;
}

static void close_log(void *context, struct log_text *text)
{
	struct screen *self = context;

	/* What is half saved cannot be read on. */
	if (self->save.text == text && screen_save_is_on(&self->save)) {
		screen_save_finish(&self->save);
		screen_tell(self, "the log was closed, so it was not saved");
	}
	log_text_close(text);
}

static void save_log(void *context, struct log_text *text, int64_t from, int64_t to, const char *path)
{
	struct screen *self = context;
	struct err err = ERR_INIT;

	if (screen_save_begin(&self->save, text, from, to, path, getenv("HOME"), &err) < 0)
		screen_tell(self, err_is_set(&err) ? err.items[0].message : "the log cannot be saved");
	err_finish(&err);
}

/* ---- The clipboard ---- */

/* More than a terminal takes goes where it can be fetched; it stays there. */
static void copy_to_file(struct screen *self, const char *bytes, size_t size_bytes)
{
	char *path = NULL;
	FILE *out;
	int result = screen_temp_open("upfront-copy", &path, &out);

	if (result == 0) {
		fwrite(bytes, 1, size_bytes, out);
		result = screen_temp_close(out, path);
	}
	if (result == 0)
		screen_tell_format(self, "%zu bytes are more than a terminal's clipboard takes: they are in %s",
				   size_bytes, path);
	else
		screen_tell_format(self, "nothing was copied: %zu bytes cannot be put into a file: %s", size_bytes,
				   strerror(-result));
	free(path);
}

static void copy(void *context, const char *bytes, size_t size_bytes, int64_t lines)
{
	struct screen *self = context;

	if (size_bytes == 0) {
		screen_tell(self, "there is nothing to copy here");
		return;
	}
	if (term_copy(self->term, bytes, size_bytes) < 0)
		copy_to_file(self, bytes, size_bytes);
	else if (lines > 0)
		screen_tell_format(self, "copied %lld line%s (%zu bytes)", (long long)lines, lines == 1 ? "" : "s",
				   size_bytes);
	else
		screen_tell_format(self, "copied %zu bytes", size_bytes);
}

/* What is copied of a line ends with it; the last line's own end is left out, so that it can be put into a sentence. */
static void copy_log(void *context, struct log_text *text, int64_t from, int64_t to)
{
	struct screen *self = context;
	char *bytes = malloc(COPY_BYTES_MAX);
	bool whole = true;
	size_t size = bytes != NULL ? log_text_copy(text, from, to, bytes, COPY_BYTES_MAX, &whole) : 0;
	int64_t lines = size > 0 ? 1 : 0;

	if (size > 0 && bytes[size - 1] == '\n')
		size--;
	for (const char *at = bytes; size > 0 && (at = memchr(at, '\n', (size_t)(bytes + size - at))) != NULL; at++)
		lines++;
	if (whole)
		copy(self, bytes, size, lines);
	else
		screen_tell_format(self, "nothing was copied: it is more than %u MB; S saves it to a file",
				   COPY_BYTES_MAX / 1048576u);
	free(bytes);
}

/* ---- The plain terminal ---- */

/* Back from the end, as far as is printed. */
static int64_t print_from(struct log_text *text, int64_t at)
{
	struct log_text_line line;
	size_t size = 0;

	for (int i = 0; i < PRINT_LINES_MAX && size < PRINT_BYTES_MAX; i++) {
		if (text->ops->find_before(text, at, LOG_TEXT_ANY, &line) != LOG_TEXT_THERE)
			break;
		at = line.at;
		size += line.size_bytes;
	}
	return at;
}

struct printing {
	struct screen *screen;
	struct log_text *text;
};

/* In a process of its own: a terminal that is slow, or held by Ctrl-S, makes nobody else wait. */
static int print_and_wait(void *context)
{
	const struct printing *printing = context;
	struct log_text *text = printing->text;
	const int64_t end = text->ops->end(text);
	struct plain plain = {.out = stderr,
			      .terminal = true,
			      .prefix = text->merged,
			      .color = printing->screen->theme.colors > 0,
			      .name_width = 12};
	struct log_text_line line;

	for (int64_t at = print_from(text, end); at < end && text->ops->line(text, at, &line) == LOG_TEXT_THERE;
	     at = line.next)
		plain_write(&plain, &(struct plain_line){.service = text->merged ? line.service : NULL,
							 .index = line.service_number,
							 .bytes = line.bytes,
							 .size_bytes = line.size_bytes,
							 .time_ms = line.time_wall_ms,
							 .partial = line.partial});
	fprintf(stderr, "-- %s, as plain text. Any key goes back to the dashboard.\n", text->title);
	fflush(stderr);
	outside_wait_key();
	return 0;
}

static void print_log(void *context, struct log_text *text)
{
	struct screen *self = context;
	struct printing printing = {self, text};
	struct err err = ERR_INIT;

	screen_give_terminal(self);
	if (outside_call(&self->outside, OUTSIDE_PROGRAM, print_and_wait, &printing, &err) < 0) {
		screen_take_terminal(self);
		screen_tell(self, err.items[0].message);
	}
	err_finish(&err);
}

void screen_fill_log_actions(struct screen *self)
{
	self->actions.open_log = open_log;
	self->actions.close_log = close_log;
	self->actions.save_log = save_log;
	self->actions.copy = copy;
	self->actions.copy_log = copy_log;
	self->actions.print_log = print_log;
}
