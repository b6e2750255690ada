/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay_scan.h"

#include "config/hex.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES 8 /* more than "batch" needs */

enum state {
	IN_VALUE, /* a value must come */
	IN_FIRST_VALUE, /* or ']' */
	IN_KEY, /* a name must come */
	IN_FIRST_KEY, /* or '}' */
	IN_COLON,
	IN_AFTER, /* ',' or the end of what it stands in */
	IN_STRING,
	IN_ESCAPE,
	IN_HEX,
	IN_LITERAL,
	IN_MINUS, /* a number, by what was read last */
	IN_ZERO,
	IN_DIGITS,
	IN_POINT,
	IN_FRACTION,
	IN_E,
	IN_E_SIGN,
	IN_EXPONENT,
	IN_NOTHING /* the text is whole: only white space may follow */
};

struct relay_scan {
	relay_scan_found *found;
	void *context;
	enum state state;
	unsigned depth;
	uint8_t is_object[RELAY_DEPTH_MAX / 8 + 1]; /* a bit for each level */
	bool is_key; /* the string being read is a name */
	const char *literal; /* rest of true, false, null */
	unsigned hex_left, hex, high; /* \uXXXX; high: a first surrogate waits for its second */
	unsigned more, low_bound, high_bound; /* UTF-8: bytes to come, and what the next may be */
	/* shapes */
	bool is_array; /* [event, ...] */
	bool is_batch, in_batch; /* "batch" was seen; we are in it */
	char key[KEY_BYTES]; /* of the outermost object */
	size_t key_size;
	/* the event */
	bool captures, is_wrong;
	size_t values;
	char *event;
	size_t size_bytes, room;
};

struct relay_scan *relay_scan_create(relay_scan_found *found, void *context)
{
	struct relay_scan *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->found = found;
	self->context = context;
	return self;
}

void relay_scan_destroy(struct relay_scan *self)
{
	if (!self)
		return;
	free(self->event);
	free(self);
}

/* ---- The event ---- */

/* Larger than can be: it is read on, to be known as JSON, but no longer kept. */
static int keep(struct relay_scan *self, const char *bytes, size_t size_bytes)
{
	size_t room = self->room ? self->room : 4096;
	char *grown;

	if (self->is_wrong || size_bytes > RELAY_EVENT_MAX - self->size_bytes) {
		self->is_wrong = true;
		return 0;
	}
	while (room < self->size_bytes + size_bytes + 1)
		room *= 2;
	if (room != self->room) {
		grown = realloc(self->event, room);
		if (!grown)
			return -ENOMEM;
		self->event = grown;
		self->room = room;
	}
	memcpy(self->event + self->size_bytes, bytes, size_bytes);
	self->size_bytes += size_bytes;
	return 0;
}

static void begin_event(struct relay_scan *self)
{
	self->captures = true;
	self->is_wrong = false;
	self->size_bytes = 0;
	self->values = 0;
}

static int end_event(struct relay_scan *self)
{
	self->captures = false;
	if (self->is_wrong)
		return self->found(self->context, NULL, 0);
	self->event[self->size_bytes] = '\0';
	return self->found(self->context, self->event, self->size_bytes);
}

/* True where the values are events. */
static bool holds_events(const struct relay_scan *self)
{
	return (self->is_array && self->depth == 1) || (self->in_batch && self->depth == 2);
}

/* ---- Structure ---- */

static bool in_object(const struct relay_scan *self)
{
	unsigned level = self->depth - 1;

	return self->is_object[level / 8] >> (level % 8) & 1;
}

static int push(struct relay_scan *self, bool object)
{
	unsigned level = self->depth;
	uint8_t bit = (uint8_t)(1u << (level % 8));

	if (level == RELAY_DEPTH_MAX)
		return -EBADMSG;
	self->is_object[level / 8] =
		(uint8_t)(object ? self->is_object[level / 8] | bit : self->is_object[level / 8] & ~bit);
	self->depth++;
	self->state = object ? IN_FIRST_KEY : IN_FIRST_VALUE;
	return 0;
}

/* An object or array begins at `bytes`, of which what came before belongs to the event as well. */
static int open_level(struct relay_scan *self, bool object, const char *at, const char **mark)
{
	if (self->depth == 0) {
		self->is_array = !object;
		if (object) {
			/* One event, until it turns out to be a batch. */
			begin_event(self);
			*mark = at;
		}
	} else if (!object && self->depth == 1 && !self->is_array && self->key_size == 5 &&
		   memcmp(self->key, "batch", 5) == 0) {
		if (self->is_batch)
			return -EBADMSG;
		self->is_batch = self->in_batch = true;
		self->captures = false;
	} else if (object && holds_events(self)) {
		begin_event(self);
		*mark = at;
	}
	return push(self, object);
}

