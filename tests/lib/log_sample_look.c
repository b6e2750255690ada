/* SPDX-License-Identifier: MIT */
/* A log of lines in memory as ui/log_text.h wants it: found, searched, filtered, counted, at once or in slices. */
#include "tests/lib/log_sample_private.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct log_sample *sample_of(struct log_text *text)
{
	return (struct log_sample *)text;
}

/* ---- Looking at lines ---- */

static bool line_matches(const regex_t *regex, const struct sample_line *line, size_t from, regmatch_t *match)
{
	match->rm_so = (regoff_t)from;
	match->rm_eo = (regoff_t)line->size_bytes;
	return regexec(regex, line->bytes, 1, match, REG_STARTEND | (from > 0 ? REG_NOTBOL : 0)) == 0;
}

static void look_for_filter(struct log_sample *self, struct sample_line *line)
{
	regmatch_t match;

	line->passes = line_matches(&self->filter.regex, line, 0, &match) != self->except;
	line->filtered = true;
}

static void look_for_search(struct log_sample *self, struct sample_line *line)
{
	regmatch_t match;

	line->hit = line_matches(&self->search.regex, line, 0, &match);
	line->searched = true;
}

static void look(struct log_sample *self, struct sample_pattern *pattern, struct sample_line *line)
{
	if (pattern == &self->search)
		look_for_search(self, line);
	else
		look_for_filter(self, line);
}

/* Looks at up to `lines` that were not looked at, round from where it stands. True when some are left. */
static bool go_on(struct log_sample *self, struct sample_pattern *pattern, size_t lines)
{
	for (size_t i = 0; pattern->on && i < lines && pattern->left > 0; i++) {
		if (pattern->next >= self->seen)
			pattern->next = 0;
		look(self, pattern, &self->lines[pattern->next++]);
		pattern->left--;
	}
	return pattern->on && pattern->left > 0;
}

/* Lines from `first` on are new to the pattern. */
static void look_at_new(struct log_sample *self, struct sample_pattern *pattern, size_t first)
{
	for (size_t i = first; pattern->on && i < self->seen; i++) {
		if (self->slice == 0)
			look(self, pattern, &self->lines[i]);
		else if (pattern->left++ == 0)
			pattern->next = i;
	}
}

/* ---- Finding ---- */

