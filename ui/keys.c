/* SPDX-License-Identifier: MIT */
#include "ui/keys.h"

#define CONSENT KEY_SCREEN_CONSENT
#define PAGER KEY_SCREEN_PAGER
#define SERVICES KEY_SCREEN_SERVICES
#define LOG KEY_SCREEN_LOG
#define STARTUP KEY_SCREEN_STARTUP
#define GRAPH KEY_SCREEN_GRAPH
#define DETAIL KEY_SCREEN_DETAIL
#define TELEMETRY KEY_SCREEN_TELEMETRY
#define EVENTS KEY_SCREEN_EVENTS
#define HELP KEY_SCREEN_HELP
#define PALETTE KEY_SCREEN_PALETTE
#define MENU KEY_SCREEN_MENU
#define LEAVE KEY_SCREEN_LEAVE
#define STOPPING KEY_SCREEN_STOPPING
#define FORM KEY_SCREEN_FORM
#define FIELD KEY_SCREEN_FIELD

/* Where a unit is looked at, and all that one can look around in. */
#define UNITS (SERVICES | LOG | STARTUP | GRAPH | DETAIL)
#define VIEWS (UNITS | TELEMETRY | EVENTS)
/* Where a log can be seen. */
#define LOGS (SERVICES | LOG)
/* Where letters are text: nothing but control keys and those without a character stands for something. */
#define TYPED (PALETTE | FORM | FIELD)

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

	/* What one looks at, and goes into. */
	{SERVICES | STARTUP | GRAPH, UI_KEY_ENTER, ACTION_CHOOSE, "Enter", "log",
	 "open the log of the selected service"},
	{LOG, UI_KEY_ENTER, ACTION_CHOOSE, "Enter", "open",
	 "open this log whole; of several services, the one that wrote this line"},
	{DETAIL, UI_KEY_ENTER, ACTION_CHOOSE, "Enter", "unfold",
	 "show all of the environment and the histories, or fold them again"},
	{TELEMETRY, UI_KEY_ENTER, ACTION_CHOOSE, "Enter", "exact bytes",
	 "show the selected event exactly as it was sent"},
	{EVENTS, UI_KEY_ENTER, ACTION_CHOOSE, "Enter", "log", "open the log of the service it happened to"},
	{HELP | PALETTE, UI_KEY_ENTER, ACTION_CHOOSE, "Enter", "do it", "do what is selected"},
	{MENU, UI_KEY_ENTER, ACTION_CHOOSE, "Enter", "choose", "choose what is selected"},
	{FORM, UI_KEY_ENTER, ACTION_CHOOSE, "Enter", "next", "take what stands here and go on"},
	{FIELD, UI_KEY_ENTER, ACTION_CHOOSE, "Enter", "done", "take what was typed"},
	{VIEWS | HELP | MENU | TYPED, '\n', ACTION_CHOOSE, NULL, NULL, NULL},
	{SERVICES, 'q', ACTION_BACK, "q", "leave", "leave; asks whether everything is to stop"},
	{(VIEWS & ~SERVICES) | HELP, 'q', ACTION_BACK, "q", "back", "go back one"},
	{STOPPING, 'q', ACTION_BACK, "q", NULL, "leave, when this screen only looks: it goes on stopping"},
	{MENU, 'q', ACTION_BACK, "q", "back", "go back, choose nothing"},
	{VIEWS | HELP, UI_KEY_ESC, ACTION_CANCEL, "Esc", "back",
	 "end the search, the filter or the marking; else go back one"},
	{PALETTE | MENU, UI_KEY_ESC, ACTION_CANCEL, "Esc", "back", "go back, choose nothing"},
	{FORM, UI_KEY_ESC, ACTION_CANCEL, "Esc", "cancel", "leave, save nothing; asks first when something was typed"},
	{FIELD, UI_KEY_ESC, ACTION_CANCEL, "Esc", "cancel", "leave it as it was before"},

	/* Moving. */
	{VIEWS | HELP | MENU, 'j', ACTION_DOWN, "j", "down", "go down one"},
	{VIEWS | HELP | MENU, UI_KEY_DOWN, ACTION_DOWN, NULL, NULL, NULL},
	{VIEWS | HELP | MENU, 'k', ACTION_UP, "k", "up", "go up one"},
	{VIEWS | HELP | MENU, UI_KEY_UP, ACTION_UP, NULL, NULL, NULL},
	{PALETTE, UI_KEY_DOWN, ACTION_DOWN, "Down", "down", "go down one"},
	{PALETTE, UI_KEY_CTRL('n'), ACTION_DOWN, NULL, NULL, NULL},
	{PALETTE, UI_KEY_UP, ACTION_UP, "Up", "up", "go up one"},
	{PALETTE, UI_KEY_CTRL('p'), ACTION_UP, NULL, NULL, NULL},
	{FORM, UI_KEY_DOWN, ACTION_DOWN, "Down", NULL, "go to the next field"},
	{FORM, UI_KEY_UP, ACTION_UP, "Up", NULL, "go to the field before"},
	{FIELD, UI_KEY_DOWN, ACTION_DOWN, "Down", NULL, "go to what was typed after that"},
	{FIELD, UI_KEY_CTRL('n'), ACTION_DOWN, NULL, NULL, NULL},
	{FIELD, UI_KEY_UP, ACTION_UP, "Up", NULL, "go to what was typed before"},
	{FIELD, UI_KEY_CTRL('p'), ACTION_UP, NULL, NULL, NULL},
	{VIEWS | HELP | MENU, UI_KEY_PAGE_DOWN, ACTION_PAGE_DOWN, "Page Down", NULL, "go down a page"},
	{VIEWS | HELP | MENU, UI_KEY_CTRL('f'), ACTION_PAGE_DOWN, NULL, NULL, NULL},
	{(VIEWS & ~SERVICES) | HELP, ' ', ACTION_PAGE_DOWN, NULL, NULL, NULL},
	{VIEWS | HELP | MENU, UI_KEY_PAGE_UP, ACTION_PAGE_UP, "Page Up", NULL, "go up a page"},
	{VIEWS | HELP | MENU, UI_KEY_CTRL('d'), ACTION_HALF_DOWN, "Ctrl-D", NULL, "go down half a page"},
	{VIEWS | HELP | MENU, UI_KEY_CTRL('u'), ACTION_HALF_UP, "Ctrl-U", NULL, "go up half a page"},
	{(VIEWS & ~LOG) | HELP | MENU, 'g', ACTION_FIRST, "g", "first", "go to the first"},
	{(VIEWS & ~LOG) | HELP | MENU, UI_KEY_HOME, ACTION_FIRST, NULL, NULL, NULL},
	{(VIEWS & ~LOG) | HELP | MENU, 'G', ACTION_LAST, "G", "last", "go to the last"},
	{(VIEWS & ~LOG) | HELP | MENU, UI_KEY_END, ACTION_LAST, NULL, NULL, NULL},
	{LOG, 'g', ACTION_FIRST, "g", "start", "go to where the log begins"},
	{LOG, UI_KEY_HOME, ACTION_FIRST, NULL, NULL, NULL},
	{LOG, 'G', ACTION_LAST, "G", "end", "go to the end, and follow it"},
	{LOG, UI_KEY_END, ACTION_LAST, NULL, NULL, NULL},
	{PALETTE, UI_KEY_PAGE_DOWN, ACTION_PAGE_DOWN, "Page Down", NULL, "go down a page"},
	{PALETTE, UI_KEY_PAGE_UP, ACTION_PAGE_UP, "Page Up", NULL, "go up a page"},
	{LOG, 'h', ACTION_LEFT, "h", NULL, "look further to the left, when lines are cut"},
	{LOG, UI_KEY_LEFT, ACTION_LEFT, NULL, NULL, NULL},
	{LOG, 'l', ACTION_RIGHT, "l", NULL, "look further to the right, when lines are cut"},
	{LOG, UI_KEY_RIGHT, ACTION_RIGHT, NULL, NULL, NULL},
	{SERVICES, 'h', ACTION_LEFT, "h", NULL, "sort by the column to the left"},
	{SERVICES, UI_KEY_LEFT, ACTION_LEFT, NULL, NULL, NULL},
	{SERVICES, 'l', ACTION_RIGHT, "l", NULL, "sort by the column to the right"},
	{SERVICES, UI_KEY_RIGHT, ACTION_RIGHT, NULL, NULL, NULL},
	{FORM | FIELD, UI_KEY_LEFT, ACTION_LEFT, "Left", NULL, "go left one character, or to the choice before"},
	{FORM | FIELD, UI_KEY_RIGHT, ACTION_RIGHT, "Right", NULL, "go right one character, or to the next choice"},
	{FIELD, UI_KEY_HOME, ACTION_FIRST, "Home", NULL, "go to the start of the line"},
	{FIELD, UI_KEY_END, ACTION_LAST, "End", NULL, "go to the end of the line"},
	{FIELD, UI_KEY_CTRL('e'), ACTION_LAST, NULL, NULL, NULL},
	{FORM, UI_KEY_TAB, ACTION_NEXT, "Tab", "next", "go to the next field"},
	{FORM, UI_KEY_BACK_TAB, ACTION_PREVIOUS, "Shift-Tab", "before", "go to the field before"},
	{VIEWS, UI_KEY_CTRL('n'), ACTION_NEXT_SERVICE, "Ctrl-N", "next service",
	 "look at the next service, without going back"},
	{VIEWS, UI_KEY_CTRL('p'), ACTION_PREVIOUS_SERVICE, "Ctrl-P", "service before",
	 "look at the service before, without going back"},
	{VIEWS, '!', ACTION_NEXT_PROBLEM, "!", "problem", "go to the next service with a problem"},

	/* Views. */
	/* In a log digits count once lines are marked, or after 6 to 9. */
	{VIEWS, '1', ACTION_SHOW_SERVICES, "1", "services", "show all services"},
	{VIEWS | STOPPING, '2', ACTION_SHOW_LOGS, "2", "log", "show the log of this service"},
	{VIEWS, '3', ACTION_SHOW_STARTUP, "3", "start-up", "show how the stack came up, and what took long"},
	{VIEWS, '4', ACTION_SHOW_TELEMETRY, "4", "telemetry", "show what is sent about usage, and end it"},
	{VIEWS, '5', ACTION_SHOW_EVENTS, "5", "events", "show what has happened so far"},
	{VIEWS, 'd', ACTION_SHOW_DETAIL, "d", "detail", "show why: probes, restarts, processes, environment"},
	{VIEWS, 'D', ACTION_SHOW_GRAPH, "D", "graph", "show who needs whom"},
	{VIEWS, 'a', ACTION_ALL_LOGS, "a", "all logs",
	 "show the logs of all services as one; again, only of the marked ones or of this one"},
	{VIEWS | HELP, '?', ACTION_SHOW_HELP, "?", "help", "show the keys of this place"},
	{VIEWS | HELP, UI_KEY_F(1), ACTION_SHOW_HELP, NULL, NULL, NULL},
	{VIEWS | HELP, ':', ACTION_SHOW_PALETTE, ":", "more", "find anything that can be done by its name"},
	{LOGS, UI_KEY_TAB, ACTION_OTHER_PANE, "Tab", "other pane", "go from the list to the log below, and back"},
	{LOGS, UI_KEY_BACK_TAB, ACTION_OTHER_PANE, NULL, NULL, NULL},
	{LOGS, 'z', ACTION_ZOOM, "z", "zoom", "give the log all the room, or take it back"},
	{LOGS, '+', ACTION_GROW, "+", NULL, "give the log below one more row"},
	{LOGS, '-', ACTION_SHRINK, "-", NULL, "take a row from the log below"},
	{VIEWS, '%', ACTION_MOUSE, "%", "mouse", "leave the mouse to the terminal, or take it again"},

	/* Finding. */
	{SERVICES, '/', ACTION_SEARCH, "/", "filter",
	 "show only services whose name, state or reason holds what is typed"},
	{SERVICES, UI_KEY_F(3), ACTION_SEARCH, NULL, NULL, NULL},
	{LOG, '/', ACTION_SEARCH, "/", "search", "search for a regular expression; capitals count once there is one"},
	{LOG, UI_KEY_F(3), ACTION_SEARCH, NULL, NULL, NULL},
	{HELP, '/', ACTION_SEARCH, "/", "find", "show only keys whose name or meaning holds what is typed"},
	{HELP, UI_KEY_F(3), ACTION_SEARCH, NULL, NULL, NULL},
	{LOG, 'n', ACTION_NEXT_HIT, "n", "next", "go to the next line that was searched for"},
	{LOG, 'N', ACTION_PREVIOUS_HIT, "N", "before", "go to the one before"},
	{LOG, '&', ACTION_FILTER, "&", "filter", "show only lines that match; with ! in front, only those that do not"},
	{LOG, UI_KEY_F(4), ACTION_FILTER, NULL, NULL, NULL},
	{LOGS, ']', ACTION_NEXT_ERROR, "]", "next error", "go to the next line that looks like an error or a warning"},
	{LOGS, '[', ACTION_PREVIOUS_ERROR, "[", "error before",
	 "go to the line before that looks like an error or a warning"},
	{LOG, '@', ACTION_GO_TO, "@", "go to", "go to a line by number (1200), share (50%) or time (14:02)"},

	/* The list. */
	{SERVICES, ' ', ACTION_MARK, "Space", "mark",
	 "mark this service and go on; what is done then is done to all marked"},
	{SERVICES, 'U', ACTION_UNMARK_ALL, "U", "no marks", "take all marks away"},
	{SERVICES, 'O', ACTION_SORT, "O", "sort", "choose what to sort by"},
	{SERVICES, UI_KEY_F(6), ACTION_SORT, NULL, NULL, NULL},
	{SERVICES, '<', ACTION_SORT_LEFT, "<", NULL, "sort by the column to the left"},
	{SERVICES, '>', ACTION_SORT_RIGHT, ">", NULL, "sort by the column to the right"},
	{SERVICES | GRAPH, 'I', ACTION_SORT_TURN, "I", "turn round", "the other way round"},
	{SERVICES, 'P', ACTION_SORT_CPU, "P", "by cpu", "sort by CPU, the busiest first"},
	{SERVICES, 'M', ACTION_SORT_MEMORY, "M", "by memory", "sort by memory, the largest first"},

	/* The log. */
	{LOGS, 'F', ACTION_FOLLOW, "F", "follow", "go to the end and stay there as more is written"},
	{LOGS, 'w', ACTION_WRAP, "w", "wrap", "wrap long lines, or cut them at the edge"},
	{LOGS, 't', ACTION_TIMES, "t", "times", "show times: none, of day, since the start, between lines"},
	{VIEWS, 'y', ACTION_COPY, "y", "copy", "copy what is selected to the clipboard, as it was written"},
	{VIEWS, 'c', ACTION_COPY, NULL, NULL, NULL},
	{LOG, 'v', ACTION_SELECT_LINES, "v", "mark", "mark lines from here on, for y and S"},
	{LOGS, 'S', ACTION_SAVE, "S", "save", "save the log, or the lines shown of it, into a file"},
	{LOGS, UI_KEY_CTRL('s'), ACTION_SAVE, NULL, NULL, NULL},
	{LOGS, 'm', ACTION_SCROLLBACK, "m", "plain", "print the log on the plain terminal; any key comes back"},
	{LOGS, 'E', ACTION_PAGER, "E", "editor", "open the log at this line in $VISUAL or $EDITOR, else in $PAGER"},

	/* Acting. */
	{UNITS, 's', ACTION_START, "s", "start", "start it"},
	{UNITS, 'x', ACTION_STOP, "x", "stop", "stop it; asks when others need it"},
	{UNITS, 'r', ACTION_RESTART, "r", "restart", "restart it"},
	{UNITS, 'R', ACTION_RESTART_ALL, "R", "restart all", "restart it, and what needs it"},
	{UNITS, 'K', ACTION_KILL, "K", "signal", "choose a signal to send"},
	{UNITS, UI_KEY_F(9), ACTION_KILL, NULL, NULL, NULL},
	{UNITS, '=', ACTION_SCALE, "=", "replicas", "choose how many of it run"},
	{DETAIL, '+', ACTION_SCALE, NULL, NULL, NULL},
	{DETAIL, '-', ACTION_SCALE, NULL, NULL, NULL},
	{UNITS, 'o', ACTION_OPEN_URL, "o", "open", "open its URL in the browser"},
	{UNITS, 'i', ACTION_TYPE_INTO, "i", "type into", "type into it, when it has a terminal; Ctrl-] comes back"},
	{UNITS, 'e', ACTION_EDIT, "e", "edit stack",
	 "edit the stack file; what would change is shown before it is done"},
	{VIEWS, UI_KEY_CTRL('r'), ACTION_RELOAD, "Ctrl-R", "reload",
	 "read the stack file again; what would change is shown before it is done"},
	{TELEMETRY, 'W', ACTION_WITHDRAW, "W", "withdraw", "send nothing from now on, at once"},
	{TELEMETRY, 'A', ACTION_ASK_AGAIN, "A", "question", "read the question once more"},

	/* Leaving. */
	{LEAVE, 's', ACTION_LEAVE_STOP, "s", "stop", "stop everything, in order, and leave"},
	{LEAVE, 'q', ACTION_LEAVE_STOP, NULL, NULL, NULL},
	{LEAVE, 'd', ACTION_LEAVE_DETACH, "d", "leave running", "leave, everything runs on"},
	{LEAVE, UI_KEY_ESC, ACTION_CANCEL, "Esc", "stay", "stay"},
	{VIEWS | HELP | PALETTE | MENU | LEAVE, UI_KEY_CTRL('c'), ACTION_INTERRUPT, "Ctrl-C", "stop all",
	 "stop everything, in order, and leave"},
	{STOPPING, UI_KEY_CTRL('c'), ACTION_INTERRUPT, "Ctrl-C", "kill", "kill what still runs, now"},
	{FORM | FIELD, UI_KEY_CTRL('c'), ACTION_INTERRUPT, "Ctrl-C", NULL, "leave, change nothing"},
	{VIEWS | HELP | MENU | LEAVE | STOPPING | TYPED, UI_KEY_CTRL('z'), ACTION_SUSPEND, "Ctrl-Z", NULL,
	 "suspend this screen, the services run on"},
	{VIEWS | HELP | MENU | LEAVE | STOPPING | TYPED, UI_KEY_CTRL('l'), ACTION_REPAINT, "Ctrl-L", NULL,
	 "draw the screen anew"},

	/* A line being typed. */
	{FIELD, UI_KEY_BACKSPACE, ACTION_ERASE, "Backspace", NULL,
	 "erase the character before; in an empty line, leave it"},
	{FIELD, UI_KEY_CTRL('h'), ACTION_ERASE, NULL, NULL, NULL},
	{FIELD, UI_KEY_DELETE, ACTION_ERASE_NEXT, "Delete", NULL, "erase the character under the cursor"},
	{FIELD, UI_KEY_CTRL('w'), ACTION_ERASE_WORD, "Ctrl-W", NULL, "erase the word before"},
	{FIELD, UI_KEY_CTRL('u'), ACTION_ERASE_LINE, "Ctrl-U", NULL, "erase all before the cursor"},
	{FORM, UI_KEY_CTRL('t'), ACTION_SHOW_SECRET, "Ctrl-T", "show", "show what this secret field holds, or hide it"},
};

const size_t key_binding_count = sizeof(key_bindings) / sizeof(key_bindings[0]);

static const char *const action_names[ACTION_COUNT] = {
#define NAME_ENTRY(action, name) [action] = name,
	KEY_ACTIONS(NAME_ENTRY)
#undef NAME_ENTRY
};

static const char *const screen_titles[KEY_SCREEN_COUNT] = {
#define TITLE_ENTRY(name, title) [KEY_SCREEN_INDEX_##name] = title,
	KEY_SCREENS(TITLE_ENTRY)
#undef TITLE_ENTRY
};

enum key_action key_action(enum key_screen screen, uint32_t key)
{
	for (size_t i = 0; i < key_binding_count; i++)
		if ((key_bindings[i].screens & screen) != 0 && key_bindings[i].key == key)
			return key_bindings[i].action;
	return ACTION_NOTHING;
}

const char *key_action_name(enum key_action action)
{
	return action_names[action];
}

const char *key_screen_title(enum key_screen screen)
{
	size_t i = 0;

	while (i + 1 < KEY_SCREEN_COUNT && (1u << i & (unsigned)screen) == 0)
		i++;
	return screen_titles[i];
}
