/* SPDX-License-Identifier: MIT */
/*
 * keys - the one table of keys: screens, key, action, help text. A key is a Unicode code point, or one of enum ui_key for the
 * keys that have none. Screens ask for actions and know no keys; footers, help, the palette and the man page are made from the
 * table. The same row means the same on every screen it stands for. A person's own keys (settings: `keys: {restart: R}`) replace those of an
 * action; the consent dialog's cannot be moved, for whoever documents it relies on them.
 */
#ifndef UPFRONT_UI_KEYS_H
#define UPFRONT_UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strmap;

enum ui_key {
	UI_KEY_TAB = '\t',
	UI_KEY_ENTER = '\r',
	UI_KEY_ESC = 0x1b,
	UI_KEY_BACKSPACE = 0x7f,
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
	UI_KEY_DELETE,
	UI_KEY_F1, /* F2 to F9 follow */
	UI_KEY_F9 = UI_KEY_F1 + 8,
	UI_KEY_PASTE, /* bracketed paste begins; ends with UI_KEY_PASTE_END. What is between types into fields only */
	UI_KEY_PASTE_END,
	UI_KEY_MOUSE /* term_read_key has filled a term_mouse */
};

#define UI_KEY_CTRL(letter) ((uint32_t)(letter)&0x1f)
#define UI_KEY_F(number) ((uint32_t)UI_KEY_F1 + (number)-1)

/* Where a row of the table holds; a bit each. X(name, what help calls it) */
#define KEY_SCREENS(X)                                                  \
	X(CONSENT, "The question")                                      \
	X(PAGER, "A text")                                              \
	X(SERVICES, "Services")                                         \
	X(LOG, "Log")                                                   \
	X(STARTUP, "Start-up")                                          \
	X(GRAPH, "Dependency graph")                                    \
	X(DETAIL, "Service detail")                                     \
	X(TELEMETRY, "Telemetry")                                       \
	X(EVENTS, "Events")                                             \
	X(HELP, "Help")                                                 \
	X(PALETTE, "Commands")                                          \
	X(MENU, "A choice") /* signals, sorting, what is taken along */ \
	X(LEAVE, "Leaving")                                             \
	X(STOPPING, "Stopping")                                         \
	X(FORM, "Set-up")                                               \
	X(FIELD, "A line being typed") /* search, filter, names of files */

#define KEY_ENUMERATOR(name, title) KEY_SCREEN_INDEX_##name,
enum key_screen_index { KEY_SCREENS(KEY_ENUMERATOR) KEY_SCREEN_COUNT };
#undef KEY_ENUMERATOR
#define KEY_ENUMERATOR(name, title) KEY_SCREEN_##name = 1 << KEY_SCREEN_INDEX_##name,
enum key_screen { KEY_SCREENS(KEY_ENUMERATOR) };
#undef KEY_ENUMERATOR

