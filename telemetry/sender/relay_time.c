/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay_event.h"

#include <time.h>

/* `count` digits at *at, which moves behind them; -1: there are none. */
static int digits(const char **at, int count)
{
	int value = 0;

	for (; count > 0; count--, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		value = value * 10 + (**at - '0');
	}
	return value;
}

/* A number of two digits up to `most`, then the byte `end` (0: any). */
static bool part(const char **at, int least, int most, char end, int *value)
{
	*value = digits(at, 2);
	if (*value < least || *value > most)
		return false;
	if (end && *(*at)++ != end)
		return false;
	return true;
}

static int fraction_ms(const char **at)
{
	int ms = 0, weight = 100;

	if (**at != '.')
		return 0;
	if ((*at)[1] < '0' || (*at)[1] > '9')
		return -1;
	for ((*at)++; **at >= '0' && **at <= '9'; (*at)++, weight /= 10)
		ms += (**at - '0') * weight;
	return ms;
}

/* Seconds east of UTC. */
static bool zone_s(const char **at, int *seconds)
{
	int hours, minutes, sign = **at == '-' ? -1 : 1;

	*seconds = 0;
	if (**at == 'Z' || **at == 'z') {
		(*at)++;
		return true;
	}
	if (**at != '+' && **at != '-')
		return false;
	(*at)++;
	if (!part(at, 0, 23, ':', &hours) || !part(at, 0, 59, 0, &minutes))
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

int64_t relay_time_ms(const char *text)
{
	struct tm parts = {0};
	const char *at = text;
	int year = digits(&at, 4), ms, seconds;

	if (year < 1970 || *at++ != '-' || !part(&at, 1, 12, '-', &parts.tm_mon) ||
	    !part(&at, 1, 31, 0, &parts.tm_mday) || (*at != 'T' && *at != 't' && *at != ' '))
		return -1;
	at++;
	if (!part(&at, 0, 23, ':', &parts.tm_hour) || !part(&at, 0, 59, ':', &parts.tm_min) ||
	    !part(&at, 0, 60, 0, &parts.tm_sec))
		return -1;
	ms = fraction_ms(&at);
	if (ms < 0 || !zone_s(&at, &seconds) || *at)
		return -1;
	parts.tm_year = year - 1900;
	parts.tm_mon--;
	return ((int64_t)timegm(&parts) - seconds) * 1000 + ms;
}
