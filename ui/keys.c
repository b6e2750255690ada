/* SPDX-License-Identifier: MIT */
#include "ui/keys.h"

#define CONSENT KEY_SCREEN_CONSENT
#define PAGER KEY_SCREEN_PAGER

const struct key_binding key_bindings[] = {
	{CONSENT, 'y', ACTION_YES, "Y", "yes, send"},
	{CONSENT, 'Y', ACTION_YES, NULL, NULL},
	{CONSENT, 'n', ACTION_NO, "N", "no, do not send"},
	{CONSENT, 'N', ACTION_NO, NULL, NULL},
	{CONSENT, 'd', ACTION_NO_FOR_GOOD, "D", "no, and don't ask again for this app"},
	{CONSENT, 'D', ACTION_NO_FOR_GOOD, NULL, NULL},
	{CONSENT, 'v', ACTION_PREVIEW, "V", "show the first event exactly as it would be sent"},
	{CONSENT, 'V', ACTION_PREVIEW, NULL, NULL},
	{CONSENT, 'p', ACTION_NOTICE, "P", "show the full notice"},
	{CONSENT, 'P', ACTION_NOTICE, NULL, NULL},
	{CONSENT, UI_KEY_TAB, ACTION_NEXT, "Tab", "go to the next control"},
	{CONSENT, UI_KEY_RIGHT, ACTION_NEXT, "Right", "go to the next control"},
	{CONSENT, UI_KEY_BACK_TAB, ACTION_PREVIOUS, "Shift-Tab", "go to the control before"},
	{CONSENT, UI_KEY_LEFT, ACTION_PREVIOUS, "Left", "go to the control before"},
	{CONSENT, UI_KEY_UP, ACTION_UP, "Up", "go up a row, or scroll the text when it is longer than the screen"},
	{CONSENT, UI_KEY_DOWN, ACTION_DOWN, "Down",
	 "go down a row, or scroll the text when it is longer than the screen"},
	{CONSENT, UI_KEY_PAGE_UP, ACTION_PAGE_UP, "Page Up", "scroll the text up"},
	{CONSENT, UI_KEY_PAGE_DOWN, ACTION_PAGE_DOWN, "Page Down", "scroll the text down"},
	{CONSENT, UI_KEY_ENTER, ACTION_CHOOSE, "Enter", "choose the control that has focus"},
	{CONSENT, '\n', ACTION_CHOOSE, NULL, NULL},
	{CONSENT, ' ', ACTION_CHOOSE, "Space", "choose the control that has focus"},
	{CONSENT, UI_KEY_ESC, ACTION_NOT_THIS_RUN, "Esc", "send nothing this run, store no answer"},
	{CONSENT, UI_KEY_CTRL('d'), ACTION_NOT_THIS_RUN, "Ctrl-D", "the same"},
	{CONSENT, UI_KEY_CTRL('c'), ACTION_QUIT, "Ctrl-C", "quit, start nothing"},
	{CONSENT, UI_KEY_CTRL('z'), ACTION_SUSPEND, "Ctrl-Z", "suspend"},
	{CONSENT, UI_KEY_CTRL('l'), ACTION_REPAINT, "Ctrl-L", "draw the screen anew"},

	{PAGER, UI_KEY_UP, ACTION_UP, "Up", "a line up"},
	{PAGER, 'k', ACTION_UP, NULL, NULL},
	{PAGER, UI_KEY_DOWN, ACTION_DOWN, "Down", "a line down"},
	{PAGER, 'j', ACTION_DOWN, NULL, NULL},
	{PAGER, UI_KEY_ENTER, ACTION_DOWN, NULL, NULL},
	{PAGER, '\n', ACTION_DOWN, NULL, NULL},
	{PAGER, UI_KEY_PAGE_UP, ACTION_PAGE_UP, "Page Up", "a page up"},
	{PAGER, 'b', ACTION_PAGE_UP, NULL, NULL},
	{PAGER, UI_KEY_PAGE_DOWN, ACTION_PAGE_DOWN, "Page Down", "a page down"},
	{PAGER, ' ', ACTION_PAGE_DOWN, "Space", "a page down"},
	{PAGER, UI_KEY_HOME, ACTION_FIRST, "Home", "to the start"},
	{PAGER, 'g', ACTION_FIRST, "g", "to the start"},
	{PAGER, UI_KEY_END, ACTION_LAST, "End", "to the end"},
	{PAGER, 'G', ACTION_LAST, "G", "to the end"},
	{PAGER, 'q', ACTION_BACK, "q", "back to the question"},
	{PAGER, 'Q', ACTION_BACK, NULL, NULL},
	{PAGER, UI_KEY_ESC, ACTION_BACK, "Esc", "back to the question"},
	{PAGER, 'y', ACTION_ANSWER_ELSEWHERE, NULL, NULL},
	{PAGER, 'Y', ACTION_ANSWER_ELSEWHERE, NULL, NULL},
	{PAGER, 'n', ACTION_ANSWER_ELSEWHERE, NULL, NULL},
	{PAGER, 'N', ACTION_ANSWER_ELSEWHERE, NULL, NULL},
	{PAGER, 'd', ACTION_ANSWER_ELSEWHERE, NULL, NULL},
	{PAGER, 'D', ACTION_ANSWER_ELSEWHERE, NULL, NULL},
	{PAGER, UI_KEY_CTRL('c'), ACTION_QUIT, "Ctrl-C", "quit, start nothing"},
	{PAGER, UI_KEY_CTRL('z'), ACTION_SUSPEND, "Ctrl-Z", "suspend"},
	{PAGER, UI_KEY_CTRL('l'), ACTION_REPAINT, "Ctrl-L", "draw the screen anew"},
};

const size_t key_binding_count = sizeof(key_bindings) / sizeof(key_bindings[0]);

enum key_action key_action(enum key_screen screen, uint32_t key)
{
	for (size_t i = 0; i < key_binding_count; i++)
		if (key_bindings[i].screen == screen && key_bindings[i].key == key)
			return key_bindings[i].action;
	return ACTION_NOTHING;
}
