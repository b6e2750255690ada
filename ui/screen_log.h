/* SPDX-License-Identifier: MIT */
/*
 * screen_log - a log, whole or as the lower part of the main view: follows its end without jumping, searches, filters, wraps or cuts, shows
 * times, marks lines, and hands out the source's own bytes. Everything is drawn from the text (log_text.h) by its places, so a resize or a
 * rotation keeps the line that was looked at. While it follows, what is new comes in at the bottom; one step up and it stands still and
 * says how much is new below.
 */
#ifndef UPFRONT_UI_SCREEN_LOG_H
#define UPFRONT_UI_SCREEN_LOG_H

#include "ui/line_edit.h"
#include "ui/log_text.h"
#include "ui/screen.h"

enum log_times { LOG_TIMES_NONE, LOG_TIMES_CLOCK, LOG_TIMES_SINCE_START, LOG_TIMES_BETWEEN, LOG_TIMES_COUNT };

enum log_typing { LOG_TYPING_NOTHING, LOG_TYPING_SEARCH, LOG_TYPING_FILTER, LOG_TYPING_PATH, LOG_TYPING_PLACE };

struct log_view {
	struct log_text *text; /* NULL: there is none; `why` says why */
	const char *why;
	int64_t top; /* place of the first line shown */
	unsigned top_skip; /* rows of that line that are above the edge, when it is wrapped */
	int64_t cursor; /* place of the line that y, E and [ ] go from; while following the last one */
	bool follow;
	bool wrap;
	enum log_times times;
	unsigned left; /* columns scrolled sideways; cut lines only */
	bool marking; /* v: from `mark` to `cursor` */
	int64_t mark;
	bool dragging;
	bool seeking; /* a hit is being looked for by `work` */
	unsigned seek_wanted;
	bool seek_back;
	int64_t seek_from;
	enum log_typing typing;
	struct line_edit search, filter, path, place; /* each keeps what was typed */
	char count[8]; /* digits typed in front of an action: "11j" */
	int64_t before_typing; /* where Esc returns to */
	bool follow_before;
	bool filter_except;
	int64_t seen_end; /* of the text when it stopped following: what is behind it is new */
	char problem[128]; /* of the pattern being typed */
	unsigned rows, columns; /* of the lines, as last drawn */
};

void log_view_init(struct log_view *self);
/* Does not close the text. */
void log_view_finish(struct log_view *self);
/* Another text, at its end; what was searched and filtered for is searched and filtered for again. */
void log_view_take(struct log_view *self, struct log_text *text, const char *why);

/* A heading with position and state ("follow", "paused, 214 new below") in the first row, the lines below it. */
void log_view_draw(struct log_view *self, const struct screen_context *context, struct frame *frame,
		   struct frame_area area, bool whole);
/* Gives the line of what is searched and how far it is ("match 41 of 1,906"), or what is typed; false when there is none to be drawn. */
bool log_view_draw_line(const struct log_view *self, const struct screen_context *context, struct frame *frame,
			struct frame_area area);
enum screen_go log_view_step(struct log_view *self, struct screen_context *context, enum key_action action);
/* A key that the table does not know as an action here: a digit of a count. True when it was taken. */
bool log_view_digit(struct log_view *self, uint32_t key);
/* A key while something is typed (typing != LOG_TYPING_NOTHING). */
void log_view_type(struct log_view *self, struct screen_context *context, uint32_t key);
void log_view_mouse(struct log_view *self, struct screen_context *context, const struct term_mouse *mouse,
		    struct frame_area area);
/* There may be more in the text: takes it in. True when what is drawn changes. */
bool log_view_refresh(struct log_view *self);
/* Goes on with what the text has to do, and moves to what was sought. True while there is more; *changed when it can be seen. */
bool log_view_work(struct log_view *self, int64_t budget_us, bool *changed);
void log_view_footer(const struct log_view *self, const struct screen_context *context, struct screen_footer *footer);

#endif
