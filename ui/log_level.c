/* SPDX-License-Identifier: MIT */
#include "ui/log_level.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Behind a time, a name and a number of a process; further on such a word is part of a sentence. */
#define LEVEL_WITHIN 64u

static const struct {
	const char *word;
	enum theme_role role;
} levels[] = {
	{"ERROR", ROLE_BAD},  {"FATAL", ROLE_BAD}, {"PANIC", ROLE_BAD},    {"CRITICAL", ROLE_BAD},
	{"SEVERE", ROLE_BAD}, {"WARN", ROLE_WARN}, {"WARNING", ROLE_WARN},
};

static bool is_letter(const char *bytes, size_t size_bytes, size_t at)
{
	return at < size_bytes && (isalnum((unsigned char)bytes[at]) != 0 || bytes[at] == '_');
}

/* In capitals anywhere; else only where it is clearly no word of a sentence: "level=error", "[warn]", "error:" as the first word. */
static bool stands_out(const char *bytes, size_t size_bytes, size_t at, size_t length)
{
	const char before = at > 0 ? bytes[at - 1] : '\0',
		   behind = at + length < size_bytes ? bytes[at + length] : '\0';

	if (isupper((unsigned char)bytes[at]) != 0 && isupper((unsigned char)bytes[at + 1]) != 0)
		return true;
	if (before == '=' || (before == '[' && behind == ']') || (before == '"' && behind == '"'))
		return true;
	return at == 0 && behind == ':';
}

enum theme_role log_level_find(const char *bytes, size_t size_bytes, size_t *offset, size_t *length)
{
	if (memchr(bytes, '\033', size_bytes) != NULL)
		return ROLE_PLAIN;
	for (size_t at = 0, end; at < size_bytes && at < LEVEL_WITHIN; at = end) {
		for (end = at; is_letter(bytes, size_bytes, end); end++)
			;
		for (size_t i = 0; end > at && i < sizeof(levels) / sizeof(levels[0]); i++) {
			if (strlen(levels[i].word) != end - at ||
			    strncasecmp(bytes + at, levels[i].word, end - at) != 0 ||
			    !stands_out(bytes, size_bytes, at, end - at))
				continue;
			*offset = at;
			*length = end - at;
			return levels[i].role;
		}
		end = end > at ? end : at + 1;
	}
	return ROLE_PLAIN;
}
