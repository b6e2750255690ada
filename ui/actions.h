/* SPDX-License-Identifier: MIT */
/*
 * What can be asked: a table of functions that the launcher fills. Each begins something and returns at once; what becomes of it is seen in
 * the model, or said by dash_say. A NULL function: it cannot be asked here, and the key says so. `names` are units' names, ending with NULL.
 */
#ifndef UPFRONT_UI_ACTIONS_H
#define UPFRONT_UI_ACTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_text;

/* What can be done to units. X(act, verb, what it is called while it is asked about) */
#define UNIT_ACTS(X)                                                 \
	X(ACT_START, "start", "Start")                               \
	X(ACT_STOP, "stop", "Stop")                                  \
	X(ACT_RESTART, "restart", "Restart")                         \
	X(ACT_RESTART_ALL, "restart", "Restart, with what needs it") \
	X(ACT_KILL, "signal", "Send a signal to")                    \
	X(ACT_SCALE, "scale", "Scale")
#define ACT_ENUMERATOR(act, verb, title) act,
enum unit_act { UNIT_ACTS(ACT_ENUMERATOR) };
#undef ACT_ENUMERATOR

struct act_request {
	enum unit_act act;
	const char *const *names;
	int number; /* ACT_KILL: the signal; ACT_SCALE: replicas (one name, a service's) */
};

enum leave_how {
	LEAVE_STOP, /* stop in order, stay until it is over */
	LEAVE_KILL, /* what still runs is killed now */
	LEAVE_DETACH, /* the stack runs on */
	LEAVE_ATTACHED /* an attached screen goes */
};

struct actions {
	void *context;
	void (*act)(void *context, const struct act_request *request);
	/* Asks whom it would take along; dash_take_along brings the answer. */
	void (*ask_along)(void *context, const struct act_request *request);
	void (*leave)(void *context, enum leave_how how);
	void (*suspend)(void *context);

	/* A log to look at: of these units, NULL: of all. NULL and *why (a static text) when there is none. The caller closes it. */
	struct log_text *(*open_log)(void *context, const char *const *names, const char **why);
	void (*close_log)(void *context, struct log_text *text);
	/* The lines from `from` up to `to` as they were written, into the file `path` (a new one; ~ stands for home). Says how it went. */
	void (*save_log)(void *context, struct log_text *text, int64_t from, int64_t to, const char *path);
	/* Leaves the full screen: $VISUAL or $EDITOR, else $PAGER, on the log at this place; the log's end printed into the terminal's scrollback. */
	void (*page_log)(void *context, struct log_text *text, int64_t at);
	void (*print_log)(void *context, struct log_text *text);
	/* Onto the clipboard; too much for a terminal goes into a file. Says what was copied, for `lines` > 0 in lines. */
	void (*copy)(void *context, const char *bytes, size_t size_bytes, int64_t lines);
	/* The same of a piece of a log: the lines' own bytes. */
	void (*copy_log)(void *context, struct log_text *text, int64_t from, int64_t to);

	void (*open_url)(void *context, const char *url);
	/* Fetched into model.detail, and again whenever the unit changes, until another is asked for; "" ends it. */
	void (*look_at_unit)(void *context, const char *name);
	void (*look_at_telemetry)(void *context, bool on); /* into model.reported */
	void (*withdraw)(void *context); /* at once */
	void (*show_question)(void *context); /* the consent dialog, to read, and to withdraw in */
	void (*edit_stack)(void *context); /* $EDITOR, then the difference by dash_ask_reload */
	void (*reload)(void *context, bool dry_run);
	void (*type_into)(void *context, const char *name); /* the service's terminal, Ctrl-] comes back */
	void (*take_mouse)(void *context, bool on);
};

#endif
