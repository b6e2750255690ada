/* SPDX-License-Identifier: MIT */
#include "ui/wish.h"

#include "config/err.h"
#include "config/settings.h"

#define PROBLEM_BYTES 200u

/* One after the other, so that the message points at the one that is wrong by itself, or beside those before it. */
static void read_keys(struct wish *self, const struct settings_screen *settings, struct err *warning)
{
	struct strmap good;
	char problem[PROBLEM_BYTES];

	strmap_init(&good);
	for (size_t i = 0; i < settings->keys.count; i++) {
		const struct strmap_entry *entry = &settings->keys.entries[i];
		if (strmap_set(&good, entry->key, entry->value) < 0 ||
		    keymap_init(&self->keys, &good, problem, sizeof(problem)) == 0)
			continue;
		err_at(warning, ERR_CONFIG, settings->key_places[i], "%s", problem);
		strmap_remove(&good, entry->key);
	}
	keymap_init(&self->keys, &good, problem, sizeof(problem));
	strmap_finish(&good);
}

static bool is_understood(const struct theme_wish *wish, struct err_place place, struct err *warning)
{
	struct theme theme = theme_make(false, false);
	char problem[PROBLEM_BYTES];
	bool good = theme_dress(&theme, 256, wish, problem, sizeof(problem)) == 0;

	if (!good)
		err_at(warning, ERR_CONFIG, place, "%s", problem);
	return good;
}

static void read_colors(struct wish *self, const struct settings_screen *settings, struct err *warning)
{
	for (size_t i = 0; i < settings->colors.count; i++) {
		const struct strmap_entry *entry = &settings->colors.entries[i];
		struct strmap one;
		strmap_init(&one);
		if (strmap_set(&one, entry->key, entry->value) == 0 &&
		    is_understood(&(struct theme_wish){.colors = &one}, settings->color_places[i], warning))
			strmap_set(&self->colors, entry->key, entry->value);
		strmap_finish(&one);
	}
	self->theme.colors = &self->colors;
}

void wish_read(struct wish *self, const struct settings_screen *settings, struct err *warning)
{
	*self = (struct wish){.mouse = true, .asks_to_leave = true};
	strmap_init(&self->colors);
	if (settings == NULL)
		return;
	self->mouse = settings->mouse;
	self->asks_to_leave = settings->ask_before_leaving;
	self->theme.ascii = settings->ascii;
	for (size_t i = 0; i < settings->trouble.count; i++) {
		const struct err_item *item = &settings->trouble.items[i];
		err_at(warning, ERR_CONFIG, (struct err_place){item->file, item->line, item->column}, "%s",
		       item->message);
	}
	read_keys(self, settings, warning);
	read_colors(self, settings, warning);
	if (settings->theme != NULL &&
	    is_understood(&(struct theme_wish){.name = settings->theme}, settings->theme_place, warning))
		self->theme.name = settings->theme;
}

void wish_finish(struct wish *self)
{
	strmap_finish(&self->colors);
}
