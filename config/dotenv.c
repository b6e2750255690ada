/* SPDX-License-Identifier: MIT */
#include "config/dotenv.h"

#include "config/err.h"
#include "config/interpolate.h"
#include "config/paths.h"
#include "config/strmap.h"
#include "config/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct dotenv {
	const char *file;
	const char *at, *end;
	const char *line_start;
	int line;
	const struct interpolate_source *source; /* NULL: nothing is interpolated */
	struct strmap *values;
	const char *value, *value_end; /* of the statement last read; NULL: it gave none */
	dotenv_visit *visit; /* NULL: nobody wants to know */
	void *context;
	const char *text;
	int result; /* first error; reading goes on, to report the others */
	struct err *err;
};

static struct err_place dotenv_place(const struct dotenv *self)
{
	struct err_place place = {self->file, self->line, 0};

	place.column = (int)utf8_count(self->line_start, (size_t)(self->at - self->line_start)) + 1;
	return place;
}

static bool dotenv_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

static void dotenv_skip_blanks(struct dotenv *self)
{
	while (self->at < self->end && dotenv_is_blank(*self->at))
		self->at++;
}

static const char *dotenv_line_end(const struct dotenv *self)
{
	const char *newline = memchr(self->at, '\n', (size_t)(self->end - self->at));

	return newline ? newline : self->end;
}

static void dotenv_next_line(struct dotenv *self)
{
	self->at = dotenv_line_end(self);
	if (self->at == self->end)
		return;
	self->line_start = ++self->at;
	self->line++;
}

static const char *dotenv_find(void *context, const char *name)
{
	const struct dotenv *self = context;
	const char *value = self->source->find(self->source->context, name);

	return value ? value : strmap_find(self->values, name);
}

static void dotenv_unset(void *context, const char *name, struct err_place place)
{
	const struct dotenv *self = context;

	if (self->source->unset)
		self->source->unset(self->source->context, name, place);
}

static int dotenv_no_memory(struct dotenv *self)
{
	self->result = err_at(self->err, ERR_INTERNAL, dotenv_place(self), "out of memory");
	return self->result;
}

/* Sets `key` to `text`, its variables filled in when asked for. */
static int dotenv_set(struct dotenv *self, const char *key, const char *text, struct err_place place, bool interpolated)
{
	const struct interpolate_source source = {dotenv_find, dotenv_unset, self, NULL};
	char *value = NULL;
	int result;

	if (interpolated && self->source) {
		result = interpolate_text(text, place, &source, &value, self->err);
		if (result < 0) {
			self->result = result;
			return result;
		}
	}
	result = strmap_set(self->values, key, value ? value : text) < 0 ? dotenv_no_memory(self) : 0;
	free(value);
	return result;
}

static bool dotenv_is_key_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_.-[]", c) ||
	       (unsigned char)c >= 0x80;
}

/* `export` and blanks; not the name in `export=1`. */
static void dotenv_skip_export(struct dotenv *self)
{
	static const char word[] = "export";
	size_t length = sizeof(word) - 1;

	if ((size_t)(self->end - self->at) <= length || memcmp(self->at, word, length) != 0 ||
	    !dotenv_is_blank(self->at[length]))
		return;
	self->at += length;
	dotenv_skip_blanks(self);
}

/* The name before '=' or ':', or alone on its line; `self->at` is left on what follows it. NULL: an error was reported. */
static char *dotenv_key(struct dotenv *self)
{
	const char *begin = self->at;
	const char *key_end;
	char *key;

	while (self->at < self->end && *self->at && dotenv_is_key_byte(*self->at))
		self->at++;
	key_end = self->at;
	dotenv_skip_blanks(self);
	if (self->at < self->end && *self->at != '=' && *self->at != ':' && *self->at != '\n') {
		if (self->at > key_end) {
			self->result = err_at(self->err, ERR_CONFIG, dotenv_place(self),
					      "a variable name cannot hold a space");
		} else {
			size_t length = utf8_length(self->at, (size_t)(self->end - self->at));

			self->result =
				err_at(self->err, ERR_CONFIG, dotenv_place(self),
				       "'%.*s' cannot stand in a variable name", (int)(length ? length : 1), self->at);
		}
		err_hint(self->err, "a line is NAME=value; a comment begins with '#'");
		return NULL;
	}
	if (key_end == begin) {
		self->result = err_at(self->err, ERR_CONFIG, dotenv_place(self), "a variable name is missing");
		err_hint(self->err, "a line is NAME=value; a comment begins with '#'");
		return NULL;
	}
	key = strndup(begin, (size_t)(key_end - begin));
	if (!key)
		dotenv_no_memory(self);
	return key;
}

