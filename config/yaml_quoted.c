/* SPDX-License-Identifier: MIT */
#include "config/yaml_quoted.h"

#include "config/pool.h"

#include <stdint.h>
#include <string.h>

struct quoted {
	const char *at, *end;
	char *out;
	char *fixed; /* blanks before this are not trimmed: they were escaped, or a backslash stands behind them */
};

bool yaml_quoted_is_garbled(const char *raw, size_t size_bytes, bool is_double)
{
	bool has_break = memchr(raw, '\n', size_bytes) || memchr(raw, '\r', size_bytes);

	if (is_double)
		return has_break && memchr(raw, '\\', size_bytes);
	return memmem(raw, size_bytes, "''''", 4) || (has_break && memchr(raw, '\'', size_bytes));
}

static bool is_break(const struct quoted *self)
{
	return self->at < self->end && (*self->at == '\n' || *self->at == '\r');
}

static void skip_blanks(struct quoted *self)
{
	while (self->at < self->end && (*self->at == ' ' || *self->at == '\t'))
		self->at++;
}

static void skip_break(struct quoted *self)
{
	self->at += self->at[0] == '\r' && self->at + 1 < self->end && self->at[1] == '\n' ? 2 : 1;
	skip_blanks(self);
}

/* A line break is a space, or as many breaks as there are empty lines behind it. */
static void fold(struct quoted *self)
{
	while (self->out > self->fixed && (self->out[-1] == ' ' || self->out[-1] == '\t'))
		self->out--;
	skip_break(self);
	if (!is_break(self))
		*self->out++ = ' ';
	for (; is_break(self); skip_break(self))
		*self->out++ = '\n';
}

/* UTF-8 of what may be no character: then no UTF-8 either, which the caller finds. */
static void add_code(struct quoted *self, uint32_t code)
{
	if (code < 0x80) {
		*self->out++ = (char)code;
	} else if (code < 0x800) {
		*self->out++ = (char)(0xc0 | code >> 6);
		*self->out++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*self->out++ = (char)(0xe0 | code >> 12);
		*self->out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*self->out++ = (char)(0x80 | (code & 0x3f));
	} else {
		*self->out++ = (char)(code < 0x110000 ? 0xf0 | code >> 18 : 0xff);
		*self->out++ = (char)(0x80 | (code >> 12 & 0x3f));
		*self->out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*self->out++ = (char)(0x80 | (code & 0x3f));
	}
}

static uint32_t read_hex(struct quoted *self, size_t digits)
{
	static const char all[] = "0123456789abcdef";
	uint32_t code = 0;

	for (; digits && self->at < self->end; digits--, self->at++) {
		char c = *self->at;
		const char *found = strchr(all, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);

		code = code << 4 | (found && *found ? (uint32_t)(found - all) : 0);
	}
	return code;
}

/* Behind a backslash. */
static void escape(struct quoted *self)
{
	static const struct {
		char letter;
		uint32_t code;
	} letters[] = {{'0', 0},  {'a', 7},  {'b', 8},    {'t', 9},    {'n', 10},     {'v', 11},    {'f', 12},
		       {'r', 13}, {'e', 27}, {'N', 0x85}, {'_', 0xa0}, {'L', 0x2028}, {'P', 0x2029}};
	char letter = *self->at++;

	if (letter == 'x' || letter == 'u' || letter == 'U') {
		add_code(self, read_hex(self, letter == 'x' ? 2 : letter == 'u' ? 4 : 8));
		return;
	}
	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
		if (letters[i].letter == letter) {
			add_code(self, letters[i].code);
			return;
		}
	}
	*self->out++ = letter;
}

/* A break behind a backslash is none; empty lines behind it are. */
static void backslash(struct quoted *self)
{
	self->at++;
	if (is_break(self)) {
		for (skip_break(self); is_break(self); skip_break(self))
			*self->out++ = '\n';
	} else if (self->at < self->end) {
		escape(self);
	}
	self->fixed = self->out;
}

const char *yaml_quoted_read(struct pool *pool, const char *raw, size_t size_bytes, bool is_double, size_t *length)
{
	/* Two bytes, \L, may become three. */
	char *text = pool_alloc(pool, size_bytes * 2 + 1);
	struct quoted self = {raw, raw + size_bytes, text, text};

	while (self.at < self.end) {
		if (is_break(&self)) {
			fold(&self);
		} else if (is_double && *self.at == '\\') {
			backslash(&self);
		} else {
			*self.out++ = *self.at;
			self.at += !is_double && *self.at == '\'' ? 2 : 1;
		}
	}
	*self.out = '\0';
	*length = (size_t)(self.out - text);
	return text;
}
