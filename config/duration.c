/* SPDX-License-Identifier: MIT */
#include "config/duration.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Digits beyond these say nothing that a limit would not refuse or a millisecond could hold. */
#define NUMBER_WHOLE_MAX ((int64_t)1 << 52)
#define NUMBER_FRACTION_DIGITS 9

struct quantity {
	int64_t whole;
	int64_t fraction; /* in billionths */
};

/* Reads "12", "1.5", ".5" or "5."; strtod would take locales, exponents, hexadecimal and infinity as well. */
static bool quantity_read(const char **text, struct quantity *quantity)
{
	const char *at = *text;
	int digits = 0;

	*quantity = (struct quantity){0, 0};
	for (; *at >= '0' && *at <= '9'; at++, digits++) {
		if (quantity->whole > NUMBER_WHOLE_MAX)
			return false;
		quantity->whole = quantity->whole * 10 + (*at - '0');
	}
	if (*at == '.') {
		int place = 0;

		for (at++; *at >= '0' && *at <= '9'; at++, digits++) {
			if (place++ < NUMBER_FRACTION_DIGITS)
				quantity->fraction = quantity->fraction * 10 + (*at - '0');
		}
		for (; place < NUMBER_FRACTION_DIGITS; place++)
			quantity->fraction *= 10;
	}
	*text = at;
	return digits > 0;
}

/* quantity * unit, or false beyond `limit`; *rest tells whether something smaller than one was cut off. */
static bool quantity_scale(struct quantity quantity, int64_t unit, int64_t limit, int64_t *result, bool *rest)
{
	int64_t whole;
	/* A billionth of the largest unit needs 50 + 30 bits. */
	__int128 part = (__int128)quantity.fraction * unit;

	if (__builtin_mul_overflow(quantity.whole, unit, &whole))
		return false;
	if (__builtin_add_overflow(whole, (int64_t)(part / 1000000000), &whole) || whole > limit)
		return false;
	if (part % 1000000000)
		*rest = true;
	*result = whole;
	return true;
}

bool duration_parse(const char *text, int64_t *duration_ms)
{
	/* In nanoseconds; a unit before those it begins with. */
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"\xc2\xb5s", 1000},
		{"\xce\xbcs", 1000},
		{"ms", 1000000},
		{"s", 1000000000},
		{"m", 60 * (int64_t)1000000000},
		{"h", 3600 * (int64_t)1000000000},
		{"d", 86400 * (int64_t)1000000000},
		{"w", 604800 * (int64_t)1000000000},
	};
	const int64_t limit_ns = DURATION_MS_MAX * 1000000;
	int64_t total_ns = 0;
	bool rest = false;

	if (!text || !*text)
		return false;
	if (strcmp(text, "0") == 0) {
		*duration_ms = 0;
		return true;
	}
	while (*text) {
		struct quantity quantity;
		int64_t part_ns;
		size_t i;

		if (!quantity_read(&text, &quantity))
			return false;
		for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
			if (strncmp(text, units[i].name, strlen(units[i].name)) == 0)
				break;
		}
		if (i == sizeof(units) / sizeof(*units))
			return false;
		if (!quantity_scale(quantity, units[i].ns, limit_ns, &part_ns, &rest))
			return false;
		total_ns += part_ns;
		if (total_ns > limit_ns)
			return false;
		text += strlen(units[i].name);
	}
	*duration_ms = total_ns / 1000000;
	if (*duration_ms == 0 && (total_ns > 0 || rest))
		*duration_ms = 1;
	return true;
}

bool size_parse(const char *text, int64_t *size_bytes)
{
	static const char letters[] = "kmgt";
	struct quantity quantity;
	int64_t unit = 1;
	bool rest = false;

	if (!text || !quantity_read(&text, &quantity))
		return false;
	while (*text == ' ')
		text++;
	if (*text) {
		const char lower = (char)(*text | 0x20);
		const char *letter = strchr(letters, lower);

		if (letter) {
			for (const char *step = letters; step <= letter; step++)
				unit *= 1024;
			text++;
		}
		if (strcasecmp(text, "b") != 0 && !(letter && (*text == '\0' || strcasecmp(text, "ib") == 0)))
			return false;
	}
	return quantity_scale(quantity, unit, SIZE_BYTES_MAX, size_bytes, &rest);
}
