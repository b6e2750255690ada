/* SPDX-License-Identifier: MIT */
#include "tests/lib/log_sample.h"

#include <errno.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERVICES_MAX 80u

struct sample_line {
	int64_t at, next;
	char *bytes; /* ends with NUL, which `size_bytes` does not count */
	size_t size_bytes;
	int64_t time_wall_ms;
	unsigned service;
	enum log_text_kind kind;
	bool error_stream, continues, partial;
	bool filtered, passes; /* looked at by the filter; what came of it */
	bool searched, hit;
	bool problem;
};

/* A pattern, and how far `work` has come with it. */
struct sample_pattern {
	bool on;
	regex_t regex;
	size_t next, left; /* the line that is next to be looked at, and how many are still to be */
};

struct log_sample {
	struct log_text text;
	struct sample_line *lines;
	size_t count, capacity;
	size_t seen; /* so many of them were there at the last refresh */
	int64_t end; /* of all lines */
	int64_t time_ms; /* of the next line; -1: not known */
	char *services[SERVICES_MAX];
	unsigned service_count;
	struct sample_pattern search, filter;
	bool except;
	size_t counted; /* so many lines have numbers */
	size_t slice;
	bool reading;
	const char *trouble;
	size_t calls, refreshes;
};

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

/* ---- Making one ---- */

static const struct log_text_ops sample_ops = {
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

struct log_sample *log_sample_create(const char *title, bool merged)
{
	struct log_sample *self = calloc(1, sizeof(*self));

	assert_non_null(self);
	self->text = (struct log_text){.ops = &sample_ops, .title = title, .merged = merged};
	self->end = 1000; /* places mean nothing: they need not begin at 0 */
	return self;
}

void log_sample_destroy(struct log_sample *self)
{
	if (self == NULL)
		return;
	for (size_t i = 0; i < self->count; i++)
		free(self->lines[i].bytes);
	for (unsigned i = 0; i < self->service_count; i++)
		free(self->services[i]);
	if (self->search.on)
		regfree(&self->search.regex);
	if (self->filter.on)
		regfree(&self->filter.regex);
	free(self->lines);
	free(self);
}

struct log_text *log_sample_text(struct log_sample *self)
{
	return &self->text;
}

struct log_sample *log_sample_of(struct log_text *text)
{
	assert_ptr_equal(text->ops, &sample_ops);
	return sample_of(text);
}

void log_sample_time(struct log_sample *self, int64_t since_begin_ms)
{
	self->time_ms = since_begin_ms;
}

static unsigned number_of(struct log_sample *self, const char *service)
{
	for (unsigned i = 0; i < self->service_count; i++)
		if (strcmp(self->services[i], service) == 0)
			return i;
	assert_true(self->service_count < SERVICES_MAX);
	self->services[self->service_count] = strdup(service);
	assert_non_null(self->services[self->service_count]);
	return self->service_count++;
}

static bool looks_like_problem(const struct sample_line *line)
{
	static const char *const words[] = {"error", "warn", "fatal", "failed", "denied"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(line->bytes, words[i]) != NULL)
			return true;
	return false;
}

static struct sample_line *add(struct log_sample *self, const char *service, const char *bytes, size_t size_bytes)
{
	if (self->count == self->capacity) {
		self->capacity = self->capacity > 0 ? self->capacity * 2 : 64;
		self->lines = realloc(self->lines, self->capacity * sizeof(*self->lines));
		assert_non_null(self->lines);
	}
	struct sample_line *line = &self->lines[self->count++];
	*line = (struct sample_line){
		.at = self->end,
		.next = self->end + (int64_t)size_bytes + 1,
		.bytes = malloc(size_bytes + 1),
		.size_bytes = size_bytes,
		.time_wall_ms = self->time_ms >= 0 ? LOG_SAMPLE_BEGIN_WALL_MS + self->time_ms : -1,
		.service = number_of(self, service),
	};
	assert_non_null(line->bytes);
	memcpy(line->bytes, bytes, size_bytes);
	line->bytes[size_bytes] = '\0';
	line->problem = looks_like_problem(line);
	self->end = line->next;
	return line;
}

void log_sample_add_bytes(struct log_sample *self, const char *service, const char *bytes, size_t size_bytes)
{
	for (size_t done = 0; done == 0 || done < size_bytes; done += LOG_TEXT_LINE_MAX) {
		size_t piece = size_bytes - done < LOG_TEXT_LINE_MAX ? size_bytes - done : LOG_TEXT_LINE_MAX;
		add(self, service, bytes + done, piece)->continues = done > 0;
	}
	if (self->time_ms >= 0)
		self->time_ms++;
}

void log_sample_add(struct log_sample *self, const char *service, const char *line)
{
	log_sample_add_bytes(self, service, line, strlen(line));
}

void log_sample_error(struct log_sample *self, const char *service, const char *line)
{
	log_sample_add(self, service, line);
	self->lines[self->count - 1].error_stream = true;
}

void log_sample_note(struct log_sample *self, const char *service, const char *line)
{
	log_sample_add(self, service, line);
	self->lines[self->count - 1].kind = LOG_TEXT_NOTE;
}

void log_sample_flood(struct log_sample *self, const char *service, size_t count)
{
	char line[100];

	for (size_t i = 0; i < count; i++) {
		size_t n = self->count;
		snprintf(line, sizeof(line), "GET /v1/items/%zu status=%d took=%zums", n * 7 % 2003,
			 n % 50 == 49 ? 500 + (int)(n % 3) : 200, 3 + n * 13 % 521);
		log_sample_add(self, service, line);
	}
}

void log_sample_partial(struct log_sample *self)
{
	self->lines[self->count - 1].partial = true;
}

void log_sample_drop_first(struct log_sample *self, size_t count)
{
	assert_true(count <= self->seen);
	for (size_t i = 0; i < count; i++)
		free(self->lines[i].bytes);
	memmove(self->lines, self->lines + count, (self->count - count) * sizeof(*self->lines));
	self->count -= count;
	self->seen -= count;
	self->counted = self->counted > count ? self->counted - count : 0;
}

void log_sample_drop_last(struct log_sample *self, size_t count)
{
	assert_true(count <= self->count);
	for (size_t i = 0; i < count; i++)
		free(self->lines[--self->count].bytes);
	self->end = self->count > 0 ? self->lines[self->count - 1].next : 1000;
	if (self->seen > self->count)
		self->seen = self->count;
	if (self->counted > self->seen)
		self->counted = self->seen;
}

void log_sample_trouble(struct log_sample *self, const char *trouble)
{
	self->trouble = trouble;
}

void log_sample_slices(struct log_sample *self, size_t lines)
{
	self->slice = lines;
	self->counted = lines > 0 ? 0 : self->seen;
}

void log_sample_reading(struct log_sample *self)
{
	self->reading = true;
}

size_t log_sample_count(const struct log_sample *self)
{
	return self->seen;
}

int64_t log_sample_place(const struct log_sample *self, size_t index)
{
	assert_true(index < self->seen);
	return self->lines[index].at;
}

size_t log_sample_calls(const struct log_sample *self)
{
	return self->calls;
}

size_t log_sample_refreshes(const struct log_sample *self)
{
	return self->refreshes;
}
