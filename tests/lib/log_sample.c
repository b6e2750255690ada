/* SPDX-License-Identifier: MIT */
#include "tests/lib/log_sample_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct log_sample *log_sample_create(const char *title, bool merged)
{
	struct log_sample *self = calloc(1, sizeof(*self));

	assert_non_null(self);
	self->text = (struct log_text){.ops = &log_sample_ops, .title = title, .merged = merged};
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
	assert_ptr_equal(text->ops, &log_sample_ops);
	return (struct log_sample *)text;
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
	assert_true(self->service_count < LOG_SAMPLE_SERVICES_MAX);
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
