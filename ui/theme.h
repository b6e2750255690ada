/* SPDX-License-Identifier: MIT */
/*
 * theme - what a part of the screen is (its role) to how it looks, and the signs the screen is made of. Nothing is told by colour alone:
 * a state has a sign and a word, the two answers of a question differ in nothing but their words. By default only the eight named
 * colours stand on the terminal's own background, so light and dark terminals both keep what their owner chose.
 */
#ifndef UPFRONT_UI_THEME_H
#define UPFRONT_UI_THEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strmap;

/*
 * Name, letter in golden screens, attributes without colour, attributes and foreground with colour (1 + number of the colour; 0: the
 * terminal's own). The words in settings (`colors: {bad: magenta}`) are the names in lower case without ROLE_.
 */
#define THEME_ROLES(X)                                                                            \
	X(ROLE_PLAIN, '.', 0, 0, 0)                                                               \
	X(ROLE_FRAME, '.', 0, 0, 0)                                                               \
	X(ROLE_TITLE, 'B', THEME_BOLD, THEME_BOLD, 0)                                             \
	X(ROLE_QUESTION, 'B', THEME_BOLD, THEME_BOLD, 0)                                          \
	X(ROLE_KEY, 'B', THEME_BOLD, THEME_BOLD, 0)                                               \
	X(ROLE_ALERT, 'B', THEME_BOLD, THEME_BOLD, 0)                                             \
	X(ROLE_FOCUS, 'R', THEME_REVERSE, THEME_REVERSE, 0)                                       \
	X(ROLE_SELECTED, 'S', THEME_BOLD, THEME_BOLD, 0) /* the name of the selected row */       \
	X(ROLE_MARKED, 'M', THEME_UNDERLINE, THEME_UNDERLINE, 0)                                  \
	X(ROLE_GOOD, 'g', 0, 0, THEME_GREEN)                                                      \
	X(ROLE_BUSY, 'y', 0, 0, THEME_CYAN)                                                       \
	X(ROLE_WARN, 'w', THEME_BOLD, 0, THEME_YELLOW)                                            \
	X(ROLE_BAD, 'b', THEME_BOLD, THEME_BOLD, THEME_RED)                                       \
	X(ROLE_IDLE, '.', 0, 0, 0)                                                                \
	X(ROLE_HIT, 'h', THEME_REVERSE, THEME_REVERSE, THEME_YELLOW) /* found by search */        \
	X(ROLE_NOTE, 'n', 0, 0, THEME_BLUE) /* upfront's own words between a service's */         \
	X(ROLE_NAME_1, '1', 0, 0, THEME_CYAN) /* names of services in front of their lines ... */ \
	X(ROLE_NAME_2, '2', 0, 0, THEME_YELLOW)                                                   \
	X(ROLE_NAME_3, '3', 0, 0, THEME_GREEN)                                                    \
	X(ROLE_NAME_4, '4', 0, 0, THEME_MAGENTA)                                                  \
	X(ROLE_NAME_5, '5', 0, 0, THEME_BLUE)                                                     \
	X(ROLE_NAME_6, '6', THEME_BOLD, THEME_BOLD, THEME_CYAN)                                   \
	X(ROLE_SOURCE, 's', 0, 0, 0) /* as the text itself says: frame_cell.style */

#define THEME_NAMES 6u /* ROLE_NAME_1 and on */

enum theme_attribute { THEME_BOLD = 1, THEME_REVERSE = 2, THEME_UNDERLINE = 4, THEME_DIM = 8, THEME_ITALIC = 16 };
/* As they stand in theme_style: 1 + the number that ECMA-48 and the 256-colour palette give them. */
enum theme_color {
	THEME_DEFAULT,
	THEME_BLACK,
	THEME_RED,
	THEME_GREEN,
	THEME_YELLOW,
	THEME_BLUE,
	THEME_MAGENTA,
	THEME_CYAN,
	THEME_WHITE
};

struct theme_style {
	uint16_t foreground, background; /* enum theme_color, or 1 + number in the 256-colour palette */
	uint8_t attributes; /* enum theme_attribute */
};

#define THEME_ENUMERATOR(name, letter, mono, colored, color) name,
enum theme_role { THEME_ROLES(THEME_ENUMERATOR) ROLE_COUNT };
#undef THEME_ENUMERATOR

#define THEME_RAMP 9u

/* What the terminal can show, and the signs that follow from it. */
struct theme {
	bool utf8; /* text may hold more than ASCII */
	bool lines; /* and so may signs: lines, bars, states */
	unsigned colors; /* 0: none; 8, 16 or 256 */
	uint32_t horizontal, vertical, top_left, top_right, bottom_left, bottom_right;
	uint32_t more_above, more_below;
	uint32_t more_right; /* the line goes on beyond the edge */
	uint32_t continues; /* the line goes on from the one above */
	uint32_t ramp[THEME_RAMP]; /* from nothing to full, for sparklines */
	struct theme_style styles[ROLE_COUNT];
};

/* What the person wants beside what the terminal can: from the settings file. Zero: nothing. */
struct theme_wish {
	const char *name; /* of a built-in theme: "default", "mono", "bright", "dim"; NULL: default */
	const struct strmap *colors; /* role to "red", "bright-red", "bold red on black", "208"; NULL: none */
	bool ascii; /* nothing but ASCII, in text as well */
};

/* Without colour. `lines` false, or `utf8` false: the frame is ASCII. */
struct theme theme_make(bool utf8, bool lines);
/*
 * Adds colours (the terminal has so many of them) and the person's wish, which may be NULL. What is wrong with the wish (an unknown theme,
 * role or colour) leaves the default, and is told in `problem` (one line, names the nearest word); returns -EINVAL then, else 0.
 */
int theme_dress(struct theme *self, unsigned colors, const struct theme_wish *wish, char *problem,
		size_t problem_bytes);
/* The colour as a terminal that has so many of them can show it best. */
uint16_t theme_fold(uint16_t color, unsigned colors);
/* How a role looks. */
struct theme_style theme_style(const struct theme *self, enum theme_role role);
char theme_letter(enum theme_role role);
/* ROLE_NAME_1 and on, by the number of a service. */
enum theme_role theme_name_role(unsigned number);

#endif
