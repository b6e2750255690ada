/* SPDX-License-Identifier: MIT */
/* What the terminal's colours and the person's wishes make of a theme. */
#include "config/err.h"
#include "config/strmap.h"
#include "ui/theme.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX 8u
#define WORD_BYTES 24u

#define THEME_COLORED(name, letter, mono, colored, color) [name] = {.attributes = colored, .foreground = color},
#define THEME_WORD(name, letter, mono, colored, color) [name] = #name,

static const struct theme_style colored_styles[ROLE_COUNT] = {THEME_ROLES(THEME_COLORED)};
static const char *const role_words[ROLE_COUNT] = {THEME_ROLES(THEME_WORD)};
/* What stands in front of the words above. */
#define ROLE_PREFIX (sizeof("ROLE_") - 1)

static const char *const color_words[] = {"default", "black",   "red",  "green", "yellow",
					  "blue",    "magenta", "cyan", "white"};
#define COLOR_WORDS (sizeof(color_words) / sizeof(color_words[0]))

static const struct {
	const char *word;
	uint8_t attribute;
} attribute_words[] = {
	{"plain", 0},
	{"bold", THEME_BOLD},
	{"dim", THEME_DIM},
	{"italic", THEME_ITALIC},
	{"underline", THEME_UNDERLINE},
	{"reverse", THEME_REVERSE},
};
#define ATTRIBUTE_WORDS (sizeof(attribute_words) / sizeof(attribute_words[0]))

/* ---- Fewer colours ---- */

/* As xterm has them; what a person's terminal makes of the first sixteen nobody can tell. */
static const uint8_t basic[16][3] = {
	{0, 0, 0},     {205, 0, 0},     {0, 205, 0},     {205, 205, 0},   {0, 0, 238}, {205, 0, 205},
	{0, 205, 205}, {229, 229, 229}, {127, 127, 127}, {255, 0, 0},     {0, 255, 0}, {255, 255, 0},
	{92, 92, 255}, {255, 0, 255},   {0, 255, 255},   {255, 255, 255},
};

static void palette_color(unsigned number, int rgb[3])
{
	static const uint8_t levels[] = {0, 95, 135, 175, 215, 255};

	for (unsigned i = 0; i < 3; i++) {
		if (number < 16)
			rgb[i] = basic[number][i];
		else if (number >= 232)
			rgb[i] = (int)(8 + 10 * (number - 232));
		else
			rgb[i] = levels[(number - 16) / (i == 0 ? 36u : i == 1 ? 6u : 1u) % 6];
	}
}

uint16_t theme_fold(uint16_t color, unsigned colors)
{
	int wanted[3], best_off = 0;
	unsigned best = 0;

	if (color == THEME_DEFAULT || colors == 0)
		return THEME_DEFAULT;
	if (color <= colors)
		return color;
	/* Bright ones are the plain ones where there is nothing brighter. */
	if (color <= 16)
		return (uint16_t)(color - 8);
	palette_color(color - 1u, wanted);
	for (unsigned i = 0; i < (colors < 16 ? 8u : 16u); i++) {
		int off = 0;
		for (unsigned part = 0; part < 3; part++)
			off += (wanted[part] - basic[i][part]) * (wanted[part] - basic[i][part]);
		if (i == 0 || off < best_off) {
			best = i;
			best_off = off;
		}
	}
	return (uint16_t)(1 + best);
}

/* ---- Built-in themes ---- */

static void bright(struct theme *self)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct theme_style *style = &self->styles[role];
		if (style->foreground > THEME_BLACK && style->foreground <= THEME_WHITE)
			style->foreground = (uint16_t)(style->foreground + 8);
	}
}

/* What is well steps back, so that what is not stands out more. */
static void dim(struct theme *self)
{
	static const enum theme_role quiet[] = {ROLE_FRAME, ROLE_IDLE, ROLE_NOTE, ROLE_GOOD};

	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		self->styles[quiet[i]].attributes |= THEME_DIM;
}

static void mono(struct theme *self)
{
	self->colors = 0;
}

static const struct {
	const char *name;
	void (*change)(struct theme *self);
} built_in[] = {{"default", NULL}, {"mono", mono}, {"bright", bright}, {"dim", dim}};
#define BUILT_IN (sizeof(built_in) / sizeof(built_in[0]))

/* ---- The person's wish ---- */

struct wishing {
	struct theme *theme;
	char *problem;
	size_t problem_bytes;
	int result;
};

/* Only the first problem is told: the next one shows itself once that is mended. */
static void complain(struct wishing *self, const char *what, const char *word, const char *const *known)
{
	const char *nearest = err_nearest(word, known);

	if (self->result == 0 && self->problem_bytes > 0)
		snprintf(self->problem, self->problem_bytes, "unknown %s '%.64s'%s%s%s", what, word,
			 nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
			 nearest != NULL ? "'?)" : "");
	self->result = -EINVAL;
}

