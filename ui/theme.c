/* SPDX-License-Identifier: MIT */
#include "ui/theme.h"

#include "ui/ui.h"

#include <string.h>
#include <unistd.h>

#define THEME_PLAIN(name, letter, mono, colored, color) [name] = {.attributes = mono},
#define THEME_LETTER(name, letter, mono, colored, color) [name] = letter,

static const struct theme_style plain_styles[ROLE_COUNT] = {THEME_ROLES(THEME_PLAIN)};

struct theme theme_make(bool utf8, bool lines)
{
	struct theme self = {
		.utf8 = utf8,
		.lines = utf8 && lines,
		.horizontal = '-',
		.vertical = '|',
		.top_left = '+',
		.top_right = '+',
		.bottom_left = '+',
		.bottom_right = '+',
		.more_above = '^',
		.more_below = 'v',
		.more_right = '>',
		.continues = '|',
		.ramp = {'.', '.', ':', '-', '=', '+', '*', '#', '@'},
	};

	memcpy(self.styles, plain_styles, sizeof(self.styles));
	if (self.lines) {
		self.horizontal = 0x2500;
		self.vertical = 0x2502;
		self.top_left = 0x250c;
		self.top_right = 0x2510;
		self.bottom_left = 0x2514;
		self.bottom_right = 0x2518;
		self.more_above = 0x2191;
		self.more_below = 0x2193;
		self.more_right = 0x203a;
		self.continues = 0x2502;
		for (unsigned i = 1; i < THEME_RAMP; i++)
			self.ramp[i] = 0x2580 + i;
		self.ramp[0] = ' ';
	}
	return self;
}

struct theme_style theme_style(const struct theme *self, enum theme_role role)
{
	return self->styles[role];
}

char theme_letter(enum theme_role role)
{
	static const char table[] = {THEME_ROLES(THEME_LETTER)};

	return table[role];
}

enum theme_role theme_name_role(unsigned number)
{
	return (enum theme_role)(ROLE_NAME_1 + number % THEME_NAMES);
}

bool ui_color_wanted(const struct ui_options *options, int fd)
{
	if (options->color != UI_COLOR_AUTO)
		return options->color == UI_COLOR_ALWAYS;
	if (options->no_color || options->term == NULL || options->term[0] == '\0')
		return false;
	return strcmp(options->term, "dumb") != 0 && isatty(fd) == 1;
}
