/* SPDX-License-Identifier: MIT */
#include "config/stack.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STACK_TEXT(name, text) text,
#define STACK_NAMES(function, type, table)                                                  \
	const char *function(enum type value)                                               \
	{                                                                                   \
		static const char *const texts[] = {table(STACK_TEXT)};                     \
		return (size_t)value < sizeof(texts) / sizeof(*texts) ? texts[value] : "?"; \
	}

STACK_NAMES(service_kind_name, service_kind, SERVICE_KINDS)
STACK_NAMES(depend_condition_name, depend_condition, DEPEND_CONDITIONS)
STACK_NAMES(restart_when_name, restart_when, RESTART_POLICIES)
STACK_NAMES(probe_kind_name, probe_kind, PROBE_KINDS)
STACK_NAMES(telemetry_source_name, telemetry_source, TELEMETRY_SOURCES)

/* The words of a name: parts of "AWS_SECRET_KEY" or "db-password", and of "apiKey". */
static bool has_word(const char *name, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = name; *at; at++) {
		bool starts = at == name || !isalnum((unsigned char)at[-1]) ||
			      (islower((unsigned char)at[-1]) && isupper((unsigned char)*at));
		char after;

		if (!starts || strncasecmp(at, word, length) != 0)
			continue;
		after = at[length];
		if (!isalpha((unsigned char)after) ||
		    (islower((unsigned char)at[length - 1]) && isupper((unsigned char)after)))
			return true;
	}
	return false;
}

bool stack_name_is_secret(const char *name)
{
	/* A part of a word is enough for these, so that PGPASSWORD is found. */
	static const char *const parts[] = {"password", "passwd", "passphrase", "secret", "apikey", "credential"};
	static const char *const words[] = {"key",    "keys", "pass", "pwd", "auth",   "salt",
					    "cookie", "dsn",  "jwt",  "pat", "private"};

	/* The shell's own folder variables. */
	if (strcmp(name, "PWD") == 0 || strcmp(name, "OLDPWD") == 0)
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (strcasestr(name, parts[i]))
			return true;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (has_word(name, words[i]))
			return true;
	}
	/* AUTHTOKEN, but not MAX_TOKENS. */
	for (const char *at = strcasestr(name, "token"); at; at = strcasestr(at + 1, "token")) {
		if (!isalpha((unsigned char)at[strlen("token")]))
			return true;
	}
	return false;
}

char *stack_project_name(const char *text)
{
	char *name = malloc(strlen(text) + 1);
	char *out = name;

	if (!name)
		return NULL;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char lower = (char)(c < 0x80 ? tolower(c) : 0);
		bool letter = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');

		if (letter || (out > name && (lower == '_' || lower == '-')))
			*out++ = lower;
	}
	*out = '\0';
	return name;
}

const char *probe_exec_text(const struct probe_spec *self)
{
	const char *const *argv = self->argv;

	if (argv == NULL || argv[0] == NULL)
		return NULL;
	if (strcmp(argv[0], "/bin/sh") == 0 && argv[1] != NULL && strcmp(argv[1], "-c") == 0 && argv[2] != NULL)
		return argv[2];
	return argv[0];
}

int stack_project_check(const char *given, struct err *err)
{
	char *spelled = stack_project_name(given);
	int result = 0;

	if (!spelled)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (!*given || strcmp(spelled, given) != 0) {
		result = err_set(err, ERR_USAGE,
				 "--project: '%s' is no project name: wanted lower-case letters, digits, '-' and '_', "
				 "a letter or digit first",
				 given);
		if (*spelled)
			err_hint(err, "for example -p %s", spelled);
	}
	free(spelled);
	return result;
}
