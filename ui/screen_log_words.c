/* SPDX-License-Identifier: MIT */
/* What a log view says about itself: where one is, how much is new, how far a search is, and why there is nothing. */
#include "config/figure.h"
#include "ui/screen_log_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void log_count_text(int64_t count, char text[LOG_COUNT_BYTES])
{
	char digits[LOG_COUNT_BYTES];
	size_t used = 0;
	int length = snprintf(digits, sizeof(digits), "%" PRId64, count > 0 ? count : 0);

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			text[used++] = ',';
		text[used++] = digits[i];
	}
	text[used] = '\0';
}

/* How many lines are marked; 0: not known. With a filter only those that are shown. */
static int64_t marked_lines(const struct log_view *self)
{
	const struct log_text_ops *ops = self->text->ops;
	int64_t from, to;

	log_view_marked(self, &from, &to);
	if (self->filtered[0] == '\0') {
		int64_t first = ops->number(self->text, self->mark), last = ops->number(self->text, self->at.cursor);
		return first < 0 || last < 0 ? 0 : (first < last ? last - first : first - last) + 1;
	}
	int64_t below = ops->count_from(self->text, from, LOG_NEW_LINES_MAX);
	return below < LOG_NEW_LINES_MAX ? below - ops->count_from(self->text, to, LOG_NEW_LINES_MAX) : 0;
}

void log_view_state_text(const struct log_view *self, char *text, size_t size_bytes)
{
	char count[LOG_COUNT_BYTES];

	if (self->marking) {
		int64_t marked = marked_lines(self);
		log_count_text(marked, count);
		if (marked > 0)
			snprintf(text, size_bytes, "%s %s marked", count, marked == 1 ? "line" : "lines");
		else
			snprintf(text, size_bytes, "marking");
		return;
	}
	if (self->at.follow) {
		snprintf(text, size_bytes, "follow");
		return;
	}
	int64_t below = self->text->ops->count_from(self->text, self->seen_end, LOG_NEW_LINES_MAX + 1);
	if (below == 0) {
		snprintf(text, size_bytes, "paused");
		return;
	}
	log_count_text(below < LOG_NEW_LINES_MAX ? below : LOG_NEW_LINES_MAX, count);
	snprintf(text, size_bytes, "paused, %s%s new below", count, below > LOG_NEW_LINES_MAX ? "+" : "");
}

void log_view_position_text(const struct log_view *self, const struct log_text_status *status, char *text,
			    size_t size_bytes)
{
	char number[LOG_COUNT_BYTES], lines[LOG_COUNT_BYTES];
	int64_t at = self->at.follow ? -1 : self->text->ops->number(self->text, self->at.cursor);

	log_count_text(at, number);
	log_count_text(status->lines, lines);
	if (at > 0 && status->lines >= at)
		snprintf(text, size_bytes, "line %s of %s", number, lines);
	else if (at > 0)
		snprintf(text, size_bytes, "line %s", number);
	else if (status->lines >= 0)
		snprintf(text, size_bytes, "%s %s", lines, status->lines == 1 ? "line" : "lines");
	else
		text[0] = '\0';
}

void log_view_counts_text(const struct log_text_status *status, char *text, size_t size_bytes)
{
	char lines[LOG_COUNT_BYTES], problems[LOG_COUNT_BYTES];

	text[0] = '\0';
	log_count_text(status->lines, lines);
	log_count_text(status->problems, problems);
	if (status->lines >= 0 && status->problems > 0)
		snprintf(text, size_bytes, "%s %s, %s error", lines, status->lines == 1 ? "line" : "lines", problems);
	else if (status->lines >= 0)
		snprintf(text, size_bytes, "%s %s", lines, status->lines == 1 ? "line" : "lines");
}

void log_view_hits_text(const struct log_view *self, const struct log_text_status *status, bool brief, char *text,
			size_t size_bytes)
{
	struct log_text_line line;
	size_t offset, size;
	int64_t own = -1;
	char number[LOG_COUNT_BYTES], hits[LOG_COUNT_BYTES], far[40];

	if (self->text->ops->line(self->text, self->at.cursor, &line) == LOG_TEXT_THERE &&
	    self->text->ops->hits(self->text, &line, &offset, &size, 1) > 0)
		own = self->text->ops->hit_number(self->text, self->at.cursor);
	log_count_text(own, number);
	log_count_text(status->hits, hits);
	if (status->hits_final)
		snprintf(far, sizeof(far), "%s", brief ? "" : ", whole file searched");
	else
		snprintf(far, sizeof(far), " so far %u%%", status->percent);
	if (status->hits == 0)
		snprintf(text, size_bytes, "no match%s", far);
	else if (own > 0 && own <= status->hits)
		snprintf(text, size_bytes, "match %s of %s%s", number, hits, far);
	else
		snprintf(text, size_bytes, "%s %s%s", hits, status->hits == 1 ? "match" : "matches", far);
}

