/* SPDX-License-Identifier: MIT */
#include "config/settings_screen.h"

#include "config/node.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One value's text: several words of a list stand behind each other. */
#define VALUE_BYTES 256u

struct reading {
	struct settings_screen *screen;
	const char *path;
	const struct node *root;
};

/* Places outlive the tree they come from: the file's name is the one that is kept. */
static struct err_place kept_place(const struct reading *self, const struct node *node)
{
	return (struct err_place){self->path, node->place.line, node->place.column};
}

static void complain(const struct reading *self, const struct node *node, const char *what, const char *wanted)
{
	err_at(&self->screen->trouble, ERR_CONFIG, kept_place(self, node), "'%s' must be %s, found %s", what, wanted,
	       node_kind_name(node));
}

static bool append(char value[VALUE_BYTES], const char *text)
{
	size_t used = strlen(value), size = strlen(text);

	if (used + size + 2 > VALUE_BYTES)
		return false;
	if (used > 0)
		value[used++] = ' ';
	memcpy(value + used, text, size + 1);
	return true;
}

/* Text, a list of text, or nothing at all. */
static bool read_value(const struct node *node, char value[VALUE_BYTES])
{
	value[0] = '\0';
	if (node->kind == NODE_NULL)
		return true;
	if (node->kind == NODE_SCALAR)
		return append(value, node->text);
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
		if (node->items[i]->kind != NODE_SCALAR || !append(value, node->items[i]->text))
			return false;
	return node->kind == NODE_LIST;
}

static void read_map(const struct reading *self, const char *name, struct strmap *map, struct err_place **places)
{
	const struct node *node = node_find(self->root, name);
	char value[VALUE_BYTES];

	if (node == NULL || node->kind == NODE_NULL)
		return;
	if (node->kind != NODE_MAP) {
		complain(self, node, name, "a map");
		return;
	}
	if (node->count > SETTINGS_SCREEN_MAX) {
		err_at(&self->screen->trouble, ERR_CONFIG, kept_place(self, node),
		       "'%s' has too many entries: at most %u", name, SETTINGS_SCREEN_MAX);
		return;
	}
	*places = calloc(node->count + 1, sizeof(**places));
	for (size_t i = 0; *places != NULL && i < node->count; i++) {
		const struct node_pair *pair = &node->pairs[i];
		if (!read_value(pair->value, value))
			complain(self, pair->value, pair->key, "a word, or a short list of words");
		else if (strmap_set(map, pair->key, value) == 0)
			(*places)[map->count - 1] = kept_place(self, pair->value);
	}
}

static void read_theme(const struct reading *self)
{
	const struct node *node = node_find(self->root, "theme");

	if (node == NULL || node->kind == NODE_NULL)
		return;
	if (node->kind != NODE_SCALAR) {
		complain(self, node, "theme", "a word");
		return;
	}
	self->screen->theme = strdup(node->text);
	self->screen->theme_place = kept_place(self, node);
}

static void read_switch(const struct reading *self, const char *name, bool *value)
{
	const struct node *node = node_find(self->root, name);

	if (node != NULL && !node_is_bool(node, value))
		err_at(&self->screen->trouble, ERR_CONFIG, kept_place(self, node), "'%s' says neither true nor false",
		       name);
}

void settings_screen_init(struct settings_screen *self)
{
	*self = (struct settings_screen){.mouse = true, .ask_before_leaving = true, .open_browser = true};
	strmap_init(&self->keys);
	strmap_init(&self->colors);
	err_init(&self->trouble);
}

void settings_screen_read(struct settings_screen *self, const char *path, const struct node *root)
{
	const struct reading reading = {.screen = self, .path = path, .root = root};

	read_map(&reading, "keys", &self->keys, &self->key_places);
	read_map(&reading, "colors", &self->colors, &self->color_places);
	read_theme(&reading);
	read_switch(&reading, "mouse", &self->mouse);
	read_switch(&reading, "ascii", &self->ascii);
	read_switch(&reading, "ask_before_leaving", &self->ask_before_leaving);
	read_switch(&reading, "open_browser", &self->open_browser);
}

void settings_screen_finish(struct settings_screen *self)
{
	strmap_finish(&self->keys);
	strmap_finish(&self->colors);
	free(self->key_places);
	free(self->color_places);
	free(self->theme);
	err_finish(&self->trouble);
}
