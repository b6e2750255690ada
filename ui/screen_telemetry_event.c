/* SPDX-License-Identifier: MIT */
#include "ui/screen_telemetry_event.h"

#include "ui/event_bytes.h"
#include "ui/screen_parts.h"

#include <stdio.h>
#include <string.h>

/* What the events are told as. */
static const struct {
	const char *word;
	char sign;
	enum theme_role role;
} results[] = {
	[TELEMETRY_SENT] = {"sent", '+', ROLE_GOOD},
	[TELEMETRY_WAITING] = {"waits", '.', ROLE_IDLE},
	[TELEMETRY_REFUSED] = {"refused", '!', ROLE_BAD},
};

uint32_t telemetry_result_sign(enum telemetry_result result)
{
	return (uint32_t)results[result].sign;
}

enum theme_role telemetry_result_role(enum telemetry_result result)
{
	return results[result].role;
}

void telemetry_result_words(const struct sent_event *event, char *out, size_t size_bytes)
{
	const char *more = event->result_text != NULL ? event->result_text : "";
	const char *word = results[event->result].word;

	snprintf(out, size_bytes, "%s%s%s", word, more[0] != '\0' && strcmp(more, word) != 0 ? ", " : "",
		 strcmp(more, word) != 0 ? more : "");
}

/* Within the text, whatever its width has become. Returns its rows. */
static size_t fit_top(struct telemetry_view *self, const struct sent_event *event, bool utf8)
{
	size_t count = event_bytes_rows(event->bytes != NULL ? event->bytes : "", !self->indented, self->columns, utf8);
	size_t most = count > self->rows ? count - self->rows : 0;

	if (self->top > most)
		self->top = most;
	return count;
}

void telemetry_event_draw(struct telemetry_view *self, const struct screen_context *context,
			  const struct sent_event *event, struct frame *window)
{
	const bool utf8 = context->theme->utf8;
	const char *bytes = event->bytes != NULL ? event->bytes : "";
	unsigned heading = window->rows >= 6 ? 2 : window->rows >= 3;
	char text[256], clock[PARTS_CLOCK_BYTES], result[128], key[KEY_NAME_MAX];
	struct parts_text rest = {.text = (char[256]){""}, .size_bytes = 256};
	struct event_bytes walk;
	struct event_row row;

	self->rows = window->rows - heading;
	self->columns = window->columns;
	size_t count = fit_top(self, event, utf8);
	parts_clock(event->time_wall_ms, clock);
	telemetry_result_words(event, result, sizeof(result));
	parts_add(&rest, "%s, %s", clock, result);
	if (count > self->rows)
		parts_add(&rest, ", rows %zu-%zu of %zu", self->top + 1, self->top + self->rows, count);
	if (heading > 0)
		parts_heading(context, window, event->name, rest.text, KEY_SCREEN_TELEMETRY, ACTION_SHOW_TELEMETRY);
	parts_key(context, KEY_SCREEN_TELEMETRY, ACTION_CHOOSE, key);
	if (self->indented)
		snprintf(text, sizeof(text), "Indented for reading; %s: exactly as it is sent", key);
	else
		snprintf(text, sizeof(text), "Exactly as it is sent, %zu bytes; %s: indented for reading",
			 strlen(bytes), key);
	if (heading > 1)
		frame_label(window, 1, 1, window->columns - 1, text, ROLE_NOTE, utf8);
	event_bytes_init(&walk, bytes, !self->indented, self->columns, utf8);
	for (size_t i = 0; event_bytes_next(&walk, &row) && i < self->top + self->rows; i++)
		if (i >= self->top)
			frame_text(window, heading + (unsigned)(i - self->top), row.indent,
				   window->columns - row.indent, row.start, row.bytes, ROLE_PLAIN, utf8);
}

bool telemetry_event_step(struct telemetry_view *self, const struct screen_context *context,
			  const struct sent_event *event, enum key_action action)
{
	struct screen_list list = {.selected = self->top};
	size_t count = event_bytes_rows(event->bytes != NULL ? event->bytes : "", !self->indented, self->columns,
					context->theme->utf8);

	/* What moves is the first row, as far as the last page. */
	count = count > self->rows ? count - self->rows + 1 : 1;
	if (!screen_list_step(&list, count, self->rows, action))
		return false;
	self->top = list.selected;
	return true;
}
