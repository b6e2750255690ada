/* SPDX-License-Identifier: MIT */
#include "launcher/logs/text_match.h"

#include "config/utf8.h"
#include "launcher/logs/text_literal.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_TRIES_MAX 20000u /* steps back in one line */
#define MANY_TRIES_MAX 200000u /* in many at once: then line by line */
#define HEAP_KB_MAX 1024u
#define STACK_BYTES_MAX (256u * 1024)

struct text_match {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *line, *many;
	pcre2_jit_stack *stack;
	bool jit;
	struct text_pattern pattern;
};

static const char *word_of(int code, PCRE2_UCHAR *text, size_t size_bytes)
{
	/* What people mistype most, in fewer words. */
	if (code == PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS)
		return "missing )";
	if (code == PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS)
		return "no ( for )";
	if (code == PCRE2_ERROR_MISSING_SQUARE_BRACKET)
		return "missing ]";
	if (pcre2_get_error_message(code, text, size_bytes) < 0)
		return "no regular expression";
	return (const char *)text;
}

static int refuse(int code, size_t offset, char *problem, size_t problem_bytes)
{
	PCRE2_UCHAR text[160];

	snprintf(problem, problem_bytes, "%s at %zu", word_of(code, text, sizeof(text)), offset);
	return -EINVAL;
}

static pcre2_match_context *make_context(struct text_match *self, uint32_t tries)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);

	if (context == NULL)
		return NULL;
	pcre2_set_match_limit(context, tries);
	pcre2_set_depth_limit(context, tries);
	pcre2_set_heap_limit(context, HEAP_KB_MAX);
	if (self->stack != NULL)
		pcre2_jit_stack_assign(context, NULL, self->stack);
	return context;
}

static int compile(struct text_match *self, const char *pattern, size_t size_bytes, char *problem, size_t problem_bytes)
{
	const struct text_pattern *seen = &self->pattern;
	uint32_t options = PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_SIZE offset = 0;
	bool fold, utf;
	int code = 0;

	if (context == NULL)
		return -ENOMEM;
	text_pattern_read(pattern, size_bytes, false, false, &self->pattern);
	fold = !seen->has_capital;
	utf = seen->has_characters && utf8_valid(pattern, size_bytes) == size_bytes;
	text_pattern_read(pattern, size_bytes, fold, utf, &self->pattern);
	options |= fold ? PCRE2_CASELESS : 0;
	options |= utf ? PCRE2_UTF | PCRE2_MATCH_INVALID_UTF : PCRE2_NEVER_UTF;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	self->code = pcre2_compile((PCRE2_SPTR)pattern, size_bytes, options, &code, &offset, context);
	pcre2_compile_context_free(context);
	if (self->code == NULL)
		return refuse(code, offset, problem, problem_bytes);
	self->jit = pcre2_jit_compile(self->code, PCRE2_JIT_COMPLETE) == 0;
	return 0;
}

int text_match_create(const char *pattern, size_t size_bytes, struct text_match **match, char *problem,
		      size_t problem_bytes)
{
	struct text_match *self;
	int result = -ENOMEM;

	if (size_bytes > TEXT_MATCH_PATTERN_MAX) {
		snprintf(problem, problem_bytes, "longer than %u bytes", TEXT_MATCH_PATTERN_MAX);
		return -EINVAL;
	}
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		return -ENOMEM;
	result = compile(self, pattern, size_bytes, problem, problem_bytes);
	if (result < 0)
		goto out;
	result = -ENOMEM;
	self->stack = self->jit ? pcre2_jit_stack_create(32 * 1024, STACK_BYTES_MAX, NULL) : NULL;
	self->data = pcre2_match_data_create(1, NULL);
	self->line = make_context(self, LINE_TRIES_MAX);
	self->many = make_context(self, MANY_TRIES_MAX);
	if (self->data == NULL || self->line == NULL || self->many == NULL || (self->jit && self->stack == NULL))
		goto out;
	*match = self;
	return 0;
out:
	text_match_destroy(self);
	return result;
}

void text_match_destroy(struct text_match *self)
{
	if (self == NULL)
		return;
	pcre2_match_context_free(self->line);
	pcre2_match_context_free(self->many);
	pcre2_match_data_free(self->data);
	pcre2_code_free(self->code);
	if (self->stack != NULL)
		pcre2_jit_stack_free(self->stack);
	free(self);
}

/* < 0: no match, or given up. */
static int run(struct text_match *self, const char *bytes, size_t size_bytes, size_t offset,
	       pcre2_match_context *context)
{
	if (self->jit)
		return pcre2_jit_match(self->code, (PCRE2_SPTR)bytes, size_bytes, offset, 0, self->data, context);
	return pcre2_match(self->code, (PCRE2_SPTR)bytes, size_bytes, offset, 0, self->data, context);
}

bool text_match_line(struct text_match *self, const char *bytes, size_t size_bytes)
{
	const struct text_literal *literal = &self->pattern.literal;

	if (literal->size > 0 && text_literal_find(literal, bytes, bytes + size_bytes) == NULL)
		return false;
	return self->pattern.whole || run(self, bytes, size_bytes, 0, self->line) >= 0;
}

size_t text_match_each(struct text_match *self, const char *bytes, size_t size_bytes, size_t *offsets, size_t *sizes,
		       size_t max)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(self->data);
	size_t at = 0, count = 0;

	while (count < max && at <= size_bytes && run(self, bytes, size_bytes, at, self->line) >= 0) {
		/* \K can put the beginning behind the end. */
		if (ends[1] > ends[0]) {
			offsets[count] = ends[0];
			sizes[count++] = ends[1] - ends[0];
		}
		at = ends[1] > at ? ends[1] : at + 1;
		/* Not into the middle of a character. */
		while (at < size_bytes && ((unsigned char)bytes[at] & 0xc0) == 0x80)
			at++;
	}
	return count;
}

enum text_match_found text_match_next(struct text_match *self, const char *from, const char *to, const char **at)
{
	int result;

	*at = from;
	if (from >= to)
		return TEXT_MATCH_NONE;
	if (self->pattern.literal.size > 0) {
		*at = text_literal_find(&self->pattern.literal, from, to);
		if (*at == NULL)
			return TEXT_MATCH_NONE;
		return self->pattern.whole ? TEXT_MATCH_SURE : TEXT_MATCH_MAYBE;
	}
	if (!self->pattern.within_lines)
		return TEXT_MATCH_MAYBE;
	result = run(self, from, (size_t)(to - from), 0, self->many);
	if (result == PCRE2_ERROR_NOMATCH)
		return TEXT_MATCH_NONE;
	if (result < 0)
		return TEXT_MATCH_MAYBE;
	*at = from + pcre2_get_ovector_pointer(self->data)[0];
	return TEXT_MATCH_SURE;
}
