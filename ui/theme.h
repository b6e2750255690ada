/* SPDX-License-Identifier: MIT */
/*
 * theme - what a part of the screen is (its role) to how it looks, and the signs frames are made of. Nothing here needs
 * colour: the two answers of a question must not be told apart by anything but their words.
 */
#ifndef UPFRONT_UI_THEME_H
#define UPFRONT_UI_THEME_H

#include <stdbool.h>
#include <stdint.h>

/* The letter stands for the role in golden screens. */
#define THEME_ROLES(X)                    \
	X(ROLE_PLAIN, '.', 0)             \
	X(ROLE_FRAME, '.', 0)             \
	X(ROLE_TITLE, 'B', THEME_BOLD)    \
	X(ROLE_QUESTION, 'B', THEME_BOLD) \
	X(ROLE_KEY, 'B', THEME_BOLD)      \
	X(ROLE_ALERT, 'B', THEME_BOLD)    \
	X(ROLE_FOCUS, 'R', THEME_REVERSE)

enum theme_attribute { THEME_BOLD = 1, THEME_REVERSE = 2 };

#define THEME_ENUMERATOR(name, letter, attributes) name,
enum theme_role { THEME_ROLES(THEME_ENUMERATOR) ROLE_COUNT };
#undef THEME_ENUMERATOR

/* What the terminal can show, and the signs that follow from it. */
struct theme {
	bool utf8; /* text may hold more than ASCII */
	uint32_t horizontal, vertical, top_left, top_right, bottom_left, bottom_right;
	uint32_t more_above, more_below;
};

/* `lines` false, or `utf8` false: the frame is ASCII. */
struct theme theme_make(bool utf8, bool lines);
/* Bits of enum theme_attribute. */
unsigned theme_attributes(enum theme_role role);
char theme_letter(enum theme_role role);

#endif
