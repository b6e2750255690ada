/* SPDX-License-Identifier: MIT */
/*
 * line_dash - the dashboard for screen readers and small terminals: the same information in lines, the same actions by words typed with Enter.
 * News comes line by line; nothing is drawn, coloured or moved, and nothing is said twice: who fails again and again is told of once, and then
 * when that changes. What services write is shown when it is asked for. Pure: models and typed lines in, text out; it asks through actions.h.
 *
 *     line_dash    lines, words, questions; what is to be written
 *     line_news    what has changed, a line each
 *     line_tell    answers: status, why, startup, graph, events, telemetry, sent, help
 *     line_act     what is done to units, and what is asked before
 *     line_logs    log, find, follow
 */
#ifndef UPFRONT_UI_LINE_DASH_H
#define UPFRONT_UI_LINE_DASH_H

#include "ui/keys.h"
#include "ui/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct actions;
struct line_dash;

#define LINE_PROMPT "upfront> "
/* More of a typed line is left out, and so are more words of it. */
#define LINE_BYTES_MAX 4096u
#define LINE_ARGUMENTS_MAX 64u

/*
 * What can be typed: X(word, arguments, the key's action that does the same, what it does). A word may be shortened as long as it can be told
 * from the others; an action's own name (keys.h) means the same word.
 */
#define LINE_WORDS(X)                                                                                               \
	X(STATUS, "status", "", ACTION_SHOW_SERVICES, "is all well? Problems first; an empty line does the same")   \
	X(WHY, "why", "NAME [all]", ACTION_SHOW_DETAIL, "the whole story of a service; all: with nothing left out") \
	X(LOG, "log", "NAME|all [LINES]", ACTION_SHOW_LOGS, "the end of a log: 20 lines, or as many as you say")    \
	X(FIND, "find", "NAME|all REGEX", ACTION_NOTHING, "the last lines of a log that match, and how many do")    \
	X(FOLLOW, "follow", "NAME...|all", ACTION_FOLLOW, "what services write from now on")                        \
	X(QUIET, "quiet", "", ACTION_NOTHING, "ends that")                                                          \
	X(STARTUP, "startup", "", ACTION_SHOW_STARTUP, "how long the start took, and what it waited for")           \
	X(GRAPH, "graph", "", ACTION_SHOW_GRAPH, "who needs whom")                                                  \
	X(EVENTS, "events", "[COUNT]", ACTION_SHOW_EVENTS, "what has happened")                                     \
	X(TELEMETRY, "telemetry", "", ACTION_SHOW_TELEMETRY, "what holds for usage statistics, and why")            \
	X(SENT, "sent", "[NUMBER]", ACTION_NOTHING, "the events that were sent; one of them, byte for byte")        \
	X(WITHDRAW, "withdraw", "", ACTION_WITHDRAW, "sends nothing more, from now on")                             \
	X(START, "start", "NAME...|all", ACTION_START, "starts services")                                           \
	X(STOP, "stop", "NAME...|all", ACTION_STOP, "stops services; all: the stack")                               \
	X(RESTART, "restart", "NAME...|all", ACTION_RESTART, "restarts services")                                   \
	X(KILL, "kill", "[SIGNAL] NAME...", ACTION_KILL, "sends a signal, SIGKILL when none is named")              \
	X(SCALE, "scale", "NAME COUNT", ACTION_SCALE, "so many replicas of a service")                              \
	X(OPEN, "open", "[NAME]", ACTION_OPEN_URL, "opens a service's address")                                     \
	X(RELOAD, "reload", "", ACTION_RELOAD, "how the stack file differs from what runs, and applies it")         \
	X(HELP, "help", "[WORD]", ACTION_SHOW_HELP, "these words")                                                  \
	X(QUIT, "quit", "", ACTION_BACK, "leaves; asks whether the stack is to stop")                               \
	X(DETACH, "detach", "", ACTION_LEAVE_DETACH, "leaves, and the stack goes on")

#define LINE_ENUMERATOR(id, word, arguments, action, help) LINE_WORD_##id,
enum line_word { LINE_WORDS(LINE_ENUMERATOR) LINE_WORD_COUNT };
#undef LINE_ENUMERATOR

struct line_word_row {
	const char *word, *arguments, *help;
	enum key_action action;
};
extern const struct line_word_row line_words[LINE_WORD_COUNT];

struct line_dash_options {
	const struct actions *actions;
	const char *project_option; /* as in "upfront -p shop attach": " -p shop", or "" */
	bool reads; /* somebody can type: there is a prompt */
	bool utf8;
};

/* The options are copied, what they point at is not. NULL when out of memory. */
struct line_dash *line_dash_create(const struct line_dash_options *options);
/* Closes the logs it has opened. */
void line_dash_destroy(struct line_dash *self);

/* The model, which lives until the next one or the end; news of what has changed is said. */
void line_dash_take_model(struct line_dash *self, const struct stack_model *model);
/* A typed line, without its end. */
void line_dash_take_line(struct line_dash *self, const char *line, size_t size_bytes);
/* Ctrl-D at the beginning of a line. */
void line_dash_take_end(struct line_dash *self);
/* There may be more in the logs. */
void line_dash_take_logs(struct line_dash *self);
/* As dash_take_along, dash_drop_along, dash_ask_reload, dash_say. No line is to be taken while that answer is awaited. */
void line_dash_take_along(struct line_dash *self, const char *const *names);
void line_dash_drop_along(struct line_dash *self);
void line_dash_ask_reload(struct line_dash *self, const char *text);
void line_dash_say(struct line_dash *self, const char *text);

/* Searches and follows on, for about so long. True while there is more to do. */
bool line_dash_work(struct line_dash *self, int64_t budget_us);
/* When there is news by time alone, on the model's clock; -1: never. */
int64_t line_dash_due_ms(const struct line_dash *self);

/* Somebody else has written on the terminal: the prompt is shown anew. */
void line_dash_resume(struct line_dash *self);

/*
 * All that is to be written now, in one piece, the prompt behind it unless it is the `last`; size 0: nothing. Good until the next call of any.
 */
const char *line_dash_take_text(struct line_dash *self, bool last, size_t *size_bytes);

#endif