static void dotenv_unquoted(struct dotenv *self, const char *key)
{
	struct err_place place = dotenv_place(self);
	size_t length = (size_t)(dotenv_line_end(self) - self->at);
	const char *comment = memmem(self->at, length, " #", 2);
	char *text;

	if (comment)
		length = (size_t)(comment - self->at);
	while (length && dotenv_is_blank(self->at[length - 1]))
		length--;
	self->value = self->at;
	self->value_end = self->at + length;
	text = strndup(self->at, length);
	if (text)
		dotenv_set(self, key, text, place, true);
	else
		dotenv_no_memory(self);
	free(text);
}

/* One escape of a double-quoted value, `at` behind the backslash. Returns how many bytes of it were used; 0: no escape. */
static size_t dotenv_escape(const char *at, const char *end, char **out)
{
	static const char letters[] = "abfnrtv";
	static const char meanings[] = "\a\b\f\n\r\t\v";
	const char *letter = *at ? strchr(letters, *at) : NULL;
	int octal = 0;

	if (letter) {
		*(*out)++ = meanings[letter - letters];
		return 1;
	}
	if (*at == '"' || *at == '\\') {
		*(*out)++ = *at;
		return 1;
	}
	if (*at == '$') {
		*out = stpcpy(*out, "$$"); /* kept from being a variable */
		return 1;
	}
	if (*at != '0' || end - at < 4)
		return 0;
	for (size_t i = 1; i < 4; i++) {
		if (at[i] < '0' || at[i] > '7')
			return 0;
		octal = octal * 8 + (at[i] - '0');
	}
	if (octal == 0 || octal > 0x7f)
		return 0;
	*(*out)++ = (char)octal;
	return 4;
}

/* What stands between the quotes, escapes read; no longer than it was, `\$` being as long as `$$`. */
static void dotenv_unescape(const char *from, const char *to, char quote, bool interpolated, char *out)
{
	while (from < to) {
		size_t used = 0;

		if (*from == '\\' && from + 1 < to) {
			if (quote == '\'' && from[1] == quote) {
				*out++ = quote;
				used = 1;
			} else if (quote == '"' && from[1] == '$' && !interpolated) {
				*out++ = '$';
				used = 1;
			} else if (quote == '"') {
				used = dotenv_escape(from + 1, to, &out);
			}
		}
		if (used)
			from += 1 + used;
		else
			*out++ = *from++;
	}
	*out = '\0';
}

static const char *dotenv_closing_quote(const char *at, const char *end, char quote)
{
	for (; at < end && *at != quote; at++) {
		if (*at == '\\' && at + 1 < end)
			at++;
	}
	return at < end ? at : NULL;
}

static void dotenv_quoted(struct dotenv *self, const char *key)
{
	struct err_place place = dotenv_place(self);
	char quote = *self->at;
	const char *begin = self->at + 1;
	const char *close = dotenv_closing_quote(begin, self->end, quote);
	char *text;

	if (!close) {
		self->result = err_at(self->err, ERR_CONFIG, place, "the value of '%s' has no closing %c", key, quote);
		/* All that follows may belong to it: nothing sure can be said about the rest. */
		self->at = self->end;
		return;
	}
	text = malloc((size_t)(close - begin) + 1);
	if (!text) {
		dotenv_no_memory(self);
		return;
	}
	place.column++;
	dotenv_unescape(begin, close, quote, self->source != NULL, text);
	dotenv_set(self, key, text, place, quote == '"');
	free(text);
	self->value = begin - 1;
	self->value_end = close + 1;
	while (dotenv_line_end(self) < close)
		dotenv_next_line(self);
	self->at = close + 1;
	dotenv_skip_blanks(self);
	if (self->at < self->end && *self->at != '\n' && *self->at != '#')
		self->result = err_at(self->err, ERR_CONFIG, dotenv_place(self), "text follows the closing %c of '%s'",
				      quote, key);
}

