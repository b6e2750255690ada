/* SPDX-License-Identifier: MIT */
#include "launcher/logs/text_literal.h"

#include <stdint.h>
#include <string.h>

/* ---- Finding it in text ---- */

#define LANES 16u
#define STRIDE (4 * LANES)

typedef unsigned char lanes __attribute__((vector_size(LANES)));

static bool stands_at(const struct text_literal *self, const char *at)
{
	for (size_t i = 0; i < self->size; i++)
		if (((unsigned char)at[i] | self->folds[i]) != self->bytes[i])
			return false;
	return true;
}

static lanes load(const char *at)
{
	lanes value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static bool any(lanes value)
{
	uint64_t halves[2];

	memcpy(halves, &value, sizeof(halves));
	return (halves[0] | halves[1]) != 0;
}

/* Both rare bytes stand where they would. */
static inline lanes pair(const struct text_literal *self, const char *at, lanes first, lanes second)
{
	lanes one = load(at + self->first) | self->folds[self->first];
	lanes two = load(at + self->second) | self->folds[self->second];

	return (lanes)(one == first) & (lanes)(two == second);
}

/* Where of the places that are marked the whole literal stands. */
static const char *confirm(const struct text_literal *self, const char *at, lanes found)
{
	const lanes none = {0};
	unsigned char marks[LANES];
	size_t i = 0;

	for (; i < self->size && any(found); i++)
		found &= (lanes)((load(at + i) | self->folds[i]) == none + self->bytes[i]);
	if (!any(found))
		return NULL;
	memcpy(marks, &found, sizeof(marks));
	for (i = 0; marks[i] == 0;)
		i++;
	return at + i;
}

/* Of four vectors, one of which at least has a mark. */
static const char *confirm_any(const struct text_literal *self, const char *at, const lanes found[4])
{
	const char *stands = NULL;

	for (size_t i = 0; i < 4 && stands == NULL; i++)
		stands = confirm(self, at + i * LANES, found[i]);
	return stands;
}

const char *text_literal_find(const struct text_literal *self, const char *from, const char *to)
{
	const lanes none = {0};
	const lanes first = none + self->bytes[self->first], second = none + self->bytes[self->second];

	while (to - from >= (ptrdiff_t)(STRIDE + self->size)) {
		const lanes a = pair(self, from, first, second), b = pair(self, from + LANES, first, second),
			    c = pair(self, from + 2 * LANES, first, second),
			    d = pair(self, from + 3 * LANES, first, second);

		if (any(a | b | c | d)) {
			const char *at = confirm_any(self, from, (const lanes[]){a, b, c, d});

			if (at != NULL)
				return at;
		}
		from += STRIDE;
	}
	for (; to - from >= (ptrdiff_t)self->size; from++)
		if (stands_at(self, from))
			return from;
	return NULL;
}

/* ---- Reading the pattern ---- */

/* What logs are made of, commonest first; what is not listed is rare. */
static const char common[] = " etaoinsrhl01dcum23456789f-p:./gwybv=k\"_,[]()xjqzTAEIONSR";

static size_t rarity(unsigned char byte)
{
	const char *at = byte != '\0' ? strchr(common, byte) : NULL;

	return at != NULL ? (size_t)(at - common) : sizeof(common);
}

static void choose_pair(struct text_literal *self)
{
	self->first = self->second = 0;
	for (size_t i = 1; i < self->size; i++)
		if (rarity(self->bytes[i]) > rarity(self->bytes[self->first]))
			self->first = i;
	if (self->first == 0 && self->size > 1)
		self->second = 1;
	for (size_t i = 0; i < self->size; i++)
		if (i != self->first && rarity(self->bytes[i]) > rarity(self->bytes[self->second]))
			self->second = i;
}

struct reading {
	const char *at, *end;
	bool fold, utf;
	bool lost; /* something is in it that is not understood here */
	bool split; /* alternatives: no byte is in all of them */
	bool plain; /* nothing but a run of bytes so far */
	size_t depth;
	struct text_literal run, best;
	struct text_pattern *found;
};

static void end_run(struct reading *self)
{
	if (self->run.size > self->best.size)
		self->best = self->run;
	self->run.size = 0;
}

static bool is_letter(unsigned char byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static void take_literal(struct reading *self, unsigned char byte)
{
	struct text_literal *run = &self->run;
	const bool fold = self->fold && is_letter(byte);

	if (byte >= 'A' && byte <= 'Z')
		self->found->has_capital = true;
	if (byte >= 0x80)
		self->found->has_characters = true;
	if (self->depth > 0)
		return;
	/* Line ends are never in a line. By Unicode's rules letters beyond ASCII have a case too, and K and S are those of other signs. */
	if (byte == '\r' || byte == '\n' || (self->fold && byte >= 0x80) ||
	    (fold && self->utf && ((byte | 0x20) == 'k' || (byte | 0x20) == 's'))) {
		self->plain = false;
		end_run(self);
		return;
	}
	if (run->size == TEXT_LITERAL_MAX) {
		self->plain = false;
		end_run(self);
	}
	run->folds[run->size] = fold ? 0x20 : 0;
	run->bytes[run->size++] = fold ? (unsigned char)(byte | 0x20) : byte;
}

/* Something that is no literal. */
static void take_other(struct reading *self)
{
	self->plain = false;
	end_run(self);
}

static void take_escape(struct reading *self)
{
	unsigned char byte;

	if (self->at == self->end) {
		self->lost = true;
		return;
	}
	byte = (unsigned char)*self->at++;
	if (!is_letter(byte) && !(byte >= '0' && byte <= '9')) {
		take_literal(self, byte);
		return;
	}
	take_other(self);
	if (strchr("dwbBS", byte) == NULL)
		self->found->within_lines = false;
	if (strchr("SDWXNRHV", byte) != NULL)
		self->found->has_characters = true;
	if (strchr("dwbBSDWshHvVR", byte) == NULL) {
		self->lost = true;
		self->found->has_characters = true;
	}
}

/* [...]: up to its end. */
static void take_class(struct reading *self)
{
	take_other(self);
	if (self->at < self->end && *self->at == '^') {
		self->found->within_lines = false;
		self->found->has_characters = true;
		self->at++;
	}
	if (self->at < self->end && *self->at == ']')
		self->at++;
	while (self->at < self->end && *self->at != ']') {
		unsigned char byte = (unsigned char)*self->at++;

		/* [:alpha:] and its like, and what may be a range that begins below the line end. */
		if (byte < ' ')
			self->found->within_lines = false;
		if (byte >= 0x80)
			self->found->has_characters = true;
		if (byte >= 'A' && byte <= 'Z')
			self->found->has_capital = true;
		if (byte == '[' && self->at < self->end && strchr(":.=", *self->at) != NULL)
			self->lost = true;
		if (byte == '\\' && self->at < self->end) {
			byte = (unsigned char)*self->at++;
			if ((is_letter(byte) || (byte >= '0' && byte <= '9')) && strchr("dw", byte) == NULL)
				self->lost = self->found->has_characters = true;
		}
	}
	if (self->at == self->end)
		self->lost = true;
	else
		self->at++;
}

/* The quantifier behind an atom; `optional`: the atom may be missing. */
static void take_quantifier(struct reading *self, bool optional)
{
	self->plain = false;
	if (optional && self->run.size > 0)
		self->run.size--;
	/* A character of several bytes is one atom. */
	while (optional && self->run.size > 0 && self->utf && self->run.bytes[self->run.size] >= 0x80 &&
	       self->run.bytes[self->run.size] < 0xc0)
		self->run.size--;
	end_run(self);
	if (self->at < self->end && *self->at == '+')
		self->found->within_lines = false; /* possessive: what it takes it never gives back */
	if (self->at < self->end && (*self->at == '+' || *self->at == '?'))
		self->at++;
}

static void take_open(struct reading *self)
{
	take_other(self);
	self->depth++;
	if (self->at < self->end && *self->at == '*')
		self->lost = true;
	if (self->at == self->end || *self->at != '?')
		return;
	if (self->end - self->at >= 2 && self->at[1] == ':')
		self->at += 2;
	else
		self->lost = true;
}

static bool is_counted(const struct reading *self)
{
	return self->at < self->end && ((*self->at >= '0' && *self->at <= '9') || *self->at == ',' || *self->at == ' ');
}

static void take(struct reading *self)
{
	unsigned char byte = (unsigned char)*self->at++;

	switch (byte) {
	case '\\':
		take_escape(self);
		break;
	case '[':
		take_class(self);
		break;
	case '(':
		take_open(self);
		break;
	case ')':
		take_other(self);
		self->lost = self->lost || self->depth == 0;
		self->depth -= self->depth > 0;
		break;
	case '|':
		take_other(self);
		self->split = self->split || self->depth == 0;
		break;
	case '$':
		/* It stands before "\r\n", too, for whoever sees lines. */
		self->found->within_lines = false;
		take_other(self);
		break;
	case '.':
		self->found->has_characters = true;
		take_other(self);
		break;
	case '^':
		take_other(self);
		break;
	case '*':
	case '?':
		take_quantifier(self, true);
		break;
	case '+':
		take_quantifier(self, false);
		break;
	case '{':
		if (!is_counted(self)) {
			take_literal(self, byte);
			break;
		}
		while (self->at < self->end && *self->at != '}')
			self->at++;
		self->lost = self->lost || self->at == self->end;
		self->at += self->at < self->end;
		take_quantifier(self, true);
		break;
	default:
		take_literal(self, byte);
		break;
	}
}

void text_pattern_read(const char *pattern, size_t size_bytes, bool fold, bool utf, struct text_pattern *found)
{
	struct reading reading = {
		.at = pattern, .end = pattern + size_bytes, .fold = fold, .utf = utf, .plain = true, .found = found};

	*found = (struct text_pattern){.within_lines = true};
	while (reading.at < reading.end)
		take(&reading);
	end_run(&reading);
	if (reading.lost)
		found->within_lines = false;
	if (reading.lost || reading.split || reading.depth > 0)
		return;
	found->literal = reading.best;
	found->whole = reading.plain && reading.best.size > 0;
	choose_pair(&found->literal);
}
