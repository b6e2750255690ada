/* SPDX-License-Identifier: MIT */
/*
 * JSON as serde_json reads it: cJSON is more lenient than the service (stray bytes, control characters, half
 * surrogates).
 */
#include "tests/lib/posthog.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 127

struct scan {
	const char *at, *end;
	int depth;
	const char *error;
};

static bool fail(struct scan *self, const char *error)
{
	if (!self->error)
		self->error = error;
	return false;
}

static int peek(const struct scan *self)
{
	return self->at < self->end ? (unsigned char)*self->at : -1;
}

static void skip_space(struct scan *self)
{
	while (self->at < self->end && strchr(" \t\r\n", *self->at) && *self->at)
		self->at++;
}

static int hex4(struct scan *self)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		int c = peek(self), digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20) - 'a' + 10;
		else
			return -1;
		value = value * 16 + digit;
		self->at++;
	}
	return value;
}

static bool scan_escape(struct scan *self)
{
	int c = peek(self), unit;

	self->at++;
	if (c > 0 && strchr("\"\\/bfnrt", c))
		return true;
	if (c != 'u')
		return fail(self, "invalid escape");
	unit = hex4(self);
	if (unit < 0)
		return fail(self, "invalid escape");
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return fail(self, "lone trailing surrogate in hex escape");
	if (unit < 0xd800 || unit > 0xdbff)
		return true;
	if (self->end - self->at < 6 || self->at[0] != '\\' || self->at[1] != 'u')
		return fail(self, "lone leading surrogate in hex escape");
	self->at += 2;
	unit = hex4(self);
	return unit >= 0xdc00 && unit <= 0xdfff ? true : fail(self, "lone leading surrogate in hex escape");
}

static bool scan_string(struct scan *self)
{
	self->at++;
	for (;;) {
		int c = peek(self);

		if (c < 0)
			return fail(self, "EOF while parsing a string");
		if (c < 0x20)
			return fail(self, "control character found while parsing a string");
		self->at++;
		if (c == '"')
			return true;
		if (c == '\\' && !scan_escape(self))
			return false;
	}
}

static bool scan_digits(struct scan *self)
{
	const char *from = self->at;

	while (peek(self) >= '0' && peek(self) <= '9')
		self->at++;
	return self->at > from;
}

static bool scan_number(struct scan *self)
{
	const char *from = self->at;
	char text[400];
	size_t length;

	if (peek(self) == '-')
		self->at++;
	if (peek(self) == '0')
		self->at++;
	else if (!scan_digits(self))
		return fail(self, "invalid number");
	if (peek(self) == '.') {
		self->at++;
		if (!scan_digits(self))
			return fail(self, "invalid number");
	}
	if (peek(self) == 'e' || peek(self) == 'E') {
		self->at++;
		if (peek(self) == '+' || peek(self) == '-')
			self->at++;
		if (!scan_digits(self))
			return fail(self, "invalid number");
	}
	length = (size_t)(self->at - from);
	if (length >= sizeof(text))
		return fail(self, "number out of range");
	memcpy(text, from, length);
	text[length] = '\0';
	return isinf(strtod(text, NULL)) ? fail(self, "number out of range") : true;
}

static bool scan_word(struct scan *self, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(self->end - self->at) < length || memcmp(self->at, word, length) != 0)
		return fail(self, "expected value");
	self->at += length;
	return true;
}

static bool scan_value(struct scan *self);

/* The inside of a list or an object, from its opening bracket to its closing one. */
static bool scan_items(struct scan *self, char close, bool keyed)
{
	bool well = true;

	self->at++;
	if (++self->depth > DEPTH_MAX)
		return fail(self, "recursion limit exceeded");
	skip_space(self);
	if (peek(self) == close) {
		self->at++;
		self->depth--;
		return true;
	}
	while (well) {
		skip_space(self);
		if (keyed) {
			if (peek(self) != '"')
				return fail(self, "key must be a string");
			well = scan_string(self);
			skip_space(self);
			if (well && peek(self) != ':')
				return fail(self, "expected ':'");
			self->at++;
		}
		well = well && scan_value(self);
		skip_space(self);
		if (well && peek(self) == close) {
			self->at++;
			self->depth--;
			return true;
		}
		if (well && peek(self) != ',')
			return fail(self, "expected ',' or the end");
		self->at++;
	}
	return false;
}

static bool scan_value(struct scan *self)
{
	skip_space(self);
	switch (peek(self)) {
	case '{':
		return scan_items(self, '}', true);
	case '[':
		return scan_items(self, ']', false);
	case '"':
		return scan_string(self);
	case 't':
		return scan_word(self, "true");
	case 'f':
		return scan_word(self, "false");
	case 'n':
		return scan_word(self, "null");
	default:
		return scan_number(self);
	}
}

const char *posthog_json_error(const char *text, size_t size_bytes)
{
	struct scan scan = {.at = text, .end = text + size_bytes};

	if (scan_value(&scan)) {
		skip_space(&scan);
		if (scan.at != scan.end)
			fail(&scan, "trailing characters");
	}
	return scan.error;
}
