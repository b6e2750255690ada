/* SPDX-License-Identifier: MIT */
/*
 * launcher/screen/ - the dashboard's other half: what runs around ui/dash.h on a real terminal.
 *
 *   screen           opens the terminal, reads keys, draws when something seen has changed, goes on with searches in between
 *   screen_model     the running stack as the dashboard is to show it; unit_words, unit_spark: what a row says
 *   screen_actions   what the dashboard asks for, carried out: requests to the supervisor, logs, the clipboard
 *   screen_outside   what needs the terminal for itself for a while: pager, editor, a service's terminal, the question, the plain log
 *   screen_silence   whether the supervisor answers
 *   screen_save, screen_temp: files that people ask for
 *   screen_lines     line mode in its place: the same model and actions, lines instead of frames
 *   block            live progress without the dashboard (ui/progress.h), on the terminal of standard error
 *   screen_farewell  the few lines that remain when the screen is gone
 *
 * A screen is a guest in its caller's loop (`up`, `attach`): the caller polls for it, feeds the event stream into a view, and hears what the
 * person wants (screen_leaves). The caller's loop goes on whatever the screen does: nothing here waits.
 *
 * Drawing: keys at once; what the stack does at most 30 times a second, a flood of log lines 10 times; nothing at all when nothing seen
 * has changed. A terminal that does not take what it is sent is not written to until it does.
 */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_H

#include "ui/actions.h"
#include "ui/ui.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl_client;
struct err;
struct pollfd;
struct screen;
struct settings_screen;
struct view;
struct view_unit;

#define SCREEN_POLLS_MAX 20u
/* Interval of the figures that the event stream is to bring (view.h: VIEW_EVENTS_WITH_USAGE). */
#define SCREEN_USAGE_MS 2000

struct screen_options {
	const struct ctl_client *client;
	struct view *view; /* fed by the caller */
	const char *logs; /* folder of the log files */
	const struct ui_options *ui;
	const struct settings_screen *settings; /* the person's keys, colours and the like; NULL: none */
	const char *app, *version, *project, *file; /* version may be NULL */
	const char *project_option; /* as in "upfront -p shop attach": " -p shop", or "" */
	const char *const *environment; /* for programs that are run, as execve takes it */
	bool attached; /* leaving it leaves the stack */
	bool lines; /* line mode (ui/line_dash.h) on the same terminal; words are read where standard input is one */
	/* The consent dialog once more: run in a process of its own that has the terminal; returns its exit code, an enum consent_answer. NULL: none. */
	int (*question)(void *context);
	void *question_context;
};

/*
 * Takes the terminal. What the options point at outlives the screen. -ENOTTY, -ENOTSUP: this terminal cannot show it (no error is set); other
 * -errno with `err` set. Nothing was written then.
 */
int screen_open(const struct screen_options *options, struct screen **screen, struct err *err);
/* Gives the terminal back; NULL is taken. */
void screen_close(struct screen *self);

/* ---- In the caller's loop ---- */

/* What is to be waited for: returns how many, at most SCREEN_POLLS_MAX. */
size_t screen_fill_polls(const struct screen *self, struct pollfd *polls);
/* Monotonic: when it wants to be stepped though nothing came; 0: not at all. */
int64_t screen_due_ms(const struct screen *self);
/* With the same polls, after poll. -EPIPE: the terminal is gone. */
int screen_step(struct screen *self, const struct pollfd *polls);

/* After view_feed: a unit (NULL: the stack) has changed; figures of a unit have. */
void screen_take_change(struct screen *self, const struct view_unit *unit);
void screen_take_usage(struct screen *self, const struct view_unit *unit);
/* There is more in the log files. */
void screen_take_logs(struct screen *self);
/* A line above the footer. */
void screen_tell(struct screen *self, const char *text);
/* The person wants to leave, and how; told once each time. */
bool screen_leaves(struct screen *self, enum leave_how *how);

#endif
