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

/* What is on its way to being found (log_text.h: LOG_TEXT_LATER). */
enum log_goal { LOG_GOAL_LINES, LOG_GOAL_NUMBER, LOG_GOAL_SHARE, LOG_GOAL_TIME };

struct log_seek {
	enum log_goal goal;
	int64_t number; /* of the line, thousandths, milliseconds since the epoch */
	unsigned wanted; /* lines: enum log_text_wanted */
	bool back;
	int64_t from;
	unsigned left; /* so many are still to be found */
	bool found; /* `from` is one of them */
	bool round; /* it went on at the other end */
	bool stepping; /* the text knows; there are only many lines in between */
};

/* Where one is. */
struct log_place {
	int64_t top; /* place of the first line shown */
	unsigned top_skip; /* rows of that line that are above the edge, when it is wrapped */
	int64_t cursor; /* place of the line that y, E and [ ] go from; while following the last one */
	bool follow;
};

struct log_view {
	struct log_text *text; /* NULL: there is none; `why` says why */
	const char *why;
	struct log_place at;
	bool wrap;
	enum log_times times;
	unsigned left; /* columns scrolled sideways; cut lines only */
	bool marking; /* v: from `mark` to the cursor */
	int64_t mark;
	bool dragging;
	unsigned pressed_column; /* of the mouse */
	bool seeking; /* `seek` is being looked for by `work` */
	struct log_seek seek;
	enum log_typing typing;
	struct line_edit search, filter, path, place; /* each keeps what was typed */
	char searched[LINE_EDIT_BYTES_MAX], filtered[LINE_EDIT_BYTES_MAX]; /* what holds; "": nothing */
	bool filter_except;
	char count[8]; /* digits typed in front of an action: "11j" */
	struct log_place before; /* the typing: where Esc returns to */
	int64_t seen_end; /* behind the last line that was in sight: what follows it is new */
	int64_t lines; /* of the text when they were counted last: it grows faster than that in a flood; -1: never */
	bool flooding; /* more has come since the last draw than there is room for */
	char problem[128]; /* of what is being typed */
	char said[128]; /* about the last jump ("from the start again"), until the next key */
	/* As last drawn. */
	unsigned rows, columns; /* of the lines, and of their text */
	unsigned first_row; /* of the lines, in the area */
	unsigned name_columns; /* of the longest name of a service that was in sight */
	unsigned cursor_row; /* in the area */
	bool utf8, cut; /* a line goes on beyond the right edge */
};

void log_view_init(struct log_view *self);
/* Does not close the text. */
void log_view_finish(struct log_view *self);
/* Another text, at its end; what was searched and filtered for is searched and filtered for again. */
void log_view_take(struct log_view *self, struct log_text *text, const char *why);

/*
 * A heading with position and state ("follow", "paused, 214 new below") in the first row, the lines below it. With `whole` the hardware
 * cursor is put on the cursor's line; without, the heading divides the view above from the lines.
 */
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
/* It follows a text that brings a screenful and more at a time: nobody reads each of its frames. */
bool log_view_is_flooding(const struct log_view *self);
/* Goes on with what the text has to do, and moves to what was sought. True while there is more; *changed when it can be seen. */
bool log_view_work(struct log_view *self, int64_t budget_us, bool *changed);
void log_view_footer(const struct log_view *self, const struct screen_context *context, struct screen_footer *footer);

#endif
