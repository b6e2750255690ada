/* SPDX-License-Identifier: MIT */
/* Names of keys, and the table with the person's own keys laid over it. */
#include "config/err.h"
#include "config/strmap.h"
#include "ui/keys.h"
#include "ui/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Stands in `changes` for an action that no key does any more. */
#define NO_KEY 0u

/* The first name of a key is the one it is spelled with. */
static const struct {
	const char *name;
	uint32_t key;
} key_names[] = {
	{"Space", ' '},
	{"Tab", UI_KEY_TAB},
	{"Shift-Tab", UI_KEY_BACK_TAB},
	{"Enter", UI_KEY_ENTER},
	{"Return", UI_KEY_ENTER},
	{"Esc", UI_KEY_ESC},
	{"Escape", UI_KEY_ESC},
	{"Backspace", UI_KEY_BACKSPACE},
	{"Delete", UI_KEY_DELETE},
	{"Del", UI_KEY_DELETE},
	{"Up", UI_KEY_UP},
	{"Down", UI_KEY_DOWN},
	{"Left", UI_KEY_LEFT},
	{"Right", UI_KEY_RIGHT},
	{"Page Up", UI_KEY_PAGE_UP},
	{"PageUp", UI_KEY_PAGE_UP},
	{"PgUp", UI_KEY_PAGE_UP},
	{"Page Down", UI_KEY_PAGE_DOWN},
	{"PageDown", UI_KEY_PAGE_DOWN},
	{"PgDn", UI_KEY_PAGE_DOWN},
	{"Home", UI_KEY_HOME},
	{"End", UI_KEY_END},
};
#define KEY_NAMES (sizeof(key_names) / sizeof(key_names[0]))

int key_parse(const char *name, uint32_t *key)
{
	char visible[TEXT_POINTS_MAX];
	size_t size = strlen(name);
	uint32_t point;

	for (size_t i = 0; i < KEY_NAMES; i++) {
		if (strcasecmp(name, key_names[i].name) == 0) {
			*key = key_names[i].key;
			return 0;
		}
	}
	if (strncasecmp(name, "Ctrl-", 5) == 0 && size == 6 && name[5] >= '@' && name[5] < 0x7f && name[5] != '`' &&
	    name[5] != '@') {
		*key = UI_KEY_CTRL(name[5]);
		return 0;
	}
	if ((name[0] == 'F' || name[0] == 'f') && size == 2 && name[1] >= '1' && name[1] <= '9') {
		*key = UI_KEY_F1 + (uint32_t)(name[1] - '1');
		return 0;
	}
	if (size == 0 || text_point(name, size, &point) != size || text_visible(point, visible) > 0)
		return -EINVAL;
	*key = point;
	return 0;
}

void key_spell(uint32_t key, char name[KEY_NAME_MAX])
{
	for (size_t i = 0; i < KEY_NAMES; i++) {
		if (key_names[i].key == key) {
			snprintf(name, KEY_NAME_MAX, "%s", key_names[i].name);
			return;
		}
	}
	if (key < ' ') {
		snprintf(name, KEY_NAME_MAX, "Ctrl-%c", (int)(key | 0x40));
	} else if (key >= UI_KEY_F1 && key <= UI_KEY_F9) {
		snprintf(name, KEY_NAME_MAX, "F%u", key - UI_KEY_F1 + 1);
	} else if (key < UI_KEY_OTHER) {
		name[text_encode(key, name)] = '\0';
	} else {
		snprintf(name, KEY_NAME_MAX, "?");
	}
}

/* Where the table has the action, of the screens on which keys can be moved. */
static unsigned screens_of(enum key_action action)
{
	unsigned screens = 0;

	for (size_t i = 0; i < key_binding_count; i++)
		if (key_bindings[i].action == action)
			screens |= key_bindings[i].screens;
	return screens & ~KEY_SCREENS_FIXED;
}

static bool is_changed(const struct keymap *self, enum key_action action)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->changes[i].action == action)
			return true;
	return false;
}

/* ---- Reading the settings ---- */

struct reading {
	struct keymap *keymap;
	char *problem;
	size_t problem_bytes;
	int result;
};

/* Only the first problem is told: the next one shows itself once that is mended. */
__attribute__((format(printf, 2, 3))) static void complain(struct reading *self, const char *format, ...)
{
	va_list arguments;

	if (self->result == 0 && self->problem_bytes > 0) {
		va_start(arguments, format);
		vsnprintf(self->problem, self->problem_bytes, format, arguments);
		va_end(arguments);
	}
	self->result = -EINVAL;
}

static enum key_action action_named(const char *name)
{
	for (enum key_action action = 0; action < ACTION_COUNT; action++) {
		const char *known = key_action_name(action);
		if (known != NULL && strcasecmp(known, name) == 0)
			return action;
	}
	return ACTION_NOTHING;
}

