/* SPDX-License-Identifier: MIT */
#include "ui/plain.h"

#include "ui/model.h"
#include "ui/text.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#define NAME_COLUMNS_MAX 24u
/* A longer one is no colour, and is shown as what it is. */
#define SGR_BYTES_MAX 64
#define CLEAN_BYTES 32 /* looked at together */

static const char own_name[] = "upfront";
static const char own_style[] = "\033[1m";
static const char sgr_reset[] = "\033[0m";
static const char replacement[] = "\xef\xbf\xbd";
static const char cut_mark[] = " [...]";

/* Readable on light and dark backgrounds alike; red is left to those who report trouble. */
static const char *const name_styles[] = {
	"\033[36m", "\033[33m", "\033[32m", "\033[35m", "\033[34m",
	"\033[96m", "\033[93m", "\033[92m", "\033[95m", "\033[94m",
};
#define NAME_STYLES (sizeof(name_styles) / sizeof(name_styles[0]))

/* Unlocked: a lock per piece would cost more than the piece. A stream belongs to one thread here. */
static void put(const struct plain *self, const char *bytes, size_t size)
{
	if (size > 0)
		fwrite_unlocked(bytes, 1, size, self->out);
}

static void put_string(const struct plain *self, const char *text)
{
	put(self, text, strlen(text));
}

static void put_char(const struct plain *self, const struct text_char *c)
{
	char bytes[4];

	for (unsigned i = 0; i < c->count; i++)
		put(self, bytes, text_encode(c->points[i], bytes));
}

/* Services are usually called by a few letters, digits and dashes; those need no decoding. */
static bool put_short_name(const struct plain *self, const char *name)
{
	char padded[NAME_COLUMNS_MAX];
	size_t length = 0;

	for (; name[length] != '\0'; length++) {
		if (length == self->name_width || name[length] <= ' ' || name[length] > '~')
			return false;
		padded[length] = name[length];
	}
	memset(padded + length, ' ', self->name_width - length);
	put(self, padded, self->name_width);
	return true;
}

static void put_name(const struct plain *self, const char *name)
{
	const char *end = name + strlen(name);
	size_t columns = 0, limit = self->name_width > 0 ? self->name_width : NAME_COLUMNS_MAX;
	struct text_char c;

	if (self->name_width <= NAME_COLUMNS_MAX && self->name_width > 0 && put_short_name(self, name))
		return;
	for (; text_next(name, end, true, &c) && columns + c.columns <= limit; name += c.bytes) {
		put_char(self, &c);
		columns += c.columns;
	}
	for (; columns < self->name_width; columns++)
		putc_unlocked(' ', self->out);
}

static void put_prefix(const struct plain *self, const struct plain_line *line)
{
	const char *style = line->service != NULL ? name_styles[line->index % NAME_STYLES] : own_style;

	if (self->color)
		put_string(self, style);
	put_name(self, line->service != NULL ? line->service : own_name);
	put_string(self, " |");
	put_string(self, self->color ? "\033[0m " : " ");
}

static void put_time(const struct plain *self, int64_t time_ms)
{
	int64_t seconds = time_ms / 1000 - (time_ms % 1000 < 0);
	int ms = (int)(time_ms - seconds * 1000);
	time_t when = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&when, &tm) != NULL)
		fprintf(self->out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
}

/* Bytes of the SGR sequence (ESC [ numbers m) that stands at `at`, else 0. */
static size_t sgr_length(const char *at, const char *end)
{
	if (end - at < 3 || at[1] != '[')
		return 0;
	for (size_t i = 2; i < SGR_BYTES_MAX && at + i < end; i++) {
		if (at[i] == 'm')
			return i + 1;
		if ((at[i] < '0' || at[i] > '9') && at[i] != ';' && at[i] != ':')
			return 0;
	}
	return 0;
}

static bool is_ordinary(unsigned char byte)
{
	return (byte >= 0x20 && byte < 0x7f) || byte == '\t';
}

/* Eight at a time: below a blank, DEL, or with the high bit set. */
bool plain_is_clean(const char *bytes, size_t size_bytes)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
	uint64_t found = 0, word;

	for (; size_bytes >= sizeof(word); bytes += sizeof(word), size_bytes -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		/* Each byte below 0x80 stays apart from the others in both sums. */
		found |= word | ~((word & ~highs) + ones * 0x60) | ((word & ~highs) + ones);
	}
	for (; size_bytes > 0; bytes++, size_bytes--)
		found |= is_ordinary((unsigned char)*bytes) && *bytes != '\t' ? 0 : highs;
	return (found & highs) == 0;
}

/* Shows the one character at `at` that is not ordinary; returns its bytes. *styled: a colour is on that has to end. */
static size_t put_special(const struct plain *self, const char *at, const char *end, bool *styled)
{
	char form[TEXT_POINTS_MAX];
	uint32_t point;
	size_t length = *at == '\033' ? sgr_length(at, end) : 0;

	if (length > 0) {
		if (self->color)
			put(self, at, length);
		*styled = self->color;
		return length;
	}
	length = text_point(at, (size_t)(end - at), &point);
	if (length == 0) {
		put_string(self, replacement);
		return 1;
	}
	size_t visible = text_visible(point, form);
	put(self, visible > 0 ? form : at, visible > 0 ? visible : length);
	return length;
}

static void put_harmless(const struct plain *self, const char *bytes, size_t size)
{
	const char *at = bytes, *end = bytes + size;
	bool styled = false;

	/* Lines that end with CR LF show nothing of it. */
	if (size > 0 && end[-1] == '\r')
		end--;
	while (at < end) {
		const char *start = at;
		while (end - at >= CLEAN_BYTES && plain_is_clean(at, CLEAN_BYTES))
			at += CLEAN_BYTES;
		while (at < end && is_ordinary((unsigned char)*at))
			at++;
		put(self, start, (size_t)(at - start));
		if (at < end)
			at += put_special(self, at, end, &styled);
	}
	if (styled)
		put_string(self, sgr_reset);
}

void plain_fit(struct plain *self, const char *const *names)
{
	unsigned widest = text_columns(own_name, sizeof(own_name) - 1, true);

	for (; *names != NULL; names++) {
		unsigned columns = text_columns(*names, strlen(*names), true);
		if (columns > widest)
			widest = columns;
	}
	self->name_width = widest < NAME_COLUMNS_MAX ? widest : NAME_COLUMNS_MAX;
}

void plain_write(struct plain *self, const struct plain_line *line)
{
	if (self->prefix)
		put_prefix(self, line);
	if (self->timestamps)
		put_time(self, line->time_ms);
	if (self->terminal)
		put_harmless(self, line->bytes, line->size_bytes);
	else
		put(self, line->bytes, line->size_bytes);
	if (self->terminal && line->partial)
		put_string(self, cut_mark);
	putc_unlocked('\n', self->out);
}
