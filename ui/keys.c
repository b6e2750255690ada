/* SPDX-License-Identifier: MIT */
#include "ui/keys.h"

#define CONSENT KEY_SCREEN_CONSENT
#define PAGER KEY_SCREEN_PAGER

const struct key_binding key_bindings[] = {
	{CONSENT, 'y', ACTION_YES, "Y", NULL, "yes, send"},
	{CONSENT, 'Y', ACTION_YES, NULL, NULL, NULL},
	{CONSENT, 'n', ACTION_NO, "N", NULL, "no, do not send"},
	{CONSENT, 'N', ACTION_NO, NULL, NULL, NULL},
	{CONSENT, 'd', ACTION_NO_FOR_GOOD, "D", NULL, "no, and don't ask again for this app"},
	{CONSENT, 'D', ACTION_NO_FOR_GOOD, NULL, NULL, NULL},
	{CONSENT, 'v', ACTION_PREVIEW, "V", NULL, "show the first event exactly as it would be sent"},
	{CONSENT, 'V', ACTION_PREVIEW, NULL, NULL, NULL},
	{CONSENT, 'p', ACTION_NOTICE, "P", NULL, "show the full notice"},
	{CONSENT, 'P', ACTION_NOTICE, NULL, NULL, NULL},
	{CONSENT, UI_KEY_TAB, ACTION_NEXT, "Tab", NULL, "go to the next control"},
	{CONSENT, UI_KEY_RIGHT, ACTION_NEXT, "Right", NULL, "go to the next control"},
	{CONSENT, UI_KEY_BACK_TAB, ACTION_PREVIOUS, "Shift-Tab", NULL, "go to the control before"},
	{CONSENT, UI_KEY_LEFT, ACTION_PREVIOUS, "Left", NULL, "go to the control before"},
	{CONSENT, UI_KEY_UP, ACTION_UP, "Up", NULL,
	 "go up a row, or scroll the text when it is longer than the screen"},
	{CONSENT, UI_KEY_DOWN, ACTION_DOWN, "Down", NULL,
	 "go down a row, or scroll the text when it is longer than the screen"},
	{CONSENT, UI_KEY_PAGE_UP, ACTION_PAGE_UP, "Page Up", NULL, "scroll the text up"},
	{CONSENT, UI_KEY_PAGE_DOWN, ACTION_PAGE_DOWN, "Page Down", NULL, "scroll the text down"},
	{CONSENT, UI_KEY_ENTER, ACTION_CHOOSE, "Enter", NULL, "choose the control that has focus"},
	{CONSENT, '\n', ACTION_CHOOSE, NULL, NULL, NULL},
	{CONSENT, ' ', ACTION_CHOOSE, "Space", NULL, "choose the control that has focus"},
	{CONSENT, UI_KEY_ESC, ACTION_NOT_THIS_RUN, "Esc", NULL, "send nothing this run, store no answer"},
	{CONSENT, UI_KEY_CTRL('d'), ACTION_NOT_THIS_RUN, "Ctrl-D", NULL, "the same"},
	{CONSENT, UI_KEY_CTRL('c'), ACTION_QUIT, "Ctrl-C", NULL, "quit, start nothing"},
	{CONSENT, UI_KEY_CTRL('z'), ACTION_SUSPEND, "Ctrl-Z", NULL, "suspend"},
	{CONSENT, UI_KEY_CTRL('l'), ACTION_REPAINT, "Ctrl-L", NULL, "draw the screen anew"},

	{PAGER, UI_KEY_UP, ACTION_UP, "Up", NULL, "a line up"},
	{PAGER, 'k', ACTION_UP, NULL, NULL, NULL},
	{PAGER, UI_KEY_DOWN, ACTION_DOWN, "Down", NULL, "a line down"},
	{PAGER, 'j', ACTION_DOWN, NULL, NULL, NULL},
	{PAGER, UI_KEY_ENTER, ACTION_DOWN, NULL, NULL, NULL},
	{PAGER, '\n', ACTION_DOWN, NULL, NULL, NULL},
	{PAGER, UI_KEY_PAGE_UP, ACTION_PAGE_UP, "Page Up", NULL, "a page up"},
	{PAGER, 'b', ACTION_PAGE_UP, NULL, NULL, NULL},
	{PAGER, UI_KEY_PAGE_DOWN, ACTION_PAGE_DOWN, "Page Down", NULL, "a page down"},
	{PAGER, ' ', ACTION_PAGE_DOWN, "Space", NULL, "a page down"},
	{PAGER, UI_KEY_HOME, ACTION_FIRST, "Home", NULL, "to the start"},
	{PAGER, 'g', ACTION_FIRST, "g", NULL, "to the start"},
	{PAGER, UI_KEY_END, ACTION_LAST, "End", NULL, "to the end"},
	{PAGER, 'G', ACTION_LAST, "G", NULL, "to the end"},
	{PAGER, 'q', ACTION_BACK, "q", NULL, "back to the question"},
	{PAGER, 'Q', ACTION_BACK, NULL, NULL, NULL},
	{PAGER, UI_KEY_ESC, ACTION_BACK, "Esc", NULL, "back to the question"},
	{PAGER, 'y', ACTION_ANSWER_ELSEWHERE, NULL, NULL, NULL},
	{PAGER, 'Y', ACTION_ANSWER_ELSEWHERE, NULL, NULL, NULL},
	{PAGER, 'n', ACTION_ANSWER_ELSEWHERE, NULL, NULL, NULL},
	{PAGER, 'N', ACTION_ANSWER_ELSEWHERE, NULL, NULL, NULL},
	{PAGER, 'd', ACTION_ANSWER_ELSEWHERE, NULL, NULL, NULL},
	{PAGER, 'D', ACTION_ANSWER_ELSEWHERE, NULL, NULL, NULL},
	{PAGER, UI_KEY_CTRL('c'), ACTION_QUIT, "Ctrl-C", NULL, "quit, start nothing"},
	{PAGER, UI_KEY_CTRL('z'), ACTION_SUSPEND, "Ctrl-Z", NULL, "suspend"},
	{PAGER, UI_KEY_CTRL('l'), ACTION_REPAINT, "Ctrl-L", NULL, "draw the screen anew"},
};

const size_t key_binding_count = sizeof(key_bindings) / sizeof(key_bindings[0]);

enum key_action key_action(enum key_screen screen, uint32_t key)
{
	for (size_t i = 0; i < key_binding_count; i++)
		if ((key_bindings[i].screens & screen) != 0 && key_bindings[i].key == key)
			return key_bindings[i].action;
	return ACTION_NOTHING;
}
