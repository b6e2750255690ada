/* SPDX-License-Identifier: MIT */
/* What is looked for in a log: hits, problems, a line by number, share or time. What the text does not know yet `work` goes on with. */
#include "ui/screen_log_parts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_SECONDS (24 * 60 * 60)
/* So many lines are stepped over at once, and so many looked for; then others may do something. */
#define STEPS_MAX 2000u
#define FINDS_MAX 16u

static void say(struct log_view *self, const char *text)
{
	snprintf(self->said, sizeof(self->said), "%s", text);
}

static const char *nothing_found(const struct log_seek *seek)
{
	switch (seek->goal) {
	case LOG_GOAL_NUMBER:
		return "there are not so many lines";
	case LOG_GOAL_TIME:
		return "nothing was written then, or later";
	case LOG_GOAL_SHARE:
		return "";
	case LOG_GOAL_LINES:
		break;
	}
	if ((seek->wanted & LOG_TEXT_PROBLEM) != 0)
		return seek->back ? "nothing above looks like an error or a warning"
				  : "nothing below looks like an error or a warning";
	return ""; /* the line of the search says it */
}

static bool end_seek(struct log_view *self, bool found, int64_t at)
{
	self->seeking = false;
	if (found)
		log_view_jump(self, at);
	return true;
}

/* As far as there are lines: who moves down to the end follows it. */
static bool end_at_last(struct log_view *self)
{
	bool follow = self->seek.wanted == LOG_TEXT_ANY && !self->seek.back && !self->marking && !self->dragging;

	end_seek(self, self->seek.found, self->seek.from);
	if (follow)
		log_view_follow(self);
	return true;
}

/* False: the text does not know yet, or there is more to step over. */
static bool seek_lines_on(struct log_view *self)
{
	const struct log_text_ops *ops = self->text->ops;
	struct log_seek *seek = &self->seek;
	unsigned max = seek->wanted == LOG_TEXT_ANY && self->filtered[0] == '\0' ? STEPS_MAX : FINDS_MAX;
	struct log_text_line line;

	seek->stepping = false;
	for (unsigned steps = 0; seek->left > 0; steps++) {
		if (steps == max) {
			seek->stepping = true;
			return false;
		}
		enum log_text_found found = seek->back ? ops->find_before(self->text, seek->from, seek->wanted, &line)
						       : ops->find_next(self->text, seek->from, seek->wanted, &line);
		if (found == LOG_TEXT_LATER)
			return false;
		if (found == LOG_TEXT_THERE) {
			seek->from = line.at;
			seek->found = true;
			seek->left--;
			continue;
		}
		if (seek->wanted == LOG_TEXT_ANY)
			return end_at_last(self);
		/* Hits go round, once. */
		if ((seek->wanted & LOG_TEXT_HIT) == 0 || seek->round)
			break;
		seek->round = true;
		seek->from = seek->back ? ops->end(self->text) : ops->start(self->text) - 1;
	}
	if (!seek->found)
		say(self, nothing_found(seek));
	else if (seek->round)
		say(self, seek->back ? "from the end again" : "from the start again");
	return end_seek(self, seek->found, seek->from);
}

bool log_view_seek_on(struct log_view *self)
{
	const struct log_text_ops *ops = self->text->ops;
	const struct log_seek *seek = &self->seek;
	enum log_text_found found = LOG_TEXT_NONE;
	struct log_text_line line;
	int64_t at;

	switch (seek->goal) {
	case LOG_GOAL_LINES:
		return seek_lines_on(self);
	case LOG_GOAL_NUMBER:
		found = ops->go_to_number(self->text, seek->number, &at);
		break;
	case LOG_GOAL_SHARE:
		found = ops->go_to_share(self->text, (unsigned)seek->number, &at);
		break;
	case LOG_GOAL_TIME:
		found = ops->go_to_time(self->text, seek->number, &at);
		break;
	}
	/* With a filter it may be a line that is not shown: then the next one. */
	if (found == LOG_TEXT_THERE && (found = ops->line(self->text, at, &line)) == LOG_TEXT_NONE)
		found = ops->find_before(self->text, at, LOG_TEXT_ANY, &line);
	if (found == LOG_TEXT_LATER)
		return false;
	if (found == LOG_TEXT_NONE)
		say(self, nothing_found(seek));
	return end_seek(self, found == LOG_TEXT_THERE, found == LOG_TEXT_THERE ? line.at : 0);
}

void log_view_seek(struct log_view *self, const struct log_seek *seek)
{
	self->seek = *seek;
	self->said[0] = '\0';
	self->seeking = !log_view_seek_on(self);
}

void log_view_seek_lines(struct log_view *self, unsigned wanted, bool back, unsigned times)
{
	const struct log_seek seek = {.wanted = wanted, .back = back, .from = self->at.cursor, .left = times};

	log_view_seek(self, &seek);
}

/* ---- Reading where to go ---- */

/* At most `max_digits` digits at *at. */
static bool read_number(const char **at, unsigned max_digits, int64_t *number)
{
	unsigned digits = 0;

	for (*number = 0; digits <= max_digits && isdigit((unsigned char)**at); ++*at, digits++)
		*number = *number * 10 + (**at - '0');
	return digits > 0 && digits <= max_digits;
}

/* "14:02", "14:02:11": seconds of the day. */
static bool read_time_of_day(const char *at, int64_t *seconds)
{
	int64_t hour, minute, second = 0;

	if (!read_number(&at, 2, &hour) || *at++ != ':' || !read_number(&at, 2, &minute))
		return false;
	if (*at == ':') {
		at++;
		if (!read_number(&at, 2, &second))
			return false;
	}
	*seconds = (hour * 60 + minute) * 60 + second;
	return *at == '\0' && hour < 24 && minute < 60 && second < 60;
}

/* The last moment of that time of day that is not behind the last line: logs hold what has been. */
static int64_t moment_of(const struct log_view *self, int64_t seconds)
{
	struct log_text_line line;
	struct timespec now;
	time_t last;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	last = now.tv_sec;
	if (self->text->ops->find_before(self->text, self->text->ops->end(self->text), LOG_TEXT_ANY, &line) ==
		    LOG_TEXT_THERE &&
	    line.time_wall_ms >= 0)
		last = (time_t)(line.time_wall_ms / 1000);
	if (localtime_r(&last, &tm) == NULL)
		return last;
	tm.tm_hour = (int)(seconds / 3600);
	tm.tm_min = (int)(seconds / 60 % 60);
	tm.tm_sec = (int)(seconds % 60);
	tm.tm_isdst = -1;
	time_t moment = mktime(&tm);
	/* A little later than the last line is meant as the end, half a day later as yesterday. */
	return moment > last + DAY_SECONDS / 2 ? moment - DAY_SECONDS : moment;
}

int log_view_seek_parse(const struct log_view *self, const char *text, struct log_seek *seek)
{
	const char *at = text;
	int64_t number, tenths = 0;

	*seek = (struct log_seek){.goal = LOG_GOAL_TIME};
	if (read_time_of_day(text, &number)) {
		seek->number = moment_of(self, number) * 1000;
		return 0;
	}
	if (!read_number(&at, 15, &number))
		return -EINVAL;
	seek->number = number;
	seek->goal = LOG_GOAL_NUMBER;
	if (*at == '\0')
		return 0;
	if (*at == '.') {
		at++;
		if (!read_number(&at, 1, &tenths))
			return -EINVAL;
	}
	if (strcmp(at, "%") != 0 || number > 100)
		return -EINVAL;
	seek->goal = LOG_GOAL_SHARE;
	seek->number = number * 10 + tenths;
	return 0;
}
