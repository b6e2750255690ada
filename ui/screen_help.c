/* SPDX-License-Identifier: MIT */
#include "ui/screen_help.h"

#include "ui/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define KEYS_BYTES 64u
/* Of the column of keys, with the gap behind it. */
#define KEYS_COLUMNS_MIN 8u
#define KEYS_COLUMNS_MAX 20u
#define NAME_COLUMNS 25u

/* What stands together, most useful first. */
static const struct {
	enum key_action first, last;
	const char *title;
} groups[] = {
	{ACTION_START, ACTION_ASK_AGAIN, "Acting"},       {ACTION_NEXT_PROBLEM, ACTION_GO_TO, "Finding"},
	{ACTION_MARK, ACTION_SORT_MEMORY, "The list"},    {ACTION_ALL_LOGS, ACTION_PAGER, "The log"},
	{ACTION_SHOW_SERVICES, ACTION_MOUSE, "Views"},    {ACTION_SUSPEND, ACTION_CANCEL, "Moving"},
	{ACTION_LEAVE_STOP, ACTION_INTERRUPT, "Leaving"},
};
#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

struct help_item {
	enum key_action action;
	unsigned group;
	char keys[KEYS_BYTES]; /* "j Down"; "" when no key does it there */
	const char *name; /* of the palette; NULL in help */
	const char *text;
};

struct help_items {
	struct help_item items[ACTION_COUNT];
	size_t count;
	unsigned keys_columns; /* what the keys of these want */
};

void help_init(struct help_view *self)
{
	*self = (struct help_view){.of = KEY_SCREEN_SERVICES};
	line_edit_init(&self->narrow);
}

void help_finish(struct help_view *self)
{
	line_edit_finish(&self->narrow);
}

void help_begin(struct help_view *self, enum key_screen of, bool palette)
{
	self->of = of;
	self->palette = palette;
	self->typing = palette;
	self->list = (struct screen_list){0};
	line_edit_begin(&self->narrow, "");
}

/* ---- What there is ---- */