static int close_level(struct relay_scan *self, const char *at, const char *mark)
{
	int result = 0;

	self->depth--;
	self->state = self->depth == 0 ? IN_NOTHING : IN_AFTER;
	if (self->in_batch && self->depth == 1) {
		self->in_batch = false;
	} else if (self->captures && (self->depth == 0 || holds_events(self))) {
		result = keep(self, mark, (size_t)(at + 1 - mark));
		if (result == 0)
			result = end_event(self);
	}
	return result;
}

/* A value that is none but itself: where events are wanted, it is a wrong one. */
static int plain_value(struct relay_scan *self)
{
	if (self->depth == 0)
		return -EBADMSG;
	return holds_events(self) ? self->found(self->context, NULL, 0) : 0;
}

static int begin_value(struct relay_scan *self, const char *at, const char **mark)
{
	if (self->captures && ++self->values > RELAY_VALUES_MAX)
		self->is_wrong = true;
	switch (*at) {
	case '{':
		return open_level(self, true, at, mark);
	case '[':
		if (holds_events(self)) {
			int result = self->found(self->context, NULL, 0);

			if (result < 0)
				return result;
		}
		return open_level(self, false, at, mark);
	case '"':
		self->is_key = false;
		self->state = IN_STRING;
		break;
	case 't':
	case 'f':
	case 'n':
		self->literal = *at == 't' ? "rue" : *at == 'f' ? "alse" : "ull";
		self->state = IN_LITERAL;
		break;
	case '-':
		self->state = IN_MINUS;
		break;
	case '0':
		self->state = IN_ZERO;
		break;
	default:
		if (*at < '1' || *at > '9')
			return -EBADMSG;
		self->state = IN_DIGITS;
	}
	return plain_value(self);
}

static int begin_key(struct relay_scan *self, char c)
{
	if (c != '"')
		return -EBADMSG;
	self->is_key = true;
	self->key_size = 0;
	self->state = IN_STRING;
	return 0;
}

static int after_value(struct relay_scan *self, const char *at, const char *mark)
{
	if (*at == ',') {
		self->state = in_object(self) ? IN_KEY : IN_VALUE;
		return 0;
	}
	if (*at == (in_object(self) ? '}' : ']'))
		return close_level(self, at, mark);
	return -EBADMSG;
}

/* ---- Strings ---- */

/* First byte of a sequence of several: what may follow (Unicode 15, table 3-7). */
static int begin_sequence(struct relay_scan *self, unsigned byte)
{
	self->key_size = KEY_BYTES;
	self->low_bound = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
	self->high_bound = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
	if (byte >= 0xc2 && byte <= 0xdf)
		self->more = 1;
	else if (byte >= 0xe0 && byte <= 0xef)
		self->more = 2;
	else if (byte >= 0xf0 && byte <= 0xf4)
		self->more = 3;
	else
		return -EBADMSG;
	return 0;
}

static int string_byte(struct relay_scan *self, unsigned byte)
{
	if (self->more > 0) {
		if (byte < self->low_bound || byte > self->high_bound)
			return -EBADMSG;
		self->low_bound = 0x80;
		self->high_bound = 0xbf;
		self->more--;
	} else if (byte == '\\') {
		self->state = IN_ESCAPE;
		return 0;
	} else if (self->high || byte < 0x20) {
		return -EBADMSG;
	} else if (byte == '"') {
		self->state = self->is_key ? IN_COLON : IN_AFTER;
		return 0;
	} else if (byte >= 0x80) {
		return begin_sequence(self, byte);
	}
	return 0;
}

static int escape_byte(struct relay_scan *self, char c)
{
	/* Such a name is none of ours. */
	self->key_size = KEY_BYTES;
	if (c == 'u') {
		self->hex = 0;
		self->hex_left = 4;
		self->state = IN_HEX;
		return 0;
	}
	self->state = IN_STRING;
	return !self->high && c && strchr("\"\\/bfnrt", c) ? 0 : -EBADMSG;
}