static void role_word(enum theme_role role, char word[WORD_BYTES])
{
	snprintf(word, WORD_BYTES, "%s", role_words[role] + ROLE_PREFIX);
	for (char *at = word; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
}

static enum theme_role find_role(struct wishing *self, const char *name)
{
	const char *known[ROLE_COUNT + 1] = {NULL};
	char words[ROLE_COUNT][WORD_BYTES];

	for (enum theme_role role = 0; role < ROLE_COUNT; role++) {
		role_word(role, words[role]);
		/* Not of the person's choosing: the text's own. */
		if (role != ROLE_SOURCE && strcasecmp(words[role], name) == 0)
			return role;
		known[role] = role != ROLE_SOURCE ? words[role] : NULL;
	}
	complain(self, "role", name, known);
	return ROLE_COUNT;
}

/* "red", "bright-red", "208". */
static bool read_color(const char *word, uint16_t *color)
{
	bool is_bright = strncasecmp(word, "bright-", 7) == 0;
	char *end;

	for (size_t i = 0; i < COLOR_WORDS; i++) {
		if (strcasecmp(word + (is_bright ? 7 : 0), color_words[i]) == 0 && !(is_bright && i == THEME_DEFAULT)) {
			*color = (uint16_t)(is_bright ? i + 8 : i);
			return true;
		}
	}
	unsigned long number = strtoul(word, &end, 10);
	if (!isdigit((unsigned char)word[0]) || *end != '\0' || number > 255)
		return false;
	*color = (uint16_t)(1 + number);
	return true;
}

static bool read_attribute(const char *word, uint8_t *attributes)
{
	for (size_t i = 0; i < ATTRIBUTE_WORDS; i++) {
		if (strcasecmp(word, attribute_words[i].word) == 0) {
			*attributes |= attribute_words[i].attribute;
			return true;
		}
	}
	return false;
}

static void unknown_color(struct wishing *self, const char *word)
{
	const char *known[COLOR_WORDS + ATTRIBUTE_WORDS + 1] = {NULL};

	for (size_t i = 0; i < COLOR_WORDS; i++)
		known[i] = color_words[i];
	for (size_t i = 0; i < ATTRIBUTE_WORDS; i++)
		known[COLOR_WORDS + i] = attribute_words[i].word;
	complain(self, "colour", word, known);
}

/* "bold red on black": attributes and a colour in any order, behind "on" the colour of the ground. False: something is unknown. */
static bool read_style(struct wishing *self, const char *text, struct theme_style *style)
{
	struct theme_style read = {0};
	bool ground = false;

	for (unsigned i = 0; i < WORDS_MAX; i++) {
		char word[WORD_BYTES];
		text += strspn(text, " \t");
		size_t size = strcspn(text, " \t");
		if (size == 0)
			break;
		snprintf(word, sizeof(word), "%.*s", (int)(size < sizeof(word) ? size : sizeof(word) - 1), text);
		text += size;
		if (strcasecmp(word, "on") == 0) {
			ground = true;
		} else if (!read_attribute(word, &read.attributes) &&
			   !read_color(word, ground ? &read.background : &read.foreground)) {
			unknown_color(self, word);
			return false;
		}
	}
	*style = read;
	return true;
}

static void take_colors(struct wishing *self, const struct strmap *colors)
{
	for (size_t i = 0; i < colors->count; i++) {
		const char *text = colors->entries[i].value != NULL ? colors->entries[i].value : "";
		enum theme_role role = find_role(self, colors->entries[i].key);
		if (role != ROLE_COUNT)
			read_style(self, text, &self->theme->styles[role]);
	}
}

static void take_name(struct wishing *self, const char *name)
{
	const char *known[BUILT_IN + 1] = {NULL};

	for (size_t i = 0; i < BUILT_IN; i++) {
		known[i] = built_in[i].name;
		if (strcasecmp(name, built_in[i].name) == 0) {
			if (built_in[i].change != NULL)
				built_in[i].change(self->theme);
			return;
		}
	}
	complain(self, "theme", name, known);
}

/* Without colour what was told by it is told by an attribute, where the person wished for none. */
static void fold_styles(struct theme *self)
{
	struct theme plain = theme_make(false, false);

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct theme_style *style = &self->styles[role];
		bool colored = style->foreground != THEME_DEFAULT || style->background != THEME_DEFAULT;
		style->foreground = theme_fold(style->foreground, self->colors);
		style->background = theme_fold(style->background, self->colors);
		if (self->colors == 0 && colored && style->attributes == colored_styles[role].attributes)
			style->attributes = plain.styles[role].attributes;
	}
}

int theme_dress(struct theme *self, unsigned colors, const struct theme_wish *wish, char *problem, size_t problem_bytes)
{
	struct wishing wishing = {.theme = self, .problem = problem, .problem_bytes = problem_bytes};

	if (problem_bytes > 0)
		problem[0] = '\0';
	if (wish != NULL && wish->ascii)
		*self = theme_make(false, false);
	self->colors = colors;
	memcpy(self->styles, colored_styles, sizeof(self->styles));
	if (wish != NULL && wish->name != NULL)
		take_name(&wishing, wish->name);
	if (wish != NULL && wish->colors != NULL)
		take_colors(&wishing, wish->colors);
	fold_styles(self);
	return wishing.result;
}
