/* SPDX-License-Identifier: MIT */
#include "config/err.h"

#include "config/utf8.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Longest word that is looked at for a near miss; file content may be anything. */
#define ERR_WORD_MAX 64

void err_init(struct err *self)
{
	*self = (struct err)ERR_INIT;
}

static void err_item_finish(struct err_item *item)
{
	free(item->file);
	free(item->message);
	free(item->hint);
}

void err_finish(struct err *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < self->count; i++)
		err_item_finish(&self->items[i]);
	free(self->items);
	err_init(self);
}

static int err_code_to_errno(enum err_code code)
{
	switch (code) {
	case ERR_USAGE:
	case ERR_CONFIG:
		return -EINVAL;
	case ERR_MISSING:
		return -ENOENT;
	case ERR_TIMEOUT:
		return -ETIMEDOUT;
	case ERR_NOT_RUNNING:
		return -ENOTCONN;
	case ERR_NONE:
	case ERR_FAILED:
	case ERR_INTERNAL:
		break;
	}
	return -EIO;
}

/* Takes over what `item` owns, also when there is no room for it. */
static void err_push(struct err *self, enum err_code code, struct err_item *item)
{
	if (self->code == ERR_NONE)
		self->code = code;
	if (!self->items)
		self->items = calloc(ERR_ITEMS_MAX, sizeof(*self->items));
	if (!self->items || !item->message || self->count == ERR_ITEMS_MAX) {
		self->dropped++;
		err_item_finish(item);
		return;
	}
	self->items[self->count++] = *item;
}

static char *err_format(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
static char *err_format(const char *format, va_list args)
{
	char *text = NULL;

	return vasprintf(&text, format, args) < 0 ? NULL : text;
}

int err_set(struct err *self, enum err_code code, const char *format, ...)
{
	struct err_item item = {0};
	va_list args;

	if (!self)
		return err_code_to_errno(code);
	va_start(args, format);
	item.message = err_format(format, args);
	va_end(args);
	err_push(self, code, &item);
	return err_code_to_errno(code);
}

int err_at(struct err *self, enum err_code code, struct err_place place, const char *format, ...)
{
	struct err_item item = {.line = place.line, .column = place.column};
	va_list args;

	if (!self)
		return err_code_to_errno(code);
	if (place.file)
		item.file = strdup(place.file);
	va_start(args, format);
	item.message = err_format(format, args);
	va_end(args);
	err_push(self, code, &item);
	return err_code_to_errno(code);
}

void err_hint(struct err *self, const char *format, ...)
{
	struct err_item *item;
	va_list args;
	char *hint;

	/* A message that was only counted takes its hint with it. */
	if (!self || !self->count || self->dropped)
		return;
	va_start(args, format);
	hint = err_format(format, args);
	va_end(args);
	if (!hint)
		return;
	item = &self->items[self->count - 1];
	free(item->hint);
	item->hint = hint;
}

void err_context(struct err *self, const char *format, ...)
{
	char *context;
	char *message;
	va_list args;

	if (!self || !self->count)
		return;
	va_start(args, format);
	context = err_format(format, args);
	va_end(args);
	if (!context)
		return;
	if (asprintf(&message, "%s: %s", context, self->items[0].message) >= 0) {
		free(self->items[0].message);
		self->items[0].message = message;
	}
	free(context);
}

void err_set_cause(struct err *self, enum err_cause cause)
{
	if (self)
		self->cause = cause;
}

bool err_is_set(const struct err *self)
{
	return self && self->code != ERR_NONE;
}

void err_move(struct err *self, struct err *from)
{
	if (!from || self == from)
		return;
	if (self && from->code != ERR_NONE) {
		for (size_t i = 0; i < from->count; i++)
			err_push(self, from->code, &from->items[i]);
		if (self->code == ERR_NONE)
			self->code = from->code;
		self->dropped += from->dropped;
		if (self->cause == ERR_CAUSE_OTHER)
			self->cause = from->cause;
		from->count = 0;
	}
	err_finish(from);
}

/* Controls, and what turns the direction of writing around: a hostile file must not repaint the terminal or hide text. */
static bool err_is_harmless(const unsigned char *at, size_t length)
{
	if (length == 1)
		return at[0] >= 0x20 && at[0] != 0x7f;
	if (length == 2)
		return !(at[0] == 0xc2 && at[1] < 0xa0); /* C1 */
	if (length == 3 && at[0] == 0xe2) {
		if (at[1] == 0x80) /* U+200E, 200F; 2028 to 202E */
			return !(at[2] == 0x8e || at[2] == 0x8f || (at[2] >= 0xa8 && at[2] <= 0xae));
		if (at[1] == 0x81) /* U+2066 to 2069 */
			return !(at[2] >= 0xa6 && at[2] <= 0xa9);
	}
	return true;
}

static void err_write_safely(FILE *out, const char *text)
{
	size_t size_bytes = strlen(text);

	for (size_t at = 0; at < size_bytes;) {
		const unsigned char *bytes = (const unsigned char *)text + at;
		size_t length = utf8_length(text + at, size_bytes - at);
		bool harmless = length && err_is_harmless(bytes, length);

		if (!length)
			length = 1;
		if (harmless) {
			fwrite(bytes, 1, length, out);
		} else {
			for (size_t i = 0; i < length; i++)
				fprintf(out, "\\x%02X", bytes[i]);
		}
		at += length;
	}
}

char *err_render(const struct err *self, const char *program)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < self->count; i++) {
		const struct err_item *item = &self->items[i];

		fprintf(out, "%s: ", program);
		if (item->file) {
			err_write_safely(out, item->file);
			if (item->line > 0)
				fprintf(out, ":%d", item->line);
			if (item->line > 0 && item->column > 0)
				fprintf(out, ":%d", item->column);
			fputs(": ", out);
		}
		err_write_safely(out, item->message);
		fputc('\n', out);
		if (item->hint) {
			fputs("  hint: ", out);
			err_write_safely(out, item->hint);
			fputc('\n', out);
		}
	}
	if (self->dropped && self->count)
		fprintf(out, "%s: ... and %zu more\n", program, self->dropped);
	else if (self->dropped)
		fprintf(out, "%s: out of memory\n", program);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static char err_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t err_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, replacements and neighbours swapped count one each; case counts nothing. */
static size_t err_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t rows[3][ERR_WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			bool same = err_lower(a[i - 1]) == err_lower(b[j - 1]);

			row[j] = err_min(above[j - 1] + !same, err_min(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && err_lower(a[i - 1]) == err_lower(b[j - 2]) &&
			    err_lower(a[i - 2]) == err_lower(b[j - 1]))
				row[j] = err_min(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = spare;
	}
	return above[b_length];
}

const char *err_nearest(const char *word, const char *const *names)
{
	size_t length = strnlen(word, ERR_WORD_MAX + 1);
	size_t best_distance = SIZE_MAX;
	const char *best = NULL;

	if (length > ERR_WORD_MAX)
		return NULL;
	for (; *names; names++) {
		size_t name_length = strnlen(*names, ERR_WORD_MAX + 1);
		size_t distance;

		if (name_length > ERR_WORD_MAX)
			continue;
		distance = err_distance(word, length, *names, name_length);
		if (distance < best_distance && distance * 3 <= (length > name_length ? length : name_length)) {
			best_distance = distance;
			best = *names;
		}
	}
	return best;
}
