/* SPDX-License-Identifier: MIT */
#include "ui/screen.h"

#include "config/utf8.h"
#include "ui/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* From here on a footer has room to say what ? and q do. */
#define WIDE_COLUMNS 60u

static const struct {
	const char *word;
	uint32_t sign, utf8_sign;
	enum theme_role role;
	unsigned rank;
} states[UNIT_STATE_COUNT] = {
#define UNIT_ROW(state, text, ascii, utf8, color, place) \
	[state] = {.word = text, .sign = ascii, .utf8_sign = utf8, .role = color, .rank = place},
	UNIT_STATES(UNIT_ROW)
#undef UNIT_ROW
};

static size_t unit_index(const struct stack_model *model, unsigned id)
{
	size_t i = 0;

	while (i < model->unit_count && model->units[i].id != id)
		i++;
	return i;
}

const struct unit_model *screen_unit(const struct stack_model *model, unsigned id)
{
	size_t i = unit_index(model, id);

	return i < model->unit_count ? &model->units[i] : NULL;
}

const char *unit_state_word(enum unit_state state)
{
	return states[state].word;
}

uint32_t unit_state_sign(enum unit_state state, const struct theme *theme)
{
	return theme->lines ? states[state].utf8_sign : states[state].sign;
}

enum theme_role unit_state_role(enum unit_state state)
{
	return states[state].role;
}

unsigned unit_state_rank(enum unit_state state)
{
	return states[state].rank;
}

bool unit_state_is_problem(enum unit_state state)
{
	return states[state].rank < UNIT_PROBLEM_RANKS;
}

void screen_say(struct screen_context *context, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(context->words, sizeof(context->words), format, arguments);
	va_end(arguments);
	/* What did not fit is not to leave half a character behind. */
	if (length >= (int)sizeof(context->words)) {
		size_t whole = sizeof(context->words) - 1;
		while (whole > 0 && ((unsigned char)context->words[whole - 1] & 0xc0u) == 0x80u)
			whole--;
		if (whole > 0 && utf8_length(context->words + whole - 1, sizeof(context->words) - whole) == 0)
			context->words[whole - 1] = '\0';
	}
}

const struct unit_model *screen_next_problem(const struct stack_model *model, unsigned id)
{
	size_t from = unit_index(model, id);

	/* From a unit that has gone the search begins at the first one. */
	for (size_t i = 1; i <= model->unit_count; i++) {
		const struct unit_model *unit =
			&model->units[from < model->unit_count ? (from + i) % model->unit_count : i - 1];
		if (unit_state_is_problem(unit->state))
			return unit;
	}
	return NULL;
}

/* ---- The footer ---- */

struct footer_item {
	char key[KEY_NAME_MAX];
	const char *label; /* NULL: the key alone */
	unsigned columns;
};

static const char *label_of(enum key_screen screen, enum key_action action)
{
	for (size_t i = 0; i < key_binding_count; i++)
		if ((key_bindings[i].screens & screen) != 0 && key_bindings[i].action == action &&
		    key_bindings[i].label != NULL)
			return key_bindings[i].label;
	return NULL;
}

/* False when there is nothing to be drawn: no key does it here, or it has no label. */
static bool item_make(struct footer_item *self, enum key_screen screen, const struct keymap *keys,
		      enum key_action action)
{
	self->label = label_of(screen, action);
	if (self->label == NULL || !keymap_key(keys, screen, action, self->key))
		return false;
	self->columns = text_columns(self->key, strlen(self->key), true) + 1 +
			text_columns(self->label, strlen(self->label), true);
	return true;
}

static unsigned draw_item(const struct footer_item *item, const struct theme *theme, struct frame *frame,
			  struct frame_area area, unsigned at)
{
	unsigned from = at;

	at += frame_text(frame, area.row, area.column + at, area.columns - at, item->key, strlen(item->key), ROLE_KEY,
			 theme->utf8);
	if (item->label != NULL && at < area.columns) {
		at++;
		at += frame_text(frame, area.row, area.column + at, area.columns - at, item->label, strlen(item->label),
				 ROLE_PLAIN, theme->utf8);
	}
	return at - from;
}

/* ? and q, with what they do where there is room for it; returns the columns they want, the gap in front of them left out. */
static unsigned make_tail(struct footer_item tail[2], size_t *count, enum key_screen screen, const struct keymap *keys,
			  unsigned columns)
{
	static const enum key_action always[] = {ACTION_SHOW_HELP, ACTION_BACK};
	bool wide = columns >= WIDE_COLUMNS;
	unsigned used = 0;

	*count = 0;
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		struct footer_item *item = &tail[*count];
		if (!item_make(item, screen, keys, always[i]))
			continue;
		if (!wide) {
			item->label = NULL;
			item->columns = text_columns(item->key, strlen(item->key), true);
		}
		used += item->columns + (*count > 0 ? (wide ? 2 : 1) : 0);
		++*count;
	}
	return used;
}

void screen_draw_footer(const struct screen_footer *footer, enum key_screen screen, const struct keymap *keys,
			const struct theme *theme, struct frame *frame, struct frame_area area)
{
	struct footer_item tail[2], item;
	size_t tail_count;
	unsigned wanted = make_tail(tail, &tail_count, screen, keys, area.columns), at = 0;

	if (area.rows == 0)
		return;
	for (size_t i = 0; i < footer->count; i++) {
		enum key_action action = footer->actions[i];
		if (action == ACTION_SHOW_HELP || action == ACTION_BACK || !item_make(&item, screen, keys, action))
			continue;
		unsigned gap = at > 0 ? 2 : 0, behind = wanted > 0 ? wanted + 2 : 0;
		if (at + gap + item.columns + behind > area.columns)
			continue;
		at += gap;
		at += draw_item(&item, theme, frame, area, at);
	}
	if (at > 0)
		at += 2;
	for (size_t i = 0; i < tail_count && at < area.columns; i++) {
		at += draw_item(&tail[i], theme, frame, area, at);
		at += area.columns >= WIDE_COLUMNS ? 2 : 1;
	}
}

/* ---- Lists ---- */

void screen_list_fit(struct screen_list *self, size_t count, unsigned rows)
{
	size_t seen = rows > 0 ? rows : 1;

	if (self->selected >= count)
		self->selected = count > 0 ? count - 1 : 0;
	if (self->top > self->selected)
		self->top = self->selected;
	if (self->selected - self->top >= seen)
		self->top = self->selected - seen + 1;
	/* No empty rows below while there is something above. */
	if (self->top + seen > count)
		self->top = count > seen ? count - seen : 0;
}

bool screen_list_step(struct screen_list *self, size_t count, unsigned rows, enum key_action action)
{
	/* One row of the last page stays, so that the eye finds its place. */
	size_t page = rows > 1 ? rows - 1 : 1, half = rows > 1 ? rows / 2 : 1;
	size_t last = count > 0 ? count - 1 : 0, at = self->selected < last ? self->selected : last, back = 0;

	switch (action) {
	case ACTION_UP:
		back = 1;
		break;
	case ACTION_PAGE_UP:
		back = page;
		break;
	case ACTION_HALF_UP:
		back = half;
		break;
	case ACTION_FIRST:
		back = at;
		break;
	case ACTION_DOWN:
		at += 1;
		break;
	case ACTION_PAGE_DOWN:
		at += page;
		break;
	case ACTION_HALF_DOWN:
		at += half;
		break;
	case ACTION_LAST:
		at = last;
		break;
	default:
		return false;
	}
	at = at < last ? at : last;
	self->selected = at > back ? at - back : 0;
	screen_list_fit(self, count, rows);
	return true;
}
