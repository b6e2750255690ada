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
#include "ui/frame.h"
#include "ui/keys.h"
#include "ui/signals.h"
#include "ui/theme.h"
#include "ui/wish.h"

#include <locale.h>

struct dash;
struct screen_detail;
struct screen_model;
struct screen_telemetry;
struct term;

struct screen {
	struct screen_options options;
	struct signals signals;
	struct term *term;
	struct theme theme;
	struct wish wishes; /* the person's */
	struct err wrong_settings;
	struct actions actions;
	struct dash *dash;
	struct screen_model *model;
	struct ctl_calls calls;
	struct screen_outside outside;
	struct screen_save save;
	struct screen_detail *detail;
	struct screen_telemetry *telemetry;
	struct frame frame;
	locale_t locale, locale_before;
	struct screen_names asked; /* for whom it was asked who would go along */
	char *watched; /* name of the unit whose detail is looked at; NULL: none */
	int watch_fd; /* inotify on the stack file's folder; -1: none */
	bool suspended; /* the terminal is not ours to draw on */
	bool stale; /* the model is older than the view */
	bool pressed; /* a key since the last draw */
	bool working; /* a search goes on */
	bool logs_came;
	bool leaves; /* the person wants to */
	enum leave_how how;
	int64_t drawn_ms; /* monotonic: the last draw */
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

/* ---- screen.c ---- */
/* The terminal goes to somebody else, and comes back. */
void screen_give_terminal(struct screen *self);
void screen_take_terminal(struct screen *self);
__attribute__((format(printf, 2, 3))) void screen_tell_format(struct screen *self, const char *format, ...);

#endif
