/* SPDX-License-Identifier: MIT */
#include "config/secrets.h"

#include "config/err.h"
#include "config/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of fewer digits a number is a port or a count, and stands everywhere. */
#define DIGITS_MIN 6u

void secrets_init(struct secrets *self)
{
	*self = (struct secrets){0};
}

static bool is_worth_it(const char *value)
{
	static const char *const plain[] = {"true", "false", "null", "none"};
	size_t length = strlen(value);

	if (length < SECRETS_BYTES_MIN || (length < DIGITS_MIN && strspn(value, "0123456789") == length))
		return false;
	/* Starred already. */
	if (strspn(value, "*") == length)
		return false;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		if (strcasecmp(value, plain[i]) == 0)
			return false;
	}
	return true;
}

static void add(struct secrets *self, struct pool *pool, const char *value, size_t length)
{
	char *copy = pool_strndup(pool, value, length);
	size_t at = 0;

	if (!is_worth_it(copy) || self->count >= SECRETS_MAX)
		return;
	for (size_t i = 0; i < self->count; i++) {
		if (strcmp(self->values[i], copy) == 0)
			return;
	}
	if (self->count == self->capacity) {
		size_t capacity = self->capacity ? self->capacity * 2 : 16;
		const char **grown = pool_array(pool, capacity, sizeof(*grown));

		if (self->count)
			memcpy(grown, self->values, self->count * sizeof(*grown));
		self->values = grown;
		self->capacity = capacity;
	}
	while (at < self->count && strlen(self->values[at]) >= length)
		at++;
	memmove(self->values + at + 1, self->values + at, (self->count - at) * sizeof(*self->values));
	self->values[at] = copy;
	self->count++;
}

void secrets_add(struct secrets *self, struct pool *pool, const char *value)
{
	add(self, pool, value, strlen(value));
}

void secrets_add_urls(struct secrets *self, struct pool *pool, const char *text)
{
	const char *end;

	for (const char *password; (password = secrets_url_password(text, &end)) != NULL; text = end)
		add(self, pool, password, (size_t)(end - password));
}

void secrets_drop(struct secrets *self, const char *value)
{
	for (size_t i = 0; i < self->count; i++) {
		if (strcmp(self->values[i], value) != 0)
			continue;
		memmove(self->values + i, self->values + i + 1, (self->count - i - 1) * sizeof(*self->values));
		self->count--;
		return;
	}
}

const char *secrets_url_password(const char *text, const char **end)
{
	for (const char *authority = text; (authority = strstr(authority, "://")) != NULL;) {
		const char *at = NULL, *colon;
		size_t length;

		authority += 3;
		length = strcspn(authority, "/?# \t\n\"'`");
		for (size_t i = 0; i < length; i++)
			at = authority[i] == '@' ? authority + i : at;
		colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
		if (colon) {
			*end = at;
			return colon + 1;
		}
	}
	return NULL;
}

/* The secret that begins at `at`, as a length; 0: none. */
static size_t secret_at(const struct secrets *self, const char *at)
{
	for (size_t i = 0; i < self->count; i++) {
		size_t length = strlen(self->values[i]);

		if (strncmp(at, self->values[i], length) == 0)
			return length;
	}
	return 0;
}

char *secrets_mask(const struct secrets *self, const char *text)
{
	const size_t star = strlen(SECRETS_MASK);
	bool found = false;
	char *masked, *out;

	masked = out = malloc(strlen(text) * star + 1);
	if (!masked)
		return NULL;
	for (const char *end, *password = secrets_url_password(text, &end); *text;) {
		size_t length = text == password ? (size_t)(end - password) : secret_at(self, text);

		if (length == 0) {
			*out++ = *text++;
		} else {
			out = mempcpy(out, SECRETS_MASK, star);
			text += length;
			found = true;
		}
		if (password && text > password)
			password = secrets_url_password(text, &end);
	}
	*out = '\0';
	if (!found) {
		free(masked);
		return NULL;
	}
	return masked;
}

static void mask_text(const struct secrets *self, char **text)
{
	char *masked = *text ? secrets_mask(self, *text) : NULL;

	if (!masked)
		return;
	free(*text);
	*text = masked;
}

void secrets_mask_err(const struct secrets *self, struct err *err)
{
	for (size_t i = 0; err && i < err->count; i++) {
		mask_text(self, &err->items[i].message);
		mask_text(self, &err->items[i].hint);
	}
}
