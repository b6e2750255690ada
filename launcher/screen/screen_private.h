/* SPDX-License-Identifier: MIT */
/* Inside of launcher/screen: the one struct, and what its files do for each other. */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_PRIVATE_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_PRIVATE_H

#include "config/err.h"
#include "launcher/client/ctl_calls.h"
#include "launcher/client/detail.h"
#include "launcher/screen/screen.h"
#include "launcher/screen/screen_names.h"
#include "launcher/screen/screen_outside.h"
#include "launcher/screen/screen_save.h"
#include "launcher/screen/screen_silence.h"
#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/line_dash.h"
#include "ui/signals.h"
#include "ui/theme.h"
#include "ui/wish.h"

#include <locale.h>

struct dash;
struct screen_detail;
struct screen_model;
struct screen_telemetry;
struct term;

/* Of line mode: what is typed and not ended, what is written and not taken. */
struct screen_lines {
	bool reads; /* standard input is a terminal */
	int fd; /* standard error, opened anew so that nobody waits; -1: it is closed */
	char typed[LINE_BYTES_MAX];
	size_t typed_bytes;
	char *text;
	size_t text_bytes, written;
};

struct screen {
	struct screen_options options;
	struct signals signals;
	struct term *term;
	struct theme theme;
	struct wish wishes; /* the person's */
	struct err wrong_settings;
	struct actions actions;
	struct dash *dash;
	struct line_dash *lines; /* in its place; NULL: the dashboard */
	struct screen_lines line;
	struct screen_model *model;
	struct ctl_calls calls;
	struct screen_silence silence;
	struct screen_outside outside;
	int browser_fd; /* says whether one could be started; -1: not asked */
	struct screen_save save;
	struct screen_detail *detail;
	struct screen_telemetry *telemetry;
	struct frame frame;
	locale_t locale, locale_before;
	struct screen_names asked; /* for whom it was asked who would go along */
	char *watched; /* name of the unit whose detail is looked at; NULL: none */
	bool detail_again; /* is asked for once more when the present answer is there */
	bool watches_telemetry; /* that view is looked at */
	int64_t telemetry_due_ms; /* monotonic: when it is asked for again; 0: not by itself */
	int watch_fd; /* inotify on the stack file's folder; -1: none */
	bool suspended; /* the terminal is not ours to draw on */
	bool continued; /* by whom stopped itself: whether a signal says so or not */
	bool gone; /* the terminal has hung up: nothing is read from it or drawn on it any more */
	bool stale; /* the model is older than the view */
	bool stuffed; /* the terminal takes nothing for now */
	bool pressed; /* a key since the last draw */
	bool working; /* a search goes on */
	bool logs_came;
	bool leaves; /* the person wants to */
	enum leave_how how;
	int64_t changed_ms; /* monotonic: the first change of the stack that is not drawn yet; 0: none */
	int64_t drawn_ms; /* monotonic: the last draw */
	size_t drawn_bytes; /* that it sent */
	int64_t due_ms; /* the next one, though nothing comes; 0: none */
	bool resized;
};

/* What a request to the supervisor was about (ctl_calls). */
enum screen_call {
	CALL_ACT,
	CALL_ALONG,
	CALL_DETAIL,
	CALL_TELEMETRY,
	CALL_WITHDRAW,
	CALL_RELOAD,
	CALL_RELOAD_DRY,
	CALL_CHANGED,
	CALL_GRAPH
};

/* ---- screen_actions.c ---- */
void screen_fill_actions(struct screen *self);
void screen_take_answer(void *context, const struct ctl_call_end *end);
/* The unit whose detail is looked at has changed. */
void screen_ask_detail(struct screen *self);
/* What holds for usage statistics, or what was sent, may have changed. */
void screen_ask_telemetry(struct screen *self);
/* If that is due. */
void screen_ask_telemetry_again(struct screen *self);
/* Asks who needs whom. */
void screen_ask_graph(struct screen *self);
/* Asks how the stack file differs from what runs, to say so. */
void screen_ask_changes(struct screen *self);

/* ---- screen_logs.c ---- */
void screen_fill_log_actions(struct screen *self);

/* ---- screen_away.c ---- */
void screen_fill_outside_actions(struct screen *self);
/* What has the terminal may be over. */
void screen_outside_ready(struct screen *self);
/* Whether the browser could be started is known. */
void screen_browser_ready(struct screen *self);

/* ---- screen_lines.c: what screen.c does, in line mode ---- */
int screen_lines_open(struct screen *self);
void screen_lines_close(struct screen *self);
void screen_lines_fill_polls(const struct screen *self, struct pollfd *input, struct pollfd *output);
int64_t screen_lines_due_ms(const struct screen *self);
int screen_lines_step(struct screen *self, const struct pollfd *input, const struct pollfd *signals);

/* ---- screen.c ---- */
/* Something has come from the supervisor. */
void screen_hear(struct screen *self);
/* Of what is asked: its deadline, or when its silence is to be told; 0: nothing is. */
int64_t screen_calls_due_ms(const struct screen *self);
/* As dash_take_along, dash_ask_reload: to whom they belong. */
void screen_take_along(struct screen *self, const char *const *names);
/* Nobody can be told: what was asked for is not done. */
void screen_drop_along(struct screen *self);
void screen_ask_reload(struct screen *self, const char *text);
/* The terminal goes to somebody else, and comes back. */
void screen_give_terminal(struct screen *self);
void screen_take_terminal(struct screen *self);
__attribute__((format(printf, 2, 3))) void screen_tell_format(struct screen *self, const char *format, ...);

#endif
