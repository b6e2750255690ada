/* SPDX-License-Identifier: MIT */
#include "ui/text.h"

#include "config/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define REPLACEMENT 0xfffdu

struct range {
	uint32_t first, last;
};

/* Seen by nobody, but moving what follows on some terminals and not on others. */
static const struct range left_out[] = {
	{0x00ad, 0x00ad}, {0x034f, 0x034f}, {0x115f, 0x1160}, {0x17b4, 0x17b5},   {0x180b, 0x180f},
	{0x200b, 0x200d}, {0x2060, 0x2064}, {0x206a, 0x206f}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},
	{0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff9, 0xfffb}, {0x1f3fb, 0x1f3ff}, {0xe0000, 0xe0fff},
};

/* Turn the reading direction or break the line: with these a text can show something else than it says. */
static const struct range deceiving[] = {
	{0x061c, 0x061c},
	{0x200e, 0x200f},
	{0x2028, 0x202e},
	{0x2066, 0x2069},
};

static bool in_ranges(uint32_t point, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (point < ranges[i].first)
			return false;
		if (point <= ranges[i].last)
			return true;
	}
	return false;
}

#define IN(point, ranges) in_ranges(point, ranges, sizeof(ranges) / sizeof((ranges)[0]))

/* Typographic signs people write in names and notices, for terminals that have only ASCII. */
static const struct {
	uint32_t point;
	const char *ascii;
} spellings[] = {
	{0x00a0, " "}, {0x00ab, "\""},  {0x00b7, "*"}, {0x00bb, "\""}, {0x00d7, "x"},  {0x2010, "-"},  {0x2011, "-"},
	{0x2012, "-"}, {0x2013, "-"},   {0x2014, "-"}, {0x2018, "'"},  {0x2019, "'"},  {0x201c, "\""}, {0x201d, "\""},
	{0x2022, "*"}, {0x2026, "..."}, {0x202f, " "}, {0x2190, "<-"}, {0x2192, "->"},
};

size_t text_point(const char *at, size_t size, uint32_t *point)
{
	size_t length = utf8_length(at, size);
	uint32_t value = (unsigned char)at[0];

	if (length > 1)
		value &= 0x7fu >> length;
	for (size_t i = 1; i < length; i++)
		value = value << 6 | ((unsigned char)at[i] & 0x3fu);
	if (length > 0)
		*point = value;
	return length;
}

size_t text_encode(uint32_t point, char out[4])
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	for (size_t i = length - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (point & 0x3f));
		point >>= 6;
	}
	out[0] = (char)((0xf00u >> length & 0xffu) | point);
	return length;
}

size_t text_visible(uint32_t point, char out[TEXT_POINTS_MAX])
{
	char form[16];
	int length;

	if (point < 0x20 || point == 0x7f)
		length = snprintf(form, sizeof(form), "^%c", (int)(point ^ 0x40));
	else if (point >= 0x80 && point < 0xa0)
		length = snprintf(form, sizeof(form), "\\x%02x", point);
	else if (IN(point, deceiving))
		length = snprintf(form, sizeof(form), "\\u%04x", point);
	else
		return 0;
	memcpy(out, form, (size_t)length);
	return (size_t)length;
}

char *text_harmless(const char *text)
{
	size_t size = strlen(text), used = 0;
	char *out = malloc(size * TEXT_POINTS_MAX + 1);

	for (const char *at = text; out != NULL && size > 0;) {
		uint32_t point = 0xfffd;
		size_t length = text_point(at, size, &point), visible;

		if (length == 0) {
			point = 0xfffd;
			length = 1;
		}
		if (point == '\n' || point == '\r' || point == '\t')
			point = ' ';
		visible = text_visible(point, out + used);
		used += visible > 0 ? visible : text_encode(point, out + used);
		at += length;
		size -= length;
	}
	if (out != NULL)
		out[used] = '\0';
	return out;
}

