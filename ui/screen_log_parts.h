/* SPDX-License-Identifier: MIT */
/*
 * What the files of screen_log share: screen_log.c (its life, what comes in, the mouse), screen_log_step.c (what keys do), screen_log_move.c
 * (where one is, and how one gets elsewhere), screen_log_seek.c (what is looked for), screen_log_type.c (what is typed), screen_log_draw.c, screen_log_words.c.
 */
#ifndef UPFRONT_UI_SCREEN_LOG_PARTS_H
#define UPFRONT_UI_SCREEN_LOG_PARTS_H

#include "ui/screen_log.h"

/* More new lines than that are not counted. */
#define LOG_NEW_LINES_MAX 9999

/* ---- screen_log_step.c ---- */

/* The marked lines, else the cursor's; marking ends. */
void log_view_copy(struct log_view *self, struct screen_context *context);

/* ---- screen_log_move.c ---- */

/* Rows that a line takes as the view stands. */
unsigned log_view_line_rows(const struct log_view *self, const struct log_text_line *line);
/* Brings the view to so many rows of so many columns, and to what the text has become: all places are good afterwards. */
void log_view_settle(struct log_view *self, unsigned rows, unsigned columns);
/* Stands still on what is seen. */
void log_view_pause(struct log_view *self);
void log_view_follow(struct log_view *self);
/* Moves what is seen by rows; down to the end of the text it follows again. The cursor stays in sight. */
void log_view_scroll(struct log_view *self, int rows);
/* The same a page or half of one, and the cursor keeps its row; at the ends it goes to the first or last line. */
void log_view_page(struct log_view *self, int rows);
/* The cursor by one line; what is above or below comes into sight. False when the text has to `work` first. */
bool log_view_cursor(struct log_view *self, bool back);
/* The cursor to a line, as much as possible around it in sight. */
void log_view_jump(struct log_view *self, int64_t at);
/* The cursor back into its row after other lines came to stand around it; `row` as log_view_cursor_row gave it. */
void log_view_gather(struct log_view *self, unsigned row);
/* Rows between the first one shown and the cursor's line. */
unsigned log_view_cursor_row(const struct log_view *self);
/* The line in a row of the lines; false: there is none. */
bool log_view_line_in_row(const struct log_view *self, unsigned row, struct log_text_line *line);

/* From the first marked line to behind the last. */
void log_view_marked(const struct log_view *self, int64_t *from, int64_t *to);

/* ---- screen_log_seek.c ---- */

/* Looks for it, now or in `work`, and jumps there. */
void log_view_seek(struct log_view *self, const struct log_seek *seek);
/* Goes on; true when it has come to an end, well or not. */
bool log_view_seek_on(struct log_view *self);
/* `wanted` from the cursor on, `times`. */
void log_view_seek_lines(struct log_view *self, unsigned wanted, bool back, unsigned times);
/* "1200", "50%", "14:02:11": fills in what is meant. 0, or -EINVAL. */
int log_view_seek_parse(const struct log_view *self, const char *text, struct log_seek *seek);

/* ---- screen_log_type.c ---- */

/* The line that is typed, NULL while none is. */
const struct line_edit *log_view_field(const struct log_view *self);
void log_view_begin_typing(struct log_view *self, enum log_typing typing);
/* What was searched and filtered for is applied to the text. */
void log_view_apply(struct log_view *self);
void log_view_end_search(struct log_view *self);
void log_view_end_filter(struct log_view *self);

/* ---- screen_log_words.c ---- */

#define LOG_COUNT_BYTES 32
/* "11,299,098" */
void log_count_text(int64_t count, char text[LOG_COUNT_BYTES]);
/* "follow", "paused, 214 new below" */
void log_view_state_text(const struct log_view *self, char *text, size_t size_bytes);
/* "line 8,412,077 of 11,299,098"; "" when nothing of it is known. */
void log_view_position_text(const struct log_view *self, const struct log_text_status *status, char *text,
			    size_t size_bytes);
/* "1,204 lines, 3 error" */
void log_view_counts_text(const struct log_text_status *status, char *text, size_t size_bytes);
/* "match 41 of 1,906, whole file searched"; `brief`, for narrow screens: "match 41 of 1,906" */
void log_view_hits_text(const struct log_view *self, const struct log_text_status *status, bool brief, char *text,
			size_t size_bytes);
/* "filter: 1,906 of 11,299,098 lines, & Enter clears" */
void log_view_filter_text(const struct log_text_status *status, bool brief, char *text, size_t size_bytes);
/* Why there is nothing to be seen. */
void log_view_empty_text(const struct log_view *self, const struct screen_context *context,
			 const struct log_text_status *status, char *text, size_t size_bytes);
/* When the stack began, or else the text; -1: not known. */
int64_t log_view_begin_ms(const struct log_view *self, const struct screen_context *context);
struct log_moment {
	int64_t time_wall_ms;
	int64_t begin_wall_ms, previous_wall_ms; /* of the stack, of the line before; -1: not known */
};
/* "14:02:11.402" and its like; "" when it cannot be told. */
void log_time_text(enum log_times times, const struct log_moment *moment, bool fine, char *text, size_t size_bytes);

#endif
