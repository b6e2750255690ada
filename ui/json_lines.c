/* SPDX-License-Identifier: MIT */
#include "ui/json_lines.h"

#include <string.h>

void json_lines_init(struct json_lines *self, const char *text)
{
	*self = (struct json_lines){.at = text, .end = text + strlen(text)};
}

static bool opens(char c)
{
	return c == '{' || c == '[';
}

static bool closes(char c)
{
	return c == '}' || c == ']';
}

/* Behind the string that begins at `at`. */
static const char *string_end(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : end;
}

/* Behind the piece that begins at `at`: a bracket ends it, or a comma. */
static const char *piece_end(struct json_lines *self, const char *at)
{
	while (at < self->end) {
		if (*at == '"') {
			at = string_end(at, self->end);
			continue;
		}
		if (opens(*at)) {
			/* An empty one stays in its line. */
			if (at + 1 == self->end || !closes(at[1])) {
				self->depth++;
				return at + 1;
			}
			at += 2;
			continue;
		}
		if (closes(*at))
			return at;
		if (*at++ == ',')
			return at;
	}
	return at;
}

bool json_lines_next(struct json_lines *self, struct json_line *line)
{
	const char *at = self->at;
	unsigned depth;

	if (at >= self->end)
		return false;
	if (closes(*at)) {
		self->depth -= self->depth > 0;
		depth = self->depth;
		at++;
		if (at < self->end && *at == ',')
			at++;
	} else {
		depth = self->depth;
		at = piece_end(self, at);
	}
	*line = (struct json_line){
		.start = self->at,
		.bytes = (size_t)(at - self->at),
		.depth = depth < JSON_LINES_DEPTH_MAX ? depth : JSON_LINES_DEPTH_MAX,
	};
	self->at = at;
	return true;
}