/* X(action, its name in settings and in the palette; NULL: cannot be moved) */
#define KEY_ACTIONS(X)                                                                     \
	X(ACTION_NOTHING, NULL) /* not in the table */                                     \
	/* The question. */                                                                \
	X(ACTION_YES, NULL)                                                                \
	X(ACTION_NO, NULL)                                                                 \
	X(ACTION_NO_FOR_GOOD, NULL)                                                        \
	X(ACTION_PREVIEW, NULL)                                                            \
	X(ACTION_NOTICE, NULL)                                                             \
	X(ACTION_NOT_THIS_RUN, NULL)                                                       \
	X(ACTION_QUIT, NULL)                                                               \
	X(ACTION_ANSWER_ELSEWHERE, NULL) /* answers, on a screen where nothing is asked */ \
	/* Moving. */                                                                      \
	X(ACTION_SUSPEND, NULL)                                                            \
	X(ACTION_REPAINT, "repaint")                                                       \
	X(ACTION_CHOOSE, "open") /* Enter: what is selected, or has focus */               \
	X(ACTION_NEXT, "next-field")                                                       \
	X(ACTION_PREVIOUS, "previous-field")                                               \
	X(ACTION_UP, "up")                                                                 \
	X(ACTION_DOWN, "down")                                                             \
	X(ACTION_LEFT, "left")                                                             \
	X(ACTION_RIGHT, "right")                                                           \
	X(ACTION_PAGE_UP, "page-up")                                                       \
	X(ACTION_PAGE_DOWN, "page-down")                                                   \
	X(ACTION_HALF_UP, "half-page-up")                                                  \
	X(ACTION_HALF_DOWN, "half-page-down")                                              \
	X(ACTION_FIRST, "first")                                                           \
	X(ACTION_LAST, "last")                                                             \
	X(ACTION_BACK, "back") /* q: one back; on the main screen: leave */                \
	X(ACTION_CANCEL, NULL) /* Esc: one back; ends search, filter, marks first */       \
	/* Views. */                                                                       \
	X(ACTION_SHOW_SERVICES, "services")                                                \
	X(ACTION_SHOW_LOGS, "logs")                                                        \
	X(ACTION_SHOW_STARTUP, "start-up")                                                 \
	X(ACTION_SHOW_TELEMETRY, "telemetry")                                              \
	X(ACTION_SHOW_EVENTS, "events")                                                    \
	X(ACTION_SHOW_DETAIL, "detail")                                                    \
	X(ACTION_SHOW_GRAPH, "graph")                                                      \
	X(ACTION_SHOW_HELP, "help")                                                        \
	X(ACTION_SHOW_PALETTE, "commands")                                                 \
	X(ACTION_OTHER_PANE, "other-pane")                                                 \
	X(ACTION_ZOOM, "zoom")                                                             \
	X(ACTION_GROW, "grow") /* + */                                                     \
	X(ACTION_SHRINK, "shrink") /* - */                                                 \
	X(ACTION_MOUSE, "mouse")                                                           \
	/* Finding. */                                                                     \
	X(ACTION_NEXT_PROBLEM, "next-problem")                                             \
	X(ACTION_SEARCH, "search") /* in the list: narrow */                               \
	X(ACTION_FILTER, "filter")                                                         \
	X(ACTION_NEXT_HIT, "next-hit")                                                     \
	X(ACTION_PREVIOUS_HIT, "previous-hit")                                             \
	X(ACTION_NEXT_ERROR, "next-error")                                                 \
	X(ACTION_PREVIOUS_ERROR, "previous-error")                                         \
	X(ACTION_NEXT_SERVICE, "next-service")                                             \
	X(ACTION_PREVIOUS_SERVICE, "previous-service")                                     \
	X(ACTION_GO_TO, "go-to") /* a line's number, 50%, a time */                        \
	/* The list. */                                                                    \
	X(ACTION_MARK, "mark")                                                             \
	X(ACTION_UNMARK_ALL, "unmark-all")                                                 \
	X(ACTION_SORT, "sort")                                                             \
	X(ACTION_SORT_LEFT, "sort-left")                                                   \
	X(ACTION_SORT_RIGHT, "sort-right")                                                 \
	X(ACTION_SORT_TURN, "sort-turn")                                                   \
	X(ACTION_SORT_CPU, "sort-cpu")                                                     \
	X(ACTION_SORT_MEMORY, "sort-memory")                                               \
	/* The log. */                                                                     \
	X(ACTION_ALL_LOGS, "all-logs")                                                     \
	X(ACTION_FOLLOW, "follow")                                                         \
	X(ACTION_WRAP, "wrap")                                                             \
	X(ACTION_TIMES, "times")                                                           \
	X(ACTION_COPY, "copy")                                                             \
	X(ACTION_SELECT_LINES, "select-lines")                                             \
	X(ACTION_SAVE, "save")                                                             \
	X(ACTION_SCROLLBACK, "plain-terminal")                                             \
	X(ACTION_PAGER, "pager")                                                           \
	/* Acting. */                                                                      \
	X(ACTION_START, "start")                                                           \
	X(ACTION_STOP, "stop")                                                             \
	X(ACTION_RESTART, "restart")                                                       \
	X(ACTION_RESTART_ALL, "restart-with-dependents")                                   \
	X(ACTION_KILL, "signal")                                                           \
	X(ACTION_SCALE, "scale")                                                           \
	X(ACTION_OPEN_URL, "open-url")                                                     \
	X(ACTION_EDIT, "edit-stack")                                                       \
	X(ACTION_RELOAD, "reload")                                                         \
	X(ACTION_TYPE_INTO, "type-into")                                                   \
	X(ACTION_WITHDRAW, "withdraw")                                                     \
	X(ACTION_ASK_AGAIN, "question") /* the consent dialog once more */                 \
	/* Leaving. */                                                                     \
	X(ACTION_LEAVE_STOP, NULL)                                                         \
	X(ACTION_LEAVE_DETACH, NULL)                                                       \
	X(ACTION_INTERRUPT, NULL) /* Ctrl-C */                                             \
	/* A line being typed. */                                                          \
	X(ACTION_ERASE, NULL)                                                              \
	X(ACTION_ERASE_NEXT, NULL)                                                         \
	X(ACTION_ERASE_WORD, NULL)                                                         \
	X(ACTION_ERASE_LINE, NULL)                                                         \
	X(ACTION_SHOW_SECRET, NULL) /* the form: what a secret field holds, while it has focus */

