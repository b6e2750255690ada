/* SPDX-License-Identifier: MIT */
#include "config/interpolate.h"

#include "config/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* `${A:-${B:-${C:-...}}}`: deeper is no honest file. */
#define INTERPOLATE_DEPTH_MAX 64

struct interpolation {
	const char *text; /* whole, to find the column of a part */
	struct err_place place;
	const struct interpolate_source *source;
	struct err *err;
};

struct interpolate_buffer {
	char *text;
	size_t size;
	size_t capacity;
};

/* One `$...` as read: `${name operator rest}`, `$name` without an operator. */
struct interpolate_expression {
	const char *begin; /* the `$` */
	const char *name;
	size_t name_length;
	bool colon; /* an empty value counts as unset */
	char op; /* '-', '?', '+', or 0 */
	const char *rest, *rest_end;
	const char *end; /* behind it all */
};

static int interpolate_range(const struct interpolation *self, const char *from, const char *to, int depth,
			     struct interpolate_buffer *out);

/* A text of several lines stood in the file in a way that is not known here: then where it begins must do. */
static struct err_place interpolate_place(const struct interpolation *self, const char *at)
{
	struct err_place place = self->place;

	if (place.column > 0 && !strchr(self->text, '\n'))
		place.column += (int)utf8_count(self->text, (size_t)(at - self->text));
	return place;
}

static int interpolate_no_memory(const struct interpolation *self)
{
	err_at(self->err, ERR_INTERNAL, self->place, "out of memory");
	return -ENOMEM;
}

static int interpolate_add(const struct interpolation *self, struct interpolate_buffer *out, const char *text,
			   size_t size_bytes)
{
	if (out->size + size_bytes > INTERPOLATE_BYTES_MAX)
		return err_at(self->err, ERR_CONFIG, self->place,
			      "text grows beyond %u kB when its variables are filled in", INTERPOLATE_BYTES_MAX / 1024);
	if (out->size + size_bytes + 1 > out->capacity) {
		size_t capacity = (out->size + size_bytes + 1) * 2;
		char *grown = realloc(out->text, capacity);

		if (!grown)
			return interpolate_no_memory(self);
		out->text = grown;
		out->capacity = capacity;
	}
	memcpy(out->text + out->size, text, size_bytes);
	out->size += size_bytes;
	out->text[out->size] = '\0';
	return 0;
}

static bool interpolate_is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static const char *interpolate_name_end(const char *at, const char *to)
{
	if (at == to || !interpolate_is_name_start(*at))
		return at;
	while (at < to && (interpolate_is_name_start(*at) || (*at >= '0' && *at <= '9')))
		at++;
	return at;
}

/* The brace that closes the `${` whose content begins at `at`. Only `${` opens when `dollars_only`, else every '{'. */
static const char *interpolate_closing(const char *at, const char *to, bool dollars_only)
{
	size_t open = 1;

	for (; at < to; at++) {
		if (*at == '{' && (!dollars_only || at[-1] == '$'))
			open++;
		else if (*at == '}' && --open == 0)
			return at;
	}
	return NULL;
}

static int interpolate_malformed(const struct interpolation *self, const char *dollar, const char *what,
				 const char *found, size_t found_length)
{
	int result = err_at(self->err, ERR_CONFIG, interpolate_place(self, dollar), "%s%s%.*s%s", what,
			    found_length ? ", found '" : "", (int)found_length, found, found_length ? "'" : "");

	err_hint(self->err,
		 "write $$ for a dollar sign; a variable is $NAME, ${NAME}, ${NAME:-default}, ${NAME:?message} or "
		 "${NAME:+other}");
	return result;
}

static int interpolate_parse_braced(const struct interpolation *self, const char *dollar, const char *to,
				    struct interpolate_expression *expression)
{
	const char *name = dollar + 2;
	const char *name_end = interpolate_name_end(name, to);
	const char *at = name_end;
	const char *close = interpolate_closing(name, to, false);

	/* `${A:-{}`: a lone brace in a default is text. */
	if (!close)
		close = interpolate_closing(name, to, true);
	if (!close)
		return interpolate_malformed(self, dollar, "'${' has no closing '}'", "", 0);
	if (name_end == name)
		return interpolate_malformed(self, dollar, "a variable name must follow '${'", name,
					     name < close ? utf8_length(name, (size_t)(close - name)) : 0);
	*expression = (struct interpolate_expression){.begin = dollar,
						      .name = name,
						      .name_length = (size_t)(name_end - name),
						      .rest = close,
						      .rest_end = close,
						      .end = close + 1};
	if (at == close)
		return 0;
	if (*at == ':') {
		expression->colon = true;
		at++;
	}
	if (at == close || !strchr("-?+", *at))
		return interpolate_malformed(
			self, dollar, "'-', '?' or '+' must follow the variable name, with or without ':'", name_end,
			(size_t)(close - name_end) > 20 ? 0 : (size_t)(close - name_end));
	expression->op = *at;
	expression->rest = at + 1;
	return 0;
}