static void spread(struct text_char *out, const char *form, size_t length)
{
	for (size_t i = 0; i < length; i++)
		out->points[i] = (unsigned char)form[i];
	out->count = out->columns = (unsigned)length;
	out->spread = true;
}

static void spell(struct text_char *out, uint32_t point)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		if (spellings[i].point == point) {
			spread(out, spellings[i].ascii, strlen(spellings[i].ascii));
			return;
		}
	}
	spread(out, "?", 1);
}

/* Takes the combining characters that follow a base; also those left out, so that the next character starts clean. */
static void take_combining(const char *at, const char *end, struct text_char *out)
{
	while (at + out->bytes < end) {
		uint32_t point;
		size_t length = text_point(at + out->bytes, (size_t)(end - at) - out->bytes, &point);
		if (length == 0 || point < 0x80)
			return;
		if (!IN(point, left_out)) {
			char form[TEXT_POINTS_MAX];
			if (text_visible(point, form) > 0 || wcwidth((wchar_t)point) != 0)
				return;
			if (out->count < TEXT_COMBINING_MAX)
				out->points[out->count++] = point;
		}
		out->bytes += length;
	}
}

/* Fills `out` for one decoded character; false: it shows nothing. */
static bool show(uint32_t point, bool utf8, struct text_char *out)
{
	char form[TEXT_POINTS_MAX];
	size_t visible;

	*out = (struct text_char){.points = {point}, .count = 1, .columns = 1, .bytes = out->bytes};
	if (point == '\n') {
		out->columns = 0;
		return true;
	}
	if (point == '\t')
		point = out->points[0] = ' ';
	if (point >= 0x20 && point < 0x7f)
		return true;
	if ((visible = text_visible(point, form)) > 0) {
		spread(out, form, visible);
		return true;
	}
	if (IN(point, left_out))
		return false;
	int columns = wcwidth((wchar_t)point);
	if (columns == 0)
		return false;
	if (!utf8)
		spell(out, point);
	else if (columns < 0)
		out->points[0] = REPLACEMENT;
	else
		out->columns = (unsigned)columns;
	return true;
}

bool text_next(const char *at, const char *end, bool utf8, struct text_char *out)
{
	size_t skipped = 0;

	while (at + skipped < end) {
		uint32_t point;
		size_t length = text_point(at + skipped, (size_t)(end - at) - skipped, &point);
		if (length == 0) {
			length = 1;
			point = REPLACEMENT;
		}
		skipped += length;
		out->bytes = skipped;
		if (!show(point, utf8, out))
			continue;
		if (utf8 && !out->spread && out->columns > 0)
			take_combining(at, end, out);
		return true;
	}
	return false;
}

unsigned text_columns(const char *text, size_t size, bool utf8)
{
	const char *end = text + size;
	unsigned columns = 0;
	struct text_char c;

	for (; text_next(text, end, utf8, &c); text += c.bytes)
		columns += c.columns;
	return columns;
}

void text_wrap_init(struct text_wrap *self, const char *text, unsigned columns, unsigned item_indent, bool utf8)
{
	*self = (struct text_wrap){
		.at = text,
		.end = text + strlen(text),
		.columns = columns > 0 ? columns : 1,
		.item_indent = item_indent,
		.utf8 = utf8,
		.fresh = true,
	};
}

/* Reads the indentation of a paragraph: leading spaces, and the dash of a list item, which its other lines hang behind. */
static unsigned paragraph_indent(struct text_wrap *self)
{
	unsigned indent = 0;

	while (self->at < self->end && *self->at == ' ') {
		self->at++;
		indent++;
	}
	bool item = self->end - self->at >= 2 && self->at[0] == '-' && self->at[1] == ' ';
	if (item)
		indent += self->item_indent;
	if (indent > self->columns / 2)
		indent = self->columns / 2;
	self->hang = item && indent + 2 < self->columns ? indent + 2 : indent;
	self->fresh = false;
	return indent;
}