static void unknown_action(struct reading *self, const char *name)
{
	const char *names[ACTION_COUNT + 1] = {NULL};
	size_t count = 0;

	for (enum key_action action = 0; action < ACTION_COUNT; action++)
		if (key_action_name(action) != NULL)
			names[count++] = key_action_name(action);
	const char *nearest = err_nearest(name, names);
	complain(self, "unknown action '%.64s'%s%s%s", name, nearest != NULL ? " (did you mean '" : "",
		 nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
}

static void unknown_key(struct reading *self, const char *name)
{
	const char *names[KEY_NAMES + 1] = {NULL};

	for (size_t i = 0; i < KEY_NAMES; i++)
		names[i] = key_names[i].name;
	const char *nearest = err_nearest(name, names);
	if (nearest != NULL)
		complain(self, "unknown key '%.32s' (did you mean '%s'?)", name, nearest);
	else
		complain(self, "unknown key '%.32s': write a character, or a name as Ctrl-S, F3, Space", name);
}

/* Keys that answer, leave or stop stay what they are, so that there is always a way out. */
static bool is_taken(uint32_t key, unsigned screens)
{
	for (size_t i = 0; i < key_binding_count; i++)
		if (key_bindings[i].key == key && (key_bindings[i].screens & screens) != 0 &&
		    key_action_name(key_bindings[i].action) == NULL)
			return true;
	return false;
}

static void add(struct reading *self, enum key_action action, uint32_t key)
{
	struct keymap *keymap = self->keymap;

	if (keymap->count == KEYMAP_CHANGES_MAX) {
		complain(self, "too many keys: at most %u", KEYMAP_CHANGES_MAX);
		return;
	}
	keymap->changes[keymap->count].action = action;
	keymap->changes[keymap->count++].key = key;
}

static void give_key(struct reading *self, enum key_action action, const char *name)
{
	unsigned screens = screens_of(action);
	uint32_t key;

	if (key_parse(name, &key) != 0) {
		unknown_key(self, name);
		return;
	}
	if (is_taken(key, screens)) {
		complain(self, "'%s' cannot be given away: it is the way out", name);
		return;
	}
	for (size_t i = 0; i < self->keymap->count; i++) {
		enum key_action other = self->keymap->changes[i].action;
		if (self->keymap->changes[i].key == key && other != action && (screens_of(other) & screens) != 0) {
			complain(self, "'%s' is given to both %s and %s", name, key_action_name(other),
				 key_action_name(action));
			return;
		}
	}
	add(self, action, key);
}

/* "r F5 Page Up": names separated by blanks; "Page" takes the word behind it along. */
static void give_keys(struct reading *self, enum key_action action, const char *names)
{
	size_t before = self->keymap->count;
	int result = self->result;

	while (*names != '\0') {
		char name[64];
		size_t size = strcspn(names, " \t");
		if (size == 4 && strncasecmp(names, "Page", 4) == 0 && names[4] == ' ')
			size += 1 + strcspn(names + 5, " \t");
		if (size > 0) {
			snprintf(name, sizeof(name), "%.*s", (int)(size < sizeof(name) ? size : sizeof(name) - 1),
				 names);
			give_key(self, action, name);
		}
		names += size;
		names += strspn(names, " \t");
	}
	/* Nothing at all takes the action's keys away; nothing usable leaves them. */
	if (self->keymap->count == before && self->result == result)
		add(self, action, NO_KEY);
}

int keymap_init(struct keymap *self, const struct strmap *keys, char *problem, size_t problem_bytes)
{
	struct reading reading = {.keymap = self, .problem = problem, .problem_bytes = problem_bytes};

	self->count = 0;
	if (problem_bytes > 0)
		problem[0] = '\0';
	for (size_t i = 0; keys != NULL && i < keys->count; i++) {
		enum key_action action = action_named(keys->entries[i].key);
		if (action == ACTION_NOTHING)
			unknown_action(&reading, keys->entries[i].key);
		else
			give_keys(&reading, action, keys->entries[i].value != NULL ? keys->entries[i].value : "");
	}
	return reading.result;
}

/* ---- Looking up ---- */

enum key_action keymap_action(const struct keymap *self, enum key_screen screen, uint32_t key)
{
	enum key_action action = key_action(screen, key);

	if (self == NULL || self->count == 0 || ((unsigned)screen & KEY_SCREENS_FIXED) != 0)
		return action;
	for (size_t i = 0; key != NO_KEY && i < self->count; i++)
		if (self->changes[i].key == key && (screens_of(self->changes[i].action) & screen) != 0)
			return self->changes[i].action;
	return is_changed(self, action) ? ACTION_NOTHING : action;
}

bool keymap_key(const struct keymap *self, enum key_screen screen, enum key_action action, char name[KEY_NAME_MAX])
{
	for (size_t i = 0; self != NULL && i < self->count; i++) {
		uint32_t key = self->changes[i].key;
		if (self->changes[i].action == action && key != NO_KEY && keymap_action(self, screen, key) == action) {
			key_spell(key, name);
			return true;
		}
	}
	for (size_t i = 0; i < key_binding_count; i++) {
		uint32_t key = key_bindings[i].key;
		if ((key_bindings[i].screens & screen) != 0 && key_bindings[i].action == action &&
		    keymap_action(self, screen, key) == action) {
			key_spell(key, name);
			return true;
		}
	}
	return false;
}