static void add_key_name(char *keys, const char *name)
{
	size_t used = strlen(keys), size = strlen(name);

	/* A key that has its own name twice in the table is told once. */
	for (const char *at = strstr(keys, name); at != NULL; at = strstr(at + 1, name))
		if ((at == keys || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
			return;
	if (used + size + 2 > KEYS_BYTES)
		return;
	snprintf(keys + used, KEYS_BYTES - used, "%s%s", used > 0 ? " " : "", name);
}

/* All keys that do it there, the person's own first. */
static void spell_keys(const struct keymap *map, enum key_screen screen, enum key_action action, char *keys)
{
	char name[KEY_NAME_MAX];

	keys[0] = '\0';
	if (keymap_key(map, screen, action, name))
		add_key_name(keys, name);
	for (size_t i = 0; i < key_binding_count; i++) {
		const struct key_binding *row = &key_bindings[i];
		if ((row->screens & screen) == 0 || row->action != action || row->name == NULL)
			continue;
		if (keymap_action(map, screen, row->key) == action)
			add_key_name(keys, row->name);
	}
}

static const char *help_text(unsigned screens, enum key_action action)
{
	for (size_t i = 0; i < key_binding_count; i++)
		if ((key_bindings[i].screens & screens) != 0 && key_bindings[i].action == action &&
		    key_bindings[i].help != NULL)
			return key_bindings[i].help;
	return NULL;
}

/* Case does not count. */
static bool holds(const char *text, const char *wanted)
{
	size_t size = strlen(wanted);

	for (; *text != '\0'; text++)
		if (strncasecmp(text, wanted, size) == 0)
			return true;
	return size == 0;
}

/* How well an item fits what was typed: 0 best; -1 not at all. */
static int fit_of(const struct help_item *item, const char *wanted)
{
	const char *name = item->name != NULL ? item->name : item->keys;

	if (strncasecmp(name, wanted, strlen(wanted)) == 0)
		return 0;
	if (item->name != NULL && holds(name, wanted))
		return 1;
	return holds(item->text, wanted) || holds(item->keys, wanted) ? 2 : -1;
}

static bool make_item(const struct help_view *self, const struct keymap *map, enum key_action action,
		      struct help_item *item)
{
	const unsigned any = ~(unsigned)(KEY_SCREEN_CONSENT | KEY_SCREEN_PAGER | KEY_SCREEN_FORM);

	item->action = action;
	spell_keys(map, self->of, action, item->keys);
	item->text = help_text(self->of, action);
	item->name = NULL;
	if (!self->palette)
		return item->keys[0] != '\0' && item->text != NULL;
	item->name = key_action_name(action);
	if (item->text == NULL)
		item->text = help_text(any, action);
	if (item->text == NULL)
		item->text = "";
	return item->name != NULL;
}

static void collect(const struct help_view *self, const struct keymap *map, struct help_items *out)
{
	char wanted[LINE_EDIT_BYTES_MAX + 1];

	snprintf(wanted, sizeof(wanted), "%.*s", (int)self->narrow.size_bytes, self->narrow.text);
	out->count = 0;
	for (int fit = wanted[0] == '\0' ? 2 : 0; fit <= 2; fit++) {
		for (unsigned group = 0; group < GROUP_COUNT; group++) {
			for (int action = (int)groups[group].first; action <= (int)groups[group].last; action++) {
				struct help_item *item = &out->items[out->count];
				if (!make_item(self, map, (enum key_action)action, item))
					continue;
				item->group = group;
				if (wanted[0] == '\0' || fit_of(item, wanted) == fit)
					out->count++;
			}
		}
	}
}

/* ---- Drawing ---- */

static void fit_keys(struct help_items *self)
{
	self->keys_columns = KEYS_COLUMNS_MIN;
	for (size_t i = 0; i < self->count; i++) {
		unsigned columns = text_columns(self->items[i].keys, strlen(self->items[i].keys), true) + 2;
		if (columns > self->keys_columns)
			self->keys_columns = columns < KEYS_COLUMNS_MAX ? columns : KEYS_COLUMNS_MAX;
	}
}

/* Headings stand above the first of a group, unless what is there is a choice of words. */
static bool has_heading(const struct help_view *self, const struct help_items *items, size_t index)
{
	if (self->palette || self->narrow.size_bytes > 0)
		return false;
	return index == 0 || items->items[index].group != items->items[index - 1].group;
}

static void draw_item(const struct help_view *self, const struct help_items *items, size_t index,
		      const struct theme *theme, struct frame *frame, struct frame_area area, unsigned row)
{
	const struct help_item *item = &items->items[index];
	bool selected = index == self->list.selected;
	unsigned at = 2, right = area.columns;
	enum theme_role role = selected ? ROLE_SELECTED : ROLE_PLAIN;

	if (selected)
		frame_put(frame, row, area.column, '>', ROLE_KEY);
	if (item->name != NULL && right > at) {
		unsigned room = right - at < NAME_COLUMNS - 1 ? right - at : NAME_COLUMNS - 1;
		frame_label(frame, row, area.column + at, room, item->name, role, theme->utf8);
		at += NAME_COLUMNS;
	}
	unsigned keys = items->keys_columns;
	if (right > at)
		frame_label(frame, row, area.column + at, right - at < keys - 1 ? right - at : keys - 1, item->keys,
			    ROLE_KEY, theme->utf8);
	at += keys;
	if (right > at)
		frame_label(frame, row, area.column + at, right - at, item->text, self->palette ? ROLE_PLAIN : role,
			    theme->utf8);
}

void help_outlook(const struct help_view *self, const struct screen_context *context, unsigned columns, char *text,
		  size_t size_bytes)
{
	struct help_items items;

	text[0] = '\0';
	collect(self, context->keys, &items);
	fit_keys(&items);
	if (self->list.selected >= items.count)
		return;
	const struct help_item *item = &items.items[self->list.selected];
	unsigned before = 2 + (self->palette ? NAME_COLUMNS : 0) + items.keys_columns;
	if (before + text_columns(item->text, strlen(item->text), true) > columns)
		snprintf(text, size_bytes, "%s", item->text);
}

/* Lines, not items: headings take room too. */
static size_t line_of(const struct help_view *self, const struct help_items *items, size_t index)
{
	size_t line = 0;

	for (size_t i = 0; i < items->count && i <= index; i++)
		line += (has_heading(self, items, i) ? 1u : 0u) + (i < index ? 1u : 0u);
	return line;
}

static void draw_list(struct help_view *self, const struct help_items *items, const struct theme *theme,
		      struct frame *frame, struct frame_area area)
{
	size_t selected = self->list.selected, line = line_of(self, items, selected);
	struct screen_list lines = {.selected = line, .top = self->list.top};

	screen_list_fit(&lines, line_of(self, items, items->count) + 1, area.rows);
	/* The first of a group brings its heading along. */
	if (items->count > 0 && lines.top == line && line > 0 && has_heading(self, items, selected) && area.rows > 1)
		lines.top--;
	self->list.top = lines.top;
	self->rows = area.rows;
	line = 0;
	for (size_t i = 0; i < items->count; i++) {
		if (has_heading(self, items, i)) {
			if (line >= lines.top && line < lines.top + area.rows)
				frame_label(frame, area.row + (unsigned)(line - lines.top), area.column, area.columns,
					    groups[items->items[i].group].title, ROLE_TITLE, theme->utf8);
			line++;
		}
		if (line >= lines.top && line < lines.top + area.rows) {
			unsigned row = area.row + (unsigned)(line - lines.top);
			draw_item(self, items, i, theme, frame, area, row);
			if (i == selected)
				frame_cursor(frame, row, area.column);
		}
		line++;
	}
}

void help_draw(struct help_view *self, const struct screen_context *context, struct frame *frame,
	       struct frame_area area)
{
	const struct theme *theme = context->theme;
	struct help_items items;
	char title[64];

	collect(self, context->keys, &items);
	fit_keys(&items);
	if (self->list.selected >= items.count)
		self->list.selected = items.count > 0 ? items.count - 1 : 0;
	if (area.rows >= 4) {
		snprintf(title, sizeof(title), "%s: %s", self->palette ? "Commands" : "Keys",
			 key_screen_title(self->of));
		frame_label(frame, area.row, area.column, area.columns, title, ROLE_TITLE, theme->utf8);
		area.row++;
		area.rows--;
	}
	struct frame_area line = area;
	bool narrows = (self->typing || self->narrow.size_bytes > 0) && area.rows >= 2;
	if (narrows) {
		area.row++;
		area.rows--;
	}
	draw_list(self, &items, theme, frame, area);
	if (items.count == 0)
		frame_label(frame, area.row, area.column, area.columns, "  nothing is called that", ROLE_PLAIN,
			    theme->utf8);
	if (!narrows)
		return;
	frame_put(frame, line.row, line.column, self->palette ? ':' : '/', ROLE_KEY);
	unsigned cursor_row = frame->cursor_row, cursor_column = frame->cursor_column;
	if (line.columns > 2)
		line_edit_draw(&self->narrow, theme, frame, line.row, line.column + 2, line.columns - 2);
	if (!self->typing)
		frame_cursor(frame, cursor_row, cursor_column);
}

/* ---- Keys ---- */

static enum screen_go choose(struct help_view *self, const struct screen_context *context, enum key_action *chosen)
{
	struct help_items items;

	collect(self, context->keys, &items);
	if (self->list.selected >= items.count)
		return GO_NOWHERE;
	*chosen = items.items[self->list.selected].action;
	self->typing = false;
	return GO_BACK;
}

static bool move(struct help_view *self, const struct screen_context *context, enum key_action action)
{
	struct help_items items;

	collect(self, context->keys, &items);
	/* The list's top counts lines, and is brought into place when it is drawn. */
	struct screen_list list = {.selected = self->list.selected};
	if (!screen_list_step(&list, items.count, self->rows > 0 ? self->rows : 1, action))
		return false;
	self->list.selected = list.selected;
	return true;
}

enum screen_go help_step(struct help_view *self, struct screen_context *context, enum key_action action,
			 enum key_action *chosen)
{
	*chosen = ACTION_NOTHING;
	if (move(self, context, action))
		return GO_NOWHERE;
	switch (action) {
	case ACTION_CHOOSE:
		return choose(self, context, chosen);
	case ACTION_SEARCH:
		self->typing = true;
		return GO_NOWHERE;
	case ACTION_CANCEL:
		if (self->narrow.size_bytes == 0)
			return GO_BACK;
		line_edit_begin(&self->narrow, "");
		return GO_NOWHERE;
	case ACTION_BACK:
	case ACTION_SHOW_HELP:
		return GO_BACK;
	default:
		return GO_UNTAKEN;
	}
}

/* Keys that move the selection while a line is typed. */
static enum key_action typed_move(uint32_t key)
{
	switch (key) {
	case UI_KEY_UP:
	case UI_KEY_CTRL('p'):
		return ACTION_UP;
	case UI_KEY_DOWN:
	case UI_KEY_CTRL('n'):
		return ACTION_DOWN;
	case UI_KEY_PAGE_UP:
		return ACTION_PAGE_UP;
	case UI_KEY_PAGE_DOWN:
		return ACTION_PAGE_DOWN;
	default:
		return ACTION_NOTHING;
	}
}

enum screen_go help_type(struct help_view *self, struct screen_context *context, uint32_t key, enum key_action *chosen)
{
	bool changed = false;

	*chosen = ACTION_NOTHING;
	if (typed_move(key) != ACTION_NOTHING) {
		move(self, context, typed_move(key));
		return GO_NOWHERE;
	}
	enum line_edit_end end = line_edit_key(&self->narrow, context->keys, key, &changed);
	if (changed)
		self->list = (struct screen_list){0};
	if (end == LINE_EDIT_ON)
		return GO_NOWHERE;
	if (end == LINE_EDIT_DONE)
		return choose(self, context, chosen);
	self->typing = false;
	line_edit_begin(&self->narrow, "");
	return self->palette ? GO_BACK : GO_NOWHERE;
}

void help_footer(const struct help_view *self, const struct screen_context *context, struct screen_footer *footer)
{
	(void)context;
	footer->count = 0;
	if (self->typing)
		return;
	footer->actions[footer->count++] = ACTION_CHOOSE;
	footer->actions[footer->count++] = ACTION_SEARCH;
	footer->actions[footer->count++] = ACTION_BACK;
}
