/* SPDX-License-Identifier: MIT */
#include "launcher/engine/docker_api.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STAMP_BYTES_MAX 63u

char *docker_escape(const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	char *escaped = malloc(strlen(text) * 3 + 1), *at = escaped;

	if (escaped == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		/* RFC 3986: what is never escaped. */
		if ((byte < 0x80 && isalnum(byte)) || strchr("-._~", byte) != NULL) {
			*at++ = (char)byte;
		} else {
			*at++ = '%';
			*at++ = hex[byte >> 4];
			*at++ = hex[byte & 15];
		}
	}
	*at = '\0';
	return escaped;
}

/* Exactly `count` digits and then `end`; -1 for anything else. Moves *at behind both. */
static int number(const char **at, size_t count, char end)
{
	int value = 0;

	for (size_t i = 0; i < count; i++) {
		if (!isdigit((unsigned char)(*at)[i]))
			return -1;
		value = value * 10 + (*at)[i] - '0';
	}
	if (end != '\0' && (*at)[count] != end)
		return -1;
	*at += count + (end != '\0');
	return value;
}

/* "Z", "+01:00"; seconds east of Greenwich. */
static bool offset(const char *at, int *seconds)
{
	int sign = *at == '-' ? -1 : 1, hours, minutes;

	*seconds = 0;
	if (*at == 'Z')
		return at[1] == '\0';
	if (*at != '+' && *at != '-')
		return false;
	at++;
	hours = number(&at, 2, ':');
	minutes = hours < 0 ? -1 : number(&at, 2, '\0');
	*seconds = sign * (hours * 3600 + minutes * 60);
	return minutes >= 0 && hours < 24 && minutes < 60 && *at == '\0';
}

int64_t docker_time_ns(const char *text, size_t size_bytes)
{
	static const char ends[] = "--T::";
	int part[6] = {0}, seconds;
	int64_t part_ns = 0, unit_ns = 100000000, at_s;
	char stamp[STAMP_BYTES_MAX + 1];
	const char *at = stamp;
	struct tm tm;

	if (size_bytes > STAMP_BYTES_MAX || memchr(text, '\0', size_bytes) != NULL)
		return -1;
	memcpy(stamp, text, size_bytes);
	stamp[size_bytes] = '\0';
	for (size_t i = 0; i < 6; i++) {
		part[i] = number(&at, i == 0 ? 4 : 2, i < 5 ? ends[i] : '\0');
		if (part[i] < 0)
			return -1;
	}
	if (*at == '.') {
		if (!isdigit((unsigned char)*++at))
			return -1;
		for (; isdigit((unsigned char)*at); at++, unit_ns /= 10)
			part_ns += (*at - '0') * unit_ns;
	}
	/* Sixty is a leap second. Before 1970 nothing happened, but "0001-01-01T00:00:00Z", which is never. */
	if (!offset(at, &seconds) || part[0] < 1970 || part[0] > 2200 || part[1] < 1 || part[1] > 12 || part[2] < 1 ||
	    part[2] > 31 || part[3] > 23 || part[4] > 59 || part[5] > 60)
		return -1;
	tm = (struct tm){.tm_year = part[0] - 1900,
			 .tm_mon = part[1] - 1,
			 .tm_mday = part[2],
			 .tm_hour = part[3],
			 .tm_min = part[4],
			 .tm_sec = part[5]};
	at_s = (int64_t)timegm(&tm) - seconds;
	return at_s < 0 ? -1 : at_s * 1000000000 + part_ns;
}