/* The first line whose end is behind `at`. */
static size_t index_of(const struct log_sample *self, int64_t at)
{
	size_t low = 0, high = self->seen;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (self->lines[middle].next <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum log_text_found judge(const struct log_sample *self, const struct sample_line *line, unsigned wanted)
{
	if (self->filter.on && !line->filtered)
		return LOG_TEXT_LATER;
	if (self->filter.on && !line->passes)
		return LOG_TEXT_NONE;
	if ((wanted & LOG_TEXT_ANY) != 0)
		return LOG_TEXT_THERE;
	if ((wanted & LOG_TEXT_PROBLEM) != 0 && line->problem)
		return LOG_TEXT_THERE;
	if ((wanted & LOG_TEXT_HIT) == 0 || !self->search.on)
		return LOG_TEXT_NONE;
	if (!line->searched)
		return LOG_TEXT_LATER;
	return line->hit ? LOG_TEXT_THERE : LOG_TEXT_NONE;
}

static void give(const struct log_sample *self, const struct sample_line *line, struct log_text_line *out)
{
	*out = (struct log_text_line){
		.at = line->at,
		.next = line->next,
		.kind = line->kind,
		.bytes = line->bytes,
		.size_bytes = line->size_bytes,
		.time_wall_ms = line->time_wall_ms,
		.service = self->services[line->service],
		.service_number = line->service,
		.error_stream = line->error_stream,
		.continues = line->continues,
		.partial = line->partial,
	};
}

static enum log_text_found find_from(struct log_sample *self, size_t index, unsigned wanted, struct log_text_line *out)
{
	if (self->reading)
		return LOG_TEXT_LATER;
	for (; index < self->seen; index++) {
		enum log_text_found found = judge(self, &self->lines[index], wanted);
		if (found == LOG_TEXT_THERE)
			give(self, &self->lines[index], out);
		if (found != LOG_TEXT_NONE)
			return found;
	}
	return LOG_TEXT_NONE;
}

static enum log_text_found sample_line_at(struct log_text *text, int64_t at, struct log_text_line *line)
{
	struct log_sample *self = sample_of(text);

	self->calls++;
	return find_from(self, index_of(self, at), LOG_TEXT_ANY, line);
}

static enum log_text_found sample_find_next(struct log_text *text, int64_t at, unsigned wanted,
					    struct log_text_line *line)
{
	struct log_sample *self = sample_of(text);
	size_t index = index_of(self, at);

	self->calls++;
	if (index < self->seen && self->lines[index].at <= at)
		index++;
	return find_from(self, index, wanted, line);
}

static enum log_text_found sample_find_before(struct log_text *text, int64_t at, unsigned wanted,
					      struct log_text_line *line)
{
	struct log_sample *self = sample_of(text);
	size_t index = index_of(self, at);

	self->calls++;
	if (self->reading)
		return LOG_TEXT_LATER;
	if (index < self->seen && self->lines[index].at < at)
		index++;
	while (index-- > 0) {
		enum log_text_found found = judge(self, &self->lines[index], wanted);
		if (found == LOG_TEXT_THERE)
			give(self, &self->lines[index], line);
		if (found != LOG_TEXT_NONE)
			return found;
	}
	return LOG_TEXT_NONE;
}

static int64_t sample_start(struct log_text *text)
{
	struct log_sample *self = sample_of(text);

	return self->seen > 0 ? self->lines[0].at : self->count > 0 ? self->lines[0].at : self->end;
}

static int64_t sample_end(struct log_text *text)
{
	struct log_sample *self = sample_of(text);

	return self->seen > 0 && !self->reading ? self->lines[self->seen - 1].next : sample_start(text);
}

/* ---- Patterns ---- */

static int compile(struct sample_pattern *pattern, const char *bytes, size_t size_bytes, char *problem,
		   size_t problem_bytes)
{
	char source[1024];
	bool capital = false;
	regex_t regex;

	assert_true(size_bytes < sizeof(source));
	memcpy(source, bytes, size_bytes);
	source[size_bytes] = '\0';
	for (size_t i = 0; i < size_bytes; i++)
		capital = capital || (bytes[i] >= 'A' && bytes[i] <= 'Z');
	int code = size_bytes == 0 ? 0 : regcomp(&regex, source, REG_EXTENDED | (capital ? 0 : REG_ICASE));
	if (code == REG_EPAREN) {
		snprintf(problem, problem_bytes, "missing ) at %zu", size_bytes);
		return -EINVAL;
	}
	if (code != 0) {
		regerror(code, &regex, problem, problem_bytes);
		return -EINVAL;
	}
	if (pattern->on)
		regfree(&pattern->regex);
	pattern->on = size_bytes > 0;
	pattern->next = pattern->left = 0;
	if (pattern->on)
		pattern->regex = regex;
	return 0;
}

static int sample_search(struct log_text *text, const char *bytes, size_t size_bytes, int64_t near, char *problem,
			 size_t problem_bytes)
{
	struct log_sample *self = sample_of(text);

	if (compile(&self->search, bytes, size_bytes, problem, problem_bytes) != 0)
		return -EINVAL;
	for (size_t i = 0; i < self->count; i++)
		self->lines[i].searched = self->lines[i].hit = false;
	look_at_new(self, &self->search, 0);
	self->search.next = index_of(self, near);
	return 0;
}

static int sample_filter(struct log_text *text, const char *bytes, size_t size_bytes, bool except, char *problem,
			 size_t problem_bytes)
{
	struct log_sample *self = sample_of(text);

	if (compile(&self->filter, bytes, size_bytes, problem, problem_bytes) != 0)
		return -EINVAL;
	self->except = except;
	for (size_t i = 0; i < self->count; i++)
		self->lines[i].filtered = self->lines[i].passes = false;
	look_at_new(self, &self->filter, 0);
	return 0;
}

static size_t sample_hits(struct log_text *text, const struct log_text_line *line, size_t *offsets, size_t *sizes,
			  size_t max)
{
	struct log_sample *self = sample_of(text);
	size_t index = index_of(self, line->at), count = 0, from = 0;
	regmatch_t match;

	if (!self->search.on || index == self->seen)
		return 0;
	const struct sample_line *own = &self->lines[index];
	while (count < max && from < own->size_bytes && line_matches(&self->search.regex, own, from, &match)) {
		size_t start = (size_t)match.rm_so, end = (size_t)match.rm_eo;
		if (end > start) {
			offsets[count] = start;
			sizes[count++] = end - start;
		}
		from = end > start ? end : end + 1;
	}
	return count;
}

/* ---- Numbers ---- */

static int64_t sample_number(struct log_text *text, int64_t at)
{
	struct log_sample *self = sample_of(text);
	size_t index = index_of(self, at);

	return index < self->seen && index < self->counted ? (int64_t)index + 1 : -1;
}

static int64_t sample_hit_number(struct log_text *text, int64_t at)
{
	struct log_sample *self = sample_of(text);
	size_t last = index_of(self, at);
	int64_t hits = 0;

	for (size_t i = 0; i <= last && i < self->seen; i++) {
		enum log_text_found found = judge(self, &self->lines[i], LOG_TEXT_HIT);
		if (found == LOG_TEXT_LATER)
			return -1;
		hits += found == LOG_TEXT_THERE;
	}
	return hits;
}

static enum log_text_found sample_go_to_number(struct log_text *text, int64_t number, int64_t *at)
{
	struct log_sample *self = sample_of(text);

	if (number < 1 || (size_t)number > self->seen)
		return self->counted < self->seen ? LOG_TEXT_LATER : LOG_TEXT_NONE;
	if ((size_t)number > self->counted)
		return LOG_TEXT_LATER;
	*at = self->lines[number - 1].at;
	return LOG_TEXT_THERE;
}

static enum log_text_found sample_go_to_share(struct log_text *text, unsigned thousandths, int64_t *at)
{
	struct log_sample *self = sample_of(text);

	if (self->seen == 0)
		return LOG_TEXT_NONE;
	*at = self->lines[(self->seen - 1) * (thousandths < 1000 ? thousandths : 1000) / 1000].at;
	return LOG_TEXT_THERE;
}

static enum log_text_found sample_go_to_time(struct log_text *text, int64_t time_wall_ms, int64_t *at)
{
	struct log_sample *self = sample_of(text);

	for (size_t i = 0; i < self->seen; i++) {
		if (self->lines[i].time_wall_ms >= time_wall_ms) {
			*at = self->lines[i].at;
			return LOG_TEXT_THERE;
		}
	}
	return LOG_TEXT_NONE;
}

static int64_t sample_count_from(struct log_text *text, int64_t from, int64_t max)
{
	struct log_sample *self = sample_of(text);
	int64_t count = 0;

	for (size_t i = index_of(self, from); i < self->seen && count < max; i++)
		count += self->lines[i].at >= from && judge(self, &self->lines[i], LOG_TEXT_ANY) == LOG_TEXT_THERE;
	return count;
}

static void sample_status(struct log_text *text, struct log_text_status *status)
{
	struct log_sample *self = sample_of(text);
	size_t left = self->seen - self->counted;

	*status = (struct log_text_status){.lines = left == 0 ? (int64_t)self->seen : -1, .trouble = self->trouble};
	for (size_t i = 0; i < self->seen; i++) {
		const struct sample_line *line = &self->lines[i];
		bool shown = judge(self, line, LOG_TEXT_ANY) == LOG_TEXT_THERE;
		status->shown_lines += shown;
		status->hits += shown && line->searched && line->hit;
		status->size_bytes += (int64_t)line->size_bytes + 1;
		status->problems += line->problem;
	}
	status->shown_final = !self->filter.on || self->filter.left == 0;
	status->hits_final = status->shown_final && (!self->search.on || self->search.left == 0);
	if (self->filter.on && self->filter.left > left)
		left = self->filter.left;
	if (self->search.on && self->search.left > left)
		left = self->search.left;
	status->percent = self->seen > 0 ? (unsigned)((self->seen - left) * 100 / self->seen) : 100;
}

static bool sample_refresh(struct log_text *text)
{
	struct log_sample *self = sample_of(text);
	size_t before = self->seen;

	self->refreshes++;
	self->seen = self->count;
	look_at_new(self, &self->filter, before);
	look_at_new(self, &self->search, before);
	if (self->slice == 0)
		self->counted = self->seen;
	return self->seen > before;
}

static bool sample_work(struct log_text *text, int64_t budget_us)
{
	struct log_sample *self = sample_of(text);
	size_t lines = self->slice > 0 ? self->slice : self->seen;

	(void)budget_us;
	self->reading = false;
	bool more = go_on(self, &self->filter, lines);
	more = go_on(self, &self->search, lines) || more;
	self->counted = self->seen - self->counted > lines ? self->counted + lines : self->seen;
	return self->counted < self->seen || more;
}

const struct log_text_ops log_sample_ops = {
	.start = sample_start,
	.end = sample_end,
	.line = sample_line_at,
	.find_next = sample_find_next,
	.find_before = sample_find_before,
	.search = sample_search,
	.filter = sample_filter,
	.hits = sample_hits,
	.number = sample_number,
	.hit_number = sample_hit_number,
	.go_to_number = sample_go_to_number,
	.go_to_share = sample_go_to_share,
	.go_to_time = sample_go_to_time,
	.count_from = sample_count_from,
	.status = sample_status,
	.refresh = sample_refresh,
	.work = sample_work,
};
