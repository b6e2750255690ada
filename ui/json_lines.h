/* SPDX-License-Identifier: MIT */
/* json_lines - a line of JSON broken into lines for reading: pieces of the text itself, each with how deep it lies. What is no JSON comes out whole. */
#ifndef UPFRONT_UI_JSON_LINES_H
#define UPFRONT_UI_JSON_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* What lies deeper is not indented further. */
#define JSON_LINES_DEPTH_MAX 16u

struct json_lines {
	const char *at, *end;
	unsigned depth;
};

struct json_line {
	const char *start;
	size_t bytes;
	unsigned depth;
};

void json_lines_init(struct json_lines *self, const char *text);
bool json_lines_next(struct json_lines *self, struct json_line *line);

#endif