static int interpolate_parse(const struct interpolation *self, const char *dollar, const char *to,
			     struct interpolate_expression *expression)
{
	const char *name = dollar + 1;
	const char *name_end;

	if (name < to && *name == '{')
		return interpolate_parse_braced(self, dollar, to, expression);
	name_end = interpolate_name_end(name, to);
	*expression = (struct interpolate_expression){
		.begin = dollar, .name = name, .name_length = (size_t)(name_end - name), .end = name_end};
	return 0;
}

static int interpolate_missing(const struct interpolation *self, const struct interpolate_expression *expression,
			       const char *name, const char *value, int depth)
{
	struct interpolate_buffer message = {0};
	int result = interpolate_range(self, expression->rest, expression->rest_end, depth + 1, &message);

	if (result == 0) {
		result = err_at(self->err, ERR_CONFIG, interpolate_place(self, expression->begin),
				"required variable '%s' is %s%s%s", name, value ? "empty" : "not set",
				message.size ? ": " : "", message.size ? message.text : "");
		err_hint(self->err, "set %s in the environment or in .env", name);
	}
	free(message.text);
	return result;
}

static int interpolate_default(const struct interpolation *self, const struct interpolate_expression *expression,
			       const char *name, int depth, struct interpolate_buffer *out)
{
	size_t before = out->size;
	int result = interpolate_range(self, expression->rest, expression->rest_end, depth + 1, out);

	if (result == 0 && self->source->defaulted && out->size > before)
		self->source->defaulted(self->source->context, name, out->text + before);
	return result;
}

static int interpolate_expression(const struct interpolation *self, const struct interpolate_expression *expression,
				  int depth, struct interpolate_buffer *out)
{
	char *name = strndup(expression->name, expression->name_length);
	const char *value;
	bool is_set;
	int result = 0;

	if (!name)
		return interpolate_no_memory(self);
	value = self->source->find(self->source->context, name);
	is_set = value && (*value || !expression->colon);
	if (expression->op == '+')
		result = is_set ? interpolate_range(self, expression->rest, expression->rest_end, depth + 1, out) : 0;
	else if (is_set || (value && !expression->op))
		result = interpolate_add(self, out, value, strlen(value));
	else if (expression->op == '-')
		result = interpolate_default(self, expression, name, depth, out);
	else if (expression->op == '?')
		result = interpolate_missing(self, expression, name, value, depth);
	else if (self->source->unset)
		self->source->unset(self->source->context, name, interpolate_place(self, expression->begin));
	free(name);
	return result;
}

/* Compose v2 takes a dollar sign before anything but a name or a brace for itself, and so "^a$" and "$(pwd)" as they stand. */
static bool interpolate_begins(const char *dollar, const char *to)
{
	return dollar + 1 < to && (dollar[1] == '{' || interpolate_is_name_start(dollar[1]));
}

static int interpolate_range(const struct interpolation *self, const char *from, const char *to, int depth,
			     struct interpolate_buffer *out)
{
	int result = 0;

	if (depth > INTERPOLATE_DEPTH_MAX)
		return err_at(self->err, ERR_CONFIG, interpolate_place(self, from), "variables nested deeper than %d",
			      INTERPOLATE_DEPTH_MAX);
	while (from < to && result == 0) {
		const char *dollar = memchr(from, '$', (size_t)(to - from));
		struct interpolate_expression expression = {0};

		result = interpolate_add(self, out, from, (size_t)((dollar ? dollar : to) - from));
		if (result < 0 || !dollar)
			return result;
		if (!interpolate_begins(dollar, to)) {
			result = interpolate_add(self, out, "$", 1);
			from = dollar + (dollar + 1 < to && dollar[1] == '$' ? 2 : 1);
			continue;
		}
		result = interpolate_parse(self, dollar, to, &expression);
		if (result < 0)
			return result;
		result = interpolate_expression(self, &expression, depth, out);
		from = expression.end;
	}
	return result;
}

int interpolate_text(const char *text, struct err_place place, const struct interpolate_source *source, char **result,
		     struct err *err)
{
	const struct interpolation self = {text, place, source, err};
	struct interpolate_buffer out = {0};
	int status = interpolate_add(&self, &out, "", 0);

	if (status == 0)
		status = interpolate_range(&self, text, text + strlen(text), 0, &out);
	if (status < 0)
		free(out.text);
	else
		*result = out.text;
	return status;
}
