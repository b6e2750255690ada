/* SPDX-License-Identifier: MIT */
#include "config/signal_name.h"

#include "config/err.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool number_parse(const char *text, int *number)
{
	char *end;
	long value;

	if (*text < '0' || *text > '9')
		return false;
	value = strtol(text, &end, 10);
	if (*end || value < 0 || value > SIGRTMAX)
		return false;
	*number = (int)value;
	return true;
}

bool signal_parse(const char *text, int *signal)
{
	int number;

	if (number_parse(text, &number)) {
		if (number == 0)
			return false;
		*signal = number;
		return true;
	}
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncasecmp(text, "RTMIN", 5) == 0) {
		if (text[5] && (text[5] != '+' || !number_parse(text + 6, &number) || SIGRTMIN + number > SIGRTMAX))
			return false;
		*signal = SIGRTMIN + (text[5] ? number : 0);
		return true;
	}
	for (number = 1; number < SIGRTMIN; number++) {
		const char *name = sigabbrev_np(number);

		if (name && strcasecmp(name, text) == 0) {
			*signal = number;
			return true;
		}
	}
	return false;
}

const char *signal_nearest(const char *text, char name[16])
{
	const bool with_sig = strncasecmp(text, "SIG", 3) == 0;
	const char *list[65];
	size_t count = 0;
	const char *nearest;

	for (int number = 1; number < SIGRTMIN && count < 64; number++) {
		if (!sigabbrev_np(number))
			continue;
		list[count++] = sigabbrev_np(number);
	}
	list[count] = NULL;
	nearest = err_nearest(with_sig ? text + 3 : text, list);
	if (!nearest)
		return NULL;
	snprintf(name, 16, "SIG%s", nearest);
	return name;
}
