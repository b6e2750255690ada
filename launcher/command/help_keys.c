/* SPDX-License-Identifier: MIT */
#include "launcher/command/help_keys.h"

#include "ui/keys.h"

#include <stdbool.h>
#include <string.h>

/* The question tells its keys itself. */
#define QUESTION ((unsigned)(KEY_SCREEN_CONSENT | KEY_SCREEN_PAGER))
#define VIEWS                                                                                                          \
	((unsigned)(KEY_SCREEN_SERVICES | KEY_SCREEN_LOG | KEY_SCREEN_STARTUP | KEY_SCREEN_GRAPH | KEY_SCREEN_DETAIL | \
		    KEY_SCREEN_TELEMETRY | KEY_SCREEN_EVENTS))
#define PLACE_BYTES 256u
#define KEYS_BYTES 64u

static void add(char *text, size_t size, const char *word)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", word);
}

/* What holds in every view is told once, whatever else it holds in. */
static void place_of(unsigned screens, char place[PLACE_BYTES])
{
	place[0] = '\0';
	if ((screens & VIEWS) == VIEWS)
		snprintf(place, PLACE_BYTES, "Everywhere");
	else if ((screens & VIEWS) == (VIEWS & ~(unsigned)KEY_SCREEN_LOG))
		snprintf(place, PLACE_BYTES, "Everywhere but in a log");
	else if ((screens & VIEWS) == (VIEWS & ~(unsigned)KEY_SCREEN_SERVICES))
		snprintf(place, PLACE_BYTES, "Everywhere but in the list of services");
	else
		for (unsigned i = 0; i < KEY_SCREEN_COUNT; i++)
			if ((screens & 1u << i) != 0)
				add(place, PLACE_BYTES, key_screen_title((enum key_screen)(1u << i)));
}

/* The row that names what another key for the same does; NULL: there is none, or it is a key like any other. */
static const struct key_binding *named_for(const struct key_binding *row)
{
	for (size_t i = 0; row->name == NULL && i < key_binding_count; i++)
		if (key_bindings[i].name != NULL && key_bindings[i].action == row->action &&
		    (key_bindings[i].screens & row->screens) != 0)
			return &key_bindings[i];
	return NULL;
}

/* Told in the line of the row that names it: it holds wherever that one does. */
static bool is_double(const struct key_binding *row, const struct key_binding *named)
{
	return row->name == NULL && row->action == named->action && (row->screens & named->screens) == named->screens &&
	       row->key != '\n';
}

/* Has a line of its own. */
static bool is_told(const struct key_binding *row)
{
	const struct key_binding *named = named_for(row);

	if ((row->screens & QUESTION) != 0 || row->key == '\n')
		return false;
	return row->name != NULL || (named != NULL && !is_double(row, named));
}

static void print_row(FILE *out, const struct key_binding *row)
{
	const struct key_binding *named = row->name != NULL ? row : named_for(row);
	const char *action = (row->screens & ~KEY_SCREENS_FIXED) != 0 ? key_action_name(row->action) : NULL;
	char keys[KEYS_BYTES], name[KEY_NAME_MAX];

	key_spell(row->key, keys);
	for (size_t i = 0; named == row && i < key_binding_count; i++) {
		if (!is_double(&key_bindings[i], row))
			continue;
		key_spell(key_bindings[i].key, name);
		add(keys, KEYS_BYTES, name);
	}
	fprintf(out, "  %-20s  %s%s%s%s\n", keys, named->help, action != NULL ? " [" : "", action != NULL ? action : "",
		action != NULL ? "]" : "");
}

static void print_place(FILE *out, const char *wanted)
{
	fprintf(out, "\n%s:\n", wanted);
	for (const struct key_binding *row = key_bindings; row < key_bindings + key_binding_count; row++) {
		char place[PLACE_BYTES];
		place_of(row->screens, place);
		if (is_told(row) && strcmp(place, wanted) == 0)
			print_row(out, row);
	}
}

/* Whether a line above was for this place already. */
static bool is_known(const struct key_binding *row, const char *place)
{
	char other[PLACE_BYTES];

	for (const struct key_binding *above = key_bindings; above < row; above++) {
		place_of(above->screens, other);
		if (is_told(above) && strcmp(place, other) == 0)
			return true;
	}
	return false;
}

/* What holds in every view comes first, then what holds in nearly every one. */
static unsigned rank_of(const char *place)
{
	return strcmp(place, "Everywhere") == 0 ? 0 : strncmp(place, "Everywhere", 10) == 0 ? 1 : 2;
}

void help_keys_print(FILE *out)
{
	fputs("Keys of the dashboard, by place. In brackets: the name by which `keys:` in your settings gives an "
	      "action other keys.\n",
	      out);
	for (unsigned rank = 0; rank < 3; rank++) {
		for (const struct key_binding *row = key_bindings; row < key_bindings + key_binding_count; row++) {
			char place[PLACE_BYTES];
			place_of(row->screens, place);
			if (rank_of(place) == rank && is_told(row) && !is_known(row, place))
				print_place(out, place);
		}
	}
}