#define KEY_ENUMERATOR(action, name) action,
enum key_action { KEY_ACTIONS(KEY_ENUMERATOR) ACTION_COUNT };
#undef KEY_ENUMERATOR

struct key_binding {
	unsigned screens; /* of enum key_screen */
	uint32_t key;
	enum key_action action;
	const char *name; /* of the key, as people write it; NULL: another key for the same, told by a row above */
	const char *label; /* one or two words for a footer: "restart"; NULL: never stands in one */
	const char *help; /* a sentence without a stop, for help; NULL as name is */
};

extern const struct key_binding key_bindings[];
extern const size_t key_binding_count;

/* By the table alone. */
enum key_action key_action(enum key_screen screen, uint32_t key);
/* "restart"; NULL for what has none. */
const char *key_action_name(enum key_action action);
const char *key_screen_title(enum key_screen screen);
/* "r", "Ctrl-S", "Page Up", "F3", "Space" to a key, and back. Returns 0 and sets *key, or -EINVAL. */
int key_parse(const char *name, uint32_t *key);
#define KEY_NAME_MAX 16u
void key_spell(uint32_t key, char name[KEY_NAME_MAX]);

/* ---- The table with the person's own keys ---- */

#define KEYMAP_CHANGES_MAX 200u
/* Where a person's keys do not hold: on the question, where an answer ends something, where letters are text. */
#define KEY_SCREENS_FIXED                                                                            \
	((unsigned)(KEY_SCREEN_CONSENT | KEY_SCREEN_PAGER | KEY_SCREEN_LEAVE | KEY_SCREEN_STOPPING | \
		    KEY_SCREEN_PALETTE | KEY_SCREEN_FORM | KEY_SCREEN_FIELD))

struct keymap {
	struct {
		enum key_action action;
		uint32_t key;
	} changes[KEYMAP_CHANGES_MAX];
	size_t count;
};

/*
 * `keys` maps names of actions to names of keys, several separated by blanks; NULL: the table as it is. A key given to an action is
 * taken from whatever had it on the same screens; nothing ("") takes the action's keys away. They hold on all but KEY_SCREENS_FIXED. What
 * is wrong (unknown action or key, a key that answers or leaves) is told in
 * `problem`, one line, with the nearest word; the rest holds. 0 or -EINVAL.
 */
int keymap_init(struct keymap *self, const struct strmap *keys, char *problem, size_t problem_bytes);
/* `self` NULL: the table as it is, here and below. */
enum key_action keymap_action(const struct keymap *self, enum key_screen screen, uint32_t key);
/* The key that does it there, as people write it, into `name`; false when none does. */
bool keymap_key(const struct keymap *self, enum key_screen screen, enum key_action action, char name[KEY_NAME_MAX]);

#endif
