/* SPDX-License-Identifier: MIT */
#include "ui/screen_parts.h"

#include "ui/actions.h"
#include "ui/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Below this the key is left to help and footers. */
#define KEY_COLUMNS_MIN 60u
/* Below this a sign at the edge would hide more than it tells. */
#define MORE_COLUMNS_MIN 10u

void parts_heading(const struct screen_context *context, struct frame *window, const char *title, const char *rest,
		   enum key_screen screen, enum key_action shown_by)
{
	const bool utf8 = context->theme->utf8;
	char name[KEY_NAME_MAX], key[KEY_NAME_MAX + 3] = "";
	unsigned room = window->columns, at, taken;

	if (room >= KEY_COLUMNS_MIN && keymap_key(context->keys, screen, shown_by, name)) {
		snprintf(key, sizeof(key), "(%s)", name);
		taken = text_columns(key, strlen(key), utf8) + 1;
		frame_label(window, 0, room - taken, taken, key, ROLE_PLAIN, utf8);
		room -= taken + 1;
	}
	if (room > 1)
		room--;
	at = (window->columns > 1 ? 1 : 0) + frame_label(window, 0, window->columns > 1, room, title, ROLE_TITLE, utf8);
	at += window->columns >= KEY_COLUMNS_MIN ? 3 : 1;
	if (at < room)
		frame_label(window, 0, at, room - at, rest, ROLE_PLAIN, utf8);
}

const char *parts_key(const struct screen_context *context, enum key_screen screen, enum key_action action,
		      char name[KEY_NAME_MAX])
{
	if (!keymap_key(context->keys, screen, action, name))
		name[0] = '\0';
	return name;
}

unsigned parts_paragraph(const struct theme *theme, struct frame *window, unsigned row, unsigned rows, unsigned indent,
			 const char *text, enum theme_role role)
{
	struct text_wrap wrap;
	struct text_line line;
	unsigned used = 0;

	if (indent >= window->columns)
		indent = 0;
	text_wrap_init(&wrap, text, window->columns - indent, 0, theme->utf8);
	for (; used < rows && text_wrap_next(&wrap, &line); used++)
		frame_text(window, row + used, indent + line.indent, window->columns - indent - line.indent, line.start,
			   line.bytes, role, theme->utf8);
	return used;
}

unsigned parts_columns(const struct frame *window)
{
	return window->columns >= MORE_COLUMNS_MIN ? window->columns - 1 : window->columns;
}

void parts_more(const struct theme *theme, struct frame *window, unsigned row, unsigned rows, bool above, bool below)
{
	if (window->columns < MORE_COLUMNS_MIN || rows == 0)
		return;
	if (above)
		frame_put(window, row, window->columns - 1, theme->more_above, ROLE_TITLE);
	if (below)
		frame_put(window, row + rows - 1, window->columns - 1, theme->more_below, ROLE_TITLE);
}

void parts_follow_unit(struct screen_list *list, const struct stack_model *model, unsigned unit)
{
	for (size_t i = 0; i < model->unit_count; i++)
		if (model->units[i].id == unit)
			list->selected = i;
}

bool parts_step_units(struct screen_list *list, struct screen_context *context, unsigned rows, enum key_action action)
{
	const struct stack_model *model = context->model;

	if (action == ACTION_NEXT_SERVICE)
		action = ACTION_DOWN;
	if (action == ACTION_PREVIOUS_SERVICE)
		action = ACTION_UP;
	parts_follow_unit(list, model, context->unit);
	if (!screen_list_step(list, model->unit_count, rows, action))
		return false;
	if (list->selected < model->unit_count)
		context->unit = model->units[list->selected].id;
	return true;
}

void parts_copy(struct screen_context *context, const char *text)
{
	if (text == NULL || text[0] == '\0')
		screen_say(context, "nothing to copy here");
	else if (context->actions->copy == NULL)
		screen_say(context, "this terminal cannot be copied to");
	else
		context->actions->copy(context->actions->context, text, strlen(text), 0);
}

const char *parts_file_name(const char *path)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;

	if (path == NULL || path[0] == '\0')
		return "the stack file";
	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

void parts_clock(int64_t wall_ms, char text[PARTS_CLOCK_BYTES])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm local;

	if (localtime_r(&seconds, &local) == NULL || strftime(text, PARTS_CLOCK_BYTES, "%H:%M:%S", &local) == 0)
		snprintf(text, PARTS_CLOCK_BYTES, "--:--:--");
}

void parts_add(struct parts_text *self, const char *format, ...)
{
	va_list arguments;

	if (self->used + 1 >= self->size_bytes)
		return;
	va_start(arguments, format);
	int length = vsnprintf(self->text + self->used, self->size_bytes - self->used, format, arguments);
	va_end(arguments);
	if (length > 0)
		self->used += (size_t)length < self->size_bytes - self->used ? (size_t)length
									     : self->size_bytes - self->used - 1;
}
