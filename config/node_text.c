/* SPDX-License-Identifier: MIT */
/*
 * Plain scalars taken as text. Compose programs parse them by YAML's types first and print the value: YAML 1.1's octal numbers and
 * underscores count, and floating point numbers come out in as few digits as say the same, with an exponent
 * from 10^6 on.
 */
#include "config/node.h"
#include "config/pool.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NUMBER_BYTES_MAX 64u
#define FLOAT_DIGITS_MAX 17
#define EXPONENT_MIN (-4)
#define EXPONENT_MAX 6

/* Without the underscores between digits; false when it is too long for a number. */
static bool number_digits(const char *text, char digits[NUMBER_BYTES_MAX])
{
	size_t length = 0;

	for (; *text; text++) {
		if (*text == '_')
			continue;
		if (length + 1 == NUMBER_BYTES_MAX)
			return false;
		digits[length++] = *text;
	}
	digits[length] = '\0';
	return true;
}

/* The digits behind sign and prefix, and their base. */
static const char *number_base(const char *digits, int *base)
{
	static const struct {
		char letter;
		int base;
	} prefixes[] = {{'x', 16}, {'X', 16}, {'o', 8}, {'O', 8}, {'b', 2}, {'B', 2}};

	*base = 10;
	digits += *digits == '-' || *digits == '+';
	for (size_t i = 0; *digits == '0' && i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		if (digits[1] == prefixes[i].letter) {
			*base = prefixes[i].base;
			return digits + 2;
		}
	}
	if (digits[0] == '0' && digits[1])
		*base = 8;
	return digits;
}

static bool is_of_base(const char *digits, int base)
{
	static const char all[] = "0123456789abcdef";

	for (const char *at = digits; *at; at++) {
		const char *found = strchr(all, *at >= 'A' && *at <= 'F' ? *at - 'A' + 'a' : *at);

		if (!found || found - all >= base)
			return false;
	}
	return *digits != '\0';
}

static const char *whole_text(struct pool *pool, const char *digits)
{
	bool negative = *digits == '-';
	unsigned long long number;
	int base;
	const char *begin = number_base(digits, &base);

	if (!is_of_base(begin, base))
		return NULL;
	errno = 0;
	number = strtoull(begin, NULL, base);
	if (errno || (negative && number > (unsigned long long)INT64_MAX + 1))
		return NULL;
	return pool_printf(pool, "%s%llu", negative && number ? "-" : "", number);
}

/* [-+](.D | D[.[D]])[e[-+]D]: what YAML calls a floating point number, its special values aside. */
static bool is_float(const char *text)
{
	size_t before, behind = 0;

	text += *text == '-' || *text == '+';
	before = strspn(text, "0123456789");
	text += before;
	if (*text == '.') {
		text++;
		behind = strspn(text, "0123456789");
		text += behind;
	}
	if (before + behind == 0)
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '-' || *text == '+';
		before = strspn(text, "0123456789");
		if (before == 0)
			return false;
		text += before;
	}
	return *text == '\0';
}

static const char *float_text(struct pool *pool, const char *text)
{
	char shortest[NUMBER_BYTES_MAX];
	double number, back;
	int digits = 0, exponent;

	if (!is_float(text))
		return NULL;
	number = strtod(text, NULL);
	if (!isfinite(number))
		return NULL;
	do {
		snprintf(shortest, sizeof(shortest), "%.*e", digits, number);
		back = strtod(shortest, NULL);
	} while (++digits < FLOAT_DIGITS_MAX && (back < number || back > number));
	exponent = atoi(strchr(shortest, 'e') + 1);
	if (exponent < EXPONENT_MIN || exponent >= EXPONENT_MAX)
		return pool_strdup(pool, shortest);
	return pool_printf(pool, "%.*f", digits - 1 > exponent ? digits - 1 - exponent : 0, number);
}

const char *node_text(struct pool *pool, const struct node *self)
{
	char digits[NUMBER_BYTES_MAX];
	const char *text = NULL;

	if (self->style != NODE_PLAIN)
		return self->text;
	if (strcasecmp(self->text, "true") == 0)
		return "true";
	if (strcasecmp(self->text, "false") == 0)
		return "false";
	/* A number begins like one: an underscore in front makes it a word. */
	if (!*self->text || !strchr("+-.0123456789", *self->text) || !number_digits(self->text, digits))
		return self->text;
	text = whole_text(pool, digits);
	if (!text)
		text = float_text(pool, digits);
	return text ? text : self->text;
}
