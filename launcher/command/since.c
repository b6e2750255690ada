/* SPDX-License-Identifier: MIT */
#include "launcher/command/since.h"

#include "config/duration.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Exactly `count` digits. */
static bool take_digits(const char **text, int count, int *number)
{
	*number = 0;
	for (int i = 0; i < count; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return true;
}

static bool take_letter(const char **text, const char *letters)
{
	if (**text == '\0' || strchr(letters, **text) == NULL)
		return false;
	(*text)++;
	return true;
}

static bool take_date(const char **text, struct tm *date)
{
	if (!take_digits(text, 4, &date->tm_year) || !take_letter(text, "-") || !take_digits(text, 2, &date->tm_mon) ||
	    !take_letter(text, "-") || !take_digits(text, 2, &date->tm_mday))
		return false;
	date->tm_year -= 1900;
	date->tm_mon -= 1;
	return date->tm_mon >= 0 && date->tm_mon < 12 && date->tm_mday >= 1 && date->tm_mday <= 31;
}

/* Digits beyond milliseconds count for nothing. */
static bool take_fraction(const char **text, int *ms)
{
	int digits = 0;

	*ms = 0;
	for (; **text >= '0' && **text <= '9'; (*text)++, digits++)
		if (digits < 3)
			*ms = *ms * 10 + (**text - '0');
	for (int i = digits; i < 3; i++)
		*ms *= 10;
	return digits > 0;
}

static bool take_clock(const char **text, struct tm *date, int *ms)
{
	if (!take_digits(text, 2, &date->tm_hour) || !take_letter(text, ":") || !take_digits(text, 2, &date->tm_min))
		return false;
	if (take_letter(text, ":")) {
		if (!take_digits(text, 2, &date->tm_sec))
			return false;
		if (take_letter(text, ".") && !take_fraction(text, ms))
			return false;
	}
	return date->tm_hour < 24 && date->tm_min < 60 && date->tm_sec <= 60;
}

/* Seconds east of UTC; false when none is given. */
static bool take_zone(const char **text, int *offset_s)
{
	const char *at = *text;
	int hours, minutes, sign = *at == '-' ? -1 : 1;

	*offset_s = 0;
	if (take_letter(text, "Zz"))
		return true;
	if (!take_letter(&at, "+-") || !take_digits(&at, 2, &hours) || !take_letter(&at, ":") ||
	    !take_digits(&at, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*offset_s = sign * (hours * 3600 + minutes * 60);
	*text = at;
	return true;
}

static bool parse_time(const char *text, int64_t *since_ms)
{
	struct tm date = {.tm_isdst = -1};
	int ms = 0, offset_s = 0;
	int64_t seconds;
	bool zoned = false;

	if (!take_date(&text, &date))
		return false;
	if (take_letter(&text, "Tt ")) {
		if (!take_clock(&text, &date, &ms))
			return false;
		zoned = take_zone(&text, &offset_s);
	}
	if (*text != '\0')
		return false;
	seconds = zoned ? timegm(&date) - offset_s : mktime(&date);
	*since_ms = seconds * 1000 + ms;
	return true;
}

bool since_parse(const char *text, int64_t now_ms, int64_t *since_ms)
{
	int64_t ago_ms;

	if (duration_parse(text, &ago_ms)) {
		*since_ms = now_ms - ago_ms;
		return true;
	}
	return parse_time(text, since_ms);
}
