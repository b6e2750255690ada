/* SPDX-License-Identifier: MIT */
#include "ui/theme.h"

#include "ui/ui.h"

#include <string.h>
#include <unistd.h>

struct theme theme_make(bool utf8, bool lines)
{
	if (utf8 && lines)
		return (struct theme){
			.utf8 = true,
			.horizontal = 0x2500,
			.vertical = 0x2502,
			.top_left = 0x250c,
			.top_right = 0x2510,
			.bottom_left = 0x2514,
			.bottom_right = 0x2518,
			.more_above = 0x2191,
			.more_below = 0x2193,
		};
	return (struct theme){
		.utf8 = utf8,
		.horizontal = '-',
		.vertical = '|',
		.top_left = '+',
		.top_right = '+',
		.bottom_left = '+',
		.bottom_right = '+',
		.more_above = '^',
		.more_below = 'v',
	};
}

#define THEME_ATTRIBUTES(name, letter, attributes) [name] = attributes,
#define THEME_LETTER(name, letter, attributes) [name] = letter,

unsigned theme_attributes(enum theme_role role)
{
	static const unsigned char table[] = {THEME_ROLES(THEME_ATTRIBUTES)};

	return table[role];
}

char theme_letter(enum theme_role role)
{
	static const char table[] = {THEME_ROLES(THEME_LETTER)};

	return table[role];
}

bool ui_color_wanted(const struct ui_options *options, int fd)
{
	if (options->color != UI_COLOR_AUTO)
		return options->color == UI_COLOR_ALWAYS;
	if (options->no_color || options->term == NULL || options->term[0] == '\0')
		return false;
	return strcmp(options->term, "dumb") != 0 && isatty(fd) == 1;
}