static void dotenv_tell(const struct dotenv *self, const char *key, const char *key_begin)
{
	struct dotenv_span span = {.key = (size_t)(key_begin - self->text)};

	if (!self->visit)
		return;
	span.key_end = span.key + strlen(key);
	span.has_value = self->value != NULL;
	span.value = self->value ? (size_t)(self->value - self->text) : span.key_end;
	span.value_end = self->value ? (size_t)(self->value_end - self->text) : span.key_end;
	self->visit(self->context, key, &span);
}

static void dotenv_statement(struct dotenv *self)
{
	const char *key_begin;
	char *key;
	char after;

	dotenv_skip_export(self);
	key_begin = self->at;
	self->value = NULL;
	key = dotenv_key(self);
	if (!key)
		return;
	after = self->at < self->end ? *self->at : '\n';
	if (after == '\n') {
		const char *value = self->source ? self->source->find(self->source->context, key) : NULL;

		if ((value || !self->source) && strmap_set(self->values, key, value) < 0)
			dotenv_no_memory(self);
	} else {
		self->at++;
		dotenv_skip_blanks(self);
		if (self->at < self->end && (*self->at == '"' || *self->at == '\''))
			dotenv_quoted(self, key);
		else
			dotenv_unquoted(self, key);
	}
	dotenv_tell(self, key, key_begin);
	free(key);
}

int dotenv_walk(const char *file, const char *text, size_t size_bytes, const struct interpolate_source *source,
		struct strmap *values, dotenv_visit *visit, void *context, struct err *err)
{
	struct dotenv self = {.file = file,
			      .text = text,
			      .visit = visit,
			      .context = context,
			      .at = text,
			      .end = text + size_bytes,
			      .line = 1,
			      .source = source,
			      .values = values,
			      .err = err};
	const char *nul = memchr(text, '\0', size_bytes);

	if (size_bytes > DOTENV_BYTES_MAX)
		return err_at(err, ERR_CONFIG, (struct err_place){file, 0, 0}, "larger than %u kB",
			      DOTENV_BYTES_MAX / 1024);
	if (size_bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		self.at += 3;
	self.line_start = self.at;
	if (nul) {
		while (dotenv_line_end(&self) < nul)
			dotenv_next_line(&self);
		self.at = nul;
		return err_at(err, ERR_CONFIG, dotenv_place(&self), "not a text file: holds a NUL byte");
	}
	for (; self.at < self.end; dotenv_next_line(&self)) {
		dotenv_skip_blanks(&self);
		if (self.at < self.end && *self.at != '\n' && *self.at != '#')
			dotenv_statement(&self);
	}
	return self.result;
}

int dotenv_parse(const char *file, const char *text, size_t size_bytes, const struct interpolate_source *source,
		 struct strmap *values, struct err *err)
{
	return dotenv_walk(file, text, size_bytes, source, values, NULL, NULL, err);
}

int dotenv_read(const char *path, const struct interpolate_source *source, struct strmap *values, struct err *err)
{
	struct err_place place = {path, 0, 0};
	size_t size_bytes;
	char *text = NULL;
	int result = paths_read_file(path, DOTENV_BYTES_MAX, &text, &size_bytes);

	if (result == -ENOENT)
		return result;
	if (result == -EFBIG)
		return err_at(err, ERR_CONFIG, place, "cannot be read: larger than %u kB", DOTENV_BYTES_MAX / 1024);
	if (result < 0)
		return err_at(err, ERR_CONFIG, place, "cannot be read: %s", paths_read_reason(result));
	result = dotenv_parse(path, text, size_bytes, source, values, err);
	free(text);
	return result;
}