static int hex_byte(struct relay_scan *self, char c)
{
	int digit = hex_digit(c);

	if (digit < 0)
		return -EBADMSG;
	self->hex = self->hex << 4 | (unsigned)digit;
	if (--self->hex_left > 0)
		return 0;
	self->state = IN_STRING;
	if (self->hex == 0)
		self->is_wrong = true;
	/* A first surrogate and a second one, or neither. */
	if ((self->hex >= 0xdc00 && self->hex <= 0xdfff) != (self->high != 0))
		return -EBADMSG;
	self->high = self->hex >= 0xd800 && self->hex <= 0xdbff;
	return 0;
}

/* As much of a string as needs no second thought. */
static const char *skip_plain(struct relay_scan *self, const char *at, const char *end)
{
	const char *begin = at;

	if (self->more > 0 || self->high)
		return at;
	while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' && *at != '\\')
		at++;
	if (self->is_key && self->depth == 1) {
		for (; begin < at && self->key_size < KEY_BYTES; begin++)
			self->key[self->key_size++] = *begin;
	}
	return at;
}

/* ---- Numbers ---- */

/* The state after one more byte of a number; IN_AFTER: the number ended before it; IN_NOTHING: that cannot follow. */
static enum state number_byte(enum state state, char c)
{
	bool digit = c >= '0' && c <= '9', e = c == 'e' || c == 'E';

	switch (state) {
	case IN_MINUS:
		return c == '0' ? IN_ZERO : digit ? IN_DIGITS : IN_NOTHING;
	case IN_ZERO:
		return c == '.' ? IN_POINT : e ? IN_E : digit ? IN_NOTHING : IN_AFTER;
	case IN_DIGITS:
		return digit ? IN_DIGITS : c == '.' ? IN_POINT : e ? IN_E : IN_AFTER;
	case IN_POINT:
		return digit ? IN_FRACTION : IN_NOTHING;
	case IN_FRACTION:
		return digit ? IN_FRACTION : e ? IN_E : IN_AFTER;
	case IN_E:
		return digit ? IN_EXPONENT : c == '+' || c == '-' ? IN_E_SIGN : IN_NOTHING;
	case IN_E_SIGN:
		return digit ? IN_EXPONENT : IN_NOTHING;
	default:
		return digit ? IN_EXPONENT : IN_AFTER;
	}
}

/* ---- All together ---- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int structure_byte(struct relay_scan *self, const char *at, const char **mark)
{
	if (is_space(*at))
		return 0;
	switch (self->state) {
	case IN_FIRST_VALUE:
		if (*at == ']')
			return close_level(self, at, *mark);
		return begin_value(self, at, mark);
	case IN_VALUE:
		return begin_value(self, at, mark);
	case IN_FIRST_KEY:
		if (*at == '}')
			return close_level(self, at, *mark);
		return begin_key(self, *at);
	case IN_KEY:
		return begin_key(self, *at);
	case IN_COLON:
		self->state = IN_VALUE;
		return *at == ':' ? 0 : -EBADMSG;
	case IN_AFTER:
		return after_value(self, at, *mark);
	default:
		return -EBADMSG;
	}
}

static int byte(struct relay_scan *self, const char *at, const char **mark)
{
	enum state next;

	switch (self->state) {
	case IN_STRING:
		return string_byte(self, (unsigned char)*at);
	case IN_ESCAPE:
		return escape_byte(self, *at);
	case IN_HEX:
		return hex_byte(self, *at);
	case IN_LITERAL:
		if (*at != *self->literal)
			return -EBADMSG;
		if (!*++self->literal)
			self->state = IN_AFTER;
		return 0;
	case IN_MINUS:
	case IN_ZERO:
	case IN_DIGITS:
	case IN_POINT:
	case IN_FRACTION:
	case IN_E:
	case IN_E_SIGN:
	case IN_EXPONENT:
		next = number_byte(self->state, *at);
		if (next == IN_NOTHING)
			return -EBADMSG;
		self->state = next;
		return next == IN_AFTER ? structure_byte(self, at, mark) : 0;
	default:
		return structure_byte(self, at, mark);
	}
}

int relay_scan_feed(struct relay_scan *self, const char *bytes, size_t size_bytes)
{
	const char *end = bytes + size_bytes;
	const char *mark = bytes; /* from here on belongs to the event, while `captures` */
	int result = 0;

	for (const char *at = bytes; at < end && result == 0; at++) {
		if (self->state == IN_STRING)
			at = skip_plain(self, at, end);
		if (at < end)
			result = byte(self, at, &mark);
	}
	if (result == 0 && self->captures)
		result = keep(self, mark, (size_t)(end - mark));
	return result;
}

int relay_scan_end(struct relay_scan *self)
{
	return self->state == IN_NOTHING ? 0 : -EBADMSG;
}