/* Goes on at `next`: spaces at a line break are not shown, and a paragraph may end right there. */
static void continue_at(struct text_wrap *self, const char *next)
{
	while (next < self->end && *next == ' ')
		next++;
	if (next < self->end && *next == '\n') {
		next++;
		self->fresh = true;
	}
	self->at = next;
}

bool text_wrap_next(struct text_wrap *self, struct text_line *line)
{
	if (self->at >= self->end)
		return false;
	line->indent = self->fresh ? paragraph_indent(self) : self->hang;
	line->start = self->at;
	unsigned room = self->columns - line->indent, used = 0;
	const char *at = self->at, *stop = NULL, *next = NULL; /* the last place where the line may break */
	bool after_wide = false;
	struct text_char c;

	for (; text_next(at, self->end, self->utf8, &c); at += c.bytes, used += c.columns) {
		bool space = c.columns == 1 && c.points[0] == ' ', wide = c.columns == 2 && !c.spread;
		if (c.columns == 0) {
			line->bytes = (size_t)(at - line->start);
			self->at = at + c.bytes;
			self->fresh = true;
			return true;
		}
		if (space) {
			stop = at;
			next = at + c.bytes;
		} else if ((wide || after_wide) && used > 0) {
			stop = next = at;
		}
		if (used + c.columns > room) {
			if (stop == NULL)
				stop = next = used > 0 ? at : at + c.bytes;
			line->bytes = (size_t)(stop - line->start);
			continue_at(self, next);
			return true;
		}
		after_wide = wide;
	}
	line->bytes = (size_t)(at - line->start);
	self->at = self->end;
	return true;
}

unsigned text_wrap_count(const char *text, unsigned columns, unsigned item_indent, bool utf8)
{
	struct text_wrap wrap;
	struct text_line line;
	unsigned count = 0;

	text_wrap_init(&wrap, text, columns, item_indent, utf8);
	while (text_wrap_next(&wrap, &line))
		count++;
	return count;
}

/* The first place from which the rest takes at most `columns`; at a word's start when there is one. */
static const char *find_tail(const char *text, const char *end, unsigned total, unsigned columns, bool utf8)
{
	const char *fitting = NULL;
	struct text_char c;

	for (; text_next(text, end, utf8, &c); text += c.bytes, total -= c.columns) {
		if (total > columns)
			continue;
		if (fitting == NULL)
			fitting = text;
		if (c.points[0] == ' ' && c.columns == 1)
			return text;
	}
	return fitting != NULL ? fitting : end;
}

void text_elide(const char *text, unsigned columns, bool utf8, char *out, size_t out_size)
{
	const char *end = text + strlen(text), *tail = end, *mark = utf8 ? "\xe2\x80\xa6" : "...";
	unsigned mark_columns = utf8 ? 1 : 3, room = columns, total = text_columns(text, (size_t)(end - text), utf8);
	size_t used = 0;
	struct text_char c;

	if (total > columns) {
		room = columns > mark_columns ? columns - mark_columns : 0;
		tail = find_tail(text, end, total, room * 3 / 4, utf8);
		room -= text_columns(tail, (size_t)(end - tail), utf8);
	}
	size_t reserve = total > columns ? strlen(mark) + (size_t)(end - tail) : 0;
	if (out_size <= reserve) { /* too small for a tail: cut at the end */
		tail = end;
		reserve = 0;
		mark = "";
	}
	for (; text_next(text, tail, utf8, &c) && c.columns <= room && used + c.bytes + reserve < out_size;
	     text += c.bytes) {
		memcpy(out + used, text, c.bytes);
		used += c.bytes;
		room -= c.columns;
	}
	if (reserve > 0) {
		memcpy(out + used, mark, strlen(mark));
		used += strlen(mark);
		memcpy(out + used, tail, (size_t)(end - tail));
		used += (size_t)(end - tail);
	}
	out[used] = '\0';
}