void log_view_filter_text(const struct log_text_status *status, bool brief, char *text, size_t size_bytes)
{
	const char *clear = brief ? "" : ", & Enter clears";
	char shown[LOG_COUNT_BYTES], lines[LOG_COUNT_BYTES], far[24] = "";

	log_count_text(status->shown_lines, shown);
	log_count_text(status->lines, lines);
	if (!status->shown_final)
		snprintf(far, sizeof(far), " so far %u%%", status->percent);
	if (status->lines >= 0)
		snprintf(text, size_bytes, "filter: %s of %s lines%s%s", shown, lines, far, clear);
	else
		snprintf(text, size_bytes, "filter: %s %s%s%s", shown, status->shown_lines == 1 ? "line" : "lines", far,
			 clear);
}

static const struct unit_model *unit_of(const struct stack_model *model, const char *title)
{
	for (size_t i = 0; i < model->unit_count; i++)
		if (model->units[i].name != NULL && strcmp(model->units[i].name, title) == 0)
			return &model->units[i];
	return NULL;
}

void log_view_empty_text(const struct log_view *self, const struct screen_context *context,
			 const struct log_text_status *status, char *text, size_t size_bytes)
{
	text[0] = '\0';
	if (self->text == NULL) {
		snprintf(text, size_bytes, "%s", self->why != NULL ? self->why : "there is no log");
		return;
	}
	if (status->trouble != NULL) /* stands above already */
		return;
	if (self->filtered[0] != '\0' && status->shown_final) {
		snprintf(text, size_bytes, "no line passes the filter");
		return;
	}
	struct log_text_line line;
	if (self->text->ops->line(self->text, self->text->ops->start(self->text), &line) == LOG_TEXT_LATER) {
		snprintf(text, size_bytes, "%s %u%%", self->filtered[0] != '\0' ? "filtering" : "reading",
			 status->percent);
		return;
	}
	const struct unit_model *unit = unit_of(context->model, self->text->title);
	if (self->text->merged)
		snprintf(text, size_bytes, "nothing has been written yet");
	else if (unit != NULL && unit->state == UNIT_WAITING && unit->why != NULL)
		snprintf(text, size_bytes, "%s has not started: %s", self->text->title, unit->why);
	else if (unit != NULL && unit->state == UNIT_WAITING)
		snprintf(text, size_bytes, "%s has not started", self->text->title);
	else
		snprintf(text, size_bytes, "%s has not written anything yet", self->text->title);
}

/* ---- Times ---- */

static void clock_text(int64_t time_wall_ms, bool fine, char *text, size_t size_bytes)
{
	time_t seconds = (time_t)(time_wall_ms / 1000);
	char time[16] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm) != NULL)
		strftime(time, sizeof(time), "%H:%M:%S", &tm);
	if (fine)
		snprintf(text, size_bytes, "%s.%03d", time, (int)(time_wall_ms % 1000));
	else
		snprintf(text, size_bytes, "%s", time);
}

/* "+0:11:18.702", "-" for what was before. */
static void since_text(int64_t ms, bool fine, char *text, size_t size_bytes)
{
	int64_t all = ms < 0 ? -ms : ms, seconds = all / 1000;
	char part[8] = "";

	if (fine)
		snprintf(part, sizeof(part), ".%03d", (int)(all % 1000));
	snprintf(text, size_bytes, "%c%" PRId64 ":%02d:%02d%s", ms < 0 ? '-' : '+', seconds / 3600,
		 (int)(seconds / 60 % 60), (int)(seconds % 60), part);
}

static void between_text(int64_t ms, char *text, size_t size_bytes)
{
	char figure[FIGURE_BYTES];

	if (ms < 0)
		ms = 0; /* the clock was set back */
	if (ms < 1000000) {
		snprintf(text, size_bytes, "+%d.%03d", (int)(ms / 1000), (int)(ms % 1000));
		return;
	}
	figure_duration(ms, figure, sizeof(figure));
	snprintf(text, size_bytes, "+%s", figure);
}

int64_t log_view_begin_ms(const struct log_view *self, const struct screen_context *context)
{
	struct log_text_line first;

	if (context->model->begin_wall_ms > 0)
		return context->model->begin_wall_ms;
	if (self->text->ops->line(self->text, self->text->ops->start(self->text), &first) != LOG_TEXT_THERE)
		return -1;
	return first.time_wall_ms;
}

void log_time_text(enum log_times times, const struct log_moment *moment, bool fine, char *text, size_t size_bytes)
{
	text[0] = '\0';
	if (moment->time_wall_ms < 0)
		return;
	if (times == LOG_TIMES_CLOCK)
		clock_text(moment->time_wall_ms, fine, text, size_bytes);
	else if (times == LOG_TIMES_SINCE_START && moment->begin_wall_ms >= 0)
		since_text(moment->time_wall_ms - moment->begin_wall_ms, fine, text, size_bytes);
	else if (times == LOG_TIMES_BETWEEN && moment->previous_wall_ms >= 0)
		between_text(moment->time_wall_ms - moment->previous_wall_ms, text, size_bytes);
}
