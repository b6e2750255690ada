/* SPDX-License-Identifier: MIT */
#include "config/yaml_quoted.h"

#include "config/pool.h"

#include <string.h>

static const char four_quotes[] = "''''";

bool yaml_quoted_is_garbled(const char *raw, size_t size_bytes)
{
	return memmem(raw, size_bytes, four_quotes, sizeof(four_quotes) - 1) != NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A line break with the blanks around it: a space, or as many breaks as there are empty lines. Returns what is behind it. */
static const char *fold(const char *at, const char *end, const char *begin, char **out)
{
	size_t breaks = 0;

	while (*out > begin && is_blank((*out)[-1]))
		(*out)--;
	for (; at < end && (is_blank(*at) || *at == '\n' || *at == '\r'); at++)
		breaks += *at == '\n' || (*at == '\r' && (at + 1 == end || at[1] != '\n'));
	if (breaks == 1)
		*(*out)++ = ' ';
	for (size_t i = 1; i < breaks; i++)
		*(*out)++ = '\n';
	return at;
}

const char *yaml_quoted_read(struct pool *pool, const char *raw, size_t size_bytes)
{
	const char *end = raw + size_bytes;
	char *text = pool_alloc(pool, size_bytes + 1);
	char *out = text;

	for (const char *at = raw; at < end;) {
		if (*at == '\n' || *at == '\r') {
			at = fold(at, end, text, &out);
			continue;
		}
		*out++ = *at;
		at += *at == '\'' ? 2 : 1;
	}
	*out = '\0';
	return text;
}
