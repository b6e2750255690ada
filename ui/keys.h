/* SPDX-License-Identifier: MIT */
/*
 * keys - the one table of keys: key, screen, action, help text. A key is a Unicode code point, or one of enum ui_key for the
 * keys that have none. Screens ask the table and know actions only.
 */
#ifndef UPFRONT_UI_KEYS_H
#define UPFRONT_UI_KEYS_H

#include <stddef.h>
#include <stdint.h>

enum ui_key {
	UI_KEY_TAB = '\t',
	UI_KEY_ENTER = '\r',
	UI_KEY_ESC = 0x1b,
	UI_KEY_OTHER = 0x110000, /* a key or sequence with no name here */
	UI_KEY_UP,
	UI_KEY_DOWN,
	UI_KEY_LEFT,
	UI_KEY_RIGHT,
	UI_KEY_PAGE_UP,
	UI_KEY_PAGE_DOWN,
	UI_KEY_HOME,
	UI_KEY_END,
	UI_KEY_BACK_TAB,
};

#define UI_KEY_CTRL(letter) ((uint32_t)(letter)&0x1f)

enum key_screen { KEY_SCREEN_CONSENT, KEY_SCREEN_PAGER };

enum key_action {
	ACTION_NOTHING, /* not in the table */
	ACTION_YES,
	ACTION_NO,
	ACTION_NO_FOR_GOOD,
	ACTION_PREVIEW,
	ACTION_NOTICE,
	ACTION_NOT_THIS_RUN,
	ACTION_QUIT,
	ACTION_SUSPEND,
	ACTION_REPAINT,
	ACTION_CHOOSE,
	ACTION_NEXT,
	ACTION_PREVIOUS,
	ACTION_UP,
	ACTION_DOWN,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_FIRST,
	ACTION_LAST,
	ACTION_BACK,
	ACTION_ANSWER_ELSEWHERE, /* a key that answers, on a screen where nothing is asked */
};

struct key_binding {
	enum key_screen screen;
	uint32_t key;
	enum key_action action;
	const char *name; /* of the key, as people write it; NULL: another spelling of the row above */
	const char *help;
};

extern const struct key_binding key_bindings[];
extern const size_t key_binding_count;

enum key_action key_action(enum key_screen screen, uint32_t key);

#endif
